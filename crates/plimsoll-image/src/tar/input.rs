//! What a tar is read from.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Bytes that a tar is read from.
pub(crate) trait Input: Read {
    /// Goes on behind the next `count` bytes.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when there are fewer.
    fn skip(&mut self, count: u64) -> io::Result<()>;
}

impl<I: Input + ?Sized> Input for &mut I {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        (**self).skip(count)
    }
}

impl Input for &[u8] {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        *self = self.get(count..).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(())
    }
}

/// A range of a file, read at its offsets; what is skipped is not read.
pub(crate) struct FileRange {
    file: Arc<File>,
    position: u64,
    end: u64,
    /// The bytes of the file from `window_start` on that were read last, so that a header and its PAX records take
    /// one call.
    window: Vec<u8>,
    window_start: u64,
}

impl FileRange {
    const WINDOW: usize = 4096;

    pub(crate) fn new(file: Arc<File>, start: u64, length: u64) -> Self {
        Self {
            file,
            position: start,
            end: start.saturating_add(length),
            window: Vec::new(),
            window_start: start,
        }
    }

    /// Whether everything was read or skipped.
    pub(crate) fn is_at_end(&self) -> bool {
        self.position >= self.end
    }
}

impl Read for FileRange {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.position).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let in_window = |range: &Self| {
            let skipped = usize::try_from(range.position.checked_sub(range.window_start)?).ok()?;
            range
                .window
                .get(skipped..)
                .filter(|rest| !rest.is_empty())
                .map(<[u8]>::len)
        };
        if in_window(self).is_none() {
            if wanted >= Self::WINDOW {
                let count = self.file.read_at(&mut buffer[..wanted], self.position)?;
                self.position += count as u64;
                return Ok(count);
            }
            self.window.resize(Self::WINDOW.min(left), 0);
            let count = self.file.read_at(&mut self.window, self.position)?;
            self.window.truncate(count);
            self.window_start = self.position;
        }
        let Some(available) = in_window(self) else {
            return Ok(0);
        };
        let count = wanted.min(available);
        let start = self.window.len() - available;
        buffer[..count].copy_from_slice(&self.window[start..start + count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Input for FileRange {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        match self.position.checked_add(count) {
            Some(position) if position <= self.end => {
                self.position = position;
                Ok(())
            }
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
