//! What makes two images differ.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_core::{Ecosystem, Package, Vulnerability};

use crate::purl::normal_name;
use crate::{
    Changed, Compared, Comparison, Coverage, PackageDifferences, SchemaVersion, Tool,
    VulnerabilityDifferences,
};

impl Comparison {
    /// Compares two images at the time `generated_at` (RFC 3339).
    pub fn of(before: Compared, after: Compared, generated_at: String, tool: Tool) -> Self {
        let sizes = (before.side.summary.size_bytes, after.side.summary.size_bytes);
        #[allow(clippy::cast_precision_loss, reason = "a ratio for people")]
        let size_ratio = (sizes.0 > 0).then(|| sizes.1 as f64 / sizes.0 as f64);
        Self {
            schema_version: SchemaVersion::default(),
            generated_at,
            tool,
            size_ratio,
            packages: package_differences(&before.packages, &after.packages),
            vulnerabilities: vulnerability_differences(&before, &after),
            before: before.side,
            after: after.side,
        }
    }
}

/// What makes two packages of different versions the same one.
type PackageKey<'a> = (Ecosystem, String, Option<&'a str>);

fn package_differences(before: &[Package], after: &[Package]) -> PackageDifferences {
    fn grouped(packages: &[Package]) -> BTreeMap<PackageKey<'_>, Vec<&Package>> {
        let mut groups: BTreeMap<_, Vec<&Package>> = BTreeMap::new();
        for package in packages {
            let key = (
                package.ecosystem,
                normal_name(package),
                package.architecture.as_deref(),
            );
            groups.entry(key).or_default().push(package);
        }
        groups
    }
    let (before, after) = (grouped(before), grouped(after));
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let mut differences = PackageDifferences::default();
    for key in keys {
        let mut old = before.get(key).cloned().unwrap_or_default();
        let mut new = after.get(key).cloned().unwrap_or_default();
        old.retain(|package| {
            let same = new.iter().position(|other| other.version == package.version);
            same.map(|index| new.remove(index)).is_none()
        });
        let pairs = old.len().min(new.len());
        differences
            .removed
            .extend(old.split_off(pairs).into_iter().cloned());
        differences
            .added
            .extend(new.split_off(pairs).into_iter().cloned());
        let changed = |(before, after): (&Package, &Package)| Changed {
            before: before.clone(),
            after: after.clone(),
        };
        differences.changed.extend(old.into_iter().zip(new).map(changed));
    }
    differences
}

fn vulnerability_differences(before: &Compared, after: &Compared) -> VulnerabilityDifferences {
    fn keys(side: &Compared) -> BTreeSet<(&str, Ecosystem, String)> {
        side.vulnerabilities.iter().map(key).collect()
    }
    fn key(vulnerability: &Vulnerability) -> (&str, Ecosystem, String) {
        let package = &vulnerability.package;
        (&vulnerability.id, package.ecosystem, normal_name(package))
    }
    let (in_before, in_after) = (keys(before), keys(after));
    let mut differences = VulnerabilityDifferences {
        unchanged: in_before.intersection(&in_after).count(),
        ..VulnerabilityDifferences::default()
    };
    for vulnerability in &before.vulnerabilities {
        if !in_after.contains(&key(vulnerability)) {
            let known = after.would_show(&vulnerability.package);
            let list = if known {
                &mut differences.fixed
            } else {
                &mut differences.undetermined
            };
            list.push(vulnerability.clone());
        }
    }
    for vulnerability in &after.vulnerabilities {
        if !in_before.contains(&key(vulnerability)) {
            let known = before.would_show(&vulnerability.package);
            let list = if known {
                &mut differences.new
            } else {
                &mut differences.undetermined
            };
            list.push(vulnerability.clone());
        }
    }
    differences
}

impl Compared {
    /// Whether a vulnerability of `package` would be known on this side: its packages of that kind were assessed, or it
    /// does not have the package.
    fn would_show(&self, package: &Package) -> bool {
        let same = |other: &Package| {
            other.ecosystem == package.ecosystem && normal_name(other) == normal_name(package)
        };
        let mut coverage = self
            .side
            .coverage
            .iter()
            .filter(|one| one.ecosystem == Some(package.ecosystem))
            .peekable();
        !self.packages.iter().any(same) || (coverage.peek().is_some() && coverage.all(Coverage::is_assessed))
    }
}

#[cfg(test)]
mod tests {
    use crate::sample;

    #[test]
    fn packages_are_paired_by_name() {
        let differences = sample::comparison().packages;
        let names = |packages: &[plimsoll_core::Package]| {
            packages
                .iter()
                .map(|package| package.name.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&differences.added), ["gunicorn"]);
        assert_eq!(names(&differences.removed), ["flask"]);
        assert_eq!(differences.changed.len(), 1);
        assert_eq!(differences.changed[0].after.version, "3.2.11");
    }

    #[test]
    fn a_vulnerability_is_gone_only_where_it_would_have_been_seen() {
        let found = sample::comparison().vulnerabilities;
        let ids =
            |list: &[plimsoll_core::Vulnerability]| list.iter().map(|one| one.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&found.fixed), ["CVE-2024-0002", "GHSA-aaaa-bbbb-cccc"]);
        assert_eq!(ids(&found.new), ["CVE-2024-0009"]);
        assert_eq!(ids(&found.undetermined), ["CVE-2024-0003"]);
        assert_eq!(found.unchanged, 1);
    }
}
