//! What is left when a monitor, a client or a supervisor is killed.

use std::fs;
use std::io::Read;
use std::time::Duration;

use plimsoll_sandbox::{Error, LogOptions, RestartPolicy, RunOptions, Status};

use super::{monitor_of, words};
use crate::Case;
use crate::fixture::{container, engine, exec, logs, until};

pub(super) const CASES: &[Case] = &[
    ("monitor_killed", monitor_killed),
    ("client_killed", client_killed),
    ("supervised_goes_with_its_guard", supervised),
    ("supervised_goes_with_its_program", supervisor_killed),
];

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
