use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_core::{Digest, Reference};

use crate::{ImageConfig, Layer, Result, Store};

/// One image, wherever it is.
#[derive(Debug, Clone)]
pub struct Image {
    /// The image's ID: the digest of its configuration.
    pub id: Digest,
    /// The digest of its manifest, where it has one.
    pub manifest_digest: Option<Digest>,
    /// Its configuration.
    pub config: ImageConfig,
    /// The configuration's bytes, as they came in.
    pub config_bytes: Arc<[u8]>,
    /// Its names; none for a dangling image.
    pub references: Vec<Reference>,
    /// Its layers, the lowest first.
    pub layers: Vec<Layer>,
    /// The annotations of its manifest.
    pub annotations: BTreeMap<String, String>,
    /// What it was called when it was asked for, for messages.
    pub name: String,
}

impl Image {
    /// The bytes of content of all layers, as Docker shows an image's size.
    ///
    /// # Errors
    /// When a layer cannot be read: the size of a layer in an archive is known only by reading it.
    pub fn size(&self) -> Result<u64> {
        self.layers.iter().map(Layer::size).sum()
    }

    /// The directories to give to an overlay mount as its lower ones, the topmost first. See
    /// [`Store::mount_layers`].
    ///
    /// # Errors
    /// When a layer is not in `store`.
    pub fn mount_layers(&self, store: &Store) -> Result<Vec<PathBuf>> {
        store.mount_layers(&self.layers)
    }
}
