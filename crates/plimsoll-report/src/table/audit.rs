use plimsoll_core::{Assessment, Matrix};

use super::paint::Paint;
use super::scan::{findings, vulnerabilities};
use super::{Style, coverage_lines, heading, line};
use crate::facts::{self, image_rows, measured, not_assessed};
use crate::text::{clean, cleaned, counts, nothing_found};
use crate::{AuditReport, ImageSummary, Measurements};

/// The audit as tables: the verdict, what was not assessed, the matrix, the checklist, and what they rest on.
pub fn audit(report: &AuditReport, style: Style) -> String {
    let mut text = String::new();
    line(&mut text, &Paint::Bold.of(&clean(&report.subject.name)));
    verdict(&mut text, report);
    for (criterion, reason) in not_assessed(&report.matrix) {
        let word = Paint::assessment(Assessment::NotAssessed);
        line(&mut text, &format!("{word}: {criterion}: {}", clean(reason)));
    }
    coverage_lines(&mut text, &report.coverage, report.database.as_ref());
    for warning in &report.warnings {
        line(
            &mut text,
            &format!("{}: {}", Paint::Bad.of("warning"), clean(warning)),
        );
    }

    heading(&mut text, "Image");
    image(&mut text, &report.subject, style);
    heading(&mut text, "Readiness matrix");
    matrix(&mut text, &report.matrix, style);
    if !report.checklist.is_empty() {
        heading(&mut text, "Checklist");
        let mut table = style.table(&["Point", "Result", "Evidence"]);
        for item in &report.checklist {
            let result = Paint::assessment(item.assessment);
            table.row([clean(&item.title), result.into(), clean(&item.evidence)]);
        }
        table.keep_whole(&[1]);
        table.put(&mut text);
    }
    measurements(&mut text, &report.measurements, style);
    if !report.findings.is_empty() {
        heading(&mut text, "Findings");
        findings(&mut text, report.findings.iter(), style);
    }
    heading(&mut text, "Vulnerabilities");
    if report.vulnerabilities.is_empty() {
        line(&mut text, &nothing_found(&report.coverage));
    } else {
        let total = &report.vulnerability_counts;
        line(
            &mut text,
            &format!("Total: {} ({})", total.total(), counts(total)),
        );
        vulnerabilities(&mut text, report.vulnerabilities.iter().collect(), style);
    }
    if !report.overrides.is_empty() {
        heading(&mut text, "Policy overrides");
        let mut table = style.table(&["Setting", "Default", "Here", "Source"]);
        for one in &report.overrides {
            table.row([&one.setting, &one.default, &one.value, &one.source].map(|text| clean(text)));
        }
        table.put(&mut text);
    }
    style.finish(&text)
}

fn verdict(text: &mut String, report: &AuditReport) {
    let verdict = &report.verdict;
    let paint = if verdict.passed {
        Paint::Good
    } else {
        Paint::Critical
    };
    let word = paint.of(facts::outcome(report));
    let sentence = facts::verdict(report, |line| format!("`{line}`"));
    line(text, &format!("{word}: {sentence}"));
    if !verdict.below.is_empty() {
        let below: Vec<String> = verdict.below.iter().map(ToString::to_string).collect();
        line(text, &format!("below the line: {}", below.join(", ")));
    }
}

fn image(text: &mut String, image: &ImageSummary, style: Style) {
    let mut table = style.table(&[]);
    for (name, value) in image_rows(image) {
        table.row([name.into(), cleaned(value.into())]);
    }
    table.put(text);
}

fn matrix(text: &mut String, matrix: &Matrix, style: Style) {
    let mut table = style.table(&["Criterion", "Line", "Requirement", "Result", "Evidence"]);
    for row in &matrix.rows {
        for (index, cell) in row.cells.iter().enumerate() {
            let criterion = if index == 0 { row.criterion.as_str() } else { "" };
            table.row([
                criterion.into(),
                cell.line.to_string().into(),
                clean(&cell.requirement),
                Paint::assessment(cell.assessment).into(),
                clean(&cell.evidence),
            ]);
        }
    }
    table.keep_whole(&[0, 1, 3]);
    table.bound(2, 40);
    table.put(text);
}

fn measurements(text: &mut String, measurements: &Measurements, style: Style) {
    let rows = measured(measurements);
    if rows.is_empty() {
        return;
    }
    heading(text, "Measured while it ran");
    let mut table = style.table(&[]);
    for (name, value) in rows {
        table.row([name.into(), value.into()]);
    }
    table.put(text);
}
