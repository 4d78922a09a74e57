use std::path::{Path, PathBuf};

use plimsoll_image::{Layer, NewLayer, Store};
use rustix::mount::{UnmountFlags, unmount};

use crate::error::{IoContext, Problem};
use crate::rooted::Rooted;
use crate::scratch::Scratch;

/// The directories that the file system of a step is made of: the layers so far, the topmost first. An overlay needs
/// one at least, so without layers it is an empty directory.
pub(crate) fn lowers(store: &Store, scratch: &Scratch, layers: &[Layer]) -> Result<Vec<PathBuf>, Problem> {
    if layers.is_empty() {
        return Ok(vec![scratch.directory()?]);
    }
    Ok(store.mount_layers(layers)?)
}

/// An overlay mounted in this process's mount namespace, until it is dropped.
#[derive(Debug)]
pub(crate) struct Mounted {
    target: PathBuf,
}

impl Mounted {
    /// The file system of `layers`, with changes going into `new`.
    pub(crate) fn for_step(
        store: &Store,
        scratch: &Scratch,
        layers: &[Layer],
        new: &NewLayer,
    ) -> Result<Self, Problem> {
        let lowers = lowers(store, scratch, layers)?;
        Self::mount(scratch, &lowers, new.fs(), new.work())
    }

    /// The file system of `layers`, to be looked at; what is changed in it nevertheless is thrown away.
    pub(crate) fn view(store: &Store, scratch: &Scratch, layers: &[Layer]) -> Result<Self, Problem> {
        let lowers = lowers(store, scratch, layers)?;
        Self::mount(scratch, &lowers, &scratch.directory()?, &scratch.directory()?)
    }

    fn mount(scratch: &Scratch, lowers: &[PathBuf], upper: &Path, work: &Path) -> Result<Self, Problem> {
        let target = scratch.directory()?;
        let lowers: Vec<&Path> = lowers.iter().map(PathBuf::as_path).collect();
        // The store syncs a layer when something that lasts refers to it.
        plimsoll_sandbox::mount_volatile_overlay(&lowers, upper, work, &target)?;
        Ok(Self { target })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.target
    }

    /// The mounted tree, to work in.
    pub(crate) fn open(&self) -> Result<Rooted, Problem> {
        Rooted::open(&self.target).doing("cannot open", &self.target)
    }

    /// Takes the mount away. Changes are in the upper directory from the moment they are made, so nothing need be
    /// awaited: a process that another stage is just starting may hold the mount a moment longer.
    pub(crate) fn unmount(self) -> Result<(), Problem> {
        let target = self.target.clone();
        std::mem::forget(self);
        unmount(&target, UnmountFlags::DETACH).doing("cannot unmount", &target)?;
        drop(std::fs::remove_dir(&target));
        Ok(())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // After a failure; the mount ends with the process at the latest.
        let _ = unmount(&self.target, UnmountFlags::DETACH);
    }
}
