//! The rows of the matrix, one file each.

mod hardening;
mod health;
mod labels;
mod layers;
mod lifecycle;
mod secrets;
mod size;
mod user;
mod vulnerabilities;

use plimsoll_core::{Cell, Criterion, Line, Matrix, Row};

use crate::{Observed, Policy, Subject};

pub(crate) use user::{explicit_uid, is_root};

/// The matrix of one image under one policy.
pub fn assess(subject: &Subject<'_>, policy: &Policy) -> Matrix {
    let row = |criterion| match criterion {
        Criterion::Size => size::row(subject, policy),
        Criterion::Layers => layers::row(subject, policy),
        Criterion::User => user::row(subject),
        Criterion::Health => health::row(subject),
        Criterion::Labels => labels::row(subject, policy),
        Criterion::Vulnerabilities => vulnerabilities::row(subject),
        Criterion::Secrets => secrets::row(subject),
        Criterion::Hardening => hardening::row(subject),
        Criterion::Lifecycle => lifecycle::row(subject),
    };
    Matrix {
        rows: Criterion::ALL.into_iter().map(row).collect(),
    }
}

/// A row from what each line asks and what was seen, the lowest line first.
fn row_of(criterion: Criterion, cells: [(String, Observed); 3]) -> Row {
    let cell = |(line, (requirement, observed)): (Line, (String, Observed))| Cell {
        line,
        requirement,
        assessment: observed.assessment,
        evidence: observed.evidence,
    };
    Row {
        criterion,
        cells: Line::ALL.into_iter().zip(cells).map(cell).collect(),
    }
}
