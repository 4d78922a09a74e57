//! Images as a command line names them: in the store, a container engine, an archive, an OCI layout, a registry.

use std::path::Path;
use std::{fs, io};

use plimsoll_core::{Platform, Reference};
use plimsoll_image::registry::{self, PullOptions};
use plimsoll_image::source::{self, Options, Source};
use plimsoll_image::{Error, Image, Store};

use crate::failure::Failure;
use crate::settings;

/// How archives are read: what must be spooled goes into the store's file system.
pub(crate) fn options(store: &Store, platform: Option<&Platform>) -> Result<Options, Failure> {
    Ok(Options {
        platform: platform.cloned(),
        temporary_directory: store.root().to_owned(),
        limits: settings::limits()?,
        ..Options::default()
    })
}

/// The image that `name` stands for: a source such as `docker-archive:FILE`, or a name or ID in the store, else in the
/// Docker engine, else in Podman, as far as these are there. A registry is asked only by `registry:NAME`.
pub(crate) fn named(store: &Store, name: &str, platform: Option<&Platform>) -> anyhow::Result<Image> {
    if let Some(reference) = name.strip_prefix("registry:") {
        return pulled(store, &reference.parse()?, platform);
    }
    let source: Source = name.parse()?;
    let mut options = options(store, platform)?;
    match &source {
        Source::DockerDaemon(_) => options.docker_socket = settings::docker_socket()?,
        Source::Podman(_) => options.podman_socket = settings::podman_socket()?,
        _ => {}
    }
    match source::open(&source, store, &options) {
        Err(Error::NoSuchImage { .. }) if matches!(source, Source::Store(_)) => {
            in_engine(store, name, options)
        }
        opened => Ok(one(opened?, name)?),
    }
}

/// An image that is not in the store, in the first engine that answers and has it.
fn in_engine(store: &Store, name: &str, mut options: Options) -> anyhow::Result<Image> {
    let engines = [
        (settings::docker_socket(), Source::DockerDaemon(name.to_owned())),
        (settings::podman_socket(), Source::Podman(name.to_owned())),
    ];
    for (socket, source) in engines {
        let Some(socket) = socket.ok().filter(|socket| socket.exists()) else {
            continue;
        };
        options.docker_socket.clone_from(&socket);
        options.podman_socket = socket;
        match source::open(&source, store, &options) {
            Ok(images) => return Ok(one(images, name)?),
            // One that does not answer, or not us, has nothing to say about the name.
            Err(Error::NotInSource { .. } | Error::Engine { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let hint = match fs::metadata(name) {
        Ok(file) if file.is_dir() => format!(
            "`{name}` is a directory: `rootfs:{name}` for the files in it, `oci:{name}` where it is an OCI image layout"
        ),
        Ok(_) => format!("`{name}` is a file: name it by `--input {name}`"),
        Err(_) => format!(
            "`plimsoll images` lists the store; a registry is asked by `registry:{name}`, a file is named by \
             `docker-archive:FILE`, `oci-archive:FILE` or `oci:DIR`"
        ),
    };
    Err(Failure::new(format!(
        "there is no image `{name}`, neither in the store nor in a container engine"
    ))
    .with_hint(hint)
    .into())
}

fn pulled(store: &Store, reference: &Reference, platform: Option<&Platform>) -> anyhow::Result<Image> {
    let platform = platform.cloned().unwrap_or_else(Platform::host);
    let options = PullOptions {
        proxy: settings::proxy("https"),
        ..PullOptions::default()
    };
    Ok(registry::pull(store, reference, &platform, &options)?)
}

/// What standard input is called.
const STANDARD_INPUT: &str = "standard input";

/// The images of the archive that standard input gives; they are read while they are there, which is as long as they
/// are kept.
pub(crate) fn of_standard_input(store: &Store, platform: Option<&Platform>) -> anyhow::Result<Vec<Image>> {
    let options = options(store, platform)?;
    Ok(source::open_stream(
        io::stdin(),
        Path::new(STANDARD_INPUT),
        &options,
    )?)
}

/// The image in the archive `path`. `name` is what the user called it.
pub(crate) fn archived(
    store: &Store,
    path: &Path,
    name: &str,
    platform: Option<&Platform>,
) -> anyhow::Result<Image> {
    Ok(one(
        source::open_archive(path, &options(store, platform)?)?,
        name,
    )?)
}

pub(crate) fn one(images: Vec<Image>, name: &str) -> Result<Image, Failure> {
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
