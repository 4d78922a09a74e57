use std::path::Path;

use plimsoll_dockerfile::{Workdir, history as text};

use crate::cache::KeyBuilder;
use crate::copy::chown;
use crate::copy::target::{Attributes, Target};
use crate::error::Result;
use crate::graph::Step;
use crate::history;
use crate::progress::Event;
use crate::rootfs::Mounted;
use crate::stage::StageBuild;
use crate::state::absolute;

/// `WORKDIR`: the directory that what follows starts in. It is made if it is not there, and belongs to the user in
/// force then.
pub(super) fn apply(stage: &mut StageBuild<'_>, step: &Step, workdir: &Workdir) -> Result<()> {
    let path = absolute(stage.state.working_dir(), &workdir.path.text);
    if workdir.path.text.is_empty() {
        let message = format!("the directory comes to nothing, so it stays `{path}`");
        stage.complain(step, workdir.path.span, &message);
    }
    stage.state.config.config.working_dir.clone_from(&path);
    let line = text::workdir(&path);
    if path == "/" {
        stage.empty_step(&line);
        history::add(&mut stage.state.config, line);
        return Ok(());
    }
    let user = stage.state.config.config.user.clone();
    stage.file_step(step, &line.clone(), line, |stage, id| {
        let mut key = KeyBuilder::new("workdir", &stage.state.chain());
        key.text(&path);
        key.text(&user);
        key.optional(stage.epoch().as_deref());
        let keys = [key.finish()];
        if let Some(made) = stage.known(&keys)? {
            return Ok(made);
        }
        let new = stage.new_layer()?;
        let builder = stage.builder;
        let mounted = Mounted::for_step(builder.store, &builder.scratch, &stage.state.layers, &new)?;
        let root = mounted.open()?;
        let owner = if user.is_empty() {
            // Whoever makes it: root, and the group of a directory with the set-group-ID bit.
            None
        } else {
            let found = chown::resolve(&root, &user)?;
            for unknown in &found.unknown {
                let message = format!("the image has no {unknown}, so the directory is given to root");
                stage.event(id, Event::Warning { message: &message });
            }
            Some(found.owner)
        };
        let attributes = Attributes::owned_by(owner);
        let target = Target {
            root: &root,
            attributes: &attributes,
        };
        let place = target.resolve(&path)?;
        target.make_dirs(Path::new(&place))?;
        drop(root);
        mounted.unmount()?;
        Ok(stage.commit(new, &keys, step)?)
    })
}
