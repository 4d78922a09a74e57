//! One command run in a root file system that is being built: the builder's `RUN`.

mod prune;

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::mount::UnmountFlags;
use serde::{Deserialize, Serialize};

use crate::cgroup::{Cgroup, Limits};
use crate::error::{Error, Result};
use crate::helper::{self, Role};
use crate::init::target::{self, Created, TargetKind};
use crate::init::{self, Launch};
use crate::options::{Network, SecurityOptions};
use crate::overlay;
use crate::pump;
use crate::seccomp::filter;
use crate::spec::Blueprint;
use crate::spec::capabilities::CapabilitySet;
use crate::sys::{self, Fork};
use crate::ulimit::Ulimit;
use crate::wire::{self, Failure, Kind};

/// What a step is and what it sees.
#[derive(Debug, Clone, Default)]
pub struct StepSpec {
    /// The directory that becomes the root. Without `overlay` it is the merged tree, mounted already in
    /// the caller's mount namespace (or a plain directory); with `overlay` it is any empty directory.
    pub rootfs: PathBuf,
    /// Mount this overlay on `rootfs` inside the step's own mount namespace. Nothing needs unmounting
    /// then, and directories of `upper` that the mounts alone touched are taken out of it again.
    pub overlay: Option<Overlay>,
    /// The program (looked up in the `PATH` of `env`) and its arguments.
    pub args: Vec<String>,
    /// The whole environment, `NAME=value`. `PATH` and `HOME` are filled in where missing.
    pub env: Vec<String>,
    /// The absolute working directory; made where missing. Empty for `/`.
    pub working_dir: String,
    /// `user[:group]` by name or number, as `USER` takes it; empty for root.
    pub user: String,
    /// `Host` binds the host's `/etc/resolv.conf` and `/etc/hosts` unless `mounts` has those targets.
    pub network: Network,
    /// The host name inside; empty for `buildkitsandbox`.
    pub hostname: String,
    /// Mounts beyond `/proc`, `/sys` and `/dev`, in this order.
    pub mounts: Vec<StepMount>,
    /// Bytes of memory that the step may use.
    pub memory: Option<u64>,
    /// Seccomp and no-new-privileges. `docker build` leaves no-new-privileges off: so does [`StepSpec::new`].
    pub security: SecurityOptions,
    /// Capabilities added to Docker's default set; `ALL` for `RUN --security=insecure`.
    pub cap_add: Vec<String>,
    /// Whether `/proc` and `/sys` hide nothing and may be written to, for `RUN --security=insecure`.
    pub unprotected: bool,
    /// Size of `/dev/shm` in bytes; 64 MiB by default.
    pub shm_size: Option<u64>,
    /// Limits of the processes.
    pub ulimits: Vec<Ulimit>,
}

/// Directories that make an overlay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlay {
    /// The read-only layers, topmost first; at least one.
    pub lowers: Vec<PathBuf>,
    /// Where changes go.
    pub upper: PathBuf,
    /// Empty directory on the file system of `upper`.
    pub work: PathBuf,
}

/// One mount of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepMount {
    /// The absolute path inside. A mount point that was not there before is removed after the step.
    pub target: String,
    /// What is mounted.
    pub kind: StepMountKind,
}

/// What is mounted into a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepMountKind {
    /// A file or directory of the host (a cache, a secret, another stage, the context).
    Bind {
        /// Its absolute path.
        source: PathBuf,
        /// Whether it is read-only.
        read_only: bool,
    },
    /// An empty temporary file system.
    Tmpfs {
        /// Its size in bytes; half the memory by default.
        size: Option<u64>,
    },
}

