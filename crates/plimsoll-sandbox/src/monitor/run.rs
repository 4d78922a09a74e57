//! One run of a container: from the fork of its first process to the removal of its cgroup.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use super::health::Health;
use super::{Client, Monitor, supervisor};
use crate::cgroup::Cgroup;
use crate::deadline;
use crate::error::{Error, Result};
use crate::init::process::ProcessSpec;
use crate::init::{self, Launch};
use crate::join::Place;
use crate::net::{forward, lo};
use crate::options::Network;
use crate::record::Process;
use crate::relay::{Request, Source};
use crate::seccomp;
use crate::spec::capabilities::CapabilitySet;
use crate::state::{HealthState, Status};
use crate::step::Overlay;
use crate::sys::{self, Fork};
use crate::wire::{self, Failure, Kind};

/// A container that runs.
struct Running {
    pid: i32,
    place: Place,
    process: ProcessSpec,
    health: Option<Health>,
    forwarder: Option<i32>,
    /// When it is killed, once it was asked to end.
    kill_at: Option<Instant>,
}

/// The ends of the container's streams that are ours.
struct Streams {
    input: Option<OwnedFd>,
    output: [Option<OwnedFd>; 2],
}

impl Monitor {
    /// Starts the container and stays with it until it has ended; gives its exit code.
    pub(super) fn run_once(&mut self) -> Result<i32, Failure> {
        let launch = self.launch().map_err(|error| Failure::engine(&error))?;
        let (cgroup, warnings) =
            Cgroup::create(&self.record.id, &self.record.limits).map_err(|error| Failure::engine(&error))?;
        self.kept.state.warnings = warnings;
        let outcome = match self.start(&launch, &cgroup) {
            Ok(running) => Ok(self.attend(running)),
            Err(failure) => Err(failure),
        };
        self.kept.state.oom_killed = cgroup.oom_kills().is_some_and(|kills| kills > 0);
        self.kept.state.cgroups.clear();
        cgroup.kill_all();
        cgroup.remove();
        outcome
    }

    fn launch(&self) -> Result<Launch> {
        let path = self.directory.join("config.json");
        let text = std::fs::read(&path).map_err(|error| Error::file("read", &path, error))?;
        let spec = serde_json::from_slice(&text).map_err(|error| Error::Record {
            path,
            message: error.to_string(),
        })?;
        let options = &self.record.options;
        let capabilities = CapabilitySet::docker(&options.cap_add, &options.cap_drop)?;
        let (_, seccomp) = seccomp::filter(&options.security.seccomp, capabilities)?;
        let lowers = if self.record.layers.is_empty() {
            vec![self.directory.join("empty")]
        } else {
            self.record.layers.clone()
        };
        Ok(Launch {
            spec,
            seccomp,
            root: self.directory.join("rootfs"),
            overlay: Some(Overlay {
                lowers,
                upper: self.directory.join("upper"),
                work: self.directory.join("work"),
            }),
            volumes: self.record.volumes.clone(),
            address: (options.network == Network::Private).then_some(lo::ADDRESS),
            ulimits: Vec::new(),
        })
    }

    fn start(&mut self, launch: &Launch, cgroup: &Cgroup) -> Result<Running, Failure> {
        let failed = |source: io::Error| Failure::engine(&Error::system("start the container", source));
        let (streams, theirs) = self.streams().map_err(failed)?;
        let (sync, their_sync) = UnixStream::pair().map_err(failed)?;
        let pid = match sys::clone3(launch.clone_flags()).map_err(failed)? {
            Fork::Child => {
                drop(sync);
                let failure = init::run(launch, theirs, &their_sync);
                let _ = wire::send_json(&their_sync, Kind::Failed, &failure);
                sys::exit_now(failure.exit_code);
            }
            Fork::Parent(pid) => pid,
        };
        drop((theirs, their_sync));
        match self.started(launch, cgroup, pid, &sync, streams) {
            Ok(running) => {
                if !self.announced {
                    self.relay.tell(Kind::Started, b"");
                    if self.client != Client::Attached {
                        self.relay.finish();
                        let client = self.relay.detach();
                        self.supervisor = client.filter(|_| self.client == Client::Supervising);
                    }
                    self.announced = true;
                }
                Ok(running)
            }
            Err(failure) => {
                let _ = sys::kill(pid, libc::SIGKILL);
                let _ = waitpid(Pid::from_raw(pid), None);
                Err(failure)
            }
        }
    }

