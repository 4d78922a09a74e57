//! The outer tar of an image archive: where its members are in the file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Options;
use crate::compression::{self, Compression};
use crate::layer::name;
use crate::manifest::DOCUMENT_LIMIT;
use crate::tar::{FileRange, Kind, Reader, TarError};
use crate::{Error, Result};

/// The most members of an archive: layers, documents, and links to them.
const MEMBERS_LIMIT: u64 = 100_000;
/// How many links from one member to another are followed.
const LINK_LIMIT: usize = 8;

/// An image archive whose members can be read in any order.
#[derive(Debug)]
pub(super) struct Archive {
    /// As the user named it.
    pub(super) path: PathBuf,
    file: Arc<File>,
    members: HashMap<Vec<u8>, Place>,
}

#[derive(Debug)]
enum Place {
    Range(Range),
    /// The member stands for another one.
    Link(Vec<u8>),
}

/// Bytes of a file.
#[derive(Debug, Clone)]
pub(super) struct Range {
    pub(super) file: Arc<File>,
    pub(super) offset: u64,
    pub(super) length: u64,
}

impl Archive {
    /// Opens the file and finds its members. A compressed file, and one that can be read only once, is spooled to the
    /// directory for temporary files, in a file without a name.
    pub(super) fn open(path: &Path, options: &Options) -> Result<Self> {
        let failed = |error| Error::io("read", path)(error);
        let file = File::open(path).map_err(Error::io("open", path))?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(not_an_archive(path, "it is a directory, and no OCI image layout"));
        }
        let file = if metadata.is_file() && !is_compressed(&file).map_err(failed)? {
            file
        } else {
            spool(Box::new(file), path, options)?
        };
        Self::of(file, path)
    }

    /// Takes an archive from where it can be read only once, plain or compressed; it is spooled. `path` stands for it in
    /// messages.
    pub(super) fn spooled(input: impl Read + Send, path: &Path, options: &Options) -> Result<Self> {
        Self::of(spool(Box::new(input), path, options)?, path)
    }

    /// The archive in `file`, which `path` stands for in messages.
    pub(super) fn of(file: File, path: &Path) -> Result<Self> {
        let length = file.metadata().map_err(Error::io("read", path))?.len();
        let mut archive = Self {
            path: path.to_owned(),
            file: Arc::new(file),
            members: HashMap::new(),
        };
        archive.find_members(length)?;
        Ok(archive)
    }

    fn find_members(&mut self, length: u64) -> Result<()> {
        if length == 0 {
            return Err(not_an_archive(&self.path, "it is empty"));
        }
        let mut reader = Reader::new(FileRange::new(self.file.clone(), 0, length)).at_most(MEMBERS_LIMIT);
        let mut last = String::new();
        loop {
            let member = match reader.next_member() {
                Ok(Some(member)) => member,
                Ok(None) => return Ok(()),
                Err(error) => return Err(self.tar_error(error, length, &last)),
            };
            // A name that leads out of the archive is one that no manifest can mean.
            let Ok(path) = name::normalize(&member.path) else {
                continue;
            };
            last = String::from_utf8_lossy(&path).into_owned();
            let place = match member.kind {
                Kind::File if member.sparse.is_none() => Place::Range(Range {
                    file: self.file.clone(),
                    offset: reader.offset(),
                    length: member.size,
                }),
                Kind::HardLink => match name::normalize(&member.link) {
                    Ok(target) => Place::Link(target.into_owned()),
                    Err(_) => continue,
                },
                Kind::Symlink => match resolve(name::split(&path).0, &member.link) {
                    Some(target) => Place::Link(target),
                    None => continue,
                },
                _ => continue,
            };
            self.members.insert(path.into_owned(), place);
        }
    }

    fn tar_error(&self, error: TarError, length: u64, last: &str) -> Error {
        match error {
            TarError::Io(error) => Error::io("read", &self.path)(error),
            TarError::Truncated { .. } if last.is_empty() => {
                not_an_archive(&self.path, &format!("its {length} bytes are no tar"))
            }
            TarError::Truncated { .. } => Error::Truncated {
                path: self.path.clone(),
                detail: format!("it ends after {length} bytes, within or behind `{last}`"),
            },
            TarError::Invalid { reason, .. } if last.is_empty() => {
                not_an_archive(&self.path, &format!("it is no tar: {reason}"))
            }
            TarError::Invalid { offset, reason } => Error::Document {
                path: self.path.clone(),
                member: format!("the tar behind `{last}`"),
                reason: format!("at byte {offset} {reason}"),
            },
        }
    }

    /// Where a member is; links are followed.
    pub(super) fn find(&self, name: &str) -> Option<Range> {
        let mut path = name::normalize(name.as_bytes()).ok()?.into_owned();
        for _ in 0..LINK_LIMIT {
            match self.members.get(&path)? {
                Place::Range(range) => return Some(range.clone()),
                Place::Link(target) => path.clone_from(target),
            }
        }
        None
    }
}

