//! A layer's bytes, read once: each piece is shared by the thread that hashes and the one that reads the tar.

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use plimsoll_core::Digest;

use crate::hashing::{Hasher, Recycled};
use crate::tar::Input;

/// How much is read at a time: a few pieces fit into a processor's cache.
const PIECE: usize = 256 << 10;

/// Reads `input` in pieces and hashes them beside. What is skipped is hashed, too.
pub(crate) struct Pieces<R> {
    input: R,
    hasher: Hasher,
    /// The piece that is being read, and how far.
    current: Arc<Vec<u8>>,
    position: usize,
    used: Recycled,
    count: u64,
}

impl<R: Read> Pieces<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            hasher: Hasher::new(),
            current: Arc::default(),
            position: 0,
            used: Recycled::default(),
            count: 0,
        }
    }

    /// The digest and number of all bytes, read to the end.
    pub(crate) fn finish(&mut self) -> io::Result<(Digest, u64)> {
        while self.advance()? {}
        Ok((
            std::mem::replace(&mut self.hasher, Hasher::new()).finish(),
            self.count,
        ))
    }

    /// Takes the next piece; `false` at the end of the input.
    fn advance(&mut self) -> io::Result<bool> {
        self.position = 0;
        // It is free for another use once it is hashed, too.
        self.current = Arc::default();
        let mut piece = self.used.take();
        piece.resize(PIECE, 0);
        let mut filled = 0;
        while filled < PIECE {
            match self.input.read(&mut piece[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        piece.truncate(filled);
        self.count += filled as u64;
        self.current = self.used.share(piece);
        if filled > 0 {
            self.hasher.add(self.current.clone());
        }
        Ok(filled > 0)
    }
}

impl<R: Read> BufRead for Pieces<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position == self.current.len() {
            self.advance()?;
        }
        Ok(&self.current[self.position..])
    }

    fn consume(&mut self, count: usize) {
        self.position = self.current.len().min(self.position + count);
    }
}

impl<R: Read> Read for Pieces<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(buffer.len());
        buffer[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> Input for Pieces<R> {
    fn skip(&mut self, mut count: u64) -> io::Result<()> {
        while count > 0 {
            let available = self.fill_buf()?.len();
            if available == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let skipped = usize::try_from(count).unwrap_or(usize::MAX).min(available);
            self.consume(skipped);
            count -= skipped as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_hashed_whatever_is_read() {
        let bytes: Vec<u8> = (0..PIECE * 20 + 5).map(|at| (at / 1000) as u8).collect();
        let mut pieces = Pieces::new(&bytes[..]);
        let mut start = [0; 10];
        pieces.read_exact(&mut start).unwrap();
        assert_eq!(start, bytes[..10]);
        pieces.skip(PIECE as u64 * 3).unwrap();
        pieces.read_exact(&mut start).unwrap();
        assert_eq!(start, bytes[PIECE * 3 + 10..][..10]);
        assert_eq!(pieces.finish().unwrap(), (Digest::of(&bytes), bytes.len() as u64));
    }

    #[test]
    fn what_is_not_there_cannot_be_skipped() {
        let mut pieces = Pieces::new(&b"abc"[..]);
        pieces.skip(3).unwrap();
        assert_eq!(pieces.skip(1).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
