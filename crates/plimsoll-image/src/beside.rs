//! A hash that is computed beside the work that gives its bytes.

use std::io::{self, Write};

use plimsoll_core::{Digest, Sha256};

use crate::hashing::{Hasher, Recycled};

/// How many bytes are handed over at a time. What has less is hashed where it is.
const PIECE: usize = 256 * 1024;

/// Hashes what is written to it, on another thread once there is enough of it.
pub(crate) struct BesideHash {
    /// `None` as long as everything is in `piece`.
    hasher: Option<Hasher>,
    piece: Vec<u8>,
    used: Recycled,
}

impl BesideHash {
    pub(crate) fn new() -> Self {
        Self {
            hasher: None,
            piece: Vec::new(),
            used: Recycled::default(),
        }
    }

    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let count = bytes.len().min(PIECE - self.piece.len());
            self.piece.extend_from_slice(&bytes[..count]);
            bytes = &bytes[count..];
            if self.piece.len() == PIECE {
                self.hand_over();
            }
        }
    }

    pub(crate) fn finish(mut self) -> Digest {
        if self.hasher.is_some() {
            self.hand_over();
        }
        match self.hasher {
            Some(hasher) => hasher.finish(),
            None => {
                let mut hash = Sha256::new();
                hash.update(&self.piece);
                hash.finish()
            }
        }
    }

    fn hand_over(&mut self) {
        let mut next = self.used.take();
        next.clear();
        let piece = self.used.share(std::mem::replace(&mut self.piece, next));
        self.hasher.get_or_insert_with(Hasher::new).add(piece);
    }
}

impl Write for BesideHash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_bytes() {
        let bytes: Vec<u8> = (0..PIECE * 12 + 7).map(|index| (index % 251) as u8).collect();
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, bytes.len()] {
            for part in [1000, PIECE, 3 * PIECE + 1] {
                let mut hash = BesideHash::new();
                for part in bytes[..length].chunks(part) {
                    hash.update(part);
                }
                assert_eq!(hash.finish(), Digest::of(&bytes[..length]), "{length} by {part}");
            }
        }
    }
}
