use plimsoll_core::{Criterion, Line, Row};

use super::row_of;
use crate::{Observed, Policy, Subject};

const MEGABYTE: u64 = 1_000_000;

/// The uncompressed size against the policy's limits.
pub(super) fn row(subject: &Subject<'_>, policy: &Policy) -> Row {
    let bytes = subject.size_bytes;
    let cell = |line: Line| {
        let limit = policy.size.at(line);
        let evidence = format!("{:.1} MB uncompressed", bytes as f64 / MEGABYTE as f64);
        (
            format!("< {limit} MB"),
            Observed::when(bytes < limit.saturating_mul(MEGABYTE), evidence),
        )
    };
    row_of(Criterion::Size, Line::ALL.map(cell))
}
