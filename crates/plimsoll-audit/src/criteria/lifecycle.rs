use plimsoll_core::{Criterion, Row};

use super::row_of;
use crate::Subject;

/// Logs, stopping and reaping, as they were seen when the image ran.
pub(super) fn row(subject: &Subject<'_>) -> Row {
    let probed = subject.probed;
    let logs = probed.logs_reach_output();
    let stops = logs.clone().and(probed.stops_in_time());
    let clean = stops
        .clone()
        .and(probed.exits_cleanly())
        .and(probed.reaps_children());
    row_of(
        Criterion::Lifecycle,
        [
            ("logs reach stdout or stderr".to_owned(), logs),
            ("stops on its STOPSIGNAL within the grace time".to_owned(), stops),
            ("also exits cleanly, and reaps its children".to_owned(), clean),
        ],
    )
}
