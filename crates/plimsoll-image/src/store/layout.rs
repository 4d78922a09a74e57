//! Where things are in the store, and how they come to be there whole.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use plimsoll_core::Digest;
use rustix::fs::{FlockOperation, flock};

use super::lock::{Lock, is_at};
use super::reserve;
use crate::manifest::{DOCUMENT_LIMIT, LAYOUT};
use crate::{Error, Result};

/// Where files of images and containers lie with their owners and modes: set-user-ID programs among them, which nobody
/// is to reach from outside. The store's own directory may have been made by somebody else, with any mode.
const FILE_TREES: [&str; 6] = ["builds", "caches", "containers", "implied", "layers", "tmp"];

/// Makes a directory that its owner alone may enter, and makes one that is there already so.
fn private(path: &Path) -> Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        other => return other.map_err(Error::io("create", path)),
    }
    let mode = fs::metadata(path)
        .map_err(Error::io("read", path))?
        .permissions()
        .mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    match fs::set_permissions(path, Permissions::from_mode(mode & 0o700)) {
        // Who only reads another user's store cannot mend it.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            Ok(())
        }
        other => other.map_err(Error::io("protect", path)),
    }
}

/// Paths in a store.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) root: PathBuf,
}

impl Layout {
    /// Makes what is not there yet.
    pub(crate) fn create(root: &Path) -> Result<Self> {
        let layout = Self {
            root: root.to_owned(),
        };
        let created = |path: &Path| {
            let result = DirBuilder::new().recursive(true).mode(0o755).create(path);
            result.map_err(Error::io("create", path))
        };
        if !root.is_dir() {
            if let Some(parent) = root.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                created(parent)?;
            }
            match DirBuilder::new().mode(0o700).create(root) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(Error::io("create", root)(error));
                }
                _ => {}
            }
        }
        for directory in ["blobs/sha256", "steps", "analyses"] {
            let path = root.join(directory);
            if !path.is_dir() {
                created(&path)?;
            }
        }
        for directory in FILE_TREES {
            private(&root.join(directory))?;
        }
        let marker = root.join("oci-layout");
        if !marker.is_file() {
            let mut file =
                tempfile::NamedTempFile::new_in(layout.tmp()).map_err(Error::io("write", &marker))?;
            file.write_all(LAYOUT.as_bytes())
                .map_err(Error::io("write", &marker))?;
            file.persist(&marker)
                .map_err(|error| Error::io("write", &marker)(error.error))?;
        }
        Ok(layout)
    }

    pub(crate) fn index(&self) -> PathBuf {
        self.root.join("index.json")
    }

    pub(crate) fn index_lock(&self) -> PathBuf {
        self.root.join("index.lock")
    }

    pub(crate) fn blobs(&self) -> PathBuf {
        self.root.join("blobs/sha256")
    }

    pub(crate) fn blob(&self, digest: &Digest) -> PathBuf {
        self.blobs().join(digest.hex())
    }

    pub(crate) fn layers(&self) -> PathBuf {
        self.root.join("layers")
    }

    pub(crate) fn layer(&self, diff_id: &Digest) -> PathBuf {
        self.layers().join(diff_id.hex())
    }

    /// Held while a layer is unpacked, so that two processes do not do the same work.
    pub(crate) fn layer_lock(&self, diff_id: &Digest) -> PathBuf {
        self.layers().join(format!("{}.lock", diff_id.hex()))
    }

    /// Directories that layers' tars leave out, for each chain of layers where it makes a difference.
    pub(crate) fn implied(&self) -> PathBuf {
        self.root.join("implied")
    }

    pub(crate) fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Space that is set free when a full file system does not even take what is needed to remove something.
    pub(crate) fn reserve(&self) -> PathBuf {
        self.root.join("reserve")
    }

    /// Reads a blob that is a document, and checks that it has its digest.
    pub(crate) fn read_document(&self, digest: &Digest) -> Result<Vec<u8>> {
        let path = self.blob(digest);
        let failed = |error| Error::io("read", &path)(error);
        let file = File::open(&path).map_err(failed)?;
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut io::Read::take(file, DOCUMENT_LIMIT), &mut bytes).map_err(failed)?;
        match Digest::of(&bytes) {
            actual if actual == *digest => Ok(bytes),
            actual => Err(Error::DigestMismatch {
                path: self.root.clone(),
                what: format!("document {}", digest.short()),
                expected: *digest,
                actual,
            }),
        }
    }
}

/// A directory for unfinished things of one process. It is gone with the value, or when another process finds that
/// nobody holds its lock any more.
#[derive(Debug)]
pub(crate) struct Session {
    directory: PathBuf,
    count: AtomicU64,
    _lock: Lock,
}

