//! The images of this machine.

mod chain;
mod images;
mod index;
mod layers;
mod layout;
mod lock;
mod merge;
mod prune;
mod reserve;
mod usage;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use plimsoll_core::{Digest, Reference};

pub use images::{Damaged, Listing};
pub use layers::NewLayer;
pub use usage::LayerUse;

use crate::layer::Stored;
use crate::{Error, Result};
use layout::{Layout, Session};
use lock::Lock;

/// The images of this machine, in the shape of an OCI image layout with unpacked layers beside it.
///
/// Any number of processes may use one store at once. Readers never wait; writers lock what they write. Everything
/// appears whole or not at all. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    layout: Layout,
    /// Made when the first thing is written.
    session: OnceLock<Session>,
    /// The layers that this process holds a lease on.
    held: Mutex<HashMap<Digest, Weak<Stored>>>,
    waiting: Box<Waiting>,
}

type Waiting = dyn Fn(&LockWait) + Send + Sync;

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Inner").field(&self.layout.root).finish()
    }
}

/// What a writer waits for.
#[derive(Debug, Clone)]
pub struct LockWait {
    /// What is locked, for people: `the image index`.
    pub what: String,
    /// Who holds the lock, for people, where it is known: `process 4711`.
    pub holder: Option<String>,
}

/// What [`Store::remove`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// Names that were taken away.
    pub untagged: Vec<Reference>,
    /// Images (by ID) and then layers (by DiffID) that are gone.
    pub deleted: Vec<Digest>,
}

/// What [`Store::prune_unreferenced`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// The layers that are gone.
    pub layers: Vec<Digest>,
    /// Their bytes of content.
    pub bytes: u64,
}

impl Store {
    /// Opens the store in the directory `root`, which is made if it is not there. What killed processes left is
    /// removed.
    ///
    /// # Errors
    /// When the directory cannot be made or read.
    pub fn open(root: &Path) -> Result<Self> {
        Self::open_with(root, |_| {})
    }

    /// The same; `waiting` is told whenever something has to wait for another process.
    ///
    /// # Errors
    /// When the directory cannot be made or read.
    pub fn open_with(root: &Path, waiting: impl Fn(&LockWait) + Send + Sync + 'static) -> Result<Self> {
        let root = std::path::absolute(root).map_err(Error::io("open", root))?;
        let layout = Layout::create(&root)?;
        layout::clean(&layout)?;
        let inner = Inner {
            layout,
            session: OnceLock::new(),
            held: Mutex::default(),
            waiting: Box::new(waiting),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The directory that the store is in; an absolute path.
    pub fn root(&self) -> &Path {
        &self.inner.layout.root
    }

    /// Where containers keep their state: a directory each, whose JSON files name the image's layers by their DiffIDs.
    pub fn containers_dir(&self) -> PathBuf {
        self.root().join("containers")
    }

    /// Where the build cache is: one JSON file for each step, with the `diff_id` of its layer.
    pub fn steps_dir(&self) -> PathBuf {
        self.root().join("steps")
    }

    /// Where per-layer analyses are kept.
    pub fn analyses_dir(&self) -> PathBuf {
        self.root().join("analyses")
    }

    /// The advisory database.
    pub fn advisories_path(&self) -> PathBuf {
        Self::advisories_path_in(self.root())
    }

    /// The advisory database of a store at `root`, for who needs nothing else of it: nothing is opened or made.
    pub fn advisories_path_in(root: &Path) -> PathBuf {
        root.join("advisories.redb")
    }

    /// An empty directory to make a layer in.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new_layer(&self) -> Result<NewLayer> {
        NewLayer::create(self)
    }

    /// A directory for unfinished things on the store's file system. It is gone when the process is.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn temporary_directory(&self) -> Result<&Path> {
        Ok(self.session()?.directory())
    }

    fn layout(&self) -> &Layout {
        &self.inner.layout
    }

    fn session(&self) -> Result<&Session> {
        if let Some(session) = self.inner.session.get() {
            return Ok(session);
        }
        let session = Session::create(self.layout())?;
        Ok(self.inner.session.get_or_init(|| session))
    }

    /// The session of what removes things, which is made even where there is no space left.
    fn session_to_remove(&self) -> Result<&Session> {
        reserve::with_reserve(self.layout(), || self.session().map(|_| ()))?;
        self.session()
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Digest, Weak<Stored>>> {
        // The map is right at every moment, also where a thread panicked.
        self.inner.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self, wait: &LockWait) {
        (self.inner.waiting)(wait);
    }

    fn lock_index(&self) -> Result<Lock> {
        let path = self.layout().index_lock();
        Lock::wait(&path, "the image index", &|wait| self.waiting(wait)).map_err(Error::io("lock", &path))
    }
}
