use plimsoll_core::{Criterion, Row, Severity, Vulnerability};

use super::row_of;
use crate::subject::Gate;
use crate::{Observed, Subject};

/// What the advisories say about the packages, and whether everything could be compared with them.
pub(super) fn row(subject: &Subject<'_>) -> Row {
    let known = subject.vulnerabilities;
    let fixable = |severity| {
        move |found: &&Vulnerability| found.severity == severity && found.fix.fixed_version().is_some()
    };
    let counts = Severity::WORST_FIRST.map(|severity| {
        let count = known.iter().filter(|found| found.severity == severity).count();
        format!("{count} {}", severity.as_str().to_lowercase())
    });
    let fixable_critical = named(
        known.iter().filter(fixable(Severity::Critical)),
        "fixable CRITICAL",
    );
    let critical = named(
        known.iter().filter(|found| found.severity == Severity::Critical),
        "CRITICAL",
    );
    let fixable_high = named(known.iter().filter(fixable(Severity::High)), "fixable HIGH");
    let exploited = named(
        known.iter().filter(|found| found.known_exploited),
        "known to be exploited",
    );
    let gate = match &subject.gate {
        Gate::Enforced(how) => Observed::met(format!("the scan is a gate: {how}")),
        Gate::Advisory => Observed::unmet("this run stops nothing; make it a gate with `--line`"),
    };
    let exploited = if subject.knows_exploited {
        exploited
    } else {
        exploited.and(Observed::not_assessed(
            "the advisories say nothing of exploited vulnerabilities (no KEV feed)",
        ))
    };
    let assessed = assessed(subject.unassessed);
    let rated_fixable = rated(
        known.iter().filter(|found| found.fix.fixed_version().is_some()),
        "fixable ones",
    );
    let rated = rated(known.iter(), "ones");
    row_of(
        Criterion::Vulnerabilities,
        [
            (
                "assessed".to_owned(),
                Observed::met(counts.join(", ")).and(assessed.clone()),
            ),
            (
                "no fixable CRITICAL".to_owned(),
                fixable_critical.and(rated_fixable).and(assessed.clone()),
            ),
            (
                "no CRITICAL, no fixable HIGH, none in KEV, and the scan is part of a gate".to_owned(),
                critical
                    .and(fixable_high)
                    .and(exploited)
                    .and(gate)
                    .and(rated)
                    .and(assessed),
            ),
        ],
    )
}

/// A vulnerability that nobody rated may be of any severity: it is not harmless, it is not known.
fn rated<'a>(found: impl Iterator<Item = &'a Vulnerability>, what: &str) -> Observed {
    match found.filter(|one| one.severity == Severity::Unknown).count() {
        0 => Observed::met(""),
        count => Observed::not_assessed(format!(
            "{count} {what} have no severity, as no source rates them"
        )),
    }
}

/// What is known to be there outweighs what could not be looked at, but nothing else does.
fn assessed(unassessed: &[String]) -> Observed {
    if unassessed.is_empty() {
        Observed::met("")
    } else {
        Observed::not_assessed(unassessed.join("; "))
    }
}

fn named<'a>(found: impl Iterator<Item = &'a Vulnerability>, what: &str) -> Observed {
    let mut ids: Vec<String> = found
        .map(|one| format!("{} in {}", one.id, one.package.name))
        .collect();
    ids.sort();
    ids.dedup();
    match ids.len() {
        0 => Observed::met(format!("no {what}")),
        count => {
            let more = if count > 3 { ", ..." } else { "" };
            Observed::unmet(format!(
                "{count} {what}: {}{more}",
                ids[..count.min(3)].join(", ")
            ))
        }
    }
}
