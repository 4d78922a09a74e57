use plimsoll_core::{Assessment, Matrix};

use super::{Table, coverage, findings, heading, literal, message, plain, vulnerabilities, warnings};
use crate::AuditReport;
use crate::facts::{self, image_rows, measured, reached};
use crate::text::{assessment, bytes, count, nothing_found};

/// The whole audit: the verdict, what was not assessed, the matrix, the checklist, and what they rest on.
pub fn audit(report: &AuditReport) -> String {
    let mut text = String::new();
    let verdict = &report.verdict;
    heading(
        &mut text,
        1,
        &format!("Audit of {}", literal(&report.subject.name)),
    );
    let word = facts::outcome(report);
    let sentence = facts::verdict(report, |line| format!("**{line}**"));
    text.push_str(&format!("**{word}**: {sentence}\n\n"));
    if !verdict.below.is_empty() {
        let below: Vec<String> = verdict.below.iter().map(ToString::to_string).collect();
        text.push_str(&format!("Below the line: {}\n\n", below.join(", ")));
    }

    heading(&mut text, 2, "What was assessed");
    not_assessed(&mut text, &report.matrix);
    coverage(&mut text, &report.coverage, report.database.as_ref());
    warnings(&mut text, &report.warnings);

    heading(&mut text, 2, "Readiness matrix");
    matrix(&mut text, &report.matrix);
    if !report.checklist.is_empty() {
        heading(&mut text, 2, "Checklist");
        let mut table = Table::new(&["Point", "Result", "Evidence"]);
        for item in &report.checklist {
            table.row([
                message(&item.title),
                mark(item.assessment),
                message(&item.evidence),
            ]);
        }
        table.write(&mut text);
    }
    image(&mut text, report);
    measurements(&mut text, report);
    if !report.findings.is_empty() {
        heading(&mut text, 2, "Findings");
        findings(&mut text, &report.findings);
    }
    heading(&mut text, 2, "Vulnerabilities");
    if report.vulnerabilities.is_empty() {
        text.push_str(&format!("{}\n\n", nothing_found(&report.coverage)));
    } else {
        vulnerabilities(&mut text, &report.vulnerabilities);
    }
    if !report.overrides.is_empty() {
        heading(&mut text, 2, "Policy overrides");
        let mut table = Table::new(&["Setting", "Default", "Here", "Source"]);
        for one in &report.overrides {
            table.row([&one.setting, &one.default, &one.value, &one.source].map(|text| literal(text)));
        }
        table.write(&mut text);
    }
    let tool = format!("{} {}", report.tool.name, report.tool.version);
    text.push_str(&format!(
        "Made {} by {}\n",
        plain(&report.generated_at),
        plain(&tool)
    ));
    text
}

fn mark(result: Assessment) -> String {
    let sign = match result {
        Assessment::Met => "✓",
        Assessment::Unmet => "✗",
        Assessment::NotAssessed => "?",
    };
    format!("{sign} {}", assessment(result))
}

fn not_assessed(text: &mut String, matrix: &Matrix) {
    for (criterion, reason) in facts::not_assessed(matrix) {
        text.push_str(&format!("- **not assessed**: {criterion}: {}\n", message(reason)));
    }
}

fn matrix(text: &mut String, matrix: &Matrix) {
    let mut table = Table::new(&[
        "Criterion",
        "Reached",
        "Line",
        "Requirement",
        "Result",
        "Evidence",
    ]);
    for row in &matrix.rows {
        for (index, cell) in row.cells.iter().enumerate() {
            let first = index == 0;
            table.row([
                if first {
                    format!("**{}**", row.criterion)
                } else {
                    String::new()
                },
                if first {
                    reached(row.reached()).to_owned()
                } else {
                    String::new()
                },
                cell.line.to_string(),
                message(&cell.requirement),
                mark(cell.assessment),
                message(&cell.evidence),
            ]);
        }
    }
    table.write(text);
}

fn image(text: &mut String, report: &AuditReport) {
    heading(text, 2, "Image");
    let mut table = Table::new(&["", ""]);
    for (name, value) in image_rows(&report.subject) {
        table.row([name.to_owned(), literal(&value)]);
    }
    table.write(text);
    if !report.subject.labels.is_empty() {
        let mut table = Table::new(&["Label", "Value"]);
        for (name, value) in &report.subject.labels {
            table.row([literal(name), literal(value)]);
        }
        table.write_folded(text, &count(report.subject.labels.len(), "label"));
    }
    if !report.subject.layers.is_empty() {
        let mut table = Table::new(&["Layer", "Size", "Made by"]);
        for layer in &report.subject.layers {
            table.row([
                literal(&layer.diff_id.short()),
                bytes(layer.size_bytes),
                literal(&layer.created_by),
            ]);
        }
        table.write_folded(text, &count(report.subject.layers.len(), "layer"));
    }
}

fn measurements(text: &mut String, report: &AuditReport) {
    let rows = measured(&report.measurements);
    if rows.is_empty() {
        return;
    }
    heading(text, 2, "Measured while it ran");
    let mut table = Table::new(&["", ""]);
    for (name, value) in rows {
        table.row([name.to_owned(), value]);
    }
    table.write(text);
}
