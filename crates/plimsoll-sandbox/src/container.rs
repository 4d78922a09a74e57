//! One container: what is known about it, and what can be done with it.

mod exec;
mod logs;
mod supervision;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use plimsoll_core::Digest;
use plimsoll_image::ImageConfig;

pub use logs::LogOptions;
pub use supervision::Supervision;

use crate::attach::{self, End, Streams};
use crate::cgroup::Cgroup;
use crate::deadline;
use crate::error::{Error, Result, chain};
use crate::helper::{self, Role};
use crate::monitor::{self, Client};
use crate::options::RunOptions;
use crate::record::{Directory, Kept, MountPoint, Process, Record};
use crate::rootless;
use crate::signal::parse_signal;
use crate::state::{ContainerState, Status};
use crate::stats::{self, ProcessInfo, Stats};
use crate::sys;
use crate::wire::{self, Failure, Kind};

/// How long processor time is watched for a statistic.
const SAMPLE: Duration = Duration::from_millis(200);

/// A container, running or not.
#[derive(Debug, Clone)]
pub struct Container {
    directory: Directory,
    record: Box<Record>,
    /// Why the record is not what was written.
    problem: Option<String>,
}

impl Container {
    /// The container in this directory; `None` when it is gone. One whose record cannot be read is dead, and
    /// can be removed.
    pub(crate) fn open(directory: Directory) -> Option<Self> {
        let (record, problem) = match directory.record() {
            Ok(record) => (record, None),
            Err(_) if !directory.path().is_dir() => return None,
            Err(error) => (Record::remains(&directory), Some(chain(&error))),
        };
        Some(Self {
            directory,
            record: Box::new(record),
            problem,
        })
    }

