//! Looks things up for people: everything about a package, or about an id.

use plimsoll_core::{AdvisoryFeed, Severity};
use serde::{Deserialize, Serialize};

use super::Database;
use super::schema::Affected;
use crate::matching::rating;
use crate::title::title;
use crate::{Result, feeds, release};

/// What the database says of one package, for people who look something up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageAdvisory {
    /// The ecosystem or release: `pypi`, `debian:12`.
    pub release: String,
    /// The package, by the name that advisories use.
    pub package: String,
    /// The record's id.
    pub id: String,
    /// Its other ids.
    pub aliases: Vec<String>,
    /// The affected versions: `[2.3.0, 2.3.2)`, `not fixed`, `undetermined`.
    pub affected: String,
    /// How bad it is.
    pub severity: Severity,
    /// One line on what is wrong; empty where the feed has none.
    pub title: String,
    /// Whether CISA lists it as exploited in the wild.
    pub known_exploited: bool,
    /// Whose record it is.
    pub feed: AdvisoryFeed,
}

impl Database {
    /// Everything about a package, or about a CVE or other id. An id is looked for in all packages, a package
    /// (a source package for distributions) in all ecosystems and releases.
    ///
    /// # Errors
    /// [`Error::Database`](crate::Error::Database) when the file cannot be read.
    pub fn query(&self, package_or_id: &str) -> Result<Vec<PackageAdvisory>> {
        let reader = self.reader()?;
        let wanted = package_or_id.trim();
        let mut numbers = reader.bearing(wanted)?;
        if numbers.is_empty() {
            numbers = reader.bearing(&wanted.to_ascii_uppercase())?;
        }
        let mut found: Vec<(String, String, Affected)> = Vec::new();
        if numbers.is_empty() {
            for known in &self.status().releases {
                let name = release::package_name(release::ecosystem(&known.name), wanted);
                let affected = reader.package(&known.name, &name)?;
                found.extend(
                    affected
                        .into_iter()
                        .map(|affected| (known.name.clone(), name.clone(), affected)),
                );
            }
        } else {
            reader.each_package(|release, name, affected| {
                let wanted = affected
                    .into_iter()
                    .filter(|affected| numbers.contains(&affected.record));
                found.extend(wanted.map(|affected| (release.to_owned(), name.to_owned(), affected)));
            })?;
        }
        let advisory = |(release, package, affected): (String, String, Affected)| {
            let record = reader.record(affected.record)?;
            let known_exploited = [&record.id]
                .into_iter()
                .chain(&record.aliases)
                .chain(&record.upstream)
                .try_fold(false, |known, id| Ok(known || reader.is_exploited(id)?))?;
            let title = title([&record].into_iter());
            let severity = rating::severity(&affected.ratings).or_else(|| rating::severity(&record.ratings));
            Ok(PackageAdvisory {
                release,
                package,
                affected: affected.extent.to_string(),
                severity: severity.unwrap_or_default(),
                known_exploited,
                feed: feeds::describe(&record.feed),
                id: record.id,
                aliases: [record.aliases, record.upstream, record.advisories].concat(),
                title,
            })
        };
        found.into_iter().map(advisory).collect()
    }
}
