//! Minor releases of the distributions that follow Red Hat's. Each gets fixes of its own in the repositories of one
//! release, so an erratum for a later one says nothing about a package that has the fix of its own.

use std::collections::HashSet;

use plimsoll_core::{Ecosystem, FixState, Package};

use super::merge::Match;
use crate::Result;
use crate::database::Reader;
use crate::database::schema::{Affected, Extent, Record, Until};

/// The minor release that an RPM package was built for, as its release says: `el9_3`; of a module, `el8.8.0`. `None` where
/// it does not say.
fn branch(version: &str) -> Option<&str> {
    if let Some((_, module)) = version.split_once(".module") {
        return module.get(1..)?.split('+').next().filter(|own| !own.is_empty());
    }
    let (_, release) = version.rsplit_once('-')?;
    release.split('.').find(|part| {
        let numbers = part
            .strip_prefix("el")
            .and_then(|numbers| numbers.split_once('_'));
        numbers.is_some_and(|(major, minor)| is_number(major) && is_number(minor))
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The vulnerabilities of which an installed package has the fix that its own minor release got.
#[derive(Default)]
pub(super) struct Fixed<'a> {
    own: &'a str,
    /// By all of their names.
    names: HashSet<String>,
}

impl<'a> Fixed<'a> {
    /// Those of `matches` that are not affected by `others`, which are the other statements about the package's stream.
    pub(super) fn of(
        package: &Package,
        installed: &'a str,
        matches: &[Match<'_>],
        others: &[&Affected],
        reader: &Reader,
    ) -> Result<Self> {
        let own = match package.ecosystem {
            Ecosystem::Rpm => branch(installed),
            _ => None,
        };
        let Some(own) = own.filter(|own| matches.iter().any(|one| is_of_another(&one.fix, own))) else {
            return Ok(Self::default());
        };
        let mut names = HashSet::new();
        for statement in others.iter().filter(|other| is_fixed_in(&other.extent, own)) {
            names.extend(names_in(&*reader.record(statement.record)?).cloned());
        }
        // Where the own minor release has two errata, both count.
        for matched in matches.iter().filter(|matched| !is_of_another(&matched.fix, own)) {
            for name in names_in(&matched.record) {
                names.remove(name);
            }
        }
        Ok(Self { own, names })
    }

    /// Whether the package has the fix of a vulnerability of these names, which `fix`, of another minor release, would bring.
    pub(super) fn has(&self, names: &[&str], fix: &FixState) -> bool {
        !self.names.is_empty()
            && is_of_another(fix, self.own)
            && names.iter().any(|name| self.names.contains(*name))
    }
}

fn names_in(record: &Record) -> impl Iterator<Item = &String> {
    [&record.id]
        .into_iter()
        .chain(&record.aliases)
        .chain(&record.upstream)
}

fn is_of_another(fix: &FixState, own: &str) -> bool {
    fix.fixed_version()
        .and_then(branch)
        .is_some_and(|branch| branch != own)
}

fn is_fixed_in(extent: &Extent, own: &str) -> bool {
    let Extent::Versions { intervals, .. } = extent else {
        return false;
    };
    intervals
        .iter()
        .any(|interval| matches!(&interval.until, Until::Fixed(version) if branch(version) == Some(own)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches() {
        for (version, own) in [
            ("7.76.1-23.el9_2.4", Some("el9_2")),
            ("1:7.1.8.1-12.el9_3.alma", Some("el9_3")),
            ("5.14.0-70.30.1.rt21.102.el9_0", Some("el9_0")),
            ("6.12.0-124.55.3.el10_1", Some("el10_1")),
            ("1:2.0.8-8.module_el8.6.0+3031+fb177b09", Some("el8.6.0")),
            ("1:2.0.8-8.module+el8.6.0+19757+8ca87034", Some("el8.6.0")),
            ("7.76.1-26.el9", None),
            ("5.2-4.oe2403", None),
            ("1.el9_2", None),
            ("1-1.el_2", None),
            ("1-1.module", None),
            ("1-1.module+", None),
            ("", None),
        ] {
            assert_eq!(branch(version), own, "{version}");
        }
    }
}
