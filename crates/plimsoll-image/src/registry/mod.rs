//! Images in registries, by the OCI distribution specification. This is the only part that waits for a network.
//!
//! A pull first becomes an OCI layout in a folder of the store, and is then taken in like any other layout, so that
//! every digest is checked in the same place.

mod error;
mod layout;

use std::path::Path;
use std::time::Duration;

use oci_client::client::{Certificate, CertificateEncoding, ClientConfig, ClientProtocol};
use oci_client::manifest::{
    IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE,
    OCI_IMAGE_MEDIA_TYPE,
};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference as RemoteReference, RegistryOperation};
use plimsoll_core::{Digest, Platform, Reference};

use crate::{Image, Result, Store, source};
use error::{because, cannot, io_failed};
use layout::PulledLayout;

/// How a registry is spoken to.
#[derive(Debug, Clone, Default)]
pub struct PullOptions {
    /// User and password; anonymous where there are none.
    pub credentials: Option<(String, String)>,
    /// The bytes of PEM certificates to trust beside the system's.
    pub root_certificates: Vec<Vec<u8>>,
    /// The proxy for registries, such as `http://proxy:3128`.
    pub proxy: Option<String>,
}

const MANIFESTS: [&str; 4] = [
    OCI_IMAGE_MEDIA_TYPE,
    IMAGE_MANIFEST_MEDIA_TYPE,
    OCI_IMAGE_INDEX_MEDIA_TYPE,
    IMAGE_MANIFEST_LIST_MEDIA_TYPE,
];

/// Takes the image that `reference` names, for `platform`, from its registry into the store.
///
/// # Errors
/// [`crate::Error::Registry`] when the registry does not answer or has no such image; what [`Store::add`] has to say of the
/// image otherwise. Nothing of it is in the store then.
pub fn pull(
    store: &Store,
    reference: &Reference,
    platform: &Platform,
    options: &PullOptions,
) -> Result<Image> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| io_failed(reference, &error))?;
    let layout =
        PulledLayout::new_in(store.temporary_directory()?).map_err(|error| io_failed(reference, &error))?;
    runtime.block_on(fetch(reference, platform, options, &layout))?;
    take_in(store, reference, platform, layout.path())
}

fn take_in(store: &Store, reference: &Reference, platform: &Platform, layout: &Path) -> Result<Image> {
    let options = source::Options {
        platform: Some(platform.clone()),
        temporary_directory: store.temporary_directory()?.to_owned(),
        ..source::Options::default()
    };
    let images = source::open(&source::Source::Oci(layout.to_owned()), store, &options)?;
    let image = images
        .first()
        .ok_or_else(|| cannot(reference, "the registry sent no image"))?;
    store.add(image, std::slice::from_ref(reference))
}

/// Puts the manifest and everything that it names into `layout`.
async fn fetch(
    reference: &Reference,
    platform: &Platform,
    options: &PullOptions,
    layout: &PulledLayout,
) -> Result<()> {
    let remote: RemoteReference = reference
        .full()
        .parse()
        .map_err(|error| because(reference, &error))?;
    let auth = match &options.credentials {
        Some((user, password)) => RegistryAuth::Basic(user.clone(), password.clone()),
        None => RegistryAuth::Anonymous,
    };
    let client = client(reference, options)?;
    client
        .auth(&remote, &auth, RegistryOperation::Pull)
        .await
        .map_err(|error| because(reference, &error))?;
    let (mut manifest, mut digest) = client
        .pull_manifest_raw(&remote, &auth, &MANIFESTS)
        .await
        .map_err(|error| because(reference, &error))?;
    if let Some(chosen) = layout::manifest_for(&manifest, platform, reference)? {
        let by_digest = remote.clone_with_digest(chosen.to_string());
        (manifest, digest) = client
            .pull_manifest_raw(&by_digest, &auth, &MANIFESTS)
            .await
            .map_err(|error| because(reference, &error))?;
    }
    if digest != Digest::of(&manifest).to_string() {
        return Err(cannot(
            reference,
            "its manifest does not have the digest that the registry states",
        ));
    }
    for descriptor in layout::blobs_of(&manifest, reference)? {
        let mut file = tokio::fs::File::from_std(
            layout
                .blob_file(&descriptor.digest)
                .map_err(|error| io_failed(reference, &error))?,
        );
        let wanted = oci_client::manifest::OciDescriptor {
            digest: descriptor.digest.to_string(),
            size: descriptor.size,
            media_type: descriptor.media_type,
            ..Default::default()
        };
        client
            .pull_blob(&remote, &wanted, &mut file)
            .await
            .map_err(|error| because(reference, &error))?;
    }
    layout
        .finish(&manifest, platform)
        .map_err(|error| io_failed(reference, &error))
}

fn client(reference: &Reference, options: &PullOptions) -> Result<Client> {
    // A second call finds the provider installed already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let host = reference.registry();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    // As Docker has it: registries on this machine may speak plain HTTP.
    let plain = name == "localhost" || name.starts_with("127.") || name == "[::1]";
    let certificate = |pem: &Vec<u8>| Certificate {
        encoding: CertificateEncoding::Pem,
        data: pem.clone(),
    };
    let config = ClientConfig {
        protocol: if plain {
            ClientProtocol::Http
        } else {
            ClientProtocol::Https
        },
        extra_root_certificates: options.root_certificates.iter().map(certificate).collect(),
        connect_timeout: Some(Duration::from_secs(10)),
        read_timeout: Some(Duration::from_secs(60)),
        user_agent: concat!("plimsoll/", env!("CARGO_PKG_VERSION")),
        https_proxy: options.proxy.clone().filter(|_| !plain),
        ..ClientConfig::default()
    };
    Client::try_from(config).map_err(|error| because(reference, &error))
}
