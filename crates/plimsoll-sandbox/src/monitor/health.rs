//! The health check, with Docker's semantics.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use nix::errno::Errno;

use crate::deadline;
use crate::error::{Error, chain};
use crate::init::process::ProcessSpec;
use crate::join::{self, Joined, Place};
use crate::record::HealthCheck;
use crate::state::{HealthResult, HealthState, HealthStatus};
use crate::sys;
use crate::wire::{self, Failure, Kind};

/// So many results are kept.
const MOST_RESULTS: usize = 5;
/// So many bytes of a check's output are kept.
const MOST_OUTPUT: usize = 4096;

/// The check of one run of a container.
pub(super) struct Health {
    check: HealthCheck,
    started: Instant,
    next: Instant,
    running: Option<Probe>,
}

/// One check under way.
struct Probe {
    joined: Joined,
    /// Until its end.
    output: Option<OwnedFd>,
    text: Vec<u8>,
    cut: bool,
    start: Timestamp,
    /// The same moment, for reckoning.
    begun: Instant,
    deadline: Instant,
    timed_out: bool,
}

impl Health {
    pub(super) fn new(check: HealthCheck) -> Self {
        let now = Instant::now();
        let mut health = Self {
            check,
            started: now,
            next: now,
            running: None,
        };
        health.next = deadline::after(health.wait(HealthStatus::Starting));
        health
    }

    /// Within the start period a container that was not healthy yet is looked at more often.
    fn wait(&self, status: HealthStatus) -> Duration {
        let starting = status == HealthStatus::Starting && self.started.elapsed() < self.check.start_period;
        if starting {
            self.check.start_interval
        } else {
            self.check.interval
        }
    }

    /// When to call [`Health::tick`] at the latest.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.running {
            Some(probe) if probe.timed_out => None,
            Some(probe) => Some(probe.deadline),
            None => Some(self.next),
        }
    }

    /// The descriptor on which output of a running check appears.
    pub(super) fn output(&self) -> Option<BorrowedFd<'_>> {
        self.running.as_ref()?.output.as_ref().map(AsFd::as_fd)
    }

    /// Starts a check that is due, ends one that takes too long. `true` when the state has changed.
    pub(super) fn tick(&mut self, place: &Place, spec: &ProcessSpec, state: &mut HealthState) -> bool {
        let now = Instant::now();
        match &mut self.running {
            Some(probe) if now >= probe.deadline && !probe.timed_out => {
                probe.timed_out = true;
                // With everything that it started.
                let _ = sys::kill(-probe.joined.pid, libc::SIGKILL);
                false
            }
            Some(_) => false,
            None if now < self.next => false,
            None => {
                let start = Timestamp::now();
                match self.start(place, spec, start, now) {
                    Ok(probe) => {
                        self.running = Some(probe);
                        false
                    }
                    Err(error) => {
                        self.record(state, (start, now), -1, chain(&error));
                        true
                    }
                }
            }
        }
    }

    fn start(
        &self,
        place: &Place,
        spec: &ProcessSpec,
        start: Timestamp,
        begun: Instant,
    ) -> Result<Probe, Error> {
        let failed = |source: io::Error| Error::system("run the health check", source);
        let (output, theirs) = io::pipe().map_err(failed)?;
        let null = std::fs::File::open("/dev/null").map_err(failed)?;
        let theirs = OwnedFd::from(theirs);
        let stdio = [null.into(), theirs.try_clone().map_err(failed)?, theirs];
        let spec = ProcessSpec {
            args: self.check.args.clone(),
            tty: false,
            ..spec.clone()
        };
        let joined = join::spawn(place, &spec, stdio)?;
        let output = OwnedFd::from(output);
        nix::fcntl::fcntl(
            &output,
            nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::O_NONBLOCK),
        )
        .map_err(|error| failed(error.into()))?;
        Ok(Probe {
            joined,
            output: Some(output),
            text: Vec::new(),
            cut: false,
            start,
            begun,
            deadline: deadline::after(self.check.timeout),
            timed_out: false,
        })
    }

    /// Reads what a running check wrote.
    pub(super) fn read(&mut self) {
        if let Some(probe) = &mut self.running {
            probe.read();
        }
    }

    /// Whether this is the process of the running check.
    pub(super) fn is_probe(&self, pid: i32) -> bool {
        self.running.as_ref().is_some_and(|probe| probe.joined.pid == pid)
    }

    /// Takes the end of the running check into account.
    pub(super) fn ended(&mut self, exit_code: i32, state: &mut HealthState) {
        let Some(mut probe) = self.running.take() else {
            return;
        };
        while probe.read() {}
        if probe.timed_out {
            let message = format!("Health check exceeded timeout ({})", shown(self.check.timeout));
            return self.record(state, (probe.start, probe.begun), -1, message);
        }
        if let Ok(Some((Kind::Failed, body))) = wire::receive(&probe.joined.sync)
            && let Ok(failure) = serde_json::from_slice::<Failure>(&body)
        {
            return self.record(state, (probe.start, probe.begun), -1, failure.message);
        }
        let mut text = String::from_utf8_lossy(&probe.text).into_owned();
        if probe.cut {
            text.push_str("...");
        }
        self.record(state, (probe.start, probe.begun), exit_code, text);
    }

    /// Kills a running check: the container has ended.
    pub(super) fn abandon(&mut self) -> Option<i32> {
        let probe = self.running.take()?;
        let _ = sys::kill(probe.joined.pid, libc::SIGKILL);
        Some(probe.joined.pid)
    }

    fn record(
        &mut self,
        state: &mut HealthState,
        (start, begun): (Timestamp, Instant),
        exit_code: i32,
        output: String,
    ) {
        // As Docker: a check belongs to the start period when it began within it.
        let in_start_period = begun.duration_since(self.started) < self.check.start_period;
        judge(state, exit_code, in_start_period, self.check.retries);
        state.log.push(HealthResult {
            start,
            end: Timestamp::now(),
            exit_code,
            output,
        });
        let surplus = state.log.len().saturating_sub(MOST_RESULTS);
        state.log.drain(..surplus);
        self.next = deadline::after(self.wait(state.status));
    }
}

