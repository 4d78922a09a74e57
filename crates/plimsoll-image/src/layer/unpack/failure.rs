use std::io;

use rustix::io::Errno;

use crate::tar::TarError;

/// Why an entry was not unpacked.
pub(super) enum Failure {
    /// Because of what the entry is.
    Refused(String),
    Tar(TarError),
    Io(io::Error),
}

impl Failure {
    pub(super) fn refused(reason: &str) -> Self {
        Self::Refused(reason.to_owned())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Errno> for Failure {
    fn from(error: Errno) -> Self {
        Self::Io(error.into())
    }
}
