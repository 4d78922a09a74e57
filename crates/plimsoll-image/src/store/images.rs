//! Images in the store: finding, adding, naming and removing them.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use plimsoll_core::{Digest, Reference};
use rayon::prelude::*;
use serde::de::DeserializeOwned;

use super::{Removed, Store};
use crate::layer::Stored;
use crate::manifest::{CONFIG, Descriptor, Index, LAYER, MANIFEST, Manifest, to_vec};
use crate::{Error, Image, ImageConfig, Layer, Result};

/// The images of a store.
#[derive(Debug, Default)]
pub struct Listing {
    /// Those that can be read, the newest first.
    pub images: Vec<Image>,
    /// Those that cannot.
    pub damaged: Vec<Damaged>,
}

/// An image whose manifest or configuration is missing or not what it was.
#[derive(Debug)]
pub struct Damaged {
    /// The digest that its manifest ought to have.
    pub manifest_digest: Digest,
    /// Its names.
    pub references: Vec<Reference>,
    /// What is wrong.
    pub error: Error,
}

impl Store {
    /// Reads a document of the store.
    pub(super) fn document<T: DeserializeOwned>(&self, digest: &Digest, what: &str) -> Result<T> {
        let bytes = self.layout().read_document(digest)?;
        serde_json::from_slice(&bytes).map_err(|error| Error::Document {
            path: self.root().to_owned(),
            member: format!("{what} {}", digest.short()),
            reason: error.to_string(),
        })
    }

    /// The image of a manifest. With `hold`, its layers are not pruned as long as the image lives.
    fn image(&self, index: &Index, descriptor: &Descriptor, hold: bool) -> Result<Image> {
        let manifest: Manifest = self.document(&descriptor.digest, "manifest")?;
        let id = manifest.config.digest;
        let config_bytes: Arc<[u8]> = self.layout().read_document(&id)?.into();
        let config = ImageConfig::from_slice(&config_bytes).map_err(|error| Error::Document {
            path: self.root().to_owned(),
            member: format!("configuration {}", id.short()),
            reason: error.to_string(),
        })?;
        let layer = |descriptor: &Descriptor| -> Result<Layer> {
            let diff_id = descriptor.digest;
            let stored = match hold {
                true => self.stored(&diff_id)?,
                false => None,
            };
            let stored = stored.unwrap_or_else(|| Arc::new(Stored::new(self.layout().layer(&diff_id), None)));
            Ok(Layer::stored(diff_id, stored))
        };
        let references = index.references(&descriptor.digest);
        Ok(Image {
            id,
            manifest_digest: Some(descriptor.digest),
            config,
            config_bytes,
            name: references
                .first()
                .map_or_else(|| id.short(), Reference::to_string),
            references,
            layers: manifest.layers.iter().map(layer).collect::<Result<_>>()?,
            annotations: manifest.annotations,
        })
    }

