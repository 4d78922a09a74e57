//! What is remembered of the steps of earlier builds.

mod prune;
mod transfer;

use std::collections::hash_map::Entry;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use plimsoll_core::{Digest, Sha256};
use plimsoll_image::{Layer, Store};
use serde::{Deserialize, Serialize};

pub use prune::{CacheLimits, CacheUsage, Forgotten, cache_usage, prune_cache};
pub use transfer::{CacheMode, ImportedCache, UsedSteps};

use crate::build::lock;
use crate::context::walk::{Kind, Xattrs};
use crate::copy::sources::Source;
use crate::error::{IoContext, Problem};

/// Raised when the same key would not give the same layer as before.
const VERSION: &str = "plimsoll step 4";

/// What a step made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StepRecord {
    /// Its layer; nothing if it changed no file.
    pub(crate) diff_id: Option<Digest>,
    /// When it was done (RFC 3339).
    pub(crate) created: String,
    /// The instruction, for people who look into the cache.
    pub(crate) instruction: String,
}

/// A step whose layer is still there.
#[derive(Debug)]
pub(crate) struct Hit {
    /// Nothing if the step changed no file, or where the layer is not here, which only [`StepCache::without_layers`]
    /// lets happen.
    pub(crate) layer: Option<Layer>,
    /// Nothing if the step changed no file.
    pub(crate) diff_id: Option<Digest>,
    pub(crate) created: String,
}

/// The steps that a store remembers.
#[derive(Debug)]
pub(crate) struct StepCache<'a> {
    store: &'a Store,
    /// Where records are written before they appear.
    temporary: PathBuf,
    /// What other stores remember.
    imported: &'a [ImportedCache],
    /// Whether a step counts as known whose layer no cache has.
    layers_may_lack: bool,
    /// What this build looked up or made.
    used: Mutex<UsedSteps>,
    /// What is wrong with the imported caches.
    complaints: Mutex<Vec<String>>,
}

impl<'a> StepCache<'a> {
    pub(crate) fn new(store: &'a Store, temporary: &Path, imported: &'a [ImportedCache]) -> Self {
        Self {
            store,
            temporary: temporary.to_owned(),
            imported,
            layers_may_lack: false,
            used: Mutex::default(),
            complaints: Mutex::default(),
        }
    }

    /// The same, with steps known by what other stores remember of them, even where their layers are nowhere.
    pub(crate) fn without_layers(self) -> Self {
        Self {
            layers_may_lack: true,
            ..self
        }
    }

    /// What the build used and made, and what it has to say of imported caches.
    pub(crate) fn finish(&self) -> (UsedSteps, Vec<String>) {
        (
            std::mem::take(&mut lock(&self.used)),
            std::mem::take(&mut lock(&self.complaints)),
        )
    }

    fn note(&self, key: &Digest, record: &StepRecord, layer: Option<&Layer>) {
        let step = (record.clone(), layer.cloned());
        lock(&self.used).steps.insert(*key, step);
    }

    fn path(&self, key: &Digest) -> PathBuf {
        self.store.steps_dir().join(key.hex())
    }

    /// What the step with this key made, if that is known and still there. A record that does not read counts
    /// as none.
    pub(crate) fn get(&self, key: &Digest) -> Result<Option<Hit>, Problem> {
        let Some((record, layer)) = (match self.own(key)? {
            Some(known) => Some(known),
            None => self.import(key)?,
        }) else {
            return Ok(None);
        };
        self.note(key, &record, layer.as_ref());
        Ok(Some(Hit {
            layer,
            diff_id: record.diff_id,
            created: record.created,
        }))
    }

    /// What the store itself remembers of the step.
    fn own(&self, key: &Digest) -> Result<Option<(StepRecord, Option<Layer>)>, Problem> {
        let path = self.path(key);
        let Ok(bytes) = std::fs::read(&path) else {
            return Ok(None);
        };
        let Ok(record) = serde_json::from_slice::<StepRecord>(&bytes) else {
            return Ok(None);
        };
        let layer = match &record.diff_id {
            Some(diff_id) => match self.store.layer(diff_id)? {
                Some(layer) => Some(layer),
                None => return Ok(None),
            },
            None => None,
        };
        // What was used last is forgotten last. A store that is only read is no reason to fail.
        if let Ok(file) = std::fs::File::options().write(true).open(&path) {
            file.set_modified(SystemTime::now()).ok();
        }
        Ok(Some((record, layer)))
    }