    /// Puts the first process into its cgroup, lets it go, and waits until its program runs.
    fn started(
        &mut self,
        launch: &Launch,
        cgroup: &Cgroup,
        pid: i32,
        sync: &UnixStream,
        streams: Streams,
    ) -> Result<Running, Failure> {
        let failed = |source: io::Error| Failure::engine(&Error::system("start the container", source));
        cgroup
            .join(pid)
            .map_err(|error| Failure::engine(&Error::system("put the container into its cgroup", error)))?;
        // If it is gone already then it has said why.
        let _ = wire::send(sync, Kind::Go, b"");
        if launch.process().is_ok_and(|process| process.tty) {
            if let Some(failure) = self.take_terminal(sync).map_err(failed)? {
                return Err(failure);
            }
        } else {
            self.relay
                .connect(streams.input, streams.output)
                .map_err(failed)?;
        }
        match wire::receive(sync).map_err(failed)? {
            None => {}
            Some((Kind::Failed, body)) => {
                return Err(serde_json::from_slice(&body).map_err(|error| failed(error.into()))?);
            }
            Some(_) => return Err(failed(io::Error::other("an answer that makes no sense"))),
        }
        let init = Process::of(pid).ok_or_else(|| failed(io::Error::other("it is gone")))?;
        let place = Place {
            init,
            cgroups: cgroup.directories().to_vec(),
        };
        let forwarder = if self.listeners.is_empty() {
            None
        } else {
            Some(forward::start(&self.listeners, &self.kept.state.ports, init).map_err(failed)?)
        };
        let health = self.record.health.clone().map(Health::new);
        let state = &mut self.kept.state;
        state.status = Status::Running;
        (state.pid, state.pid_start_time) = (pid as u32, init.start_time);
        state.started_at = Some(Timestamp::now());
        state.health = health.as_ref().map(|_| HealthState::default());
        state.cgroups = place.cgroups.clone();
        state.error.clear();
        state.oom_killed = false;
        self.keep();
        Ok(Running {
            pid,
            place,
            process: launch.process().map_err(|error| Failure::engine(&error))?,
            health,
            forwarder,
            kill_at: None,
        })
    }

    /// Takes the terminal's master from the first process; a failure if that is what it sends instead.
    fn take_terminal(&mut self, sync: &UnixStream) -> io::Result<Option<Failure>> {
        match wire::receive_terminal(sync)? {
            Ok(master) => self.relay.connect_terminal(master).map(|()| None),
            Err(failure) => Ok(Some(failure)),
        }
    }

    fn streams(&self) -> io::Result<(Streams, [OwnedFd; 3])> {
        let (output, their_output) = io::pipe()?;
        let (error, their_error) = io::pipe()?;
        let (input, their_input) = if self.record.options.interactive && !self.record.options.tty {
            let (their_input, input) = io::pipe()?;
            (Some(input.into()), their_input.into())
        } else {
            (None, std::fs::File::open("/dev/null")?.into())
        };
        let ours = Streams {
            input,
            output: [Some(output.into()), Some(error.into())],
        };
        Ok((ours, [their_input, their_output.into(), their_error.into()]))
    }

