use std::process::Stdio;

use crate::support::{Sandbox, eventually};

#[test]
fn a_killed_build_is_taken_up_again() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let text = "FROM busybox\nRUN echo first > /first\nRUN touch /started; [ -e /first ] && sleep ${SECONDS_TO_SLEEP:-30}; echo second > /second\n";
    let context = sandbox.folder("killed", &[("Dockerfile", text)]);
    let mut build = sandbox.command(&["build", "--progress", "plain", "-t", "killed", &context]);
    let mut child = build.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let store = sandbox.path("store");
    eventually("the second step to run", || started(&store));
    child.kill().unwrap();
    child.wait().unwrap();
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    assert!(!mounts.contains(store.to_str().unwrap()), "{mounts}");
    // The same build, its sleep cut short: the first step is known, the second is run again.
    let text = text.replace("sleep ${SECONDS_TO_SLEEP:-30}", "sleep 0");
    std::fs::write(format!("{context}/Dockerfile"), text).unwrap();
    let again = sandbox.run(&["build", "--progress", "plain", "-t", "killed", &context]);
    let told = String::from_utf8_lossy(&again.stderr);
    assert!(again.status.success() && told.contains("CACHED"), "{told}");
    assert_eq!(
        sandbox.ok(&["run", "--rm", "killed", "cat", "/first", "/second"]),
        "first\nsecond\n"
    );
}

/// Whether the step that is to be killed has written its mark somewhere in the store.
fn started(dir: &std::path::Path) -> bool {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
        entry.file_name() == "started" || (is_dir && started(&entry.path()))
    })
}

#[test]
fn two_builds_of_one_context_at_once() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let text = "FROM busybox\nCOPY . /a\nRUN cp -r /a /b\n";
    let context = sandbox.folder("twice", &[("Dockerfile", text), ("x", "x"), ("y/z", "z")]);
    let spawn = |name: &str| {
        let mut command = sandbox.command(&["build", "--quiet", "-t", name, &context]);
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    for child in [spawn("one"), spawn("two")] {
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    for name in ["one", "two"] {
        assert_eq!(sandbox.ok(&["run", "--rm", name, "cat", "/b/x", "/b/y/z"]), "xz");
    }
}
