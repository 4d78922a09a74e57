//! The documents of the OCI image specification that lead to an image: index, manifest, descriptor.

use std::collections::BTreeMap;

use plimsoll_core::{Digest, Platform, Reference};
use serde::{Deserialize, Deserializer, Serialize};

pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(crate) const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
pub(crate) const LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
pub(crate) const LAYER_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";

/// The content of the file `oci-layout`.
pub(crate) const LAYOUT: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

/// The annotation with the tag or name of an image (OCI image layout).
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// The annotation with the whole name (containerd, Docker).
const IMAGE_NAME: &str = "io.containerd.image.name";

/// The most bytes that a manifest, index or configuration may have.
pub(crate) const DOCUMENT_LIMIT: u64 = 16 << 20;

/// Points to a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    #[serde(default)]
    pub(crate) media_type: String,
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub(crate) annotations: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) platform: Option<Platform>,
}

impl Descriptor {
    pub(crate) fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest,
            size,
            annotations: BTreeMap::new(),
            platform: None,
        }
    }

    /// The same, under a name.
    pub(crate) fn named(mut self, reference: &Reference) -> Self {
        let tag = reference.tag().map_or_else(|| reference.full(), str::to_owned);
        self.annotations.insert(REF_NAME.to_owned(), tag);
        self.annotations.insert(IMAGE_NAME.to_owned(), reference.full());
        self
    }

    /// The name, if there is a whole one: a tag alone names no image.
    pub(crate) fn reference(&self) -> Option<Reference> {
        let whole = |name: &&String| name.contains(['/', ':']);
        let name = self.annotations.get(IMAGE_NAME);
        let name = name.or_else(|| self.annotations.get(REF_NAME).filter(whole));
        name.and_then(|name| name.parse().ok())
    }

    /// Whether the descriptor carries this tag or name, as it is written.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        let wanted: Option<Reference> = name.parse().ok();
        self.annotations.get(REF_NAME).is_some_and(|tag| tag == name)
            || (wanted.is_some() && self.reference() == wanted)
    }

    /// What it is called, by name or else by tag.
    pub(crate) fn name(&self) -> Option<String> {
        let named = self.reference().map(|reference| reference.to_string());
        named.or_else(|| self.annotations.get(REF_NAME).cloned())
    }

    pub(crate) fn is_index(&self) -> bool {
        matches!(self.media_type.as_str(), INDEX | DOCKER_INDEX)
    }

    /// Whether it is what BuildKit writes beside images: provenance and bills of materials.
    pub(crate) fn is_attestation(&self) -> bool {
        self.annotations.contains_key("vnd.docker.reference.digest")
            || self
                .platform
                .as_ref()
                .is_some_and(|platform| platform.os == "unknown")
    }
}

/// A list of manifests, or of further indexes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Index {
    pub(crate) schema_version: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) media_type: String,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(crate) manifests: Vec<Descriptor>,
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            schema_version: 2,
            media_type: INDEX.to_owned(),
            manifests: Vec::new(),
            annotations: BTreeMap::new(),
        }
    }
}

/// What one image consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    pub(crate) schema_version: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) media_type: String,
    pub(crate) config: Descriptor,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(crate) layers: Vec<Descriptor>,
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Manifest {
    pub(crate) fn new(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: MANIFEST.to_owned(),
            config,
            layers,
            annotations: BTreeMap::new(),
        }
    }
}

/// The JSON text of a document of this module.
pub(crate) fn to_vec<T: Serialize>(document: &T) -> Vec<u8> {
    // Strings, numbers and maps with string keys always have a JSON form.
    serde_json::to_vec(document).expect("an OCI document has a JSON form")
}

fn null_is_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_alone_is_no_name() {
        let mut descriptor = Descriptor::new(MANIFEST, Digest::of(b""), 0);
        descriptor.annotations.insert(REF_NAME.into(), "latest".into());
        assert_eq!(descriptor.reference(), None);
        assert!(descriptor.is_called("latest"));
        let reference: Reference = "a/b:1".parse().unwrap();
        let named = descriptor.named(&reference);
        assert_eq!(named.reference(), Some(reference));
        assert!(named.is_called("docker.io/a/b:1") && named.is_called("1") && !named.is_called("2"));
    }
}
