//! Where images are read from.

mod archive;
mod docker_archive;
mod engine;
mod http;
mod oci;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use plimsoll_core::Platform;

use crate::{Error, Image, ImageConfig, Limits, Result, Store};
use archive::Archive;
use engine::Engine;

/// Where an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// In the store, under this name or ID.
    Store(String),
    /// In a tar that `docker save` or `podman save` wrote, or another tool in the same format.
    DockerArchive(PathBuf),
    /// In a tar of an OCI image layout.
    OciArchive(PathBuf),
    /// In an OCI image layout.
    Oci(PathBuf),
    /// In a Docker engine, under this name or ID.
    DockerDaemon(String),
    /// In a Podman service, under this name or ID.
    Podman(String),
}

impl FromStr for Source {
    type Err = Error;

    /// Reads `docker-archive:FILE`, `oci-archive:FILE`, `oci:DIR`, `docker-daemon:NAME`, `podman:NAME`, or the name of
    /// an image in the store.
    fn from_str(text: &str) -> Result<Self> {
        let file = |file: &str| match file {
            "" => Err(Error::Name {
                text: text.to_owned(),
                reason: "a path is missing behind the colon".to_owned(),
            }),
            file => Ok(PathBuf::from(file)),
        };
        let name = |name: &str| match name {
            "" => Err(Error::Name {
                text: text.to_owned(),
                reason: "a name is missing behind the colon".to_owned(),
            }),
            name => Ok(name.to_owned()),
        };
        match text.split_once(':') {
            Some(("docker-archive", path)) => file(path).map(Self::DockerArchive),
            Some(("oci-archive", path)) => file(path).map(Self::OciArchive),
            Some(("oci", path)) => file(path).map(Self::Oci),
            Some(("docker-daemon", image)) => name(image).map(Self::DockerDaemon),
            Some(("podman", image)) => name(image).map(Self::Podman),
            Some(("containerd", image)) if !image.starts_with(|first: char| first.is_ascii_digit()) => {
                Err(Error::Name {
                    text: text.to_owned(),
                    reason: "containerd's images are not read where they are; write one to a file with \
                             `ctr images export FILE NAME` and name that by `oci-archive:FILE`"
                        .to_owned(),
                })
            }
            Some(("rootfs" | "dir", path)) if Path::new(path).is_dir() => Err(Error::Name {
                text: text.to_owned(),
                reason: format!(
                    "a directory is no image: `plimsoll scan {text}` and `plimsoll sbom` look into it, and \
                     `tar -C DIR -c . | plimsoll import -` makes an image of it"
                ),
            }),
            _ if text.is_empty() => Err(Error::Name {
                text: String::new(),
                reason: "it is empty".to_owned(),
            }),
            _ => Ok(Self::Store(text.to_owned())),
        }
    }
}

/// How sources are opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// The platform to take from an image of several; this machine's when nothing is said.
    pub platform: Option<Platform>,
    /// Where a compressed archive is spooled to, in a file without a name.
    pub temporary_directory: PathBuf,
    /// How much compressed input may become.
    pub limits: Limits,
    /// The socket of the Docker engine.
    pub docker_socket: PathBuf,
    /// The socket of the Podman service.
    pub podman_socket: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            platform: None,
            temporary_directory: PathBuf::from("/tmp"),
            limits: Limits::default(),
            docker_socket: PathBuf::from("/var/run/docker.sock"),
            podman_socket: PathBuf::from("/run/podman/podman.sock"),
        }
    }
}

/// The images of a source; a name in the store gives one. Behind the path of an archive or layout, `:NAME` chooses the
/// image of that name or tag.
///
/// # Errors
/// When there is no such file or image, or the archive is damaged.
pub fn open(source: &Source, store: &Store, options: &Options) -> Result<Vec<Image>> {
    match source {
        Source::Store(name) => Ok(vec![store.find(name)?]),
        Source::DockerArchive(path) => {
            let (path, name) = split_name(path);
            let archive = Archive::open(&path, options)?;
            expect(
                &archive,
                docker_archive::MANIFEST,
                oci::INDEX,
                "an OCI image layout: name it by `oci-archive:`",
            )?;
            named(docker_archive::read(&archive, options)?, &path, name.as_deref())
        }
        Source::OciArchive(path) => {
            let (path, name) = split_name(path);
            let archive = Archive::open(&path, options)?;
            expect(
                &archive,
                oci::INDEX,
                docker_archive::MANIFEST,
                "a docker-archive: name it by `docker-archive:`",
            )?;
            oci::Layout::Archive(archive).read(options, name.as_deref())
        }
        Source::Oci(path) => {
            let (path, name) = split_name(path);
            oci::Layout::Directory(path).read(options, name.as_deref())
        }
        Source::DockerDaemon(name) => exported(Engine::Docker, &options.docker_socket, name, options),
        Source::Podman(name) => exported(Engine::Podman, &options.podman_socket, name, options),
    }
}

