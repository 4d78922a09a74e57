//! What runs in a container: its program, user, environment, streams and terminal.

use std::io::Write;

use plimsoll_sandbox::{Error, ExecOptions, Mount, RunOptions, Status, Streams};
use serde_json::json;

use super::words;
use crate::Case;
use crate::fixture::{container, container_of, engine, exec_with, image, run};

pub(super) const CASES: &[Case] = &[
    ("run_gives_output_and_exit_code", output_and_exit_code),
    ("run_program_problems", program_problems),
    ("run_users", users),
    ("run_in_spite_of_the_umask", umask),
    ("run_environment_and_names", environment_and_names),
    ("run_reads_standard_input", standard_input),
    ("run_terminal", terminal),
];

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
