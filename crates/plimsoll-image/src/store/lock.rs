//! Locks between processes: `flock` on small files, gone with the process that holds them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::LockWait;

/// An exclusive lock, held until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    path: PathBuf,
    /// Whether the file goes with the lock.
    remove: bool,
}

impl Lock {
    /// Waits for the lock on the file `path`, which is made if it is not there. `waiting` is told when there is
    /// something to wait for; `what` says in its words what is locked.
    pub(crate) fn wait(path: &Path, what: &str, waiting: &dyn Fn(&LockWait)) -> io::Result<Self> {
        loop {
            let mut file = open(path)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => {
                    let mut holder = String::new();
                    (&mut file).take(100).read_to_string(&mut holder).ok();
                    waiting(&LockWait {
                        what: what.to_owned(),
                        holder: Some(holder).filter(|holder| !holder.is_empty()),
                    });
                    wait_for(&file, FlockOperation::LockExclusive)?;
                }
                Err(error) => return Err(error.into()),
            }
            if is_at(&file, path) {
                let lock = Self {
                    file,
                    path: path.to_owned(),
                    remove: false,
                };
                lock.sign()?;
                return Ok(lock);
            }
        }
    }

    /// Takes the lock on the file `path` if it is there and nobody holds it.
    pub(crate) fn try_existing(path: &Path) -> io::Result<Option<Self>> {
        let file = match OpenOptions::new().read(true).write(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let path = path.to_owned();
        Ok(is_at(&file, &path).then_some(Self {
            file,
            path,
            remove: false,
        }))
    }

    /// The file goes with the lock. Whoever waits for it makes a new one.
    pub(crate) fn remove_on_drop(mut self) -> Self {
        self.remove = true;
        self
    }

    /// Says in the file who holds the lock. It holds without that, also where there is no space to write it.
    fn sign(&self) -> io::Result<()> {
        self.file.set_len(0)?;
        match write!(&self.file, "process {}", std::process::id()) {
            Err(error) if is_full(&error) => Ok(()),
            other => other,
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.remove {
            fs::remove_file(&self.path).ok();
        }
    }
}

/// Whether there is no space left for what was to be written.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

/// Waits for a lock, through signals.
pub(crate) fn wait_for(file: &File, operation: FlockOperation) -> io::Result<()> {
    loop {
        match flock(file, operation) {
            Err(Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}

/// Whether `path` still leads to the open file: it may have been removed before the lock was there.
pub(crate) fn is_at(file: &File, path: &Path) -> bool {
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(open), Ok(there)) => identity(open) == identity(there),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn one_holds_it_and_the_others_are_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let (inside, waits) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let lock = Lock::wait(&path, "x", &|wait| {
                            assert_eq!(wait.what, "x");
                            waits.fetch_add(1, Ordering::SeqCst);
                        });
                        let lock = lock.unwrap().remove_on_drop();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
        assert!(!path.exists());
    }
}
