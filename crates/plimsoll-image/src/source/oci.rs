//! OCI image layouts, as a directory or in a tar.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_core::{Digest, Platform, Reference};
use serde::de::DeserializeOwned;

use super::Options;
use super::archive::{Archive, Range};
use crate::layer::{Archived, Origin};
use crate::manifest::{Descriptor, Index, Manifest};
use crate::{Error, Image, ImageConfig, Layer, Result};

/// The name of the list of images.
pub(super) const INDEX: &str = "index.json";
/// How deep indexes may be in indexes.
const DEPTH_LIMIT: usize = 4;
/// How many manifests and indexes are looked at. An index may be listed by several others, and these by more.
const MANIFESTS_LIMIT: usize = 10_000;
/// The media types of an image's configuration.
const CONFIGS: [&str; 3] = [
    "",
    crate::manifest::CONFIG,
    "application/vnd.docker.container.image.v1+json",
];

/// An image layout.
pub(super) enum Layout {
    Directory(PathBuf),
    Archive(Archive),
}

/// A manifest, and the descriptor in `index.json` that leads to it.
struct Leaf<'a> {
    top: &'a Descriptor,
    manifest: Descriptor,
}

impl Layout {
    fn path(&self) -> &Path {
        match self {
            Self::Directory(path) => path,
            Self::Archive(archive) => &archive.path,
        }
    }

    fn find(&self, name: &str) -> Result<Option<Range>> {
        match self {
            Self::Archive(archive) => Ok(archive.find(name)),
            Self::Directory(path) => {
                let path = path.join(name);
                let failed = |error| Error::io("read", &path)(error);
                let file = match File::open(&path) {
                    Err(error)
                        if matches!(
                            error.kind(),
                            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                        ) =>
                    {
                        return Ok(None);
                    }
                    other => other.map_err(failed)?,
                };
                let length = file.metadata().map_err(failed)?.len();
                Ok(Some(Range {
                    file: Arc::new(file),
                    offset: 0,
                    length,
                }))
            }
        }
    }

    fn need(&self, name: &str, needed_by: &str) -> Result<Range> {
        self.find(name)?.ok_or_else(|| Error::Missing {
            path: self.path().to_owned(),
            member: name.to_owned(),
            needed_by: needed_by.to_owned(),
        })
    }

    /// A document that a descriptor points to; its digest is checked.
    fn bytes(&self, descriptor: &Descriptor, needed_by: &str) -> Result<Vec<u8>> {
        let name = blob(&descriptor.digest);
        let bytes = self.need(&name, needed_by)?.document(self.path(), &name)?;
        match Digest::of(&bytes) {
            actual if actual == descriptor.digest => Ok(bytes),
            actual => Err(Error::DigestMismatch {
                path: self.path().to_owned(),
                what: format!("`{name}`"),
                expected: descriptor.digest,
                actual,
            }),
        }
    }

    fn parse<T: DeserializeOwned>(&self, bytes: &[u8], name: &str) -> Result<T> {
        serde_json::from_slice(bytes).map_err(|error| Error::Document {
            path: self.path().to_owned(),
            member: name.to_owned(),
            reason: error.to_string(),
        })
    }

