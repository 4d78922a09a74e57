//! The content of one file, read in pieces and in any order.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

use plimsoll_image::Place;

/// So much of a stream is kept in memory; what is beyond goes to a temporary file.
const IN_MEMORY: usize = 4 << 20;
/// How much of a stream is read at a time.
const CHUNK: usize = 64 << 10;

/// Bytes of a known number.
pub(crate) trait Content {
    /// How many bytes there are.
    fn size(&self) -> u64;

    /// Reads bytes from `offset` on into `buffer` and says how many: fewer than fit only where the content ends.
    ///
    /// # Errors
    /// When the source cannot be read.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

/// Up to `length` bytes from `offset` on; fewer where the content ends before.
///
/// # Errors
/// When the source cannot be read.
pub(crate) fn read_range(content: &mut dyn Content, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let left = content.size().saturating_sub(offset);
    let length = usize::try_from(left).unwrap_or(usize::MAX).min(length);
    let mut bytes = vec![0; length];
    let read = content.read_at(offset, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

impl Content for Place {
    fn size(&self) -> u64 {
        Place::size(self)
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match Place::read_at(self, offset + filled as u64, &mut buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

impl Content for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(self.len());
        let left = &self[from..];
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        Ok(count)
    }
}

/// A part of another content.
pub(crate) struct Part<'a> {
    pub(crate) whole: &'a mut dyn Content,
    pub(crate) offset: u64,
    pub(crate) size: u64,
}

impl Content for Part<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let count = left.min(buffer.len());
        match self.offset.checked_add(offset) {
            Some(at) => self.whole.read_at(at, &mut buffer[..count]),
            None => Ok(0),
        }
    }
}

/// A stream that is read as far as it is asked for and kept: its beginning in memory, the rest in a temporary file
/// without a name.
pub(crate) struct Spooled<'a> {
    source: &'a mut dyn Read,
    size: u64,
    start: Vec<u8>,
    rest: Option<File>,
    /// How many bytes have been read.
    read: u64,
    ended: bool,
}

impl<'a> Spooled<'a> {
    /// The `size` bytes that `source` gives, of which `start` is already read.
    pub(crate) fn new(start: Vec<u8>, source: &'a mut dyn Read, size: u64) -> Self {
        Self {
            read: start.len() as u64,
            start,
            source,
            size,
            rest: None,
            ended: false,
        }
    }

    /// Reads the stream up to `end`.
    fn fill(&mut self, end: u64) -> io::Result<()> {
        let mut chunk = vec![0; CHUNK];
        while self.read < end && !self.ended {
            let count = self.source.read(&mut chunk)?;
            self.ended = count == 0;
            self.keep(&chunk[..count])?;
        }
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.read += bytes.len() as u64;
        let (kept, spilled) = match &mut self.rest {
            Some(_) => (&[][..], bytes),
            None => bytes.split_at(IN_MEMORY.saturating_sub(self.start.len()).min(bytes.len())),
        };
        self.start.extend_from_slice(kept);
        if spilled.is_empty() {
            return Ok(());
        }
        match &mut self.rest {
            Some(file) => file.write_all(spilled),
            none => none.insert(tempfile::tempfile()?).write_all(spilled),
        }
    }
}

impl Content for Spooled<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let end = offset.saturating_add(buffer.len() as u64).min(self.size);
        self.fill(end)?;
        let end = end.min(self.read);
        let mut filled = self.start.as_slice().read_at(offset, buffer)?;
        while let Some(file) = &self.rest
            && offset + (filled as u64) < end
        {
            let at = offset + filled as u64 - self.start.len() as u64;
            let wanted = usize::try_from(end - offset)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            match file.read_at(&mut buffer[filled..wanted], at)? {
                0 => break,
                count => filled += count,
            }
        }
        Ok(filled)
    }
}

/// Reads a content from its beginning to its end, or from wherever it is moved to.
pub(crate) struct Reader<'a> {
    content: &'a mut dyn Content,
    position: u64,
}

impl<'a> Reader<'a> {
    /// A reader that starts at `position`.
    pub(crate) fn new(content: &'a mut dyn Content, position: u64) -> Self {
        Self { content, position }
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read_at(self.position, buffer)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        let to = match position {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.content.size().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = to.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives few bytes at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = buffer.len().min(1013);
            self.0.read(&mut buffer[..count])
        }
    }

    fn bytes(count: usize) -> Vec<u8> {
        (0..count).map(|index| (index % 251) as u8).collect()
    }

    #[test]
    fn what_does_not_fit_in_memory_is_read_again_from_a_file() {
        let all = bytes(IN_MEMORY + 300_000);
        let mut stream = Slow(&all[10..]);
        let mut spooled = Spooled::new(all[..10].to_vec(), &mut stream, all.len() as u64);
        for (offset, length) in [
            (IN_MEMORY + 200_000, 5000),
            (IN_MEMORY - 10, 100),
            (0, 64),
            (all.len() - 5, 100),
            (all.len() + 5, 1),
        ] {
            let expected = all.get(offset..).unwrap_or_default();
            let expected = &expected[..expected.len().min(length)];
            assert_eq!(
                read_range(&mut spooled, offset as u64, length).unwrap(),
                expected,
                "{offset}"
            );
        }
        assert_eq!(spooled.start.len(), IN_MEMORY);
    }

    #[test]
    fn a_stream_that_ends_early_gives_what_it_has() {
        let mut stream = Slow(b"short");
        let mut spooled = Spooled::new(Vec::new(), &mut stream, 1000);
        assert_eq!(read_range(&mut spooled, 0, 1000).unwrap(), b"short");
        assert_eq!(read_range(&mut spooled, 900, 10).unwrap(), b"");
    }

    proptest! {
        #[test]
        fn parts_and_readers_give_the_same_bytes(from in 0..300_usize, size in 0..300_usize, at in 0..300_usize) {
            let all = bytes(300);
            let mut whole = all.as_slice();
            let size = size.min(300 - from);
            let mut part = Part { whole: &mut whole, offset: from as u64, size: size as u64 };
            let expected = all[from..from + size].get(at..).unwrap_or_default();
            let mut read = Vec::new();
            Reader::new(&mut part, at as u64).read_to_end(&mut read).unwrap();
            prop_assert_eq!(read, expected);
        }
    }
}
