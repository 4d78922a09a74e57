//! What people decided beforehand, applied to what was found: ignore files and VEX documents.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use plimsoll_advisory::decisions::{
    Decided, Decisions, Kind, PLIMSOLLIGNORE, Product, TRIVYIGNORE, TRIVYIGNORE_YAML,
};
use plimsoll_core::{Finding, LicenseFinding, Vulnerability};
use plimsoll_report::{Artifact, image_purls, openvex, purl};

use crate::exit;
use crate::failure::with_code;

/// Which findings do not count
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct DecisionArgs {
    /// Decisions on what does not count, as `.plimsollignore` (TOML), Trivy's list of ids or its lists in YAML; by
    /// default `.plimsollignore`, `.trivyignore` and `.trivyignore.yaml` in the current folder, or in the one that is
    /// audited
    #[arg(long, visible_alias = "ignore-file", value_name = "FILE")]
    ignorefile: Vec<PathBuf>,
    /// VEX documents: OpenVEX, CycloneDX or CSAF in JSON
    #[arg(long, value_name = "FILE")]
    vex: Vec<PathBuf>,
}

impl DecisionArgs {
    /// Reads the decisions that the arguments name, and those that lie in `folder`.
    pub(crate) fn read(&self, folder: &Path) -> anyhow::Result<Decisions> {
        let mut decisions = Decisions::default();
        let usual: Vec<PathBuf> = match self.ignorefile.is_empty() {
            true => [PLIMSOLLIGNORE, TRIVYIGNORE, TRIVYIGNORE_YAML]
                .map(|name| folder.join(name))
                .into(),
            false => Vec::new(),
        };
        for file in usual.iter().filter(|file| file.is_file()).chain(&self.ignorefile) {
            let text = |bytes| {
                String::from_utf8(bytes)
                    .with_context(|| format!("cannot read the decisions in `{}`", file.display()))
            };
            let text = with_code(exit::USAGE, read(file).and_then(text))?;
            let name = file.strip_prefix(".").unwrap_or(file).display().to_string();
            with_code(
                exit::USAGE,
                decisions.read_ignore_file(&name, &text).map_err(Into::into),
            )?;
        }
        for file in &self.vex {
            let bytes = with_code(exit::USAGE, read(file))?;
            let name = file.display().to_string();
            with_code(exit::USAGE, decisions.read_vex(&name, &bytes).map_err(Into::into))?;
        }
        Ok(decisions)
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read the decisions in `{}`", file.display()))
}

/// What still counts and what does not, and what a person should know about the decisions themselves.
pub(crate) struct Outcome {
    pub(crate) vulnerabilities: Decided<Vulnerability>,
    pub(crate) secrets: Decided<Finding>,
    pub(crate) licenses: Option<Decided<LicenseFinding>>,
    pub(crate) remarks: Vec<String>,
}

/// Takes what is decided upon out of the count. `sought` is what was looked for; `licenses` are there where they were.
pub(crate) fn decide(
    decisions: &Decisions,
    artifact: &Artifact,
    sought: &[Kind],
    vulnerabilities: Vec<Vulnerability>,
    secrets: Vec<Finding>,
    licenses: Option<Vec<LicenseFinding>>,
) -> Outcome {
    let now = jiff::Timestamp::now();
    let purl = |package: &_| {
        purl(
            package,
            artifact.distribution.as_ref(),
            artifact.release.as_deref(),
        )
    };
    Outcome {
        vulnerabilities: decisions.on_vulnerabilities(&product(artifact), vulnerabilities, purl, now),
        secrets: decisions.on_secrets(secrets, now),
        licenses: licenses.map(|found| decisions.on_licenses(found, purl, now)),
        remarks: decisions.remarks(sought, now),
    }
}

/// The image, as VEX documents may name it.
fn product(artifact: &Artifact) -> Product {
    let digests = [artifact.manifest_digest, artifact.image_id];
    let references = artifact.references.iter();
    let subject = artifact.subject.as_ref();
    let of_sbom = subject.and_then(|subject| subject.purl.as_ref()?.parse().ok());
    Product {
        purls: image_purls(artifact).into_iter().chain(of_sbom).collect(),
        digests: digests
            .into_iter()
            .flatten()
            .map(|digest| digest.to_string())
            .collect(),
        names: std::iter::once(artifact.name.clone())
            .chain(references.flat_map(|reference| [reference.to_string(), reference.full()]))
            .chain(artifact.subject.iter().map(|subject| subject.name.clone()))
            .chain([openvex::product_iri(artifact)])
            .collect(),
    }
}
