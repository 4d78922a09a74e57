use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use plimsoll_sandbox::{
    Error, ExecOptions, HealthOptions, HealthStatus, LogOptions, Mount, Network, PortMapping, RestartPolicy,
    RunOptions, Seccomp, Status, Streams, Tmpfs,
};
use serde_json::json;

use crate::Case;
use crate::fixture::{
    container, container_of, containers_dir, engine, exec, exec_with, image, logs, run, until,
};

pub(crate) const CASES: &[Case] = &[
    ("run_gives_output_and_exit_code", output_and_exit_code),
    ("run_program_problems", program_problems),
    ("run_is_hardened", hardened),
    ("run_users", users),
    ("run_in_spite_of_the_umask", umask),
    ("run_leaks_no_descriptors", no_descriptors),
    ("run_read_only", read_only),
    ("run_environment_and_names", environment_and_names),
    ("run_reads_standard_input", standard_input),
    ("run_mounts_and_volumes", mounts_and_volumes),
    ("run_networks", networks),
    ("run_terminal", terminal),
    ("limits_memory_kill", memory_kill),
    ("limits_pids", pids),
    ("limits_cpu_are_written", cpu),
    ("logs_are_kept", log_options),
    ("stop_asks_first", stop_asks),
    ("stop_kills_what_does_not_listen", stop_kills),
    ("stop_takes_the_longest_timeout", stop_longest),
    ("exec_joins_everything", exec_joins),
    ("exec_program_problems", exec_problems),
    ("health_goes_up_and_down", health),
    ("health_timeout", health_timeout),
    ("ports_are_forwarded", ports),
    ("ports_in_use", ports_in_use),
    ("restart_on_failure", restarts),
    ("restart_is_ended_by_stop", restart_stopped),
    ("monitor_killed", monitor_killed),
    ("client_killed", client_killed),
    ("supervised_goes_with_its_guard", supervised),
    ("supervised_goes_with_its_program", supervisor_killed),
    ("devices_stay_closed_to_who_can_mount", devices),
    ("working_dir_in_a_volume", working_dir_in_volume),
    ("remove_and_names", remove_and_names),
    ("damaged_files_harm_one_container", damaged),
    ("lists_beside_removals", lists_beside_removals),
    ("auto_remove_and_wait", auto_remove),
    ("stats_and_top", stats_and_top),
    ("zz_nothing_is_left", nothing_left),
];

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

fn output_and_exit_code() {
    let container = container("echo out; echo err >&2; exit 3", RunOptions::default());
    assert_eq!(run(&container), (3, "out\n".to_owned(), "err\n".to_owned()));
    let state = container.state().unwrap();
    assert_eq!((state.status, state.exit_code, state.pid), (Status::Exited, 3, 0));
    assert!(state.started_at <= state.finished_at && !state.oom_killed);
    assert_eq!(run(&container).0, 3, "it can be started again");
    let lots = crate::fixture::container("head -c 3000000 /dev/zero | tr '\\0' 'x'", RunOptions::default());
    assert_eq!(run(&lots).1.len(), 3_000_000);
}

fn program_problems() {
    for (program, code) in [("no-such-program", 127), ("/no/such", 127), ("/etc/passwd", 126)] {
        let options = RunOptions {
            command: words(&[program]),
            ..RunOptions::default()
        };
        let container = container("", options);
        let error = container.start_detached().unwrap_err();
        assert_eq!((error.exit_code(), error.is_of_host()), (code, false), "{error}");
        let state = container.state().unwrap();
        assert_eq!((state.status, state.exit_code), (Status::Created, code));
        assert!(state.error.contains(program), "{}", state.error);
    }
    let options = RunOptions {
        user: Some("nobody-here".to_owned()),
        ..RunOptions::default()
    };
    let error = container("true", options).start_detached().unwrap_err();
    assert_eq!((error.exit_code(), error.is_of_host()), (125, false), "{error}");
    let options = RunOptions {
        working_dir: Some("/etc/passwd".to_owned()),
        ..RunOptions::default()
    };
    let error = container("true", options).start_detached().unwrap_err();
    assert_eq!((error.exit_code(), error.is_of_host()), (125, false), "{error}");
    let options = RunOptions {
        cpus: Some(1e12),
        ..RunOptions::default()
    };
    let error = container("true", options).start_detached().unwrap_err();
    assert_eq!((error.exit_code(), error.is_of_host()), (125, true), "{error}");
    assert!(matches!(
        engine().create(&image(&json!({})), &RunOptions::default()),
        Err(Error::NoCommand)
    ));
}

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

