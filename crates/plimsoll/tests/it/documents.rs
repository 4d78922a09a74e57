//! SBOMs and the documents for other programs: written, held against their specifications, and read back.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{Sandbox, feeds, needs_tool, rootfs, text};

/// An old Alpine image, with advisories that know it where they are needed.
fn old_alpine(advisories: bool) -> Option<(Sandbox, String)> {
    let rootfs = rootfs("alpine-minirootfs-3.7.3-x86_64.tar.gz")?;
    let sandbox = Sandbox::new();
    if advisories {
        let feeds = feeds()?;
        sandbox.ok(&["db", "build", "--from", feeds.to_str().unwrap()]);
    }
    sandbox.ok(&["import", rootfs.to_str().unwrap(), "alpine:3.7.3"]);
    Some((sandbox, "alpine:3.7.3".to_owned()))
}

/// What was found, without what differs from one source of the same packages to the next.
fn findings(report: &str) -> Vec<Value> {
    let report: Value = serde_json::from_str(report).unwrap();
    report["vulnerabilities"].as_array().unwrap().clone()
}

#[test]
fn a_scan_of_an_image_and_of_its_sbom_find_the_same() {
    let Some((sandbox, name)) = old_alpine(true) else {
        return;
    };
    let of_image = findings(&sandbox.ok(&["scan", "-f", "plimsoll-json", &name]));
    assert!(!of_image.is_empty());
    for format in ["cyclonedx-json", "spdx-json"] {
        let file = format!("{format}.json");
        sandbox.ok(&["sbom", "-f", format, "-o", &file, &name]);
        for args in [
            &["scan", "-f", "plimsoll-json", "--sbom", &file][..],
            &["scan", "-f", "plimsoll-json", "--input", &file],
            &["scan", "-f", "plimsoll-json", &format!("sbom:{file}")],
        ] {
            assert_eq!(findings(&sandbox.ok(args)), of_image, "{args:?}");
        }
    }
}

#[test]
fn scanning_an_sbom_makes_no_store() {
    let sandbox = Sandbox::new();
    let sbom = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
      {"type": "library", "name": "flask", "version": "0.12", "purl": "pkg:pypi/flask@0.12"}]}"#;
    std::fs::write(sandbox.path("a.json"), sbom).unwrap();
    sandbox.ok(&["scan", "--demo-db", "--sbom", "a.json"]);
    assert!(!sandbox.path("store").exists());
    // Secrets that were asked for and cannot be looked for are not taken for none.
    let table = sandbox.ok(&["scan", "--scanners", "license,secret", "--sbom", "a.json"]);
    assert!(table.contains("an SBOM does not tell of secrets"), "{table}");
}

#[test]
fn several_sboms_and_a_folder_of_them() {
    let sandbox = Sandbox::new();
    let sbom = |version: &str| {
        format!(
            r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
            {{"type": "library", "name": "flask", "version": "{version}", "purl": "pkg:pypi/flask@{version}"}}]}}"#
        )
    };
    let folder = sandbox.folder(
        "many",
        &[
            ("a.json", &sbom("0.12")),
            ("b.json", &sbom("0.13")),
            ("c.json", "{}"),
            ("d.txt", "x"),
        ],
    );
    sandbox.ok(&["scan", "--demo-db", "-f", "json", "-o", "out", "--sbom", &folder]);
    for (file, version) in [("out/a.json", "0.12"), ("out/b.json", "0.13")] {
        let report: Value = serde_json::from_slice(&std::fs::read(sandbox.path(file)).unwrap()).unwrap();
        assert_eq!(report["Results"][0]["Packages"][0]["Version"], version);
    }
    let files = std::fs::read_dir(sandbox.path("out")).unwrap().count();
    assert_eq!(files, 2);
    // One that cannot be read does not keep the others from being scanned.
    let output = sandbox.run(&[
        "scan",
        "--demo-db",
        "-f",
        "json",
        "--sbom",
        "many/a.json",
        "many/c.json",
        "many/b.json",
    ]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("cannot read SBOM `many/c.json`"));
    assert_eq!(text(&output.stdout).matches("\"ArtifactName\"").count(), 2);
}

#[test]
fn what_was_not_asked_for_is_not_assessed() {
    let Some((sandbox, name)) = old_alpine(false) else {
        return;
    };
    let table = sandbox.ok(&["scan", "--scanners", "license", &name]);
    assert!(table.contains("vulnerabilities: not assessed"), "{table}");
    assert!(
        table.contains("GPL-2.0-only") && table.contains("restricted"),
        "{table}"
    );
    assert!(!table.contains("CVE-"), "{table}");
    let gate = sandbox.run(&[
        "scan",
        "--scanners",
        "license",
        "--severity",
        "CRITICAL",
        "--exit-code",
        "1",
        &name,
    ]);
    assert_eq!(gate.status.code(), Some(0));
    let json = sandbox.ok(&["scan", "--scanners", "license", "-f", "json", &name]);
    let json: Value = serde_json::from_str(&json).unwrap();
    let results = json["Results"].as_array().unwrap();
    assert!(
        results
            .iter()
            .any(|one| one["Class"] == "license" && one["Target"] == "OS Packages")
    );
}

