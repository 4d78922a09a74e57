use std::path::PathBuf;
use std::time::SystemTime;

use plimsoll_core::{Platform, Reference};

use crate::context::Context;

/// Everything that one build is told; nothing is read from the environment.
#[derive(Debug)]
pub struct BuildOptions {
    /// Where `COPY` and `ADD` take their files from.
    pub context: Context,
    /// The Dockerfile itself.
    pub dockerfile: DockerfileText,
    /// `--build-arg`: names and values, the last of a name wins.
    pub build_args: Vec<(String, String)>,
    /// The host's proxy variables. They are predefined `ARG`s: a `RUN` sees them, but they are neither in the
    /// image nor in a cache key nor in the history.
    pub proxies: Vec<(String, String)>,
    /// `--target`: the name or index of the stage to build; the last one where it is `None`.
    pub target: Option<String>,
    /// `--label`: put into the image last, over the Dockerfile's own.
    pub labels: Vec<(String, String)>,
    /// `--annotation`: put into the image's manifest.
    pub annotations: Vec<(String, String)>,
    /// Names that the image gets.
    pub tags: Vec<Reference>,
    /// Run every step, even those that the cache knows. What they make is still remembered.
    pub no_cache: bool,
    /// The network of `RUN` steps that do not say one.
    pub network: StepNetwork,
    /// A PEM bundle of the host's certificate authorities, shown to `RUN` steps read-only and named in the
    /// usual environment variables. It never gets into a layer, the image's configuration or a cache key.
    pub host_ca: Option<PathBuf>,
    /// `--secret`: what `RUN --mount=type=secret` may ask for.
    pub secrets: Vec<Secret>,
    /// `--platform`: the platform to build for; the host's where it is `None`.
    pub platform: Option<Platform>,
    /// `SOURCE_DATE_EPOCH` in seconds. What is copied gets this time, every other time in a new layer that is
    /// later becomes this one, and so does that of the image: two builds of the same inputs give the same digests.
    pub source_date_epoch: Option<i64>,
    /// The time that the image and its new history entries are said to be made at.
    pub now: SystemTime,
}

impl BuildOptions {
    /// The options of a plain `build` of `dockerfile` over `context`, made now.
    pub fn new(context: Context, dockerfile: DockerfileText) -> Self {
        Self {
            context,
            dockerfile,
            build_args: Vec::new(),
            proxies: Vec::new(),
            target: None,
            labels: Vec::new(),
            annotations: Vec::new(),
            tags: Vec::new(),
            no_cache: false,
            network: StepNetwork::Host,
            host_ca: None,
            secrets: Vec::new(),
            platform: None,
            source_date_epoch: None,
            now: SystemTime::now(),
        }
    }
}

/// A Dockerfile as it was read, and what else depends on where it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DockerfileText {
    /// Its name for people, such as `Dockerfile` or `docker/Dockerfile.prod`.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The text of `<Dockerfile>.dockerignore` beside it, where there is one: it is used instead of the
    /// context's `.dockerignore`.
    pub ignore: Option<String>,
}

impl DockerfileText {
    /// A Dockerfile without an ignore file of its own.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            ignore: None,
        }
    }
}

/// What network the process of a `RUN` step has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StepNetwork {
    /// The host's.
    #[default]
    Host,
    /// None but its own loopback.
    None,
}

/// A secret that `RUN --mount=type=secret,id=...` may see; it is in no layer, history or cache key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// The name that the Dockerfile calls it by.
    pub id: String,
    /// Where it is taken from.
    pub source: SecretSource,
}

/// Where a secret's bytes are.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// In a file of the host.
    File(PathBuf),
    /// Given as they are (read by the caller from an environment variable, say).
    Bytes(Vec<u8>),
}

impl std::fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Bytes(_) => f.write_str("Bytes(..)"),
        }
    }
}
