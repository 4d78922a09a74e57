//! Findings for tests.

use plimsoll_core::{AdvisoryFeed, Ecosystem, FixState, Package, Severity, Vulnerability};

pub(crate) fn found(id: &str, package: Package, fix: FixState) -> Vulnerability {
    Vulnerability {
        id: id.to_owned(),
        aliases: Vec::new(),
        package: package.into(),
        severity: Severity::High,
        severity_source: None,
        fix,
        fix_requires: None,
        title: String::new(),
        description: String::new(),
        references: Vec::new(),
        published: None,
        modified: None,
        cvss: Vec::new(),
        cwes: Vec::new(),
        known_exploited: false,
        exploit_prediction: None,
        feed: AdvisoryFeed {
            id: String::new(),
            name: String::new(),
            url: String::new(),
        }
        .into(),
        reason: String::new(),
    }
}

pub(crate) fn deb(name: &str, version: &str) -> Package {
    Package::new(Ecosystem::Deb, name, version)
}

pub(crate) fn fixed(version: &str) -> FixState {
    FixState::Fixed(version.to_owned())
}
