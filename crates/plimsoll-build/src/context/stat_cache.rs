//! Digests of files known from earlier builds, so that a context that did not change is not read again.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use plimsoll_core::Digest;

use super::kept::{self, Records};
use super::walk::{Metadata, Time};

const HEADER: &[u8] = b"plimsoll context digests 2\n";
/// size, mtime, ctime, inode, device, mode in little endian, and the digest in hexadecimal digits.
const FIELDS: usize = 8 + 12 + 12 + 8 + 8 + 4 + 64;
/// A file changed so shortly before it was read may be changed again without another time stamp.
const RACY_SECONDS: i64 = 2;

/// The status of a file whose digest is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    size: u64,
    mtime: Time,
    ctime: Time,
    inode: u64,
    device: u64,
    mode: u32,
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        Self {
            size: metadata.size,
            mtime: metadata.mtime,
            ctime: metadata.ctime,
            inode: metadata.inode,
            device: metadata.device,
            mode: metadata.mode,
        }
    }
}

/// The digests known for the files of one context.
#[derive(Debug)]
pub(crate) struct StatCache {
    root: PathBuf,
    file: PathBuf,
    known: Records<FIELDS>,
    /// Which of the known files are there still, as far as this build has seen.
    seen: Vec<AtomicBool>,
    found: Mutex<HashMap<OsString, (Stamp, Digest)>>,
}

impl StatCache {
    /// What `directory` holds for the context at `root`.
    pub(crate) fn load(directory: &Path, root: &Path) -> Self {
        let name = Digest::of(root.as_os_str().as_bytes()).hex();
        let file = directory.join(name);
        let known = kept::read(&file, HEADER)
            .and_then(Records::new)
            .unwrap_or_default();
        Self {
            root: root.to_owned(),
            file,
            seen: (0..known.len()).map(|_| AtomicBool::new(false)).collect(),
            known,
            found: Mutex::default(),
        }
    }

    /// The digest of the file `path` if it still has the status that it was read with.
    pub(crate) fn get(&self, path: &Path, metadata: &Metadata) -> Option<Digest> {
        let stamp = Stamp::from(metadata);
        let found = self
            .found
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let (stamp_then, digest) = match found.get(path.as_os_str()) {
            Some(found) => *found,
            None => {
                drop(found);
                let (number, fields) = self.known.get(path.as_os_str())?;
                self.seen.get(number)?.store(true, Ordering::Relaxed);
                decode(fields)?
            }
        };
        (stamp_then == stamp).then_some(digest)
    }

    /// Keeps the digest of a file whose status was `metadata` before it was read at `read`, unless it was
    /// changed just before.
    pub(crate) fn put(&self, path: &Path, metadata: &Metadata, digest: Digest, read: SystemTime) {
        let now = read
            .duration_since(UNIX_EPOCH)
            .map_or(0, |time| i64::try_from(time.as_secs()).unwrap_or(0));
        let newest = metadata.mtime.max(metadata.ctime).seconds;
        if now.saturating_sub(newest) <= RACY_SECONDS {
            return;
        }
        let mut found = self
            .found
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        found.insert(path.as_os_str().to_owned(), (Stamp::from(metadata), digest));
    }

    /// Writes what was found out, together with what was known before about other files that are still there. The
    /// file appears whole; `temporary` is a directory on the same file system.
    pub(crate) fn save(&self, temporary: &Path) -> io::Result<()> {
        let found = self
            .found
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if found.is_empty() {
            return Ok(());
        }
        let is_there = |number: usize, path: &OsStr| {
            let seen = self.seen.get(number);
            seen.is_some_and(|seen| seen.load(Ordering::Relaxed))
                || self.root.join(path).symlink_metadata().is_ok()
        };
        let mut all: Vec<_> = (0..self.known.len())
            .filter_map(|number| Some((number, self.known.at(number)?)))
            .filter(|(number, (path, _))| !found.contains_key(*path) && is_there(*number, path))
            .map(|(_, (path, fields))| (path, Cow::Borrowed(fields)))
            .chain(found.iter().filter_map(|(path, (stamp, digest))| {
                Some((path.as_os_str(), Cow::Owned(encode(stamp, digest)?)))
            }))
            .collect();
        all.sort_unstable_by_key(|(path, _)| *path);
        let mut bytes = Vec::new();
        for (path, fields) in all {
            kept::push_record(&mut bytes, path, &fields);
        }
        kept::write(&self.file, HEADER, &bytes, temporary)
    }
}

