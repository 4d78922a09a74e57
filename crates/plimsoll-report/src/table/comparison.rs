use std::borrow::Cow;

use plimsoll_core::Package;

use super::paint::Paint;
use super::scan::vulnerabilities;
use super::{Style, coverage_lines, heading, line};
use crate::Comparison;
use crate::facts::{side_rows, vulnerability_lists};
use crate::text::{clean, cleaned, count};

/// How many packages a table for the screen lists.
const SHOWN: usize = 20;

/// The comparison as tables: what was not assessed on either side, the two images side by side, then the differences.
pub fn comparison(report: &Comparison, style: Style) -> String {
    let (before, after) = (&report.before, &report.after);
    let mut text = String::new();
    let names = (clean(&before.summary.name), clean(&after.summary.name));
    line(&mut text, &Paint::Bold.of(&format!("{} → {}", names.0, names.1)));
    for (name, side) in [(&names.0, before), (&names.1, after)] {
        let short: Vec<_> = side
            .coverage
            .iter()
            .filter(|one| !one.is_assessed())
            .cloned()
            .collect();
        if side.coverage.is_empty() || !short.is_empty() {
            line(&mut text, &format!("{name}:"));
            let mut lines = String::new();
            coverage_lines(&mut lines, &short, None);
            let kept = lines.lines().filter(|line| !line.starts_with("advisories:"));
            kept.for_each(|kept| line(&mut text, &format!("  {kept}")));
        }
    }
    sides(&mut text, report, style);
    packages(&mut text, report, style);
    for (title, list) in vulnerability_lists(&report.vulnerabilities) {
        if !list.is_empty() {
            heading(&mut text, title);
            line(&mut text, &format!("Total: {}", list.len()));
            vulnerabilities(&mut text, list.iter().collect(), style);
        }
    }
    style.finish(&text)
}

fn sides(text: &mut String, report: &Comparison, style: Style) {
    let (before, after) = (&report.before, &report.after);
    heading(text, "Side by side");
    let mut table = style.table(&["", &clean(&before.summary.name), &clean(&after.summary.name)]);
    for (name, of) in side_rows() {
        let [before, after] = [of(before), of(after)].map(|value| cleaned(value.into()));
        table.row([name.into(), before, after]);
    }
    table.put(text);
    if let Some(ratio) = report.size_ratio {
        line(
            text,
            &format!("the second is {ratio:.2} times the size of the first"),
        );
    }
    line(
        text,
        &format!(
            "{} in both",
            count(report.vulnerabilities.unchanged, "vulnerability")
        ),
    );
}

fn packages<'a>(text: &mut String, report: &'a Comparison, style: Style) {
    let differences = &report.packages;
    if differences.added.is_empty() && differences.removed.is_empty() && differences.changed.is_empty() {
        return;
    }
    heading(text, "Packages");
    line(
        text,
        &format!(
            "{} added, {} removed, {} changed",
            differences.added.len(),
            differences.removed.len(),
            differences.changed.len()
        ),
    );
    let pair = |before: Option<&'a Package>, after: Option<&'a Package>| -> [Cow<'a, str>; 4] {
        let version =
            |package: Option<&'a Package>| package.map_or("-".into(), |package| clean(&package.version));
        let either = before.or(after);
        let kind = either.map_or("", |package| package.ecosystem.purl_type());
        let name = either.map(|package| clean(&package.name)).unwrap_or_default();
        [name, kind.into(), version(before), version(after)]
    };
    let changed = differences
        .changed
        .iter()
        .map(|one| pair(Some(&one.before), Some(&one.after)));
    let removed = differences
        .removed
        .iter()
        .map(|package| pair(Some(package), None));
    let added = differences.added.iter().map(|package| pair(None, Some(package)));
    let rows: Vec<[Cow<'_, str>; 4]> = changed.chain(added).chain(removed).collect();
    let mut table = style.table(&["Package", "Kind", "Before", "After"]);
    for row in rows.iter().take(SHOWN) {
        table.row(row.clone());
    }
    table.put(text);
    if let Some(more @ 1..) = rows.len().checked_sub(SHOWN) {
        line(
            text,
            &format!(
                "and {} more; the Markdown and JSON forms list them all",
                count(more, "package")
            ),
        );
    }
}