    /// The id: 64 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.record.id
    }

    /// The first twelve digits of the id.
    pub fn short_id(&self) -> &str {
        self.record.id.get(..12).unwrap_or(&self.record.id)
    }

    /// The name, without a slash.
    pub fn name(&self) -> &str {
        &self.record.name
    }

    /// When it was made.
    pub fn created(&self) -> Timestamp {
        self.record.created
    }

    /// The id of its image.
    pub fn image_id(&self) -> Digest {
        self.record.image_id
    }

    /// What its image was called when the container was made.
    pub fn image_name(&self) -> &str {
        &self.record.image_name
    }

    /// The configuration of its image.
    pub fn image_config(&self) -> &ImageConfig {
        &self.record.image_config
    }

    /// What it was made with.
    pub fn options(&self) -> &RunOptions {
        &self.record.options
    }

    /// Its program and the arguments: entrypoint and command together.
    pub fn args(&self) -> &[String] {
        &self.record.args
    }

    /// Its environment, `NAME=value`.
    pub fn env(&self) -> &[String] {
        &self.record.env
    }

    /// The image's labels and its own.
    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.record.labels
    }

    /// The host name inside.
    pub fn hostname(&self) -> &str {
        &self.record.hostname
    }

    /// Its bind mounts, volumes and temporary file systems.
    pub fn mounts(&self) -> &[MountPoint] {
        &self.record.mounts
    }

    /// The file with its log: one JSON object for each line, as Docker's `json-file`.
    pub fn log_path(&self) -> PathBuf {
        self.directory.log()
    }

    /// The layers that it stands on, topmost first.
    pub fn layers(&self) -> &[PathBuf] {
        &self.record.layers
    }

    /// What is known about it at the moment. A container whose monitor was killed is found to have ended,
    /// and is cleaned up after. One whose files are damaged is dead, and `error` says why.
    ///
    /// # Errors
    /// [`Error::NoSuchContainer`] when it was removed; when it cannot be cleaned up after.
    pub fn state(&self) -> Result<ContainerState> {
        let mut state = self.kept()?.state;
        if let Some(problem) = self.problem.as_ref().filter(|_| !state.running()) {
            state.status = Status::Dead;
            state.error.clone_from(problem);
        }
        Ok(state)
    }

    fn kept(&self) -> Result<Kept> {
        // Its directory may go at any moment: another process removes it, or its own monitor.
        self.read_kept().map_err(|error| match error {
            Error::File { source, .. }
                if source.kind() == std::io::ErrorKind::NotFound && !self.directory.path().exists() =>
            {
                Error::NoSuchContainer(self.name().to_owned())
            }
            other => other,
        })
    }

    fn read_kept(&self) -> Result<Kept> {
        let kept = self.directory.kept()?;
        let active = matches!(
            kept.state.status,
            Status::Running | Status::Paused | Status::Restarting
        );
        if !active || kept.monitor.is_some_and(Process::alive) {
            return Ok(kept);
        }
        let Some(_lock) = self.directory.try_lock()? else {
            // Somebody is at it.
            return self.directory.kept();
        };
        let kept = self.directory.kept()?;
        if matches!(
            kept.state.status,
            Status::Running | Status::Paused | Status::Restarting
        ) {
            self.recover(kept)
        } else {
            Ok(kept)
        }
    }

    /// Cleans up after a monitor that was killed: its container died with it.
    fn recover(&self, mut kept: Kept) -> Result<Kept> {
        let state = &mut kept.state;
        let init = Process {
            pid: i32::try_from(state.pid).unwrap_or(0),
            start_time: state.pid_start_time,
        };
        if let Some(pidfd) = init.open() {
            let _ = sys::pidfd_send_signal(pidfd.as_fd(), libc::SIGKILL);
            let _ = poll(
                &mut [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)],
                PollTimeout::from(5000_u16),
            );
        }
        let cgroup = Cgroup::of(std::mem::take(&mut state.cgroups));
        state.oom_killed |= cgroup.oom_kills().is_some_and(|kills| kills > 0);
        cgroup.kill_all();
        cgroup.remove();
        state.status = Status::Exited;
        state.ports.clear();
        state.ip_address = None;
        state.exit_code = 128 + libc::SIGKILL;
        "the container's monitor was killed".clone_into(&mut state.error);
        state.finished_at = Some(Timestamp::now());
        (state.pid, state.pid_start_time) = (0, 0);
        kept.monitor = None;
        let _ = fs::write(self.directory.join("exit-code"), kept.state.exit_code.to_string());
        self.directory.keep(&kept)?;
        if self.record.options.auto_remove {
            self.directory.remove()?;
        }
        Ok(kept)
    }

    /// Starts it in the background; returns when its program runs.
    ///
    /// # Errors
    /// When it runs already or cannot be started; [`Error::exit_code`] is what `run` exits with. A container
    /// with `auto_remove` is removed then.
    pub fn start_detached(&self) -> Result<()> {
        self.start_in_background(Client::Detached).map(drop)
    }

    /// Starts it and waits until its program runs; gives the socket to its monitor.
    fn start_in_background(&self, client: Client) -> Result<UnixStream> {
        let control = self.start(client)?;
        let failed = |source| Error::system("start the container", source);
        match wire::receive(&control).map_err(failed)? {
            Some((Kind::Started, _)) => Ok(control),
            Some((Kind::Failed, body)) => {
                let failure =
                    serde_json::from_slice(&body).map_err(|error| failed(std::io::Error::from(error)))?;
                Err(self.start_failure(failure))
            }
            _ => Err(lost()),
        }
    }

    /// Starts it and stays attached to it until it has ended; gives its exit code. Signals that would end
    /// the calling program go to the container meanwhile.
    ///
    /// # Errors
    /// As [`Container::start_detached`], and when the streams break.
    pub fn start_attached(&self, mut streams: Streams<'_>) -> Result<i32> {
        if !self.record.options.interactive {
            streams.stdin = None;
        }
        let control = self.start(Client::Attached)?;
        match attach::attach(&control, &mut streams, self.record.options.tty)? {
            End::Exited(code) => Ok(code),
            End::Failed(failure) => Err(self.start_failure(failure)),
            End::Lost => Err(lost()),
        }
    }

    fn start(&self, client: Client) -> Result<UnixStream> {
        if self.kept()?.state.running() {
            return Err(Error::Running(self.name().to_owned()));
        }
        if self.problem.is_some() {
            self.directory.record()?;
        }
        helper::check_privileges()?;
        let task = monitor::Task {
            directory: self.directory.path().to_owned(),
            client,
            members: rootless::members(),
        };
        let mut helper = helper::start(Role::Monitor, &task, &[])?;
        // It has forked and is done; what goes on is nobody's child.
        let _ = helper.child.wait();
        Ok(helper.control)
    }

    fn start_failure(&self, failure: Failure) -> Error {
        match failure.port {
            Some(address) => Error::PortInUse { address },
            None => Error::Start {
                message: failure.message,
                exit_code: failure.exit_code,
                of_host: failure.of_host,
            },
        }
    }

    fn running(&self) -> Result<ContainerState> {
        let state = self.state()?;
        if state.running() {
            Ok(state)
        } else {
            Err(Error::NotRunning(self.name().to_owned()))
        }
    }

    fn init(state: &ContainerState) -> Process {
        Process {
            pid: i32::try_from(state.pid).unwrap_or(0),
            start_time: state.pid_start_time,
        }
    }

    /// Asks it to end with its stop signal, and kills it after `timeout` (by default its own, 10 seconds if
    /// it has none). One that does not run is fine.
    ///
    /// # Errors
    /// When its state cannot be read.
    pub fn stop(&self, timeout: Option<Duration>) -> Result<()> {
        let kept = self.kept()?;
        let Some(monitor) = kept.monitor.and_then(Process::open) else {
            return Ok(());
        };
        self.directory.ask_to_stop()?;
        let timeout = timeout.unwrap_or(Duration::from_secs(self.record.stop_timeout));
        if kept.state.status == Status::Restarting {
            let _ = sys::pidfd_send_signal(monitor.as_fd(), libc::SIGTERM);
        } else if let Some(init) = Self::init(&kept.state).open() {
            let _ = sys::pidfd_send_signal(init.as_fd(), self.record.stop_signal);
            if !ended(&init, Some(timeout)) {
                let _ = sys::pidfd_send_signal(init.as_fd(), libc::SIGKILL);
            }
        }
        ended(&monitor, None);
        Ok(())
    }

    /// Sends it a signal by name or number.
    ///
    /// # Errors
    /// [`Error::NotRunning`], or when there is no such signal.
    pub fn kill(&self, signal: &str) -> Result<()> {
        let signal = parse_signal(signal).ok_or_else(|| Error::no_signal(signal))?;
        let state = self.running()?;
        let gone = || Error::NotRunning(self.name().to_owned());
        let init = Self::init(&state).open().ok_or_else(gone)?;
        if signal == libc::SIGKILL || signal == libc::SIGTERM || signal == self.record.stop_signal {
            self.directory.ask_to_stop()?;
        }
        sys::pidfd_send_signal(init.as_fd(), signal)
            .map_err(|error| Error::system("send the signal", error))?;
        if signal == libc::SIGKILL {
            ended(&init, None);
        }
        Ok(())
    }

    /// Waits until it has ended for good, and gives its exit code; at once where it does not run.
    ///
    /// # Errors
    /// When its state cannot be read.
    pub fn wait(&self) -> Result<i32> {
        let path = self.directory.join("exit-code");
        // Opened first: the container may be removed when it ends.
        let mut file = File::open(&path).map_err(|error| Error::file("read", &path, error))?;
        if let Some(monitor) = self.kept()?.monitor.and_then(Process::open) {
            ended(&monitor, None);
            // Notes it down if the monitor could not.
            let _ = self.kept();
        }
        let mut text = String::new();
        file.read_to_string(&mut text)
            .map_err(|error| Error::file("read", &path, error))?;
        match text.trim().parse() {
            Ok(code) => Ok(code),
            Err(_) => Ok(self.state()?.exit_code),
        }
    }

    /// Stops it and starts it again.
    ///
    /// # Errors
    /// As for [`Container::stop`] and [`Container::start_detached`].
    pub fn restart(&self, timeout: Option<Duration>) -> Result<()> {
        self.stop(timeout)?;
        self.start_detached()
    }

    /// What it uses; watches its processor time for a fifth of a second.
    ///
    /// # Errors
    /// [`Error::NotRunning`].
    pub fn stats(&self) -> Result<Stats> {
        let state = self.running()?;
        let cgroup = Cgroup::of(state.cgroups);
        let before = stats::processor_time(&cgroup);
        let start = Instant::now();
        if before.is_some() {
            std::thread::sleep(SAMPLE.saturating_sub(start.elapsed()));
        }
        let after = stats::processor_time(&cgroup);
        Ok(Stats {
            cpu_percent: before
                .zip(after)
                .and_then(|(before, after)| stats::percent(before, after)),
            ..stats::read(&cgroup, state.pid)
        })
    }

    /// Its processes, as the host sees them.
    ///
    /// # Errors
    /// [`Error::NotRunning`].
    pub fn top(&self) -> Result<Vec<ProcessInfo>> {
        Ok(stats::processes(self.running()?.pid))
    }

    /// Removes it with its anonymous volumes; with `force` it is killed first if it runs.
    ///
    /// # Errors
    /// [`Error::Running`], or when its directory cannot be removed.
    pub fn remove(&self, force: bool) -> Result<()> {
        let kept = self.kept()?;
        if let Some(monitor) = kept.monitor.and_then(Process::open) {
            if !force {
                return Err(Error::Running(self.name().to_owned()));
            }
            self.directory.ask_to_stop()?;
            let init = Self::init(&kept.state).open();
            match &init {
                Some(init) => drop(sys::pidfd_send_signal(init.as_fd(), libc::SIGKILL)),
                None => drop(sys::pidfd_send_signal(monitor.as_fd(), libc::SIGTERM)),
            }
            ended(&monitor, None);
        }
        if !self.directory.path().exists() {
            // It removed itself.
            return Ok(());
        }
        match self.directory.lock() {
            Ok(Some(_lock)) => self.directory.remove(),
            Ok(None) => Err(Error::Running(self.name().to_owned())),
            // Somebody else removed it.
            Err(_) if !self.directory.path().exists() => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn lost() -> Error {
    Error::Helper {
        helper: "monitor",
        message: "it ended without an answer".to_owned(),
    }
}

/// Waits until a process has ended; `false` when it has not after `timeout`.
fn ended(pidfd: &OwnedFd, timeout: Option<Duration>) -> bool {
    let until = timeout.map(deadline::after);
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let wait = left.map_or(PollTimeout::NONE, |left| {
            PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)], wait) {
            Ok(0) if left.is_some_and(|left| left.is_zero()) => return false,
            Ok(0) | Err(nix::errno::Errno::EINTR) => {}
            Ok(_) => return true,
            Err(_) => return false,
        }
    }
}