    /// Stays with the container until its first process has ended; gives its exit code.
    fn attend(&mut self, mut running: Running) -> i32 {
        let exit_code = loop {
            self.look_at_time(&mut running);
            let ready = self.wait_for(&running);
            let (mut children, mut probe) = (false, false);
            for what in ready {
                match what {
                    Ready::Signal => children |= self.take_signals(&mut running),
                    Ready::Probe => probe = true,
                    Ready::Supervisor => self.look_at_supervisor(&running),
                    Ready::Relay(source) => {
                        let log = &mut self.log;
                        for request in self
                            .relay
                            .handle(source, &mut |stream, bytes| log.add(stream, bytes))
                        {
                            if let Request::Signal(signal) = request {
                                let _ = sys::kill(running.pid, signal);
                            }
                        }
                    }
                }
            }
            if probe && let Some(health) = &mut running.health {
                health.read();
            }
            if children && let Some(exit_code) = self.reap(&mut running) {
                break exit_code;
            }
        };
        if let Some(pid) = running.health.as_mut().and_then(Health::abandon) {
            let _ = waitpid(Pid::from_raw(pid), None);
        }
        if let Some(pid) = running.forwarder.take() {
            let _ = sys::kill(pid, libc::SIGKILL);
            let _ = waitpid(Pid::from_raw(pid), None);
        }
        let log = &mut self.log;
        self.relay.drain(&mut |stream, bytes| log.add(stream, bytes));
        self.log.finish();
        exit_code
    }

    /// Ends the container when the program that supervised it is gone.
    fn look_at_supervisor(&mut self, running: &Running) {
        if self.is_deserted() {
            let _ = self.directory.ask_to_stop();
            let _ = sys::kill(running.pid, libc::SIGKILL);
        }
    }

    /// Does what is due.
    fn look_at_time(&mut self, running: &mut Running) {
        if running.kill_at.is_some_and(|time| Instant::now() >= time) {
            running.kill_at = None;
            let _ = sys::kill(running.pid, libc::SIGKILL);
        }
        if let Some(health) = &mut running.health {
            let changed = health.tick(&running.place, &running.process, self.health_state());
            if changed {
                self.keep();
            }
        }
    }

    fn wait_for(&self, running: &Running) -> Vec<Ready> {
        let mut what = vec![Ready::Signal];
        let mut fds = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        if let Some(output) = running.health.as_ref().and_then(Health::output) {
            what.push(Ready::Probe);
            fds.push(PollFd::new(output, PollFlags::POLLIN));
        }
        if let Some(supervisor) = &self.supervisor {
            what.push(Ready::Supervisor);
            fds.push(supervisor::watched(supervisor));
        }
        for (source, fd, flags) in self.relay.sources() {
            what.push(Ready::Relay(source));
            fds.push(PollFd::new(fd, flags));
        }
        let due = [
            running.kill_at,
            running.health.as_ref().and_then(Health::deadline),
        ];
        let timeout = match due.into_iter().flatten().min() {
            None => PollTimeout::NONE,
            Some(due) => {
                // Rounded up, so that it is due when we wake.
                let left = due.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
                PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
            }
        };
        // An interrupted call finds nothing ready, as one that has timed out.
        if poll(&mut fds, timeout).is_err() {
            return Vec::new();
        }
        let ready = fds.iter().zip(what).filter(|(fd, _)| fd.any() == Some(true));
        ready.map(|(_, what)| what).collect()
    }

    /// Whether a child has ended. Any other signal asks the container to end.
    fn take_signals(&mut self, running: &mut Running) -> bool {
        let mut children = false;
        while let Ok(Some(signal)) = self.signals.read_signal() {
            if signal.ssi_signo == libc::SIGCHLD as u32 {
                children = true;
            } else if signal.ssi_signo != libc::SIGHUP as u32 && running.kill_at.is_none() {
                let _ = self.directory.ask_to_stop();
                let _ = sys::kill(running.pid, self.record.stop_signal);
                running.kill_at = Some(deadline::after(Duration::from_secs(self.record.stop_timeout)));
            }
        }
        children
    }

    /// Takes note of the children that have ended; the exit code if the first process is among them.
    fn reap(&mut self, running: &mut Running) -> Option<i32> {
        let mut ended = None;
        while let Ok(Some((pid, code))) = sys::reap() {
            if pid == running.pid {
                ended = Some(code);
            } else if Some(pid) == running.forwarder {
                running.forwarder = None;
            } else if let Some(health) = &mut running.health
                && health.is_probe(pid)
            {
                health.ended(code, self.health_state());
                self.keep();
            }
        }
        ended
    }
}

/// What can be ready.
#[derive(Debug, Clone, Copy)]
enum Ready {
    Signal,
    Probe,
    Supervisor,
    Relay(Source),
}
