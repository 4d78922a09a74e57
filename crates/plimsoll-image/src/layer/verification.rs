use std::sync::Arc;

use super::{Archived, Layer};
use crate::Result;
use crate::compression::Compression;
use crate::hashing::{self, RangeHash};

/// The check of a layer's digest, which goes on while its [`Layer`] is walked.
#[must_use]
pub struct Verification(Option<Begun>);

struct Begun {
    layer: Layer,
    archived: Arc<Archived>,
    digest: Digest,
}

/// How the digest comes to be known.
enum Digest {
    /// It is computed beside.
    Hashed(RangeHash),
    /// It is computed when the tar, which is compressed, is walked to its end.
    Walked,
    /// It was computed before.
    Known,
}

impl Verification {
    /// Nothing is to be checked.
    pub(super) fn done() -> Self {
        Self(None)
    }

    /// Begins to check `layer`, whose tar is in `archived`.
    pub(super) fn start(layer: &Layer, archived: Arc<Archived>) -> Self {
        let hash = || RangeHash::start(archived.file.clone(), archived.offset, archived.length);
        let digest = match archived.compression {
            Compression::Plain => Digest::Hashed(hash()),
            _ => Digest::Walked,
        };
        Self::of(layer, archived, digest)
    }

    /// Checks only that nobody writes to the file meanwhile.
    pub(super) fn watch(layer: &Layer, archived: Arc<Archived>) -> Self {
        Self::of(layer, archived, Digest::Known)
    }

    fn of(layer: &Layer, archived: Arc<Archived>, digest: Digest) -> Self {
        Self(Some(Begun {
            layer: layer.clone(),
            archived,
            digest,
        }))
    }

    /// How many threads hash this layer, and all others that are verified, beside the caller: none where nothing is
    /// hashed beside. Whoever has layers to walk meanwhile should leave as many processors to them.
    pub fn threads(&self) -> usize {
        match &self.0 {
            Some(Begun {
                digest: Digest::Hashed(_),
                ..
            }) => hashing::threads(),
            _ => 0,
        }
    }

    /// Waits until the layer is checked, and helps with it.
    ///
    /// # Errors
    /// [`Error::DigestMismatch`](crate::Error::DigestMismatch); [`Error::Changed`](crate::Error::Changed) when the file was
    /// written to meanwhile, so that others may have been shown other bytes than were hashed; and when the layer cannot
    /// be read.
    pub fn finish(self) -> Result<()> {
        let Some(Begun {
            layer,
            archived,
            digest,
        }) = self.0
        else {
            return Ok(());
        };
        match digest {
            Digest::Hashed(hash) => {
                let actual = hash.finish().map_err(|error| archived.origin.io(error))?;
                // Before the digest: that of a file which is not yet whole is wrong for a reason.
                archived.expect_unchanged()?;
                layer.verified(&archived, actual)
            }
            Digest::Walked if !layer.is_verified() => {
                layer.read_whole()?;
                archived.expect_unchanged()
            }
            Digest::Walked | Digest::Known => archived.expect_unchanged(),
        }
    }
}
