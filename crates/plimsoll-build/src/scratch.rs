use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use plimsoll_image::Store;
use tempfile::TempDir;

use crate::error::{IoContext, Problem};

/// Directories that one build needs for itself: mount points, and trees that are shown to steps. They are on the
/// store's file system and go away with the build; what a killed build left goes away with the next one.
#[derive(Debug)]
pub(crate) struct Scratch {
    directory: TempDir,
    /// Locked as long as the build lives.
    _lock: File,
}

const LOCK: &str = "lock";

impl Scratch {
    pub(crate) fn new(store: &Store) -> Result<Self, Problem> {
        let parent = store.root().join("builds");
        std::fs::create_dir_all(&parent).doing("cannot make a temporary directory in", &parent)?;
        sweep(&parent);
        loop {
            let directory =
                TempDir::new_in(&parent).doing("cannot make a temporary directory in", &parent)?;
            let lock = File::create(directory.path().join(LOCK))
                .doing("cannot make a temporary directory in", &parent)?;
            lock.lock()
                .doing("cannot make a temporary directory in", &parent)?;
            // A sweep of another build may have come between the last two lines.
            if directory.path().join(LOCK).exists() {
                return Ok(Self {
                    directory,
                    _lock: lock,
                });
            }
        }
    }

    /// A new empty directory.
    pub(crate) fn directory(&self) -> Result<PathBuf, Problem> {
        let parent = self.directory.path();
        let made = tempfile::Builder::new().prefix("d").tempdir_in(parent);
        made.map(TempDir::keep)
            .doing("cannot make a temporary directory in", parent)
    }
}

/// Removes what killed builds left: directories whose lock nobody holds. One that has no lock yet is just being
/// made, unless it is empty for good; it is left for later.
fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let Ok(lock) = File::open(entry.path().join(LOCK)) else {
            continue;
        };
        match lock.try_lock() {
            // Whatever cannot be removed now is tried again by the next build.
            Ok(()) => drop(std::fs::remove_dir_all(entry.path())),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
}
