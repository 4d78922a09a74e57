//! What is forgotten of the build cache, the least recently used first.

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use plimsoll_core::Digest;
use plimsoll_image::{LayerUse, Store};

use super::StepRecord;
use crate::error::{Error, IoContext, Problem, Result};
use crate::remote::http;

/// What of the build cache is to be forgotten.
#[derive(Debug, Clone, Copy, Default)]
pub struct CacheLimits {
    /// Also what is behind images that are still there.
    pub all: bool,
    /// Only what was not used for so long.
    pub unused_for: Option<Duration>,
    /// Only until the cache takes no more than so many bytes.
    pub keep: Option<u64>,
}

/// What was forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Forgotten {
    /// Steps.
    pub steps: usize,
    /// Directories of `RUN --mount=type=cache`.
    pub mounts: usize,
    /// The bytes that went with these directories and with downloads. Those of layers go when the store is pruned.
    pub bytes_freed: u64,
}

/// What the build cache takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheUsage {
    /// How many layers and directories there are.
    pub entries: usize,
    /// How many of them images, containers or processes need.
    pub active: usize,
    /// The bytes of all.
    pub bytes: u64,
    /// The bytes of what nothing but the cache needs.
    pub reclaimable: u64,
}

/// What the build cache takes in `store`: the layers that it remembers, and the directories of cache mounts.
///
/// # Errors
/// [`Error::Cache`].
pub fn cache_usage(store: &Store) -> Result<CacheUsage> {
    let mut usage = CacheUsage::default();
    for entry in entries(store).map_err(failed)? {
        usage.entries += 1;
        usage.active += usize::from(entry.is_needed || entry.is_held);
        usage.bytes += entry.bytes;
        usage.reclaimable += if entry.is_needed || entry.is_held {
            0
        } else {
            entry.bytes
        };
    }
    Ok(usage)
}

/// Forgets steps and the content of cache mounts, the least recently used first, as far as `limits` say. What a
/// process works with stays. Layers that nothing refers to then go with the next [`Store::prune_unreferenced`].
///
/// # Errors
/// [`Error::Cache`].
pub fn prune_cache(store: &Store, limits: &CacheLimits) -> Result<Forgotten> {
    prune(store, limits).map_err(failed)
}

fn failed(problem: Problem) -> Error {
    Error::Cache(Box::new(problem))
}

fn prune(store: &Store, limits: &CacheLimits) -> Result<Forgotten, Problem> {
    let mut forgotten = Forgotten::default();
    let mut entries = entries(store)?;
    entries.sort_by_key(|entry| entry.used);
    let mut bytes: u64 = entries
        .iter()
        .filter(|entry| !entry.is_needed)
        .map(|entry| entry.bytes)
        .sum();
    let now = SystemTime::now();
    for entry in entries {
        if limits.keep.is_some_and(|keep| bytes <= keep) {
            break;
        }
        let age = now.duration_since(entry.used).unwrap_or_default();
        let is_young = limits.unused_for.is_some_and(|least| age < least);
        // To forget what an image needs frees nothing, so it is done on demand alone.
        if is_young || entry.is_held || (entry.is_needed && !(limits.all && limits.keep.is_none())) {
            continue;
        }
        match &entry.what {
            What::Layer(records) => {
                for record in records {
                    remove(record)?;
                    forgotten.steps += 1;
                }
            }
            What::Mount(directory) if empty(store, directory)? => {
                forgotten.mounts += 1;
                forgotten.bytes_freed += entry.bytes;
            }
            What::Mount(_) => continue,
            What::Download(path) => {
                remove(path)?;
                forgotten.bytes_freed += entry.bytes;
            }
        }
        bytes = bytes.saturating_sub(if entry.is_needed { 0 } else { entry.bytes });
    }
    Ok(forgotten)
}

/// Something that the cache holds.
struct Cached {
    what: What,
    bytes: u64,
    used: SystemTime,
    /// Whether an image or a container needs it as well.
    is_needed: bool,
    /// Whether a process works with it.
    is_held: bool,
}

enum What {
    /// The records of the steps that made one layer, or none.
    Layer(Vec<PathBuf>),
    /// The directory of a cache mount.
    Mount(PathBuf),
    /// What was fetched for `ADD`, or what its server said of it.
    Download(PathBuf),
}

