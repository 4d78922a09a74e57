use std::collections::BTreeMap;

use plimsoll_core::{PackageRemedy, Vulnerability};

use super::ids;
use crate::versions;

/// For each package with a fix the lowest version that has all of its fixes.
pub(super) fn remedies(found: &[Vulnerability]) -> Vec<PackageRemedy> {
    let mut packages: BTreeMap<_, Vec<&Vulnerability>> = BTreeMap::new();
    for one in found {
        let package = &one.package;
        let key = (package.ecosystem, package.name.as_str(), package.version.as_str());
        packages.entry(key).or_default().push(one);
    }
    let mut remedies: Vec<PackageRemedy> = packages
        .into_iter()
        .filter_map(|((ecosystem, name, installed), found)| {
            let fixed = || {
                found
                    .iter()
                    .filter_map(|one| Some((*one, one.fix.fixed_version()?)))
            };
            let (last, version) = fixed().max_by(|(_, a), (_, b)| versions::compare(ecosystem, a, b))?;
            let resolves = ids(fixed().map(|(one, _)| one));
            let all = ids(found.iter().copied()).len();
            Some(PackageRemedy {
                ecosystem,
                package: name.to_owned(),
                installed: installed.to_owned(),
                version: version.to_owned(),
                requires: last.fix_requires.clone(),
                remaining: all - resolves.len(),
                resolves,
                origin: found[0].package.origin,
            })
        })
        .collect();
    remedies.sort_by_key(|remedy| std::cmp::Reverse(remedy.resolves.len()));
    remedies
}

#[cfg(test)]
mod tests {
    use plimsoll_core::FixState;

    use super::*;
    use crate::testing::{deb, fixed, found};

    #[test]
    fn the_lowest_version_with_all_fixes_by_the_order_of_the_ecosystem() {
        let openssl = || deb("openssl", "3.0.9-1");
        let remedies = remedies(&[
            found("CVE-1", openssl(), fixed("3.0.11-1")),
            found("CVE-2", openssl(), fixed("3.0.9-2")),
            found("CVE-3", openssl(), FixState::Affected),
            found("CVE-1", openssl(), fixed("3.0.11-1")),
            found("CVE-4", deb("zlib1g", "1.2"), FixState::WontFix),
        ]);
        assert_eq!(remedies.len(), 1);
        assert_eq!(remedies[0].version, "3.0.11-1");
        assert_eq!(remedies[0].resolves, ["CVE-1", "CVE-2"]);
        assert_eq!(remedies[0].remaining, 1);
    }
}
