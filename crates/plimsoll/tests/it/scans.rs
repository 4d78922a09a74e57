use serde_json::Value;

use crate::support::{Sandbox, feeds, rootfs, shared};

fn alpine(sandbox: &Sandbox, version: &str) -> Option<String> {
    let rootfs = rootfs(&format!("alpine-minirootfs-{version}-x86_64.tar.gz"))?;
    let name = format!("alpine:{version}");
    sandbox.ok(&["import", rootfs.to_str().unwrap(), &name]);
    Some(name)
}

/// The formats that say what was not assessed.
const WITH_COVERAGE: [&str; 11] = [
    "table",
    "markdown",
    "json",
    "plimsoll-json",
    "cyclonedx",
    "spdx-json",
    "sarif",
    "gitlab",
    "github",
    "openvex",
    "junit",
];

#[test]
fn an_old_alpine_has_the_known_findings() {
    let sandbox = Sandbox::new();
    let (Some(feeds), Some(name)) = (feeds(), alpine(&sandbox, "3.7.3")) else {
        return;
    };
    sandbox.ok(&["db", "build", "--from", feeds.to_str().unwrap()]);
    assert!(sandbox.ok(&["db", "status"]).contains("alpine-secdb"));
    sandbox.ok(&["save", "-o", "alpine.tar", &name]);
    let report: Value =
        serde_json::from_str(&sandbox.ok(&["scan", "--format", "json", "--input", "alpine.tar"])).unwrap();
    let of_store: Value = serde_json::from_str(&sandbox.ok(&["scan", "--format", "json", &name])).unwrap();
    let found = |report: &Value| {
        let results = report["Results"].as_array().unwrap().iter();
        let all =
            results.flat_map(|result| result["Vulnerabilities"].as_array().cloned().unwrap_or_default());
        let field = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
        let line = |one: Value| {
            [
                "PkgName",
                "InstalledVersion",
                "VulnerabilityID",
                "FixedVersion",
                "Severity",
            ]
            .map(|name| field(&one, name))
            .join("\t")
        };
        let mut lines: Vec<String> = all.map(line).collect();
        lines.sort();
        lines
    };
    assert_eq!(found(&report), found(&of_store));
    let expected = shared().unwrap().join("images/expected/alpine-3.7.3.tsv");
    let mut expected: Vec<String> = std::fs::read_to_string(expected)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    expected.sort();
    assert_eq!(found(&report), expected);
    let gate = sandbox.run(&["scan", "--exit-code", "1", &name]);
    assert_eq!(gate.status.code(), Some(1));
}