/// What one result does to the verdict.
fn judge(state: &mut HealthState, exit_code: i32, in_start_period: bool, retries: u32) {
    if exit_code == 0 {
        state.status = HealthStatus::Healthy;
        state.failing_streak = 0;
    } else if state.status != HealthStatus::Starting || !in_start_period {
        state.failing_streak += 1;
        if state.failing_streak >= retries {
            state.status = HealthStatus::Unhealthy;
        }
    }
}

/// A duration as Docker writes it: `30s`, `1.5s`, `200ms`.
fn shown(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{}ms", time.as_millis())
    } else {
        format!("{}s", time.as_secs_f64())
    }
}

impl Probe {
    /// Reads some of the output; `false` when there is none at the moment.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 4096];
        loop {
            let Some(output) = &self.output else { return false };
            match nix::unistd::read(output, &mut buffer) {
                Ok(0) => {
                    self.output = None;
                    return false;
                }
                Ok(count) => {
                    let room = MOST_OUTPUT - self.text.len();
                    self.text.extend_from_slice(&buffer[..count.min(room)]);
                    self.cut |= count > room;
                    return true;
                }
                Err(Errno::EINTR) => {}
                Err(_) => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_follow_docker() {
        let mut state = HealthState::default();
        judge(&mut state, 1, true, 2);
        assert_eq!((state.status, state.failing_streak), (HealthStatus::Starting, 0));
        judge(&mut state, 1, false, 2);
        assert_eq!((state.status, state.failing_streak), (HealthStatus::Starting, 1));
        judge(&mut state, -1, false, 2);
        assert_eq!((state.status, state.failing_streak), (HealthStatus::Unhealthy, 2));
        judge(&mut state, 0, false, 2);
        assert_eq!((state.status, state.failing_streak), (HealthStatus::Healthy, 0));
        judge(&mut state, 2, true, 2);
        assert_eq!(
            (state.status, state.failing_streak),
            (HealthStatus::Healthy, 1),
            "it had started"
        );
    }

    #[test]
    fn the_start_period_is_judged_by_the_beginning_of_a_check() {
        let second = Duration::from_secs(1);
        let mut health = Health::new(HealthCheck {
            args: Vec::new(),
            interval: Duration::MAX,
            timeout: Duration::MAX,
            start_period: 10 * second,
            start_interval: second,
            retries: 1,
        });
        let mut state = HealthState::default();
        // It began in the ninth second and ended long after the tenth.
        health.started = Instant::now().checked_sub(60 * second).unwrap();
        let begun = health.started + 9 * second;
        health.record(&mut state, (Timestamp::now(), begun), 1, String::new());
        assert_eq!((state.status, state.failing_streak), (HealthStatus::Starting, 0));
        let begun = health.started + 10 * second;
        health.record(&mut state, (Timestamp::now(), begun), 1, String::new());
        assert_eq!(state.status, HealthStatus::Unhealthy);
    }

    #[test]
    fn durations_read_like_dockers() {
        assert_eq!(shown(Duration::from_secs(30)), "30s");
        assert_eq!(shown(Duration::from_millis(1500)), "1.5s");
        assert_eq!(shown(Duration::from_millis(200)), "200ms");
    }
}
