//! A Dockerfile made into an image.
//!
//! The measure is BuildKit with `docker/dockerfile:1`. Only the stages that the target needs are built,
//! independent ones at the same time. A step that changes files is an overlay mount over the layers below it;
//! what it changed becomes a layer as it stands, remembered under a key made of everything that went into it.

mod arguments;
mod build;
mod cache;
mod context;
mod copy;
mod error;
pub mod export;
mod graph;
mod history;
mod instructions;
mod merge;
mod named;
mod options;
mod plan;
mod precheck;
mod progress;
mod remote;
mod rooted;
mod rootfs;
mod run;
mod scratch;
mod sent;
mod stage;
mod state;

pub use build::{BaseImages, BuildOutcome, build, prepare_process};
pub use cache::{
    CacheLimits, CacheMode, CacheUsage, Forgotten, ImportedCache, UsedSteps, cache_usage, prune_cache,
};
pub use context::Context;
pub use context::remote::{RemoteContext, RemoteSettings};
pub use error::{Error, ForeignError, InstructionError, Problem, Result};
pub use options::{
    BuildOptions, DockerfileText, Entitlements, NamedContext, NamedSource, Secret, SecretSource, SshAgent,
    StepNetwork, Ulimit,
};
pub use progress::{Event, OutputStream, Progress, Silent, StepId};
pub use remote::{GitLocation, Remote};
pub use sent::files_sent;