impl Session {
    pub(crate) fn create(layout: &Layout) -> Result<Self> {
        let tmp = layout.tmp();
        let failed = |error| Error::io("create", &tmp)(error);
        loop {
            let file = tempfile::Builder::new()
                .prefix("")
                .suffix(".lock")
                .tempfile_in(&tmp)
                .map_err(failed)?;
            let (_, path) = file.keep().map_err(|error| failed(error.error))?;
            // Between these two steps somebody may take the file for one that was left.
            let Some(lock) = Lock::try_existing(&path).map_err(failed)? else {
                continue;
            };
            // The lock's file is not to stay where there is no space for a directory.
            let lock = lock.remove_on_drop();
            let directory = path.with_extension("");
            fs::create_dir(&directory).map_err(failed)?;
            reserve::keep(layout);
            return Ok(Self {
                directory,
                count: AtomicU64::new(0),
                _lock: lock,
            });
        }
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// A path for something new.
    pub(crate) fn path(&self) -> PathBuf {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        self.directory.join(number.to_string())
    }

    /// Puts `bytes` into the file `target`, all or nothing, and on the disk.
    pub(crate) fn write_file(&self, target: &Path, bytes: &[u8]) -> Result<()> {
        let temporary = self.path();
        let write = || {
            let mut file = File::create_new(&temporary)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&temporary, target)?;
            match target.parent() {
                Some(parent) => File::open(parent)?.sync_all(),
                None => Ok(()),
            }
        };
        write().map_err(|error| {
            fs::remove_file(&temporary).ok();
            Error::io("write", target)(error)
        })
    }

    /// Takes a file or directory out of the store at once; it is removed with the session at the latest.
    pub(crate) fn take_out(&self, path: &Path) -> Result<Trash> {
        let temporary = self.path();
        fs::rename(path, &temporary).map_err(Error::io("remove", path))?;
        Ok(Trash(temporary))
    }
}

/// What was taken out of the store, removed when the value is dropped: no lock is needed for that any more.
#[derive(Debug)]
#[must_use]
pub(crate) struct Trash(PathBuf);

impl Drop for Trash {
    fn drop(&mut self) {
        let is_directory = fs::symlink_metadata(&self.0).is_ok_and(|metadata| metadata.is_dir());
        // What cannot be removed now is removed with the session, or by the next process that opens the store.
        match is_directory {
            true => remove_tree(&self.0).ok(),
            false => fs::remove_file(&self.0).ok(),
        };
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next process that opens the store.
        remove_tree(&self.directory).ok();
    }
}

/// Removes what processes that are no more left unfinished.
pub(crate) fn clean(layout: &Layout) -> Result<()> {
    let tmp = layout.tmp();
    let failed = |error| Error::io("read", &tmp)(error);
    for entry in fs::read_dir(&tmp).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_lock = path.extension().is_some_and(|extension| extension == "lock");
        // One that cannot be had is held, or gone meanwhile.
        if is_lock && let Ok(Some(lock)) = Lock::try_existing(&path) {
            let lock = lock.remove_on_drop();
            remove_tree(&path.with_extension("")).ok();
            drop(lock);
        }
    }
    Ok(())
}

/// A shared lock on a directory of the store, by which its removal is put off. `None` when it is not there.
pub(crate) fn lease(directory: &Path) -> io::Result<Option<File>> {
    loop {
        let file = match File::open(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        super::lock::wait_for(&file, FlockOperation::LockShared)?;
        if is_at(&file, directory) {
            return Ok(Some(file));
        }
    }
}

/// The right to remove a directory of the store. `None` when a process holds a lease on it.
pub(crate) fn try_exclusive(directory: &Path) -> io::Result<Option<File>> {
    let file = match File::open(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(is_at(&file, directory).then_some(file)),
    }
}

/// Removes a directory and everything in it, also what its modes forbid to enter: overlay mounts leave such directories,
/// and layers may have them.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            allow(path)?;
            fs::remove_dir_all(path)
        }
        other => other,
    }
}

fn allow(directory: &Path) -> io::Result<()> {
    fs::set_permissions(directory, Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            allow(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_that_nobody_may_enter_are_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        fs::create_dir_all(path.join("b/c")).unwrap();
        fs::write(path.join("b/c/d"), "").unwrap();
        for closed in ["b/c", "b"] {
            fs::set_permissions(path.join(closed), Permissions::from_mode(0o000)).unwrap();
        }
        remove_tree(&path).unwrap();
        assert!(!path.exists());
    }
}
