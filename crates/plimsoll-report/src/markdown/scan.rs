use super::{coverage, findings, heading, literal, plain, vulnerabilities, warnings};
use crate::ScanReport;
use crate::targets::targets;
use crate::text::{bytes, end_of_life, nothing_found, packages};

/// The scan: what was not assessed, then the vulnerabilities by where the packages come from, then secrets.
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
    for target in targets(report) {
        heading(&mut text, 2, &plain(&target.title));
        if target.vulnerabilities.is_empty() {
            let found = packages(&target.packages);
            let ecosystem = target.packages.first().map(|package| package.ecosystem);
            let about: Vec<_> = report
                .coverage
                .iter()
                .filter(|one| one.ecosystem == ecosystem)
                .cloned()
                .collect();
            let about = if about.is_empty() {
                report.coverage.as_slice()
            } else {
                &about
            };
            text.push_str(&format!("{found}; vulnerabilities: {}\n\n", nothing_found(about)));
        } else {
            let found: Vec<_> = target.vulnerabilities.into_iter().cloned().collect();
            vulnerabilities(&mut text, &found);
        }
    }
    if !report.secrets.is_empty() {
        heading(&mut text, 2, "Secrets");
        findings(&mut text, &report.secrets);
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}