    /// What an imported cache has of the step, put into the store. A damaged one is told of and passed over.
    fn import(&self, key: &Digest) -> Result<Option<(StepRecord, Option<Layer>)>, Problem> {
        for cache in self.imported {
            let Some((record, layer)) = cache.find(key) else {
                continue;
            };
            let layer = match layer.map(|layer| self.store.add_layer(layer)).transpose() {
                Ok(layer) => layer,
                Err(error) => {
                    let place = cache.path().display();
                    lock(&self.complaints)
                        .push(format!("the cache in `{place}` is not used for a step: {error}"));
                    continue;
                }
            };
            self.put(key, record, layer.as_ref())?;
            return Ok(Some((record.clone(), layer)));
        }
        if !self.layers_may_lack {
            return Ok(None);
        }
        let record = self.imported.iter().find_map(|cache| cache.record(key));
        Ok(record.map(|record| (record.clone(), None)))
    }

    /// Remembers what a step made. It appears whole or not at all.
    pub(crate) fn put(
        &self,
        key: &Digest,
        record: &StepRecord,
        layer: Option<&Layer>,
    ) -> Result<(), Problem> {
        self.note(key, record, layer);
        let path = self.path(key);
        let json = serde_json::to_vec(record).doing("cannot write", &path)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.temporary).doing("cannot write", &path)?;
        file.write_all(&json).doing("cannot write", &path)?;
        file.persist(&path)
            .map_err(|error| error.error)
            .doing("cannot write", &path)?;
        Ok(())
    }
}

/// Makes the key of a step out of everything that decides what it makes. Each part is kept apart from the next
/// by its length, so that no two lists of parts give the same key.
pub(crate) struct KeyBuilder(Sha256);

impl KeyBuilder {
    /// A key of a step of this kind on top of the layers with this digest.
    pub(crate) fn new(kind: &str, chain: &Digest) -> Self {
        let mut key = Self(Sha256::new());
        key.text(VERSION);
        key.text(kind);
        key.text(&chain.hex());
        key
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    pub(crate) fn optional(&mut self, text: Option<&str>) {
        self.number(u64::from(text.is_some()));
        self.text(text.unwrap_or_default());
    }

    pub(crate) fn list<T: AsRef<str>>(&mut self, list: &[T]) {
        self.number(list.len() as u64);
        for text in list {
            self.text(text.as_ref());
        }
    }

    /// Everything of a source that gets into a layer but the times, so that a fresh checkout of the same files is the
    /// same source.
    pub(crate) fn source(&mut self, source: &Source) {
        use std::os::unix::ffi::OsStrExt;
        self.bytes(source.name.as_bytes());
        self.number(source.entries.len() as u64);
        let mut links = HardLinks::default();
        for entry in &source.entries {
            let metadata = &entry.metadata;
            self.bytes(entry.path.as_os_str().as_bytes());
            match &entry.kind {
                Kind::File(digest) => {
                    self.text("file");
                    self.text(&digest.map(|digest| digest.hex()).unwrap_or_default());
                    self.number(links.group(metadata.links, (metadata.device, metadata.inode)));
                }
                Kind::Directory => self.text("directory"),
                Kind::Symlink(target) => {
                    self.text("symlink");
                    self.bytes(target.as_os_str().as_bytes());
                }
                Kind::CharDevice => self.text("char"),
                Kind::BlockDevice => self.text("block"),
                Kind::Fifo => self.text("fifo"),
            }
            // Linux gives every symbolic link the mode 0777, other systems do not.
            let mode = if matches!(entry.kind, Kind::Symlink(_)) {
                0
            } else {
                metadata.mode
            };
            self.number(mode.into());
            self.number(metadata.uid.into());
            self.number(metadata.gid.into());
            self.number(metadata.special);
            self.xattrs(&entry.xattrs);
        }
    }

    fn xattrs(&mut self, xattrs: &Xattrs) {
        self.number(xattrs.len() as u64);
        for (name, value) in xattrs {
            self.bytes(name);
            self.bytes(value);
        }
    }

    pub(crate) fn finish(self) -> Digest {
        self.0.finish()
    }
}

/// Tells files that are hard links of a file before them in the same source.
#[derive(Default)]
struct HardLinks(std::collections::HashMap<(u64, u64), u64>);

impl HardLinks {
    /// The place of the first name of the file among those with several names; 0 for the first name itself.
    fn group(&mut self, links: u64, inode: (u64, u64)) -> u64 {
        if links < 2 {
            return 0;
        }
        let next = self.0.len() as u64 + 1;
        match self.0.entry(inode) {
            Entry::Occupied(first) => *first.get(),
            Entry::Vacant(vacant) => {
                vacant.insert(next);
                0
            }
        }
    }
}
