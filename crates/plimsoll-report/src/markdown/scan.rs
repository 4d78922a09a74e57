use plimsoll_core::{LicenseFinding, Severity, SeverityCounts};

use super::remedies::{remedies, suppressed};
use super::{Table, coverage, findings, heading, literal, message, plain, vulnerabilities, warnings};
use crate::ScanReport;
use crate::shown::{NONE, license_groups, not_counted, nothing_in, some_packages};
use crate::targets::{Target, targets};
use crate::text::{bytes, category, count, end_of_life, left_out, packages, secrets};

/// The scan: what was not assessed, then a summary, the vulnerabilities by where the packages come from, secrets and
/// licences.
pub fn scan(report: &ScanReport) -> String {
    let mut text = String::new();
    heading(
        &mut text,
        1,
        &format!("Scan of {}", literal(&report.artifact.name)),
    );
    coverage(&mut text, &report.coverage, report.database.as_ref());
    if let Some(end) = end_of_life(report) {
        text.push_str(&format!("**End of life**: {}.\n\n", plain(&end)));
    }
    warnings(&mut text, &report.warnings);
    if let Some(left) = left_out(report) {
        text.push_str(&format!("**Not shown**: {}.\n\n", message(&left)));
    }
    let size = report
        .artifact
        .size_bytes
        .map(|size| format!(", {}", bytes(size)))
        .unwrap_or_default();
    let found = packages(&report.packages.iter().collect::<Vec<_>>());
    text.push_str(&format!(
        "{found}{size}, scanned {}\n\n",
        plain(&report.created_at)
    ));
    let targets = targets(report);
    if targets.len() > 1 {
        summary(&mut text, report, &targets);
    }
    for target in targets {
        heading(&mut text, 2, &plain(&target.title));
        if target.vulnerabilities.is_empty() {
            let found = packages(&target.packages);
            let nothing = nothing_in(&target, report);
            text.push_str(&format!("{found}; vulnerabilities: {nothing}\n\n"));
        } else {
            let found: Vec<_> = target.vulnerabilities.into_iter().cloned().collect();
            vulnerabilities(&mut text, &found);
        }
    }
    remedies(&mut text, &report.remedies);
    let decided = not_counted(
        &report.suppressed,
        &report.suppressed_secrets,
        &report.suppressed_licenses,
    );
    suppressed(&mut text, &decided);
    if let Some(said) = secrets(report) {
        heading(&mut text, 2, "Secrets");
        text.push_str(&format!("{}\n\n", plain(&said)));
        if !report.secrets.is_empty() {
            findings(&mut text, &report.secrets);
        }
    }
    licenses(&mut text, &report.licenses);
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// How many vulnerabilities there are where; `?` where they were not assessed.
fn summary(text: &mut String, report: &ScanReport, targets: &[Target<'_>]) {
    let mut table = Table::new(&[
        "Target", "Packages", "Critical", "High", "Medium", "Low", "Unknown",
    ]);
    for target in targets {
        let total: SeverityCounts = target.vulnerabilities.iter().map(|one| one.severity).collect();
        let assessed = total.total() > 0 || nothing_in(target, report).starts_with(NONE);
        let number = |severity: Severity| match assessed {
            true => total[severity].to_string(),
            false => "**?**".to_owned(),
        };
        let [critical, high, medium, low, unknown] = Severity::WORST_FIRST.map(number);
        let packages = target.packages.len().to_string();
        table.row([
            plain(&target.title),
            packages,
            critical,
            high,
            medium,
            low,
            unknown,
        ]);
    }
    table.write(text);
}

fn licenses(text: &mut String, found: &[LicenseFinding]) {
    if found.is_empty() {
        return;
    }
    heading(text, 2, "Licences");
    let mut table = Table::new(&["Licence", "Category", "Severity", "Packages"]);
    for group in license_groups(found) {
        table.row([
            literal(group.license),
            category(group.category).to_owned(),
            group.severity.to_string(),
            format!("{}: {}", group.packages.len(), plain(&some_packages(&group))),
        ]);
    }
    table.write_folded(text, &count(found.len(), "licence"));
}
