//! Whole containers: each topic in a file of its own.

mod exec;
mod files;
mod hardening;
mod health;
mod kept;
mod killed;
mod limits;
mod logs;
mod network;
mod program;
mod stop;

use std::fs;

use crate::Case;
use crate::fixture::{containers_dir, engine};

/// All cases, with the one in the end that sees whether anything is left of the others.
pub(crate) fn cases() -> impl Iterator<Item = &'static Case> {
    let topics = [
        program::CASES,
        hardening::CASES,
        files::CASES,
        network::CASES,
        limits::CASES,
        logs::CASES,
        stop::CASES,
        exec::CASES,
        health::CASES,
        killed::CASES,
        kept::CASES,
        LAST,
    ];
    topics.into_iter().flatten()
}

const LAST: &[Case] = &[("zz_nothing_is_left", nothing_left)];

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

fn monitor_of(container: &plimsoll_sandbox::Container) -> nix::unistd::Pid {
    let text = fs::read_to_string(containers_dir().join(container.id()).join("state.json")).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&text).unwrap();
    nix::unistd::Pid::from_raw(i32::try_from(kept["monitor"]["pid"].as_i64().unwrap()).unwrap())
}

fn nothing_left() {
    assert_eq!(engine().containers().unwrap().len(), 0);
    let left: Vec<_> = fs::read_dir(containers_dir())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, [".lock"]);
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(containers_dir().to_str().unwrap()), "{mounts}");
}
