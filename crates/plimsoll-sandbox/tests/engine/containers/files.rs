//! Mounts, volumes and the working directory.

use std::fs;

use plimsoll_sandbox::{Mount, RunOptions};
use serde_json::json;

use crate::Case;
use crate::fixture::{container_of, run};

pub(super) const CASES: &[Case] = &[
    ("run_mounts_and_volumes", mounts_and_volumes),
    ("working_dir_in_a_volume", working_dir_in_volume),
];

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
