//! What is known about a container at one moment, as it is kept in `state.json`.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::options::Protocol;

/// Where a container is in its life, in Docker's words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "Docker's words")]
pub enum Status {
    #[default]
    Created,
    Running,
    Paused,
    Restarting,
    Exited,
    Dead,
}

impl Status {
    /// The lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Exited => "exited",
            Self::Dead => "dead",
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// The changing part of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContainerState {
    /// Where it is in its life.
    pub status: Status,
    /// The host's process id of its first process; 0 when it does not run.
    pub pid: u32,
    /// When that process was started, in clock ticks since boot: tells it from a later one with its id.
    pub pid_start_time: u64,
    /// How the last run ended: 0 to 255, 128+n for signal n.
    pub exit_code: i32,
    /// Whether the kernel killed a process of the last run for want of memory.
    pub oom_killed: bool,
    /// Why the last start failed, or what went wrong behind the container's back; empty otherwise.
    pub error: String,
    /// When it was last started.
    pub started_at: Option<Timestamp>,
    /// When it last ended.
    pub finished_at: Option<Timestamp>,
    /// How often the restart policy started it again.
    pub restart_count: u32,
    /// The health check's findings; `None` without a health check.
    pub health: Option<HealthState>,
    /// The ports as they are on the host, the random ones too.
    pub ports: Vec<PublishedPort>,
    /// Its address in its own network namespace.
    pub ip_address: Option<IpAddr>,
    /// The cgroup directories of this run.
    pub cgroups: Vec<std::path::PathBuf>,
    /// Limits that this machine enforces only in part, in words: `swap is not limited`.
    pub warnings: Vec<String>,
}

impl ContainerState {
    /// Whether a process of it exists.
    pub fn running(&self) -> bool {
        matches!(self.status, Status::Running | Status::Paused)
    }
}

/// What the health check found, as Docker's `.State.Health` has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthState {
    /// The verdict so far.
    pub status: HealthStatus,
    /// Failures in a row.
    pub failing_streak: u32,
    /// The last five results, the oldest first.
    pub log: Vec<HealthResult>,
}

/// What a health check says about a container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "Docker's words")]
pub enum HealthStatus {
    #[default]
    Starting,
    Healthy,
    Unhealthy,
}

impl std::fmt::Display for HealthStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        })
    }
}

/// One run of the health check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthResult {
    /// When it was started.
    pub start: Timestamp,
    /// When it had ended.
    pub end: Timestamp,
    /// 0 healthy, 1 unhealthy, -1 when it ran into its timeout or could not be started.
    pub exit_code: i32,
    /// What it wrote, up to 4096 bytes.
    pub output: String,
}

/// A port as it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedPort {
    /// The address on the host.
    pub host_ip: IpAddr,
    /// The port on the host, never 0.
    pub host_port: u16,
    /// The port inside.
    pub container_port: u16,
    /// The transport protocol.
    pub protocol: Protocol,
}
