//! The publishers' feeds, one file each: from their bytes to records and statements.

mod builds;
pub(crate) mod debian_tracker;
pub(crate) mod epss;
mod erratum;
pub(crate) mod kev;
pub(crate) mod nvd;
pub(crate) mod osv;
mod osv_record;
mod positioned;
pub(crate) mod secdb;
mod support;
mod systems;

use std::path::Path;

use plimsoll_core::{AdvisoryFeed, Severity};

use crate::Error;
use crate::database::schema::{Extent, Rating, Record};

/// A record, and what it says of which packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Advisory {
    pub(crate) record: Record,
    pub(crate) statements: Vec<Statement>,
    /// What could not be used, a line each.
    pub(crate) warnings: Vec<String>,
}

/// What a record says of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    /// The database's name of the ecosystem or release: `pypi`, `debian:12`.
    pub(crate) release: String,
    /// The package, by the database's name.
    pub(crate) package: String,
    pub(crate) ratings: Vec<Rating>,
    pub(crate) extent: Extent,
    /// The module streams that it is about, of RPM packages built as parts of modules: `nodejs:18`.
    pub(crate) modules: Vec<String>,
    /// Whether it is about packages of the release's paid extension (Ubuntu Pro).
    pub(crate) extended: bool,
}

/// What is known about a feed beside its records.
pub(crate) fn describe(id: &str) -> AdvisoryFeed {
    if let Some(folder) = osv::folder(id) {
        return AdvisoryFeed {
            id: id.to_owned(),
            name: ["OSV: ", folder].concat(),
            url: ["https://osv.dev/list?ecosystem=", &folder.replace(' ', "%20")].concat(),
        };
    }
    let (name, url) = match id {
        debian_tracker::ID => ("Debian Security Tracker", "https://security-tracker.debian.org/"),
        secdb::ALPINE => ("Alpine secdb", "https://secdb.alpinelinux.org/"),
        secdb::WOLFI => ("Wolfi secdb", "https://packages.wolfi.dev/os/security.json"),
        secdb::CHAINGUARD => (
            "Chainguard secdb",
            "https://packages.cgr.dev/chainguard/security.json",
        ),
        kev::ID => (
            "CISA Known Exploited Vulnerabilities",
            "https://www.cisa.gov/known-exploited-vulnerabilities-catalog",
        ),
        nvd::ID => ("National Vulnerability Database", "https://nvd.nist.gov/"),
        epss::ID => ("FIRST EPSS", "https://www.first.org/epss/"),
        crate::builtin::ID => ("Plimsoll built-in demo set", "https://osv.dev/"),
        other => (other, ""),
    };
    AdvisoryFeed {
        id: id.to_owned(),
        name: name.to_owned(),
        url: url.to_owned(),
    }
}

/// Whether a text has the form of a vulnerability's or advisory's id: `CVE-2023-30861`, `GHSA-…`, `XSA-200`.
fn is_id(text: &str) -> bool {
    let prefix = text.split('-').next().unwrap_or("");
    let part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    text.len() > prefix.len() + 1
        && prefix.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(part)
        && text.bytes().any(|byte| byte.is_ascii_digit())
}

/// Debian's urgency as a severity; `None` where Debian has not assigned one.
fn debian_urgency(urgency: &str) -> Option<Severity> {
    // A star marks an urgency that was taken from NVD.
    match urgency.trim_end_matches('*') {
        "high" => Some(Severity::High),
        "medium" => Some(Severity::Medium),
        "low" | "unimportant" => Some(Severity::Low),
        _ => None,
    }
}

/// The words that feeds use for a severity.
fn severity_word(word: &str) -> Option<Severity> {
    match word.to_ascii_lowercase().as_str() {
        "critical" => Some(Severity::Critical),
        "high" | "important" => Some(Severity::High),
        "medium" | "moderate" => Some(Severity::Medium),
        // Ubuntu has a word below low.
        "low" | "negligible" => Some(Severity::Low),
        _ => None,
    }
}

/// The CVE that an id is a publisher's own name of: `UBUNTU-CVE-2024-1`, `DEBIAN-CVE-2024-1`.
fn cve_within(id: &str) -> Option<&str> {
    let (publisher, number) = id.split_once("-CVE-")?;
    let is_word = !publisher.is_empty() && publisher.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_number = number.starts_with(|c: char| c.is_ascii_digit());
    (is_word && is_number).then(|| &id[publisher.len() + 1..])
}

fn broken(file: &Path, record: Option<&str>, reason: impl std::fmt::Display) -> Error {
    Error::Feed {
        file: file.to_owned(),
        record: record.map(str::to_owned),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_cves() {
        assert_eq!(cve_within("UBUNTU-CVE-2024-1"), Some("CVE-2024-1"));
        for id in [
            "CVE-2024-1",
            "USN-1-1",
            "-CVE-2024-1",
            "A-B-CVE-2024-1",
            "X-CVE-Y",
        ] {
            assert_eq!(cve_within(id), None, "{id}");
        }
    }

    #[test]
    fn ids() {
        for id in [
            "CVE-2023-1",
            "GHSA-m2qf-hxjv-5gpq",
            "XSA-200",
            "CVE-2017-17434-1",
            "TALOS-2017-0488",
            "ZBX-1",
        ] {
            assert!(is_id(id), "{id}");
        }
        for text in ["", "(+", "regression", "fix)", "CVE", "-1", "cve-1", "CVE-"] {
            assert!(!is_id(text), "{text}");
        }
    }
}
