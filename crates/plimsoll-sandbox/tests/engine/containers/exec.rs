//! Further commands in a running container.

use std::time::Duration;

use plimsoll_sandbox::{ExecOptions, RunOptions};
use serde_json::json;

use super::words;
use crate::Case;
use crate::fixture::{container, container_of, exec, exec_with};

pub(super) const CASES: &[Case] = &[
    ("exec_joins_everything", exec_joins),
    ("exec_program_problems", exec_problems),
];

fn exec_joins() {
    let options = RunOptions {
        memory: Some(64 << 20),
        env: vec![("A".to_owned(), "1".to_owned())],
        ..RunOptions::default()
    };
    let container = container_of(
        &json!({ "User": "1000", "WorkingDir": "/srv" }),
        "sleep 100",
        options,
    );
    container.start_detached().unwrap();
    let script = "for n in pid mnt net ipc uts; do test $(readlink /proc/self/ns/$n) = $(readlink /proc/1/ns/$n) || echo $n; done; \
        grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status; id -u; pwd; echo $A $B; hostname; echo err >&2; exit 6";
    let options = ExecOptions {
        env: vec![("B".to_owned(), "2".to_owned())],
        ..ExecOptions::default()
    };
    let (code, out, err) = exec_with(&container, script, options).unwrap();
    let expected = format!(
        "CapEff:\t0000000000000000\nCapBnd:\t00000000a80425fb\nNoNewPrivs:\t1\nSeccomp:\t2\n1000\n/srv\n1 2\n{}\n",
        container.short_id()
    );
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (6, expected.as_str(), "err\n")
    );
    let as_root = ExecOptions {
        user: Some("0".to_owned()),
        working_dir: Some("/tmp".to_owned()),
        ..ExecOptions::default()
    };
    assert_eq!(
        exec_with(
            &container,
            "id -u; pwd; cat /proc/self/cgroup > /tmp/cgroup",
            as_root
        )
        .unwrap()
        .1,
        "0\n/tmp\n"
    );
    assert!(
        exec(&container, "cat /tmp/cgroup").1.contains(container.id()),
        "it is in the container's cgroup"
    );
    assert_eq!(exec(&container, "kill -9 $$").0, 137);
    assert_eq!(exec(&container, "kill -40 $$").0, 168, "a real-time signal");
    let detached = ExecOptions {
        command: words(&["/bin/sh", "-c", "sleep 0.1; echo done > /tmp/done"]),
        user: Some("0".to_owned()),
        detach: true,
        ..ExecOptions::default()
    };
    assert_eq!(exec_with(&container, "", detached).unwrap().0, 0);
    let waiting =
        "i=0; while ! test -s /tmp/done && test $i -lt 200; do sleep 0.05; i=$((i+1)); done; cat /tmp/done";
    assert_eq!(exec(&container, waiting).1, "done\n");
}

fn exec_problems() {
    let container = container("sleep 100", RunOptions::default());
    let with = |program: &str| {
        let options = ExecOptions {
            command: words(&[program]),
            ..ExecOptions::default()
        };
        exec_with(&container, "", options).unwrap_err().exit_code()
    };
    assert_eq!(with("true"), 125, "it does not run yet");
    container.start_detached().unwrap();
    assert_eq!((with("no-such-program"), with("/etc/passwd")), (127, 126));
    container.stop(Some(Duration::ZERO)).unwrap();
}
