//! A small advisory set for the demo's pinned Python packages, built into the program so that the demo works
//! with no network. It is no substitute for the feeds: what it covers is reported as partial.

use std::sync::OnceLock;

use jiff::Timestamp;

use crate::Database;
use crate::database::build::{Builder, Prepared, feed_status};
use crate::feeds::osv;

/// The feed's id.
pub(crate) const ID: &str = "builtin-demo";

/// The records: a JSON list in the OSV format.
const RECORDS: &str = include_str!("records.json");

/// Why the set does not cover Python packages whole.
const PARTIAL: &str =
    "only the built-in demo set was looked at, which knows a few packages; run `plimsoll db update`";

/// The demo set as a database. It is made at the first call and then kept.
pub fn database() -> &'static Database {
    static DATABASE: OnceLock<Database> = OnceLock::new();
    // The records are part of the program; a test reads them all.
    DATABASE.get_or_init(|| load().expect("the built-in records are sound"))
}

fn load() -> Result<Database, Box<dyn std::error::Error>> {
    let advisories = osv::parse_list(RECORDS, ID)?;
    let newest = advisories
        .iter()
        .filter_map(|advisory| advisory.record.modified.clone())
        .max();
    let built_at: Timestamp = newest.as_deref().unwrap_or_default().parse()?;
    let mut builder = Builder::default();
    builder.feed(feed_status(ID, advisories.len() as u64, newest, built_at));
    for advisory in advisories {
        builder.push(Prepared::new(advisory));
    }
    let tables = builder.finish(built_at, Some(PARTIAL.to_owned()));
    Ok(Database::in_memory("the built-in demo set", &tables)?)
}
