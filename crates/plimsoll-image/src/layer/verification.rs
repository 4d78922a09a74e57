use std::sync::Arc;

use super::{Archived, Layer};
use crate::Result;
use crate::compression::Compression;
use crate::hashing::RangeHash;

/// The check of a layer's digest, which goes on while its [`Layer`] is walked.
#[must_use]
pub struct Verification(Option<Begun>);

struct Begun {
    layer: Layer,
    archived: Arc<Archived>,
    /// `None` for a compressed tar, which is not read twice.
    hash: Option<RangeHash>,
}

impl Verification {
    /// Nothing is to be checked.
    pub fn done() -> Self {
        Self(None)
    }

    /// Begins to check `layer`, whose tar is in `archived`.
    pub(super) fn start(layer: &Layer, archived: Arc<Archived>) -> Self {
        let is_plain = archived.compression == Compression::Plain;
        let hash = || RangeHash::start(archived.file.clone(), archived.offset, archived.length);
        Self(Some(Begun {
            layer: layer.clone(),
            hash: is_plain.then(hash),
            archived,
        }))
    }

    /// Waits until the layer is checked, and helps with it.
    ///
    /// # Errors
    /// [`Error::DigestMismatch`](crate::Error::DigestMismatch); [`Error::Changed`](crate::Error::Changed) when the file was
    /// written to meanwhile, so that others may have been shown other bytes than were hashed; and when the layer cannot
    /// be read.
    pub fn finish(self) -> Result<()> {
        match self.0 {
            Some(begun) => begun.finish(),
            None => Ok(()),
        }
    }
}

impl Begun {
    fn finish(self) -> Result<()> {
        let Self {
            layer,
            archived,
            hash,
        } = self;
        let Some(hash) = hash else {
            return match layer.is_verified() {
                true => Ok(()),
                false => layer.read_whole(),
            };
        };
        let actual = hash.finish().map_err(|error| archived.origin.io(error))?;
        archived.expect_unchanged()?;
        layer.verified(&archived, actual)
    }
}
