//! Limits and statistics.

use std::fs;

use plimsoll_sandbox::{Error, RunOptions};

use super::words;
use crate::Case;
use crate::fixture::{container, run};

pub(super) const CASES: &[Case] = &[
    ("limits_memory_kill", memory_kill),
    ("limits_pids", pids),
    ("limits_cpu_are_written", cpu),
    ("stats_and_top", stats_and_top),
];

fn memory_kill() {
    let options = RunOptions {
        memory: Some(32 << 20),
        command: words(&["dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"]),
        ..RunOptions::default()
    };
    let container = container("", options);
    assert_eq!(run(&container).0, 137);
    let state = container.state().unwrap();
    assert!(state.oom_killed && state.exit_code == 137, "{state:?}");
}

fn pids() {
    let options = RunOptions {
        pids_limit: Some(5),
        ..RunOptions::default()
    };
    let script = "for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; true";
    let (_, _, err) = run(&container(script, options));
    assert!(err.contains("fork"), "{err}");
}

fn cpu() {
    let options = RunOptions {
        cpus: Some(0.5),
        memory: Some(64 << 20),
        ..RunOptions::default()
    };
    let container = container("sleep 60", options);
    container.start_detached().unwrap();
    let state = container.state().unwrap();
    let find = |names: &[&str]| {
        let found = state
            .cgroups
            .iter()
            .flat_map(|path| names.iter().map(move |name| path.join(name)));
        found
            .filter_map(|path| fs::read_to_string(path).ok())
            .next()
            .unwrap()
    };
    assert!(find(&["cpu.cfs_quota_us", "cpu.max"]).starts_with("50000"));
    assert_eq!(
        find(&["memory.limit_in_bytes", "memory.max"]).trim(),
        (64 << 20).to_string()
    );
    assert_eq!(container.stats().unwrap().memory_limit, Some(64 << 20));
}

fn stats_and_top() {
    let container = container("while :; do :; done", RunOptions::default());
    container.start_detached().unwrap();
    let stats = container.stats().unwrap();
    assert!(stats.cpu_percent.is_none_or(|percent| percent > 1.0), "{stats:?}");
    assert!(
        stats.memory_usage.is_none_or(|usage| usage > 0) && stats.pids.is_none_or(|pids| pids == 1),
        "{stats:?}"
    );
    assert_eq!(stats.network_io, None, "a private network has no device but `lo`");
    let processes = container.top().unwrap();
    assert_eq!(processes.len(), 1);
    assert!(
        processes[0].command.contains("while") && processes[0].uid == 0,
        "{processes:?}"
    );
    container.kill("KILL").unwrap();
    assert_eq!(container.wait().unwrap(), 137);
    assert!(matches!(container.stats(), Err(Error::NotRunning(_))));
}
