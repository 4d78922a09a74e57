use std::time::Instant;

use plimsoll_image::Image;
use plimsoll_sandbox::{Engine, Supervision};

use super::observations::{Measured, Probed, Seen};
use super::settle::{Settled, settle};
use super::{Hardness, millis, watch};
use crate::policy::ProbeLimits;
use crate::{Observed, Result};

/// What one try came to.
enum Try {
    /// It works, and this container of it runs, or has run to its end.
    Works(Up),
    /// It does not work so.
    Fails(String),
    /// This machine cannot run it so, which says nothing about the image.
    Unable(String),
}

/// A container that works.
pub(super) struct Up {
    pub(super) container: Supervision,
    pub(super) hardness: Hardness,
    pub(super) started: Instant,
    pub(super) start_ms: u64,
    pub(super) settled: Settled,
}

/// Runs `image`, watches it and stops it again.
///
/// # Errors
/// When the engine itself fails; an image that does not work is an observation.
pub fn probe(engine: &Engine, image: &Image, limits: &ProbeLimits) -> Result<Probed> {
    if image.config.config.cmd.is_none() && image.config.config.entrypoint.is_none() {
        return Ok(Probed::NotRun("the image names no command to run".to_owned()));
    }
    let mut failures: Vec<(Hardness, Observed)> = Vec::new();
    for hardness in Hardness::ALL.into_iter().rev() {
        match attempt(engine, image, hardness, limits)? {
            Try::Fails(reason) => failures.push((hardness, Observed::unmet(reason))),
            Try::Unable(reason) => failures.push((hardness, Observed::not_assessed(reason))),
            Try::Works(up) => {
                let runs = with_what_follows(hardness, &up.settled, &failures);
                return Ok(Probed::Ran(Box::new(watch::watch(&up, image, runs, limits)?)));
            }
        }
    }
    Ok(Probed::Ran(Box::new(nothing_works(failures))))
}

/// What works with strict settings works with softer ones.
fn with_what_follows(
    worked: Hardness,
    settled: &Settled,
    failures: &[(Hardness, Observed)],
) -> Vec<(Hardness, Observed)> {
    let observed = |one: Hardness| match failures.iter().find(|(failed, _)| *failed == one) {
        Some((_, observed)) => observed.clone(),
        None if one == worked => settled.observed(),
        None => Observed::met("it runs with stricter settings"),
    };
    Hardness::ALL.map(|one| (one, observed(one))).into()
}

fn attempt(engine: &Engine, image: &Image, hardness: Hardness, limits: &ProbeLimits) -> Result<Try> {
    let container = engine.create(image, &hardness.options(limits, image))?;
    let started = Instant::now();
    let container = match container.start_supervised() {
        Ok(container) => container,
        Err(error) if error.is_of_host() => {
            return Ok(Try::Unable(format!("it could not be run so here: {error}")));
        }
        Err(error) => return Ok(Try::Fails(format!("it does not start: {error}"))),
    };
    let start_ms = millis(started.elapsed());
    Ok(match settle(container.container(), started, image, limits)? {
        Ok(settled) => Try::Works(Up {
            container,
            hardness,
            started,
            start_ms,
            settled,
        }),
        Err(reason) => Try::Fails(reason),
    })
}

fn nothing_works(failures: Vec<(Hardness, Observed)>) -> Seen {
    let softest = failures.last().map(|(_, observed)| observed.clone());
    let softest = softest.unwrap_or_else(|| Observed::not_assessed("it was not run"));
    let unknown = || Observed::not_assessed(format!("it does not run: {}", softest.evidence));
    let same = |text: &str| Observed {
        assessment: softest.assessment,
        evidence: format!("{text}: {}", softest.evidence),
    };
    Seen {
        uid: Err("it does not run".to_owned()),
        healthy: same("it does not run"),
        unhealthy_when_stopped: unknown(),
        limits: unknown(),
        http: same("it does not run"),
        logs: unknown(),
        stops: unknown(),
        exits_cleanly: unknown(),
        reaps: unknown(),
        measured: Measured::default(),
        runs: failures,
    }
}
