use std::path::{Path, PathBuf};

use crate::build::read_ignore;
use crate::context::walk::{Kind, walk};
use crate::error::Result;
use crate::{Context, DockerfileText, Error};

/// The regular files of a context that its ignore file lets through, by their paths in it: what a build can take.
///
/// # Errors
/// [`Error::Context`], when the context or its ignore file cannot be read.
pub fn files_sent(context: &Context, dockerfile: &DockerfileText) -> Result<Vec<PathBuf>> {
    let ignore = read_ignore(context, dockerfile)?;
    let entries =
        walk(context.root(), Path::new(""), &ignore).map_err(|problem| Error::Context { problem })?;
    let files = entries
        .into_iter()
        .filter(|entry| matches!(entry.kind, Kind::File(_)));
    Ok(files.map(|entry| entry.path).collect())
}