/// Which of the two streams a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the two streams")]
pub enum Stream {
    Stdout,
    Stderr,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepOutcome {
    /// 0 to 255; 128+n for signal n; 127 and 126 for a program that is not there or cannot be run (the
    /// reason was given as a line on standard error).
    pub exit_code: i32,
    /// Whether the kernel killed a process of it for want of memory (only with `memory`).
    pub oom_killed: bool,
}

impl StepSpec {
    /// A step with `docker build`'s defaults: root, the host's network, the default capabilities and
    /// seccomp filter, new privileges allowed (so that `sudo` works).
    pub fn new(rootfs: impl Into<PathBuf>, args: Vec<String>) -> Self {
        Self {
            rootfs: rootfs.into(),
            args,
            network: Network::Host,
            security: SecurityOptions {
                no_new_privileges: false,
                ..SecurityOptions::default()
            },
            ..Self::default()
        }
    }
}

/// Runs one step to its end and hands every line of its output, without the newline, to `output`.
///
/// The step has namespaces of its own (mounts, processes, IPC, host name; network unless `Host`). Everything
/// in it dies when its first process ends, and when the calling thread ends or is killed.
///
/// # Errors
/// When the step could not be set up; a program that fails is an exit code, not an error.
pub fn run_step(spec: &StepSpec, output: &mut dyn FnMut(Stream, &[u8])) -> Result<StepOutcome> {
    helper::check_privileges()?;
    let task = Task::of(spec)?;
    let failed = |source: io::Error| Error::system("run the step", source);
    let (stdout, their_stdout) = io::pipe().map_err(failed)?;
    let (stderr, their_stderr) = io::pipe().map_err(failed)?;
    let null = File::open("/dev/null").map_err(failed)?;
    let mut helper = helper::start(
        Role::Step,
        &task,
        &[null.as_fd(), their_stdout.as_fd(), their_stderr.as_fd()],
    )?;
    drop((their_stdout, their_stderr));
    let pumped = pump::lines([&stdout.into(), &stderr.into()], output).map_err(failed);
    let answer = wire::receive(&helper.control).map_err(failed);
    // It has answered or is gone; either way there is nothing to wait for.
    let _ = helper.child.wait();
    pumped?;
    match answer? {
        Some((Kind::Exited, body)) => serde_json::from_slice(&body).map_err(|error| failed(error.into())),
        Some((Kind::Failed, body)) => {
            let failure: Failure = serde_json::from_slice(&body).map_err(|error| failed(error.into()))?;
            if failure.exit_code == 125 {
                return Err(Error::Exec {
                    message: failure.message,
                    exit_code: failure.exit_code,
                });
            }
            output(Stream::Stderr, failure.message.as_bytes());
            Ok(StepOutcome {
                exit_code: failure.exit_code,
                oom_killed: false,
            })
        }
        _ => Err(Error::Helper {
            helper: "step",
            message: "it ended without an answer".to_owned(),
        }),
    }
}

/// What the helper is given.
#[derive(Serialize, Deserialize)]
struct Task {
    launch: Launch,
    overlay: Option<Overlay>,
    limits: Limits,
}

impl Task {
    fn of(spec: &StepSpec) -> Result<Self> {
        if spec.args.is_empty() {
            return Err(Error::NoCommand);
        }
        let capabilities = CapabilitySet::docker(&spec.cap_add, &[])?;
        let (seccomp, programs) = filter(&spec.security.seccomp, capabilities)?;
        let blueprint = Blueprint {
            root: &spec.rootfs,
            read_only: false,
            args: &spec.args,
            env: &spec.env,
            working_dir: &spec.working_dir,
            user: &spec.user,
            tty: false,
            hostname: if spec.hostname.is_empty() {
                "buildkitsandbox"
            } else {
                &spec.hostname
            },
            network: spec.network,
            capabilities,
            no_new_privileges: spec.security.no_new_privileges,
            seccomp,
            protect_paths: !spec.unprotected,
            shm_size: spec.shm_size.unwrap_or(64 << 20),
            mounts: mounts(spec)?,
            cgroup: None,
            cgroup_namespace: false,
            resources: serde_json::json!({}),
        };
        Ok(Self {
            launch: Launch {
                spec: blueprint.build()?,
                seccomp: programs,
                root: spec.rootfs.clone(),
                overlay: None,
                volumes: Vec::new(),
                address: None,
                ulimits: spec.ulimits.clone(),
            },
            overlay: spec.overlay.clone(),
            limits: Limits {
                memory: spec.memory,
                ..Limits::default()
            },
        })
    }
}

fn mounts(spec: &StepSpec) -> Result<Vec<serde_json::Value>> {
    let mut mounts = Vec::new();
    if spec.network == Network::Host {
        for file in ["/etc/resolv.conf", "/etc/hosts"] {
            let given = spec.mounts.iter().any(|mount| mount.target == file);
            if !given && Path::new(file).exists() {
                mounts.push(crate::spec::bind(Path::new(file), file, true)?);
            }
        }
    }
    for mount in &spec.mounts {
        if !mount.target.starts_with('/') {
            return Err(Error::InvalidOption(format!(
                "the mount target `{}` is not absolute",
                mount.target
            )));
        }
        mounts.push(match &mount.kind {
            StepMountKind::Bind { source, read_only } => {
                crate::spec::bind(source, &mount.target, *read_only)?
            }
            StepMountKind::Tmpfs { size } => {
                let size = size.map(|size| format!("exec,size={size}"));
                crate::spec::tmpfs(&mount.target, size.as_deref().unwrap_or("exec"))
            }
        });
    }
    Ok(mounts)
}

/// The helper: sets the step up, waits for it, cleans up, and answers.
pub(crate) fn helper(control: &UnixStream) -> u8 {
    let run = || -> Result<Result<StepOutcome, Failure>> {
        let lost = |error: io::Error| Error::system("read the task", error);
        nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)
            .map_err(|error| Error::system("watch the parent", error))?;
        let task: Task = wire::receive_task(control).map_err(lost)?;
        let stdio = wire::receive_descriptors(control).map_err(lost)?;
        let stdio: [OwnedFd; 3] = stdio
            .try_into()
            .map_err(|_| lost(io::Error::other("descriptors are missing")))?;
        task.run(stdio)
    };
    let sent = match run() {
        Ok(Ok(outcome)) => wire::send_json(control, Kind::Exited, &outcome),
        Ok(Err(failure)) => wire::send_json(control, Kind::Failed, &failure),
        Err(error) => wire::send_json(control, Kind::Failed, &Failure::engine(&error)),
    };
    u8::from(sent.is_err())
}

