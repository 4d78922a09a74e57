//! What would make vulnerabilities vanish: other versions of packages, another base.

mod bases;
mod packages;

use plimsoll_core::{Distribution, Origin, Remedies, Vulnerability};

use crate::{Database, Result};

/// What can be advised from the advisories alone. `found` is what a [`Matcher`](crate::Matcher) found with `database`.
///
/// # Errors
/// [`Error::Database`](crate::Error::Database) when the database cannot be read.
pub fn remedies(
    database: &Database,
    distribution: Option<&Distribution>,
    found: &[Vulnerability],
) -> Result<Remedies> {
    let of_base: Vec<&Vulnerability> = of_base(found).collect();
    Ok(Remedies {
        packages: packages::remedies(found),
        bases: match distribution {
            Some(distribution) => bases::remedies(database, distribution, &of_base)?,
            None => Vec::new(),
        },
    })
}

/// What another image would change, if the scanned one were built on it: `other` is what was found in it.
pub use bases::compared;

/// Those in the distribution's packages that the base brought, or may have brought.
fn of_base(found: &[Vulnerability]) -> impl Iterator<Item = &Vulnerability> {
    found
        .iter()
        .filter(|one| one.package.ecosystem.is_distribution() && one.package.origin != Origin::App)
}

/// The names of vulnerabilities, each once, in the order given.
fn ids<'a>(found: impl IntoIterator<Item = &'a Vulnerability>) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for one in found {
        if seen.insert(one.id.as_str()) {
            ids.push(one.id.clone());
        }
    }
    ids
}
