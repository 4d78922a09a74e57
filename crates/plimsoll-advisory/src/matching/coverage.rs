use plimsoll_core::{AdvisoryFeed, Ecosystem};
use serde::{Deserialize, Serialize};

use super::Observed;
use crate::database::Status;
use crate::feeds;
use crate::release::{self, Scope};

/// Whether the packages of one ecosystem, and of one release where it is a distribution's, could be assessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// The release of the distribution, as people name it: `12`, `3.20`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// How many packages of the inventory it is about.
    pub packages: usize,
    /// What came of it.
    #[serde(flatten)]
    pub state: CoverageState,
}

/// What came of assessing the packages of one ecosystem and release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum CoverageState {
    /// All of them were matched against a feed that covers them.
    Assessed {
        /// The feed that speaks for them.
        feed: AdvisoryFeed,
        /// How old its data is (RFC 3339).
        as_of: String,
    },
    /// Only some of what is known could be looked at. This is never fine.
    Partial {
        /// The feed that speaks for them.
        feed: AdvisoryFeed,
        /// How old its data is (RFC 3339).
        as_of: String,
        /// What is missing.
        reason: String,
    },
    /// None of them could be. This is never fine.
    NotAssessed {
        /// Why not.
        reason: String,
    },
}

impl Coverage {
    /// Whether everything was assessed.
    pub fn is_complete(&self) -> bool {
        matches!(self.state, CoverageState::Assessed { .. })
    }

    /// Why not everything was assessed.
    pub fn reason(&self) -> Option<&str> {
        match &self.state {
            CoverageState::Assessed { .. } => None,
            CoverageState::Partial { reason, .. } | CoverageState::NotAssessed { reason } => Some(reason),
        }
    }
}

/// What can be said of the packages of one ecosystem.
pub(super) fn of(
    ecosystem: Ecosystem,
    scope: &Scope,
    status: Option<&Status>,
    observed: &Observed,
) -> Coverage {
    Coverage {
        ecosystem,
        release: scope.release().map(str::to_owned),
        packages: observed.packages,
        state: state(scope, status, observed),
    }
}

fn state(scope: &Scope, status: Option<&Status>, observed: &Observed) -> CoverageState {
    let not_assessed = |reason: String| CoverageState::NotAssessed { reason };
    let release = match scope {
        Scope::None(reason, _) => return not_assessed(reason.clone()),
        Scope::Release(release, _) => release,
    };
    let Some(status) = status else {
        return not_assessed("there is no advisory database".to_owned());
    };
    let Some(known) = status.releases.iter().find(|known| known.name == *release) else {
        return not_assessed(missing(release, status));
    };
    if let Some(reason) = unnamed(observed).filter(|_| observed.unnamed.len() == observed.packages) {
        return not_assessed(reason);
    }
    let (feed, as_of) = (feeds::describe(&known.feed), known.as_of.clone());
    let mut reasons: Vec<String> = status.partial.iter().cloned().collect();
    reasons.extend(incomparable(observed));
    reasons.extend(undetermined(observed));
    reasons.extend(unreadable(observed));
    reasons.extend(unnamed(observed));
    match reasons.is_empty() {
        true => CoverageState::Assessed { feed, as_of },
        false => CoverageState::Partial {
            feed,
            as_of,
            reason: reasons.join("; "),
        },
    }
}

fn incomparable(observed: &Observed) -> Option<String> {
    let versions = &observed.incomparable;
    (!versions.is_empty()).then(|| format!("versions that cannot be compared: {}", some_of(versions)))
}

/// A feed that names no advisory of a program need not know the program.
fn unnamed(observed: &Observed) -> Option<String> {
    let programs = &observed.unnamed;
    (!programs.is_empty()).then(|| format!("the feed has nothing on: {}", some_of(programs)))
}

/// Nobody knows whether these packages are affected, so they are not assessed.
fn undetermined(observed: &Observed) -> Option<String> {
    let advisories = &observed.undetermined;
    (!advisories.is_empty()).then(|| {
        format!(
            "the publisher does not say whether advisories affect {} of {} packages: {}",
            observed.undetermined_packages,
            observed.packages,
            some_of(advisories)
        )
    })
}

/// These packages may be affected by what could not be read when the database was made.
fn unreadable(observed: &Observed) -> Option<String> {
    let advisories = &observed.unreadable;
    (!advisories.is_empty()).then(|| {
        format!(
            "advisories of {} of {} packages cannot be read, wholly or in part: {}",
            observed.unreadable_packages,
            observed.packages,
            some_of(advisories)
        )
    })
}

/// Why a release is not in the database.
fn missing(release: &str, status: &Status) -> String {
    let Some((distribution, number)) = release.split_once(':') else {
        return format!("the database has no advisories of {release}");
    };
    let number = number.strip_prefix('v').unwrap_or(number);
    let same = |name: &&str| name.split(':').next() == Some(distribution);
    let known = status
        .releases
        .iter()
        .map(|known| known.name.as_str())
        .filter(same);
    let newest = known
        .filter_map(|name| Some((release::numbers(name)?, name)))
        .max();
    match newest {
        None => format!("the database has no advisories of {distribution}"),
        Some((numbers, name)) if release::numbers(release).is_some_and(|wanted| wanted > numbers) => {
            let newest = name.split(':').nth(1).unwrap_or(name);
            let newest = newest.strip_prefix('v').unwrap_or(newest);
            format!(
                "{distribution} {number} is newer than the database, which ends at {distribution} {newest}"
            )
        }
        Some(_) => format!("the database has nothing for {distribution} {number}"),
    }
}

/// The first few, and how many more.
fn some_of(all: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = all[..all.len().min(SHOWN)].join(", ");
    match all.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
