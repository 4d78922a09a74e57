use plimsoll_core::Ecosystem;
use serde::{Deserialize, Serialize};

/// Whether one kind of package in the image could be compared with advisories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// What it is about: `Debian packages (debian 12)`, `Python packages`.
    pub subject: String,
    /// Which packages those are; `None` for a kind that is not read at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecosystem: Option<Ecosystem>,
    /// How many such packages the image has; `None` where they were seen but not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<usize>,
    /// What came of it.
    #[serde(flatten)]
    pub status: CoverageStatus,
}

/// Whether advisories were at hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum CoverageStatus {
    /// Every package was compared with these feeds.
    Assessed {
        /// The feeds' names.
        feeds: Vec<String>,
        /// The day that the newest record is from, where the feeds say (RFC 3339 date or time).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        as_of: Option<String>,
    },
    /// Some were, and what was found is less than there is.
    Partial {
        /// The feeds' names.
        feeds: Vec<String>,
        /// As for `Assessed`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        as_of: Option<String>,
        /// What is missing.
        reason: String,
    },
    /// None was.
    NotAssessed {
        /// Why.
        reason: String,
    },
}

impl Coverage {
    /// Whether every package of this kind was compared with advisories.
    pub fn is_assessed(&self) -> bool {
        matches!(self.status, CoverageStatus::Assessed { .. })
    }

    /// What is missing; `None` where nothing is.
    pub fn shortfall(&self) -> Option<&str> {
        match &self.status {
            CoverageStatus::Assessed { .. } => None,
            CoverageStatus::Partial { reason, .. } | CoverageStatus::NotAssessed { reason } => Some(reason),
        }
    }
}

/// The advisory database that was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseSummary {
    /// Whether it is the small set that is built into the program, which covers next to nothing.
    pub builtin: bool,
    /// When it was built (RFC 3339), where it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built_at: Option<String>,
    /// The feeds in it.
    pub feeds: Vec<FeedSummary>,
}

/// One feed of the advisory database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedSummary {
    /// Its stable id: `osv-pypi`.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The day that its newest record is from, where it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// How many records it has.
    pub records: u64,
}
