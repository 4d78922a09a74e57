use std::collections::HashMap;

use plimsoll_core::{LicenseCategory, LicenseFinding, Package};

use crate::category::severity;
use crate::read::{License, read};

/// The licences of `packages`, classified, in the order of the packages: one finding for each licence that a package
/// states. A package that states none has no finding.
pub fn findings(packages: &[Package]) -> Vec<LicenseFinding> {
    // Images have thousands of packages and a few dozen licences.
    let mut known: HashMap<&str, (String, LicenseCategory)> = HashMap::new();
    let mut findings = Vec::new();
    for package in packages {
        let mut told: Vec<String> = Vec::new();
        for stated in package.licenses.iter().filter(|stated| !stated.trim().is_empty()) {
            let (license, category) = known.entry(stated).or_insert_with(|| classified(stated)).clone();
            if told.contains(&license) {
                continue;
            }
            told.push(license.clone());
            findings.push(LicenseFinding {
                license,
                category,
                severity: severity(category),
                package: package.clone(),
            });
        }
    }
    findings
}

fn classified(stated: &str) -> (String, LicenseCategory) {
    let license = read(stated);
    let category = match &license {
        License::Expression(expression) => expression.category(),
        License::Name(name) => without_exception(name).unwrap_or(LicenseCategory::Unknown),
    };
    (license.text(), category)
}

/// The category of the licence that an exception unknown to SPDX is made of: an exception gives leave, it asks for
/// nothing.
fn without_exception(name: &str) -> Option<LicenseCategory> {
    let at = name.to_ascii_lowercase().find(" with ")?;
    match read(&name[..at]) {
        License::Expression(expression) => Some(expression.category()),
        License::Name(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_core::{Ecosystem, Severity};

    use super::*;

    #[test]
    fn each_stated_licence_once() {
        let mut package = Package::new(Ecosystem::Deb, "a", "1");
        package.licenses = [
            "GPL-2+",
            "GPL-2.0-or-later",
            "custom",
            "GPL-3 with OpenSSL exception",
            " ",
        ]
        .map(str::to_owned)
        .to_vec();
        let found = findings(&[package, Package::new(Ecosystem::Deb, "b", "1")]);
        let shown: Vec<_> = found
            .iter()
            .map(|one| (&*one.license, one.category, one.severity))
            .collect();
        assert_eq!(
            shown,
            [
                ("GPL-2.0-or-later", LicenseCategory::Restricted, Severity::High),
                ("custom", LicenseCategory::Unknown, Severity::Unknown),
                (
                    "GPL-3 with OpenSSL exception",
                    LicenseCategory::Restricted,
                    Severity::High
                ),
            ]
        );
    }
}
