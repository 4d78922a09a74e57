//! Directories below a root, opened so that no symbolic link is ever followed.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;

use super::name::{join, split};

const DIRECTORY: OFlags = OFlags::PATH
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Opens directories below a root, one component after the other. The last ones stay open, as most entries of a layer
/// are beside the one before.
pub(crate) struct Beneath {
    root: OwnedFd,
    /// The open directories of one path: how much of `path` each one is, and the directory.
    open: Vec<(usize, OwnedFd)>,
    path: Vec<u8>,
}

/// A component of a path is not there or is no directory.
pub(crate) struct NotOpened {
    /// How much of the path is the one up to that component.
    pub(crate) length: usize,
    pub(crate) error: Errno,
}

impl Beneath {
    pub(crate) fn new(root: &Path) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self::within(openat(CWD, root, flags, Mode::empty())?))
    }

    /// What is below an open directory.
    pub(crate) fn within(root: OwnedFd) -> Self {
        Self {
            root,
            open: Vec::new(),
            path: Vec::new(),
        }
    }

    /// The directory `path`, which is normalized.
    pub(crate) fn directory(&mut self, path: &[u8]) -> Result<BorrowedFd<'_>, NotOpened> {
        let shared = |length: usize| {
            path.len() >= length
                && path[..length] == self.path[..length]
                && path.get(length).is_none_or(|byte| *byte == b'/')
        };
        let keep = self.open.iter().take_while(|(length, _)| shared(*length)).count();
        self.open.truncate(keep);
        let known = self.open.last().map_or(0, |(length, _)| *length);
        self.path.truncate(known);
        let rest = path[known..]
            .split(|byte| *byte == b'/')
            .filter(|component| !component.is_empty());
        for component in rest {
            let parent = match self.open.last() {
                Some((_, directory)) => directory.as_fd(),
                None => self.root.as_fd(),
            };
            let so_far = join(&self.path, component);
            let directory =
                openat(parent, component, DIRECTORY, Mode::empty()).map_err(|error| NotOpened {
                    length: so_far.len(),
                    error,
                })?;
            self.open.push((so_far.len(), directory));
            self.path = so_far;
        }
        Ok(match self.open.last() {
            Some((_, directory)) => directory.as_fd(),
            None => self.root.as_fd(),
        })
    }

    /// The directory that `path` is in, if it is there, and its name in it.
    pub(crate) fn parent<'a>(&mut self, path: &'a [u8]) -> io::Result<(BorrowedFd<'_>, &'a [u8])> {
        let (parent, base) = split(path);
        let directory = self.directory(parent).map_err(|failed| failed.error)?;
        Ok((directory, base))
    }

    /// Closes what is open, for directories below were replaced.
    pub(crate) fn forget(&mut self) {
        self.open.clear();
        self.path.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbolic_links_are_not_followed() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("a/b/c")).unwrap();
        std::fs::create_dir(root.path().join("a/bc")).unwrap();
        std::os::unix::fs::symlink("/", root.path().join("a/link")).unwrap();
        let mut beneath = Beneath::new(root.path()).unwrap();
        let mut open = |path: &str| {
            beneath
                .directory(path.as_bytes())
                .ok()
                .map(|directory| rustix::fs::fstat(directory).unwrap().st_ino)
        };
        let inode = |path: &str| rustix::fs::stat(root.path().join(path)).unwrap().st_ino;
        for path in ["a/b/c", "a/b", "a/bc", "a/b/c", "", "a"] {
            assert_eq!(open(path).unwrap(), inode(path), "{path}");
        }
        for path in ["a/link", "a/link/etc", "a/none"] {
            assert!(open(path).is_none(), "{path} was opened");
        }
        assert_eq!(open("a/b").unwrap(), inode("a/b"));
    }
}
