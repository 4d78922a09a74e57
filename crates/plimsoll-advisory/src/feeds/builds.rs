//! Errata of RPM packages that name several builds of one package: one for each processor, or a component of a module
//! that was built again without a change.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use plimsoll_core::Ecosystem;

use super::Statement;
use crate::database::schema::{Extent, Interval, Until};
use crate::{release, versions};

/// Leaves of the builds that one erratum names of a package the lowest: each of them has the fix. Builds of several
/// streams of a module differ in what stands before the module's part of the release, and each of those stays.
pub(super) fn lowest(statements: Vec<Statement>) -> Vec<Statement> {
    let mut kept: Vec<Statement> = Vec::with_capacity(statements.len());
    let mut known: HashMap<(String, String, String), usize> = HashMap::new();
    for statement in statements {
        let Some(build) = fixed(&statement) else {
            kept.push(statement);
            continue;
        };
        let upstream = build.split_once(".module").map_or("", |(upstream, _)| upstream);
        let key = (
            statement.release.clone(),
            statement.package.clone(),
            upstream.to_owned(),
        );
        match known.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(kept.len());
                kept.push(statement);
            }
            Entry::Occupied(entry) => {
                let other = &mut kept[*entry.get()];
                let is_lower = |other| versions::compare(Ecosystem::Rpm, build, other).is_lt();
                if fixed(other).is_some_and(is_lower) {
                    *other = statement;
                }
            }
        }
    }
    kept
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
}
