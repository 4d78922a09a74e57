//! What is kept of the output.

use std::fs;

use plimsoll_sandbox::{LogOptions, RunOptions};

use crate::Case;
use crate::fixture::{container, logs};

pub(super) const CASES: &[Case] = &[("logs_are_kept", log_options)];

fn log_options() {
    let container = container(
        "for i in 1 2 3; do echo line $i; done; echo last >&2; printf end",
        RunOptions::default(),
    );
    container.start_detached().unwrap();
    let followed = logs(
        &container,
        &LogOptions {
            follow: true,
            ..LogOptions::default()
        },
    );
    let mut lines: Vec<&str> = followed.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["end", "last", "line 1", "line 2", "line 3"]);
    let tail = LogOptions {
        tail: Some(2),
        timestamps: true,
        ..LogOptions::default()
    };
    let text = logs(&container, &tail);
    assert!(text.starts_with("20") && text.lines().count() == 2, "{text}");
    let later = LogOptions {
        since: container.state().unwrap().finished_at,
        ..LogOptions::default()
    };
    assert_eq!(logs(&container, &later), "");
    let raw = fs::read_to_string(container.log_path()).unwrap();
    let entry: serde_json::Value = serde_json::from_str(raw.lines().next().unwrap()).unwrap();
    assert!(
        entry["log"].is_string() && entry["stream"].is_string() && entry["time"].is_string(),
        "{raw}"
    );
}
