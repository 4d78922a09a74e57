use std::collections::BTreeMap;

use plimsoll_core::Purl;

use crate::Artifact;

/// The package URLs of an image after the type `oci`, one for each of its names; the first is the best. The version is the
/// digest of the manifest, or the image ID where the manifest is not known.
pub fn image_purls(artifact: &Artifact) -> Vec<Purl> {
    let digest = artifact
        .manifest_digest
        .or(artifact.image_id)
        .map(|digest| digest.to_string());
    let named = artifact.references.iter().map(|reference| {
        let path = reference.path();
        let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
        let mut qualifiers = BTreeMap::from([(
            "repository_url".to_owned(),
            format!("{}/{path}", reference.registry()),
        )]);
        if let Some(platform) = &artifact.platform {
            qualifiers.insert("arch".to_owned(), platform.architecture.clone());
        }
        if let Some(tag) = reference.tag() {
            qualifiers.insert("tag".to_owned(), tag.to_owned());
        }
        Purl {
            kind: "oci".to_owned(),
            namespace: None,
            name: name.to_lowercase(),
            version: digest.clone(),
            qualifiers,
            subpath: None,
        }
    });
    named.collect()
}
