//! GitHub's dependency snapshot (dependency submission API, version 0).

use std::io::Write;

use plimsoll_core::Package;
use serde_json::{Map, Value, json};

use crate::identity::Names;
use crate::indented;
use crate::targets::targets;
use crate::text::{not_assessed, shortened};
use crate::{Result, ScanReport};

/// The run that submits a snapshot, as GitHub Actions says it in the environment. Empty texts stand for what is not
/// known; GitHub refuses a snapshot without a commit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Job {
    /// `GITHUB_RUN_ID`.
    pub id: String,
    /// `GITHUB_WORKFLOW` and `GITHUB_JOB`, with an underscore between them.
    pub correlator: String,
    /// `GITHUB_SHA`.
    pub sha: String,
    /// `GITHUB_REF`.
    pub reference: String,
}

/// GitHub names no limit; what is longer helps nobody.
const LONGEST_METADATA: usize = 2000;

/// Writes the report's packages as a snapshot: one manifest for each target. What was not assessed stands in the metadata.
///
/// # Errors
/// [`crate::Error::Output`] when `out` does not take it.
pub fn write(report: &ScanReport, job: &Job, out: &mut dyn Write) -> Result<()> {
    indented::write(&snapshot(report, job), out)
}

fn snapshot(report: &ScanReport, job: &Job) -> Value {
    let names = Names::new(report);
    let artifact = &report.artifact;
    let mut manifests = Map::new();
    for target in targets(report)
        .into_iter()
        .filter(|target| !target.packages.is_empty())
    {
        let mut resolved = Map::new();
        for package in target.packages {
            let mut key = package.name.clone();
            if resolved.contains_key(&key) {
                key = format!("{}@{}", package.name, package.version);
            }
            if resolved.contains_key(&key) {
                key = format!("{key} ({})", package.evidence);
            }
            resolved.insert(key, dependency(&names, package));
        }
        let manifest = json!({
            "name": target.kind,
            "file": { "source_location": artifact.name },
            "resolved": resolved,
        });
        manifests.insert(target.title, manifest);
    }
    let mut metadata = Map::new();
    if let Some(id) = artifact.image_id {
        metadata.insert("plimsoll:imageID".to_owned(), id.to_string().into());
    }
    if let Some(reference) = artifact.references.first() {
        metadata.insert("plimsoll:reference".to_owned(), reference.to_string().into());
    }
    if let Some(missing) = not_assessed(report) {
        let text = shortened(&missing, LONGEST_METADATA);
        metadata.insert("plimsoll:notAssessed".to_owned(), text.into());
    }
    json!({
        "version": 0,
        "job": { "id": job.id, "correlator": job.correlator },
        "sha": job.sha,
        "ref": job.reference,
        "detector": {
            "name": report.tool.name,
            "version": report.tool.version,
            "url": format!("pkg:cargo/{}@{}", report.tool.name, report.tool.version),
        },
        "metadata": metadata,
        "manifests": manifests,
        "scanned": report.created_at,
    })
}

fn dependency(names: &Names<'_>, package: &Package) -> Value {
    let mut metadata = Map::new();
    if let Some(layer) = &package.layer {
        metadata.insert("layer".to_owned(), layer.diff_id.to_string().into());
    }
    if !package.evidence.is_empty() {
        metadata.insert("file".to_owned(), package.evidence.as_str().into());
    }
    json!({
        "package_url": names.of(package).purl,
        "metadata": metadata,
        "relationship": "direct",
        "scope": "runtime",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    /// What GitHub's description of its API asks for, field by field.
    fn check(snapshot: &Value) {
        let fields = |value: &Value, required: &[&str], allowed: &[&str]| {
            let fields = value.as_object().unwrap();
            assert!(required.iter().all(|name| fields.contains_key(*name)), "{value}");
            let known = |name: &String| required.contains(&&**name) || allowed.contains(&&**name);
            assert!(fields.keys().all(known), "{value}");
        };
        let texts = |value: &Value, names: &[&str]| {
            for name in names {
                assert!(value[name].is_string(), "{name} of {value}");
            }
        };
        // Eight keys at most, and scalars.
        let metadata = |value: &Value| {
            let metadata = value.as_object().unwrap();
            let is_scalar = |value: &Value| !value.is_array() && !value.is_object();
            assert!(metadata.len() <= 8 && metadata.values().all(is_scalar), "{value}");
        };
        let required = ["version", "job", "sha", "ref", "detector", "scanned"];
        fields(snapshot, &required, &["metadata", "manifests"]);
        assert!(snapshot["version"].is_u64());
        fields(&snapshot["job"], &["id", "correlator"], &[]);
        texts(&snapshot["job"], &["id", "correlator"]);
        assert_eq!(snapshot["sha"].as_str().unwrap().len(), 40);
        assert!(snapshot["ref"].as_str().unwrap().starts_with("refs/"));
        fields(&snapshot["detector"], &["name", "version", "url"], &[]);
        texts(&snapshot["detector"], &["name", "version", "url"]);
        assert!(crate::text::is_date_time(snapshot["scanned"].as_str().unwrap()));
        metadata(&snapshot["metadata"]);
        for manifest in snapshot["manifests"].as_object().unwrap().values() {
            fields(manifest, &["name"], &["file", "metadata", "resolved"]);
            texts(manifest, &["name"]);
            fields(&manifest["file"], &[], &["source_location"]);
            texts(&manifest["file"], &["source_location"]);
            for dependency in manifest["resolved"].as_object().unwrap().values() {
                fields(
                    dependency,
                    &[],
                    &["package_url", "metadata", "relationship", "scope"],
                );
                assert!(dependency["package_url"].as_str().unwrap().starts_with("pkg:"));
                assert!(["direct", "indirect"].contains(&dependency["relationship"].as_str().unwrap()));
                assert!(["runtime", "development"].contains(&dependency["scope"].as_str().unwrap()));
                metadata(&dependency["metadata"]);
            }
        }
    }

    #[test]
    fn a_snapshot_is_what_github_asks_for_and_tells_what_was_not_assessed() {
        let mut report = sample::scan();
        let job = Job {
            id: "1".to_owned(),
            correlator: "scan_build".to_owned(),
            sha: "a".repeat(40),
            reference: "refs/heads/main".to_owned(),
        };
        let whole = snapshot(&report, &job);
        check(&whole);
        assert!(!whole["manifests"].as_object().unwrap().is_empty());
        let missing = whole["metadata"]["plimsoll:notAssessed"].as_str().unwrap();
        assert!(
            missing.starts_with("Debian packages (debian 12): the database has no feed for debian 12"),
            "{missing}"
        );
        report.coverage.retain(|one| one.shortfall().is_none());
        assert_eq!(
            snapshot(&report, &job)["metadata"].get("plimsoll:notAssessed"),
            None
        );
        report.coverage = vec![sample::not_assessed(None, "packages", &"why ".repeat(1000))];
        let long = snapshot(&report, &job);
        check(&long);
        let missing = long["metadata"]["plimsoll:notAssessed"].as_str().unwrap();
        assert!(missing.chars().count() <= LONGEST_METADATA, "{}", missing.len());
    }
}
