//! Everything that is looked at in the run that worked.

use plimsoll_image::Image;
use plimsoll_sandbox::{ContainerState, Stats};

use super::observations::{Measured, Seen};
use super::runs::Up;
use super::settle::Settled;
use super::{Hardness, health, http, lifecycle, millis, reaping};
use crate::policy::ProbeLimits;
use crate::{Observed, Result};

pub(super) fn watch(
    up: &Up,
    image: &Image,
    runs: Vec<(Hardness, Observed)>,
    limits: &ProbeLimits,
) -> Result<Seen> {
    let container = up.container.container();
    let state = container.state()?;
    if !state.running() {
        return finished(up, image, runs);
    }
    let answer = state
        .ports
        .iter()
        .find_map(http::ask)
        .map(|answer| (up.started.elapsed(), answer));
    let stats = container.stats().ok();
    let (healthy_ms, first_answer_ms) = match &up.settled {
        Settled::Healthy(after) => (
            Some(millis(*after)),
            answer.as_ref().map(|(after, _)| millis(*after)),
        ),
        Settled::Answered(after, _) => (None, Some(millis(*after))),
        Settled::Running | Settled::Finished => (None, answer.as_ref().map(|(after, _)| millis(*after))),
    };
    let uid = lifecycle::uid_of(state.pid);
    let healthy = health::became_healthy(image, &state, &up.settled);
    let reaps = reaping::observe(container, state.pid)?;
    let unhealthy_when_stopped = health::when_stopped(container, image)?;
    let end = lifecycle::stop(container, image, limits)?;
    Ok(Seen {
        runs,
        uid,
        healthy,
        unhealthy_when_stopped,
        limits: in_force(up.hardness, stats.as_ref(), limits),
        http: http_answers(answer.map(|(_, answer)| answer), &state),
        logs: lifecycle::logs(container)?,
        stops: end.in_time,
        exits_cleanly: end.cleanly,
        reaps,
        measured: Measured {
            start_ms: Some(up.start_ms),
            healthy_ms,
            first_answer_ms,
            stop_ms: Some(millis(end.took)),
            memory_bytes: stats.as_ref().and_then(|stats| stats.memory_usage),
            pids: stats.as_ref().and_then(|stats| stats.pids),
        },
    })
}

/// What can be said of a task that ran to its end by itself.
fn finished(up: &Up, image: &Image, runs: Vec<(Hardness, Observed)>) -> Result<Seen> {
    let container = up.container.container();
    let over = || Observed::not_assessed("it had ended by itself");
    Ok(Seen {
        runs,
        uid: Err("it had ended before its user could be seen".to_owned()),
        healthy: health::became_healthy(image, &container.state()?, &up.settled),
        unhealthy_when_stopped: over(),
        limits: over(),
        http: over(),
        logs: lifecycle::logs(container)?,
        stops: over(),
        exits_cleanly: over(),
        reaps: over(),
        measured: Measured {
            start_ms: Some(up.start_ms),
            ..Measured::default()
        },
    })
}

fn http_answers(answer: Option<http::Answer>, state: &ContainerState) -> Observed {
    match answer {
        Some(answer) => Observed::when(answer.is_good(), answer.to_string()),
        None if state.ports.is_empty() => Observed::not_assessed("the image exposes no port"),
        None => Observed::unmet("no exposed port answers HTTP"),
    }
}

fn in_force(hardness: Hardness, stats: Option<&Stats>, limits: &ProbeLimits) -> Observed {
    if hardness < Hardness::ReadOnly {
        return Observed::not_assessed(
            "limits were tried only together with a read-only root, which it does not run with",
        );
    }
    match stats.and_then(|stats| stats.memory_limit) {
        None => Observed::not_assessed("the limit in force cannot be read here"),
        // The kernel counts in pages.
        Some(limit) => Observed::when(
            limit.abs_diff(limits.memory_bytes()) < 65_536,
            format!(
                "it ran with {} MB of memory and {} processes at most",
                limit / 1_000_000,
                limits.pids
            ),
        ),
    }
}
