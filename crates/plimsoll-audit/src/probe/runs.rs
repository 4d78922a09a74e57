use std::time::{Duration, Instant};

use plimsoll_image::Image;
use plimsoll_sandbox::{Container, Engine, HealthOptions, RunOptions, Status};

use super::observations::{Measured, Probed, Seen};
use super::{health, http, lifecycle, reaping};
use crate::policy::ProbeLimits;
use crate::{Observed, Result};

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

    fn options(self, limits: &ProbeLimits) -> RunOptions {
        let mut options = RunOptions {
            publish_all: true,
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
            options.memory = Some(limits.memory.saturating_mul(1_000_000));
            options.pids_limit = Some(limits.pids);
        }
        options
    }
}

/// What one try came to.
enum Try {
    /// It works, and this container of it runs, or has run to its end.
    Works(Up),
    Fails(String),
}

/// A container that works.
struct Up {
    container: Removed,
    started: Instant,
    start_ms: u64,
    settled: Settled,
}

/// Removes the container whatever happens.
struct Removed(Container);

impl Drop for Removed {
    fn drop(&mut self) {
        // Nothing is left to tell about a probe that is over; `prune` removes what stays.
        let _ = self.0.remove(true);
    }
}

enum Settled {
    /// The health check said healthy after so long.
    Healthy(Duration),
    /// A port answered after so long; the text is its answer.
    Answered(Duration, String),
    /// It is still running; nothing more can be said.
    Running,
    /// It ran to its end with code 0.
    Finished,
}

/// Runs `image`, watches it and stops it again.
///
/// # Errors
/// When the engine itself fails; an image that does not work is an observation.
pub fn probe(engine: &Engine, image: &Image, limits: &ProbeLimits) -> Result<Probed> {
    if image.config.config.cmd.is_none() && image.config.config.entrypoint.is_none() {
        return Ok(Probed::NotRun("the image names no command to run".to_owned()));
    }
    let mut failures: Vec<(Hardness, String)> = Vec::new();
    for hardness in Hardness::ALL.into_iter().rev() {
        match attempt(engine, image, hardness, limits)? {
            Try::Fails(reason) => failures.push((hardness, reason)),
            Try::Works(up) => {
                let runs =
                    Hardness::ALL.map(|one| match failures.iter().find(|(failed, _)| *failed == one) {
                        Some((_, reason)) => (one, Observed::unmet(reason.clone())),
                        None if one == hardness => (one, Observed::met(how_it_works(&up.settled))),
                        None => (one, Observed::met("it runs with stricter settings")),
                    });
                return Ok(Probed::Ran(Box::new(watch(&up, image, runs.into(), limits)?)));
            }
        }
    }
    Ok(Probed::Ran(Box::new(nothing_works(failures))))
}

fn how_it_works(settled: &Settled) -> String {
    match settled {
        Settled::Healthy(after) => format!(
            "it was run so and became healthy after {:.1} s",
            after.as_secs_f64()
        ),
        Settled::Answered(_, answer) => format!("it was run so and {answer}"),
        Settled::Running => "it was run so and kept running".to_owned(),
        Settled::Finished => "it was run so and ended with code 0".to_owned(),
    }
}

fn attempt(engine: &Engine, image: &Image, hardness: Hardness, limits: &ProbeLimits) -> Result<Try> {
    let container = Removed(engine.create(image, &hardness.options(limits))?);
    let started = Instant::now();
    if let Err(error) = container.0.start_detached() {
        return Ok(Try::Fails(format!("it does not start: {error}")));
    }
    let start_ms = millis(started.elapsed());
    Ok(match settle(&container.0, started, image, limits)? {
        Ok(settled) => Try::Works(Up {
            container,
            started,
            start_ms,
            settled,
        }),
        Err(reason) => Try::Fails(reason),
    })
}

