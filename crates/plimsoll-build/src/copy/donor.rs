//! The layer that the same instruction made before: its files serve again where they have not changed.
//!
//! Layers' trees are never written to once they are finished, so two of them may share a file. They do so only under
//! the same path, as otherwise a container with both layers would see one file with two names.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use plimsoll_core::Digest;
use plimsoll_image::{Layer, Store};
use rustix::fs::{AtFlags, statat};

use super::target::Wanted;
use crate::context::kept::{self, Records};
use crate::rooted::{Rooted, file_type};

const HEADER: &[u8] = b"plimsoll copied files 1\n";
const DIGEST: usize = 64;

/// A layer whose files may be linked.
#[derive(Debug)]
pub(crate) struct Donor {
    root: Rooted,
    /// The digest of each file's content.
    contents: Records<DIGEST>,
    /// Kept from being removed.
    _layer: Layer,
}

impl Donor {
    /// What the file `record` says, if its layer is still there.
    pub(crate) fn load(store: &Store, record: &Path) -> Option<Self> {
        let mut bytes = kept::read(record, HEADER)?;
        let diff_id = Digest::from_hex(std::str::from_utf8(bytes.get(..DIGEST)?).ok()?).ok()?;
        bytes.drain(..DIGEST);
        let layer = store.layer(&diff_id).ok()??;
        Some(Self {
            root: Rooted::open(layer.tree()?).ok()?,
            contents: Records::new(bytes)?,
            _layer: layer,
        })
    }

    /// Remembers what is in the files of a layer. The record appears whole; `temporary` is a directory on the same
    /// file system.
    pub(crate) fn save(
        record: &Path,
        diff_id: &Digest,
        mut contents: Vec<(PathBuf, Digest)>,
        temporary: &Path,
    ) -> std::io::Result<()> {
        contents.sort_unstable_by(|a, b| a.0.as_os_str().cmp(b.0.as_os_str()));
        let mut bytes = diff_id.hex().into_bytes();
        for (path, digest) in contents {
            let digest = digest.hex();
            if let Some(digest) = digest.as_bytes().first_chunk::<DIGEST>() {
                kept::push_record(&mut bytes, path.as_os_str(), digest);
            }
        }
        kept::write(record, HEADER, &bytes, temporary)
    }

    /// Whether its file `path` has the content with this digest.
    pub(super) fn has(&self, path: &Path, digest: &Digest) -> bool {
        let known = self.contents.get(path.as_os_str());
        known.is_some_and(|(_, known)| known == digest.hex().as_bytes())
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
