use plimsoll_core::Package;

use super::{Table, coverage, heading, literal, plain, vulnerabilities};
use crate::Comparison;
use crate::facts::{side_rows, vulnerability_lists};
use crate::text::count;

/// The comparison: what was not assessed on either side, the two images side by side, then the differences.
pub fn comparison(report: &Comparison) -> String {
    let (before, after) = (&report.before, &report.after);
    let mut text = String::new();
    let names = (literal(&before.summary.name), literal(&after.summary.name));
    heading(&mut text, 1, &format!("{} → {}", names.0, names.1));
    for (name, side) in [(&names.0, before), (&names.1, after)] {
        let short: Vec<_> = side
            .coverage
            .iter()
            .filter(|one| !one.is_assessed())
            .cloned()
            .collect();
        if side.coverage.is_empty() || !short.is_empty() {
            let mut lines = String::new();
            coverage(&mut lines, &short, None);
            let kept = lines.lines().filter(|line| line.starts_with("- **"));
            kept.for_each(|line| text.push_str(&format!("- {name}: {}\n", &line[2..])));
        }
    }
    if text.ends_with(":\n") || !text.ends_with("\n\n") {
        text.push('\n');
    }

    let mut table = Table::new(&["", &names.0, &names.1]);
    for (name, of) in side_rows() {
        table.row([name, plain(&of(before)), plain(&of(after))]);
    }
    table.write(&mut text);
    if let Some(ratio) = report.size_ratio {
        text.push_str(&format!("The second is {ratio:.2} times the size of the first. "));
    }
    text.push_str(&format!(
        "{} in both.\n\n",
        count(report.vulnerabilities.unchanged, "vulnerability")
    ));

    packages(&mut text, report);
    for (title, list) in vulnerability_lists(&report.vulnerabilities) {
        if !list.is_empty() {
            heading(&mut text, 2, title);
            vulnerabilities(&mut text, list);
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn packages(text: &mut String, report: &Comparison) {
    let differences = &report.packages;
    let (added, removed, changed) = (&differences.added, &differences.removed, &differences.changed);
    if added.is_empty() && removed.is_empty() && changed.is_empty() {
        return;
    }
    heading(text, 2, "Packages");
    text.push_str(&format!(
        "{} added, {} removed, {} changed\n\n",
        added.len(),
        removed.len(),
        changed.len()
    ));
    let mut table = Table::new(&["Package", "Kind", "Before", "After"]);
    let mut row = |package: &Package, before: &str, after: &str| {
        let kind = package.ecosystem.purl_type().to_owned();
        table.row([literal(&package.name), kind, literal(before), literal(after)]);
    };
    changed
        .iter()
        .for_each(|one| row(&one.before, &one.before.version, &one.after.version));
    removed
        .iter()
        .for_each(|package| row(package, &package.version, ""));
    added
        .iter()
        .for_each(|package| row(package, "", &package.version));
    table.write_folded(
        text,
        &count(added.len() + removed.len() + changed.len(), "package"),
    );
}
