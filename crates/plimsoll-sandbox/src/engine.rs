//! The containers of one store: making them, finding them, listing them.

mod create;
mod names;
mod specification;

use std::fs;
use std::path::PathBuf;

use plimsoll_image::{Image, Store};

use crate::container::Container;
use crate::error::{Error, Result};
use crate::options::RunOptions;
use crate::record::Directory;
use crate::state::ContainerState;

/// The containers of one store. There is no daemon behind it: everything is in the store's directory.
#[derive(Debug, Clone)]
pub struct Engine {
    store: Store,
    containers: PathBuf,
}

impl Engine {
    /// The engine whose containers are in this store.
    pub fn new(store: &Store) -> Self {
        Self {
            containers: store.containers_dir(),
            store: store.clone(),
        }
    }

    /// Makes a container, which does not run yet.
    ///
    /// # Errors
    /// When an option makes no sense, the name is taken, there is no command, or the image cannot be mounted.
    pub fn create(&self, image: &Image, options: &RunOptions) -> Result<Container> {
        let layers = image.mount_layers(&self.store)?;
        self.create_on(&layers, image, options)
    }

    fn create_on(&self, layers: &[PathBuf], image: &Image, options: &RunOptions) -> Result<Container> {
        fs::create_dir_all(&self.containers)
            .map_err(|error| Error::file("create", &self.containers, error))?;
        // One at a time, so that a name is given once.
        let lock_path = self.containers.join(".lock");
        let lock = fs::File::create(&lock_path).map_err(|error| Error::file("create", &lock_path, error))?;
        let _lock = nix::fcntl::Flock::lock(lock, nix::fcntl::FlockArg::LockExclusive)
            .map_err(|(_, error)| Error::file("lock", &lock_path, error.into()))?;
        self.sweep();
        let existing = self.containers()?;
        let name = match &options.name {
            Some(name) => {
                names::check(name)?;
                if let Some(other) = existing.iter().find(|container| container.name() == name) {
                    return Err(Error::NameInUse {
                        name: name.clone(),
                        id: other.short_id().to_owned(),
                    });
                }
                name.clone()
            }
            None => names::random(|name| existing.iter().any(|container| container.name() == name))?,
        };
        create::create(&self.containers, name, layers, image, options)
    }

    /// Takes away what a killed process left half made or half removed. The lock must be held.
    fn sweep(&self) {
        for entry in fs::read_dir(&self.containers).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if name.to_string_lossy().starts_with(".new-") || name.to_string_lossy().starts_with(".removing-")
            {
                // One that is just being removed by another process is no loss.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// All containers, the newest first.
    ///
    /// # Errors
    /// When the directory cannot be read; a container that is just being made or removed is left out, and one
    /// whose files are damaged is [`Status::Dead`](crate::Status::Dead).
    pub fn containers(&self) -> Result<Vec<Container>> {
        let entries = match fs::read_dir(&self.containers) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::file("read", &self.containers, error)),
        };
        let mut containers = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| Error::file("read", &self.containers, error))?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            containers.extend(Container::open(Directory::new(entry.path())));
        }
        containers.sort_by_key(|container| std::cmp::Reverse(container.created()));
        Ok(containers)
    }

    /// All containers with their states, the newest first, without those that are removed meanwhile.
    ///
    /// # Errors
    /// When the directory cannot be read, or a container cannot be cleaned up after.
    pub fn list(&self) -> Result<Vec<(Container, ContainerState)>> {
        let mut listed = Vec::new();
        for container in self.containers()? {
            match container.state() {
                Ok(state) => listed.push((container, state)),
                Err(Error::NoSuchContainer(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(listed)
    }

    /// The container with this name, id, or beginning of an id.
    ///
    /// # Errors
    /// [`Error::NoSuchContainer`], or [`Error::AmbiguousContainer`] when several ids begin so.
    pub fn find(&self, name: &str) -> Result<Container> {
        let bare = name.strip_prefix('/').unwrap_or(name);
        let mut containers = self.containers()?;
        if let Some(index) = containers
            .iter()
            .position(|known| known.name() == bare || known.id() == bare)
        {
            return Ok(containers.swap_remove(index));
        }
        containers.retain(|container| !bare.is_empty() && container.id().starts_with(bare));
        match (containers.pop(), containers.is_empty()) {
            (Some(container), true) => Ok(container),
            (Some(_), false) => Err(Error::AmbiguousContainer(name.to_owned())),
            (None, _) => Err(Error::NoSuchContainer(name.to_owned())),
        }
    }
}
