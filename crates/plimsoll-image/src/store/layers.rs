//! Layers on their way into the store, and their trees in it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_core::Digest;

use super::Store;
use super::layout::{Session, lease, remove_tree, try_exclusive};
use super::lock::Lock;
use crate::beside::BesideHash;
use crate::compression;
use crate::layer::unpack::{Destination, Unpacked, unpack};
use crate::layer::{Meta, Origin, Stored, TarKind, canonical, write_implied};
use crate::manifest::Manifest;
use crate::{Error, Layer, Result};

/// A layer in the making: a directory to fill. Dropped without [`NewLayer::commit`], it is removed.
#[derive(Debug)]
pub struct NewLayer {
    store: Store,
    directory: Unfinished,
    fs: PathBuf,
    work: PathBuf,
    clamp: Option<i64>,
    /// Whether its files are those of other layers, too.
    shares_files: bool,
}

impl NewLayer {
    pub(super) fn create(store: &Store) -> Result<Self> {
        let directory = Unfinished::create(store.session()?)?;
        let (fs, work) = (directory.0.join("fs"), directory.0.join("work"));
        for path in [&fs, &work] {
            fs::create_dir(path).map_err(Error::io("create", path))?;
        }
        set_mode(&fs)?;
        Ok(Self {
            store: store.clone(),
            directory,
            fs,
            work,
            clamp: None,
            shares_files: false,
        })
    }

    /// Its files are further names of files of other layers, which are not to be changed.
    pub(super) fn share_files(&mut self) {
        self.shares_files = true;
    }

    /// Writes the canonical tar of the directory as it stands.
    ///
    /// # Errors
    /// When a file cannot be read, and [`Error::Write`] when `out` fails.
    pub fn write_tar(&self, out: &mut dyn io::Write) -> Result<()> {
        canonical::write(&self.fs, None, out).map(|_| ())
    }

    /// The directory to fill. As the upper directory of an overlay mount it is right as it stands.
    pub fn fs(&self) -> &Path {
        &self.fs
    }

    /// An empty directory on the same file system: the work directory of an overlay mount.
    pub fn work(&self) -> &Path {
        &self.work
    }

    /// Sets times later than this, in seconds since 1970, back to it when the layer is committed
    /// (`SOURCE_DATE_EPOCH`). A layer merged of others keeps the times that these have.
    pub fn clamp_mtime(&mut self, seconds: i64) {
        self.clamp = Some(seconds).filter(|_| !self.shares_files);
    }

    /// Hashes the canonical tar of the directory and puts it into the store. An empty directory is a layer, too.
    ///
    /// # Errors
    /// When a file cannot be read or the store cannot be written.
    pub fn commit(self) -> Result<Layer> {
        let mut hash = BesideHash::new();
        let summary = canonical::write(&self.fs, self.clamp, &mut hash)?;
        let diff_id = hash.finish();
        remove_tree(&self.work).map_err(Error::io("remove", &self.work))?;
        let meta = Meta {
            kind: TarKind::Canonical,
            tar_size: summary.tar_size,
            size: summary.size,
            entries: summary.entries,
            unsynced_boot: Some(boot_id()),
        };
        self.store.install(&self.directory, &diff_id, &meta)
    }
}

/// A directory that is removed unless it is put into the store.
#[derive(Debug)]
struct Unfinished(PathBuf);

impl Unfinished {
    fn create(session: &Session) -> Result<Self> {
        let path = session.path();
        fs::create_dir(&path).map_err(Error::io("create", &path))?;
        Ok(Self(path))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After it was put into the store it is not there any more.
        remove_tree(&self.0).ok();
    }
}

impl Store {
    /// The layer's directory in the store, held by a lease.
    pub(super) fn stored(&self, diff_id: &Digest) -> Result<Option<Arc<Stored>>> {
        let mut held = self.held();
        if let Some(stored) = held.get(diff_id).and_then(std::sync::Weak::upgrade) {
            return Ok(Some(stored));
        }
        let directory = self.layout().layer(diff_id);
        let Some(lease) = lease(&directory).map_err(Error::io("lock", &directory))? else {
            return Ok(None);
        };
        let stored = Arc::new(Stored::new(directory.clone(), Some(lease)));
        let unsynced = stored
            .meta()?
            .unsynced_boot
            .as_ref()
            .is_some_and(|boot| *boot != boot_id());
        if unsynced && !self.is_in_image(diff_id)? {
            // The machine went down before the layer was on the disk, so nobody knows what is in it.
            drop(stored);
            if let Some(_right) = try_exclusive(&directory).map_err(Error::io("lock", &directory))? {
                drop(self.session()?.take_out(&directory)?);
            }
            return Ok(None);
        }
        held.insert(*diff_id, Arc::downgrade(&stored));
        Ok(Some(stored))
    }

