use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::tree;
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
    /// What the layer is read from, for messages.
    pub(super) origin: &'a Path,
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

impl Entry<'_> {
    /// The path for people and for comparison with texts; bytes that are not UTF-8 are replaced.
    pub fn path_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.path)
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
