//! What was pulled, as an OCI image layout in a folder that is gone when it is no longer needed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use plimsoll_core::{Digest, Platform, Reference};
use serde::Deserialize;
use serde_json::json;
use tempfile::TempDir;

use super::error::{because, cannot};
use crate::Result;

/// A manifest is a small document; one that is not is refused before it is read.
const LARGEST_MANIFEST: usize = 4 << 20;

pub(super) struct PulledLayout(TempDir);

/// What a manifest says of one blob.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    pub(super) media_type: String,
    pub(super) digest: Digest,
    pub(super) size: i64,
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    manifests: Vec<Descriptor>,
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
}

fn manifest(bytes: &[u8], reference: &Reference) -> Result<Manifest> {
    if bytes.len() > LARGEST_MANIFEST {
        return Err(cannot(reference, "its manifest is larger than any manifest is"));
    }
    serde_json::from_slice(bytes).map_err(|error| because(reference, &error))
}

/// Of an index, the digest of the manifest for `platform`; nothing of a manifest.
pub(super) fn manifest_for(
    bytes: &[u8],
    platform: &Platform,
    reference: &Reference,
) -> Result<Option<Digest>> {
    let manifest = manifest(bytes, reference)?;
    if manifest.manifests.is_empty() {
        return Ok(None);
    }
    let fits = |one: &&Descriptor| {
        one.platform.as_ref().is_some_and(|known| {
            known.os == platform.os
                && known.architecture == platform.architecture
                && (platform.variant.is_none() || known.variant == platform.variant)
        })
    };
    match manifest.manifests.iter().find(fits) {
        Some(found) => Ok(Some(found.digest)),
        None => Err(cannot(reference, format!("it is not made for {platform}"))),
    }
}

/// The configuration and the layers that a manifest names.
pub(super) fn blobs_of(bytes: &[u8], reference: &Reference) -> Result<Vec<Descriptor>> {
    let manifest = manifest(bytes, reference)?;
    let config = manifest
        .config
        .ok_or_else(|| cannot(reference, "its manifest names no configuration"))?;
    let mut blobs = vec![config];
    blobs.extend(manifest.layers);
    blobs.sort_by_key(|blob| blob.digest);
    blobs.dedup_by_key(|blob| blob.digest);
    Ok(blobs)
}

impl PulledLayout {
    pub(super) fn new_in(folder: &Path) -> io::Result<Self> {
        let layout = tempfile::Builder::new().prefix("pull-").tempdir_in(folder)?;
        fs::create_dir_all(layout.path().join("blobs/sha256"))?;
        Ok(Self(layout))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.path().join("blobs/sha256").join(digest.hex())
    }

    pub(super) fn blob_file(&self, digest: &Digest) -> io::Result<File> {
        File::create(self.blob_path(digest))
    }

    /// Writes the manifest and the files that make the folder a layout.
    pub(super) fn finish(&self, manifest: &[u8], platform: &Platform) -> io::Result<()> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Kind {
            media_type: Option<String>,
        }
        let digest = Digest::of(manifest);
        fs::write(self.blob_path(&digest), manifest)?;
        let kind = serde_json::from_slice::<Kind>(manifest)
            .ok()
            .and_then(|kind| kind.media_type);
        let index = json!({
            "schemaVersion": 2,
            "manifests": [{
                "mediaType": kind.unwrap_or_else(|| "application/vnd.oci.image.manifest.v1+json".to_owned()),
                "digest": digest,
                "size": manifest.len(),
                "platform": platform,
            }],
        });
        fs::write(self.path().join("index.json"), index.to_string())?;
        fs::write(
            self.path().join("oci-layout"),
            r#"{"imageLayoutVersion":"1.0.0"}"#,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference() -> Reference {
        "localhost:5000/app:1".parse().unwrap()
    }

    #[test]
    fn an_index_gives_the_manifest_of_the_platform() {
        let digests = [Digest::of(b"a"), Digest::of(b"b")];
        let index = json!({ "manifests": [
            { "mediaType": "m", "digest": digests[0], "size": 1, "platform": { "os": "linux", "architecture": "arm64" } },
            { "mediaType": "m", "digest": digests[1], "size": 1, "platform": { "os": "linux", "architecture": "amd64" } },
        ] })
        .to_string();
        let of = |platform: &str| manifest_for(index.as_bytes(), &platform.parse().unwrap(), &reference());
        assert_eq!(of("linux/amd64").unwrap(), Some(digests[1]));
        assert!(
            of("linux/s390x")
                .unwrap_err()
                .to_string()
                .contains("not made for linux/s390x")
        );
        assert_eq!(
            manifest_for(b"{\"config\":null}", &Platform::host(), &reference()).unwrap(),
            None
        );
    }

    #[test]
    fn a_blob_that_is_named_twice_is_fetched_once() {
        let digest = Digest::of(b"x");
        let one = json!({ "mediaType": "m", "digest": digest, "size": 1 });
        let manifest = json!({ "config": { "mediaType": "c", "digest": Digest::of(b"c"), "size": 1 }, "layers": [one, one] });
        assert_eq!(
            blobs_of(manifest.to_string().as_bytes(), &reference())
                .unwrap()
                .len(),
            2
        );
        assert!(blobs_of(b"{}", &reference()).is_err());
    }
}
