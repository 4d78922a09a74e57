//! The SSH agent that the process of a `RUN` may talk to: a socket of the step's own, behind which every connection is
//! handed on to the agent that was given to the build.

use std::fs::Permissions;
use std::io;
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use plimsoll_dockerfile::Mount;
use plimsoll_sandbox::{StepMount, StepMountKind};
use rustix::fs::{Gid, Mode, OFlags, Uid, chown};

use crate::error::{IoContext, Problem};
use crate::options::SshAgent;
use crate::scratch::Scratch;

/// Only its owner may talk to it.
const DEFAULT_MODE: u32 = 0o600;
const SOCKET: &str = "agent";

/// The sockets of one step, until it is dropped.
#[derive(Default)]
pub(super) struct Agents {
    forwarders: Vec<Forwarder>,
    /// How many mounts asked for one.
    asked: usize,
}

impl Agents {
    /// Makes the socket that `mount` asks for, and gives its path inside and the socket. An agent that was not given is
    /// an error if the mount says so, else there is nothing at that path.
    pub(super) fn show(
        &mut self,
        mount: &Mount,
        given: &[SshAgent],
        scratch: &Scratch,
    ) -> Result<(String, Option<StepMount>), Problem> {
        let target = match &mount.target {
            Some(target) => target.clone(),
            None => format!("/run/buildkit/ssh_agent.{}", self.asked),
        };
        self.asked += 1;
        let id = mount
            .id
            .as_deref()
            .or(mount.source.as_deref())
            .unwrap_or("default");
        let Some(agent) = given.iter().rev().find(|agent| agent.id == id) else {
            if mount.required {
                return Err(Problem::invalid_with(
                    format!("the SSH agent `{id}` is required, but was not given"),
                    format!(
                        "add `--ssh {id}`, and see that an agent runs (`SSH_AUTH_SOCK`), or `--ssh {id}=KEY`"
                    ),
                ));
            }
            return Ok((target, None));
        };
        let directory = scratch.directory()?;
        let forwarder = Forwarder::start(&directory, mount, &agent.socket)
            .doing("cannot make a socket for the SSH agent in", &directory)?;
        let source = directory.join(SOCKET);
        self.forwarders.push(forwarder);
        let socket = StepMount {
            target: target.clone(),
            kind: StepMountKind::Bind {
                source,
                read_only: true,
            },
        };
        Ok((target, Some(socket)))
    }
}

/// Hands connections on, until it is dropped.
struct Forwarder {
    directory: PathBuf,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Forwarder {
    fn start(directory: &Path, mount: &Mount, agent: &Path) -> io::Result<Self> {
        let listener = with_short_path(directory, |path| UnixListener::bind(path))?;
        let path = directory.join(SOCKET);
        let (uid, gid) = (mount.uid.unwrap_or(0), mount.gid.unwrap_or(0));
        chown(&path, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
        std::fs::set_permissions(&path, Permissions::from_mode(mount.mode.unwrap_or(DEFAULT_MODE)))?;
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (stop, agent) = (Arc::clone(&stop), agent.to_owned());
            move || serve(&listener, &agent, &stop)
        });
        Ok(Self {
            directory: directory.to_owned(),
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the thread; if it is gone already, there is nothing to wake.
        let woken = with_short_path(&self.directory, |path| UnixStream::connect(path));
        if let (Ok(_), Some(thread)) = (woken, self.thread.take()) {
            let _ = thread.join();
        }
    }
}

/// The path of a socket has room for about a hundred bytes, which a store's path may exceed.
fn with_short_path<T>(directory: &Path, work: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fd = rustix::fs::open(directory, flags, Mode::empty())?;
    work(
        &Path::new("/proc/self/fd")
            .join(fd.as_raw_fd().to_string())
            .join(SOCKET),
    )
}

fn serve(listener: &UnixListener, agent: &Path, stop: &AtomicBool) {
    while let Ok((client, _)) = listener.accept() {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        // Without an agent the client sees its connection closed, as with an agent that died.
        if let Ok(server) = UnixStream::connect(agent) {
            let _ = forward(client, server);
        }
    }
}

/// Copies in both directions, each in a thread, until one side is closed.
fn forward(client: UnixStream, server: UnixStream) -> io::Result<()> {
    let pairs = [(client.try_clone()?, server.try_clone()?), (server, client)];
    for (mut from, mut to) in pairs {
        std::thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    Ok(())
}
