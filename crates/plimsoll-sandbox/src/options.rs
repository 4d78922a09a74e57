//! What a user can ask for when a container is made, in Docker's terms and with Docker's defaults.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use crate::net::ports::{ParsePortError, PortMapping, Protocol};

/// How a container is to be made and run. The default is Docker's, except that `no_new_privileges` is on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunOptions {
    /// The container's name; a random one is made up where there is none.
    pub name: Option<String>,
    /// What stands behind the image on the command line; replaces the image's `CMD`.
    pub command: Vec<String>,
    /// Replaces the image's `ENTRYPOINT` and resets its `CMD`; an empty list removes the entrypoint.
    pub entrypoint: Option<Vec<String>>,
    /// Variables added to, or put in place of, the image's.
    pub env: Vec<(String, String)>,
    /// Labels beside the image's.
    pub labels: BTreeMap<String, String>,
    /// `user`, `uid`, `user:group`, `uid:gid`; replaces the image's `USER`.
    pub user: Option<String>,
    /// Replaces the image's `WORKDIR`.
    pub working_dir: Option<String>,
    /// The host name inside; by default the short id.
    pub hostname: Option<String>,
    /// Lines for `/etc/hosts`: name and address.
    pub extra_hosts: Vec<(String, String)>,
    /// Ports published on the host.
    pub ports: Vec<PortMapping>,
    /// Publish every port that the image exposes on a random host port.
    pub publish_all: bool,
    /// The address on the host for what `publish_all` publishes; every one by default.
    pub publish_address: Option<IpAddr>,
    /// Bind mounts and anonymous volumes (`-v`).
    pub mounts: Vec<Mount>,
    /// Temporary file systems.
    pub tmpfs: Vec<Tmpfs>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// How many processors' worth of time.
    pub cpus: Option<f64>,
    /// How many processes and threads.
    pub pids_limit: Option<u64>,
    /// Size of `/dev/shm` in bytes; 64 MiB by default.
    pub shm_size: Option<u64>,
    /// Mount the root file system read-only.
    pub read_only: bool,
    /// Capabilities added to Docker's default set: `NET_ADMIN`, `CAP_NET_ADMIN`, `ALL`.
    pub cap_add: Vec<String>,
    /// Capabilities taken from it.
    pub cap_drop: Vec<String>,
    /// Seccomp and no-new-privileges.
    pub security: SecurityOptions,
    /// Which network the container sees.
    pub network: Network,
    /// What differs from the image's `HEALTHCHECK`.
    pub health: HealthOptions,
    /// When the container is started again.
    pub restart: RestartPolicy,
    /// Replaces the image's `STOPSIGNAL`.
    pub stop_signal: Option<String>,
    /// Seconds between the stop signal and SIGKILL; 10 by default.
    pub stop_timeout: Option<u64>,
    /// Remove the container, with its anonymous volumes, when it has ended.
    pub auto_remove: bool,
    /// Keep standard input open (`-i`).
    pub interactive: bool,
    /// Give the container a terminal (`-t`).
    pub tty: bool,
}

/// What `--security-opt` sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityOptions {
    /// The system call filter.
    pub seccomp: Seccomp,
    /// Whether no process inside can gain privileges by executing a file.
    pub no_new_privileges: bool,
}

impl Default for SecurityOptions {
    fn default() -> Self {
        Self {
            seccomp: Seccomp::Default,
            no_new_privileges: true,
        }
    }
}

/// Which system call filter a container gets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seccomp {
    /// Docker's default profile.
    #[default]
    Default,
    /// None at all.
    Unconfined,
    /// The JSON text of a profile in Docker's format.
    Profile(String),
}

/// The network that a container or step sees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// A network namespace of its own, with published ports forwarded into it.
    #[default]
    Private,
    /// The host's.
    Host,
    /// A network namespace with nothing but `lo`.
    None,
}

/// A bind mount (`source` given) or an anonymous volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// The absolute path on the host; `None` for an anonymous volume.
    pub source: Option<PathBuf>,
    /// The absolute path inside.
    pub target: String,
    /// Whether it is read-only, recursively.
    pub read_only: bool,
}

/// A temporary file system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tmpfs {
    /// The absolute path inside.
    pub target: String,
    /// Mount options as Docker takes them: `size=64m,mode=1777,noexec`.
    pub options: String,
}

/// What replaces parts of the image's `HEALTHCHECK`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HealthOptions {
    /// No health check at all (`--no-healthcheck`).
    pub disable: bool,
    /// A shell command in place of the image's.
    pub command: Option<String>,
    /// Time between two checks.
    pub interval: Option<Duration>,
    /// Time that one check may take.
    pub timeout: Option<Duration>,
    /// Time in which failures do not count.
    pub start_period: Option<Duration>,
    /// Time between two checks within the start period.
    pub start_interval: Option<Duration>,
    /// Failures in a row that make it unhealthy.
    pub retries: Option<u32>,
}

/// When a container that ended is started again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    /// Never.
    #[default]
    No,
    /// When it failed, at most so many times (0: without end).
    OnFailure(u32),
    /// Always, unless it was stopped by hand.
    Always,
    /// The same; the difference to `Always` shows only when a daemon restarts, and there is none.
    UnlessStopped,
}

impl std::fmt::Display for RestartPolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::No => "no",
            Self::OnFailure(_) => "on-failure",
            Self::Always => "always",
            Self::UnlessStopped => "unless-stopped",
        })
    }
}

impl std::str::FromStr for RestartPolicy {
    type Err = ParseRestartError;

    /// Reads `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:5`.
    fn from_str(text: &str) -> Result<Self, ParseRestartError> {
        match text {
            "no" | "" => Ok(Self::No),
            "always" => Ok(Self::Always),
            "unless-stopped" => Ok(Self::UnlessStopped),
            "on-failure" => Ok(Self::OnFailure(0)),
            _ => text
                .strip_prefix("on-failure:")
                .and_then(|count| count.parse().ok())
                .map(Self::OnFailure)
                .ok_or_else(|| ParseRestartError(text.to_owned())),
        }
    }
}

/// A text that is no restart policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a restart policy; use no, on-failure[:max], always or unless-stopped")]
pub struct ParseRestartError(String);

/// A process to start in a running container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecOptions {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Variables added to the container's.
    pub env: Vec<(String, String)>,
    /// Replaces the container's user.
    pub user: Option<String>,
    /// Replaces the container's working directory.
    pub working_dir: Option<String>,
    /// Give it a terminal.
    pub tty: bool,
    /// Start it and do not wait for it.
    pub detach: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restart_policies_read_and_show() {
        assert_eq!("on-failure:3".parse(), Ok(RestartPolicy::OnFailure(3)));
        assert_eq!("unless-stopped".parse(), Ok(RestartPolicy::UnlessStopped));
        assert!("sometimes".parse::<RestartPolicy>().is_err());
        assert!("on-failure:x".parse::<RestartPolicy>().is_err());
    }

    #[test]
    fn no_new_privileges_is_on_by_default() {
        assert!(RunOptions::default().security.no_new_privileges);
    }
}
