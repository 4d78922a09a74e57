//! What a container cannot do by default.

use std::fs;

use plimsoll_sandbox::{PortMapping, RunOptions, Seccomp, Tmpfs};

use super::words;
use crate::Case;
use crate::fixture::{container, run};

pub(super) const CASES: &[Case] = &[
    ("run_is_hardened", hardened),
    ("run_leaks_no_descriptors", no_descriptors),
    ("run_read_only", read_only),
    ("devices_stay_closed_to_who_can_mount", devices),
];

fn hardened() {
    let script = "cat /proc/self/status; echo; ls -A /proc/acpi /sys/firmware; head -c 1 /proc/kcore | wc -c; \
        echo x > /proc/sys/kernel/hostname; unshare -U true; mknod /disk b 254 0; head -c 1 /disk; \
        ls -l /proc/self/fd; cat /proc/mounts; echo pid=$$";
    let (_, out, err) = run(&container(script, RunOptions::default()));
    for expected in [
        "CapEff:\t00000000a80425fb",
        "CapBnd:\t00000000a80425fb",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
        "pid=1\n",
        "SigIgn:\t0000000000000000",
        "SigBlk:\t0000000000000000",
    ] {
        assert!(out.contains(expected), "{expected} is not in\n{out}");
    }
    for expected in [
        "Read-only file system",
        "Operation not permitted",
        "/disk: Permission denied",
    ] {
        assert!(err.contains(expected), "{expected} is not in\n{err}");
    }
    assert!(!out.contains("/ext4 "), "{out}");
    let options = RunOptions {
        cap_drop: words(&["ALL"]),
        ..RunOptions::default()
    };
    assert!(
        run(&container("grep CapBnd /proc/self/status", options))
            .1
            .contains("0000000000000000")
    );
    let mut options = RunOptions::default();
    options.security.seccomp = Seccomp::Unconfined;
    options.security.no_new_privileges = false;
    let (_, out, _) = run(&container("grep -E 'Seccomp:|NoNew' /proc/self/status", options));
    assert_eq!(out, "NoNewPrivs:\t0\nSeccomp:\t0\n");
    let mut options = RunOptions::default();
    options.security.seccomp = Seccomp::Profile(
        r#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":13}]}"#
            .to_owned(),
    );
    assert!(
        run(&container("mkdir /x", options))
            .2
            .contains("Permission denied")
    );
}

fn no_descriptors() {
    let options = RunOptions {
        command: words(&["sleep", "100"]),
        ports: PortMapping::parse("127.0.0.1::80").unwrap(),
        ..RunOptions::default()
    };
    let container = container("", options);
    container.start_detached().unwrap();
    let entries = fs::read_dir(format!("/proc/{}/fd", container.state().unwrap().pid)).unwrap();
    let mut open: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    open.sort();
    assert_eq!(open, ["0", "1", "2"]);
}

fn read_only() {
    let options = RunOptions {
        read_only: true,
        tmpfs: vec![Tmpfs {
            target: "/run/data".to_owned(),
            options: "size=1m".to_owned(),
        }],
        ..RunOptions::default()
    };
    let (code, _, err) = run(&container(
        "touch /dev/shm/ok /run/data/ok && touch /usr/bin/test",
        options,
    ));
    assert!(
        code != 0 && err.contains("/usr/bin/test: Read-only file system"),
        "{err}"
    );
    let options = RunOptions {
        read_only: true,
        ..RunOptions::default()
    };
    let script = "for f in hosts hostname resolv.conf; do echo x >> /etc/$f; done";
    let (_, _, err) = run(&container(script, options));
    assert_eq!(err.matches("Read-only file system").count(), 3, "{err}");
}

fn devices() {
    let options = RunOptions {
        cap_add: words(&["SYS_ADMIN"]),
        ..RunOptions::default()
    };
    let script = "mount -t tmpfs none /mnt 2>/dev/null || mount -t tmpfs none /tmp; cd /mnt; mknod d b 254 0; mknod n c 1 3; \
        head -c 1 d; echo x > n && echo null-ok";
    let container = container(script, options);
    let (_, out, err) = run(&container);
    if container.state().unwrap().warnings.is_empty() {
        assert!(
            err.contains("d: Operation not permitted") || err.contains("d: Permission denied"),
            "{err}"
        );
    }
    assert!(!out.contains("mounted"));
}