impl Task {
    fn run(mut self, stdio: [OwnedFd; 3]) -> Result<Result<StepOutcome, Failure>> {
        if let Some(layers) = &self.overlay {
            overlay::private_mount_namespace()?;
            let lowers: Vec<&Path> = layers.lowers.iter().map(PathBuf::as_path).collect();
            overlay::mount_volatile_overlay(&lowers, &layers.upper, &layers.work, &self.launch.root)?;
        }
        let mut created = Vec::new();
        let outcome = self
            .mount_points(&mut created)
            .and_then(|()| self.run_in_cgroup(stdio));
        let touched: Vec<PathBuf> = created.iter().map(|created| created.path.clone()).collect();
        for created in created.into_iter().rev() {
            created.remove();
        }
        if let Some(layers) = &self.overlay {
            let unmounted = rustix::mount::unmount(&self.launch.root, UnmountFlags::empty());
            unmounted.map_err(|error| Error::system("unmount the overlay", error))?;
            // The mark of a volatile mount would keep the directories from being mounted again.
            let _ = std::fs::remove_dir_all(layers.work.join("work"));
            prune::unchanged_parents(layers, &touched);
        }
        outcome
    }

    /// Makes the mount points that are missing, so that it is known which were. A temporary file system that is to cover
    /// a directory gets its mode, as from runc.
    fn mount_points(&mut self, created: &mut Vec<Created>) -> Result<()> {
        let root = init::open_directory(&self.launch.root)?;
        let mut mounts = self.launch.spec.mounts().clone().unwrap_or_default();
        let mut modes = Vec::new();
        for (index, mount) in mounts.iter().enumerate() {
            let target = mount.destination();
            // Inside another mount it is no part of the root file system.
            let covered = mounts[..index]
                .iter()
                .any(|above| target.starts_with(above.destination()) && target != above.destination());
            if covered {
                continue;
            }
            let is_file = mount.typ().as_deref() == Some("bind")
                && mount.source().as_deref().is_some_and(|source| !source.is_dir());
            let kind = if is_file {
                TargetKind::File
            } else {
                TargetKind::Directory
            };
            let failed = |error: io::Error| {
                Error::system(format!("make the mount point `{}`", target.display()), error)
            };
            let before = created.len();
            let place = target::open_or_create(&root, target, kind, created).map_err(failed)?;
            if mount.typ().as_deref() == Some("tmpfs") && created.len() == before {
                let stat = rustix::fs::fstat(&place).map_err(|error| failed(error.into()))?;
                modes.push((index, stat.st_mode & 0o7777));
            }
        }
        for (index, mode) in modes {
            let options = mounts[index].options().clone().unwrap_or_default();
            if !options.iter().any(|option| option.starts_with("mode=")) {
                let mode = format!("mode={mode:o}");
                mounts[index].set_options(Some([options, vec![mode]].concat()));
            }
        }
        self.launch.spec.set_mounts(Some(mounts));
        Ok(())
    }

