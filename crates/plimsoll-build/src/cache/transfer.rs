//! The build cache, taken from one store to another: an image in an OCI layout, whose layers are those of the steps and
//! whose configuration says which step made which.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_core::{Digest, Platform};
use plimsoll_image::sink::{self, LayerCompression, WriteOptions};
use plimsoll_image::source::{self, Options};
use plimsoll_image::{Image, ImageConfig, Layer, Store};
use serde::{Deserialize, Serialize};

use super::StepRecord;
use crate::error::{Error, IoContext, Problem, Result};

/// Where the configuration has the steps.
const FIELD: &str = "plimsoll.cache.v1";

/// How much of a build's cache is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CacheMode {
    /// All steps, and the layers that are in the image: enough where nothing has changed.
    #[default]
    Min,
    /// All steps and their layers, those of other stages, too.
    Max,
}

/// A step with the key that it is known by.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Keyed {
    key: Digest,
    #[serde(flatten)]
    record: StepRecord,
}

/// The steps that one build used or made, with their layers.
#[derive(Debug, Clone, Default)]
pub struct UsedSteps {
    pub(crate) steps: BTreeMap<Digest, (StepRecord, Option<Layer>)>,
    /// The layers of the image.
    pub(crate) image: HashSet<Digest>,
}

impl UsedSteps {
    /// Writes the steps into the directory `path`, in the place of a cache that is there. `store` is where unfinished
    /// things may lie.
    ///
    /// # Errors
    /// [`Error::Export`], also when there is something else than a cache in the directory.
    pub fn write(
        &self,
        store: &Store,
        path: &Path,
        mode: CacheMode,
        compression: LayerCompression,
    ) -> Result<()> {
        self.try_write(store, path, mode, compression)
            .map_err(|problem| Error::CacheExport {
                place: path.to_owned(),
                problem: Box::new(problem),
            })
    }

    fn try_write(
        &self,
        store: &Store,
        path: &Path,
        mode: CacheMode,
        compression: LayerCompression,
    ) -> Result<(), Problem> {
        let mut seen = HashSet::new();
        let mut is_wanted = |layer: &&Layer| {
            (mode == CacheMode::Max || self.image.contains(&layer.diff_id)) && seen.insert(layer.diff_id)
        };
        let mut layers: Vec<Layer> = Vec::new();
        let mut steps = Vec::new();
        for (key, (record, layer)) in &self.steps {
            layers.extend(layer.iter().filter(&mut is_wanted).cloned());
            steps.push(Keyed {
                key: *key,
                record: record.clone(),
            });
        }
        std::fs::create_dir_all(path).doing("cannot make", path)?;
        // Of two builds that write to one place, the second waits: each removes what it does not know.
        let lock = File::open(path).doing("cannot open", path)?;
        lock.lock().doing("cannot lock", path)?;
        if path.join("index.json").exists() {
            // What is no cache is not ours to replace.
            ImportedCache::read(path)?;
        }
        let image = image(&steps, layers)?;
        let options = WriteOptions {
            compression,
            ..WriteOptions::new(store.root())
        };
        let written = sink::oci::write_dir(std::slice::from_ref(&image), path, &options)?;
        let new = written.iter().map(|image| image.manifest_digest).collect();
        keep_only(path, &new)?;
        sweep(path)
    }
}

/// The cache as an image.
fn image(steps: &[Keyed], layers: Vec<Layer>) -> Result<Image, Problem> {
    let mut config = ImageConfig::default();
    config.set_platform(&Platform::host());
    config.rootfs.diff_ids = layers.iter().map(|layer| layer.diff_id).collect();
    let invalid = |error: serde_json::Error| Problem::invalid(error.to_string());
    let mut document: serde_json::Value = serde_json::from_slice(&config.to_vec()).map_err(invalid)?;
    document[FIELD] = serde_json::to_value(steps).map_err(invalid)?;
    let bytes = serde_json::to_vec(&document).map_err(invalid)?;
    Ok(Image {
        id: Digest::of(&bytes),
        manifest_digest: None,
        config,
        config_bytes: Arc::from(bytes),
        references: Vec::new(),
        layers,
        annotations: BTreeMap::new(),
        name: "build cache".to_owned(),
    })
}

/// Takes all but these images out of the index. Until then the cache that was there before counts as well.
fn keep_only(path: &Path, images: &HashSet<Digest>) -> Result<(), Problem> {
    let file = path.join("index.json");
    let invalid = |error: serde_json::Error| Problem::invalid(error.to_string());
    let bytes = std::fs::read(&file).doing("cannot read", &file)?;
    let mut index: serde_json::Value = serde_json::from_slice(&bytes).map_err(invalid)?;
    let Some(manifests) = index["manifests"].as_array_mut() else {
        return Err(Problem::invalid("the index lists no images"));
    };
    manifests.retain(|manifest| {
        let digest = manifest["digest"].as_str().and_then(|digest| digest.parse().ok());
        digest.is_some_and(|digest| images.contains(&digest))
    });
    let mut new = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(path)
        .doing("cannot write", &file)?;
    let written = new.write_all(&serde_json::to_vec(&index).map_err(invalid)?);
    written.doing("cannot write", &file)?;
    new.persist(&file)
        .map_err(|error| error.error)
        .doing("cannot write", &file)?;
    Ok(())
}