fn encode(stamp: &Stamp, digest: &Digest) -> Option<[u8; FIELDS]> {
    let mut fields = Vec::with_capacity(FIELDS);
    fields.extend_from_slice(&stamp.size.to_le_bytes());
    for time in [stamp.mtime, stamp.ctime] {
        fields.extend_from_slice(&time.seconds.to_le_bytes());
        fields.extend_from_slice(&time.nanoseconds.to_le_bytes());
    }
    fields.extend_from_slice(&stamp.inode.to_le_bytes());
    fields.extend_from_slice(&stamp.device.to_le_bytes());
    fields.extend_from_slice(&stamp.mode.to_le_bytes());
    fields.extend_from_slice(digest.hex().as_bytes());
    fields.try_into().ok()
}

fn decode(fields: &[u8; FIELDS]) -> Option<(Stamp, Digest)> {
    let mut reader = Fields(fields);
    let size = u64::from_le_bytes(reader.take()?);
    let mut time = || {
        Some(Time {
            seconds: i64::from_le_bytes(reader.take()?),
            nanoseconds: u32::from_le_bytes(reader.take()?),
        })
    };
    let (mtime, ctime) = (time()?, time()?);
    let stamp = Stamp {
        size,
        mtime,
        ctime,
        inode: u64::from_le_bytes(reader.take()?),
        device: u64::from_le_bytes(reader.take()?),
        mode: u32::from_le_bytes(reader.take()?),
    };
    let digest = Digest::from_hex(std::str::from_utf8(&reader.take::<64>()?).ok()?).ok()?;
    Some((stamp, digest))
}

/// Takes arrays from the front of a slice.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn later(metadata: &Metadata, seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(metadata.ctime.seconds.unsigned_abs() + seconds)
    }

    #[test]
    fn what_was_found_is_known_the_next_time() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("context");
        std::fs::create_dir(&root).unwrap();
        std::fs::write(root.join("f"), "x").unwrap();
        let store = dir.path().join("contexts");
        let metadata = Metadata::from(&std::fs::metadata(root.join("f")).unwrap());
        let digest = Digest::of(b"x");

        let cache = StatCache::load(&store, &root);
        assert_eq!(cache.get(Path::new("f"), &metadata), None);
        cache.put(Path::new("f"), &metadata, digest, later(&metadata, 1));
        assert_eq!(
            cache.get(Path::new("f"), &metadata),
            None,
            "too fresh to be trusted"
        );
        cache.put(Path::new("f"), &metadata, digest, later(&metadata, 3));
        cache.put(Path::new("gone"), &metadata, digest, later(&metadata, 3));
        cache.save(dir.path()).unwrap();

        let cache = StatCache::load(&store, &root);
        assert_eq!(cache.get(Path::new("f"), &metadata), Some(digest));
        let changed = Metadata { size: 2, ..metadata };
        assert_eq!(cache.get(Path::new("f"), &changed), None);
        cache.put(Path::new("f"), &changed, Digest::of(b"xx"), later(&metadata, 3));
        cache.save(dir.path()).unwrap();

        let cache = StatCache::load(&store, &root);
        assert_eq!(cache.get(Path::new("f"), &changed), Some(Digest::of(b"xx")));
        assert_eq!(cache.get(Path::new("gone"), &metadata), None);
    }
}
