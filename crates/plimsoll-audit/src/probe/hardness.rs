use std::time::Duration;

use plimsoll_image::Image;
use plimsoll_sandbox::{HealthOptions, RunOptions};

use super::http;
use crate::policy::ProbeLimits;

/// How hard an image is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hardness {
    /// With Docker's default seccomp filter and capabilities.
    Seccomp,
    /// Also with no-new-privileges and no capability at all.
    NoPrivileges,
    /// Also with a read-only root file system and limits of memory and processes.
    ReadOnly,
}

impl Hardness {
    /// All of them, the softest first.
    pub const ALL: [Self; 3] = [Self::Seccomp, Self::NoPrivileges, Self::ReadOnly];

    pub(crate) fn requirement(self) -> &'static str {
        match self {
            Self::Seccomp => "runs with default seccomp",
            Self::NoPrivileges => "runs with no-new-privileges and all capabilities dropped",
            Self::ReadOnly => "also with a read-only root filesystem and a memory and pids limit",
        }
    }

    pub(super) fn options(self, limits: &ProbeLimits, image: &Image) -> RunOptions {
        let mut options = RunOptions {
            ports: http::published_to_this_machine(image),
            stop_timeout: Some(limits.stop_timeout),
            // Its own command and time limit are kept; only the waiting between two checks is cut short.
            health: HealthOptions {
                interval: Some(Duration::from_secs(1)),
                start_interval: Some(Duration::from_millis(500)),
                ..HealthOptions::default()
            },
            ..RunOptions::default()
        };
        options.security.no_new_privileges = self >= Self::NoPrivileges;
        if self >= Self::NoPrivileges {
            options.cap_drop = vec!["ALL".to_owned()];
        }
        if self >= Self::ReadOnly {
            options.read_only = true;
            options.memory = Some(limits.memory_bytes());
            options.pids_limit = Some(limits.pids);
        }
        options
    }
}
