use crate::support::{Sandbox, needs_tool, text};

#[test]
fn images_are_listed_tagged_and_removed() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let context = sandbox.folder("one", &[("Dockerfile", "FROM busybox\nLABEL tier=production\n")]);
    sandbox.ok(&["build", "-t", "app:1", &context]);
    sandbox.ok(&["tag", "app:1", "app:2"]);
    let names = |args: &[&str]| {
        let mut all = vec!["images", "--format", "{{.Repository}}:{{.Tag}}"];
        all.extend(args);
        let mut names: Vec<String> = sandbox.ok(&all).lines().map(str::to_owned).collect();
        names.sort();
        names
    };
    assert_eq!(names(&["--filter", "label=tier=production"]), ["app:1", "app:2"]);
    assert_eq!(names(&["--filter", "reference=busy*"]), ["busybox:latest"]);
    assert_eq!(names(&["app:2"]), ["app:2"]);
    let ids = sandbox.ok(&["images", "--no-trunc", "--quiet", "--filter", "reference=app:*"]);
    assert_eq!(ids.lines().next().unwrap(), sandbox.inspect("app:1", "{{.Id}}"));
    assert_eq!(sandbox.ok(&["rmi", "app:1"]), "Untagged: app:1\n");
    assert!(sandbox.ok(&["rmi", "app:2"]).contains("Deleted: sha256:"));
    assert_eq!(names(&[]), ["busybox:latest"]);
}

#[test]
fn what_is_saved_loads_with_the_same_digests() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let context = sandbox.folder(
        "saved",
        &[(
            "Dockerfile",
            "FROM busybox\nRUN rm /etc/shadow && mkfifo /fifo && ln -s /etc/passwd /link\n",
        )],
    );
    sandbox.ok(&["build", "-t", "saved:1", &context]);
    sandbox.ok(&["save", "-o", "saved.tar", "saved:1", "busybox"]);
    let id = sandbox.inspect("saved:1", "{{.Id}}");
    let layers = sandbox.inspect("saved:1", "{{json .RootFS.Layers}}");
    let other = Sandbox::new();
    let loaded = other.ok(&["load", "-i", sandbox.path("saved.tar").to_str().unwrap()]);
    assert!(
        loaded.contains("Loaded image: saved:1") && loaded.contains("busybox:latest"),
        "{loaded}"
    );
    assert_eq!(other.inspect("saved:1", "{{.Id}}"), id);
    assert_eq!(other.inspect("saved:1", "{{json .RootFS.Layers}}"), layers);
    other.ok(&["save", "-o", "again.tar", "saved:1", "busybox"]);
    assert!(
        std::fs::read(other.path("again.tar")).unwrap() == std::fs::read(sandbox.path("saved.tar")).unwrap()
    );
}

#[test]
fn skopeo_reads_what_is_saved() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    if !needs_tool("skopeo") {
        return;
    }
    sandbox.ok(&["save", "-o", "busybox.tar", "busybox"]);
    let archive = format!("docker-archive:{}", sandbox.path("busybox.tar").display());
    let inspected = std::process::Command::new("skopeo")
        .args(["inspect", "--config", "--raw", &archive])
        .output()
        .unwrap();
    assert!(inspected.status.success(), "{}", text(&inspected.stderr));
    let id = plimsoll_core::Digest::of(&inspected.stdout).to_string();
    assert_eq!(sandbox.inspect("busybox", "{{.Id}}"), id);
}
