use std::borrow::Cow;

use plimsoll_core::{Finding, LicenseFinding, Severity, SeverityCounts, Vulnerability};

use super::paint::Paint;
use super::remedies::{remedies, suppressed};
use super::{Style, coverage_lines, heading, line};
use crate::ScanReport;
use crate::facts::place;
use crate::shown::{NONE, fixed, license_groups, not_counted, nothing_in, some_packages, urgency, whence};
use crate::targets::{Target, targets};
use crate::text::{
    category, clean, cleaned, count, counts, end_of_life, left_out, name, packages,
    secrets as said_of_secrets, shortened, status,
};

/// The scan as tables: what was not assessed, then a summary, the vulnerabilities by where the packages come from,
/// secrets and licences.
pub fn scan(report: &ScanReport, style: Style) -> String {
    let mut text = String::new();
    line(&mut text, &Paint::Bold.of(&clean(&report.artifact.name)));
    coverage_lines(&mut text, &report.coverage, report.database.as_ref());
    if let Some(end) = end_of_life(report) {
        line(
            &mut text,
            &format!("{}: {}", Paint::Bad.of("end of life"), clean(&end)),
        );
    }
    for warning in &report.warnings {
        line(
            &mut text,
            &format!("{}: {}", Paint::Bad.of("warning"), clean(warning)),
        );
    }
    if let Some(left) = left_out(report) {
        line(
            &mut text,
            &format!("{}: {}", Paint::Bad.of("not shown"), clean(&left)),
        );
    }
    let targets = targets(report);
    if targets.len() > 1 {
        summary(&mut text, report, &targets, style);
    }
    for target in targets {
        heading(&mut text, &clean(&target.title));
        let found = packages(&target.packages);
        if target.vulnerabilities.is_empty() {
            let nothing = nothing_in(&target, report);
            line(&mut text, &format!("{found}; vulnerabilities: {nothing}"));
            continue;
        }
        let total: SeverityCounts = target.vulnerabilities.iter().map(|one| one.severity).collect();
        line(
            &mut text,
            &format!("{found}; Total: {} ({})", total.total(), counts(&total)),
        );
        vulnerabilities(&mut text, target.vulnerabilities, style);
    }
    remedies(&mut text, &report.remedies, style);
    let decided = not_counted(
        &report.suppressed,
        &report.suppressed_secrets,
        &report.suppressed_licenses,
    );
    suppressed(&mut text, &decided, style);
    secrets(&mut text, report, style);
    licenses(&mut text, &report.licenses, style);
    style.finish(&text)
}

/// How many vulnerabilities there are where.
fn summary(text: &mut String, report: &ScanReport, targets: &[Target<'_>], style: Style) {
    heading(text, "Summary");
    let mut header = vec![
        "Target", "Type", "Packages", "Critical", "High", "Medium", "Low", "Unknown",
    ];
    if style.is_narrow() {
        header.remove(1);
    }
    let mut table = style.table(&header);
    for target in targets {
        let total: SeverityCounts = target.vulnerabilities.iter().map(|one| one.severity).collect();
        let nothing = nothing_in(target, report);
        let assessed = total.total() > 0 || nothing.starts_with(NONE);
        let mut row = vec![clean(&target.title)];
        if !style.is_narrow() {
            row.push(clean(&target.kind));
        }
        row.push(target.packages.len().to_string().into());
        row.extend(Severity::WORST_FIRST.map(|severity| match total[severity] {
            _ if !assessed => Cow::from(Paint::Bad.of("?")),
            0 => "0".into(),
            number => Paint::of_severity(severity, &number.to_string()).into(),
        }));
        table.row(row);
    }
    table.bound(0, 50);
    table.put(text);
    if targets
        .iter()
        .any(|target| target.vulnerabilities.is_empty() && !nothing_in(target, report).starts_with(NONE))
    {
        line(text, &format!("{}: not assessed", Paint::Bad.of("?")));
    }
}

pub(super) fn vulnerabilities(text: &mut String, mut found: Vec<&Vulnerability>, style: Style) {
    found.sort_by_key(|one| (&one.package.name, std::cmp::Reverse(one.severity), &one.id));
    let narrow = style.is_narrow();
    let urgent = found.iter().any(|one| !urgency(one).is_empty());
    let mut header = vec!["Package", "Vulnerability", "Severity", "Installed", "Fixed"];
    if urgent {
        header.insert(3, "Exploited");
    }
    if !narrow {
        header.extend(["Status", "From", "Title"]);
    }
    let mut table = style.table(&header);
    for one in found {
        let mut row = vec![
            cleaned(name(&one.package)),
            clean(&one.id),
            Paint::severity(one.severity).into(),
            clean(&one.package.version),
            cleaned(fixed(one).unwrap_or_default()),
        ];
        if urgent {
            let word = urgency(one);
            row.insert(
                3,
                if one.known_exploited {
                    Paint::Critical.of(&word).into()
                } else {
                    word
                },
            );
        }
        if !narrow {
            let title = if one.title.is_empty() {
                &one.description
            } else {
                &one.title
            };
            let status = status(&one.fix).into();
            row.extend([status, whence(&one.package), shortened(clean(title), 160)]);
        }
        table.row(row);
    }
    table.keep_whole(&[1, 2]);
    if !narrow {
        let status = header.len() - 3;
        table.keep_whole(&[status]);
        if style.width.is_some() {
            table.bound(status + 1, 25);
        }
    }
    table.put(text);
}

fn secrets(text: &mut String, report: &ScanReport, style: Style) {
    let Some(said) = said_of_secrets(report) else {
        return;
    };
    heading(text, "Secrets");
    line(text, &clean(&said));
    if !report.secrets.is_empty() {
        findings(text, report.secrets.iter(), style);
    }
}

fn licenses(text: &mut String, found: &[LicenseFinding], style: Style) {
    if found.is_empty() {
        return;
    }
    heading(text, "Licences");
    let groups = license_groups(found);
    line(
        text,
        &format!(
            "Total: {} of {}",
            count(groups.len(), "licence"),
            count(found.len(), "statement")
        ),
    );
    let mut table = style.table(&["Licence", "Category", "Severity", "Packages"]);
    for group in groups {
        table.row([
            shortened(clean(group.license), 80),
            category(group.category).into(),
            Paint::severity(group.severity).into(),
            format!("{}: {}", group.packages.len(), some_packages(&group)).into(),
        ]);
    }
    table.keep_whole(&[1, 2]);
    table.put(text);
}

pub(super) fn findings<'a>(text: &mut String, found: impl Iterator<Item = &'a Finding>, style: Style) {
    let mut table = style.table(&["Severity", "Check", "Place", "Finding", "Evidence"]);
    for finding in found {
        table.row([
            Paint::severity(finding.severity).into(),
            clean(&finding.check),
            cleaned(place(&finding.place).into()),
            clean(&finding.message),
            shortened(clean(&finding.evidence), 120),
        ]);
    }
    table.bound(2, 30);
    table.put(text);
}
