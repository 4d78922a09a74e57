//! What `--metadata-file` says, with the keys that buildx writes.

use plimsoll_core::{Digest, Reference};
use plimsoll_image::{Image, sink::oci::Written};
use serde_json::{Map, Value, json};

/// The document: the image as it was written last to an OCI form, else as it is in the store.
pub(super) fn text(
    image: &Image,
    names: &[Reference],
    written: Option<Written>,
) -> serde_json::Result<String> {
    let digest = written
        .map(|written| written.manifest_digest)
        .or(image.manifest_digest);
    let mut metadata = Map::new();
    let mut set = |key: &str, value: Value| _ = metadata.insert(key.to_owned(), value);
    set("buildx.build.ref", json!(build_reference(image, digest)));
    set("containerimage.config.digest", json!(image.id));
    if let Some(digest) = digest {
        let mut descriptor = json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": digest,
        });
        if let Some(written) = written {
            descriptor["size"] = json!(written.manifest_size);
        }
        if !image.config.architecture.is_empty() {
            descriptor["platform"] = json!(image.config.platform());
        }
        set("containerimage.descriptor", descriptor);
        set("containerimage.digest", json!(digest));
    }
    if !names.is_empty() {
        let names: Vec<String> = names.iter().map(Reference::full).collect();
        set("image.name", json!(names.join(",")));
    }
    Ok(serde_json::to_string_pretty(&metadata)? + "\n")
}

/// buildx names each build by builder, node and a word of its own; here the same result has the same name.
fn build_reference(image: &Image, digest: Option<Digest>) -> String {
    let own = Digest::of(format!("{} {digest:?}", image.id).as_bytes());
    format!("plimsoll/local/{}", &own.hex()[..25])
}