    fn run_in_cgroup(&self, stdio: [OwnedFd; 3]) -> Result<Result<StepOutcome, Failure>> {
        let cgroup = match self.limits.memory {
            Some(_) => Some(Cgroup::create(&format!("step-{}", std::process::id()), &self.limits)?.0),
            None => None,
        };
        let outcome = self.run_process(stdio, cgroup.as_ref());
        if let Some(cgroup) = cgroup {
            cgroup.remove();
        }
        outcome
    }

    fn run_process(
        &self,
        stdio: [OwnedFd; 3],
        cgroup: Option<&Cgroup>,
    ) -> Result<Result<StepOutcome, Failure>> {
        let failed = |source: io::Error| Error::system("start the step", source);
        let (sync, theirs) = UnixStream::pair().map_err(failed)?;
        let pid = match sys::clone3(self.launch.clone_flags()).map_err(failed)? {
            Fork::Child => {
                drop(sync);
                let failure = init::run(&self.launch, stdio, &theirs);
                let _ = wire::send_json(&theirs, Kind::Failed, &failure);
                sys::exit_now(failure.exit_code);
            }
            Fork::Parent(pid) => pid,
        };
        drop((theirs, stdio));
        if let Some(cgroup) = cgroup
            && let Err(error) = cgroup.join(pid)
        {
            let _ = sys::kill(pid, libc::SIGKILL);
            let _ = wait(pid);
            return Err(Error::system("put the step into its cgroup", error));
        }
        // If it is gone already then it has said why.
        let _ = wire::send(&sync, Kind::Go, b"");
        let failure = match wire::receive(&sync) {
            Ok(Some((Kind::Failed, body))) => serde_json::from_slice(&body).ok(),
            _ => None,
        };
        let exit_code = wait(pid)?;
        Ok(match failure {
            Some(failure) => Err(failure),
            None => Ok(StepOutcome {
                exit_code,
                oom_killed: cgroup.and_then(Cgroup::oom_kills).is_some_and(|kills| kills > 0),
            }),
        })
    }
}

/// Waits for a child and gives its code as a shell would.
pub(crate) fn wait(pid: i32) -> Result<i32> {
    use nix::sys::wait::{WaitStatus, waitpid};
    loop {
        match waitpid(nix::unistd::Pid::from_raw(pid), None) {
            Ok(WaitStatus::Exited(_, code)) => return Ok(code),
            Ok(WaitStatus::Signaled(_, signal, _)) => return Ok(128 + signal as i32),
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(Error::system("wait for the process", error)),
        }
    }
}
