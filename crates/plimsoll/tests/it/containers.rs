use std::net::TcpListener;

use crate::support::{Sandbox, eventually, get, text};

fn code(sandbox: &Sandbox, args: &[&str]) -> i32 {
    sandbox.run(args).status.code().unwrap_or(-1)
}

#[test]
fn exit_codes_are_dockers() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let run = |command: &[&str]| code(&sandbox, &[&["run", "--rm", "busybox"], command].concat());
    assert_eq!(run(&["true"]), 0);
    assert_eq!(run(&["sh", "-c", "exit 42"]), 42);
    assert_eq!(run(&["sh", "-c", "sh -c 'kill -TERM $$'; exit $?"]), 143);
    assert_eq!(run(&["/no/such/command"]), 127);
    assert_eq!(run(&["/etc/passwd"]), 126);
    assert_eq!(
        code(&sandbox, &["run", "--rm", "no-such-image-of-anybody:nowhere"]),
        125
    );
}

#[test]
fn a_container_is_hardened() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let status = sandbox.ok(&[
        "run",
        "--rm",
        "--cap-drop",
        "ALL",
        "--user",
        "1000",
        "busybox",
        "cat",
        "/proc/self/status",
    ]);
    let line = |name: &str| {
        status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap()
            .trim()
            .to_owned()
    };
    assert_eq!(line("CapEff:"), "0000000000000000");
    assert_eq!(line("CapBnd:"), "0000000000000000");
    assert_eq!(
        (line("NoNewPrivs:"), line("Seccomp:")),
        ("1".to_owned(), "2".to_owned())
    );
    assert!(line("Uid:").starts_with("1000"));
    let output = sandbox.run(&["run", "--rm", "--read-only", "busybox", "touch", "/usr/bin/test"]);
    assert!(
        !output.status.success() && text(&output.stderr).contains("Read-only file system"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_memory_limit_kills_a_hog() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let hog = [
        "run",
        "--name",
        "hog",
        "-m",
        "32m",
        "busybox",
        "sh",
        "-c",
        "x=a; while true; do x=$x$x; done",
    ];
    assert_eq!(code(&sandbox, &hog), 137);
    assert_eq!(
        sandbox.inspect("hog", "{{.State.OOMKilled}} {{.State.ExitCode}}"),
        "true 137"
    );
}

#[test]
fn a_server_is_published_becomes_healthy_logs_and_stops() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let text = "FROM busybox\nRUN mkdir /www && echo hi > /www/index.html\nEXPOSE 8080\n\
        HEALTHCHECK --interval=1s --retries=2 CMD wget -q -O - http://127.0.0.1:8080/ || exit 1\n\
        CMD [\"sh\", \"-c\", \"trap 'echo bye; exit 0' TERM; echo up; httpd -f -p 8080 -h /www & wait\"]\n";
    let context = sandbox.folder("server", &[("Dockerfile", text)]);
    sandbox.ok(&["build", "-t", "server", &context]);
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    sandbox.ok(&[
        "run",
        "-d",
        "--name",
        "web",
        "-p",
        &format!("127.0.0.1:{port}:8080"),
        "server",
    ]);
    eventually("an answer", || {
        get(port, "/").is_some_and(|answer| answer.contains("200 OK") && answer.ends_with("hi\n"))
    });
    eventually("healthy", || {
        sandbox.inspect("web", "{{.State.Health.Status}}") == "healthy"
    });
    let listed = sandbox.ok(&["ps"]);
    assert!(
        listed.contains("(healthy)") && listed.contains(&format!("{port}->8080/tcp")),
        "{listed}"
    );
    let (status, message) = sandbox.fails(&[
        "run",
        "-d",
        "-p",
        &format!("127.0.0.1:{port}:80"),
        "busybox",
        "sleep",
        "9",
    ]);
    assert_eq!(status, 125);
    assert!(message.contains("already in use"), "{message}");
    assert_eq!(sandbox.ok(&["exec", "web", "cat", "/www/index.html"]), "hi\n");
    assert_eq!(code(&sandbox, &["exec", "web", "sh", "-c", "exit 7"]), 7);
    assert!(sandbox.ok(&["stats", "--no-stream", "web"]).contains("web"));
    sandbox.ok(&["stop", "web"]);
    assert_eq!(sandbox.ok(&["logs", "web"]), "up\nbye\n");
    assert_eq!(
        sandbox.inspect("web", "{{.State.Status}} {{.State.ExitCode}}"),
        "exited 0"
    );
    assert_eq!(sandbox.ok(&["wait", "web"]), "0\n");
    sandbox.ok(&["rm", "web"]);
    assert_eq!(sandbox.fails(&["inspect", "web"]).0, 3);
}
