//! Health checks.

use std::time::Duration;

use plimsoll_sandbox::{HealthOptions, HealthStatus, RunOptions};
use serde_json::json;

use crate::Case;
use crate::fixture::{container, container_of, exec, until};

pub(super) const CASES: &[Case] = &[
    ("health_goes_up_and_down", health),
    ("health_timeout", health_timeout),
];

fn health() {
    let second = Duration::from_millis(100);
    let options = RunOptions {
        health: HealthOptions {
            interval: Some(second),
            retries: Some(2),
            ..HealthOptions::default()
        },
        ..RunOptions::default()
    };
    let config = json!({ "Healthcheck": { "Test": ["CMD-SHELL", "test -e /tmp/up && echo fine || exit 1"], "Interval": 1 } });
    let container = container_of(
        &config,
        "sleep 0.3; touch /tmp/up; sleep 100",
        RunOptions {
            health: HealthOptions {
                start_period: Some(Duration::from_secs(30)),
                start_interval: Some(second),
                ..options.health
            },
            ..options
        },
    );
    container.start_detached().unwrap();
    let state = container.state().unwrap();
    assert_eq!(state.health.unwrap().status, HealthStatus::Starting);
    let state = until(&container, |state| {
        state.health.as_ref().unwrap().status == HealthStatus::Healthy
    });
    let health = state.health.unwrap();
    assert_eq!(health.failing_streak, 0);
    let last = health.log.last().unwrap();
    assert_eq!((last.exit_code, last.output.as_str()), (0, "fine\n"));
    assert!(last.start <= last.end);
    exec(&container, "rm /tmp/up");
    let state = until(&container, |state| {
        state.health.as_ref().unwrap().status == HealthStatus::Unhealthy
    });
    assert!(state.health.as_ref().unwrap().failing_streak >= 2);
    let state = until(&container, |state| state.health.as_ref().unwrap().log.len() == 5);
    assert!(state.running());
}

fn health_timeout() {
    let options = RunOptions {
        health: HealthOptions {
            command: Some("sleep 100".to_owned()),
            interval: Some(Duration::from_millis(50)),
            timeout: Some(Duration::from_millis(100)),
            retries: Some(1),
            ..HealthOptions::default()
        },
        ..RunOptions::default()
    };
    let container = container("sleep 100", options);
    container.start_detached().unwrap();
    let state = until(&container, |state| {
        state.health.as_ref().unwrap().status == HealthStatus::Unhealthy
    });
    let result = &state.health.unwrap().log[0];
    assert_eq!(
        (result.exit_code, result.output.as_str()),
        (-1, "Health check exceeded timeout (100ms)")
    );
    let broken = RunOptions {
        health: HealthOptions {
            interval: Some(Duration::from_millis(50)),
            retries: Some(1),
            ..HealthOptions::default()
        },
        ..RunOptions::default()
    };
    let broken = container_of(
        &json!({ "Healthcheck": { "Test": ["CMD", "curl", "x"] } }),
        "sleep 100",
        broken,
    );
    broken.start_detached().unwrap();
    let state = until(&broken, |state| {
        state.health.as_ref().unwrap().status == HealthStatus::Unhealthy
    });
    assert!(
        state.health.unwrap().log[0]
            .output
            .contains("executable file not found in $PATH")
    );
}
