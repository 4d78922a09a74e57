use std::io;
use std::path::{Path, PathBuf};

use plimsoll_core::Hint;

/// What can go wrong with a container, a step or the kernel under them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// This process may not make namespaces and mounts.
    #[error("containers need the privileges of root, or user namespaces, which this system forbids")]
    NotPrivileged,
    /// The ids of an ordinary user could not be mapped into a user namespace.
    #[error("cannot map the user's ids: {0}")]
    Mapping(String),
    /// No container has this name or id prefix.
    #[error("no such container `{0}`")]
    NoSuchContainer(String),
    /// Several container ids begin with this prefix.
    #[error("`{0}` is the beginning of several container ids")]
    AmbiguousContainer(String),
    /// Another container has the name already.
    #[error("the container name `{name}` is already in use by container `{id}`")]
    NameInUse {
        /// The name asked for.
        name: String,
        /// The short id of the container that has it.
        id: String,
    },
    /// An option cannot be honoured or does not make sense.
    #[error("{0}")]
    InvalidOption(String),
    /// Nothing to run: neither the image nor the command line names a command.
    #[error("no command specified")]
    NoCommand,
    /// The container runs and must not.
    #[error("container `{0}` is running")]
    Running(String),
    /// The container does not run and should.
    #[error("container `{0}` is not running")]
    NotRunning(String),
    /// The host port of `-p` is taken.
    #[error("cannot publish `{address}`: the port is already in use")]
    PortInUse {
        /// Address and port on the host.
        address: String,
    },
    /// The container could not be started.
    #[error("cannot start container: {message}")]
    Start {
        /// What failed inside.
        message: String,
        /// The code that `run` exits with: 125, or 126/127 when the command is at fault.
        exit_code: i32,
        /// Whether the machine is at fault: [`Error::is_of_host`].
        of_host: bool,
    },
    /// What is in the root file system stands in the way: a file where a directory should be.
    #[error("cannot {action}")]
    RootFs {
        /// What was being done: `make the working directory`.
        action: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A process could not be started in a running container or step.
    #[error("{message}")]
    Exec {
        /// What failed inside.
        message: String,
        /// 126 when it cannot be invoked, 127 when it is not there, 125 otherwise.
        exit_code: i32,
    },
    /// A limit was asked for that this machine cannot enforce.
    #[error("cannot limit {resource}: {reason}")]
    Limit {
        /// `memory`, `cpus` or `pids`.
        resource: &'static str,
        /// Why.
        reason: String,
    },
    /// A seccomp profile does not parse or cannot be compiled.
    #[error("seccomp profile: {0}")]
    Seccomp(String),
    /// A file or directory could not be read or written.
    #[error("{action} `{}`", path.display())]
    File {
        /// What was being done: `read`, `create`, `remove`.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A record of the container directory does not parse.
    #[error("the record `{}` cannot be read: {message}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// A system call failed.
    #[error("cannot {action}")]
    System {
        /// What was being done: `mount the overlay`.
        action: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A helper process broke off.
    #[error("the {helper} helper broke off: {message}")]
    Helper {
        /// Which helper.
        helper: &'static str,
        /// What is known about it.
        message: String,
    },
    /// The image could not be used.
    #[error(transparent)]
    Image(#[from] plimsoll_image::Error),
}

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What a person can do next, where there is something.
    pub fn hint(&self) -> Option<Hint> {
        let text = match self {
            Self::NotPrivileged => "run it as root, for example with `sudo`",
            Self::Mapping(_) => {
                "see that `/etc/subuid` and `/etc/subgid` give this user ranges that nobody else has"
            }
            Self::NoSuchContainer(_) => "`plimsoll ps -a` lists the containers",
            Self::AmbiguousContainer(_) => "give more characters of the id",
            Self::NameInUse { .. } => "remove that container, or choose another name",
            Self::NoCommand => "name a command behind the image",
            Self::Running(_) => "stop it first, or remove it with `--force`",
            Self::PortInUse { .. } => "choose another host port, or stop what listens there",
            Self::Limit { .. } => "leave the limit out, or give the cgroup controller to this process",
            _ => return None,
        };
        Some(Hint::new(text))
    }

    /// The code that `plimsoll run` and `plimsoll exec` exit with for this error: 125 for the engine,
    /// 126 and 127 for a command that cannot be invoked or is not there.
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::Start { exit_code, .. } | Self::Exec { exit_code, .. } => *exit_code,
            _ => 125,
        }
    }

    /// Whether the cause lies in this machine, its kernel, its files or its privileges: the same container may
    /// well run elsewhere. `false` where the image, or what was asked for, is at fault, or might be.
    pub fn is_of_host(&self) -> bool {
        match self {
            Self::NotPrivileged
            | Self::Mapping(_)
            | Self::PortInUse { .. }
            | Self::Limit { .. }
            | Self::Seccomp(_)
            | Self::File { .. }
            | Self::Record { .. }
            | Self::System { .. }
            | Self::Helper { .. } => true,
            Self::Start { of_host, .. } => *of_host,
            Self::NoSuchContainer(_)
            | Self::AmbiguousContainer(_)
            | Self::NameInUse { .. }
            | Self::InvalidOption(_)
            | Self::NoCommand
            | Self::Running(_)
            | Self::NotRunning(_)
            | Self::RootFs { .. }
            | Self::Exec { .. }
            | Self::Image(_) => false,
        }
    }

    /// For a text that names no signal.
    pub(crate) fn no_signal(text: &str) -> Self {
        Self::InvalidOption(format!("`{text}` is not a signal"))
    }

    pub(crate) fn system(action: impl Into<String>, source: impl Into<io::Error>) -> Self {
        Self::System {
            action: action.into(),
            source: source.into(),
        }
    }

    pub(crate) fn root_fs(action: impl Into<String>, source: impl Into<io::Error>) -> Self {
        Self::RootFs {
            action: action.into(),
            source: source.into(),
        }
    }

    pub(crate) fn file(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::File {
            action,
            path: path.to_owned(),
            source,
        }
    }
}

/// The whole chain of an error in one line: `cannot mount the overlay: Invalid argument`.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
