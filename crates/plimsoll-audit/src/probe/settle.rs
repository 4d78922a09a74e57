//! Waiting until it can be said whether a container works.

use std::time::{Duration, Instant};

use plimsoll_image::Image;
use plimsoll_sandbox::{Container, ContainerState, Status};

use super::{health, http, lifecycle};
use crate::policy::ProbeLimits;
use crate::{Observed, Result};

/// How a container shows that it works.
pub(super) enum Settled {
    /// The health check said healthy after so long.
    Healthy(Duration),
    /// A port answered after so long; the text is its answer.
    Answered(Duration, String),
    /// It is still running; nothing more can be said.
    Running,
    /// It ran to its end with code 0, and has neither a health check nor a port that would ask for more.
    Finished,
}

impl Settled {
    /// That it works, with how that was seen.
    pub(super) fn observed(&self) -> Observed {
        Observed::met(match self {
            Self::Healthy(after) => {
                format!(
                    "it was run so and became healthy after {:.1} s",
                    after.as_secs_f64()
                )
            }
            Self::Answered(_, answer) => format!("it was run so and {answer}"),
            Self::Running => "it was run so and kept running".to_owned(),
            Self::Finished => "it was run so and ended with code 0".to_owned(),
        })
    }
}

/// Waits: for its health check, else for its ports, else for whether it keeps running. The inner error says why it does
/// not work.
pub(super) fn settle(
    container: &Container,
    started: Instant,
    image: &Image,
    limits: &ProbeLimits,
) -> Result<std::result::Result<Settled, String>> {
    const KEEPS_RUNNING: Duration = Duration::from_secs(3);
    const SPEAKS_HTTP: Duration = Duration::from_secs(15);
    let check = image
        .config
        .config
        .healthcheck
        .as_ref()
        .filter(|check| check.is_active());
    let start_period = check
        .and_then(|check| check.start_period)
        .and_then(|nanos| u64::try_from(nanos).ok());
    let patience = Duration::from_secs(limits.start_timeout)
        .saturating_add(Duration::from_nanos(start_period.unwrap_or(0)));
    let serves = check.is_some() || !image.config.config.exposed_ports.is_empty();
    loop {
        let state = container.state()?;
        let elapsed = started.elapsed();
        if let Some(ended) = ended(container, &state, serves) {
            return Ok(ended);
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
        } else if elapsed > patience.min(SPEAKS_HTTP) {
            // It exposes a port, but does not speak HTTP there: that it keeps running is all that can be said.
            return Ok(Ok(Settled::Running));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What the end of a container says: a service must not end, a task must end with code 0.
fn ended(
    container: &Container,
    state: &ContainerState,
    serves: bool,
) -> Option<std::result::Result<Settled, String>> {
    if !matches!(state.status, Status::Exited | Status::Dead) {
        return None;
    }
    Some(match state.exit_code {
        0 if !state.oom_killed && !serves => Ok(Settled::Finished),
        _ => Err(lifecycle::why_it_ended(container, state)),
    })
}
