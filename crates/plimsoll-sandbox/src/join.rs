//! A new process inside a running container: in all of its namespaces and its cgroup.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use nix::sched::{CloneFlags, setns};
use serde::{Deserialize, Serialize};

use crate::cgroup::Cgroup;
use crate::error::{Error, Result};
use crate::init::process::{self, ProcessSpec, Terminal};
use crate::record::Process;
use crate::step::wait;
use crate::sys::{self, CLONE_PARENT, Fork};
use crate::wire::{self, Failure, Kind};

/// The container that a process joins.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Its first process.
    pub(crate) init: Process,
    pub(crate) cgroups: Vec<PathBuf>,
}

/// A process that was started in a container.
pub(crate) struct Joined {
    pub(crate) pid: i32,
    /// Leads to it until its program runs: gives the terminal's master if it has one, a [`Failure`] if its
    /// program could not be started, and then the end.
    pub(crate) sync: UnixStream,
}

/// Starts a process in the container, as a child of this process, which must be single-threaded.
pub(crate) fn spawn(place: &Place, spec: &ProcessSpec, stdio: [OwnedFd; 3]) -> Result<Joined> {
    let failed = |source: io::Error| Error::system("start a process in the container", source);
    let (sync, theirs) = UnixStream::pair().map_err(failed)?;
    // A process id namespace takes in only children of the process that joins it. So a first child joins,
    // makes the process as a sibling of itself, and ends.
    let joiner = match sys::clone3(0).map_err(failed)? {
        Fork::Child => {
            drop(sync);
            let code = match join(place) {
                Err(error) => {
                    let _ = wire::send_json(&theirs, Kind::Failed, &Failure::engine(&error));
                    125
                }
                Ok(()) => fork(spec, stdio, &theirs),
            };
            sys::exit_now(code);
        }
        Fork::Parent(pid) => pid,
    };
    drop((theirs, stdio));
    let answer = wire::receive(&sync).map_err(failed);
    wait(joiner)?;
    match answer? {
        Some((Kind::Started, body)) => {
            let pid = serde_json::from_slice(&body).map_err(|error| failed(error.into()))?;
            // If it is gone already then it has said why.
            let _ = wire::send(&sync, Kind::Go, b"");
            Ok(Joined { pid, sync })
        }
        Some((Kind::Failed, body)) => {
            let failure: Failure = serde_json::from_slice(&body).map_err(|error| failed(error.into()))?;
            Err(Error::Exec {
                message: failure.message,
                exit_code: failure.exit_code,
            })
        }
        _ => Err(failed(io::Error::other("the joining process broke off"))),
    }
}

fn join(place: &Place) -> Result<()> {
    let gone = || Error::system("join the container", io::Error::from(nix::errno::Errno::ESRCH));
    let init = place.init.open().ok_or_else(gone)?;
    Cgroup::of(place.cgroups.clone())
        .join(std::process::id() as i32)
        .map_err(|error| Error::system("join the container's cgroup", error))?;
    let others = NAMESPACES
        .iter()
        .filter(|(name, _)| is_other(place.init.pid, name));
    let namespaces = others.fold(CloneFlags::empty(), |all, (_, flag)| all | *flag);
    setns(&init, namespaces).map_err(|error| Error::system("join the container's namespaces", error))
}

/// The namespaces that a container may have to itself, by their names in `/proc`.
const NAMESPACES: [(&str, CloneFlags); 6] = [
    ("pid", CloneFlags::CLONE_NEWPID),
    ("mnt", CloneFlags::CLONE_NEWNS),
    ("ipc", CloneFlags::CLONE_NEWIPC),
    ("uts", CloneFlags::CLONE_NEWUTS),
    ("net", CloneFlags::CLONE_NEWNET),
    ("cgroup", CloneFlags::CLONE_NEWCGROUP),
];

/// Whether a process has another namespace of this kind than this one. One that both share need not be joined, and in
/// a user namespace the machine's own may not be.
fn is_other(pid: i32, name: &str) -> bool {
    let namespace = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/{name}")).ok();
    match (namespace(&pid.to_string()), namespace("self")) {
        (Some(theirs), Some(own)) => theirs != own,
        _ => true,
    }
}

fn fork(spec: &ProcessSpec, stdio: [OwnedFd; 3], sync: &UnixStream) -> i32 {
    match sys::clone3(CLONE_PARENT) {
        Ok(Fork::Parent(pid)) => i32::from(wire::send_json(sync, Kind::Started, &pid).is_err()),
        Ok(Fork::Child) => {
            let failure = run(spec, stdio, sync);
            let _ = wire::send_json(sync, Kind::Failed, &failure);
            failure.exit_code
        }
        Err(error) => {
            let error = Error::system("start a process in the container", error);
            i32::from(wire::send_json(sync, Kind::Failed, &Failure::engine(&error)).is_err())
        }
    }
}

fn run(spec: &ProcessSpec, stdio: [OwnedFd; 3], sync: &UnixStream) -> Failure {
    sys::reset_signals();
    let prepare = || -> Result<Option<[OwnedFd; 3]>> {
        nix::unistd::setsid().map_err(|error| Error::system("start a session", error))?;
        sys::join_session_keyring(c"_ses.plimsoll");
        // The sibling's message with our process id must come first.
        crate::init::expect_go(sync)?;
        if spec.tty {
            Terminal::open(sync, false)?.into_stdio().map(Some)
        } else {
            Ok(None)
        }
    };
    match prepare() {
        Err(error) => Failure::engine(&error),
        Ok(terminal) => process::exec(spec, terminal.unwrap_or(stdio), false),
    }
}
