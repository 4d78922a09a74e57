//! What happens inside the first process of a container or step, between the fork and the exec.

pub(crate) mod mounts;
pub(crate) mod process;
pub(crate) mod target;
mod volumes;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use oci_spec::runtime::{LinuxNamespace, LinuxNamespaceType, Spec};
use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::net::lo;
use crate::overlay;
use crate::seccomp::Program;
use crate::spec::USER_ANNOTATION;
use crate::spec::capabilities::CapabilitySet;
use crate::sys;
use crate::wire::{self, Failure, Kind};

/// Everything that the first process needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Launch {
    pub(crate) spec: Spec,
    /// The compiled filter of `spec`.
    pub(crate) seccomp: Vec<Program>,
    /// The directory that becomes the root; `overlay` is mounted on it first.
    pub(crate) root: PathBuf,
    pub(crate) overlay: Option<crate::step::Overlay>,
    /// Anonymous volumes, filled from the image before they are mounted.
    pub(crate) volumes: Vec<volumes::Volume>,
    /// Whether the container's own address is given to its network namespace.
    pub(crate) address: Option<std::net::Ipv4Addr>,
    #[serde(default)]
    pub(crate) ulimits: Vec<crate::ulimit::Ulimit>,
}

pub(crate) use volumes::Volume;

impl Launch {
    /// The flags of the namespaces that are made with the first process. A cgroup namespace is made later,
    /// when the process is in its cgroup.
    pub(crate) fn clone_flags(&self) -> sys::CloneFlags {
        self.namespaces().fold(0, |flags, kind| {
            flags
                | match kind {
                    LinuxNamespaceType::Pid => sys::CLONE_NEWPID,
                    LinuxNamespaceType::Mount => sys::CLONE_NEWNS,
                    LinuxNamespaceType::Ipc => sys::CLONE_NEWIPC,
                    LinuxNamespaceType::Uts => sys::CLONE_NEWUTS,
                    LinuxNamespaceType::Network => sys::CLONE_NEWNET,
                    _ => 0,
                }
        })
    }

    pub(crate) fn has_namespace(&self, wanted: LinuxNamespaceType) -> bool {
        self.namespaces().any(|kind| kind == wanted)
    }

    fn namespaces(&self) -> impl Iterator<Item = LinuxNamespaceType> {
        let linux = self.spec.linux().as_ref();
        linux
            .and_then(|linux| linux.namespaces().as_ref())
            .into_iter()
            .flatten()
            .map(LinuxNamespace::typ)
    }

    /// How the process is to run, apart from where.
    pub(crate) fn process(&self) -> Result<process::ProcessSpec> {
        let spec = self.spec.process().as_ref().ok_or(Error::NoCommand)?;
        let annotations = self.spec.annotations().as_ref();
        let user = annotations.and_then(|annotations| annotations.get(USER_ANNOTATION));
        let capabilities = spec
            .capabilities()
            .as_ref()
            .and_then(|sets| sets.bounding().as_ref());
        Ok(process::ProcessSpec {
            args: spec.args().clone().unwrap_or_default(),
            env: spec.env().clone().unwrap_or_default(),
            working_dir: spec.cwd().to_string_lossy().into_owned(),
            user: user
                .cloned()
                .unwrap_or_else(|| format!("{}:{}", spec.user().uid(), spec.user().gid())),
            capabilities: CapabilitySet::of_spec(capabilities).bits(),
            no_new_privileges: spec.no_new_privileges().unwrap_or(false),
            seccomp: self.seccomp.clone(),
            tty: spec.terminal().unwrap_or(false),
            ulimits: self.ulimits.clone(),
        })
    }
}

/// Becomes the container's first process. `stdio` are its standard streams (unused with a terminal);
/// `sync` leads to the parent: a `Descriptors` frame with the terminal's master goes out if there is one,
/// then `Go` is awaited; the socket closes when the program has been started.
///
/// Returns only when something failed, with what to tell the user.
pub(crate) fn run(launch: &Launch, stdio: [OwnedFd; 3], sync: &UnixStream) -> Failure {
    match enter(launch, sync) {
        Err(error) => Failure::engine(&error),
        Ok((spec, None)) => process::exec(&spec, stdio, true),
        Ok((spec, Some(terminal))) => process::exec(&spec, terminal, true),
    }
}

