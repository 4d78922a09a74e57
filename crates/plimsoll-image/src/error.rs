use std::io;
use std::path::{Path, PathBuf};

use plimsoll_core::{Digest, Hint};

/// What can go wrong with images at rest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused something.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried: `read`, `create`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// No image has this name or ID.
    #[error("there is no image `{name}`")]
    NoSuchImage {
        /// The name as it was given.
        name: String,
    },
    /// A file or a container engine has no image of this name.
    #[error("there is no image `{name}` in {place}")]
    NotInSource {
        /// The name as it was given.
        name: String,
        /// Where it was looked for, for people: `Docker`, or a path in backticks.
        place: String,
        /// The names that are there, where it is a file.
        names: Option<Vec<String>>,
    },
    /// A short ID fits several images.
    #[error("`{name}` is the start of {} image IDs", ids.len())]
    Ambiguous {
        /// The name as it was given.
        name: String,
        /// The images that it fits.
        ids: Vec<Digest>,
    },
    /// A registry did not give the image.
    #[error("cannot pull `{reference}`: {reason}")]
    Registry {
        /// The image.
        reference: String,
        /// Why not.
        reason: String,
    },
    /// A container engine did not give the image.
    #[error("cannot get the image from {engine} at `{}`: {reason}", socket.display())]
    Engine {
        /// `Docker` or `Podman`.
        engine: &'static str,
        /// The engine's socket.
        socket: PathBuf,
        /// Whether it answered, and refused.
        answered: bool,
        /// Why not.
        reason: String,
    },
    /// An image cannot be removed.
    #[error("image `{name}` is used by {user}")]
    InUse {
        /// The name as it was given.
        name: String,
        /// Who uses it, for people: `container web (3f2a…)`.
        user: String,
    },
    /// An image with several names was to be removed by its ID.
    #[error("image `{name}` has several names: {}", references.join(", "))]
    SeveralNames {
        /// The name as it was given.
        name: String,
        /// The image's names.
        references: Vec<String>,
    },
    /// A source or name does not follow its grammar.
    #[error("`{text}` does not name an image: {reason}")]
    Name {
        /// The text as it was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file is no image archive.
    #[error("`{}` is not an image archive: {reason}", path.display())]
    NotAnArchive {
        /// The file.
        path: PathBuf,
        /// What was found in place of an archive.
        reason: String,
    },
    /// A file ends too early.
    #[error("`{}` is truncated: {detail}", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Where it ends and what is missing.
        detail: String,
    },
    /// Something that an archive or layout refers to is not in it.
    #[error("`{}` has no `{member}`, which {needed_by} needs", path.display())]
    Missing {
        /// The archive or layout.
        path: PathBuf,
        /// What is missing.
        member: String,
        /// Who refers to it: `manifest.json`.
        needed_by: String,
    },
    /// A document cannot be read.
    #[error("`{member}` in `{}` cannot be read: {reason}", path.display())]
    Document {
        /// The archive, layout or store.
        path: PathBuf,
        /// The document in it.
        member: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file was written to while it was read.
    #[error("`{}` was changed while it was read", path.display())]
    Changed {
        /// The archive or layout.
        path: PathBuf,
    },
    /// Bytes do not have the digest that was stated for them.
    #[error("{what} in `{}` has the digest {actual}, but {expected} is stated", path.display())]
    DigestMismatch {
        /// The archive, layout or store.
        path: PathBuf,
        /// What was read: `layer 2`, `config`.
        what: String,
        /// The digest that its place or manifest states.
        expected: Digest,
        /// The digest that it has.
        actual: Digest,
    },
    /// A layer's tar has an entry that cannot be accepted.
    #[error("layer {layer} of `{}`: entry `{entry}`: {reason}", path.display())]
    Entry {
        /// The archive that the layer is in.
        path: PathBuf,
        /// The layer's DiffID, short, or what else it is known by.
        layer: String,
        /// The entry's name.
        entry: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A layer's tar is damaged.
    #[error("layer {layer} of `{}`: {reason}", path.display())]
    Layer {
        /// The archive that the layer is in.
        path: PathBuf,
        /// The layer's DiffID, short, or what else it is known by.
        layer: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A multi-platform image has nothing for the platform.
    #[error("`{}` has no image for {platform}; it has {}", path.display(), available.join(", "))]
    NoPlatform {
        /// The layout or archive.
        path: PathBuf,
        /// The platform that was asked for.
        platform: String,
        /// The platforms that are there.
        available: Vec<String>,
    },
    /// A file is larger than the caller allows.
    #[error("`{path}` has {size} bytes, more than the {limit} that are allowed")]
    TooLarge {
        /// The file in the layer.
        path: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Something that is valid but that this crate does not do.
    #[error("`{}`: {what} is not supported", path.display())]
    Unsupported {
        /// Where it was found.
        path: PathBuf,
        /// What it is.
        what: String,
    },
    /// A caller's visitor or writer failed.
    #[error("cannot write: {0}")]
    Write(#[source] io::Error),
}

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// What a person can do next, where there is something.
    pub fn hint(&self) -> Option<Hint> {
        let text = match self {
            Self::NoSuchImage { .. } => "`plimsoll images` lists the images of the store".to_owned(),
            Self::NotInSource {
                names: Some(names), ..
            } => match names.as_slice() {
                [] => "nothing in it has a name; leave `:NAME` out".to_owned(),
                names => format!("the names in it are {}", listed(names)),
            },
            Self::NotInSource {
                name,
                place,
                names: None,
            } => {
                let engine = place.to_lowercase();
                format!("`{engine} images` lists what is there, `{engine} pull {name}` fetches it")
            }
            Self::Ambiguous { ids, .. } => {
                let ids: Vec<String> = ids.iter().map(|id| format!("`{}`", id.short())).collect();
                format!("give more digits; it fits {}", ids.join(", "))
            }
            Self::InUse { .. } => {
                "remove the container first, or use `--force` to remove the name alone".to_owned()
            }
            Self::SeveralNames { .. } => {
                "remove it by name, or use `--force` to remove all of them".to_owned()
            }
            Self::Registry { .. } => {
                "check the name and the network; `plimsoll load` and `plimsoll import` take images from files"
                    .to_owned()
            }
            Self::Engine { answered: true, .. } => return None,
            Self::Engine { engine: "Podman", .. } => {
                "start its service with `podman system service --time=0 &`, or name its socket with \
                 `CONTAINER_HOST=unix://SOCKET`"
                    .to_owned()
            }
            Self::Engine { .. } => "is it running, and may you use it? Another socket is named with \
                `DOCKER_HOST=unix://SOCKET`"
                .to_owned(),
            Self::NotAnArchive { path, .. } if path.is_dir() => {
                format!(
                    "the files of a root file system are scanned as `rootfs:{}`",
                    path.display()
                )
            }
            Self::NotAnArchive { .. } => "`plimsoll save` and `docker save` write image archives; \
                for the files of a root file system use `plimsoll import`"
                .to_owned(),
            Self::Truncated { .. } => {
                "the file was not copied or written to its end; get it again".to_owned()
            }
            Self::Changed { .. } => {
                "is something still writing to it? Try again when that has ended".to_owned()
            }
            Self::Missing { path, member, .. } if member == "index.json" && path.is_dir() => format!(
                "it is no OCI image layout; the files of a root file system are scanned as `rootfs:{}`",
                path.display()
            ),
            Self::Missing { .. } => {
                "the archive is not complete; write it again with `docker save` or `plimsoll save`".to_owned()
            }
            Self::DigestMismatch { .. } => {
                "the bytes were changed or damaged on their way; get them again".to_owned()
            }
            Self::NoPlatform { available, .. } => {
                format!("choose one with `--platform {}`", available.first()?)
            }
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "free some space; `plimsoll prune` removes what nothing refers to".to_owned()
            }
            Self::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "run as a user who may, or choose another store with `--store DIR`".to_owned()
            }
            _ => return None,
        };
        Some(Hint::new(text))
    }
}

/// Some of the names, each in backticks.
fn listed(names: &[String]) -> String {
    const MOST: usize = 10;
    let some: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    match names.len().checked_sub(MOST) {
        Some(more @ 1..) => format!("{} and {more} more", some.join(", ")),
        _ => some.join(", "),
    }
}