/// Refuses an archive that has the list of images of another form instead of its own; one that has neither is refused
/// when it is read.
fn expect(archive: &Archive, own: &str, other: &str, what: &str) -> Result<()> {
    match archive.find(own).is_none() && archive.find(other).is_some() {
        true => Err(archive::not_an_archive(&archive.path, &format!("it is {what}"))),
        false => Ok(()),
    }
}

/// The image `name` of a container engine.
fn exported(engine: Engine, socket: &Path, name: &str, options: &Options) -> Result<Vec<Image>> {
    let file = engine.export(socket, name, &options.temporary_directory)?;
    let archive = Archive::of(file, &engine.place(name))?;
    docker_archive::read(&archive, options)
}

/// The images of a file that is a docker-archive or an oci-archive, plain or compressed, or of a directory that is an
/// OCI image layout.
///
/// # Errors
/// When it is none of them, or damaged.
pub fn open_archive(path: &Path, options: &Options) -> Result<Vec<Image>> {
    if path.join(oci::INDEX).is_file() {
        return open_layout(path, options);
    }
    images(Archive::open(path, options)?, options)
}

/// The same of an archive that can be read only once, such as standard input; it is spooled. `path` stands for it in
/// messages.
///
/// # Errors
/// When it is neither, or damaged.
pub fn open_stream(input: impl Read + Send, path: &Path, options: &Options) -> Result<Vec<Image>> {
    images(Archive::spooled(input, path, options)?, options)
}

fn images(archive: Archive, options: &Options) -> Result<Vec<Image>> {
    if archive.find(docker_archive::MANIFEST).is_some() {
        docker_archive::read(&archive, options)
    } else if archive.find(oci::INDEX).is_some() {
        oci::Layout::Archive(archive).read(options, None)
    } else {
        Err(archive::not_an_archive(
            &archive.path,
            "it is a tar with neither `manifest.json` nor `index.json` in it",
        ))
    }
}

/// The images of the OCI image layout in a directory.
///
/// # Errors
/// When there is none, or it is damaged.
pub fn open_layout(path: &Path, options: &Options) -> Result<Vec<Image>> {
    oci::Layout::Directory(path.to_owned()).read(options, None)
}

/// A path that is there is meant as a whole; of another, what follows a colon is a name.
fn split_name(path: &Path) -> (PathBuf, Option<String>) {
    let whole = (path.to_owned(), None);
    let Some(text) = path.to_str().filter(|_| !path.exists()) else {
        return whole;
    };
    let colons = text
        .match_indices(':')
        .map(|(index, _)| (&text[..index], &text[index + 1..]));
    let found = colons
        .into_iter()
        .find(|(path, name)| !name.is_empty() && Path::new(path).exists());
    found.map_or(whole, |(path, name)| (PathBuf::from(path), Some(name.to_owned())))
}

fn named(images: Vec<Image>, path: &Path, name: Option<&str>) -> Result<Vec<Image>> {
    let Some(name) = name else {
        return Ok(images);
    };
    let reference = name.parse().ok();
    let is_meant = |image: &Image| image.references.iter().any(|own| Some(own) == reference.as_ref());
    let (found, others): (Vec<Image>, Vec<Image>) = images.into_iter().partition(is_meant);
    match found.is_empty() {
        true => Err(Error::NotInSource {
            name: name.to_owned(),
            place: format!("`{}`", path.display()),
            names: Some(
                others
                    .iter()
                    .flat_map(|image| &image.references)
                    .map(ToString::to_string)
                    .collect(),
            ),
        }),
        false => Ok(found),
    }
}

/// The most layers of one image; engines take no more than 127.
const LAYERS_LIMIT: usize = 1000;

/// Refuses an image with more layers than any engine would take.
fn check_layers(path: &Path, member: &str, layers: usize) -> Result<()> {
    match layers {
        ..=LAYERS_LIMIT => Ok(()),
        _ => Err(Error::Document {
            path: path.to_owned(),
            member: member.to_owned(),
            reason: format!("it lists {layers} layers; no more than {LAYERS_LIMIT} are read"),
        }),
    }
}

/// Whether an image for the platform `own` is what is wanted. A variant is asked for only where it is named.
fn fits(own: &Platform, wanted: &Platform) -> bool {
    (&own.os, &own.architecture) == (&wanted.os, &wanted.architecture)
        && (wanted.variant.is_none() || own.variant.is_none() || own.variant == wanted.variant)
}

/// Refuses an image that is for another platform than the one asked for. One that says nothing is taken.
fn check_platform(path: &Path, config: &ImageConfig, options: &Options) -> Result<()> {
    match &options.platform {
        Some(wanted) if !config.architecture.is_empty() && !fits(&config.platform(), wanted) => {
            Err(Error::NoPlatform {
                path: path.to_owned(),
                platform: wanted.to_string(),
                available: vec![config.platform().to_string()],
            })
        }
        _ => Ok(()),
    }
}
