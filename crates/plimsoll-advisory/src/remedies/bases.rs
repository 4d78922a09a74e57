use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use plimsoll_core::{BaseKind, BaseRemedy, Distribution, Vulnerability};

use super::{ids, of_base};
use crate::database::Reader;
use crate::database::schema::{Extent, Interval, Record};
use crate::release::{self, Scope};
use crate::{Database, Result};

/// The same release with all updates, and each newer release that the database knows.
pub(super) fn remedies(
    database: &Database,
    distribution: &Distribution,
    found: &[&Vulnerability],
) -> Result<Vec<BaseRemedy>> {
    let Some(first) = found.first() else {
        return Ok(Vec::new());
    };
    let Scope::Release(release, _) = Scope::of(first.package.ecosystem, Some(distribution)) else {
        return Ok(Vec::new());
    };
    let reader = database.reader()?;
    // What needs more than the release itself does not come with its updates.
    let is_fixed = |one: &&&Vulnerability| one.fix.fixed_version().is_some() && one.fix_requires.is_none();
    let fixed = found.iter().filter(is_fixed);
    let resolves = ids(fixed.copied());
    let all = ids(found.iter().copied()).len();
    let mut bases = vec![BaseRemedy {
        kind: BaseKind::Updated,
        base: format!("{} with all updates", name(&release)),
        remaining: all - resolves.len(),
        resolves,
        unknown: 0,
        added: None,
    }];
    for newer in newer(database, &release) {
        bases.push(moved(&reader, &newer, found)?);
    }
    bases.retain(|base| !base.resolves.is_empty());
    bases.sort_by_key(|base| (base.remaining + base.unknown, base.kind == BaseKind::Release));
    Ok(bases)
}

/// What building on another image would change: `found` is what was found in the scanned one, `other` in the other.
pub fn compared(base: &str, found: &[Vulnerability], other: &[Vulnerability]) -> BaseRemedy {
    let key = |one: &Vulnerability| (one.id.clone(), one.package.name.clone());
    let there: HashSet<_> = other.iter().map(key).collect();
    let here: HashSet<_> = of_base(found).map(key).collect();
    let resolves = ids(of_base(found).filter(|one| !there.contains(&key(one))));
    let remaining = ids(of_base(found).filter(|one| there.contains(&key(one)))).len();
    BaseRemedy {
        kind: BaseKind::Image,
        base: base.to_owned(),
        resolves,
        remaining,
        unknown: 0,
        added: Some(ids(other.iter().filter(|one| !here.contains(&key(one)))).len()),
    }
}

/// `debian 12`.
fn name(release: &str) -> String {
    release.replacen(":v", " ", 1).replacen(':', " ", 1)
}

/// The newer releases of the same distribution in the database, the oldest first.
fn newer(database: &Database, release: &str) -> Vec<String> {
    let distribution = |name: &str| name.split(':').next().map(str::to_owned);
    let Some(current) = release::numbers(release) else {
        return Vec::new();
    };
    let known = database.status().releases.iter().map(|known| known.name.as_str());
    let mut newer: Vec<(Vec<u64>, String)> = known
        .filter(|known| distribution(known) == distribution(release))
        .filter_map(|known| Some((release::numbers(known)?, known.to_owned())))
        .filter(|(numbers, _)| *numbers > current)
        .collect();
    newer.sort();
    newer.dedup();
    newer.into_iter().map(|(_, name)| name).collect()
}

/// What becomes of a vulnerability in another release.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Gone,
    Stays,
    Unknown,
}

fn moved(reader: &Reader, release: &str, found: &[&Vulnerability]) -> Result<BaseRemedy> {
    let mut packages: HashMap<String, Elsewhere> = HashMap::new();
    let mut fates = Vec::with_capacity(found.len());
    for one in found {
        let (package, _) = release::subject(&one.package, release);
        let elsewhere = match packages.entry(package) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let elsewhere = Elsewhere::of(reader, release, new.key())?;
                new.insert(elsewhere)
            }
        };
        fates.push(elsewhere.fate(one));
    }
    // A vulnerability in several packages is gone when it is gone from all of them.
    let with = |fate: Fate| {
        found
            .iter()
            .zip(&fates)
            .filter(move |(_, of)| **of == fate)
            .map(|(one, _)| *one)
    };
    let stays: HashSet<&str> = with(Fate::Stays).map(|one| one.id.as_str()).collect();
    let unknown: HashSet<&str> = with(Fate::Unknown)
        .map(|one| one.id.as_str())
        .filter(|id| !stays.contains(id))
        .collect();
    let gone =
        with(Fate::Gone).filter(|one| !stays.contains(one.id.as_str()) && !unknown.contains(one.id.as_str()));
    Ok(BaseRemedy {
        kind: BaseKind::Release,
        base: name(release),
        resolves: ids(gone),
        remaining: stays.len(),
        unknown: unknown.len(),
        added: None,
    })
}

/// What is said of a package in another release.
struct Elsewhere {
    /// Whether anything is.
    is_known: bool,
    /// The records of what stays there, or may.
    unresolved: Vec<(Arc<Record>, Fate)>,
}

