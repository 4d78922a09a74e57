use std::path::Path;

use crate::cache::KeyBuilder;
use crate::copy::sources::find_literal;
use crate::copy::target::{Attributes, Target};
use crate::copy::tree;
use crate::error::Problem;
use crate::graph::Origin;
use crate::rootfs::Mounted;
use crate::stage::{Made, StageBuild};
use crate::state::chain;

/// `FROM` a named context of files: they become a layer as they are, root's like those of any context.
pub(crate) fn take_files(stage: &StageBuild<'_>, index: usize, instruction: &str) -> Result<Made, Problem> {
    let builder = stage.builder;
    let Some(files) = builder.files(&Origin::Files(index))? else {
        return Err(Problem::invalid("the context holds no files"));
    };
    let source = find_literal(&files, "/")?;
    let mut key = KeyBuilder::new("files", &chain(&[]));
    key.source(&source);
    key.optional(stage.epoch().as_deref());
    let keys = [key.finish()];
    if let Some(made) = stage.known(&keys)? {
        return Ok(made);
    }
    let new = stage.new_layer()?;
    let mounted = Mounted::for_step(builder.store, &builder.scratch, &[], &new)?;
    let root = mounted.open()?;
    let attributes = Attributes {
        time: builder.options.source_date_epoch,
        ..Attributes::default()
    };
    let target = Target {
        root: &root,
        attributes: &attributes,
    };
    let changed = tree::copy(&files, &source, &target, Path::new(""), &|_| {})?;
    drop(root);
    mounted.unmount()?;
    stage.commit_as(new, if changed { &[] } else { &keys }, instruction)
}
