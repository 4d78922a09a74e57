use std::io;
use std::path::PathBuf;

use plimsoll_core::{Digest, Hint};

/// What can go wrong when an image is taken stock of. Damaged package databases are not errors: they are
/// [`Warning`](crate::Warning)s of the analysis.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A layer could not be read.
    #[error("cannot read layer `{diff_id}`")]
    Layer {
        /// The layer's DiffID.
        diff_id: Digest,
        /// What the image said.
        #[source]
        source: Box<plimsoll_image::Error>,
    },
    /// A file of a layer could not be read.
    #[error("cannot read `{path}` of layer `{diff_id}`")]
    File {
        /// The layer's DiffID.
        diff_id: Digest,
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A directory could not be read.
    #[error("cannot read the directory `{}`", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What was found there.
        #[source]
        source: Box<plimsoll_image::Error>,
    },
    /// A file outside an image could not be read.
    #[error("cannot read `{}`", path.display())]
    ReadFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// What a person can do next, where there is something.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Layer { source, .. } | Self::Directory { source, .. } => source.hint(),
            Self::File { .. } | Self::ReadFile { .. } => None,
        }
    }
}

/// The result of taking stock.
pub type Result<T, E = Error> = std::result::Result<T, E>;
