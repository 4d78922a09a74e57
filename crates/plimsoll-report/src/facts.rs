//! What is shown of an image in every format for people, by its names.

use plimsoll_core::{Assessment, Criterion, Line, Matrix, Place, Severity, Vulnerability};

use crate::text::{bytes, milliseconds};
use crate::{AuditReport, ImageSummary, Measurements, Side, VulnerabilityDifferences};

/// The line reached, in a word.
pub(crate) fn reached(line: Option<Line>) -> &'static str {
    line.map_or("below basic", Line::as_str)
}

/// The verdict in one sentence, in which `mark` sets off the lines.
pub(crate) fn verdict(report: &AuditReport, mark: impl Fn(&str) -> String) -> String {
    let verdict = &report.verdict;
    let line = match verdict.reached {
        Some(line) => format!("the image reaches {}", mark(line.as_str())),
        None => format!("the image is {}", mark(reached(None))),
    };
    let required = mark(verdict.required.as_str());
    let sentence = match (&report.gate, verdict.passed) {
        (Some(_), _) => format!("{line}; required is {required}"),
        (None, true) => line,
        (None, false) => format!("{line}, not {required} yet"),
    };
    if verdict.not_assessed.is_empty() || verdict.assessed <= verdict.reached {
        return sentence;
    }
    let unknown: Vec<&str> = verdict
        .not_assessed
        .iter()
        .map(|criterion| criterion.as_str())
        .collect();
    let others = mark(reached(verdict.assessed));
    format!(
        "{sentence}; not assessed: {}; the other criteria reach {others}",
        unknown.join(", ")
    )
}

/// The verdict in a word: only a gate passes or fails an image.
pub(crate) fn outcome(report: &AuditReport) -> &'static str {
    match (report.verdict.passed, &report.gate) {
        (true, _) => "pass",
        (false, Some(_)) => "fail",
        (false, None) => "below",
    }
}

