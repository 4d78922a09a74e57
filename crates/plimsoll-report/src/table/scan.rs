use plimsoll_core::{Finding, SeverityCounts, Vulnerability};

use super::paint::Paint;
use super::{Style, bound, coverage_lines, heading, keep_whole, line, put};
use crate::ScanReport;
use crate::facts::place;
use crate::targets::targets;
use crate::text::{clean, counts, end_of_life, name, nothing_found, packages, shortened, status};

/// The scan as tables: what was not assessed, then the vulnerabilities by where the packages come from, then secrets.
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
    for target in targets(report) {
        heading(&mut text, &clean(&target.title));
        let found = packages(&target.packages);
        if target.vulnerabilities.is_empty() {
            let ecosystem = target.packages.first().map(|package| package.ecosystem);
            let about = report
                .coverage
                .iter()
                .filter(|one| one.ecosystem == ecosystem)
                .cloned()
                .collect::<Vec<_>>();
            let about = if about.is_empty() {
                report.coverage.as_slice()
            } else {
                &about
            };
            line(
                &mut text,
                &format!("{found}; vulnerabilities: {}", nothing_found(about)),
            );
            continue;
        }
        let total: SeverityCounts = target.vulnerabilities.iter().map(|one| one.severity).collect();
        line(
            &mut text,
            &format!("{found}; Total: {} ({})", total.total(), counts(&total)),
        );
        vulnerabilities(&mut text, target.vulnerabilities, style);
    }
    secrets(&mut text, &report.secrets, style);
    style.finish(&text)
}

pub(super) fn vulnerabilities(text: &mut String, mut found: Vec<&Vulnerability>, style: Style) {
    found.sort_by_key(|one| (&one.package.name, std::cmp::Reverse(one.severity), &one.id));
    let narrow = style.is_narrow();
    let header = [
        "Package",
        "Vulnerability",
        "Severity",
        "Installed",
        "Fixed",
        "Status",
        "Title",
    ];
    let mut table = style.table(if narrow { &header[..5] } else { &header });
    for one in found {
        let known = if one.known_exploited { " (exploited)" } else { "" };
        let mut row = vec![
            clean(&name(&one.package)),
            format!("{}{known}", clean(&one.id)),
            Paint::severity(one.severity),
            clean(&one.package.version),
            clean(one.fix.fixed_version().unwrap_or_default()),
        ];
        if !narrow {
            let title = if one.title.is_empty() {
                &one.description
            } else {
                &one.title
            };
            row.extend([status(&one.fix).to_owned(), shortened(&clean(title), 160)]);
        }
        table.add_row(row);
    }
    keep_whole(&mut table, if narrow { &[1, 2] } else { &[1, 2, 5] });
    put(text, &table);
}

pub(super) fn secrets(text: &mut String, found: &[Finding], style: Style) {
    if found.is_empty() {
        return;
    }
    heading(text, "Secrets");
    line(text, &format!("Total: {}", found.len()));
    findings(text, found.iter(), style);
}

pub(super) fn findings<'a>(text: &mut String, found: impl Iterator<Item = &'a Finding>, style: Style) {
    let mut table = style.table(&["Severity", "Check", "Place", "Finding", "Evidence"]);
    for finding in found {
        table.add_row([
            Paint::severity(finding.severity),
            clean(&finding.check),
            clean(&place(&finding.place)),
            clean(&finding.message),
            shortened(&clean(&finding.evidence), 120),
        ]);
    }
    bound(&mut table, 2, 30);
    put(text, &table);
}
