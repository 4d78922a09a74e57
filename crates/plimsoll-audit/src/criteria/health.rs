use plimsoll_core::{Criterion, Row};
use plimsoll_image::Healthcheck;

use super::row_of;
use crate::{Observed, Subject};

/// The health check as it is configured, and what it said when the image ran and when its application was stopped.
pub(super) fn row(subject: &Subject<'_>) -> Row {
    let check = subject
        .image
        .config
        .config
        .healthcheck
        .as_ref()
        .filter(|check| check.is_active());
    let present = match check {
        Some(check) => Observed::met(format!("HEALTHCHECK {}", command(check))),
        None => Observed::unmet("no HEALTHCHECK"),
    };
    let healthy = present.clone().and(subject.probed.healthy());
    let production = match check {
        Some(check) => timings(check)
            .and(healthy.clone())
            .and(subject.probed.unhealthy_when_stopped()),
        None => present.clone(),
    };
    row_of(
        Criterion::Health,
        [
            ("none needed".to_owned(), Observed::met(present.evidence)),
            (
                "HEALTHCHECK present, and becomes healthy when run".to_owned(),
                healthy,
            ),
            (
                "all timings set, needs nothing the image lacks, and turns unhealthy when the app is stopped"
                    .to_owned(),
                production,
            ),
        ],
    )
}

fn command(check: &Healthcheck) -> String {
    check.test.get(1..).unwrap_or_default().join(" ")
}

fn timings(check: &Healthcheck) -> Observed {
    let set = |value: Option<i64>| value.is_some_and(|nanoseconds| nanoseconds > 0);
    let asked = [
        ("interval", set(check.interval)),
        ("timeout", set(check.timeout)),
        ("start period", set(check.start_period)),
        ("retries", check.retries.is_some_and(|retries| retries > 0)),
    ];
    let absent: Vec<&str> = asked
        .iter()
        .filter(|(_, set)| !set)
        .map(|(name, _)| *name)
        .collect();
    match absent[..] {
        [] => Observed::met("all timings set"),
        _ => Observed::unmet(format!("left to the default: {}", absent.join(", "))),
    }
}
