//! Which of the fields that Trivy 0.76 writes stand in our report, and why the others do not.

use std::collections::BTreeSet;

use plimsoll_core::{Digest, Ecosystem, EndOfLife, Place};
use serde_json::{Value, json};

use super::write;
use crate::format_tests::written;
use crate::sample;

/// The fields of Trivy's report with `--list-all-pkgs` for images of Debian, Alpine, AlmaLinux, Python, Node.js and Go.
const FIELDS: &str = "
    SchemaVersion Trivy.Version ReportID CreatedAt ArtifactID ArtifactName ArtifactType Metadata.Size Metadata.OS.Family
    Metadata.OS.Name Metadata.OS.EOSL Metadata.ImageID Metadata.DiffIDs Metadata.RepoTags Metadata.Reference
    Metadata.ImageConfig.architecture Metadata.ImageConfig.created Metadata.ImageConfig.history Metadata.ImageConfig.os
    Metadata.Layers.DiffID Metadata.Layers.Digest Metadata.Layers.Size
    Results.Target Results.Class Results.Type
    Results.Packages.ID Results.Packages.Name Results.Packages.Identifier.PURL Results.Packages.Identifier.UID
    Results.Packages.Version Results.Packages.Release Results.Packages.Epoch Results.Packages.Arch
    Results.Packages.SrcName Results.Packages.SrcVersion Results.Packages.SrcRelease Results.Packages.SrcEpoch
    Results.Packages.Licenses Results.Packages.Maintainer Results.Packages.DependsOn Results.Packages.FilePath
    Results.Packages.Layer.DiffID Results.Packages.Layer.Digest Results.Packages.Digest Results.Packages.AnalyzedBy
    Results.Packages.InstalledFiles Results.Packages.Repository.Class Results.Packages.Relationship
    Results.Vulnerabilities.VulnerabilityID Results.Vulnerabilities.VendorIDs Results.Vulnerabilities.PkgID
    Results.Vulnerabilities.PkgName Results.Vulnerabilities.PkgPath Results.Vulnerabilities.PkgIdentifier.PURL
    Results.Vulnerabilities.PkgIdentifier.UID Results.Vulnerabilities.InstalledVersion
    Results.Vulnerabilities.FixedVersion Results.Vulnerabilities.Status Results.Vulnerabilities.Layer.DiffID
    Results.Vulnerabilities.Layer.Digest Results.Vulnerabilities.SeveritySource Results.Vulnerabilities.PrimaryURL
    Results.Vulnerabilities.DataSource.ID Results.Vulnerabilities.DataSource.Name
    Results.Vulnerabilities.DataSource.URL Results.Vulnerabilities.Fingerprint Results.Vulnerabilities.Title
    Results.Vulnerabilities.Description Results.Vulnerabilities.Severity Results.Vulnerabilities.CweIDs
    Results.Vulnerabilities.VendorSeverity Results.Vulnerabilities.CVSS Results.Vulnerabilities.References
    Results.Vulnerabilities.PublishedDate Results.Vulnerabilities.LastModifiedDate
    Results.Secrets.RuleID Results.Secrets.Category Results.Secrets.Severity Results.Secrets.Title
    Results.Secrets.StartLine Results.Secrets.EndLine Results.Secrets.Match Results.Secrets.Offset
    Results.Secrets.Layer.DiffID Results.Secrets.Layer.Digest Results.Secrets.Layer.CreatedBy
    Results.Secrets.Code.Lines.Number Results.Secrets.Code.Lines.Content Results.Secrets.Code.Lines.IsCause
    Results.Secrets.Code.Lines.Annotation Results.Secrets.Code.Lines.Truncated
    Results.Secrets.Code.Lines.FirstCause Results.Secrets.Code.Lines.LastCause
    Results.Secrets.Code.Lines.Highlighted";

/// Those that are not written; `docs/formats.md` says why.
const NOT_WRITTEN: [&str; 11] = [
    "Metadata.Layers.Digest",
    "Results.Packages.AnalyzedBy",
    "Results.Packages.Digest",
    "Results.Packages.Layer.Digest",
    "Results.Packages.Relationship",
    "Results.Packages.Repository.Class",
    "Results.Secrets.Code.Lines.Highlighted",
    "Results.Secrets.Layer.Digest",
    "Results.Secrets.Offset",
    "Results.Vulnerabilities.Layer.Digest",
    "Trivy.Version",
];

