use plimsoll_core::{Criterion, Row};

use super::row_of;
use crate::Subject;
use crate::probe::Hardness;

/// How hardened the image can be run and still work: it is really run that way.
pub(super) fn row(subject: &Subject<'_>) -> Row {
    let cell = |hardness: Hardness| {
        (
            hardness.requirement().to_owned(),
            subject.probed.runs_with(hardness),
        )
    };
    row_of(Criterion::Hardening, Hardness::ALL.map(cell))
}
