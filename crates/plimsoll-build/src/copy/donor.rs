//! The layer that the same instruction made before: its files serve again where they have not changed.
//!
//! Layers' trees are never written to once they are finished, so two of them may share a file. They do so only under
//! the same path, as otherwise a container with both layers would see one file with two names.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use plimsoll_core::Digest;
use plimsoll_image::{Layer, Store};
use rustix::fs::{AtFlags, statat};

use super::target::Wanted;
use crate::context::kept;
use crate::rooted::{Rooted, file_type};

const HEADER: &[u8] = b"plimsoll copied files 1\n";
const DIGEST: usize = 64;

/// A layer whose files may be linked.
#[derive(Debug)]
pub(crate) struct Donor {
    root: Rooted,
    contents: HashMap<OsString, Digest>,
    /// Kept from being removed.
    _layer: Layer,
}

impl Donor {
    /// What the file `record` says, if its layer is still there.
    pub(crate) fn load(store: &Store, record: &Path) -> Option<Self> {
        let bytes = kept::read(record, HEADER)?;
        let (diff_id, rest) = bytes.split_at_checked(DIGEST)?;
        let layer = store.layer(&digest(diff_id)?).ok()??;
        Some(Self {
            root: Rooted::open(layer.tree()?).ok()?,
            contents: decode(rest)?,
            _layer: layer,
        })
    }

    /// Remembers what is in the files of a layer. The record appears whole; `temporary` is a directory on the same
    /// file system.
    pub(crate) fn save(
        record: &Path,
        diff_id: &Digest,
        contents: &[(PathBuf, Digest)],
        temporary: &Path,
    ) -> std::io::Result<()> {
        let mut bytes = diff_id.hex().into_bytes();
        for (path, digest) in contents {
            let path = path.as_os_str().as_bytes();
            let length = u32::try_from(path.len()).map_err(std::io::Error::other)?;
            bytes.extend_from_slice(digest.hex().as_bytes());
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(path);
        }
        kept::write(record, HEADER, &bytes, temporary)
    }

    /// Whether its file `path` has the content with this digest.
    pub(super) fn has(&self, path: &Path, digest: &Digest) -> bool {
        self.contents.get(path.as_os_str()) == Some(digest)
    }

    pub(super) fn open_dir(&self, path: &Path) -> Option<OwnedFd> {
        self.root.open_dir(path).ok()
    }

    /// Whether its file `name` in `directory` has, besides the content, what is wanted.
    pub(super) fn is_like(&self, directory: &OwnedFd, name: &OsStr, size: u64, wanted: &Wanted) -> bool {
        statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|stat| {
            file_type(&stat).is_file()
                && u64::try_from(stat.st_size) == Ok(size)
                && stat.st_mode & 0o7777 == wanted.mode
                && (stat.st_uid, stat.st_gid) == (wanted.owner.uid, wanted.owner.gid)
                && stat.st_mtime == wanted.time.tv_sec
                && i64::try_from(stat.st_mtime_nsec) == Ok(wanted.time.tv_nsec)
        })
    }
}

fn digest(hex: &[u8]) -> Option<Digest> {
    Digest::from_hex(std::str::from_utf8(hex).ok()?).ok()
}

fn decode(mut rest: &[u8]) -> Option<HashMap<OsString, Digest>> {
    let mut contents = HashMap::new();
    while !rest.is_empty() {
        let (hex, tail) = rest.split_at_checked(DIGEST)?;
        let (length, tail) = tail.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (path, next) = tail.split_at_checked(length)?;
        contents.insert(OsString::from_vec(path.to_vec()), digest(hex)?);
        rest = next;
    }
    Some(contents)
}
