use plimsoll_core::{Criterion, Row};

use super::row_of;
use crate::{Observed, Policy, Subject};

/// The labels that each line asks for.
pub(super) fn row(subject: &Subject<'_>, policy: &Policy) -> Row {
    let labels = &subject.image.config.config.labels;
    let count = match labels.len() {
        0 => "no labels".to_owned(),
        1 => "1 label".to_owned(),
        count => format!("{count} labels"),
    };
    let asked = |names: &[String]| {
        let absent: Vec<&str> = names
            .iter()
            .filter(|name| labels.get(*name).is_none_or(|value| value.trim().is_empty()))
            .map(String::as_str)
            .collect();
        match absent[..] {
            [] => Observed::met(shown(names, |name| labels.get(name).map_or("", String::as_str))),
            _ => Observed::unmet(format!(
                "missing or empty: {}",
                absent
                    .iter()
                    .map(|name| short(name))
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
        }
    };
    row_of(
        Criterion::Labels,
        [
            ("none needed".to_owned(), Observed::met(count)),
            (
                requirement(&policy.labels_intermediate),
                asked(&policy.labels_intermediate),
            ),
            (
                requirement(&policy.labels_production),
                asked(&policy.labels_production),
            ),
        ],
    )
}

fn requirement(names: &[String]) -> String {
    names
        .iter()
        .map(|name| short(name))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The names of the OCI set are known well enough without their prefix.
fn short(name: &str) -> &str {
    name.strip_prefix("org.opencontainers.image.").unwrap_or(name)
}

fn shown<'a>(names: &'a [String], value: impl Fn(&'a str) -> &'a str) -> String {
    let pair = |name: &'a String| format!("{}={}", short(name), value(name));
    names.iter().take(3).map(pair).collect::<Vec<_>>().join(", ") + if names.len() > 3 { ", ..." } else { "" }
}
