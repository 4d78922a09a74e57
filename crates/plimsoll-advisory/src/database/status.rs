use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use plimsoll_core::{AdvisoryFeed, Digest};
use serde::{Deserialize, Serialize};

use crate::feeds::{epss, kev};

/// What an advisory database holds, and how old it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// When it was built.
    pub built_at: Timestamp,
    /// The feeds in it.
    pub feeds: Vec<FeedStatus>,
    /// The ecosystems and releases that it knows, such as `pypi`, `debian:12`, `alpine:v3.20`.
    pub releases: Vec<ReleaseStatus>,
    /// Feeds that were there when it was built and are not in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unused: Vec<UnusedFeed>,
    /// Why the database does not cover its ecosystems whole; `None` for one made of the publishers' feeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial: Option<String>,
}

impl Status {
    /// How long before `now` it was built; zero for one from the future.
    pub fn age(&self, now: Timestamp) -> SignedDuration {
        now.duration_since(self.built_at).max(SignedDuration::ZERO)
    }

    /// Whether CISA's list of exploited vulnerabilities is in it. Without it nothing is known to be exploited, which
    /// does not mean that nothing is: [`Vulnerability::known_exploited`](plimsoll_core::Vulnerability) says nothing.
    pub fn has_known_exploited(&self) -> bool {
        self.has(kev::ID)
    }

    /// Whether FIRST's exploit predictions are in it.
    pub fn has_exploit_predictions(&self) -> bool {
        self.has(epss::ID)
    }

    /// Whether a feed is in it.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.feeds.iter().any(|feed| feed.feed.id == id)
    }

    /// The newest date that any record of any feed bears (RFC 3339).
    pub fn newest(&self) -> Option<&str> {
        self.feeds.iter().filter_map(|feed| feed.newest.as_deref()).max()
    }
}

/// One feed of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedStatus {
    /// Which feed.
    pub feed: AdvisoryFeed,
    /// How many records of it are in the database.
    pub records: u64,
    /// The newest date that a record bears (RFC 3339), where the feed has dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<String>,
    /// How old the feed is: its newest record, else when its file was last changed (RFC 3339).
    pub as_of: String,
    /// The files that it was read from.
    pub files: Vec<FeedFile>,
}

/// One file of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedFile {
    /// Its path in the feeds' folder, with slashes.
    pub path: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// What a database knows of one ecosystem, or of one release of a distribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseStatus {
    /// `pypi`, `debian:12`, `alpine:v3.20`.
    pub name: String,
    /// The id of the feed that speaks for it.
    pub feed: String,
    /// How many pairs of a package and an advisory there are.
    pub advisories: u64,
    /// The newest record, else when the feed's file was last changed (RFC 3339).
    pub as_of: String,
}

/// A feed that is present and not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnusedFeed {
    /// Its path in the feeds' folder, with slashes.
    pub path: String,
    /// Why not.
    pub reason: String,
}

/// What came of building a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Where the database is now.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// What it holds.
    pub status: Status,
    /// Records that their publishers withdrew; they are left out.
    pub withdrawn: u64,
    /// Statements of a feed that another one takes precedence over for the same release.
    pub superseded: u64,
    /// Parts of records that could not be used, a line each, such as a range whose versions do not parse.
    pub warnings: Vec<String>,
}
