//! The points that stand beside the matrix, each with its evidence.

use plimsoll_core::{ChecklistItem, Severity};
use plimsoll_image::Healthcheck;

use crate::criteria::{explicit_uid, is_root};
use crate::{Observed, Policy, Subject};

/// The checklist of one image. `built` says whether this run built the image, which is then known to build without error.
pub fn checklist(subject: &Subject<'_>, policy: &Policy, built: Option<&str>) -> Vec<ChecklistItem> {
    let item = |title: &str, observed: Observed| ChecklistItem {
        title: title.to_owned(),
        assessment: observed.assessment,
        evidence: observed.evidence,
    };
    let size = format!("size < {} MB", policy.checklist_size);
    vec![
        item("built without error", built_without_error(built)),
        item("health check present and active", health(subject)),
        item("user non-root with an explicit UID", user(subject)),
        item("labels present and correct", labels(subject, policy)),
        item("no CRITICAL vulnerability", no_critical(subject)),
        item(&size, small(subject, policy)),
        item("HTTP answers", subject.probed.http_answers()),
        item("logs visible", subject.probed.logs_reach_output()),
        item("resource limits applicable", subject.probed.limits_hold()),
    ]
}

fn built_without_error(built: Option<&str>) -> Observed {
    match built {
        Some(evidence) => Observed::met(evidence),
        None => Observed::not_assessed("the image was given as it is; audit its folder to build it"),
    }
}

fn health(subject: &Subject<'_>) -> Observed {
    let check = subject.image.config.config.healthcheck.as_ref();
    if check.is_some_and(Healthcheck::is_active) {
        subject.probed.healthy()
    } else {
        Observed::unmet("no HEALTHCHECK")
    }
}

fn user(subject: &Subject<'_>) -> Observed {
    let user = &subject.image.config.config.user;
    let holds = explicit_uid(user).is_some() && !is_root(user);
    Observed::when(
        holds,
        if user.is_empty() {
            "no USER, so root".to_owned()
        } else {
            format!("USER {user}")
        },
    )
}

fn labels(subject: &Subject<'_>, policy: &Policy) -> Observed {
    let labels = &subject.image.config.config.labels;
    let absent = policy
        .labels_production
        .iter()
        .filter(|name| labels.get(*name).is_none_or(String::is_empty))
        .count();
    let asked = policy.labels_production.len();
    let created = labels.get("org.opencontainers.image.created");
    let wrong_date = created.filter(|created| !created.is_empty() && !is_rfc3339(created));
    match wrong_date {
        Some(created) => Observed::unmet(format!("`created` is `{created}`, which is not an RFC 3339 time")),
        None => Observed::when(absent == 0, format!("{} of {asked} present", asked - absent)),
    }
}

/// Whether a text is a date and time as RFC 3339 writes them, in form.
fn is_rfc3339(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_digit() {
                '0'
            } else {
                c.to_ascii_uppercase()
            }
        })
        .collect();
    let Some(rest) = shape.strip_prefix("0000-00-00T00:00:00") else {
        return false;
    };
    let zone = rest
        .strip_prefix('.')
        .map_or(rest, |fraction| fraction.trim_start_matches('0'));
    matches!(zone, "Z" | "+00:00" | "-00:00")
}

fn no_critical(subject: &Subject<'_>) -> Observed {
    let critical = subject
        .vulnerabilities
        .iter()
        .filter(|found| found.severity == Severity::Critical)
        .count();
    match (critical, subject.unassessed) {
        (0, []) => Observed::met("none"),
        (0, reasons) => Observed::not_assessed(reasons.join("; ")),
        (count, _) => Observed::unmet(format!("{count} found")),
    }
}

fn small(subject: &Subject<'_>, policy: &Policy) -> Observed {
    let bytes = subject.size_bytes;
    let limit = policy.checklist_size.saturating_mul(1_000_000);
    Observed::when(
        bytes < limit,
        format!("{:.1} MB uncompressed", bytes as f64 / 1e6),
    )
}

#[cfg(test)]
mod tests {
    use super::is_rfc3339;

    #[test]
    fn times() {
        for time in ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.25+02:00"] {
            assert!(is_rfc3339(time), "{time}");
        }
        for time in [
            "2024-01-01",
            "unknown",
            "2024-01-01T00:00:00",
            "2024-01-01 00:00:00Z",
        ] {
            assert!(!is_rfc3339(time), "{time}");
        }
    }
}
