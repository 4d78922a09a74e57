//! Directories that are scanned as images are.

use serde_json::Value;

use crate::support::Sandbox;

/// A root file system with a package of Debian's and one of PyPI's, and a secret.
fn debian(sandbox: &Sandbox) -> String {
    let token = format!("TOKEN={}R4nd0mT3stV4lu3Th4tIsN0tR34l0123456a\n", "ghp_");
    sandbox.folder(
        "root",
        &[
            ("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"),
            (
                "var/lib/dpkg/status",
                "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36-9\n",
            ),
            (
                "usr/lib/python3/site-packages/flask-0.12.dist-info/METADATA",
                "Metadata-Version: 2.1\nName: flask\nVersion: 0.12\n",
            ),
            ("app/.env", &token),
        ],
    )
}

#[test]
fn a_directory_has_packages_and_no_layers() {
    let sandbox = Sandbox::new();
    debian(&sandbox);
    let report = sandbox.ok(&["scan", "--demo-db", "-f", "json", "rootfs:root"]);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["ArtifactName"], "root");
    assert_eq!(report["ArtifactType"], "filesystem");
    assert_eq!(report["Metadata"]["OS"]["Family"], "debian");
    for of_images in ["ImageID", "DiffIDs", "Layers", "ImageConfig"] {
        assert_eq!(report["Metadata"][of_images], Value::Null, "{of_images}");
    }
    let packages: Vec<&Value> = report["Results"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|result| result["Packages"].as_array().into_iter().flatten())
        .collect();
    let names: Vec<&str> = packages.iter().filter_map(|one| one["Name"].as_str()).collect();
    assert_eq!(names, ["libc6", "flask"]);
    assert!(packages.iter().all(|one| one["Layer"]["DiffID"] == Value::Null));
    let table = sandbox.ok(&["scan", "--demo-db", "--rootfs", "root"]);
    assert!(
        table.contains("secret-github-token") && table.contains("app/.env"),
        "{table}"
    );
    assert!(!sandbox.path("store").exists(), "a directory needs no store");
    let sbom = sandbox.ok(&["sbom", "-f", "plimsoll-json", "dir:root"]);
    assert!(!sbom.contains("\"layer\""), "{sbom}");
}

#[test]
fn the_sbom_of_a_directory_is_about_a_directory() {
    let sandbox = Sandbox::new();
    debian(&sandbox);
    let packages = |args: &[&str]| {
        let report: Value = serde_json::from_str(&sandbox.ok(args)).unwrap();
        report["packages"].clone()
    };
    let known = packages(&["scan", "--demo-db", "-f", "plimsoll-json", "rootfs:root"]);
    for (format, kind) in [
        ("cyclonedx-json", "\"type\": \"file\""),
        ("spdx-json", "\"SPDXRef-Directory\""),
    ] {
        let sbom = sandbox.ok(&["sbom", "-f", format, "--rootfs", "root"]);
        assert!(sbom.contains(kind), "{sbom}");
        std::fs::write(sandbox.path(format), &sbom).unwrap();
        let read = packages(&["scan", "--demo-db", "-f", "plimsoll-json", "--sbom", format]);
        assert_eq!(read, known, "{format}");
    }
}

#[test]
fn what_makes_no_sense_of_a_directory_is_refused() {
    let sandbox = Sandbox::new();
    debian(&sandbox);
    for (args, code, message) in [
        (
            &["scan", "--demo-db", "rootfs:none"][..],
            3,
            "cannot open the directory `none`",
        ),
        (&["sbom", "rootfs:"], 2, "a directory is missing"),
        (
            &["sbom", "--platform", "linux/arm64", "rootfs:root"],
            2,
            "a directory is no image",
        ),
        (
            &["sbom", "--all-layers", "dir:root"],
            2,
            "a directory is no image",
        ),
        (&["sbom", "--rootfs", "root", "app:1"], 2, "cannot be used with"),
        (
            &["compare", "rootfs:root", "rootfs:root"],
            2,
            "plimsoll scan rootfs:root",
        ),
    ] {
        let (actual, text) = sandbox.fails(args);
        assert!(
            actual == code && text.contains(message),
            "{args:?}: {actual}: {text}"
        );
    }
}
