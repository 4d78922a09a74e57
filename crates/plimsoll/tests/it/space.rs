//! What the store takes, what is given back, and a disk that is full.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::{Sandbox, eventually, needs_root, skipped, text};

const TEXT: &str = "FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /made\nRUN echo two > /two\n";

#[test]
fn a_cache_goes_from_one_store_to_another() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let context = sandbox.folder("context", &[("Dockerfile", TEXT)]);
    sandbox.ok(&[
        "build",
        "-q",
        "--cache-to",
        "type=local,dest=cache,mode=max",
        &context,
    ]);
    let Some(other) = Sandbox::with_busybox() else {
        return;
    };
    let cache = format!("type=local,src={}", sandbox.path("cache").display());
    let build = |cache: &str| {
        other.run(&[
            "build",
            "--progress",
            "plain",
            "-t",
            "a",
            "--cache-from",
            cache,
            &context,
        ])
    };
    let missing = build("type=local,src=none");
    let told = text(&missing.stderr);
    assert!(
        missing.status.success() && told.contains("`none` cannot be used"),
        "{told}"
    );
    other.ok(&["rmi", "a"]);
    other.ok(&["prune", "--cache", "--all"]);
    let again = build(&cache);
    assert_eq!(
        text(&again.stderr).matches("CACHED").count(),
        2,
        "{}",
        text(&again.stderr)
    );
    // The bases have their own times, so the images differ, but not in what they are made of.
    sandbox.ok(&["build", "-q", "-t", "a", &context]);
    let layers = |sandbox: &Sandbox| sandbox.inspect("a", "{{json .RootFS.Layers}}");
    assert_eq!(layers(&other), layers(&sandbox));
    let (code, message) = other.fails(&["build", "--cache-to", "type=inline", &context]);
    assert!(
        code == 2 && message.contains("`inline` are not supported"),
        "{message}"
    );
}

#[test]
fn layers_are_few_if_that_is_wanted() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let context = sandbox.folder("context", &[("Dockerfile", TEXT)]);
    let layers = |name: &str| sandbox.inspect(name, "{{len .RootFS.Layers}}");
    sandbox.ok(&["build", "-t", "plain", &context]);
    sandbox.ok(&["build", "--squash", "-t", "squashed", &context]);
    sandbox.ok(&["build", "--max-layers", "1", "-t", "one", &context]);
    assert_eq!(
        (layers("plain"), layers("squashed"), layers("one")),
        ("3".into(), "2".into(), "1".into())
    );
    let history = sandbox.ok(&["history", "--format", "{{.Comment}}", "squashed"]);
    assert!(
        history.starts_with("buildkit.dockerfile.v0, one layer of 2\n"),
        "{history}"
    );
    for name in ["squashed", "one"] {
        assert_eq!(sandbox.ok(&["run", "--rm", name, "cat", "/two"]), "two\n");
    }
}

#[test]
fn what_is_pruned_was_not_needed() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let context = sandbox.folder("context", &[("Dockerfile", TEXT)]);
    sandbox.ok(&["build", "-t", "app", &context]);
    let usage = sandbox.ok(&["df", "--format", "{{.Type}} {{.TotalCount}} {{.Active}}"]);
    assert_eq!(usage, "Images 2 0\nContainers 0 0\nBuild Cache 2 2\n");
    sandbox.ok(&["run", "-d", "--name", "box", "app", "sleep", "600"]);
    let usage = sandbox.ok(&[
        "system",
        "df",
        "--format",
        "{{.Type}} {{.TotalCount}} {{.Active}}",
    ]);
    assert!(usage.starts_with("Images 2 1\nContainers 1 1\n"), "{usage}");

    // Nothing is old enough.
    let kept = sandbox.ok(&["prune", "--all", "--images", "--filter", "until=1h"]);
    assert!(!kept.contains("Deleted"), "{kept}");
    let pruned = sandbox.ok(&["image", "prune", "--all", "-f"]);
    assert!(
        pruned.contains("Untagged: busybox") && !pruned.contains("app"),
        "{pruned}"
    );
    let pruned = sandbox.ok(&["builder", "prune", "--all"]);
    assert!(
        pruned.contains("Forgotten: 2 steps") && pruned.contains("Reclaimed: 0 layers"),
        "{pruned}"
    );
    assert_eq!(sandbox.ok(&["exec", "box", "cat", "/two"]), "two\n");
    sandbox.ok(&["rm", "-f", "box"]);
    let pruned = sandbox.ok(&["image", "prune", "--all"]);
    assert!(
        pruned.contains("Untagged: app") && pruned.contains("Deleted image"),
        "{pruned}"
    );
    assert_eq!(fs::read_dir(sandbox.path("store/layers")).unwrap().count(), 0);
    let (code, message) = sandbox.fails(&["prune", "--filter", "label=x"]);
    assert!(
        code == 2 && message.contains("`label=x` is not a filter"),
        "{message}"
    );
}

