use std::path::Path;

use crate::cache::KeyBuilder;
use crate::copy::pending::Pending;
use crate::copy::sources::find_literal;
use crate::copy::target::{Attributes, Target};
use crate::copy::tree;
use crate::error::{IoContext, Problem};
use crate::graph::Origin;
use crate::rooted::Rooted;
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
    // There is nothing below, so the layer's own directory is the whole file system.
    let root = Rooted::open(new.fs()).doing("cannot open", new.fs())?;
    let attributes = Attributes {
        time: builder.options.source_date_epoch,
        ..Attributes::default()
    };
    let target = Target {
        root: &root,
        attributes: &attributes,
    };
    let mut pending = Pending::of_one();
    tree::copy(&files, &source, &target, Path::new(""), &mut pending)?;
    let written = pending.write(&root, &attributes, None, &|_| {})?;
    drop(root);
    stage.commit_as(new, if written.changed { &[] } else { &keys }, instruction)
}
