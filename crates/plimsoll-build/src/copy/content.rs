use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;

/// Files up to this size are read and written at once.
const SMALL: u64 = 256 << 10;
/// How much is copied between two reports.
const PART: u64 = 4 << 20;

/// Copies the content of files: small ones through a buffer, large ones inside the kernel where it can, and leaving
/// holes where they have some.
#[derive(Debug, Default)]
pub(super) struct ContentCopier {
    buffer: Vec<u8>,
    /// Whether the kernel was found not to copy between the two file systems.
    by_hand: bool,
}

impl ContentCopier {
    /// Copies all of `input`, which had `size` bytes when it was looked at. `copied` is told how many bytes are done.
    pub(super) fn copy(
        &mut self,
        input: &File,
        mut output: &File,
        size: u64,
        copied: &dyn Fn(u64),
    ) -> io::Result<()> {
        if size > SMALL {
            return self.copy_large(input, output, size, copied);
        }
        self.buffer.clear();
        input.take(SMALL + 1).read_to_end(&mut self.buffer)?;
        output.write_all(&self.buffer)?;
        let done = self.buffer.len() as u64;
        copied(done);
        if done > SMALL {
            // It has grown since it was looked at.
            self.copy_range(input, output, u64::MAX, copied)?;
        }
        Ok(())
    }

    fn copy_large(&mut self, input: &File, output: &File, size: u64, copied: &dyn Fn(u64)) -> io::Result<()> {
        let is_dense = input.metadata()?.blocks().saturating_mul(512) >= size;
        if is_dense || !self.copy_data_parts(input, output, size, copied)? {
            seek(input, SeekFrom::Start(0))?;
            seek(output, SeekFrom::Start(0))?;
            self.copy_range(input, output, u64::MAX, copied)?;
        }
        Ok(())
    }

    /// Copies the parts of a file that are not holes. `false` if the file system does not say where they are.
    fn copy_data_parts(
        &mut self,
        input: &File,
        output: &File,
        size: u64,
        copied: &dyn Fn(u64),
    ) -> io::Result<bool> {
        let mut at = 0;
        while at < size {
            let start = match seek(input, SeekFrom::Data(at)) {
                Ok(start) => start,
                // Nothing but a hole up to the end.
                Err(Errno::NXIO) => break,
                Err(Errno::INVAL | Errno::NOTSUP) => return Ok(false),
                Err(error) => return Err(error.into()),
            };
            let end = seek(input, SeekFrom::Hole(start))?;
            seek(input, SeekFrom::Start(start))?;
            seek(output, SeekFrom::Start(start))?;
            self.copy_range(input, output, end.saturating_sub(start), copied)?;
            at = end;
        }
        output.set_len(size)?;
        Ok(true)
    }

    /// Copies up to `length` bytes from where the files stand.
    fn copy_range(
        &mut self,
        input: &File,
        mut output: &File,
        mut length: u64,
        copied: &dyn Fn(u64),
    ) -> io::Result<()> {
        while length > 0 {
            let part = length.min(PART);
            let done = if self.by_hand {
                io::copy(&mut input.take(part), &mut output)?
            } else {
                let part = usize::try_from(part).unwrap_or(usize::MAX);
                match rustix::fs::copy_file_range(input.as_fd(), None, output.as_fd(), None, part) {
                    Ok(done) => done as u64,
                    Err(Errno::XDEV | Errno::NOSYS | Errno::INVAL | Errno::NOTSUP | Errno::PERM) => {
                        self.by_hand = true;
                        continue;
                    }
                    Err(Errno::INTR) => continue,
                    Err(error) => return Err(error.into()),
                }
            };
            if done == 0 {
                return Ok(());
            }
            copied(done);
            length -= done;
        }
        Ok(())
    }
}