fn entries(store: &Store) -> Result<Vec<Cached>, Problem> {
    let layers: HashMap<Digest, LayerUse> = {
        let uses = store.layer_uses()?.into_iter();
        uses.map(|layer| (layer.diff_id, layer)).collect()
    };
    let mut by_layer: HashMap<Option<Digest>, (Vec<PathBuf>, SystemTime)> = HashMap::new();
    for path in files_in(&store.steps_dir())? {
        let Ok(metadata) = fs::metadata(&path) else {
            continue;
        };
        let bytes = fs::read(&path).unwrap_or_default();
        // A record that does not read, or whose layer is gone, is of no use to anybody.
        let record = serde_json::from_slice::<StepRecord>(&bytes).ok();
        let layer = record
            .and_then(|record| record.diff_id)
            .filter(|layer| layers.contains_key(layer));
        let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let (records, last) = by_layer.entry(layer).or_insert((Vec::new(), used));
        records.push(path);
        *last = used.max(*last);
    }
    let mut entries: Vec<Cached> = by_layer
        .into_iter()
        .map(|(layer, (records, used))| {
            let layer = layer.and_then(|layer| layers.get(&layer));
            Cached {
                what: What::Layer(records),
                bytes: layer.map_or(0, |layer| layer.size),
                used,
                is_needed: layer.is_some_and(|layer| layer.in_image || layer.in_container),
                is_held: layer.is_some_and(|layer| layer.is_held),
            }
        })
        .collect();
    for directory in directories_in(&store.root().join("caches"))? {
        let data = directory.join("data");
        let lock = directory.join("lock");
        if !data.is_dir() {
            continue;
        }
        // The lock is opened anew by each step that mounts the directory.
        let used = fs::metadata(&lock).and_then(|metadata| metadata.modified());
        entries.push(Cached {
            bytes: size(&data),
            used: used.unwrap_or(SystemTime::UNIX_EPOCH),
            is_needed: false,
            is_held: File::open(&lock).is_ok_and(|lock| lock.try_lock().is_err()),
            what: What::Mount(directory),
        });
    }
    let downloads = store.root().join(http::DIRECTORY);
    if downloads.is_dir() {
        for path in files_in(&downloads)? {
            let Ok(metadata) = fs::metadata(&path) else {
                continue;
            };
            // A build links what it takes, which changes this time; that of the content is its server's.
            let linked = u64::try_from(metadata.ctime()).unwrap_or(0);
            entries.push(Cached {
                bytes: metadata.len(),
                used: SystemTime::UNIX_EPOCH + Duration::from_secs(linked),
                is_needed: false,
                is_held: false,
                what: What::Download(path),
            });
        }
    }
    Ok(entries)
}

/// Takes the content out of a cache directory, unless a step uses it. The lock stays for those who come.
fn empty(store: &Store, directory: &Path) -> Result<bool, Problem> {
    let Ok(lock) = File::open(directory.join("lock")) else {
        return Ok(false);
    };
    if lock.try_lock().is_err() {
        return Ok(false);
    }
    let data = directory.join("data");
    // What takes long is done where nobody looks for a cache.
    let aside = store.temporary_directory()?.join(format!(
        "cache-{}",
        directory.file_name().unwrap_or_default().to_string_lossy()
    ));
    fs::rename(&data, &aside).doing("cannot remove", &data)?;
    drop(lock);
    fs::remove_dir_all(&aside).doing("cannot remove", &aside)?;
    Ok(true)
}

fn remove(path: &Path) -> Result<(), Problem> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other.doing("cannot remove", path),
    }
}

fn files_in(directory: &Path) -> Result<Vec<PathBuf>, Problem> {
    paths_in(directory, fs::FileType::is_file)
}

fn directories_in(directory: &Path) -> Result<Vec<PathBuf>, Problem> {
    paths_in(directory, fs::FileType::is_dir)
}

fn paths_in(directory: &Path, is_wanted: fn(&fs::FileType) -> bool) -> Result<Vec<PathBuf>, Problem> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).doing("cannot list", directory)? {
        let entry = entry.doing("cannot list", directory)?;
        if entry.file_type().is_ok_and(|kind| is_wanted(&kind)) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// The bytes of the files below a directory; what goes meanwhile takes none.
fn size(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.sum()
}
