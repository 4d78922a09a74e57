//! The tar format, as far as images need it: POSIX ustar and PAX, GNU long names and sparse files, and what came
//! before them.
//!
//! This is not the `tar` crate because a layer's exact bytes must be known, and because payloads are skipped by
//! offset where that is possible.

pub(crate) mod header;
pub(crate) mod input;
pub(crate) mod numeric;
pub(crate) mod pax;
pub(crate) mod reader;
pub(crate) mod sparse;
pub(crate) mod writer;

pub(crate) use header::Kind;
pub(crate) use input::{FileRange, Input};
pub(crate) use reader::{Member, Reader, TarError};
pub(crate) use writer::{Metadata, Writer};