    fn is_in_image(&self, diff_id: &Digest) -> Result<bool> {
        self.with_index(|index| {
            for descriptor in index.distinct() {
                // A layer that only a damaged image has is of no use to anybody.
                let Ok(manifest) = self.document::<Manifest>(&descriptor.digest, "manifest") else {
                    continue;
                };
                if manifest.layers.iter().any(|layer| layer.digest == *diff_id) {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    /// Puts a finished directory into the store as the layer `diff_id`, unless it is there already.
    fn install(&self, directory: &Unfinished, diff_id: &Digest, meta: &Meta) -> Result<Layer> {
        let path = directory.0.join("meta");
        meta.write(&path).map_err(Error::io("write", &path))?;
        let target = self.layout().layer(diff_id);
        loop {
            // The lease comes first, so that nobody takes the layer for one that nothing refers to.
            let held = lease(&directory.0).map_err(Error::io("lock", &directory.0))?;
            match fs::rename(&directory.0, &target) {
                Ok(()) => {
                    let stored = Arc::new(Stored::new(target, held));
                    self.held().insert(*diff_id, Arc::downgrade(&stored));
                    return Ok(Layer::stored(*diff_id, stored));
                }
                Err(error) if is_occupied(&error) => {
                    if let Some(stored) = self.stored(diff_id)? {
                        return Ok(Layer::stored(*diff_id, stored));
                    }
                }
                Err(error) => return Err(Error::io("write", &target)(error)),
            }
        }
    }

    /// The layer, unpacked in the store. Tells whether it was not there before.
    pub(super) fn ensure(&self, layer: &Layer) -> Result<(Layer, bool)> {
        let diff_id = &layer.diff_id;
        if let Some(stored) = self.stored(diff_id)? {
            return Ok((Layer::stored(*diff_id, stored), false));
        }
        let lock = self.layout().layer_lock(diff_id);
        let what = format!("layer {}", diff_id.short());
        let _lock = Lock::wait(&lock, &what, &|wait| self.waiting(wait))
            .map_err(Error::io("lock", &lock))?
            .remove_on_drop();
        if let Some(stored) = self.stored(diff_id)? {
            return Ok((Layer::stored(*diff_id, stored), false));
        }
        let installed = match layer.as_archived() {
            Some(archived) => {
                let origin = &archived.origin;
                self.unpack(|destination| {
                    let unpacked = archived.with_tar(|tar| unpack(tar, destination, origin))?;
                    archived.expect("layer", *diff_id, unpacked.diff_id)?;
                    Ok(unpacked)
                })?
            }
            None => self.copy_stored(layer)?,
        };
        Ok((installed, true))
    }

    /// A layer of another store.
    fn copy_stored(&self, layer: &Layer) -> Result<Layer> {
        let spool = self.session()?.path();
        let failed = |error| Error::io("write", &spool)(error);
        let result = File::create_new(&spool).map_err(failed).and_then(|mut file| {
            layer.write_tar(&mut file)?;
            let origin = Origin {
                path: layer.tree().unwrap_or(&spool).to_owned(),
                layer: layer.diff_id.short(),
            };
            let mut tar = File::open(&spool).map_err(failed)?;
            self.unpack(|destination| unpack(&mut tar, destination, &origin))
        });
        fs::remove_file(&spool).ok();
        result
    }

    /// Unpacks the tar of a root file system, plain or compressed.
    pub(super) fn unpack_any(&self, tar: Box<dyn Read + Send + '_>, origin: &Path) -> Result<Layer> {
        let origin = Origin {
            path: origin.to_owned(),
            layer: "1".to_owned(),
        };
        let mut tar = compression::reader(tar).map_err(|error| origin.io(error))?;
        self.unpack(|destination| unpack(&mut tar, destination, &origin))
    }

    fn unpack(&self, run: impl FnOnce(&Destination) -> Result<Unpacked>) -> Result<Layer> {
        let directory = Unfinished::create(self.session()?)?;
        let destination = Destination {
            tree: directory.0.join("fs"),
            recipe: directory.0.join("recipe"),
            replaced: directory.0.join("replaced"),
        };
        fs::create_dir(&destination.tree).map_err(Error::io("create", &destination.tree))?;
        let unpacked = run(&destination)?;
        let implied = directory.0.join("implied");
        write_implied(&implied, &unpacked.implied).map_err(Error::io("write", &implied))?;
        let meta = Meta {
            kind: TarKind::Recipe,
            tar_size: unpacked.tar_size,
            size: unpacked.size,
            entries: unpacked.entries,
            unsynced_boot: Some(boot_id()),
        };
        self.install(&directory, &unpacked.diff_id, &meta)
    }

    /// Makes sure that layers are on the disk before something that lasts refers to them.
    pub(super) fn sync_layers(&self, layers: &[Layer]) -> Result<()> {
        let mut unsynced = Vec::new();
        for layer in layers {
            let path = self.layout().layer(&layer.diff_id).join("meta");
            let meta = Meta::read(&path)?;
            if meta.unsynced_boot.is_some() {
                unsynced.push((path, meta));
            }
        }
        if unsynced.is_empty() {
            return Ok(());
        }
        let root = &self.layout().root;
        File::open(root)
            .and_then(|file| sync_file_system(&file))
            .map_err(Error::io("sync", root))?;
        for (path, meta) in unsynced {
            let synced = Meta {
                unsynced_boot: None,
                ..meta
            };
            let temporary = self.session()?.path();
            synced
                .write(&temporary)
                .and_then(|()| fs::rename(&temporary, &path))
                .map_err(Error::io("write", &path))?;
        }
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn sync_file_system(file: &File) -> io::Result<()> {
    Ok(rustix::fs::syncfs(file)?)
}

#[cfg(not(target_os = "linux"))]
fn sync_file_system(_: &File) -> io::Result<()> {
    rustix::fs::sync();
    Ok(())
}

/// A directory that is there already, with something in it.
fn is_occupied(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists
    )
}

fn set_mode(path: &Path) -> Result<()> {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(path, mode).map_err(Error::io("create", path))
}

/// What tells this run of the machine from others.
fn boot_id() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}
