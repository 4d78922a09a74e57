//! Directories that are kept between builds for `RUN --mount=type=cache`.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use plimsoll_core::Digest;
use plimsoll_dockerfile::{Mount, Sharing};
use plimsoll_image::Store;
use rustix::fs::{Gid, Mode, Uid, chmod, chown};

use crate::build::BuildProblem;
use crate::copy::chown::Owner;
use crate::copy::target::owned;
use crate::error::{IoContext, Problem};

/// A cache directory, in use until this is dropped.
#[derive(Debug)]
pub(super) struct CacheDirectory {
    pub(super) path: PathBuf,
    _lock: File,
}

/// Everybody may look, its owner may write.
pub(super) const DEFAULT_MODE: u32 = 0o755;
/// How many directories there are at most for builds that do not share one.
const MAX_PRIVATE: usize = 10_000;

/// The directory with this name. With `locked`, waits until nobody else uses it; with `private`, takes one that nobody
/// else uses. `fill` puts what it starts with into one that is not there yet.
pub(super) fn open(
    store: &Store,
    name: &str,
    mount: &Mount,
    fill: &dyn Fn(&Path) -> Result<(), BuildProblem>,
) -> Result<CacheDirectory, BuildProblem> {
    let base = store
        .root()
        .join("caches")
        .join(Digest::of(name.as_bytes()).hex());
    match mount.sharing.unwrap_or(Sharing::Shared) {
        Sharing::Shared => {
            let lock = lock_file(&base)?;
            lock.lock_shared().doing("cannot lock", &base)?;
            prepare(store, &base, lock, mount, fill)
        }
        Sharing::Locked => {
            let lock = lock_file(&base)?;
            lock.lock().doing("cannot lock", &base)?;
            prepare(store, &base, lock, mount, fill)
        }
        Sharing::Private => {
            for number in 0..MAX_PRIVATE {
                let own = match number {
                    0 => base.clone(),
                    _ => base.with_extension(number.to_string()),
                };
                let lock = lock_file(&own)?;
                match lock.try_lock() {
                    Ok(()) => return prepare(store, &own, lock, mount, fill),
                    Err(TryLockError::WouldBlock) => {}
                    Err(TryLockError::Error(error)) => {
                        return Err(Problem::io("cannot lock", &own, error).into());
                    }
                }
            }
            let id = name.lines().next().unwrap_or_default();
            Err(Problem::invalid(format!("the cache `{id}` is in use by too many builds")).into())
        }
    }
}

fn lock_file(base: &Path) -> Result<File, Problem> {
    std::fs::create_dir_all(base).doing("cannot make", base)?;
    File::create(base.join("lock")).doing("cannot make", base)
}

/// Makes the directory unless it is there. It appears whole: neither another build nor one after a crash takes a
/// directory that is not filled yet for a cache.
fn prepare(
    store: &Store,
    base: &Path,
    lock: File,
    mount: &Mount,
    fill: &dyn Fn(&Path) -> Result<(), BuildProblem>,
) -> Result<CacheDirectory, BuildProblem> {
    let path = base.join("data");
    if !path.is_dir() {
        // Builds that share the cache may all find it missing.
        let making = File::create(base.join("making")).doing("cannot make", base)?;
        making.lock().doing("cannot lock", base)?;
        if !path.is_dir() {
            let new = tempfile::tempdir_in(store.temporary_directory()?).doing("cannot make", &path)?;
            let owner = Owner {
                uid: mount.uid.unwrap_or(0),
                gid: mount.gid.unwrap_or(0),
            };
            give(new.path(), owner, mount.mode.unwrap_or(DEFAULT_MODE))?;
            fill(new.path())?;
            std::fs::rename(new.keep(), &path).doing("cannot make", &path)?;
        }
    }
    Ok(CacheDirectory { path, _lock: lock })
}

/// Gives a cache an owner and a mode.
pub(super) fn give(directory: &Path, owner: Owner, mode: u32) -> Result<(), Problem> {
    let (uid, gid) = (Uid::from_raw(owner.uid), Gid::from_raw(owner.gid));
    owned(chown(directory, Some(uid), Some(gid)), owner).doing("cannot give away", directory)?;
    chmod(directory, Mode::from_raw_mode(mode)).doing("cannot change the mode of", directory)
}
