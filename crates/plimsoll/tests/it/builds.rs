use crate::support::Sandbox;

const APP: &str = "\
ARG BASE=busybox
FROM ${BASE} AS builder
WORKDIR /build
COPY app/ .
RUN cat a.txt > out.txt && ln out.txt hard.txt && rm a.txt

FROM ${BASE}
ARG APP_VERSION=1.0.0
LABEL org.opencontainers.image.version=\"${APP_VERSION}\" title='a b'
ENV GREETING=\"hello ${APP_VERSION}\"
COPY --from=builder --chown=1000:1000 /build /app
RUN <<EOF
set -e
echo \"$GREETING\" > /greeting
rm /etc/shadow
EOF
WORKDIR /app
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=1s --timeout=2s --start-period=1s --retries=2 CMD [\"true\"]
CMD [\"cat\", \"/greeting\"]
";

fn app(sandbox: &Sandbox) -> String {
    sandbox.folder(
        "app",
        &[
            ("Dockerfile", APP),
            ("app/a.txt", "content\n"),
            ("app/sub/b.txt", "b\n"),
        ],
    )
}

#[test]
fn a_dockerfile_becomes_an_image_that_runs() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let context = app(&sandbox);
    sandbox.ok(&[
        "build",
        "--build-arg",
        "APP_VERSION=2.0.0",
        "-t",
        "app:2",
        &context,
    ]);
    assert_eq!(
        sandbox.inspect("app:2", "{{json .Config.Labels}}"),
        r#"{"org.opencontainers.image.version":"2.0.0","title":"a b"}"#
    );
    assert_eq!(
        sandbox.inspect("app:2", "{{json .Config.Healthcheck.Test}}"),
        r#"["CMD","true"]"#
    );
    assert_eq!(sandbox.ok(&["run", "--rm", "app:2"]), "hello 2.0.0\n");
    let listed = sandbox.ok(&[
        "run",
        "--rm",
        "app:2",
        "sh",
        "-c",
        "id -u; pwd; ls /app /app/sub; stat -c '%u %h' out.txt; ls /etc/shadow 2>&1 || true",
    ]);
    assert_eq!(listed.lines().take(2).collect::<Vec<_>>(), ["1000", "/app"]);
    assert!(listed.contains("b.txt") && !listed.contains("a.txt"), "{listed}");
    assert!(
        listed.contains("1000 2") && listed.contains("No such file"),
        "{listed}"
    );
}

#[test]
fn the_second_build_is_cached_and_content_counts_not_times() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let context = app(&sandbox);
    let build = |sandbox: &Sandbox| sandbox.run(&["build", "-t", "app", "--progress", "plain", &context]);
    let first = sandbox.ok(&["build", "--no-cache", "--quiet", &context]);
    let cached =
        |output: &std::process::Output| String::from_utf8_lossy(&output.stderr).matches("CACHED").count();
    let second = build(&sandbox);
    assert!(
        cached(&second) >= 4,
        "{}",
        String::from_utf8_lossy(&second.stderr)
    );
    assert_eq!(sandbox.inspect("app", "{{.Id}}"), first.trim());
    filetime_touch(&format!("{context}/app/a.txt"));
    assert_eq!(cached(&build(&sandbox)), cached(&second));
    std::fs::write(format!("{context}/app/a.txt"), "other\n").unwrap();
    assert!(cached(&build(&sandbox)) < cached(&second));
    assert_eq!(
        sandbox.ok(&["run", "--rm", "app", "cat", "/app/out.txt"]),
        "other\n"
    );
}

fn filetime_touch(path: &str) {
    let file = std::fs::File::options().append(true).open(path).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
}

#[test]
fn only_what_the_target_needs_is_built() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let text = "FROM busybox AS broken\nRUN false\nFROM busybox AS good\nRUN true\nFROM good AS last\nRUN echo last > /last\n";
    let context = sandbox.folder("stages", &[("Dockerfile", text)]);
    sandbox.ok(&["build", "--target", "good", "-t", "good", &context]);
    sandbox.ok(&["build", "-t", "last", &context]);
    assert_eq!(sandbox.ok(&["run", "--rm", "last", "cat", "/last"]), "last\n");
}

#[test]
fn ignored_files_are_not_sent() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let files = [
        ("Dockerfile", "FROM busybox\nCOPY . /ctx\n"),
        (".dockerignore", "*.log\nsecret\n!keep.log\n"),
        ("a.log", ""),
        ("keep.log", ""),
        ("secret/key", ""),
        ("ok.txt", ""),
    ];
    let context = sandbox.folder("ignored", &files);
    sandbox.ok(&["build", "-t", "ignored", &context]);
    let listed = sandbox.ok(&["run", "--rm", "ignored", "find", "/ctx", "-type", "f"]);
    let mut listed: Vec<&str> = listed.lines().collect();
    listed.sort_unstable();
    assert_eq!(
        listed,
        [
            "/ctx/.dockerignore",
            "/ctx/Dockerfile",
            "/ctx/keep.log",
            "/ctx/ok.txt"
        ]
    );
}