    /// The images of the layout; of one for several platforms, the one for the platform. With `name`, those that are
    /// called so.
    pub(super) fn read(&self, options: &Options, name: Option<&str>) -> Result<Vec<Image>> {
        if let Self::Directory(path) = self {
            // A directory that is not there is told from one that is no layout.
            path.read_dir().map_err(Error::io("open", path))?;
        }
        let index = self
            .need(INDEX, "every OCI image layout")?
            .document(self.path(), INDEX)?;
        let index: Index = self.parse(&index, INDEX)?;
        let mut leaves = Vec::new();
        let mut left = MANIFESTS_LIMIT;
        for top in index
            .manifests
            .iter()
            .filter(|top| name.is_none_or(|name| top.is_called(name)))
        {
            self.add_leaves(top, top, 0, &mut leaves, &mut left)?;
        }
        if let Some(name) = name.filter(|_| leaves.is_empty()) {
            return Err(Error::NotInSource {
                name: name.to_owned(),
                place: format!("`{}`", self.path().display()),
                names: Some(index.manifests.iter().filter_map(Descriptor::name).collect()),
            });
        }
        if leaves.is_empty() {
            return Err(Error::Document {
                path: self.path().to_owned(),
                member: INDEX.to_owned(),
                reason: "it lists no image".to_owned(),
            });
        }
        let mut images: Vec<Image> = Vec::new();
        while let Some(first) = leaves.first() {
            // What one descriptor leads to, and what has the same name or, for several platforms, none.
            let key = (first.top.reference(), first.top.platform.is_some());
            let top = first.top.clone();
            let is_alternative = |leaf: &Leaf<'_>| {
                *leaf.top == top || (key.1 && (leaf.top.reference(), leaf.top.platform.is_some()) == key)
            };
            let (alternatives, rest) = leaves.into_iter().partition(is_alternative);
            leaves = rest;
            let image = self.image(&self.choose(alternatives, options)?, options)?;
            // One image with several names has a descriptor for each of them.
            match images
                .iter_mut()
                .find(|known| known.manifest_digest == image.manifest_digest)
            {
                Some(known) => known.references.extend(image.references),
                None => images.push(image),
            }
        }
        Ok(images)
    }

    fn add_leaves<'a>(
        &self,
        top: &'a Descriptor,
        descriptor: &Descriptor,
        depth: usize,
        leaves: &mut Vec<Leaf<'a>>,
        left: &mut usize,
    ) -> Result<()> {
        *left = left.checked_sub(1).ok_or_else(|| Error::Unsupported {
            path: self.path().to_owned(),
            what: format!("an index that leads to more than {MANIFESTS_LIMIT} manifests"),
        })?;
        if descriptor.is_attestation() {
            return Ok(());
        }
        if !descriptor.is_index() {
            leaves.push(Leaf {
                top,
                manifest: descriptor.clone(),
            });
            return Ok(());
        }
        if depth == DEPTH_LIMIT {
            return Err(Error::Unsupported {
                path: self.path().to_owned(),
                what: "an index in an index in an index in an index".to_owned(),
            });
        }
        let nested: Index = self.parse(&self.bytes(descriptor, INDEX)?, &blob(&descriptor.digest))?;
        let mut inner = Vec::new();
        for manifest in &nested.manifests {
            // A copy for one platform leaves the others out, but not out of the index.
            if manifest.is_index()
                || manifest.is_attestation()
                || self.find(&blob(&manifest.digest))?.is_some()
            {
                self.add_leaves(top, manifest, depth + 1, &mut inner, left)?;
            }
        }
        if inner.is_empty() {
            return Err(Error::Missing {
                path: self.path().to_owned(),
                member: "manifest of any platform".to_owned(),
                needed_by: blob(&descriptor.digest),
            });
        }
        leaves.extend(inner);
        Ok(())
    }

    /// The manifest for the platform.
    fn choose(&self, mut leaves: Vec<Leaf<'_>>, options: &Options) -> Result<ChosenLeaf> {
        let chosen = |leaf: &Leaf<'_>| ChosenLeaf {
            manifest: leaf.manifest.clone(),
            reference: leaf.top.reference(),
        };
        if let [only] = &leaves[..] {
            return Ok(chosen(only));
        }
        let wanted = options.platform.clone().unwrap_or_else(Platform::host);
        for leaf in &mut leaves {
            if leaf.manifest.platform.is_none() {
                let manifest: Manifest =
                    self.parse(&self.bytes(&leaf.manifest, INDEX)?, &blob(&leaf.manifest.digest))?;
                let config = self.bytes(&manifest.config, &blob(&leaf.manifest.digest))?;
                let config: ImageConfig = self.parse(&config, &blob(&manifest.config.digest))?;
                leaf.manifest.platform = Some(config.platform());
            }
        }
        let platform = |leaf: &Leaf<'_>| leaf.manifest.platform.clone();
        let fits = |leaf: &&Leaf<'_>| platform(leaf).is_some_and(|own| super::fits(&own, &wanted));
        leaves
            .iter()
            .find(fits)
            .map(chosen)
            .ok_or_else(|| Error::NoPlatform {
                path: self.path().to_owned(),
                platform: wanted.to_string(),
                available: leaves
                    .iter()
                    .filter_map(platform)
                    .map(|own| own.to_string())
                    .collect(),
            })
    }

    fn image(&self, leaf: &ChosenLeaf, options: &Options) -> Result<Image> {
        let manifest_name = blob(&leaf.manifest.digest);
        let manifest: Manifest = self.parse(&self.bytes(&leaf.manifest, INDEX)?, &manifest_name)?;
        if !CONFIGS.contains(&manifest.config.media_type.as_str()) {
            return Err(Error::Unsupported {
                path: self.path().to_owned(),
                what: format!("an artifact of the type `{}`", manifest.config.media_type),
            });
        }
        let bytes = self.bytes(&manifest.config, &manifest_name)?;
        let config: ImageConfig = self.parse(&bytes, &blob(&manifest.config.digest))?;
        let diff_ids = &config.rootfs.diff_ids;
        if diff_ids.len() != manifest.layers.len() {
            return Err(Error::Document {
                path: self.path().to_owned(),
                member: manifest_name,
                reason: format!(
                    "it has {} layers, but its configuration lists {}",
                    manifest.layers.len(),
                    diff_ids.len()
                ),
            });
        }
        super::check_layers(self.path(), &manifest_name, manifest.layers.len())?;
        super::check_platform(self.path(), &config, options)?;
        let mut layers = Vec::new();
        for (index, (descriptor, diff_id)) in manifest.layers.iter().zip(diff_ids).enumerate() {
            let name = blob(&descriptor.digest);
            let range = self.need(&name, &manifest_name)?;
            if range.length != descriptor.size {
                return Err(Error::Truncated {
                    path: self.path().to_owned(),
                    detail: format!(
                        "`{name}` has {} bytes, but {} are stated",
                        range.length, descriptor.size
                    ),
                });
            }
            let origin = Origin {
                path: self.path().to_owned(),
                layer: format!("{} (`{name}`)", index + 1),
            };
            let digest = Some(descriptor.digest);
            let archived = Archived::detect(
                range.file,
                range.offset,
                range.length,
                digest,
                origin,
                options.limits,
            )?;
            layers.push(Layer::archived(*diff_id, archived));
        }
        let id = manifest.config.digest;
        Ok(Image {
            id,
            manifest_digest: Some(leaf.manifest.digest),
            name: leaf
                .reference
                .as_ref()
                .map_or_else(|| id.short(), Reference::to_string),
            config,
            config_bytes: bytes.into(),
            references: leaf.reference.clone().into_iter().collect(),
            layers,
            annotations: manifest.annotations,
        })
    }
}

/// The manifest to read, and the name that it has in `index.json`.
struct ChosenLeaf {
    manifest: Descriptor,
    reference: Option<Reference>,
}

fn blob(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}