/// Waits until it can be said whether the container works: by its health check, else by its ports, else by whether it
/// keeps running.
fn settle(
    container: &Container,
    started: Instant,
    image: &Image,
    limits: &ProbeLimits,
) -> Result<std::result::Result<Settled, String>> {
    const KEEPS_RUNNING: Duration = Duration::from_secs(3);
    let check = image.config.config.healthcheck.as_ref();
    let start_period = check
        .and_then(|check| check.start_period)
        .and_then(|nanos| u64::try_from(nanos).ok());
    let patience =
        Duration::from_secs(limits.start_timeout) + Duration::from_nanos(start_period.unwrap_or(0));
    loop {
        let state = container.state()?;
        let elapsed = started.elapsed();
        match state.status {
            Status::Exited | Status::Dead if state.exit_code == 0 && !state.oom_killed => {
                return Ok(Ok(Settled::Finished));
            }
            Status::Exited | Status::Dead => return Ok(Err(lifecycle::why_it_ended(container, &state))),
            Status::Created | Status::Running | Status::Paused | Status::Restarting => {}
        }
        if let Some(health) = &state.health {
            match health::verdict(health) {
                Some(Ok(())) => return Ok(Ok(Settled::Healthy(elapsed))),
                Some(Err(reason)) => return Ok(Err(reason)),
                None if elapsed > patience => {
                    return Ok(Err(format!("it was not healthy after {} s", patience.as_secs())));
                }
                None => {}
            }
        } else if state.ports.is_empty() {
            if elapsed > KEEPS_RUNNING {
                return Ok(Ok(Settled::Running));
            }
        } else if let Some(answer) = state.ports.iter().find_map(http::ask) {
            return Ok(Ok(Settled::Answered(elapsed, answer.to_string())));
        } else if elapsed > patience.min(Duration::from_secs(15)) {
            // Exposed, but not with HTTP: that it keeps running is all that can be said.
            return Ok(Ok(Settled::Running));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn watch(up: &Up, image: &Image, runs: Vec<(Hardness, Observed)>, limits: &ProbeLimits) -> Result<Seen> {
    let container = &up.container.0;
    let state = container.state()?;
    let running = state.running();
    let no_longer = || Observed::not_assessed("it had ended by itself");
    let answer = if running {
        state
            .ports
            .iter()
            .find_map(|port| http::ask(port).map(|answer| (up.started.elapsed(), answer)))
    } else {
        None
    };
    let http = match (&answer, running, state.ports.is_empty()) {
        (Some((_, answer)), ..) => Observed::when(answer.is_good(), answer.to_string()),
        (None, false, _) => no_longer(),
        (None, true, true) => Observed::not_assessed("the image exposes no port"),
        (None, true, false) => Observed::unmet("no exposed port answers HTTP"),
    };
    let stats = if running { container.stats().ok() } else { None };
    let uid = if running {
        lifecycle::uid_of(state.pid)
    } else {
        Err("it had ended before its user could be seen".to_owned())
    };
    let reaps = if running {
        reaping::observe(container, state.pid)?
    } else {
        no_longer()
    };
    let healthy = health::became_healthy(
        image,
        &state,
        match up.settled {
            Settled::Healthy(after) => Some(after),
            Settled::Answered(..) | Settled::Running | Settled::Finished => None,
        },
    );
    let unhealthy_when_stopped = if running {
        health::when_stopped(container, image)?
    } else {
        no_longer()
    };
    let end = if running {
        lifecycle::stop(container, limits)?
    } else {
        lifecycle::End::by_itself()
    };
    Ok(Seen {
        runs,
        uid,
        healthy,
        unhealthy_when_stopped,
        http,
        logs: lifecycle::logs(container)?,
        stops: end.in_time,
        exits_cleanly: end.cleanly,
        reaps,
        measured: Measured {
            start_ms: Some(up.start_ms),
            healthy_ms: match up.settled {
                Settled::Healthy(after) => Some(millis(after)),
                _ => None,
            },
            first_answer_ms: match &up.settled {
                Settled::Answered(after, _) => Some(millis(*after)),
                _ => answer.map(|(after, _)| millis(after)),
            },
            stop_ms: end.took.map(millis),
            memory_bytes: stats.as_ref().and_then(|stats| stats.memory_usage),
            pids: stats.as_ref().and_then(|stats| stats.pids),
        },
    })
}

fn nothing_works(failures: Vec<(Hardness, String)>) -> Seen {
    let reason = || Observed::not_assessed("it does not run");
    let softest = failures
        .last()
        .map(|(_, reason)| reason.clone())
        .unwrap_or_default();
    Seen {
        runs: failures
            .into_iter()
            .map(|(hardness, reason)| (hardness, Observed::unmet(reason)))
            .collect(),
        uid: Err("it does not run".to_owned()),
        healthy: Observed::unmet(format!("it does not run: {softest}")),
        unhealthy_when_stopped: reason(),
        http: Observed::unmet("it does not run"),
        logs: reason(),
        stops: reason(),
        exits_cleanly: reason(),
        reaps: reason(),
        measured: Measured::default(),
    }
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
