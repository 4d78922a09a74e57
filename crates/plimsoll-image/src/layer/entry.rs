use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bstr::ByteSlice as _;

use super::tree;
use crate::tar::FileRange;
use crate::{Error, Result};

/// What an entry of a layer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link to this target, as it is written.
    Symlink(Vec<u8>),
    /// Another name of a file of the same layer: its path.
    HardLink(Vec<u8>),
    /// A character device.
    CharDevice {
        /// Its major number.
        major: u32,
        /// Its minor number.
        minor: u32,
    },
    /// A block device.
    BlockDevice {
        /// Its major number.
        major: u32,
        /// Its minor number.
        minor: u32,
    },
    /// A named pipe.
    Fifo,
    /// The entry's path is removed from the layers below.
    Whiteout,
    /// What the layers below have in the directory of the entry's path is hidden.
    Opaque,
}

/// One entry of a layer.
pub struct Entry<'a> {
    /// The path in the image: relative, without `./`, `.` or `..`, not always UTF-8. Empty only for the root that is
    /// [`EntryKind::Opaque`].
    pub path: &'a [u8],
    /// What it is.
    pub kind: EntryKind,
    /// The permission bits, with set-user-ID, set-group-ID and sticky.
    pub mode: u32,
    /// The owner.
    pub uid: u64,
    /// The group.
    pub gid: u64,
    /// When the content was changed, in seconds since 1970.
    pub mtime: i64,
    /// The bytes of content of a file; 0 for everything else.
    pub size: u64,
    pub(super) content: Content<'a>,
    /// Where the content is in a file.
    pub(super) place: Option<Place>,
    /// What the layer is read from, for messages.
    pub(super) origin: &'a Path,
}

/// The content of a file where it can be read at any time and in any order: in a tar that is not compressed.
#[derive(Debug, Clone)]
pub struct Place {
    pub(super) file: Arc<File>,
    pub(super) offset: u64,
    pub(super) size: u64,
}

impl Place {
    /// The number of bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Reads bytes from `offset` on into `buffer` and says how many: none at the content's end.
    ///
    /// # Errors
    /// When the file cannot be read, or has become shorter.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        if wanted == 0 {
            return Ok(0);
        }
        match self.file.read_at(&mut buffer[..wanted], self.offset + offset)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => Ok(count),
        }
    }

    /// The content from its beginning.
    pub fn reader(&self) -> impl Read {
        FileRange::new(self.file.clone(), self.offset, self.size)
    }
}

/// Where an entry's content is.
pub(super) enum Content<'a> {
    /// Nowhere: it has none.
    Empty(std::io::Empty),
    /// In the file of this name in an open directory; it is opened when it is wanted.
    File(Option<File>, BorrowedFd<'a>, &'a [u8]),
    /// What comes next in a tar.
    Stream(&'a mut dyn Read),
}

impl<'a> Entry<'a> {
    /// The path for people and for comparison with texts; bytes that are not UTF-8 are replaced.
    pub fn path_lossy(&self) -> Cow<'a, str> {
        self.path.to_str_lossy()
    }

    /// The content of a file from where it was last read to its end.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the file has more than `limit` bytes, and when it cannot be read.
    pub fn read(&mut self, limit: u64) -> Result<Vec<u8>> {
        if self.size > limit {
            return Err(Error::TooLarge {
                path: self.path_lossy().into_owned(),
                size: self.size,
                limit,
            });
        }
        let (origin, path) = (self.origin, self.path);
        let mut bytes = Vec::with_capacity(usize::try_from(self.size).unwrap_or(0));
        // A tree's file may have grown since.
        let reader = &mut self.reader()?.take(limit);
        match reader.read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(Error::io("read", &origin.join(OsStr::from_bytes(path)))(error)),
        }
    }

    /// Where the content can be read later; `None` where it comes by only once, as in a compressed tar, or has holes.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// The content of a file so that it can be read in any order: as [`Entry::place`] has it, or in a file of an unpacked
    /// layer, which is opened for it.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(&self) -> Result<Option<Place>> {
        match &self.content {
            Content::File(_, directory, name) => {
                let opened = tree::open_file(*directory, name);
                let path = self.origin.join(OsStr::from_bytes(self.path));
                Ok(Some(Place {
                    file: Arc::new(opened.map_err(Error::io("open", &path))?),
                    offset: 0,
                    size: self.size,
                }))
            }
            Content::Empty(_) | Content::Stream(_) => Ok(self.place.clone()),
        }
    }

    /// The content of a file from where it was last read; empty for everything else. A read error names neither the
    /// layer nor the file.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn reader(&mut self) -> Result<&mut dyn Read> {
        let (origin, path) = (self.origin, self.path);
        match &mut self.content {
            Content::Empty(empty) => Ok(empty),
            Content::Stream(reader) => Ok(*reader),
            Content::File(Some(file), ..) => Ok(file),
            Content::File(file, directory, name) => {
                let opened = tree::open_file(*directory, name);
                let failed = |error| Error::io("open", &origin.join(OsStr::from_bytes(path)))(error);
                Ok(file.insert(opened.map_err(failed)?))
            }
        }
    }
}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("path", &self.path_lossy())
            .field("kind", &self.kind)
            .field("mode", &format_args!("{:o}", self.mode))
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
