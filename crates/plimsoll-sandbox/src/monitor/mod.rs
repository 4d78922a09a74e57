//! The process that runs one container from its start to its end: it keeps the state and the log, checks
//! the health, forwards ports, and starts the container again where it should. It outlives the program that
//! started it.

mod health;
pub(crate) mod logs;
mod restart;
mod run;
mod supervisor;

use std::fs::File;
use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use nix::fcntl::Flock;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use serde::{Deserialize, Serialize};

use crate::deadline;
use crate::error::{Error, Result};
use crate::net::{lo, ports};
use crate::options::Network;
use crate::record::{Directory, Kept, Process, Record};
use crate::relay::Relay;
use crate::rootless;
use crate::state::{ContainerState, HealthState, Status};
use crate::sys::{self, Fork};
use crate::wire::{self, Failure, Kind};
use logs::LogWriter;
use restart::Restarts;

/// What the monitor is given.
#[derive(Serialize, Deserialize)]
pub(crate) struct Task {
    /// The container's directory.
    pub(crate) directory: PathBuf,
    pub(crate) client: Client,
    /// Where the processes of the user namespace are listed, if it is one of an ordinary user.
    pub(crate) members: Option<PathBuf>,
}

/// What the program that starts a container is to it afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Client {
    /// Nothing at all.
    Detached,
    /// It is attached to the container's streams.
    Attached,
    /// The container is not to be there without it.
    Supervising,
}

/// Everything that lasts from one run of the container to the next.
struct Monitor {
    directory: Directory,
    record: Record,
    kept: Kept,
    listeners: Vec<TcpListener>,
    signals: SignalFd,
    log: LogWriter,
    relay: Relay,
    client: Client,
    /// Leads to a program that supervises the container, once it runs.
    supervisor: Option<UnixStream>,
    /// Whether that program is gone.
    deserted: bool,
    /// Whether the program that started us has heard that the container runs.
    announced: bool,
    lock: Option<Flock<File>>,
}

/// The helper. It forks once more, so that it is nobody's child and no terminal's.
pub(crate) fn helper(control: UnixStream) -> u8 {
    let task: Task = match wire::receive_task(&control) {
        Ok(task) => task,
        Err(_) => return 125,
    };
    let session = nix::unistd::setsid();
    match sys::clone3(0) {
        Ok(Fork::Parent(pid)) => {
            let listed = task
                .members
                .as_deref()
                .map(|members| rootless::register(members, pid));
            return u8::from(matches!(listed, Some(Err(_))));
        }
        Ok(Fork::Child) => {}
        Err(_) => return 125,
    }
    let opened = session
        .map_err(|error| Error::system("start a session", error))
        .and_then(|_| Monitor::open(&task));
    match opened {
        Ok(mut monitor) => u8::from(monitor.run(control).is_err()),
        Err(error) => u8::from(wire::send_json(&control, Kind::Failed, &Failure::engine(&error)).is_err()),
    }
}

impl Monitor {
    fn open(task: &Task) -> Result<Self> {
        let directory = Directory::new(task.directory.clone());
        let lock = directory.lock()?;
        let record = directory.record()?;
        let lock = lock.ok_or_else(|| Error::Running(record.name.clone()))?;
        let mut kept = directory.kept()?;
        directory.forget_stop();
        let (listeners, published) = ports::listen(&record.ports)?;
        // The signals that we care for come as data; the others must not end us with a container alive.
        let mut wanted = SigSet::empty();
        for signal in [
            Signal::SIGCHLD,
            Signal::SIGTERM,
            Signal::SIGINT,
            Signal::SIGHUP,
            Signal::SIGQUIT,
        ] {
            wanted.add(signal);
        }
        let failed = |error: nix::errno::Errno| Error::system("watch for signals", error);
        wanted.thread_block().map_err(failed)?;
        let signals =
            SignalFd::with_flags(&wanted, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK).map_err(failed)?;
        let log_path = directory.log();
        let log = LogWriter::open(&log_path).map_err(|error| Error::file("open", &log_path, error))?;
        kept.monitor = Process::of(std::process::id() as i32);
        if let Some(monitor) = kept.monitor {
            // Where the state is lost, this tells who we are. It is no reason not to start.
            let _ = Directory::sign(&lock, monitor);
        }
        kept.state = ContainerState {
            ports: published,
            ip_address: (record.options.network == Network::Private).then_some(lo::ADDRESS.into()),
            exit_code: kept.state.exit_code,
            started_at: kept.state.started_at,
            finished_at: kept.state.finished_at,
            ..ContainerState::default()
        };
        Ok(Self {
            directory,
            record,
            kept,
            listeners,
            signals,
            log,
            relay: Relay::default(),
            client: task.client,
            supervisor: None,
            deserted: false,
            announced: false,
            lock: Some(lock),
        })
    }

