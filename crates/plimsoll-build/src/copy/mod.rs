//! Copying files into the file system of a step, as `COPY` and `ADD` do it.

pub(crate) mod archive;
pub(crate) mod chmod;
pub(crate) mod chown;
mod content;
pub(crate) mod donor;
pub(crate) mod pending;
pub(crate) mod sources;
pub(crate) mod target;
pub(crate) mod tree;
mod writer;
