//! Matches packages against the database.

mod branch;
mod coverage;
mod details;
mod merge;
mod modular;
pub(crate) mod range;
pub(crate) mod rating;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use branch::Fixed;
pub use coverage::{Coverage, CoverageState};
use merge::Match;
use modular::About;
use plimsoll_core::{Distribution, Ecosystem, FixState, Package, Vulnerability};
use range::Hit;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::database::Reader;
use crate::database::schema::{Affected, Extent, Record, Unfixed};
use crate::release::{self, Scope};
use crate::{Database, Result, versions};

/// Matches packages against an advisory database.
pub struct Matcher<'a> {
    database: Option<&'a Database>,
}

/// What came of matching.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Matches {
    /// What was found: by package in the order given, the worst first.
    pub vulnerabilities: Vec<Vulnerability>,
    /// What could be assessed and what not: one entry for each ecosystem among the packages.
    pub coverage: Vec<Coverage>,
}

/// What is found out while packages of one ecosystem are matched, apart from vulnerabilities.
#[derive(Default)]
struct Observed {
    packages: usize,
    /// Packages with advisories whose version cannot be compared.
    incomparable: Vec<String>,
    /// Advisories that the publisher has not decided on, and how many packages they may affect.
    undetermined: Vec<String>,
    undetermined_packages: usize,
    /// Advisories of which something cannot be read, and how many packages they may affect.
    unreadable: Vec<String>,
    unreadable_packages: usize,
    /// Programs that the feed has nothing on.
    unnamed: Vec<String>,
}

impl<'a> Matcher<'a> {
    /// A matcher on `database`; without one, everything is reported as not assessed.
    pub fn new(database: Option<&'a Database>) -> Self {
        Self { database }
    }

    /// Matches the packages of an image of the given distribution.
    ///
    /// # Errors
    /// [`Error::Database`](crate::Error::Database) when the database cannot be read.
    pub fn match_all(&self, distribution: Option<&Distribution>, packages: &[Package]) -> Result<Matches> {
        let reader = self.database.map(Database::reader).transpose()?;
        let scopes: BTreeMap<Ecosystem, Scope> = packages
            .iter()
            .map(|package| package.ecosystem)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .map(|ecosystem| (ecosystem, Scope::of(ecosystem, distribution)))
            .collect();
        let one = |package: &Package| {
            let mut seen = Observed {
                packages: 1,
                ..Observed::default()
            };
            let found = match (&reader, scopes.get(&package.ecosystem)) {
                (Some(reader), Some(Scope::Release(release, _))) => {
                    matching(package, release, reader, &mut seen)?
                }
                _ => Vec::new(),
            };
            Ok((package.ecosystem, seen, found))
        };
        let results: Vec<_> = packages
            .par_iter()
            .with_min_len(512)
            .map(one)
            .collect::<Result<_>>()?;

        let mut observed: BTreeMap<Ecosystem, Observed> = BTreeMap::new();
        let found = results.iter().map(|(.., found)| found.len());
        let mut vulnerabilities = Vec::with_capacity(found.sum());
        for (ecosystem, seen, mut found) in results {
            found.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.id.cmp(&b.id)));
            vulnerabilities.extend(found);
            let all = observed.entry(ecosystem).or_default();
            all.packages += seen.packages;
            all.incomparable.extend(seen.incomparable);
            all.undetermined_packages += usize::from(!seen.undetermined.is_empty());
            all.undetermined.extend(seen.undetermined);
            all.unreadable_packages += usize::from(!seen.unreadable.is_empty());
            all.unreadable.extend(seen.unreadable);
            all.unnamed.extend(seen.unnamed);
        }
        let status = self.database.map(Database::status);
        let coverage = scopes
            .iter()
            .filter_map(|(ecosystem, scope)| {
                let seen = observed.get(ecosystem)?;
                Some(coverage::of(*ecosystem, scope, status, seen))
            })
            .collect();
        Ok(Matches {
            vulnerabilities,
            coverage,
        })
    }
}

fn matching(
    package: &Package,
    release: &str,
    reader: &Reader,
    observed: &mut Observed,
) -> Result<Vec<Vulnerability>> {
    let (name, installed) = release::subject(package, release);
    let mut statements = vec![(reader.package(release, &name)?, None)];
    if let Some(own) = release::own_name(package, release) {
        statements.push((reader.package(release, own)?, Some(own)));
    }
    statements.retain(|(statements, _)| !statements.is_empty());
    if statements.is_empty() {
        if package.ecosystem == Ecosystem::Generic {
            // The feed knows some programs only.
            observed.unnamed.push(package.name.clone());
        }
        return Ok(Vec::new());
    }
    let comparable = versions::validate(package.ecosystem, installed).is_ok();
    if !comparable {
        observed
            .incomparable
            .push(format!("`{}` {installed}", package.name));
    }
    let mut matches: Vec<Match<'_>> = Vec::new();
    let (mut certain, mut unknown, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for (statements, own) in &statements {
        let place = match *own {
            Some(own) => place(release, own, own).map(|place| format!("{place} package {own}")),
            None => place(release, &package.name, &name),
        };
        let subject = Subject {
            package,
            release,
            installed,
            comparable,
            place,
        };
        for statement in statements.iter() {
            match subject.affected_by(statement) {
                Said::OtherStream => {}
                Said::NotAffected => others.push(statement),
                Said::Affected { fix, reason } => {
                    certain.push(statement.record);
                    matches.push(subject.matched(statement, reader.record(statement.record)?, fix, reason));
                }
                Said::Unknown(doubt) => unknown.push((doubt, statement.record)),
            }
        }
    }
    // Of what is a finding by another part of the same record, no more needs to be said.
    unknown.retain(|(_, record)| !certain.contains(record));
    for (doubt, record) in unknown {
        let record = reader.record(record)?;
        let id = record.upstream.first().unwrap_or(&record.id);
        let advisory = format!("{id} ({})", package.name);
        match doubt {
            Doubt::Undetermined => observed.undetermined.push(advisory),
            Doubt::Unreadable => observed.unreadable.push(advisory),
        }
    }
    let fixed = Fixed::of(package, installed, &matches, &others, reader)?;
    merge::merge(package, &matches, &fixed, reader)
}

/// An installed package as advisories speak of it.
struct Subject<'a> {
    package: &'a Package,
    /// As the database names it.
    release: &'a str,
    installed: &'a str,
    /// Whether the installed version follows the rules of its scheme.
    comparable: bool,
    place: Option<String>,
}

