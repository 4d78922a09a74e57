use serde_json::Value;

use crate::support::{Sandbox, eventually};

const GOOD: &str = "\
FROM busybox
LABEL org.opencontainers.image.version=1.0.0
RUN mkdir /www && echo hi > /www/index.html
EXPOSE 8080
USER 1000:1000
HEALTHCHECK --interval=5s --timeout=2s --start-period=2s --retries=1 CMD wget -q -O - http://127.0.0.1:8080/ || exit 1
CMD [\"sh\", \"-c\", \"trap 'exit 0' TERM; echo up; httpd -f -p 8080 -h /www & wait\"]
";

fn cell<'a>(report: &'a Value, criterion: &str, line: &str) -> (&'a str, &'a str) {
    let rows = report["matrix"]["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["criterion"] == criterion).unwrap();
    let cell = row["cells"]
        .as_array()
        .unwrap()
        .iter()
        .find(|cell| cell["line"] == line)
        .unwrap();
    (
        cell["assessment"].as_str().unwrap(),
        cell["evidence"].as_str().unwrap(),
    )
}

#[test]
fn an_image_is_graded_by_running_it() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let context = sandbox.folder("good", &[("Dockerfile", GOOD)]);
    let output = sandbox.run(&[
        "audit",
        "--line",
        "basic",
        "--output",
        "json=report.json",
        "--output",
        "markdown=report.md",
        &context,
    ]);
    // Nothing can be said about the packages of an image that has no package database, so no line is reached.
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report: Value = serde_json::from_slice(&std::fs::read(sandbox.path("report.json")).unwrap()).unwrap();
    assert_eq!(report["schema_version"], "plimsoll.audit/v1");
    for (criterion, line) in [
        ("size", "production"),
        ("user", "production"),
        ("hardening", "production"),
        ("health", "production"),
        ("secrets", "production"),
    ] {
        let (assessment, evidence) = cell(&report, criterion, line);
        assert_eq!(assessment, "met", "{criterion}: {evidence}");
    }
    assert_eq!(cell(&report, "labels", "intermediate").0, "met");
    assert_eq!(cell(&report, "labels", "production").0, "unmet");
    assert_eq!(cell(&report, "vulnerabilities", "basic").0, "not_assessed");
    assert_eq!(report["verdict"]["assessed"], "intermediate");
    let markdown = std::fs::read_to_string(sandbox.path("report.md")).unwrap();
    assert!(
        markdown.contains(report["subject"]["id"].as_str().unwrap()),
        "{markdown}"
    );
    let compared = sandbox.ok(&["compare", "busybox", "report.json"]);
    assert!(compared.contains("1000:1000"), "{compared}");
}

#[test]
fn the_gate_fails_below_the_line() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let text = "FROM busybox\nENV API_TOKEN=s3cr3t-of-nobody-4f9a8b7c\nCMD [\"sleep\", \"60\"]\n";
    let context = sandbox.folder("bad", &[("Dockerfile", text)]);
    let output = sandbox.run(&["audit", "--line", "production", "--output", "json=-", &context]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["verdict"]["passed"], false);
    assert_eq!(cell(&report, "secrets", "basic").0, "unmet");
    assert_eq!(cell(&report, "user", "intermediate").0, "unmet");
    assert_eq!(cell(&report, "lifecycle", "basic").0, "unmet");
    assert!(
        !String::from_utf8_lossy(&output.stdout).contains("s3cr3t-of-nobody-4f9a8b7c"),
        "a secret is shown"
    );
}

#[test]
fn what_is_not_run_is_not_assessed() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let text = sandbox.ok(&["audit", "--no-run", "--output", "json=-", "busybox"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(cell(&report, "hardening", "basic").0, "not_assessed");
    assert_eq!(cell(&report, "secrets", "production").0, "not_assessed");
    assert!(report["verdict"]["reached"].is_null());
}

#[test]
fn a_killed_audit_leaves_no_container() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let text = "FROM busybox\nEXPOSE 8080\nCMD [\"sleep\", \"60\"]\n";
    let context = sandbox.folder("sleeper", &[("Dockerfile", text)]);
    let mut audit = sandbox.command(&["audit", "--quiet", &context]);
    let mut child = audit.stdout(std::process::Stdio::null()).spawn().unwrap();
    eventually("the probe to run", || !sandbox.ok(&["ps", "-q"]).is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    eventually("its container to go", || sandbox.ok(&["ps", "-aq"]).is_empty());
}

#[test]
fn a_service_that_ends_and_a_root_by_another_name_are_seen() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let text = "FROM busybox\nRUN echo admin:x:0:0::/:/bin/sh >> /etc/passwd\nUSER admin\nEXPOSE 8080\nCMD [\"true\"]\n";
    let context = sandbox.folder("ends", &[("Dockerfile", text)]);
    let report: Value =
        serde_json::from_str(&sandbox.ok(&["audit", "--quiet", "--output", "json=-", &context])).unwrap();
    assert_eq!(cell(&report, "hardening", "basic").0, "unmet");
    assert_eq!(cell(&report, "lifecycle", "basic").0, "not_assessed");
    assert_eq!(cell(&report, "user", "intermediate").0, "not_assessed");
    let text = text
        .replace("CMD [\"true\"]", "CMD [\"sleep\", \"60\"]")
        .replace("EXPOSE 8080\n", "");
    std::fs::write(format!("{context}/Dockerfile"), text).unwrap();
    let report: Value =
        serde_json::from_str(&sandbox.ok(&["audit", "--quiet", "--output", "json=-", &context])).unwrap();
    assert_eq!(cell(&report, "user", "intermediate").0, "unmet");
}
