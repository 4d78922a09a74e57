use std::fs::{File, Permissions, TryLockError};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::error::{IoContext, Problem};

/// Directories that one build needs for itself: mount points, trees that are shown to steps, a spooled context. They
/// go away with the value; what a killed build left goes away when the next one begins.
#[derive(Debug)]
pub(crate) struct Scratch {
    directory: TempDir,
    /// Locked as long as the value lives.
    _lock: File,
}

const LOCK: &str = "lock";

impl Scratch {
    /// Makes a place in `builds` of `root`, which is the store's directory where mounts are to be made.
    pub(crate) fn new(root: &Path) -> Result<Self, Problem> {
        let parent = root.join("builds");
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

    /// Where temporary files can be made.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A new empty directory. Everybody may look into it, as a user in a step may have to.
    pub(crate) fn directory(&self) -> Result<PathBuf, Problem> {
        let parent = self.path();
        tempfile::Builder::new()
            .prefix("d")
            .permissions(Permissions::from_mode(0o755))
            .tempdir_in(parent)
            .and_then(|directory| {
                // The umask may have taken something away.
                std::fs::set_permissions(directory.path(), Permissions::from_mode(0o755))?;
                Ok(directory.keep())
            })
            .doing("cannot make a temporary directory in", parent)
    }
}

/// How long after its last change a directory without a lock is taken for one that is being made; later it is what
/// was left of an interrupted removal.
const IN_THE_MAKING: Duration = Duration::from_secs(3600);

/// Removes what killed builds left: directories whose lock nobody holds.
fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let Ok(lock) = File::open(entry.path().join(LOCK)) else {
            let changed = entry.metadata().and_then(|metadata| metadata.modified()).ok();
            if changed.is_some_and(|time| time.elapsed().is_ok_and(|age| age > IN_THE_MAKING)) {
                drop(std::fs::remove_dir_all(entry.path()));
            }
            continue;
        };
        match lock.try_lock() {
            // Whatever cannot be removed now is tried again by the next build.
            Ok(()) => drop(std::fs::remove_dir_all(entry.path())),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
}