/// Removes the blobs of the cache that was there before, and what a killed build was writing.
fn sweep(path: &Path) -> Result<(), Problem> {
    #[derive(Deserialize)]
    struct Named {
        digest: Digest,
    }
    #[derive(Deserialize)]
    struct Index {
        manifests: Vec<Named>,
    }
    #[derive(Deserialize)]
    struct Manifest {
        config: Named,
        layers: Vec<Named>,
    }
    let blobs = path.join("blobs/sha256");
    let read = |path: PathBuf| std::fs::read(&path).doing("cannot read", &path);
    let invalid = |error: serde_json::Error| Problem::invalid(error.to_string());
    let index: Index = serde_json::from_slice(&read(path.join("index.json"))?).map_err(invalid)?;
    let mut needed = HashSet::new();
    for manifest in index.manifests {
        let document: Manifest =
            serde_json::from_slice(&read(blobs.join(manifest.digest.hex()))?).map_err(invalid)?;
        needed.extend([manifest.digest.hex(), document.config.digest.hex()]);
        needed.extend(document.layers.iter().map(|layer| layer.digest.hex()));
    }
    for entry in std::fs::read_dir(&blobs).doing("cannot list", &blobs)? {
        let entry = entry.doing("cannot list", &blobs)?;
        let name = entry.file_name();
        let is_needed = name.to_str().is_none_or(|name| needed.contains(name));
        if !is_needed {
            std::fs::remove_file(entry.path()).doing("cannot remove", entry.path())?;
        }
    }
    for entry in std::fs::read_dir(path).doing("cannot list", path)? {
        let entry = entry.doing("cannot list", path)?;
        if entry.file_name().as_encoded_bytes().starts_with(b".tmp") {
            std::fs::remove_file(entry.path()).doing("cannot remove", entry.path())?;
        }
    }
    Ok(())
}

/// A cache that another store's build wrote.
#[derive(Debug, Default)]
pub struct ImportedCache {
    path: PathBuf,
    steps: HashMap<Digest, StepRecord>,
    layers: HashMap<Digest, Layer>,
}

impl ImportedCache {
    /// Opens the cache in the directory `path`. Layers are read, and their digests checked, when a step is found in
    /// it.
    ///
    /// # Errors
    /// [`Error::CacheImport`] when there is no cache, or it is damaged.
    pub fn open(path: &Path) -> Result<Self> {
        Self::read(path).map_err(|problem| Error::CacheImport {
            place: path.to_owned(),
            problem: Box::new(problem),
        })
    }

    fn read(path: &Path) -> Result<Self, Problem> {
        if !path.join("index.json").is_file() {
            return Err(Problem::invalid("there is no OCI layout in it"));
        }
        let images = source::open_layout(path, &Options::default())?;
        let mut cache = Self {
            path: path.to_owned(),
            ..Self::default()
        };
        for image in images {
            let invalid = |error: serde_json::Error| Problem::invalid(format!("its list of steps: {error}"));
            let document: serde_json::Value = serde_json::from_slice(&image.config_bytes).map_err(invalid)?;
            let Some(steps) = document.get(FIELD) else {
                return Err(Problem::invalid("there is an image in it that is no build cache"));
            };
            let steps: Vec<Keyed> = Deserialize::deserialize(steps).map_err(invalid)?;
            cache
                .steps
                .extend(steps.into_iter().map(|step| (step.key, step.record)));
            cache
                .layers
                .extend(image.layers.into_iter().map(|layer| (layer.diff_id, layer)));
        }
        Ok(cache)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there are steps in it without their layers, as in one of [`CacheMode::Min`].
    pub(crate) fn lacks_layers(&self) -> bool {
        let layers = self.steps.values().filter_map(|record| record.diff_id.as_ref());
        layers
            .into_iter()
            .any(|diff_id| !self.layers.contains_key(diff_id))
    }

    /// What is said of the step with this key.
    pub(super) fn record(&self, key: &Digest) -> Option<&StepRecord> {
        self.steps.get(key)
    }

    /// The step with this key and its layer, which may be still in the cache's files.
    pub(super) fn find(&self, key: &Digest) -> Option<(&StepRecord, Option<&Layer>)> {
        let record = self.steps.get(key)?;
        match &record.diff_id {
            Some(diff_id) => Some((record, Some(self.layers.get(diff_id)?))),
            None => Some((record, None)),
        }
    }
}