/// What a statement says of an installed package.
enum Said {
    /// Nothing: it is about another stream of the package's module, or about none.
    OtherStream,
    NotAffected,
    Unknown(Doubt),
    /// The reason ends before the record's id where the package has no release.
    Affected {
        fix: FixState,
        reason: String,
    },
}

/// Why it is not known whether a package is affected.
#[derive(Clone, Copy)]
enum Doubt {
    /// The publisher does not know, or does not say of which stream it speaks.
    Undetermined,
    /// What the publisher says cannot be read.
    Unreadable,
}

impl Subject<'_> {
    fn matched<'a>(
        &self,
        statement: &'a Affected,
        record: Arc<Record>,
        fix: FixState,
        reason: String,
    ) -> Match<'a> {
        let reason = match self.place {
            Some(_) => reason,
            None => reason + &record.id,
        };
        let needs_more = statement.extended && fix.fixed_version().is_some();
        Match {
            record,
            ratings: &statement.ratings,
            fix_requires: needs_more.then_some(release::EXTENSION),
            fix,
            reason,
        }
    }

    fn affected_by(&self, statement: &Affected) -> Said {
        let installed = self.installed;
        let stream = match self.package.ecosystem {
            Ecosystem::Rpm => modular::about(self.package, statement),
            _ => About::Installed,
        };
        if stream == About::Another {
            return Said::OtherStream;
        }
        let (fix, reason) = match &statement.extent {
            Extent::Versions { intervals, listed } => {
                let ecosystem = self.package.ecosystem;
                let compared = release::compared(self.release, installed, &statement.extent);
                let hit = range::find(ecosystem, compared, self.comparable, intervals, listed);
                let Some(hit) = hit else { return Said::NotAffected };
                if stream == About::Unknown {
                    return Said::Unknown(Doubt::Undetermined);
                }
                let fixed = range::fixed_version(ecosystem, compared, hit, intervals);
                let fix = fixed.map_or(FixState::Affected, |fixed| FixState::Fixed(fixed.to_owned()));
                let reason = match (&self.place, hit, fixed) {
                    (Some(place), _, Some(fixed)) if statement.extended => {
                        format!(
                            "{place} fixed in {fixed} of {}, installed {installed}",
                            release::EXTENSION
                        )
                    }
                    (Some(place), _, Some(fixed)) => {
                        [place, " fixed in ", fixed, ", installed ", installed].concat()
                    }
                    (Some(place), _, None) => [place, " affected, installed ", installed].concat(),
                    (None, Hit::Interval(interval), _) => {
                        format!("installed {installed} lies in {interval} of ")
                    }
                    (None, Hit::Listed(_), _) => format!("installed {installed} is listed as affected by "),
                };
                (fix, reason)
            }
            Extent::Unfixed(unfixed) => {
                let (fix, word) = match unfixed {
                    Unfixed::Open => (FixState::Affected, "not fixed"),
                    Unfixed::NotOnItsOwn => (FixState::WontFix, "too minor for an update of its own"),
                    Unfixed::Postponed => (FixState::Affected, "not fixed, a fix is postponed"),
                    Unfixed::Ignored => (FixState::WontFix, "will not be fixed"),
                    Unfixed::EndOfLife => (FixState::EndOfLife, "not fixed, and support has ended"),
                };
                let place = self.place.as_deref().unwrap_or_default();
                (fix, [place, " ", word, ", installed ", installed].concat())
            }
            Extent::Undetermined => return Said::Unknown(Doubt::Undetermined),
            Extent::Unreadable => return Said::Unknown(Doubt::Unreadable),
        };
        Said::Affected { fix, reason }
    }
}

/// How a reason names a distribution's release, and the source package where it has another name:
/// `debian bookworm: openssl`. `None` for what has no distribution.
fn place(release: &str, package: &str, subject: &str) -> Option<String> {
    let (distribution, _) = release.split_once(':')?;
    let number = match distribution {
        "debian" => Some(release::debian_codename(release)),
        _ => release::shown(release),
    };
    let number = number.map(|number| format!(" {number}")).unwrap_or_default();
    let source = if package == subject {
        String::new()
    } else {
        format!(" source {subject}")
    };
    Some(format!("{distribution}{number}:{source}"))
}
