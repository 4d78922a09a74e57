//! Known vulnerabilities: the publishers' feeds, one database file made of them, the version orders of
//! the ecosystems, and the matching of an inventory's packages against the database.
//!
//! ```no_run
//! # fn main() -> plimsoll_advisory::Result<()> {
//! # let (distribution, packages) = (None, Vec::new());
//! use plimsoll_advisory::{Database, Matcher};
//!
//! let database = Database::open_read_only("advisories.redb".as_ref())?;
//! let matches = Matcher::new(Some(&database)).match_all(distribution, &packages)?;
//! for vulnerability in &matches.vulnerabilities {
//!     assert!(!vulnerability.reason.is_empty());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What was not assessed is said so: [`Matches::coverage`] has an entry for each ecosystem and release
//! among the packages.

pub mod builtin;
pub mod cvss;
mod database;
pub mod decisions;
mod error;
mod feeds;
mod fetch;
mod matching;
mod progress;
mod release;
pub mod remedies;
#[cfg(test)]
mod testing;
mod title;
pub mod versions;

pub use database::{
    Database, FeedFile, FeedStatus, PackageAdvisory, Query, ReleaseStatus, Status, Summary, UnusedFeed,
};
pub use error::{Error, Result};
pub use fetch::{FetchOptions, Mirror};
pub use matching::{Coverage, CoverageState, Matcher, Matches};
pub use progress::Progress;
