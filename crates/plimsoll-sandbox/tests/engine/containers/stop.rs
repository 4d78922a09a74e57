//! Stopping and restarting.

use std::time::Duration;

use plimsoll_sandbox::{Error, LogOptions, RestartPolicy, RunOptions, Status};
use serde_json::json;

use super::{monitor_of, words};
use crate::Case;
use crate::fixture::{container, container_of, logs, until};

pub(super) const CASES: &[Case] = &[
    ("stop_asks_first", stop_asks),
    ("stop_kills_what_does_not_listen", stop_kills),
    ("stop_takes_the_longest_timeout", stop_longest),
    ("restart_on_failure", restarts),
    ("restart_is_ended_by_stop", restart_stopped),
];

fn stop_asks() {
    let container = container(
        "trap 'echo bye; exit 9' TERM; echo up; while :; do sleep 0.05; done",
        RunOptions::default(),
    );
    container.start_detached().unwrap();
    while !logs(&container, &LogOptions::default()).contains("up") {
        std::thread::sleep(Duration::from_millis(10));
    }
    container.stop(None).unwrap();
    assert_eq!(container.state().unwrap().exit_code, 9);
    assert_eq!(logs(&container, &LogOptions::default()), "up\nbye\n");
    container.stop(None).unwrap();
}

fn stop_kills() {
    let options = RunOptions {
        command: words(&["sleep", "1000"]),
        ..RunOptions::default()
    };
    let container = container("", options);
    container.start_detached().unwrap();
    assert!(matches!(container.start_detached(), Err(Error::Running(_))));
    container.stop(Some(Duration::from_millis(100))).unwrap();
    let state = container.state().unwrap();
    assert_eq!((state.status, state.exit_code), (Status::Exited, 137));
    let with_signal = container_of(
        &json!({ "StopSignal": "SIGUSR1" }),
        "trap 'exit 5' USR1; while :; do sleep 0.05; done",
        RunOptions::default(),
    );
    with_signal.start_detached().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    with_signal.stop(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(with_signal.wait().unwrap(), 5);
    assert!(matches!(with_signal.kill("TERM"), Err(Error::NotRunning(_))));
}

fn stop_longest() {
    // Whatever an image says must not be the end of whoever stops it, nor of the monitor.
    let config = json!({ "StopTimeout": i64::MAX, "Healthcheck": { "Test": ["CMD", "true"],
        "Interval": i64::MAX, "Timeout": i64::MAX, "StartPeriod": i64::MAX, "StartInterval": 1 } });
    let script = "trap 'exit 9' TERM; echo up; while :; do sleep 0.05; done";
    let begin = || {
        let container = container_of(&config, script, RunOptions::default());
        container.start_detached().unwrap();
        while !logs(&container, &LogOptions::default()).contains("up") {
            std::thread::sleep(Duration::from_millis(10));
        }
        container
    };
    let first = begin();
    first.stop(None).unwrap();
    assert_eq!(first.state().unwrap().exit_code, 9);
    let second = begin();
    second.stop(Some(Duration::MAX)).unwrap();
    assert_eq!(second.state().unwrap().exit_code, 9);
    let third = begin();
    nix::sys::signal::kill(monitor_of(&third), nix::sys::signal::Signal::SIGTERM).unwrap();
    assert_eq!(third.wait().unwrap(), 9);
}

fn restarts() {
    let options = RunOptions {
        restart: RestartPolicy::OnFailure(2),
        ..RunOptions::default()
    };
    let container = container("echo run >> /tmp/runs; wc -l < /tmp/runs; exit 7", options);
    container.start_detached().unwrap();
    assert_eq!(container.wait().unwrap(), 7);
    let state = container.state().unwrap();
    assert_eq!((state.status, state.restart_count), (Status::Exited, 2));
    assert_eq!(logs(&container, &LogOptions::default()), "1\n2\n3\n");
}

fn restart_stopped() {
    let options = RunOptions {
        restart: RestartPolicy::Always,
        ..RunOptions::default()
    };
    let container = container("exit 1", options);
    container.start_detached().unwrap();
    until(&container, |state| state.restart_count >= 2);
    container.stop(None).unwrap();
    assert_eq!(container.state().unwrap().status, Status::Exited);
}
