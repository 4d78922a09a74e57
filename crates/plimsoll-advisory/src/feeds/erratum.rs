//! What the texts of a distribution's erratum say besides its data.

use plimsoll_core::Severity;

use super::{cve_within, severity_word};

/// The word before the colon: `Important: kernel security update`.
pub(super) fn severity(summary: &str) -> Option<Severity> {
    let (word, _) = summary.split_once(':')?;
    severity_word(word.trim())
}

/// The module streams that it is about: `Moderate: python38:3.8 and python38-devel:3.8 security update`.
pub(super) fn modules(summary: &str) -> Vec<String> {
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte))
    };
    let is_module = |word: &&str| {
        let parts = word.split_once(':');
        parts.is_some_and(|(name, stream)| is_name(name) && is_name(stream))
    };
    let words = summary
        .split_whitespace()
        .map(|word| word.trim_matches([',', ';', '(', ')']));
    words.filter(is_module).map(str::to_owned).collect()
}

/// Whether the kind in the erratum's id is that of an update for other reasons than security.
pub(super) fn fixes_no_vulnerability(id: &str) -> bool {
    const KINDS: [&str; 9] = [
        "ALBA-",
        "ALEA-",
        "RHBA-",
        "RHEA-",
        "RLBA-",
        "RLEA-",
        "SUSE-RU-",
        "SUSE-FU-",
        "openSUSE-RU-",
    ];
    KINDS.iter().any(|kind| id.starts_with(kind))
}

/// Whether a record of this id is one vulnerability as its distribution sees it, so that the ids it names are
/// names of that, as long as they hold no more than one CVE.
pub(super) fn is_one_vulnerability(id: &str) -> bool {
    const PUBLISHERS: [&str; 4] = ["CGA-", "MINI-", "ECHO-", "AZL-"];
    cve_within(id).is_some() || PUBLISHERS.iter().any(|publisher| id.starts_with(publisher))
}

/// Whether it is about patches of a running kernel, which no version of a package tells of.
pub(super) fn is_live_patch(id: &str) -> bool {
    id.starts_with("LSN-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_and_modules() {
        let summary = "Important: nodejs:18 security, bug fix, and enhancement update";
        assert_eq!(severity(summary), Some(Severity::High));
        assert_eq!(modules(summary), ["nodejs:18"]);
        assert_eq!(
            modules("Moderate: python38:3.8 and python38-devel:3.8 security update"),
            ["python38:3.8", "python38-devel:3.8"]
        );
        assert_eq!(
            (
                severity("kernel update"),
                modules("Low: curl security update").len()
            ),
            (None, 0)
        );
        assert_eq!(severity("libfoo: a flaw"), None);
    }

    #[test]
    fn kinds() {
        assert!(fixes_no_vulnerability("ALBA-2019:0973") && !fixes_no_vulnerability("ALSA-2019:0973"));
    }
}