#[test]
fn the_same_image_on_two_stores() {
    let text =
        "FROM busybox\nRUN mkdir -p /var/log && echo installed > /var/log/apt.log && touch /new\nCOPY . /c\n";
    let mut archives = Vec::new();
    for _ in 0..2 {
        let Some(sandbox) = Sandbox::with_busybox() else {
            return;
        };
        let context = sandbox.folder("context", &[("Dockerfile", text), ("d/x", "x")]);
        let archive = sandbox.path("x.tar").display().to_string();
        let output = format!("type=oci,dest={archive},compression=zstd,rewrite-timestamp=true");
        // The base has a time of its own in either store.
        sandbox.ok(&["save", "-o", "base.tar", "busybox"]);
        sandbox.ok(&["build", "--reproducible", "-t", "a:1", "-o", &output, &context]);
        let created = sandbox.inspect("a:1", "{{.Created}}");
        assert_eq!(created, "1970-01-01T00:00:00Z");
        let layers = sandbox.inspect("a:1", "{{json .RootFS.Layers}}");
        archives.push((layers, fs::read(archive).unwrap().len()));
    }
    assert_eq!(archives[0], archives[1]);
}

/// A small file system for the store, gone with the value.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(path: PathBuf) -> Option<Self> {
        fs::create_dir_all(&path).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16m,mode=0700", "tmpfs"])
            .arg(&path)
            .stderr(Stdio::null())
            .status();
        let mounted = mounted.is_ok_and(|status| status.success()).then_some(Self(path));
        if mounted.is_none() {
            skipped("a file system of its own");
        }
        mounted
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
    }
}

#[test]
fn a_full_disk_is_told_of_and_can_be_emptied() {
    if !needs_root() {
        return;
    }
    let Some(whole) = Sandbox::with_busybox() else {
        return;
    };
    whole.ok(&["save", "-o", "busybox.tar", "busybox"]);
    let archive = whole.path("busybox.tar").display().to_string();
    let sandbox = Sandbox::new();
    let Some(_disk) = SmallDisk::mount(sandbox.path("store")) else {
        return;
    };
    sandbox.ok(&["load", "-q", "-i", &archive]);
    let context = sandbox.folder(
        "context",
        &[(
            "Dockerfile",
            "FROM busybox\nARG N\nRUN head -c 4000000 /dev/urandom > /$N\n",
        )],
    );
    let build = |number: usize| {
        let name = format!("full:{number}");
        sandbox.run(&[
            "build",
            "-q",
            "-t",
            &name,
            "--build-arg",
            &format!("N={number}"),
            &context,
        ])
    };
    let mut built = Vec::new();
    let failed = loop {
        let output = build(built.len());
        if !output.status.success() {
            break output;
        }
        built.push(format!("full:{}", built.len()));
        assert!(built.len() < 20, "the disk does not get full");
    };
    let told = text(&failed.stderr).to_lowercase();
    assert!(
        !built.is_empty() && (told.contains("no space left") || told.contains("is full")),
        "{told}"
    );
    // To the last byte.
    let filler = sandbox.path("store/filler");
    drop(fs::write(&filler, vec![1; 32 << 20]));
    let listed = sandbox.ok(&["images", "--format", "{{.Repository}}:{{.Tag}}"]);
    assert_eq!(
        listed.lines().filter(|line| line.starts_with("full")).count(),
        built.len()
    );
    sandbox.ok(&["rmi", &built[0]]);
    sandbox.ok(&["prune", "--all"]);
    fs::remove_file(filler).unwrap();
    let layers = sandbox.path("store/layers");
    eventually("the space to be free", || {
        fs::read_dir(&layers).unwrap().count() <= built.len()
    });
    assert!(build(99).status.success());
    for name in &built[1..] {
        sandbox.ok(&["save", "-o", "/dev/null", name]);
    }
}
