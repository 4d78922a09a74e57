//! SHA-256 (FIPS 180-4) of one stream, and of two at the same time.

mod compress;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::io::{self, Write};

use crate::Digest;

const BLOCK: usize = 64;

type Block = [u8; BLOCK];

/// The hash of nothing: the first bits of the square roots of the first eight primes.
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Hashes what is written to it; [`Sha256::finish`] gives the [`Digest`].
#[derive(Clone)]
pub struct Sha256 {
    state: [u32; 8],
    /// The bytes behind the last whole block; `length` says how many.
    rest: [u8; BLOCK],
    /// How many bytes were added.
    length: u64,
}

impl Default for Sha256 {
    fn default() -> Self {
        Self {
            state: INITIAL,
            rest: [0; BLOCK],
            length: 0,
        }
    }
}

impl Sha256 {
    /// A hash of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `bytes` to what is hashed.
    pub fn update(&mut self, bytes: &[u8]) {
        let (blocks, rest) = self.complete(bytes).as_chunks();
        compress::one(&mut self.state, blocks);
        self.keep(rest);
    }

    /// Adds `bytes` to `self` and `other_bytes` to `other`: as two times [`Sha256::update`], in less time where the
    /// processor can work on both at once.
    pub fn update_both(&mut self, bytes: &[u8], other: &mut Self, other_bytes: &[u8]) {
        let (blocks, rest) = self.complete(bytes).as_chunks();
        let (other_blocks, other_rest) = other.complete(other_bytes).as_chunks();
        let common = blocks.len().min(other_blocks.len());
        let (both, blocks) = blocks.split_at(common);
        let (other_both, other_blocks) = other_blocks.split_at(common);
        compress::both(&mut self.state, both, &mut other.state, other_both);
        compress::one(&mut self.state, blocks);
        compress::one(&mut other.state, other_blocks);
        self.keep(rest);
        other.keep(other_rest);
    }

    /// Whether [`Sha256::update_both`] takes less time here than two times [`Sha256::update`].
    pub fn is_faster_together() -> bool {
        compress::is_faster_together()
    }

    /// The digest of everything added.
    pub fn finish(mut self) -> Digest {
        let bits = self.length.wrapping_mul(8);
        // A one bit, and zeros up to the length at the end of a block.
        let kept = self.kept();
        let zeros = (2 * BLOCK - 1 - kept - size_of_val(&bits)) % BLOCK;
        let mut end = [0; 2 * BLOCK];
        end[0] = 0x80;
        end[1 + zeros..][..size_of_val(&bits)].copy_from_slice(&bits.to_be_bytes());
        self.update(&end[..1 + zeros + size_of_val(&bits)]);
        let mut digest = [0; 32];
        for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(self.state) {
            *bytes = word.to_be_bytes();
        }
        Digest::from_bytes(digest)
    }

    /// How many bytes there are behind the last whole block.
    fn kept(&self) -> usize {
        (self.length % BLOCK as u64) as usize
    }

    /// Completes the block that was begun with the first of `bytes`, and gives the others.
    fn complete<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let kept = self.kept();
        self.length = self.length.wrapping_add(bytes.len() as u64);
        if kept == 0 {
            return bytes;
        }
        let (first, others) = bytes.split_at(bytes.len().min(BLOCK - kept));
        self.rest[kept..kept + first.len()].copy_from_slice(first);
        if kept + first.len() == BLOCK {
            compress::one(&mut self.state, &[self.rest]);
        }
        others
    }

    fn keep(&mut self, rest: &[u8]) {
        self.rest[..rest.len()].copy_from_slice(rest);
    }
}

impl Write for Sha256 {
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
    use proptest::prelude::*;
    use sha2::Digest as _;

    use super::*;

    fn expected(bytes: &[u8]) -> Digest {
        Digest::from_bytes(sha2::Sha256::digest(bytes).into())
    }

    #[test]
    fn every_length_around_a_block_is_padded_right() {
        let bytes: Vec<u8> = (0..200).collect();
        for length in 0..bytes.len() {
            let mut hash = Sha256::new();
            hash.update(&bytes[..length]);
            assert_eq!(hash.finish(), expected(&bytes[..length]), "{length}");
        }
    }

    proptest! {
        #[test]
        fn both_streams_have_their_own_digests(
            pieces in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..700), prop::collection::vec(any::<u8>(), 0..700)), 0..8)
        ) {
            let (mut one, mut other) = (Sha256::new(), Sha256::new());
            let (mut all_of_one, mut all_of_other) = (Vec::new(), Vec::new());
            for (of_one, of_other) in &pieces {
                one.update_both(of_one, &mut other, of_other);
                one.update(of_other);
                all_of_one.extend_from_slice(of_one);
                all_of_one.extend_from_slice(of_other);
                all_of_other.extend_from_slice(of_other);
            }
            prop_assert_eq!(one.finish(), expected(&all_of_one));
            prop_assert_eq!(other.finish(), expected(&all_of_other));
        }
    }
}
