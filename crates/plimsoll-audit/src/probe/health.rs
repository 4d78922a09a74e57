//! What the health check says: when the image runs, and when its application does not answer any more.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use plimsoll_image::{Healthcheck, Image};
use plimsoll_sandbox::{Container, ContainerState, HealthState, HealthStatus};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::reaping::processes_below;
use super::settle::Settled;
use crate::{Observed, Result};

/// What the check has decided: well, or not and why; nothing yet while it starts.
pub(super) fn verdict(health: &HealthState) -> Option<std::result::Result<(), String>> {
    match health.status {
        HealthStatus::Healthy => Some(Ok(())),
        HealthStatus::Starting => None,
        HealthStatus::Unhealthy => Some(Err(match health.log.last() {
            Some(last) => format!(
                "its health check fails with code {}: {}",
                last.exit_code,
                one_line(&last.output)
            ),
            None => "its health check fails".to_owned(),
        })),
    }
}

/// Whether it became healthy, and how soon.
pub(super) fn became_healthy(image: &Image, state: &ContainerState, settled: &Settled) -> Observed {
    let has_check = image
        .config
        .config
        .healthcheck
        .as_ref()
        .is_some_and(Healthcheck::is_active);
    match (settled, &state.health) {
        (Settled::Healthy(after), _) => Observed::met(format!("healthy after {:.1} s", after.as_secs_f64())),
        (_, Some(health)) => Observed::unmet(format!("its health check says {}", health.status)),
        (_, None) if has_check => Observed::not_assessed("it had ended before its health could be seen"),
        (_, None) => Observed::unmet("no HEALTHCHECK"),
    }
}

/// Stops every process of the application without ending it, and looks whether the check notices.
pub(super) fn when_stopped(container: &Container, image: &Image) -> Result<Observed> {
    let Some(check) = image
        .config
        .config
        .healthcheck
        .as_ref()
        .filter(|check| check.is_active())
    else {
        return Ok(Observed::unmet("no HEALTHCHECK"));
    };
    let timeout = check
        .timeout
        .and_then(|nanos| u64::try_from(nanos).ok())
        .filter(|nanos| *nanos > 0);
    let timeout = Duration::from_nanos(timeout.unwrap_or(30_000_000_000));
    let retries = check.retries.filter(|retries| *retries > 0).unwrap_or(3);
    let patience = timeout
        .saturating_add(Duration::from_secs(2))
        .saturating_mul(retries)
        .saturating_add(Duration::from_secs(5))
        .min(Duration::from_secs(300));
    let before = container.state()?;
    if before
        .health
        .as_ref()
        .is_none_or(|health| health.status != HealthStatus::Healthy)
    {
        return Ok(Observed::not_assessed(
            "it was not healthy when the app was to be stopped",
        ));
    }
    let frozen = Frozen::application(before.pid);
    let began = Instant::now();
    let observed = loop {
        let state = container.state()?;
        match state
            .health
            .as_ref()
            .map(|health| (health.status, health.failing_streak))
        {
            Some((HealthStatus::Unhealthy, streak)) => {
                let after = began.elapsed().as_secs_f64();
                break Observed::met(format!(
                    "unhealthy {after:.1} s after the app was stopped, {streak} failures in a row"
                ));
            }
            None => break Observed::not_assessed("it ended when the app was stopped"),
            Some(_) if !state.running() => break Observed::not_assessed("it ended when the app was stopped"),
            Some((status, _)) if began.elapsed() > patience => {
                let seconds = patience.as_secs_f64();
                break Observed::unmet(format!("still {status} {seconds:.0} s after the app was stopped"));
            }
            Some(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    drop(frozen);
    Ok(observed)
}

/// Processes that are stopped without being ended, and go on when this is dropped.
struct Frozen(Vec<OwnedFd>);

impl Frozen {
    /// Stops the first process of a container and what came of it. Each is held by a descriptor and looked at again, so
    /// that the signal reaches no other process that got its number meanwhile.
    fn application(first: u32) -> Self {
        let namespace = |pid: u32| std::fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
        let own = namespace(first);
        let held = processes_below(first).into_iter().filter_map(|pid| {
            let raw = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
            let descriptor = pidfd_open(raw, PidfdFlags::empty()).ok()?;
            (own.is_some() && namespace(pid) == own).then_some(descriptor)
        });
        let held: Vec<OwnedFd> = held.collect();
        for process in &held {
            // One that is gone already needs no signal.
            let _ = pidfd_send_signal(process, Signal::STOP);
        }
        Self(held)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for process in &self.0 {
            let _ = pidfd_send_signal(process, Signal::CONT);
        }
    }
}

fn one_line(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() > 120 {
        flat.chars().take(119).chain(['…']).collect()
    } else {
        flat
    }
}
