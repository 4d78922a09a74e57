//! What the layers of the store are there for, and how much they take.

use std::collections::HashSet;

use plimsoll_core::Digest;

use super::Store;
use super::layout::try_exclusive;
use super::prune::digests_in;
use crate::layer::Meta;
use crate::manifest::{Index, Manifest};
use crate::{Error, Result};

/// One layer of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerUse {
    /// The layer.
    pub diff_id: Digest,
    /// The bytes of content of its files.
    pub size: u64,
    /// Whether an image has it.
    pub in_image: bool,
    /// Whether a container has it.
    pub in_container: bool,
    /// Whether a process works with it just now.
    pub is_held: bool,
}

impl Store {
    /// All layers that are unpacked in the store.
    ///
    /// # Errors
    /// When the store cannot be read, a damaged manifest included: nobody knows which layers it names.
    pub fn layer_uses(&self) -> Result<Vec<LayerUse>> {
        let in_images: HashSet<Digest> = self.with_index(|index: &Index| {
            let mut layers = HashSet::new();
            for descriptor in index.distinct() {
                let manifest: Manifest = self.document(&descriptor.digest, "manifest")?;
                layers.extend(manifest.layers.iter().map(|layer| layer.digest));
            }
            Ok(layers)
        })?;
        let mut in_containers = HashSet::new();
        self.add_containers(&mut in_containers)?;
        let mut uses = Vec::new();
        for diff_id in digests_in(&self.layout().layers())? {
            let path = self.layout().layer(&diff_id);
            // One that goes meanwhile takes nothing.
            let Ok(meta) = Meta::read(&path.join("meta")) else {
                continue;
            };
            uses.push(LayerUse {
                diff_id,
                size: meta.size,
                in_image: in_images.contains(&diff_id),
                in_container: in_containers.contains(&diff_id),
                is_held: try_exclusive(&path).map_err(Error::io("lock", &path))?.is_none(),
            });
        }
        Ok(uses)
    }
}