/// What the rows of a matrix could not assess, each reason once.
pub(crate) fn not_assessed(matrix: &Matrix) -> Vec<(Criterion, &str)> {
    let mut reasons: Vec<(Criterion, &str)> = Vec::new();
    for row in &matrix.rows {
        for cell in row
            .cells
            .iter()
            .filter(|cell| cell.assessment == Assessment::NotAssessed)
        {
            let reason = (row.criterion, cell.evidence.as_str());
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
    reasons
}

/// What a criterion of a matrix came to, in a word.
fn criterion(side: &Side, wanted: Criterion) -> String {
    let Some(matrix) = &side.matrix else {
        return "not audited".to_owned();
    };
    let Some(row) = matrix.rows.iter().find(|row| row.criterion == wanted) else {
        return "not assessed".to_owned();
    };
    match (row.reached(), row.obstacle()) {
        (Some(line), _) => line.as_str().to_owned(),
        (None, Some(cell)) if cell.assessment == Assessment::NotAssessed => "not assessed".to_owned(),
        (None, _) => reached(None).to_owned(),
    }
}

/// Where a finding is, in one short text.
pub(crate) fn place(place: &Place) -> String {
    match place {
        Place::Dockerfile { path, .. } => path.clone(),
        Place::Config { field } => format!("config: {field}"),
        Place::Layer { diff_id, path, .. } => format!("{path} (layer {})", diff_id.short()),
        Place::File { path, .. } => path.clone(),
        Place::Container { name } => format!("container {name}"),
    }
}

/// What can be measured, by its names for people.
const MEASURED: [&str; 6] = [
    "start",
    "until healthy",
    "until the first answer",
    "stop",
    "memory",
    "processes and threads",
];

/// The values that belong to [`MEASURED`].
fn values(measurements: &Measurements) -> [Option<String>; 6] {
    let Measurements {
        start_ms,
        healthy_ms,
        first_answer_ms,
        stop_ms,
        memory_bytes,
        pids,
    } = *measurements;
    [
        start_ms.map(milliseconds),
        healthy_ms.map(milliseconds),
        first_answer_ms.map(milliseconds),
        stop_ms.map(milliseconds),
        memory_bytes.map(bytes),
        pids.map(|number| number.to_string()),
    ]
}

/// What was measured, by its names for people.
pub(crate) fn measured(measurements: &Measurements) -> Vec<(&'static str, String)> {
    let named = MEASURED.into_iter().zip(values(measurements));
    named
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .collect()
}

type SideRow = (String, Box<dyn Fn(&Side) -> String>);

/// What is shown of each side, by its name.
pub(crate) fn side_rows() -> Vec<SideRow> {
    fn row(name: &str, of: impl Fn(&Side) -> String + 'static) -> SideRow {
        (name.to_owned(), Box::new(of))
    }
    let mut rows = vec![
        row("line", |side| match (&side.verdict, &side.matrix) {
            (Some(verdict), _) => reached(verdict.reached).to_owned(),
            (None, Some(matrix)) => reached(matrix.reached()).to_owned(),
            (None, None) => "not audited".to_owned(),
        }),
        row("size", |side| bytes(side.summary.size_bytes)),
        row("layers (not empty)", |side| {
            side.summary.non_empty_layers().to_string()
        }),
        row("user", |side| user(&side.summary)),
        row("health check", |side| health(&side.summary)),
        row("labels", |side| side.summary.labels.len().to_string()),
        row("packages", |side| side.packages.to_string()),
    ];
    for wanted in Criterion::ALL {
        rows.push(row(&format!("matrix: {wanted}"), move |side| {
            criterion(side, wanted)
        }));
    }
    for severity in Severity::WORST_FIRST {
        rows.push(row(severity.as_str(), move |side| counted(side, severity)));
    }
    for (index, name) in MEASURED.into_iter().enumerate() {
        rows.push(row(name, move |side| {
            let measured = side.measurements.as_ref().map(values).unwrap_or_default();
            measured
                .into_iter()
                .nth(index)
                .flatten()
                .unwrap_or_else(|| "not measured".to_owned())
        }));
    }
    rows
}

/// How many vulnerabilities of a severity a side has; a number only as far as something was assessed.
fn counted(side: &Side, severity: Severity) -> String {
    let number = side.vulnerability_counts[severity];
    let assessed = side.coverage.iter().filter(|one| one.is_assessed()).count();
    match (number, assessed == side.coverage.len() && assessed > 0) {
        (number, true) => number.to_string(),
        (0, false) => "not assessed".to_owned(),
        (number, false) => format!("at least {number}"),
    }
}

/// What changed among the vulnerabilities, each kind under its title.
pub(crate) fn vulnerability_lists(found: &VulnerabilityDifferences) -> [(&'static str, &[Vulnerability]); 3] {
    [
        ("Vulnerabilities gone", &found.fixed),
        ("Vulnerabilities new", &found.new),
        (
            "Vulnerabilities in one, and not assessed in the other",
            &found.undetermined,
        ),
    ]
}

/// What is shown of an image.
pub(crate) fn image_rows(image: &ImageSummary) -> [(&'static str, String); 10] {
    let or = |text: Option<String>, other: &str| text.unwrap_or_else(|| other.to_owned());
    let ports = Some(image.exposed_ports.join(", ")).filter(|ports| !ports.is_empty());
    [
        ("ID", image.id.to_string()),
        ("Platform", image.platform.to_string()),
        (
            "Distribution",
            or(image.distribution.as_ref().map(ToString::to_string), "unknown"),
        ),
        ("Size", bytes(image.size_bytes)),
        (
            "Layers",
            format!("{} ({} not empty)", image.layers.len(), image.non_empty_layers()),
        ),
        ("User", user(image)),
        ("Health check", health(image)),
        ("Ports", or(ports, "none")),
        ("Labels", image.labels.len().to_string()),
        ("Base", or(image.base.clone(), "unknown")),
    ]
}

fn user(image: &ImageSummary) -> String {
    if image.user.is_empty() {
        "root (none set)".to_owned()
    } else {
        image.user.clone()
    }
}

fn health(image: &ImageSummary) -> String {
    image
        .healthcheck
        .as_ref()
        .map_or_else(|| "none".to_owned(), |check| check.test.join(" "))
}