fn users() {
    let with = |user: &str| RunOptions {
        user: Some(user.to_owned()),
        ..RunOptions::default()
    };
    let script = "id -u; id -g; echo $HOME; grep CapEff /proc/self/status; echo ok > /dev/stdout; touch /x";
    let (code, out, err) = run(&container(script, with("1234:567")));
    assert_eq!(
        (code, out.as_str()),
        (1, "1234\n567\n/\nCapEff:\t0000000000000000\nok\n"),
        "{err}"
    );
    let configured = container_of(
        &json!({ "User": "1000", "WorkingDir": "/srv/new" }),
        "id -u; pwd",
        RunOptions::default(),
    );
    assert_eq!(run(&configured).1, "1000\n/srv/new\n");
}

fn umask() {
    use nix::sys::stat::{Mode, umask};
    let before = umask(Mode::from_bits_truncate(0o077));
    let options = RunOptions {
        user: Some("1000".to_owned()),
        mounts: vec![Mount {
            source: None,
            target: "/new/volume".to_owned(),
            read_only: false,
        }],
        ..RunOptions::default()
    };
    let script =
        "stat -c %a / /new/volume /etc/hosts /etc/hostname /etc/resolv.conf; cat /etc/hosts > /dev/null";
    let container = container_of(&json!({ "WorkingDir": "/made" }), script, options);
    let outcome = run(&container);
    umask(before);
    let expected = "755\n755\n644\n644\n644\n".to_owned();
    assert_eq!(outcome, (0, expected, String::new()));
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

fn environment_and_names() {
    let options = RunOptions {
        env: vec![("A".to_owned(), "b c".to_owned())],
        extra_hosts: vec![("db".to_owned(), "10.1.2.3".to_owned())],
        ..RunOptions::default()
    };
    let config = json!({ "Env": ["PATH=/bin:/usr/bin", "B=x"], "Labels": { "k": "v" } });
    let script =
        "env | sort; hostname; cat /etc/hostname /etc/hosts; grep -c . /etc/resolv.conf >/dev/null; ls /dev";
    let container = container_of(&config, script, options);
    let (_, out, _) = run(&container);
    let id = container.short_id();
    for expected in [
        "A=b c\n",
        "B=x\n",
        "HOME=/",
        &format!("HOSTNAME={id}\n"),
        "PATH=/bin:/usr/bin\n",
        "10.1.2.3\tdb",
        "urandom",
        "shm",
    ] {
        assert!(out.contains(expected), "{expected} is not in\n{out}");
    }
    assert!(out.contains(&format!("172.17.0.2\t{id}")), "{out}");
    assert_eq!(container.labels()["k"], "v");
    assert_eq!(container.args()[0], "/bin/sh");
}

fn standard_input() {
    let options = RunOptions {
        interactive: true,
        ..RunOptions::default()
    };
    let container = container("cat; echo end", options);
    let (read, mut write) = std::io::pipe().unwrap();
    write.write_all(b"typed\n").unwrap();
    drop(write);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let streams = Streams {
        stdin: Some(std::os::fd::AsFd::as_fd(&read)),
        stdout: &mut stdout,
        stderr: &mut stderr,
    };
    assert_eq!(container.start_attached(streams).unwrap(), 0);
    assert_eq!(stdout, b"typed\nend\n");
}

fn mounts_and_volumes() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("file"), "from the host\n").unwrap();
    let mount = |source: Option<&std::path::Path>, target: &str, read_only| Mount {
        source: source.map(Into::into),
        target: target.to_owned(),
        read_only,
    };
    let options = RunOptions {
        mounts: vec![
            mount(Some(directory.path()), "/rw", false),
            mount(Some(directory.path()), "/ro", true),
            mount(Some(&directory.path().join("file")), "/etc/one", true),
            mount(None, "/anonymous", false),
        ],
        ..RunOptions::default()
    };
    let script = "cat /etc/one; echo new > /rw/new; touch /ro/x; ls /etc/ | grep -c passwd; touch /anonymous/a; \
        cat /etc/volume-count 2>/dev/null; echo 1 >> /bin/count; cat /bin/count";
    let container = container_of(&json!({ "Volumes": { "/bin": {} } }), script, options);
    let (_, out, err) = run(&container);
    assert_eq!(out, "from the host\n1\n1\n", "{err}");
    assert!(err.contains("/ro/x: Read-only file system"), "{err}");
    assert_eq!(fs::read_to_string(directory.path().join("new")).unwrap(), "new\n");
    let (_, out, _) = run(&container);
    assert!(out.ends_with("1\n1\n"), "a volume keeps what was written: {out}");
    assert_eq!(container.mounts().len(), 5);
    let missing = RunOptions {
        mounts: vec![mount(Some(std::path::Path::new("/no/such/place")), "/x", false)],
        ..RunOptions::default()
    };
    let missing = crate::fixture::container("true", missing);
    assert_eq!(missing.start_detached().unwrap_err().exit_code(), 125);
}