fn enter(launch: &Launch, sync: &UnixStream) -> Result<(process::ProcessSpec, Option<[OwnedFd; 3]>)> {
    // What is made here gets the mode that it is asked for.
    rustix::process::umask(Mode::empty());
    sys::reset_signals();
    nix::unistd::setsid().map_err(|error| Error::system("start a session", error))?;
    sys::join_session_keyring(c"_ses.plimsoll");
    overlay::make_private()?;
    if let Some(layers) = &launch.overlay {
        let lowers: Vec<&Path> = layers.lowers.iter().map(PathBuf::as_path).collect();
        overlay::mount_overlay(&lowers, &layers.upper, &layers.work, &launch.root)?;
    }
    // A root that is not a mount cannot be pivoted to.
    let root = mounts::clone_tree(rustix::fs::CWD, &launch.root, true)
        .map_err(|error| Error::system(format!("open the root `{}`", launch.root.display()), error))?;
    mounts::attach(&root, &open_directory(&launch.root)?)
        .map_err(|error| Error::system("mount the root", error))?;
    let root = open_directory(&launch.root)?;
    let process = launch.process()?;
    target::make_directory(&root, &process.working_dir).map_err(|error| {
        Error::root_fs(
            format!("make the working directory `{}`", process.working_dir),
            error,
        )
    })?;
    // After the working directory, which may lie in a volume.
    for volume in &launch.volumes {
        volume.fill(&root)?;
    }
    for mount in launch.spec.mounts().iter().flatten() {
        mounts::mount(&root, mount)?;
    }
    // It may be missing in what was mounted. If it cannot be made there, entering it says so.
    let _ = target::make_directory(&root, &process.working_dir);
    set_sysctls(launch, &root)?;
    pivot(&root)?;
    let linux = launch.spec.linux().as_ref();
    if let Some(linux) = linux {
        mounts::protect(
            linux.masked_paths().as_deref().unwrap_or_default(),
            linux.readonly_paths().as_deref().unwrap_or_default(),
        )?;
    }
    if launch
        .spec
        .root()
        .as_ref()
        .is_some_and(|root| root.readonly().unwrap_or(false))
    {
        let read_only = mounts::attributes(&["ro"]);
        sys::mount_setattr(rustix::fs::CWD, c"/", false, &read_only)
            .map_err(|error| Error::system("make the root read-only", error))?;
    }
    if let Some(hostname) = launch.spec.hostname() {
        nix::unistd::sethostname(hostname).map_err(|error| Error::system("set the host name", error))?;
    }
    if launch.has_namespace(LinuxNamespaceType::Network) {
        lo::up(launch.address)?;
    }
    let terminal = if process.tty {
        Some(process::Terminal::open(sync, true)?)
    } else {
        None
    };
    await_go(sync)?;
    if launch.has_namespace(LinuxNamespaceType::Cgroup) {
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWCGROUP)
            .map_err(|error| Error::system("make a cgroup namespace", error))?;
        mounts::mount_cgroup(&launch.spec)?;
    }
    let terminal = terminal.map(process::Terminal::into_stdio).transpose()?;
    Ok((process, terminal))
}

fn gone() -> io::Error {
    io::Error::other("the parent is gone")
}

/// Waits for the parent's word.
pub(crate) fn expect_go(sync: &UnixStream) -> Result<()> {
    match wire::receive(sync) {
        Ok(Some((Kind::Go, _))) => Ok(()),
        Ok(_) => Err(Error::system("start the process", gone())),
        Err(error) => Err(Error::system("start the process", error)),
    }
}

fn await_go(sync: &UnixStream) -> Result<()> {
    expect_go(sync)?;
    // From here on the death of the parent is ours.
    let signal = nix::sys::signal::Signal::SIGKILL;
    nix::sys::prctl::set_pdeathsig(signal).map_err(|error| Error::system("watch the parent", error))?;
    // Had it died in between, its end of the socket would be closed.
    let mut poll = [nix::poll::PollFd::new(sync.as_fd(), nix::poll::PollFlags::POLLIN)];
    match nix::poll::poll(&mut poll, nix::poll::PollTimeout::ZERO) {
        Ok(0) => Ok(()),
        _ => Err(Error::system("start the process", gone())),
    }
}

pub(crate) fn open_directory(path: &Path) -> Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).map_err(|error| Error::file("open", path, error.into()))
}

fn set_sysctls(launch: &Launch, root: &OwnedFd) -> Result<()> {
    let sysctls = launch
        .spec
        .linux()
        .as_ref()
        .and_then(|linux| linux.sysctl().as_ref());
    for (name, value) in sysctls.into_iter().flatten() {
        let path = format!("proc/sys/{}", name.replace('.', "/"));
        let flags = OFlags::WRONLY | OFlags::CLOEXEC;
        let written = target::open(root, Path::new(&path), flags)
            .and_then(|file| rustix::io::write(&file, value.as_bytes()));
        match written {
            Ok(_) | Err(rustix::io::Errno::NOENT) => {}
            // A range of groups that the user namespace does not have: nothing is lost that could be given.
            Err(rustix::io::Errno::INVAL) if !plimsoll_image::user_namespace::is_first() => {}
            Err(error) => return Err(Error::system(format!("set `{name}`"), error)),
        }
    }
    Ok(())
}

/// Makes `root` the root and lets go of the old one.
fn pivot(root: &OwnedFd) -> Result<()> {
    let pivot = || -> Result<(), rustix::io::Errno> {
        rustix::process::fchdir(root)?;
        // Both names are the new root; the old one is stacked on it and is taken away at once.
        rustix::process::pivot_root(".", ".")?;
        rustix::mount::unmount(".", rustix::mount::UnmountFlags::DETACH)?;
        rustix::process::chdir("/")
    };
    pivot().map_err(|error| Error::system("change to the new root", error))
}
