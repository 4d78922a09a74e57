//! Images in motion: containers and build steps.
//!
//! A container is described by an OCI runtime specification and run by this crate's own small engine:
//! namespaces, an overlay mount that only the container sees, cgroups (v1, hybrid and v2), Docker's default
//! seccomp filter and capabilities. There is no daemon: each running container has one monitor process, which
//! is this binary started again, single-threaded, from a sealed copy of itself.
//!
//! A program that uses this crate calls [`dispatch_helper`] before anything else in `main`.

#![allow(
    unsafe_code,
    reason = "fork, namespaces and file descriptors need system calls without a safe form"
)]

mod attach;
mod cgroup;
mod container;
mod deadline;
mod engine;
mod error;
mod exec;
mod helper;
mod init;
mod join;
mod monitor;
mod net;
mod options;
mod overlay;
mod pump;
mod record;
mod relay;
pub mod rootless;
mod seccomp;
mod signal;
mod spec;
mod state;
mod stats;
mod step;
mod sys;
mod ulimit;
mod user;
mod wire;

pub use attach::Streams;
pub use container::{Container, LogOptions, Supervision};
pub use engine::Engine;
pub use error::{Error, Result};
pub use helper::dispatch_helper;
pub use options::{
    ExecOptions, HealthOptions, Mount, Network, ParsePortError, ParseRestartError, PortMapping, Protocol,
    RestartPolicy, RunOptions, Seccomp, SecurityOptions, Tmpfs,
};
pub use overlay::{mount_overlay, mount_volatile_overlay, private_mount_namespace};
pub use record::MountPoint;
pub use signal::parse_signal;
pub use state::{ContainerState, HealthResult, HealthState, HealthStatus, PublishedPort, Status};
pub use stats::{ProcessInfo, Stats};
pub use step::{Overlay, StepMount, StepMountKind, StepOutcome, StepSpec, Stream, run_step};
pub use ulimit::Ulimit;