#[test]
fn decisions_take_findings_out_of_the_count_and_are_handed_on() {
    let sandbox = Sandbox::new();
    let (Some(feeds), Some(name)) = (feeds(), alpine(&sandbox, "3.7.3")) else {
        return;
    };
    sandbox.ok(&["db", "build", "--from", feeds.to_str().unwrap()]);
    let gate = |more: &[&str]| {
        let output = sandbox.run(&[&["scan", "--exit-code", "1", &name], more].concat());
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, table) = gate(&[]);
    assert_eq!(code, Some(1));
    assert!(
        table.contains("Remedies") && table.contains("1.1.18-r4"),
        "{table}"
    );

    let ignore = sandbox.path(".plimsollignore");
    std::fs::write(
        &ignore,
        "[[ignore]]\nid = 'CVE-2019-14697'\nreason = 'no x87 here'\n",
    )
    .unwrap();
    let (code, table) = gate(&[]);
    assert_eq!(code, Some(0));
    assert!(table.contains("no x87 here"), "{table}");
    let (_, vex) = gate(&["--format", "openvex"]);
    std::fs::write(
        &ignore,
        "[[ignore]]\nid = 'CVE-2019-14697'\nreason = 'x'\nexpires = 2020-01-01\n",
    )
    .unwrap();
    assert_eq!(gate(&[]).0, Some(1), "it has expired");
    std::fs::write(&ignore, "[[ignore]]\nid = 'CVE-2019-14697'\n").unwrap();
    let (code, message) = sandbox.fails(&["scan", &name]);
    assert!(code == 2 && message.contains("reason"), "{message}");
    std::fs::remove_file(&ignore).unwrap();

    let yaml = sandbox.path(".trivyignore.yaml");
    let entry = "  - id: CVE-2019-14697\n    purls: ['pkg:apk/alpine/musl', 'pkg:apk/alpine/musl-utils']\n    statement: no x87 here\n";
    let license = "  - id: MIT\n    statement: we may\n";
    std::fs::write(&yaml, format!("vulnerabilities:\n{entry}licenses:\n{license}")).unwrap();
    let (code, table) = gate(&["--scanners", "vuln,license"]);
    assert!(
        code == Some(1) && table.contains("no x87 here") && table.contains("we may"),
        "{table}"
    );
    let (code, table) = gate(&[]);
    assert!(code == Some(0) && table.contains("no x87 here"), "{table}");
    std::fs::write(&yaml, format!("vulnerabilities:\n{entry}    until: tomorrow\n")).unwrap();
    let (code, message) = sandbox.fails(&["scan", &name]);
    assert!(code == 2 && message.contains("line 5: `until`"), "{message}");
    std::fs::remove_file(&yaml).unwrap();

    // What was not looked for is not said to match nothing.
    let entries = "vulnerabilities: [{id: CVE-1999-1}]\nsecrets: [{id: secret-jwt}]\n";
    std::fs::write(&yaml, entries).unwrap();
    let list = sandbox.path(".trivyignore");
    std::fs::write(&list, "CVE-1999-2\n*\n").unwrap();
    for (scanners, told) in [
        ("vuln", &["CVE-1999-1", "CVE-1999-2"][..]),
        ("secret", &["secret-jwt"]),
        ("vuln,secret", &["CVE-1999-1", "CVE-1999-2", "secret-jwt"]),
    ] {
        let output = sandbox.run(&["scan", "--exit-code", "1", "--scanners", scanners, &name]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            output.status.code(),
            Some(i32::from(scanners != "secret")),
            "{said}"
        );
        assert!(said.contains("line 2: `*` is no id here"), "{said}");
        for id in ["CVE-1999-1", "CVE-1999-2", "secret-jwt"] {
            let remark = format!("the decision on {id} matches nothing");
            assert_eq!(said.contains(&remark), told.contains(&id), "{scanners}: {said}");
        }
    }
    std::fs::remove_file(&yaml).unwrap();
    std::fs::remove_file(&list).unwrap();

    // An accepted finding is affected, so the document leaves it in the count; as not affected, it goes.
    let file = sandbox.path("vex.json");
    std::fs::write(&file, &vex).unwrap();
    assert_eq!(gate(&["--vex", "vex.json"]).0, Some(1));
    std::fs::write(&file, vex.replace("\"affected\"", "\"not_affected\"")).unwrap();
    assert_eq!(gate(&["--vex", "vex.json"]).0, Some(0));

    assert_eq!(gate(&["--only-kev"]).0, Some(0));
    let (code, message) = sandbox.fails(&["scan", "--min-epss", "0.5", &name]);
    assert!(code == 3 && message.contains("EPSS"), "{message}");
    let (_, compared) = gate(&["--base", &name]);
    assert!(
        compared.contains(&format!("by building on {name}; 1 left")),
        "{compared}"
    );
}

#[test]
fn without_advisories_nothing_is_called_fine() {
    let sandbox = Sandbox::new();
    let Some(name) = alpine(&sandbox, "3.20.3") else {
        return;
    };
    let (code, message) = sandbox.fails(&["scan", &name]);
    assert_eq!(code, 3);
    assert!(message.contains("no advisory database"), "{message}");
}

#[test]
fn a_database_that_is_too_old_is_refused() {
    let sandbox = Sandbox::new();
    let Some(name) = alpine(&sandbox, "3.20.3") else {
        return;
    };
    let (code, message) = sandbox.fails(&["scan", "--max-db-age", "7d", "--demo-db", &name]);
    assert!(code == 3 && message.contains("no advisory database"), "{message}");
    let Some(feeds) = feeds() else { return };
    sandbox.ok(&["db", "build", "--from", feeds.to_str().unwrap()]);
    sandbox.ok(&["scan", "--max-db-age", "7d", &name]);
    let (code, message) = sandbox.fails(&["scan", "--max-db-age", "0s", &name]);
    assert!(
        code == 3 && message.contains("older than `--max-db-age` allows"),
        "{message}"
    );
    let (code, message) = sandbox.fails(&["db", "status", "--max-db-age", "0s"]);
    assert!(
        code == 3 && message.contains("older than `--max-db-age` allows"),
        "{message}"
    );
    let (code, _) = sandbox.fails(&["scan", "--max-db-age", "soon", &name]);
    assert_eq!(code, 2);
}

