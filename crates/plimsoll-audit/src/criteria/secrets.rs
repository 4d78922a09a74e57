use plimsoll_core::{Criterion, Finding, Place, Row};

use super::row_of;
use crate::{ContextSecrets, Observed, Subject};

/// What looks like a secret in the configuration, in the layers and in the build context.
pub(super) fn row(subject: &Subject<'_>) -> Row {
    let in_config = |finding: &&Finding| matches!(finding.place, Place::Config { .. });
    let config = found(
        subject.secrets.iter().filter(in_config),
        "configuration or history",
    );
    let layers = found(
        subject.secrets.iter().filter(|finding| !in_config(finding)),
        "any layer",
    );
    let layers = layers.and(Observed::met(subject.secret_scope));
    let context = match subject.context {
        ContextSecrets::NotGiven => Observed::not_assessed(
            "the build context is not known; audit its folder, or name it with `--context`",
        ),
        ContextSecrets::Scanned(findings) => found(findings.iter(), "the context sent"),
    };
    row_of(
        Criterion::Secrets,
        [
            ("none in config or history".to_owned(), config.clone()),
            ("none in any layer".to_owned(), config.clone().and(layers.clone())),
            (
                "same, and none in the context sent".to_owned(),
                config.and(layers).and(context),
            ),
        ],
    )
}

fn found<'a>(findings: impl Iterator<Item = &'a Finding>, place: &str) -> Observed {
    let shown: Vec<String> = findings.map(|finding| finding.message.clone()).collect();
    match shown.len() {
        0 => Observed::met(format!("none in {place}")),
        count => {
            let more = if count > 3 { "; ..." } else { "" };
            Observed::unmet(format!(
                "{count} in {place}: {}{more}",
                shown[..count.min(3)].join("; ")
            ))
        }
    }
}
