//! Visits what is in a layer's tree, each directory's names in order.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, RawMode, Stat, fstat, openat, statat};

use super::name::join;
use super::whiteout;
use crate::{Error, Result};

/// One file of a tree.
pub(crate) struct Node<'a> {
    /// Its path below the root.
    pub(crate) path: &'a [u8],
    pub(crate) stat: &'a Stat,
    /// The directory that it is in, and its name there.
    pub(crate) place: (BorrowedFd<'a>, &'a [u8]),
    /// Itself, when it is a directory.
    pub(crate) directory: Option<BorrowedFd<'a>>,
}

impl Node<'_> {
    pub(crate) fn file_type(&self) -> FileType {
        FileType::from_raw_mode(self.stat.st_mode as RawMode)
    }
}

/// The first path of each file that has several.
#[derive(Debug, Default)]
pub(crate) struct Links(HashMap<(u64, u64), Vec<u8>>);

impl Links {
    /// The path that the file of `node` was seen under before. Whiteouts and sockets do not count: the one has other
    /// names because overlay file systems share what is always the same, and the other is in no tar.
    pub(crate) fn earlier(&mut self, node: &Node<'_>) -> Option<Vec<u8>> {
        let has_links = !matches!(node.file_type(), FileType::Directory | FileType::Socket);
        if !has_links || node.stat.st_nlink < 2 || whiteout::is_whiteout(node.stat) {
            return None;
        }
        match self.0.entry((node.stat.st_dev, node.stat.st_ino)) {
            Entry::Occupied(first) => Some(first.get().clone()),
            Entry::Vacant(vacant) => {
                vacant.insert(node.path.to_owned());
                None
            }
        }
    }
}

/// A directory whose names are being visited.
struct Frame {
    directory: OwnedFd,
    /// In reverse order, so that the next is the last.
    names: Vec<Vec<u8>>,
    path: Vec<u8>,
}

/// The names in a directory, in reverse order.
pub(crate) fn read_names(directory: &OwnedFd) -> io::Result<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if !matches!(name, b"." | b"..") {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable_by(|a, b| b.cmp(a));
    Ok(names)
}

/// Shows the directory `root` (its path is empty) and everything below it to `visit`, parents before what is in them,
/// until it breaks.
pub(crate) fn visit<E: From<Error>>(
    root: &Path,
    visit: &mut dyn FnMut(&Node<'_>) -> Result<ControlFlow<()>, E>,
) -> Result<(), E> {
    // The path is put together only when there is an error.
    let failed =
        |path: &[u8], error: io::Error| Error::io("read", &root.join(OsStr::from_bytes(path)))(error);
    let directory = open_directory(CWD, root.as_os_str().as_bytes()).map_err(|error| failed(b"", error))?;
    let stat = fstat(&directory).map_err(|error| failed(b"", error.into()))?;
    let node = Node {
        path: b"",
        stat: &stat,
        place: (CWD, root.as_os_str().as_bytes()),
        directory: Some(directory.as_fd()),
    };
    if visit(&node)?.is_break() {
        return Ok(());
    }
    let names = read_names(&directory).map_err(|error| failed(b"", error))?;
    let mut frames = vec![Frame {
        directory,
        names,
        path: Vec::new(),
    }];
    while let Some(frame) = frames.last_mut() {
        let Some(name) = frame.names.pop() else {
            frames.pop();
            continue;
        };
        let path = join(&frame.path, &name);
        let stat = statat(&frame.directory, name.as_slice(), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| failed(&path, error.into()))?;
        let directory = match FileType::from_raw_mode(stat.st_mode as RawMode) {
            FileType::Directory => {
                Some(open_directory(frame.directory.as_fd(), &name).map_err(|error| failed(&path, error))?)
            }
            _ => None,
        };
        let node = Node {
            path: &path,
            stat: &stat,
            place: (frame.directory.as_fd(), &name),
            directory: directory.as_ref().map(AsFd::as_fd),
        };
        if visit(&node)?.is_break() {
            return Ok(());
        }
        if let Some(directory) = directory {
            let names = read_names(&directory).map_err(|error| failed(&path, error))?;
            frames.push(Frame {
                directory,
                names,
                path,
            });
        }
    }
    Ok(())
}

/// Opens a directory in another one; a symbolic link is not followed.
pub(crate) fn open_directory(parent: BorrowedFd<'_>, name: &[u8]) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(parent, name, flags, Mode::empty())?)
}

/// Opens a regular file to be read; nothing else that may stand there is opened to any effect.
pub(crate) fn open_file(directory: BorrowedFd<'_>, name: &[u8]) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(openat(directory, name, flags, Mode::empty())?))
}