fn networks() {
    let with = |network| RunOptions {
        network,
        ..RunOptions::default()
    };
    let script = "readlink /proc/self/ns/net; ip -4 addr show lo | grep -c inet; ip link | grep -c '^[0-9]'";
    let host = fs::read_link("/proc/self/ns/net").unwrap().display().to_string();
    let (_, private, _) = run(&container(script, with(Network::Private)));
    let (_, none, _) = run(&container(script, with(Network::None)));
    let (_, hosts, _) = run(&container(script, with(Network::Host)));
    assert!(
        private.ends_with("\n2\n1\n") && !private.contains(&host),
        "{private}"
    );
    assert!(none.ends_with("\n1\n1\n") && !none.contains(&host), "{none}");
    assert!(hosts.contains(&host), "{hosts}");
}

fn terminal() {
    let options = RunOptions {
        tty: true,
        ..RunOptions::default()
    };
    let container = container(
        "tty; test -t 0 && test -c /dev/console && echo yes; echo $TERM; exit 4",
        options,
    );
    let (code, out, _) = run(&container);
    assert_eq!((code, out.as_str()), (4, "/dev/pts/0\r\nyes\r\nxterm\r\n"));
    let idle = crate::fixture::container("sleep 60", RunOptions::default());
    idle.start_detached().unwrap();
    let options = ExecOptions {
        tty: true,
        ..ExecOptions::default()
    };
    let (code, out, _) = exec_with(&idle, "tty; exit 5", options).unwrap();
    assert_eq!((code, out.as_str()), (5, "/dev/pts/0\r\n"));
}

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

fn monitor_of(container: &plimsoll_sandbox::Container) -> nix::unistd::Pid {
    let text = fs::read_to_string(containers_dir().join(container.id()).join("state.json")).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&text).unwrap();
    nix::unistd::Pid::from_raw(i32::try_from(kept["monitor"]["pid"].as_i64().unwrap()).unwrap())
}

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

fn get(port: u16) -> String {
    for _ in 0..100 {
        let mut text = String::new();
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port))
            && stream.write_all(b"GET / HTTP/1.0\r\n\r\n").is_ok()
            && stream.read_to_string(&mut text).is_ok()
            && !text.is_empty()
        {
            return text;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("nothing answers");
}

fn ports() {
    let options = RunOptions {
        ports: PortMapping::parse("127.0.0.1::8080").unwrap(),
        user: Some("1000".to_owned()),
        ..RunOptions::default()
    };
    let script = "mkdir -p /tmp/www; head -c 2000000 /dev/zero | tr '\\0' y > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www";
    let container = container(script, options);
    container.start_detached().unwrap();
    let port = container.state().unwrap().ports[0].host_port;
    let answers: Vec<_> = (0..8).map(|_| std::thread::spawn(move || get(port))).collect();
    for answer in answers {
        let answer = answer.join().unwrap();
        assert!(
            answer.starts_with("HTTP/1.") && answer.len() > 2_000_000,
            "{} bytes",
            answer.len()
        );
    }
    container.stop(Some(Duration::ZERO)).unwrap();
    assert!(
        TcpStream::connect(("127.0.0.1", port)).is_err(),
        "nobody listens any more"
    );
}

