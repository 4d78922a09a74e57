//! Builds that are killed, and builds at the same time.

use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use plimsoll_build::{BuildOptions, Context, DockerfileText, Silent, build};
use plimsoll_image::Store;

use crate::Test;
use crate::fixture::{Fixture, FromStore};

pub(crate) const TESTS: &[Test] = &[
    (
        "robustness::a_killed_build_is_taken_up_again",
        a_killed_build_is_taken_up_again,
    ),
    ("robustness::killed_at_any_time", killed_at_any_time),
    ("robustness::two_builds_at_once", two_builds_at_once),
    ("robustness::no_mounts_are_left", no_mounts_are_left),
];

/// Makes this binary build and nothing else: store, context and Dockerfile follow.
pub(crate) const CHILD: &str = "--build-in-child";

pub(crate) fn child(arguments: &[String]) -> ExitCode {
    let [store, context, dockerfile] = arguments else {
        return ExitCode::from(2);
    };
    plimsoll_build::prepare_process().unwrap();
    let store = Store::open(Path::new(store)).unwrap();
    let context = Context::directory(Path::new(context)).unwrap();
    let options = BuildOptions::new(context, DockerfileText::new("Dockerfile", dockerfile));
    match build(&store, &options, &FromStore(store.clone()), &Silent) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", crate::fixture::chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn start(fixture: &Fixture, dockerfile: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .arg(CHILD)
        .arg(fixture.store.root())
        .arg(fixture.context())
        .arg(dockerfile)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn wait_for(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < Duration::from_secs(60), "it never came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn steps(fixture: &Fixture) -> usize {
    std::fs::read_dir(fixture.store.steps_dir()).unwrap().count()
}

fn a_killed_build_is_taken_up_again() {
    let fixture = Fixture::new();
    let flag = "sleep-marker-for-the-killed-build";
    let dockerfile = format!("FROM busybox\nRUN touch /one\nRUN : {flag}; sleep 300 & wait; touch /two\n");
    let mut child = start(&fixture, &dockerfile);
    wait_for(|| steps(&fixture) == 1 && is_running(flag));
    child.kill().unwrap();
    child.wait().unwrap();
    wait_for(|| !is_running(flag));
    assert!(!mounts().contains(&fixture.dir.path().display().to_string()));
    let store = Store::open(fixture.store.root()).unwrap();
    assert_eq!(store.images().unwrap().len(), 1);
    let built = fixture.build(&dockerfile.replace("sleep 300", "true"));
    assert_eq!((built.outcome.cached, built.outcome.steps), (1, 2));
    assert!(built.tree.has("one") && built.tree.has("two"));
    let left: Vec<_> = std::fs::read_dir(store.root().join("builds")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Whether a process with this text in its command line runs.
fn is_running(text: &str) -> bool {
    std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let own = entry.file_name().to_str() == Some(&std::process::id().to_string());
        let line = String::from_utf8_lossy(&line).into_owned();
        !own && line.contains(text) && !line.contains(CHILD)
    })
}

fn mounts() -> String {
    std::fs::read_to_string("/proc/self/mountinfo").unwrap()
}

fn killed_at_any_time() {
    let fixture = Fixture::new();
    for index in 0..40 {
        fixture.file(&format!("d/{index}"), &"x".repeat(20_000));
    }
    let dockerfile = "FROM busybox\nCOPY d /d\nRUN cp -r /d /e\nRUN rm -r /d\nCOPY d /f\n";
    for delay in [5, 20, 40, 60, 80, 100, 130, 160, 200] {
        let mut child = start(&fixture, dockerfile);
        std::thread::sleep(Duration::from_millis(delay));
        drop(child.kill());
        child.wait().unwrap();
    }
    let built = fixture.build(dockerfile);
    assert_eq!(built.tree.below("e").len(), 40);
    assert_eq!(built.tree.below("f").len(), 40);
    assert!(!built.tree.has("d"));
}

fn two_builds_at_once() {
    let fixture = Fixture::new();
    fixture.file("f", "f");
    let dockerfile = "FROM busybox AS a\nCOPY f /\nRUN sleep 0.2; echo a > /a\n\
         FROM busybox\nRUN sleep 0.1; echo b > /b\nCOPY --from=a /a /\n";
    let mut children: Vec<Child> = (0..4).map(|_| start(&fixture, dockerfile)).collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let built = fixture.build(dockerfile);
    assert_eq!(built.executed(), 0);
    assert!(built.tree.has("a") && built.tree.has("b"));
}

fn no_mounts_are_left() {
    let fixture = Fixture::new();
    fixture.file("f", "f");
    fixture.build("FROM busybox AS a\nCOPY f /\nFROM scratch\nCOPY --from=a /f /\n");
    fixture.fail("FROM busybox\nCOPY f /\nCOPY --chmod=999 f /g\n");
    let mounts = mounts();
    let store = fixture.dir.path().display().to_string();
    assert!(!mounts.contains(&store), "{mounts}");
}