#[test]
fn packages_are_looked_up_by_name_and_package_url() {
    let sandbox = Sandbox::new();
    let Some(feeds) = feeds() else { return };
    let (code, message) = sandbox.fails(&["db", "query", "musl"]);
    assert!(code == 3 && message.contains("no advisory database"), "{message}");
    sandbox.ok(&["db", "build", "--from", feeds.to_str().unwrap()]);
    let found = sandbox.ok(&["db", "query", "pkg:apk/alpine/musl@1.1.18-r3?distro=alpine-3.7.3"]);
    assert!(
        found.contains("CVE-2019-14697") && found.lines().count() == 2,
        "{found}"
    );
    let found = sandbox.ok(&["db", "query", "--ecosystem", "go", "stdlib"]);
    assert!(
        found.lines().skip(1).all(|line| line.starts_with("go ")),
        "{found}"
    );
    for (arguments, code) in [
        (vec!["pkg:npm"], 2),
        (vec!["--ecosystem", "npm", "musl"], 3),
        (vec!["nothing-of-the-kind"], 3),
        (vec!["--format", "json", "nothing-of-the-kind"], 3),
    ] {
        let all: Vec<&str> = ["db", "query"].into_iter().chain(arguments).collect();
        assert_eq!(sandbox.fails(&all).0, code, "{all:?}");
    }
    let none = sandbox.run(&["db", "query", "--format", "json", "nothing-of-the-kind"]);
    assert_eq!(String::from_utf8(none.stdout).unwrap().trim(), "[]");
}

#[test]
fn a_broken_feed_leaves_the_old_database() {
    let sandbox = Sandbox::new();
    let Some(feeds) = feeds() else { return };
    sandbox.ok(&["db", "build", "--from", feeds.to_str().unwrap()]);
    let before = sandbox.ok(&["db", "status"]);
    let broken = sandbox.folder("feeds", &[("osv/PyPI/all.zip", "this is no zip file")]);
    let (code, message) = sandbox.fails(&["db", "build", "--from", &broken]);
    assert!(code == 3 && message.contains("osv/PyPI/all.zip"), "{message}");
    assert_eq!(
        sandbox.ok(&["db", "status"]).lines().nth(3),
        before.lines().nth(3)
    );
}

#[test]
fn an_image_that_lists_nothing_is_not_assessed() {
    let sandbox = Sandbox::new();
    sandbox.folder("root", &[("app", "no package has this file\n")]);
    let sbom = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}"#;
    std::fs::write(sandbox.path("empty.json"), sbom).unwrap();
    for (subject, reason) in [
        ("rootfs:root", "no package database was found"),
        ("sbom:empty.json", "the SBOM lists no packages"),
    ] {
        for format in WITH_COVERAGE {
            let report = sandbox.ok(&["scan", "--demo-db", "--format", format, subject]);
            assert!(report.contains(reason), "{format} of {subject}: {report}");
        }
    }
}

#[test]
fn a_name_that_is_a_path_is_told_how_to_write() {
    let sandbox = Sandbox::new();
    sandbox.folder("root", &[("app", "x")]);
    for (name, code, hint) in [
        ("./root", 3, "`rootfs:./root`"),
        ("./root/app", 3, "`--input ./root/app`"),
        ("oci:root", 3, "`rootfs:root`"),
        ("oci:none", 3, "cannot open `none`"),
        ("docker-archive:", 2, "a path is missing"),
    ] {
        let (actual, message) = sandbox.fails(&["scan", "--demo-db", name]);
        assert!(
            actual == code && message.contains(hint),
            "{name}: {actual}: {message}"
        );
    }
}

