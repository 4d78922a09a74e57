//! Directories that are kept between builds for `RUN --mount=type=cache`.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use plimsoll_core::Digest;
use plimsoll_dockerfile::{Mount, Sharing};
use plimsoll_image::Store;
use rustix::fs::{Gid, Mode, Uid, chmod, chown};

use crate::error::{IoContext, Problem};

/// A cache directory, in use until this is dropped.
#[derive(Debug)]
pub(super) struct CacheDirectory {
    pub(super) path: PathBuf,
    /// Whether it was made just now, so that what it starts with is still to be put into it.
    pub(super) is_new: bool,
    _lock: File,
}

/// How many directories there are at most for builds that do not share one.
const MAX_PRIVATE: usize = 10_000;

/// The directory with this id. With `locked`, waits until nobody else uses it; with `private`, takes one that nobody
/// else uses.
pub(super) fn open(store: &Store, id: &str, mount: &Mount) -> Result<CacheDirectory, Problem> {
    let base = store.root().join("caches").join(Digest::of(id.as_bytes()).hex());
    match mount.sharing.unwrap_or(Sharing::Shared) {
        Sharing::Shared => {
            let lock = lock_file(&base)?;
            lock.lock_shared().doing("cannot lock", &base)?;
            prepare(&base, lock, mount)
        }
        Sharing::Locked => {
            let lock = lock_file(&base)?;
            lock.lock().doing("cannot lock", &base)?;
            prepare(&base, lock, mount)
        }
        Sharing::Private => {
            for number in 0..MAX_PRIVATE {
                let own = match number {
                    0 => base.clone(),
                    _ => base.with_extension(number.to_string()),
                };
                let lock = lock_file(&own)?;
                match lock.try_lock() {
                    Ok(()) => return prepare(&own, lock, mount),
                    Err(TryLockError::WouldBlock) => {}
                    Err(TryLockError::Error(error)) => return Err(Problem::io("cannot lock", &own, error)),
                }
            }
            Err(Problem::invalid(format!(
                "the cache `{id}` is in use by too many builds"
            )))
        }
    }
}

fn lock_file(base: &Path) -> Result<File, Problem> {
    std::fs::create_dir_all(base).doing("cannot make", base)?;
    File::create(base.join("lock")).doing("cannot make", base)
}

fn prepare(base: &Path, lock: File, mount: &Mount) -> Result<CacheDirectory, Problem> {
    let path = base.join("data");
    let is_new = match std::fs::create_dir(&path) {
        Ok(()) => true,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => false,
        Err(error) => return Err(Problem::io("cannot make", &path, error)),
    };
    if is_new {
        let (uid, gid) = (mount.uid.unwrap_or(0), mount.gid.unwrap_or(0));
        chown(&path, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid))).doing("cannot make", &path)?;
        let mode = Mode::from_raw_mode(mount.mode.unwrap_or(0o755));
        chmod(&path, mode).doing("cannot make", &path)?;
    }
    Ok(CacheDirectory {
        path,
        is_new,
        _lock: lock,
    })
}