    /// All images that can be read, the newest first.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn images(&self) -> Result<Vec<Image>> {
        Ok(self.list()?.images)
    }

    /// All images, the newest first, and apart from them those whose documents are damaged.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn list(&self) -> Result<Listing> {
        let mut index = Index::read(self.layout())?;
        loop {
            let mut listing = self.list_in(&index);
            let now = match listing.damaged.is_empty() {
                true => None,
                false => Some(Index::read(self.layout())?),
            };
            match now {
                // Readers do not lock, and what somebody removed meanwhile is not damaged.
                Some(now) if now != index => index = now,
                _ => {
                    let created = |image: &Image| -> Option<jiff::Timestamp> {
                        image.config.created.as_ref()?.parse().ok()
                    };
                    listing.images.sort_by_key(|image| Reverse(created(image)));
                    return Ok(listing);
                }
            }
        }
    }

    fn list_in(&self, index: &Index) -> Listing {
        let mut listing = Listing::default();
        for descriptor in index.distinct().iter().rev() {
            match self.image(index, descriptor, false) {
                Ok(image) => listing.images.push(image),
                Err(error) => listing.damaged.push(Damaged {
                    manifest_digest: descriptor.digest,
                    references: index.references(&descriptor.digest),
                    error,
                }),
            }
        }
        listing
    }

    /// The image with this name, ID, start of an ID, or manifest digest. As long as the value lives, its layers are not
    /// pruned.
    ///
    /// # Errors
    /// [`Error::NoSuchImage`], [`Error::Ambiguous`], or when it cannot be read.
    pub fn find(&self, name: &str) -> Result<Image> {
        let mut image = self.with_index(|index| {
            let (descriptor, _) = self.find_in(index, name)?;
            self.image(index, &descriptor, true)
        })?;
        name.clone_into(&mut image.name);
        Ok(image)
    }

    /// The manifest that `name` means, and the reference if it is one by which the image is known.
    fn find_in(&self, index: &Index, name: &str) -> Result<(Descriptor, Option<Reference>)> {
        let reference: Option<Reference> = name.parse().ok();
        if let Some(reference) = reference {
            let named = index
                .manifests
                .iter()
                .find(|known| known.reference().as_ref() == Some(&reference));
            if let Some(descriptor) = named {
                return Ok((descriptor.clone(), Some(reference)));
            }
            // A name with a digest means the image of the repository that has it.
            if let Some(digest) = reference.digest() {
                let is_meant = |known: &&Descriptor| {
                    known.reference().is_some_and(|own| {
                        own.repository() == reference.repository()
                            && (known.digest == digest || own.digest() == Some(digest))
                    })
                };
                if let Some(descriptor) = index.manifests.iter().find(is_meant) {
                    return Ok((descriptor.clone(), descriptor.reference()));
                }
            }
        }
        let descriptor = self.find_by_id(index, name)?;
        Ok((descriptor, None))
    }

    fn find_by_id(&self, index: &Index, name: &str) -> Result<Descriptor> {
        let missing = || Error::NoSuchImage {
            name: name.to_owned(),
        };
        let digits = name.strip_prefix("sha256:").unwrap_or(name);
        let is_id = !digits.is_empty()
            && digits
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_id {
            return Err(missing());
        }
        let mut found: Vec<(Digest, Descriptor)> = Vec::new();
        for descriptor in index.distinct() {
            let manifest = self.document::<Manifest>(&descriptor.digest, "manifest");
            // A damaged one is known by its own digest alone.
            let id = manifest.map_or(descriptor.digest, |manifest| manifest.config.digest);
            if id.hex().starts_with(digits) || descriptor.digest.hex() == digits {
                found.push((id, descriptor));
            }
        }
        match found.len() {
            0 => Err(missing()),
            1 => Ok(found.remove(0).1),
            _ => Err(Error::Ambiguous {
                name: name.to_owned(),
                ids: found.into_iter().map(|(id, _)| id).collect(),
            }),
        }
    }

    /// The layer, if its tree is in the store. As long as the value lives, the layer is not pruned.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn layer(&self, diff_id: &Digest) -> Result<Option<Layer>> {
        Ok(self
            .stored(diff_id)?
            .map(|stored| Layer::stored(*diff_id, stored)))
    }

    /// Makes an image of a configuration and its layers, the lowest first. The configuration's DiffIDs are set to the
    /// layers'. `references` are moved to it.
    ///
    /// # Errors
    /// When a layer cannot be read or the store cannot be written.
    pub fn commit(&self, config: &ImageConfig, layers: &[Layer], references: &[Reference]) -> Result<Image> {
        self.commit_annotated(config, layers, references, &BTreeMap::new())
    }

    /// The same; the image's manifest gets `annotations`.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn commit_annotated(
        &self,
        config: &ImageConfig,
        layers: &[Layer],
        references: &[Reference],
        annotations: &BTreeMap<String, String>,
    ) -> Result<Image> {
        let mut config = config.clone();
        config.rootfs.diff_ids = layers.iter().map(|layer| layer.diff_id).collect();
        let layers = self.ensure_all(layers)?;
        self.record(&config.to_vec(), &layers, references, annotations)
    }

    /// Copies an image from any source into the store; every digest is checked. `references` are moved to it.
    ///
    /// # Errors
    /// When a layer is damaged or the store cannot be written; then nothing of the image is in the store.
    pub fn add(&self, image: &Image, references: &[Reference]) -> Result<Image> {
        let stated = &image.config.rootfs.diff_ids;
        if !stated.iter().eq(image.layers.iter().map(|layer| &layer.diff_id)) {
            return Err(Error::Document {
                path: image.name.clone().into(),
                member: "configuration".to_owned(),
                reason: format!(
                    "it lists {} layers, which are not the {} that the image has",
                    stated.len(),
                    image.layers.len()
                ),
            });
        }
        let layers = self.ensure_all(&image.layers)?;
        self.record(&image.config_bytes, &layers, references, &image.annotations)
    }

    /// Unpacks a layer from any source in the store, unless it is there; its digest is checked. As long as the value
    /// lives, it is not pruned.
    ///
    /// # Errors
    /// When the layer is damaged or the store cannot be written.
    pub fn add_layer(&self, layer: &Layer) -> Result<Layer> {
        self.ensure(layer).map(|(layer, _)| layer)
    }

    /// All layers, unpacked in the store. If one fails, those that were added are taken away again.
    fn ensure_all(&self, layers: &[Layer]) -> Result<Vec<Layer>> {
        let results: Vec<Result<(Layer, bool)>> = layers.par_iter().map(|layer| self.ensure(layer)).collect();
        let mut ensured = Vec::new();
        let mut added = Vec::new();
        let mut failure = None;
        for result in results {
            match result {
                Ok((layer, is_new)) => {
                    added.extend(is_new.then_some(layer.diff_id));
                    ensured.push(layer);
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match failure {
            None => Ok(ensured),
            Some(error) => {
                drop(ensured);
                // The first failure is the one to tell about.
                self.prune_only(&added).ok();
                Err(error)
            }
        }
    }

    /// Writes an image's documents and its names.
    fn record(
        &self,
        config: &[u8],
        layers: &[Layer],
        references: &[Reference],
        annotations: &BTreeMap<String, String>,
    ) -> Result<Image> {
        self.sync_layers(layers)?;
        let id = Digest::of(config);
        let mut descriptors = Vec::new();
        for layer in layers {
            descriptors.push(Descriptor::new(LAYER, layer.diff_id, layer.tar_size()?));
        }
        let mut manifest = Manifest::new(Descriptor::new(CONFIG, id, config.len() as u64), descriptors);
        manifest.annotations.clone_from(annotations);
        let manifest = to_vec(&manifest);
        let descriptor = Descriptor::new(MANIFEST, Digest::of(&manifest), manifest.len() as u64);
        // Under the lock nobody prunes, so what is written is there until the index refers to it.
        let lock = self.lock_index()?;
        let session = self.session()?;
        for (digest, bytes) in [(&id, config), (&descriptor.digest, manifest.as_slice())] {
            // One that was damaged since is written anew.
            if self.layout().read_document(digest).is_err() {
                session.write_file(&self.layout().blob(digest), bytes)?;
            }
        }
        let mut index = Index::read(self.layout())?;
        index.add(&descriptor, references);
        index.write(self.layout(), session, &lock)?;
        self.image(&index, &descriptor, true)
    }

    /// Makes an image of one layer from the tar of a root file system, plain or compressed. `origin` names the tar in
    /// messages; `message` is the layer's comment in the history, which gets the time that the configuration has.
    ///
    /// # Errors
    /// When the tar is damaged or the store cannot be written.
    pub fn import(
        &self,
        tar: Box<dyn std::io::Read + Send + '_>,
        origin: &Path,
        config: &ImageConfig,
        references: &[Reference],
        message: Option<&str>,
    ) -> Result<Image> {
        let layer = self.unpack_any(tar, origin)?;
        let mut config = config.clone();
        config.history.push(crate::History {
            created: config.created.clone(),
            comment: message.map(str::to_owned),
            ..crate::History::default()
        });
        self.commit(&config, &[layer], references)
    }

    /// Gives the image the name `reference`, which another image loses.
    ///
    /// # Errors
    /// When the image is not in the store or the store cannot be written.
    pub fn tag(&self, image: &Image, reference: &Reference) -> Result<()> {
        let lock = self.lock_index()?;
        let mut index = Index::read(self.layout())?;
        let descriptor = self.find_by_id(&index, &image.id.hex())?;
        index.add(&descriptor, std::slice::from_ref(reference));
        index.write(self.layout(), self.session()?, &lock)
    }

    /// Removes a name, and the image with it if it was the last one; or an image by its ID. `in_use` says who uses the
    /// image with an ID, for people. With `force`, an image with several names loses all of them, and an image in
    /// use loses its names but stays.
    ///
    /// # Errors
    /// [`Error::NoSuchImage`], [`Error::InUse`], [`Error::SeveralNames`], or when the store cannot be written.
    pub fn remove(
        &self,
        name: &str,
        force: bool,
        in_use: &dyn Fn(&Digest) -> Option<String>,
    ) -> Result<Removed> {
        let lock = self.lock_index()?;
        let mut index = Index::read(self.layout())?;
        let (descriptor, reference) = self.find_in(&index, name)?;
        let manifest = self.document::<Manifest>(&descriptor.digest, "manifest");
        // What a damaged manifest names is not known, but it can be removed by its own name.
        let (id, layers) = match manifest {
            Ok(manifest) => (manifest.config.digest, manifest.layers),
            Err(_) => (descriptor.digest, Vec::new()),
        };
        let references = index.references(&descriptor.digest);
        let untagged = match reference {
            Some(reference) => vec![reference],
            None if references.len() > 1 && !force => {
                return Err(Error::SeveralNames {
                    name: name.to_owned(),
                    references: references.iter().map(Reference::to_string).collect(),
                });
            }
            None => references.clone(),
        };
        let mut removed = Removed::default();
        let stays = untagged.len() < references.len();
        let user = if stays { None } else { in_use(&id) };
        if let Some(user) = user.as_ref().filter(|_| !force) {
            return Err(Error::InUse {
                name: name.to_owned(),
                user: user.clone(),
            });
        }
        for reference in &untagged {
            index.untag(reference);
        }
        removed.untagged = untagged;
        if stays || user.is_some() {
            index.write_less(self.layout(), self.session_to_remove()?, &lock)?;
            return Ok(removed);
        }
        index.remove(&descriptor.digest);
        index.write_less(self.layout(), self.session_to_remove()?, &lock)?;
        removed.deleted.push(id);
        let (pruned, trash) = self.prune_locked(&index, Some(&layers), &lock)?;
        drop(lock);
        drop(trash);
        removed.deleted.extend(pruned.layers);
        Ok(removed)
    }
}