fn ports_in_use() {
    let taken = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let options = RunOptions {
        ports: PortMapping::parse(&format!("{port}:80")).unwrap(),
        ..RunOptions::default()
    };
    let container = container("sleep 100", options);
    let error = container.start_detached().unwrap_err();
    assert!(
        matches!(error, Error::PortInUse { .. }) && error.exit_code() == 125,
        "{error}"
    );
    assert!(error.to_string().contains("port is already in use"), "{error}");
    assert!(error.is_of_host());
    let state = container.state().unwrap();
    assert_eq!((state.status, state.pid), (Status::Created, 0));
    drop(taken);
    container.start_detached().unwrap();
    assert!(container.state().unwrap().running());
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

fn monitor_killed() {
    let container = container("sleep 1000", RunOptions::default());
    container.start_detached().unwrap();
    let state = container.state().unwrap();
    nix::sys::signal::kill(monitor_of(&container), nix::sys::signal::Signal::SIGKILL).unwrap();
    let ended = until(&container, |state| state.status == Status::Exited);
    assert_eq!((ended.exit_code, ended.pid), (137, 0));
    assert!(!ended.error.is_empty());
    let alive = fs::read_to_string(format!("/proc/{}/stat", state.pid)).unwrap_or_default();
    assert!(alive.is_empty() || alive.contains(") Z "), "{alive}");
    for cgroup in &state.cgroups {
        assert!(!cgroup.exists(), "{}", cgroup.display());
    }
    container.start_detached().unwrap();
    assert!(container.state().unwrap().running(), "it can be started again");
}

fn client_killed() {
    let container = container("echo up; sleep 1000", RunOptions::default());
    let mut client = crate::client::spawn_run(&container);
    let state = until(&container, plimsoll_sandbox::ContainerState::running);
    let mut line = [0; 3];
    client.stdout.take().unwrap().read_exact(&mut line).unwrap();
    assert_eq!(&line, b"up\n");
    client.kill().unwrap();
    client.wait().unwrap();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(container.state().unwrap().pid, state.pid, "it goes on");
    assert_eq!(exec(&container, "echo still here").1, "still here\n");
    container.kill("KILL").unwrap();
    container.wait().unwrap();
    let asked = crate::fixture::container(
        "trap 'exit 12' INT; echo up; while :; do sleep 0.05; done",
        RunOptions::default(),
    );
    let mut client = crate::client::spawn_run(&asked);
    client.stdout.take().unwrap().read_exact(&mut line).unwrap();
    let pid = nix::unistd::Pid::from_raw(client.id().try_into().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    assert_eq!(client.wait().unwrap().code(), Some(12), "signals are handed on");
}

fn supervised() {
    // More output than sockets hold: nobody reads it but the log.
    let container = container(
        "head -c 5000000 /dev/zero | tr '\\0' 'x'; echo; sleep 1000",
        RunOptions::default(),
    );
    let supervision = container.start_supervised().unwrap();
    while !logs(&container, &LogOptions::default()).ends_with('\n') {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(supervision.container().state().unwrap().running());
    assert!(matches!(container.start_supervised(), Err(Error::Running(_))));
    assert!(container.state().unwrap().running());
    drop(supervision);
    assert!(matches!(container.state(), Err(Error::NoSuchContainer(_))));
    let ended = crate::fixture::container("echo last; exit 3", RunOptions::default());
    let supervision = ended.start_supervised().unwrap();
    assert_eq!(ended.wait().unwrap(), 3);
    assert_eq!(
        logs(&ended, &LogOptions::default()),
        "last\n",
        "it is still there"
    );
    drop(supervision);
    assert!(matches!(ended.state(), Err(Error::NoSuchContainer(_))));
    let options = RunOptions {
        command: words(&["/no/such"]),
        ..RunOptions::default()
    };
    let wrong = crate::fixture::container("", options);
    assert_eq!(wrong.start_supervised().unwrap_err().exit_code(), 127);
    assert!(matches!(wrong.state(), Err(Error::NoSuchContainer(_))));
}

fn supervisor_killed() {
    let again = RunOptions {
        restart: RestartPolicy::Always,
        ..RunOptions::default()
    };
    for (script, options) in [
        ("sleep 1000", RunOptions::default()),
        ("exit 0", RunOptions::default()),
        ("exit 1", again),
    ] {
        let container = container(script, options);
        let mut client = crate::client::spawn_supervisor(&container);
        let mut pid = String::new();
        let mut stdout = std::io::BufReader::new(client.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut stdout, &mut pid).unwrap();
        if script == "exit 0" {
            container.wait().unwrap();
        }
        client.kill().unwrap();
        client.wait().unwrap();
        let start = std::time::Instant::now();
        while !matches!(engine().find(container.id()), Err(Error::NoSuchContainer(_))) {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "`{script}` is still there"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        let alive = fs::read_to_string(format!("/proc/{}/cmdline", pid.trim())).unwrap_or_default();
        assert_eq!(alive, "");
    }
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

fn working_dir_in_volume() {
    let config = json!({ "Volumes": { "/data": {} }, "WorkingDir": "/data/sub" });
    assert_eq!(
        run(&container_of(
            &config,
            "pwd; touch x && ls",
            RunOptions::default()
        ))
        .1,
        "/data/sub\nx\n"
    );
    let directory = tempfile::tempdir().unwrap();
    let options = RunOptions {
        mounts: vec![Mount {
            source: Some(directory.path().into()),
            target: "/data".to_owned(),
            read_only: false,
        }],
        ..RunOptions::default()
    };
    assert_eq!(run(&container_of(&config, "pwd", options)).1, "/data/sub\n");
    assert!(directory.path().join("sub").is_dir());
}

fn remove_and_names() {
    let options = RunOptions {
        name: Some("the-one".to_owned()),
        ..RunOptions::default()
    };
    let container = container("sleep 100", options.clone());
    let again = RunOptions {
        command: words(&["true"]),
        ..options
    };
    assert!(matches!(
        engine().create(&image(&json!({})), &again),
        Err(Error::NameInUse { .. })
    ));
    assert_eq!(engine().find("the-one").unwrap().id(), container.id());
    assert_eq!(engine().find(&container.id()[..8]).unwrap().id(), container.id());
    assert!(matches!(engine().find("nothing"), Err(Error::NoSuchContainer(_))));
    container.start_detached().unwrap();
    assert!(matches!(container.remove(false), Err(Error::Running(_))));
    container.remove(true).unwrap();
    assert!(matches!(engine().find("the-one"), Err(Error::NoSuchContainer(_))));
}

fn damaged() {
    let files = |container: &plimsoll_sandbox::Container| containers_dir().join(container.id());
    let named = RunOptions {
        name: Some("damaged-one".to_owned()),
        ..RunOptions::default()
    };
    let one = container("true", named);
    let record = files(&one).join("container.json");
    let text = fs::read_to_string(&record).unwrap();
    for (text, name) in [
        (text.replace("\"created\":\"", "\"created\":\"x"), "damaged-one"),
        (String::new(), one.short_id()),
        ("null".to_owned(), one.short_id()),
    ] {
        fs::write(&record, text).unwrap();
        let listed = engine().list().unwrap();
        let (found, state) = listed
            .iter()
            .find(|(container, _)| container.id() == one.id())
            .unwrap();
        assert_eq!((found.name(), state.status), (name, Status::Dead));
        assert!(state.error.contains("container.json"), "{}", state.error);
        assert!(matches!(found.start_detached(), Err(Error::Record { .. })));
    }
    // A directory or nothing at all instead of the file is no better.
    fs::remove_file(&record).unwrap();
    assert_eq!(engine().list().unwrap().len(), 1);
    fs::create_dir(&record).unwrap();
    let two = container("echo two", RunOptions::default());
    assert_eq!(run(&two).1, "two\n", "others are made and run");
    engine().find(one.short_id()).unwrap().remove(true).unwrap();
    assert!(!files(&one).exists());

    fs::write(files(&two).join("state.json"), "").unwrap();
    let state = two.state().unwrap();
    assert!(
        state.status == Status::Dead && state.error.contains("state.json"),
        "{state:?}"
    );
    assert_eq!(run(&two).1, "two\n", "only the state was lost");
    let three = container(
        "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done",
        RunOptions::default(),
    );
    three.start_detached().unwrap();
    while !logs(&three, &LogOptions::default()).contains("up") {
        std::thread::sleep(Duration::from_millis(10));
    }
    let pid = three.state().unwrap().pid;
    fs::write(files(&three).join("state.json"), "").unwrap();
    assert!(matches!(three.remove(false), Err(Error::Running(_))));
    three.remove(true).unwrap();
    assert!(!files(&three).exists());
    assert_eq!(
        fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default(),
        ""
    );
}

fn lists_beside_removals() {
    let removing = std::thread::spawn(|| {
        for _ in 0..40 {
            let container = container("true", RunOptions::default());
            container.remove(true).unwrap();
        }
    });
    while !removing.is_finished() {
        engine().list().unwrap();
    }
    removing.join().unwrap();
    let both = container("sleep 1000", RunOptions::default());
    both.start_detached().unwrap();
    let others: Vec<_> = (0..4)
        .map(|_| {
            let container = both.0.clone();
            std::thread::spawn(move || match container.remove(true) {
                Ok(()) | Err(Error::NoSuchContainer(_)) => {}
                Err(error) => crate::fixture::fail(&error),
            })
        })
        .collect();
    others.into_iter().for_each(|other| other.join().unwrap());
    assert!(matches!(both.state(), Err(Error::NoSuchContainer(_))));
}

fn auto_remove() {
    let options = RunOptions {
        auto_remove: true,
        ..RunOptions::default()
    };
    let attached = container("exit 2", options.clone());
    assert_eq!(run(&attached).0, 2);
    assert!(matches!(
        engine().find(attached.id()),
        Err(Error::NoSuchContainer(_))
    ));
    let detached = container("sleep 0.3; exit 8", options);
    detached.start_detached().unwrap();
    assert_eq!(detached.wait().unwrap(), 8);
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
