use plimsoll_core::{Criterion, Line, Row};

use super::row_of;
use crate::{Observed, Policy, Subject};

/// The number of layers that hold something against the policy's limits.
pub(super) fn row(subject: &Subject<'_>, policy: &Policy) -> Row {
    let all = subject.image.layers.len();
    let empty = subject.empty_layers;
    let count = all - empty;
    let evidence = match empty {
        0 => format!("{count} layers"),
        _ => format!("{count} layers, and {empty} that hold nothing"),
    };
    let cell = |line: Line| {
        let limit = policy.layers.at(line);
        (
            format!("< {limit} layers"),
            Observed::when((count as u64) < limit, evidence.clone()),
        )
    };
    row_of(Criterion::Layers, Line::ALL.map(cell))
}
