//! Archives that `docker save`, `podman save`, buildah and skopeo write: a tar with `manifest.json`.

use plimsoll_core::{Digest, Reference};
use serde::{Deserialize, Deserializer};

use super::Options;
use super::archive::Archive;
use crate::layer::{Archived, Origin};
use crate::{Error, Image, ImageConfig, Layer, Result};

/// The name of the list of images.
pub(super) const MANIFEST: &str = "manifest.json";

/// One image of an archive.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    config: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    repo_tags: Vec<String>,
    #[serde(default, deserialize_with = "null_is_empty")]
    layers: Vec<String>,
}

fn null_is_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// All images of the archive.
pub(super) fn read(archive: &Archive, options: &Options) -> Result<Vec<Image>> {
    let missing = |member: &str, needed_by: &str| Error::Missing {
        path: archive.path.clone(),
        member: member.to_owned(),
        needed_by: needed_by.to_owned(),
    };
    let manifest = archive
        .find(MANIFEST)
        .ok_or_else(|| missing(MANIFEST, "every docker-archive"))?;
    let manifest = manifest.document(&archive.path, MANIFEST)?;
    let items: Vec<Item> =
        serde_json::from_slice(&manifest).map_err(|error| document(archive, MANIFEST, &error))?;
    if items.is_empty() {
        return Err(document(archive, MANIFEST, &"it lists no image"));
    }
    let mut images = Vec::new();
    for item in &items {
        let config = archive
            .find(&item.config)
            .ok_or_else(|| missing(&item.config, MANIFEST))?;
        let bytes = config.document(&archive.path, &item.config)?;
        let id = Digest::of(&bytes);
        if let Some(expected) = digest_in_name(&item.config).filter(|expected| *expected != id) {
            return Err(Error::DigestMismatch {
                path: archive.path.clone(),
                what: format!("the configuration `{}`", item.config),
                expected,
                actual: id,
            });
        }
        let config =
            ImageConfig::from_slice(&bytes).map_err(|error| document(archive, &item.config, &error))?;
        let diff_ids = &config.rootfs.diff_ids;
        if diff_ids.len() != item.layers.len() {
            let reason = format!(
                "it has {} layers, but `{}` lists {}",
                item.layers.len(),
                item.config,
                diff_ids.len()
            );
            return Err(document(archive, MANIFEST, &reason));
        }
        super::check_layers(&archive.path, MANIFEST, item.layers.len())?;
        super::check_platform(&archive.path, &config, options)?;
        let mut layers = Vec::new();
        for (index, (name, diff_id)) in item.layers.iter().zip(diff_ids).enumerate() {
            let range = archive.find(name).ok_or_else(|| missing(name, MANIFEST))?;
            let origin = Origin {
                path: archive.path.clone(),
                layer: format!("{} (`{name}`)", index + 1),
            };
            let digest = name
                .strip_prefix("blobs/sha256/")
                .and_then(|hex| Digest::from_hex(hex).ok());
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
        let references = references(archive, &item.repo_tags)?;
        images.push(Image {
            id,
            manifest_digest: None,
            name: references
                .first()
                .map_or_else(|| id.short(), Reference::to_string),
            config,
            config_bytes: bytes.into(),
            references,
            layers,
            annotations: Default::default(),
        });
    }
    Ok(images)
}

fn references(archive: &Archive, tags: &[String]) -> Result<Vec<Reference>> {
    let named = tags.iter().filter(|tag| !tag.starts_with("<none>"));
    let parse = |tag: &String| tag.parse().map_err(|error| document(archive, MANIFEST, &error));
    named.map(parse).collect()
}

/// The digest that a configuration's name states: `<hex>.json`, `blobs/sha256/<hex>`.
fn digest_in_name(name: &str) -> Option<Digest> {
    let base = name.rsplit('/').next()?;
    Digest::from_hex(base.strip_suffix(".json").unwrap_or(base)).ok()
}

fn document(archive: &Archive, member: &str, reason: &dyn std::fmt::Display) -> Error {
    Error::Document {
        path: archive.path.clone(),
        member: member.to_owned(),
        reason: reason.to_string(),
    }
}