#[test]
fn a_report_made_again_is_the_same_one() {
    let Some((sandbox, name)) = old_alpine(false) else {
        return;
    };
    let make = || {
        let mut command = sandbox.command(&["sbom", &name]);
        let output = command.env("SOURCE_DATE_EPOCH", "1700000000").output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let first = make();
    assert!(first.contains("2023-11-14T22:13:20Z"));
    assert_eq!(make(), first);
}

#[test]
fn documents_follow_their_specifications() {
    let Some(validators) = validators() else { return };
    let Some((sandbox, name)) = old_alpine(true) else {
        return;
    };
    let outputs = [
        "cyclonedx=a.cdx.json",
        "spdx-json=a.spdx.json",
        "spdx=a.spdx",
        "sarif=a.sarif",
        "gitlab=a.gl.json",
    ];
    let mut args = vec!["scan", "--scanners", "vuln,secret,license", &name];
    outputs
        .iter()
        .for_each(|output| args.extend(["--output", output]));
    sandbox.ok(&args);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validators/validate.py");
    for (kind, files) in [
        ("cyclonedx", &["a.cdx.json"][..]),
        ("spdx", &["a.spdx.json", "a.spdx"]),
        ("sarif", &["a.sarif"]),
        ("gitlab", &["a.gl.json"]),
    ] {
        let output = Command::new(validators.join("venv/bin/python"))
            .arg(&script)
            .arg(kind)
            .args(files)
            .env("VALIDATORS", &validators)
            .current_dir(sandbox.path(""))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}{}",
            text(&output.stdout),
            text(&output.stderr)
        );
    }
}

/// Where `tests/validators/install` put them: `$PLIMSOLL_VALIDATORS`, else `target/validators`.
fn validators() -> Option<PathBuf> {
    let named = std::env::var_os("PLIMSOLL_VALIDATORS").map(PathBuf::from);
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/validators");
    let found = named.unwrap_or(usual);
    if found.join("sarif-2.1.0.json").is_file() && found.join("venv/bin/python").is_file() {
        return found.canonicalize().ok();
    }
    crate::support::skipped("the validators of `crates/plimsoll/tests/validators/install`");
    None
}

#[test]
fn sboms_of_other_tools_are_scanned() {
    let Some((sandbox, name)) = old_alpine(true) else {
        return;
    };
    let ids = |report: &str| -> Vec<(String, String)> {
        let field = |one: &Value| (one["package"]["name"].to_string(), one["id"].to_string());
        let mut ids: Vec<_> = findings(report).iter().map(field).collect();
        ids.sort();
        ids
    };
    let expected = ids(&sandbox.ok(&["scan", "-f", "plimsoll-json", &name]));
    sandbox.ok(&["save", "-o", "alpine.tar", &name]);
    let run = |tool: &str, args: &[&str]| {
        let output = Command::new(tool)
            .args(args)
            .current_dir(sandbox.path(""))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{tool} {args:?}: {}",
            text(&output.stderr)
        );
    };
    let mut documents = Vec::new();
    if needs_tool("trivy") {
        for (format, file) in [("cyclonedx", "trivy.cdx.json"), ("spdx-json", "trivy.spdx.json")] {
            run(
                "trivy",
                &[
                    "image",
                    "-q",
                    "--cache-dir",
                    "cache",
                    "--offline-scan",
                    "-f",
                    format,
                    "-o",
                    file,
                    "--input",
                    "alpine.tar",
                ],
            );
            documents.push(file);
        }
    }
    if needs_tool("syft") {
        let outputs = [
            "-o",
            "cyclonedx-json=syft.cdx.json",
            "-o",
            "spdx-json=syft.spdx.json",
        ];
        run(
            "syft",
            &[&["-q", "docker-archive:alpine.tar"][..], &outputs].concat(),
        );
        documents.extend(["syft.cdx.json", "syft.spdx.json"]);
    }
    for document in documents {
        let report = sandbox.ok(&["scan", "-f", "plimsoll-json", "--sbom", document]);
        assert_eq!(ids(&report), expected, "{document}");
    }
}

#[test]
fn an_sbom_comes_from_standard_input_too() {
    let sandbox = Sandbox::new();
    let sbom = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
      {"type": "library", "name": "flask", "version": "0.12", "purl": "pkg:pypi/flask@0.12"}]}"#;
    std::fs::write(sandbox.path("a.json"), format!("\n  {sbom}")).unwrap();
    for args in [["--input", "-"], ["--sbom", "-"]] {
        let mut command = sandbox.command(&["scan", "--demo-db", "-f", "json"]);
        let input = std::fs::File::open(sandbox.path("a.json")).unwrap();
        let output = command.args(args).stdin(input).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["ArtifactType"], "cyclonedx", "{args:?}");
        assert_eq!(report["ArtifactName"], "-", "{args:?}");
    }
}

#[test]
fn a_report_that_cannot_be_written_keeps_back_no_other() {
    let sandbox = Sandbox::new();
    sandbox.folder("root", &[("app", "x")]);
    let scan = ["scan", "--demo-db", "rootfs:root", "-o"];
    let (code, message) = sandbox.fails(&[&scan[..], &["json=none/a.json", "-o", "sarif=a.sarif"]].concat());
    assert!(code == 3 && message.contains("none/a.json"), "{message}");
    assert!(sandbox.path("a.sarif").is_file());
    for (output, told) in [("sarfi=a.sarif", "`sarfi`"), ("json=a", "only the last")] {
        let (code, message) = sandbox.fails(&[&scan[..], &[output, "-o", "sarif=a"]].concat());
        assert!(code == 2 && message.contains(told), "{message}");
    }
    std::fs::write(sandbox.path(".plimsollignore"), b"\xff").unwrap();
    let (code, message) = sandbox.fails(&scan[..3]);
    assert!(code == 2 && message.contains(".plimsollignore"), "{message}");
}
