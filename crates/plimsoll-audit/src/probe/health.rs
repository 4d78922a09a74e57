//! What the health check says: when the image runs, and when its application does not answer any more.

use std::time::{Duration, Instant};

use plimsoll_image::Image;
use plimsoll_sandbox::{Container, ContainerState, HealthState, HealthStatus};

use super::reaping::processes_below;
use crate::criteria::is_active;
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

pub(super) fn became_healthy(image: &Image, state: &ContainerState, after: Option<Duration>) -> Observed {
    let has_check = image.config.config.healthcheck.as_ref().is_some_and(is_active);
    match (after, &state.health) {
        (Some(after), _) => Observed::met(format!("healthy after {:.1} s", after.as_secs_f64())),
        (None, Some(health)) => Observed::unmet(format!("its health check says {}", health.status)),
        (None, None) if has_check => Observed::not_assessed("it had ended before its health could be seen"),
        (None, None) => Observed::unmet("no HEALTHCHECK"),
    }
}

/// Stops every process of the application without ending it, and looks whether the check notices.
pub(super) fn when_stopped(container: &Container, image: &Image) -> Result<Observed> {
    let Some(check) = image
        .config
        .config
        .healthcheck
        .as_ref()
        .filter(|check| is_active(check))
    else {
        return Ok(Observed::unmet("no HEALTHCHECK"));
    };
    let timeout = check
        .timeout
        .and_then(|nanos| u64::try_from(nanos).ok())
        .filter(|nanos| *nanos > 0);
    let timeout = Duration::from_nanos(timeout.unwrap_or(30_000_000_000));
    let retries = check.retries.filter(|retries| *retries > 0).unwrap_or(3);
    let patience = (timeout + Duration::from_secs(2)) * retries + Duration::from_secs(5);
    let state = container.state()?;
    let stopped = processes_below(state.pid);
    for pid in &stopped {
        signal(*pid, rustix::process::Signal::STOP);
    }
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
                break Observed::unmet(format!(
                    "still {status} {:.0} s after the app was stopped",
                    patience.as_secs_f64()
                ));
            }
            Some(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    for pid in &stopped {
        signal(*pid, rustix::process::Signal::CONT);
    }
    Ok(observed)
}

/// A process that is gone already needs no signal.
fn signal(pid: u32, signal: rustix::process::Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process(pid, signal);
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
