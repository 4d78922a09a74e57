//! What the formats for people show of a scan.

use std::borrow::Cow;
use std::collections::BTreeMap;

use plimsoll_core::{
    BaseKind, BaseRemedy, Decision, Finding, LicenseCategory, LicenseFinding, Origin, Package, PackageRemedy,
    Severity, Suppressed, Vulnerability,
};

use crate::facts::place;
use crate::targets::Target;
use crate::text::count;
use crate::text::{clean, nothing_found, shortened};
use crate::{Coverage, ScanReport};

/// Why a vulnerability is more urgent than its severity says: `KEV` for those that CISA lists as exploited, and FIRST's
/// prediction from one percent on. Empty where there is nothing to say.
pub(crate) fn urgency(found: &Vulnerability) -> Cow<'static, str> {
    let prediction = found.exploit_prediction.filter(|one| one.probability >= 0.01);
    match (
        found.known_exploited,
        prediction.map(|one| one.probability * 100.0),
    ) {
        (false, None) => "".into(),
        (true, None) => "KEV".into(),
        (false, Some(percent)) => format!("EPSS {percent:.0}%").into(),
        (true, Some(percent)) => format!("KEV, EPSS {percent:.0}%").into(),
    }
}

/// The fixed version, and what one must have to get it: `7.58.0-2ubuntu3.24+esm1 (Ubuntu Pro)`.
pub(crate) fn fixed(found: &Vulnerability) -> Option<Cow<'_, str>> {
    let version = found.fix.fixed_version()?;
    Some(available(version, found.fix_requires.as_deref()))
}

/// The version to move to, and what one must have to get it.
pub(crate) fn move_to(remedy: &PackageRemedy) -> Cow<'_, str> {
    available(&remedy.version, remedy.requires.as_deref())
}

fn available<'a>(version: &'a str, requires: Option<&str>) -> Cow<'a, str> {
    match requires {
        Some(requires) => format!("{version} ({requires})").into(),
        None => version.into(),
    }
}

/// A finding that a decision took out of the count.
pub(crate) struct NotCounted<'a> {
    /// The id of the vulnerability or check, or the licence.
    pub(crate) what: &'a str,
    /// The package, or the place of a secret.
    pub(crate) subject: String,
    pub(crate) decision: &'a Decision,
}

/// What does not count, and why.
pub(crate) fn not_counted<'a>(
    vulnerabilities: &'a [Suppressed<Vulnerability>],
    secrets: &'a [Suppressed<Finding>],
    licenses: &'a [Suppressed<LicenseFinding>],
) -> Vec<NotCounted<'a>> {
    let vulnerabilities = vulnerabilities.iter().map(|one| NotCounted {
        what: &one.finding.id,
        subject: one.finding.package.name.clone(),
        decision: &one.decision,
    });
    let secrets = secrets.iter().map(|one| NotCounted {
        what: &one.finding.check,
        subject: place(&one.finding.place),
        decision: &one.decision,
    });
    let licenses = licenses.iter().map(|one| NotCounted {
        what: &one.finding.license,
        subject: one.finding.package.name.clone(),
        decision: &one.decision,
    });
    vulnerabilities.chain(secrets).chain(licenses).collect()
}

/// Where a package comes from: the file of a language's package, the instruction that brought it, and whether that is
/// the base's.
pub(crate) fn whence(package: &Package) -> Cow<'_, str> {
    let mut parts = Vec::new();
    if !package.ecosystem.is_distribution() && !package.evidence.is_empty() {
        parts.push(clean(&package.evidence));
    }
    match package.origin {
        Origin::Base => parts.push("base image".into()),
        Origin::App | Origin::Unknown => {
            let instruction = package.layer.as_ref().map(|layer| clean(&layer.created_by));
            parts.extend(
                instruction
                    .filter(|line| !line.is_empty())
                    .map(|line| shortened(line, 60)),
            );
        }
    }
    match parts.len() {
        1 => parts.remove(0),
        _ => parts.join("; ").into(),
    }
}

/// What is said of a target without vulnerabilities. What is known of other targets says nothing of this one.
pub(crate) fn nothing_in(target: &Target<'_>, report: &ScanReport) -> String {
    let about: Vec<Coverage> = report
        .coverage
        .iter()
        .filter(|one| one.ecosystem == Some(target.ecosystem))
        .cloned()
        .collect();
    let nothing = match about.is_empty() && !report.coverage.is_empty() {
        true => "not assessed".to_owned(),
        false => nothing_found(&about),
    };
    let decided = |one: &Suppressed<Vulnerability>| one.finding.package.ecosystem == target.ecosystem;
    let left = report
        .left_out
        .as_ref()
        .is_some_and(|left| left.vulnerabilities > 0);
    match () {
        () if !nothing.starts_with(NONE) => nothing,
        () if left => format!("{nothing}, of those that are shown"),
        () if report.suppressed.iter().any(decided) => format!("{nothing}, of those that count"),
        () => nothing,
    }
}

/// How it is said that nothing was found where something was looked for.
pub(crate) const NONE: &str = "none known";

/// `14 vulnerabilities vanish by moving to debian 13; 3 left`.
pub(crate) fn base_remedy(base: &BaseRemedy) -> String {
    let resolves = count(base.resolves.len(), "vulnerability");
    let vanish = if base.resolves.len() == 1 {
        "vanishes"
    } else {
        "vanish"
    };
    let verb = match base.kind {
        BaseKind::Updated => "by rebuilding on",
        BaseKind::Release => "by moving to",
        BaseKind::Image => "by building on",
    };
    let mut text = format!("{resolves} of the base {vanish} {verb} {}", base.base);
    for (number, word) in [
        (base.remaining, "left"),
        (base.unknown, "not known there"),
        (base.added.unwrap_or(0), "new"),
    ] {
        if number > 0 {
            text.push_str(&format!("; {number} {word}"));
        }
    }
    text
}

/// One licence with the packages that are under it.
pub(crate) struct LicenseGroup<'a> {
    pub(crate) license: &'a str,
    pub(crate) category: LicenseCategory,
    pub(crate) severity: Severity,
    pub(crate) packages: Vec<&'a str>,
}

/// The licences, the worst first, each with its packages.
pub(crate) fn license_groups(findings: &[LicenseFinding]) -> Vec<LicenseGroup<'_>> {
    let mut groups: BTreeMap<&str, LicenseGroup<'_>> = BTreeMap::new();
    for finding in findings {
        let group = groups.entry(&finding.license).or_insert_with(|| LicenseGroup {
            license: &finding.license,
            category: finding.category,
            severity: finding.severity,
            packages: Vec::new(),
        });
        if !group.packages.contains(&finding.package.name.as_str()) {
            group.packages.push(&finding.package.name);
        }
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|group| {
        (
            std::cmp::Reverse(group.severity),
            std::cmp::Reverse(group.packages.len()),
        )
    });
    groups
}

/// The first few packages of a group, and how many more.
pub(crate) fn some_packages(group: &LicenseGroup<'_>) -> String {
    const SHOWN: usize = 5;
    let shown = group.packages.iter().take(SHOWN).map(|name| clean(name));
    let shown = shown.collect::<Vec<_>>().join(", ");
    match group.packages.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
