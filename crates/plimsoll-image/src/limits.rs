//! How much input that somebody else made may become.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// So many bytes may come of any input, however well it is compressed.
const ALWAYS: u64 = 256 << 20;

/// How much is taken from compressed input before it is refused. The limits of tars and documents, which no real image
/// comes near, are not among these: they are fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of one layer, or of a compressed archive, uncompressed.
    pub uncompressed: u64,
    /// The most bytes that one byte may become, on average and beyond the first 256 MiB.
    pub expansion: u64,
}

impl Default for Limits {
    /// 100 GiB, and 500 bytes from one.
    fn default() -> Self {
        Self {
            uncompressed: 100 << 30,
            expansion: 500,
        }
    }
}

/// Counts the compressed bytes that are read.
pub(crate) struct Counted<R> {
    input: R,
    count: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            count: Arc::default(),
        }
    }

    /// Where the number of bytes is.
    pub(crate) fn count(&self) -> Arc<AtomicU64> {
        self.count.clone()
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        self.input.consume(count);
    }
}

/// What comes out of a decoder, as long as it keeps to the limits.
pub(crate) struct Limited<R> {
    output: R,
    count: u64,
    input: Arc<AtomicU64>,
    limits: Limits,
}

impl<R> Limited<R> {
    /// `input` has the number of compressed bytes that were read.
    pub(crate) fn new(output: R, input: Arc<AtomicU64>, limits: Limits) -> Self {
        Self {
            output,
            count: 0,
            input,
            limits,
        }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.output.read(buffer)?;
        self.count += count as u64;
        let Limits {
            uncompressed,
            expansion,
        } = self.limits;
        let refused = |reason: String| Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        if self.count > uncompressed {
            return refused(format!("it has more than {uncompressed} bytes uncompressed"));
        }
        let input = self.input.load(Ordering::Relaxed);
        if self.count > ALWAYS && self.count / expansion.max(1) > input {
            return refused(format!(
                "its first {input} bytes become more than {expansion} times as many, as those of a bomb do"
            ));
        }
        Ok(count)
    }
}