impl Elsewhere {
    fn of(reader: &Reader, release: &str, package: &str) -> Result<Self> {
        let statements = reader.package(release, package)?;
        let mut unresolved = Vec::new();
        for statement in statements.iter() {
            let stays = match &statement.extent {
                Extent::Undetermined | Extent::Unreadable => Fate::Unknown,
                Extent::Unfixed(_) => Fate::Stays,
                // A release that has a fix has it in its newest packages.
                Extent::Versions { intervals, .. }
                    if !statement.extended && intervals.iter().all(Interval::is_fixed) =>
                {
                    continue;
                }
                Extent::Versions { .. } => Fate::Stays,
            };
            unresolved.push((reader.record(statement.record)?, stays));
        }
        Ok(Self {
            is_known: !statements.is_empty(),
            unresolved,
        })
    }

    /// A release that says nothing of this vulnerability, but does of others in the same package, is not affected by it.
    fn fate(&self, one: &Vulnerability) -> Fate {
        if !self.is_known {
            return Fate::Unknown;
        }
        let is_about = |record: &Record| {
            let mut names = std::iter::once(&record.id)
                .chain(&record.aliases)
                .chain(&record.upstream);
            names.any(|name| *name == one.id || one.aliases.contains(name))
        };
        let mut unresolved = self.unresolved.iter();
        let first = unresolved.find(|(record, _)| is_about(record));
        first.map_or(Fate::Gone, |(_, fate)| *fate)
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_core::{FixState, Origin, Package};

    use super::*;
    use crate::testing::{deb, fixed, found};

    fn database(dir: &std::path::Path) -> Database {
        let tracker = serde_json::json!({
            "openssl": {
                "CVE-2026-1": {"releases": {
                    "bookworm": {"status": "open", "urgency": "low"},
                    "trixie": {"status": "resolved", "fixed_version": "3.5.0-1"},
                }},
                "CVE-2026-2": {"releases": {
                    "bookworm": {"status": "resolved", "fixed_version": "3.0.11-1"},
                    "trixie": {"status": "open", "urgency": "low"},
                }},
                "CVE-2026-3": {"releases": {
                    "bookworm": {"status": "open", "urgency": "low"},
                    "trixie": {"status": "resolved", "fixed_version": "0"},
                }},
            },
            "zlib": {
                "CVE-2026-4": {"releases": {"bookworm": {"status": "open", "urgency": "low"}}},
            },
        });
        std::fs::create_dir_all(dir.join("debian")).unwrap();
        std::fs::write(dir.join("debian/tracker.json"), tracker.to_string()).unwrap();
        let file = dir.join("advisories.redb");
        Database::build(dir, &file, &()).unwrap();
        Database::open_read_only(&file).unwrap()
    }

    #[test]
    fn a_newer_release_and_all_updates() {
        let dir = tempfile::tempdir().unwrap();
        let database = database(dir.path());
        let bookworm = Distribution {
            id: "debian".to_owned(),
            version_id: "12".to_owned(),
            codename: Some("bookworm".to_owned()),
            pretty_name: None,
        };
        let all = [
            found("CVE-2026-1", deb("openssl", "3.0.9-1"), FixState::Affected),
            found("CVE-2026-2", deb("openssl", "3.0.9-1"), fixed("3.0.11-1")),
            found("CVE-2026-3", deb("openssl", "3.0.9-1"), FixState::Affected),
            found("CVE-2026-4", deb("zlib", "1.2"), FixState::Affected),
            Vulnerability {
                fix_requires: Some("Ubuntu Pro".to_owned()),
                ..found("CVE-2026-5", deb("openssl", "3.0.9-1"), fixed("3.0.12-1"))
            },
        ];
        let all: Vec<&Vulnerability> = all.iter().collect();
        let bases = remedies(&database, &bookworm, &all).unwrap();
        let shown: Vec<_> = bases
            .iter()
            .map(|base| {
                (
                    base.base.as_str(),
                    base.resolves.join(" "),
                    base.remaining,
                    base.unknown,
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("debian 13", "CVE-2026-1 CVE-2026-3 CVE-2026-5".to_owned(), 1, 1),
                ("debian 12 with all updates", "CVE-2026-2".to_owned(), 4, 0),
            ]
        );
    }

    #[test]
    fn another_image() {
        let of_app = Package {
            origin: Origin::App,
            ..deb("git", "1")
        };
        let here = [
            found("CVE-1", deb("openssl", "1"), FixState::Affected),
            found("CVE-2", deb("openssl", "1"), FixState::Affected),
            found("CVE-9", of_app, FixState::Affected),
        ];
        let there = [
            found("CVE-2", deb("openssl", "2"), FixState::Affected),
            found("CVE-3", deb("zlib", "2"), FixState::Affected),
        ];
        let remedy = compared("python:3.12-slim", &here, &there);
        assert_eq!(remedy.resolves, ["CVE-1"]);
        assert_eq!((remedy.remaining, remedy.added), (1, Some(1)));
    }
}
