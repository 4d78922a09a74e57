//! GitHub's dependency snapshot (dependency submission API, version 0).

use std::io::Write;

use plimsoll_core::Package;
use serde_json::{Map, Value, json};

use crate::identity::Names;
use crate::indented;
use crate::targets::targets;
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

/// Writes the report's packages as a snapshot: one manifest for each target.
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