impl Range {
    /// Reads a document; `member` names it in messages.
    pub(super) fn document(&self, path: &Path, member: &str) -> Result<Vec<u8>> {
        if self.length > DOCUMENT_LIMIT {
            return Err(Error::Document {
                path: path.to_owned(),
                member: member.to_owned(),
                reason: format!("it has {} bytes, more than a document may have", self.length),
            });
        }
        let mut bytes = vec![0; usize::try_from(self.length).unwrap_or(0)];
        match self.file.read_exact_at(&mut bytes, self.offset) {
            Ok(()) => Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Error::Truncated {
                path: path.to_owned(),
                detail: format!("it ends within `{member}`"),
            }),
            Err(error) => Err(Error::io("read", path)(error)),
        }
    }
}

pub(super) fn not_an_archive(path: &Path, reason: &str) -> Error {
    Error::NotAnArchive {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

/// The member that a symbolic link in `directory` leads to.
fn resolve(directory: &[u8], link: &[u8]) -> Option<Vec<u8>> {
    let mut path: Vec<&[u8]> = match link.first() {
        Some(b'/') => Vec::new(),
        _ => directory
            .split(|byte| *byte == b'/')
            .filter(|component| !component.is_empty())
            .collect(),
    };
    for component in link.split(|byte| *byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." => _ = path.pop()?,
            component => path.push(component),
        }
    }
    Some(path.join(&b'/'))
}

fn is_compressed(file: &File) -> io::Result<bool> {
    let mut start = [0; Compression::MAGIC_LENGTH];
    let count = file.read_at(&mut start, 0)?;
    Ok(Compression::detect(&start[..count]) != Compression::Plain)
}

/// Writes what `input` decompresses to into a file without a name.
fn spool(input: Box<dyn Read + Send + '_>, path: &Path, options: &Options) -> Result<File> {
    let temporary_directory = &options.temporary_directory;
    let mut spooled =
        tempfile::tempfile_in(temporary_directory).map_err(Error::io("write", temporary_directory))?;
    let read_failed = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::Truncated {
            path: path.to_owned(),
            detail: "its compressed data has no end".to_owned(),
        },
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
            not_an_archive(path, &format!("it cannot be decompressed: {error}"))
        }
        _ => Error::io("read", path)(error),
    };
    let mut reader = compression::reader_within(input, options.limits).map_err(read_failed)?;
    copy(&mut reader, &mut spooled, read_failed, temporary_directory)?;
    Ok(spooled)
}

/// Copies all of `input` to a file in `directory`.
pub(super) fn copy(
    input: &mut dyn Read,
    file: &mut File,
    read_failed: impl Fn(io::Error) -> Error,
    directory: &Path,
) -> Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return file.rewind().map_err(Error::io("read", directory)),
            Ok(count) => {
                let written = file.write_all(&buffer[..count]);
                written.map_err(Error::io("write", directory))?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(read_failed(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_resolved_within_the_archive() {
        assert_eq!(resolve(b"a", b"../b/layer.tar"), Some(b"b/layer.tar".to_vec()));
        assert_eq!(resolve(b"a/b", b"./c"), Some(b"a/b/c".to_vec()));
        assert_eq!(resolve(b"a", b"/c"), Some(b"c".to_vec()));
        assert_eq!(resolve(b"a", b"../../c"), None);
    }
}