#[test]
fn no_report_shows_a_secret_of_the_configuration() {
    let sandbox = Sandbox::new();
    let Some(rootfs) =
        rootfs("busybox-musl.tar.gz").or_else(|| rootfs("alpine-minirootfs-3.20.3-x86_64.tar.gz"))
    else {
        return;
    };
    let secret = "s3cr3t-0f-the-database";
    let change = format!("ENV DB_PASSWORD={secret}");
    let label = format!("LABEL where=db:{secret}");
    let path = rootfs.to_str().unwrap();
    sandbox.ok(&["import", "--change", &change, "--change", &label, path, "app:1"]);
    for format in [
        "table",
        "json",
        "plimsoll-json",
        "sarif",
        "markdown",
        "cyclonedx",
        "spdx-json",
        "gitlab",
    ] {
        let report = sandbox.ok(&["scan", "--scanners", "secret", "--format", format, "app:1"]);
        assert!(!report.contains(secret), "{format}: {report}");
    }
}

/// An SBOM of a distribution with one RPM package, and one Python package where that is asked for.
fn rpm_sbom(distribution: &str, with_python: bool) -> String {
    let python =
        r#", {"type": "library", "name": "flask", "version": "2.2.4", "purl": "pkg:pypi/flask@2.2.4"}"#;
    format!(
        r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
            {{"type": "operating-system", "name": "{distribution}", "version": "2023"}},
            {{"type": "library", "name": "bash", "version": "5.2.15-1", "purl": "pkg:rpm/{distribution}/bash@5.2.15-1"}}{}]}}"#,
        if with_python { python } else { "" }
    )
}

#[test]
fn a_gate_does_not_pass_what_nobody_could_assess() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("none.json"), rpm_sbom("amzn", false)).unwrap();
    std::fs::write(sandbox.path("some.json"), rpm_sbom("amzn", true)).unwrap();
    let scan = |sbom: &str, more: &[&str]| {
        let output = sandbox.run(&[&["scan", "--sbom", sbom], more].concat());
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };

    let (code, _, message) = scan("some.json", &["--demo-db", "--exit-code", "1"]);
    assert_eq!(code, Some(1), "{message}");
    let harmless = ["--demo-db", "--severity", "UNKNOWN"];
    let (code, _, message) = scan("some.json", &[&harmless[..], &["--exit-code", "1"]].concat());
    assert_eq!(code, Some(0), "{message}");
    assert!(
        message.contains("warning: not everything was assessed"),
        "{message}"
    );
    assert!(message.contains("--require-assessed"), "{message}");
    let (code, _, message) = scan("some.json", &[&harmless[..], &["--require-assessed"]].concat());
    assert!(
        code == Some(3) && message.contains("RPM packages (2023)"),
        "{message}"
    );
    let (code, _, message) = scan("some.json", &["--require-assessed", "--scanners", "license"]);
    assert!(code == Some(2) && message.contains("--scanners"), "{message}");

    sandbox.folder("feeds", &[("wolfi/security.json", r#"{"packages": []}"#)]);
    sandbox.ok(&["db", "build", "--from", "feeds"]);
    // What finds and does not judge goes on; the report says what it could not look at.
    let (code, table, _) = scan("none.json", &[]);
    assert!(
        code == Some(0) && table.contains("there is no feed for amzn 2023"),
        "{table}"
    );
    let (code, report, message) = scan("none.json", &["--exit-code", "1", "--format", "json"]);
    assert_eq!(code, Some(3), "{message}");
    assert!(
        message.contains("nothing could be assessed: RPM packages (2023): there is no feed for amzn 2023"),
        "{message}"
    );
    assert!(message.contains("plimsoll db status"), "{message}");
    assert!(
        report.contains("bash"),
        "the report is written all the same: {report}"
    );
    assert_eq!(scan("none.json", &["--require-assessed"]).0, Some(3));
    assert_eq!(
        scan("none.json", &["--scanners", "license", "--exit-code", "1"]).0,
        Some(0)
    );
    for format in WITH_COVERAGE {
        let (code, report, _) = scan("none.json", &["--format", format]);
        assert!(
            code == Some(0) && report.contains("there is no feed for amzn 2023"),
            "{format}: {report}"
        );
    }
}