fn collect(value: &Value, path: &str, fields: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let path = match path {
                    "" => name.clone(),
                    path => format!("{path}.{name}"),
                };
                collect(value, &path, fields);
                fields.insert(path);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, path, fields)),
        _ => {}
    }
}

#[test]
fn what_trivy_writes_stands_here_or_has_a_reason() {
    let mut report = sample::scan();
    let layer = Digest::of(b"app layer");
    report.artifact.diff_ids = vec![layer];
    report.artifact.image_config = Some(json!({
        "architecture": "amd64", "os": "linux", "created": "2026-01-01T00:00:00Z",
        "history": [{ "empty_layer": true, "created_by": "ENV A=b" }, { "created_by": "COPY . /app" }],
    }));
    report.created_at = "2035-01-01T00:00:00Z".to_owned();
    report.artifact.end_of_life = Some(EndOfLife {
        date: "2028-06-30".to_owned(),
        extended: None,
        is_extended: false,
    });
    let mut epoch = sample::package(Ecosystem::Deb, "epoch", "1:2-3");
    epoch.licenses = vec!["MIT".to_owned()];
    epoch.supplier = Some("Somebody".to_owned());
    epoch.files = vec!["usr/bin/epoch".to_owned()];
    report.packages.push(epoch);
    let mut apk = sample::package(Ecosystem::Apk, "musl", "1.2-r0");
    apk.files = vec!["lib/libc.so".to_owned()];
    report.packages.push(apk);
    for secret in &mut report.secrets {
        secret.place = Place::Layer {
            diff_id: layer,
            path: "app/.env".to_owned(),
            line: Some(3),
        };
    }
    let text = written(|out| write(&report, out));
    let value: Value = serde_json::from_str(&text).unwrap();
    let mut fields = BTreeSet::new();
    collect(&value, "", &mut fields);
    let missing: BTreeSet<&str> = FIELDS
        .split_whitespace()
        .filter(|field| !fields.contains(*field))
        .collect();
    assert_eq!(missing, BTreeSet::from(NOT_WRITTEN));
    let documented = include_str!("../../../../docs/formats.md");
    for field in NOT_WRITTEN {
        assert!(documented.contains(&format!("`{field}`")), "{field}");
    }
    assert!(text.contains("\"CreatedBy\": \"COPY . /app\""), "{text}");
    assert_eq!(value["Metadata"]["Size"], 135_001_088);
    assert_eq!(value["Metadata"]["Layers"][0]["Size"], 130_000_896);
    // As the package managers have them.
    let installed: Vec<&Value> = value["Results"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|result| result["Packages"].as_array())
        .flatten()
        .map(|package| &package["InstalledFiles"])
        .filter(|files| !files.is_null())
        .collect();
    assert!(installed.contains(&&json!(["/usr/bin/epoch"])) && installed.contains(&&json!(["lib/libc.so"])));
}

/// As Trivy computes them, so that what tracks findings by them tracks ours as the same.
#[test]
fn artifact_ids_and_fingerprints_are_those_of_trivy() {
    let mut report = sample::scan();
    let id = "sha256:40e52f99de6ffd8fe471ed7c4901f896f9dd7823b234891850160b8e32f04447";
    report.artifact.image_id = Some(id.parse().unwrap());
    report.artifact.name = "app.tar".to_owned();
    report.artifact.references = vec!["py-small:latest".parse().unwrap()];
    report.artifact.release = Some("12.15".to_owned());
    let found = &mut report.vulnerabilities[0];
    found.id = "CVE-2026-109518".to_owned();
    found.package = sample::package(Ecosystem::Deb, "apt", "2.6.1").into();
    let text = written(|out| write(&report, out));
    for expected in [
        "\"ArtifactID\": \"sha256:f9e5e6d742c038605b44e9f5b37fc9cbc8928a465a29675981a967649f28d6fa\"",
        "\"Fingerprint\": \"sha256:e2fbe4626f2173003112b609096ba926c4fe3eebdae1d52789beb6b43315854c\"",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}
