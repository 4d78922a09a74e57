use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::SystemTime;

use plimsoll_core::{Platform, Reference};
use plimsoll_image::Image;
pub use plimsoll_sandbox::Ulimit;

use crate::cache::ImportedCache;
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
    /// What other stores remember, looked into where this one knows nothing.
    pub cache_from: Vec<ImportedCache>,
    /// `--squash`: one layer of all that the build makes.
    pub squash: bool,
    /// `--max-layers`: neighbouring layers are made into one until there are no more than so many.
    pub max_layers: Option<NonZeroUsize>,
    /// The network of `RUN` steps that do not say one.
    pub network: StepNetwork,
    /// A PEM bundle of the host's certificate authorities, shown to `RUN` steps read-only and named in the
    /// usual environment variables. It never gets into a layer, the image's configuration or a cache key.
    pub host_ca: Option<PathBuf>,
    /// `--secret`: what `RUN --mount=type=secret` may ask for.
    pub secrets: Vec<Secret>,
    /// `--ssh`: what `RUN --mount=type=ssh` may ask for.
    pub ssh: Vec<SshAgent>,
    /// `--build-context`: other places that `FROM`, `COPY --from` and `RUN --mount=from=` may name.
    pub contexts: Vec<NamedContext>,
    /// `--no-cache-filter`: the stages, by name or index, whose steps are all run.
    pub no_cache_filter: Vec<String>,
    /// `--allow`: what steps may do beyond what they usually may.
    pub allow: Entitlements,
    /// `--add-host`: names and addresses for `RUN` steps, as `/etc/hosts` has them.
    pub hosts: Vec<(String, IpAddr)>,
    /// `--shm-size`: bytes for `/dev/shm` in `RUN` steps.
    pub shm_size: Option<u64>,
    /// `--ulimit`: limits of the processes of `RUN` steps.
    pub ulimits: Vec<Ulimit>,
    /// A PEM bundle of the authorities that downloads trust, instead of the built-in ones.
    pub root_certificates: Option<PathBuf>,
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
            cache_from: Vec::new(),
            squash: false,
            max_layers: None,
            network: StepNetwork::Host,
            host_ca: None,
            secrets: Vec::new(),
            ssh: Vec::new(),
            contexts: Vec::new(),
            no_cache_filter: Vec::new(),
            allow: Entitlements::default(),
            hosts: Vec::new(),
            shm_size: None,
            ulimits: Vec::new(),
            root_certificates: None,
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

/// An SSH agent that `RUN --mount=type=ssh,id=...` may talk to, and that git repositories are fetched with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshAgent {
    /// The name that the Dockerfile calls it by; `default` where it says none.
    pub id: String,
    /// Its socket.
    pub socket: PathBuf,
}

/// A place that the Dockerfile may take files from by a name that stands for it alone.
#[derive(Debug)]
pub struct NamedContext {
    /// The name: of a stage that it stands in for, of an image that it replaces, or of neither. The tag `latest` says
    /// nothing.
    pub name: String,
    /// What it is.
    pub source: NamedSource,
}

/// What a named context is.
#[derive(Debug)]
pub enum NamedSource {
    /// Files.
    Files(Context),
    /// An image that is found by its reference.
    Reference(Reference),
    /// An image in the store.
    Image(Box<Image>),
    /// A stage of the same Dockerfile.
    Stage(String),
}

/// What steps are allowed on demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Entitlements {
    /// `RUN --security=insecure`: all capabilities, no filter of system calls.
    pub insecure: bool,
    /// `RUN --network=host` where the build's network is another.
    pub host_network: bool,
}
