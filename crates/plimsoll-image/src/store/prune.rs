//! Removes what nothing refers to any more.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use plimsoll_core::Digest;
use serde::Deserialize;

use super::layout::{Trash, try_exclusive};
use super::lock::Lock;
use super::{Pruned, Store};
use crate::layer::Meta;
use crate::manifest::{Descriptor, Index, Manifest};
use crate::{Error, Result};

/// The most of a container's state that is looked at.
const STATE_LIMIT: u64 = 4 << 20;

/// What is read of a build step.
#[derive(Deserialize)]
struct Step {
    diff_id: Option<Digest>,
}

impl Store {
    /// Removes layers that no image, container or build step refers to and no process holds, and documents of images
    /// that are no more.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn prune_unreferenced(&self) -> Result<Pruned> {
        let lock = self.lock_index()?;
        let index = Index::read(self.layout())?;
        let (pruned, trash) = self.prune_locked(&index, None, &lock)?;
        drop(lock);
        drop(trash);
        Ok(pruned)
    }

    /// The same for some layers only.
    pub(super) fn prune_only(&self, layers: &[Digest]) -> Result<Pruned> {
        let lock = self.lock_index()?;
        let index = Index::read(self.layout())?;
        let candidates: Vec<Descriptor> = layers
            .iter()
            .map(|layer| Descriptor::new("", *layer, 0))
            .collect();
        let (pruned, trash) = self.prune_locked(&index, Some(&candidates), &lock)?;
        drop(lock);
        drop(trash);
        Ok(pruned)
    }

    /// The same under the lock, with which nobody adds an image meanwhile. Without `candidates`, all layers are. The
    /// trash is removed when it is dropped, for which the lock is not needed.
    pub(super) fn prune_locked(
        &self,
        index: &Index,
        candidates: Option<&[Descriptor]>,
        _lock: &Lock,
    ) -> Result<(Pruned, Vec<Trash>)> {
        let mut pruned = Pruned::default();
        let mut trash = Vec::new();
        let mut layers = HashSet::new();
        let mut documents = HashSet::new();
        for descriptor in index.distinct() {
            let manifest: Manifest = match self.document(&descriptor.digest, "manifest") {
                Ok(manifest) => manifest,
                // Nobody knows which layers it names, so none is known to be superfluous.
                Err(_) if candidates.is_some() => return Ok((pruned, trash)),
                Err(error) => return Err(error),
            };
            documents.extend([descriptor.digest, manifest.config.digest]);
            layers.extend(manifest.layers.iter().map(|layer| layer.digest));
        }
        self.add_steps(&mut layers)?;
        self.add_containers(&mut layers)?;
        let candidates = match candidates {
            Some(candidates) => candidates.iter().map(|layer| layer.digest).collect(),
            None => {
                self.remove_free_locks()?;
                digests_in(&self.layout().layers())?
            }
        };
        for diff_id in candidates {
            if !layers.contains(&diff_id)
                && let Some((bytes, removed)) = self.remove_layer(&diff_id)?
            {
                pruned.layers.push(diff_id);
                pruned.bytes += bytes;
                trash.push(removed);
            }
        }
        for digest in digests_in(&self.layout().blobs())? {
            if !documents.contains(&digest) {
                let path = self.layout().blob(&digest);
                trash.push(self.session_to_remove()?.take_out(&path)?);
            }
        }
        self.prune_chains()?;
        Ok((pruned, trash))
    }

    /// The bytes of content that went with the layer; `None` when it is not there or a process holds it.
    fn remove_layer(&self, diff_id: &Digest) -> Result<Option<(u64, Trash)>> {
        let path = self.layout().layer(diff_id);
        let Some(_right) = try_exclusive(&path).map_err(Error::io("lock", &path))? else {
            return Ok(None);
        };
        let bytes = Meta::read(&path.join("meta")).map_or(0, |meta| meta.size);
        Ok(Some((bytes, self.session_to_remove()?.take_out(&path)?)))
    }

    /// Lock files of processes that were killed while they unpacked a layer.
    fn remove_free_locks(&self) -> Result<()> {
        for_each_file(&self.layout().layers(), &mut |path| {
            let is_lock = path.extension().is_some_and(|extension| extension == "lock");
            if let Some(lock) = is_lock.then(|| Lock::try_existing(path)).transpose()?.flatten() {
                drop(lock.remove_on_drop());
            }
            Ok(())
        })
    }

    fn add_steps(&self, layers: &mut HashSet<Digest>) -> Result<()> {
        for_each_file(&self.steps_dir(), &mut |path| {
            // A step that cannot be read is none; the build that meets it does its work anew.
            let bytes = fs::read(path).unwrap_or_default();
            let step = serde_json::from_slice(&bytes).unwrap_or(Step { diff_id: None });
            layers.extend(step.diff_id);
            Ok(())
        })
    }

    /// A container's state names its layers by their DiffIDs, wherever in its documents.
    pub(super) fn add_containers(&self, layers: &mut HashSet<Digest>) -> Result<()> {
        let containers = self.containers_dir();
        for entry in fs::read_dir(&containers).map_err(Error::io("read", &containers))? {
            let path = entry.map_err(Error::io("read", &containers))?.path();
            if !path.is_dir() {
                continue;
            }
            for_each_file(&path, &mut |path| {
                if path.extension().is_some_and(|extension| extension == "json") {
                    let mut bytes = Vec::new();
                    let file = File::open(path)?;
                    file.take(STATE_LIMIT).read_to_end(&mut bytes)?;
                    layers.extend(digests(&bytes));
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// The files right in a directory. One that is gone meanwhile is none.
fn for_each_file(directory: &Path, visit: &mut dyn FnMut(&Path) -> io::Result<()>) -> Result<()> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(Error::io("read", directory))?,
    };
    for entry in entries {
        let path = entry.map_err(Error::io("read", directory))?.path();
        if !path.is_file() {
            continue;
        }
        match visit(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::io("read", &path)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The names in a directory that are the digits of a digest.
pub(super) fn digests_in(directory: &Path) -> Result<Vec<Digest>> {
    let mut digests = Vec::new();
    for entry in fs::read_dir(directory).map_err(Error::io("read", directory))? {
        let name = entry.map_err(Error::io("read", directory))?.file_name();
        digests.extend(name.to_str().and_then(|name| Digest::from_hex(name).ok()));
    }
    digests.sort_unstable();
    Ok(digests)
}

/// Every digest that stands in a text.
fn digests(bytes: &[u8]) -> Vec<Digest> {
    const PREFIX: &[u8] = b"sha256:";
    let starts = bytes
        .windows(PREFIX.len())
        .enumerate()
        .filter(|(_, window)| *window == PREFIX);
    let hex = |start: usize| bytes.get(start + PREFIX.len()..start + PREFIX.len() + 64);
    starts
        .filter_map(|(start, _)| std::str::from_utf8(hex(start)?).ok())
        .filter_map(|hex| Digest::from_hex(hex).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_found_wherever_they_stand() {
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        let text = format!(r#"{{"layers":["{a}","{b}"],"image":"sha256:12"}}"#);
        assert_eq!(digests(text.as_bytes()), [a, b]);
    }
}
