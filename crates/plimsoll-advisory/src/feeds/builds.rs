//! Errata of RPM packages that name several builds of one package: one for each processor, or a component of a module
//! that was built again without a change.

use std::cmp::Ordering;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use plimsoll_core::Ecosystem;

use super::Statement;
use crate::database::schema::{Extent, Interval, Until};
use crate::{release, versions};

/// Leaves of the builds that one erratum names of a package the lowest of each upstream version: each of them has the
/// fix. What lies above all builds of one version and below the build of the next lacks it. Builds of several streams of a
/// module differ in what stands before the module's part of the release, and each of those stays.
pub(super) fn lowest(statements: Vec<Statement>) -> Vec<Statement> {
    let mut kept: Vec<Statement> = Vec::with_capacity(statements.len());
    let mut known: HashMap<(String, String, String), usize> = HashMap::new();
    // The builds that are above those kept, by the places of those.
    let mut higher: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for statement in statements {
        let Some(build) = fixed(&statement) else {
            kept.push(statement);
            continue;
        };
        let stream = build.split_once(".module").map_or("", |(stream, _)| stream);
        let key = (
            statement.release.clone(),
            statement.package.clone(),
            stream.to_owned(),
        );
        match known.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(kept.len());
                kept.push(statement);
            }
            Entry::Occupied(entry) => {
                let other = &mut kept[*entry.get()];
                let is_lower = |other| compare(build, other).is_lt();
                let above = match fixed(other).is_some_and(is_lower) {
                    true => std::mem::replace(other, statement),
                    false => statement,
                };
                let above = fixed(&above).map(str::to_owned);
                higher.entry(*entry.get()).or_default().extend(above);
            }
        }
    }
    for (place, mut builds) in higher {
        builds.sort_by(|a, b| compare(a, b));
        add(&mut kept[place], builds);
    }
    kept
}

/// Adds to a statement with one build those of higher upstream versions, which come in their order.
fn add(statement: &mut Statement, builds: Vec<String>) {
    let Some(mut below) = fixed(statement).map(|build| upstream(build).to_owned()) else {
        return;
    };
    let Extent::Versions { intervals, .. } = &mut statement.extent else {
        return;
    };
    for build in builds {
        let version = upstream(&build).to_owned();
        if compare(&version, &below).is_eq() {
            continue;
        }
        intervals.push(Interval {
            // By rpm's order this is above every release of that version, and below every other version above it.
            from: Some(format!("{below}^")),
            until: Until::Fixed(build),
        });
        below = version;
    }
}

/// Epoch and version without the release.
fn upstream(build: &str) -> &str {
    build.rsplit_once('-').map_or(build, |(version, _)| version)
}

fn compare(a: &str, b: &str) -> Ordering {
    versions::compare(Ecosystem::Rpm, a, b)
}

/// The build before which all are affected, where that is all that is said.
fn fixed(statement: &Statement) -> Option<&str> {
    if release::ecosystem(&statement.release) != Ecosystem::Rpm {
        return None;
    }
    match &statement.extent {
        Extent::Versions { intervals, listed } if listed.is_empty() => match &intervals[..] {
            [
                Interval {
                    from: None,
                    until: Until::Fixed(version),
                },
            ] => Some(version),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(release: &str, package: &str, fixed: &str) -> Statement {
        Statement {
            release: release.to_owned(),
            package: package.to_owned(),
            ratings: Vec::new(),
            extent: Extent::Versions {
                intervals: vec![Interval {
                    from: None,
                    until: Until::Fixed(fixed.to_owned()),
                }],
                listed: Vec::new(),
            },
            modules: Vec::new(),
            extended: false,
        }
    }

    #[test]
    fn the_lowest_build_of_each_stream_stays() {
        let all = [
            ("almalinux:8", "vim", "2:8.0.1763-16.el8_5.13"),
            ("almalinux:8", "vim", "2:8.0.1763-16.el8_5.12"),
            ("almalinux:9", "vim", "2:8.2.2637-20.el9"),
            ("almalinux:8", "mod_md", "1:2.0.8-8.module_el8.6.0+3031+fb177b09"),
            ("almalinux:8", "mod_md", "1:2.0.8-8.module_el8.6.0+2872+fe0ff7aa"),
            ("almalinux:8", "nodejs", "1:18.2-1.module_el8.8.0+1+a"),
            ("almalinux:8", "nodejs", "1:20.2-1.module_el8.9.0+2+b"),
            // Versions of other distributions' packages may be of branches.
            ("alpine:v3.20", "curl", "2-r0"),
            ("alpine:v3.20", "curl", "1-r0"),
        ];
        let kept = lowest(
            all.map(|(release, package, fixed)| statement(release, package, fixed))
                .to_vec(),
        );
        let expected = [all[1], all[2], all[4], all[5], all[6], all[7], all[8]];
        assert_eq!(
            kept,
            expected.map(|(release, package, fixed)| statement(release, package, fixed))
        );
    }

    /// A package may be there in two versions beside each other; the fix of one is none for the other.
    #[test]
    fn each_upstream_version_has_its_own_fix() {
        let all = ["2.0-3.el9", "1.0-6.el9", "1.0-5.el9", "2.0-4.el9", "0:2.0-3.el9"];
        let kept = lowest(
            all.map(|fixed| statement("almalinux:9", "compat", fixed))
                .to_vec(),
        );
        let [one] = kept.as_slice() else {
            panic!("{kept:?}")
        };
        assert_eq!(one.extent.to_string(), "(…, 1.0-5.el9), [1.0^, 2.0-3.el9)");
        let Extent::Versions { intervals, .. } = &one.extent else {
            panic!("{one:?}")
        };
        for (installed, affected) in [
            ("0.9-1.el9", true),
            ("1.0-4.el9", true),
            ("1.0-5.el9", false),
            ("1.0-99.el9", false),
            ("1.0.1-1.el9", true),
            ("1.5-1.el9", true),
            ("2.0-1.el9", true),
            ("2.0-3.el9", false),
            ("3.0-1.el9", false),
        ] {
            let found = intervals
                .iter()
                .any(|one| one.contains(Ecosystem::Rpm, installed));
            assert_eq!(found, affected, "{installed}");
        }
    }
}
