//! The canonical tar of a tree: the one that a layer which was built here has.
//!
//! Entries are sorted by the bytes of their path's components, parents before what is in them. Headers are ustar with
//! PAX records where ustar is too small; owners are numbers, times whole seconds; the names of an inode after the first,
//! whatever kind of file it is, are hard links to it; files with holes have zeros there; sockets are left out, and so is
//! the root itself. Overlay whiteouts and opaque directories have the names that the OCI image specification gives them.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Timespec, Timestamps, major, minor, readlinkat, utimensat};

use super::name::{self, join, split};
use super::tree::{self, Links, Node};
use super::{whiteout, xattr};
use crate::tar::{Metadata, Writer};
use crate::{Error, Result};

const BUFFER: usize = 256 * 1024;

/// What is known of a tree once its tar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Summary {
    /// The tar's length in bytes.
    pub(crate) tar_size: u64,
    /// The bytes of content of all files.
    pub(crate) size: u64,
    /// How many entries there are.
    pub(crate) entries: u64,
}

/// Writes the canonical tar of the tree `root`. With `clamp`, times in the tree that are later (in seconds) are set
/// back to it first.
pub(crate) fn write(root: &Path, clamp: Option<i64>, out: &mut dyn Write) -> Result<Summary> {
    let mut canonical = Canonical {
        root,
        clamp,
        tar: Writer::new(out),
        links: Links::default(),
        buffer: vec![0; BUFFER],
        summary: Summary::default(),
    };
    tree::visit::<Error>(root, &mut |node| {
        canonical.node(node)?;
        Ok(ControlFlow::Continue(()))
    })?;
    let (_, tar_size) = canonical.tar.finish().map_err(Error::Write)?;
    Ok(Summary {
        tar_size,
        ..canonical.summary
    })
}

struct Canonical<'a, 'o> {
    root: &'a Path,
    clamp: Option<i64>,
    tar: Writer<&'o mut dyn Write>,
    links: Links,
    /// Reused for content.
    buffer: Vec<u8>,
    summary: Summary,
}

impl Canonical<'_, '_> {
    fn node(&mut self, node: &Node<'_>) -> Result<()> {
        let earlier = self.links.earlier(node);
        let failed = |error: io::Error| Error::io("read", &self.place(node.path))(error);
        let opaque = match node.directory {
            Some(directory) => whiteout::is_opaque(directory).map_err(failed)?,
            None => false,
        };
        let file_type = node.file_type();
        let is_marker = whiteout::is_whiteout(node.stat);
        let mut member = Metadata {
            path: node.path,
            typeflag: 0,
            mode: node.stat.st_mode & 0o7777,
            uid: node.stat.st_uid,
            gid: node.stat.st_gid,
            mtime: node.stat.st_mtime,
            ..Metadata::default()
        };
        if let Some(clamp) = self.clamp
            && member.mtime > clamp
            && !is_marker
        {
            set_mtime(node, clamp).map_err(Error::io("set the time of", &self.place(node.path)))?;
            member.mtime = clamp;
        }
        if let Some(earlier) = &earlier {
            member.typeflag = b'1';
            member.link = earlier;
            return self.put(&member);
        }
        let link;
        match file_type {
            _ if node.path.is_empty() => {}
            FileType::RegularFile => return self.file(node, member),
            FileType::Directory => {
                member.typeflag = b'5';
                let xattrs = xattr::read(node.directory.unwrap_or(node.place.0)).map_err(failed)?;
                member.xattrs = &xattrs;
                self.put(&member)?;
            }
            FileType::Symlink => {
                let (directory, name) = node.place;
                link = readlinkat(directory, name, Vec::new()).map_err(|error| failed(error.into()))?;
                member.typeflag = b'2';
                member.mode = 0o777;
                member.link = link.as_bytes();
                self.put(&member)?;
            }
            FileType::CharacterDevice if is_marker => {
                let (parent, base) = split(node.path);
                self.marker(&join(parent, &name::whiteout(base)))?;
            }
            FileType::CharacterDevice | FileType::BlockDevice => {
                member.typeflag = if file_type == FileType::BlockDevice {
                    b'4'
                } else {
                    b'3'
                };
                member.device = (major(node.stat.st_rdev), minor(node.stat.st_rdev));
                self.put(&member)?;
            }
            FileType::Fifo => {
                member.typeflag = b'6';
                self.put(&member)?;
            }
            // A socket means nothing without the process that made it.
            FileType::Socket | FileType::Unknown => {}
        }
        if opaque {
            self.marker(&join(node.path, name::opaque()))?;
        }
        Ok(())
    }

    fn file<'a>(&mut self, node: &'a Node<'_>, member: Metadata<'a>) -> Result<()> {
        let mut member = member;
        let failed =
            |error: io::Error| Error::io("read", &self.root.join(OsStr::from_bytes(node.path)))(error);
        let (directory, name) = node.place;
        let mut file = tree::open_file(directory, name).map_err(failed)?;
        let xattrs = xattr::read(file.as_fd()).map_err(failed)?;
        member.typeflag = b'0';
        member.size = u64::try_from(node.stat.st_size).unwrap_or(0);
        member.xattrs = &xattrs;
        self.put(&member)?;
        let mut left = member.size;
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffer.len());
            let count = match file.read(&mut self.buffer[..wanted]) {
                Ok(0) => Err(io::Error::other("it became shorter while it was read")),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other,
            };
            let count = count.map_err(failed)?;
            self.tar.data(&self.buffer[..count]).map_err(Error::Write)?;
            left -= count as u64;
        }
        self.summary.size += member.size;
        self.tar.pad(member.size).map_err(Error::Write)
    }

    /// An empty file whose name says what is removed. Times and owners would say nothing.
    fn marker(&mut self, path: &[u8]) -> Result<()> {
        self.put(&Metadata {
            path,
            typeflag: b'0',
            ..Metadata::default()
        })
    }

    fn put(&mut self, member: &Metadata<'_>) -> Result<()> {
        self.summary.entries += 1;
        self.tar.header(member).map_err(Error::Write)
    }

    fn place(&self, path: &[u8]) -> PathBuf {
        self.root.join(OsStr::from_bytes(path))
    }
}

fn set_mtime(node: &Node<'_>, seconds: i64) -> io::Result<()> {
    let (directory, name) = node.place;
    let time = |tv_sec, tv_nsec| Timespec { tv_sec, tv_nsec };
    let times = Timestamps {
        last_access: time(0, rustix::fs::UTIME_OMIT),
        last_modification: time(seconds, 0),
    };
    Ok(utimensat(directory, name, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}
