//! Images as a command line names them: in the store, in an archive, in an OCI layout.

use std::path::Path;

use plimsoll_core::Platform;
use plimsoll_image::source::{self, Options, Source};
use plimsoll_image::{Image, Store};

use crate::failure::Failure;

/// How archives are read: what must be spooled goes into the store's file system.
pub(crate) fn options(store: &Store, platform: Option<&Platform>) -> Options {
    Options {
        platform: platform.cloned(),
        temporary_directory: store.root().to_owned(),
    }
}

/// The image that `name` stands for: a source such as `docker-archive:FILE`, or a name or ID in the store.
pub(crate) fn named(store: &Store, name: &str, platform: Option<&Platform>) -> anyhow::Result<Image> {
    let source: Source = name.parse()?;
    Ok(one(
        source::open(&source, store, &options(store, platform))?,
        name,
    )?)
}

/// The image in the archive `path`. `name` is what the user called it.
pub(crate) fn archived(
    store: &Store,
    path: &Path,
    name: &str,
    platform: Option<&Platform>,
) -> anyhow::Result<Image> {
    Ok(one(source::open_archive(path, &options(store, platform))?, name)?)
}

fn one(images: Vec<Image>, name: &str) -> Result<Image, Failure> {
    let names: Vec<String> = images
        .iter()
        .flat_map(|image| image.references.iter().map(ToString::to_string))
        .collect();
    match <[Image; 1]>::try_from(images) {
        Ok([image]) => Ok(image),
        Err(images) => Err(
            Failure::usage(format!("`{name}` holds {} images", images.len())).with_hint(format!(
                "choose one: `docker-archive:{name}:NAME`; the names are {}",
                names.join(", ")
            )),
        ),
    }
}