    fn keep(&self) {
        // A full disk must not end the container.
        let _ = self.directory.keep(&self.kept);
    }

    /// Runs the container until it is not started again.
    fn run(&mut self, control: UnixStream) -> Result<()> {
        self.relay =
            Relay::with_client(control).map_err(|error| Error::system("talk to the starter", error))?;
        let mut restarts = Restarts::default();
        loop {
            let started = Instant::now();
            let exit_code = match self.run_once() {
                Ok(exit_code) => exit_code,
                Err(failure) => return self.could_not_start(&failure),
            };
            self.kept.state.exit_code = exit_code;
            self.kept.state.finished_at = Some(Timestamp::now());
            (self.kept.state.pid, self.kept.state.pid_start_time) = (0, 0);
            let wait = restarts.next(self.record.options.restart, exit_code, started.elapsed());
            let Some(wait) = wait.filter(|_| !self.directory.asked_to_stop()) else {
                break;
            };
            self.kept.state.status = Status::Restarting;
            self.kept.state.restart_count = restarts.count;
            self.keep();
            if !self.pause(wait) {
                break;
            }
        }
        self.end()
    }

    /// Waits before the next start; `false` when there shall be none.
    fn pause(&mut self, wait: Duration) -> bool {
        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
        use std::os::fd::AsFd;
        let until = deadline::after(wait);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return !self.directory.asked_to_stop();
            }
            let timeout = PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
            let mut fds = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
            fds.extend(self.supervisor.as_ref().map(supervisor::watched));
            let _ = poll(&mut fds, timeout);
            if self.is_deserted() {
                return false;
            }
            while let Ok(Some(signal)) = self.signals.read_signal() {
                if signal.ssi_signo != libc::SIGCHLD as u32 {
                    return false;
                }
            }
        }
    }

    /// The container ended for good.
    fn end(&mut self) -> Result<()> {
        self.kept.state.status = Status::Exited;
        self.kept.state.ports.clear();
        self.kept.state.ip_address = None;
        self.kept.monitor = None;
        self.listeners.clear();
        let exit_code = self.kept.state.exit_code;
        // Whoever waits has this file open; its content stays readable when the directory goes.
        let _ = std::fs::write(self.directory.join("exit-code"), exit_code.to_string());
        self.keep();
        let removed = if self.record.options.auto_remove || self.is_deserted() {
            self.directory.remove()
        } else {
            Ok(())
        };
        self.lock = None;
        if let Some(supervisor) = self.supervisor.take() {
            supervisor::stay_behind(&supervisor, &self.directory);
        }
        self.relay.tell(Kind::Exited, exit_code.to_string().as_bytes());
        self.relay.finish();
        removed
    }

    fn could_not_start(&mut self, failure: &Failure) -> Result<()> {
        let state = &mut self.kept.state;
        state.error.clone_from(&failure.message);
        state.exit_code = failure.exit_code;
        state.status = if state.started_at.is_some() {
            Status::Exited
        } else {
            Status::Created
        };
        state.health = None;
        state.ports.clear();
        state.ip_address = None;
        (state.pid, state.pid_start_time) = (0, 0);
        self.kept.monitor = None;
        self.listeners.clear();
        let _ = std::fs::write(self.directory.join("exit-code"), failure.exit_code.to_string());
        self.keep();
        if self.record.options.auto_remove || self.client == Client::Supervising {
            let _ = self.directory.remove();
        }
        self.lock = None;
        let body =
            serde_json::to_vec(failure).map_err(|error| Error::system("answer", io::Error::from(error)))?;
        self.relay.tell(Kind::Failed, &body);
        self.relay.finish();
        Ok(())
    }

    fn health_state(&mut self) -> &mut HealthState {
        self.kept.state.health.get_or_insert_default()
    }
}
