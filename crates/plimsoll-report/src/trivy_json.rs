//! A scan in the shape of Trivy's JSON report (schema version 2), so that scripts written for Trivy keep working.
//!
//! What Trivy has no place for stands under `Plimsoll`, before everything else that could be read as a result: the
//! coverage, the advisory database, the warnings. `Results` is always a list.

use plimsoll_core::{Ecosystem, Finding, Package, PackageLayer, Place, SourcePackage, Vulnerability};
use serde::Serialize;

use crate::targets::{Target, family, targets};
use crate::text::{primary_url, status};
use crate::{ArtifactKind, Coverage, DatabaseSummary, Error, Result, ScanReport, purl};

/// What goes into the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether every package is listed, not only those with vulnerabilities: Trivy's `--list-all-pkgs`.
    pub packages: bool,
}

impl Default for Options {
    /// As Trivy: every package is listed.
    fn default() -> Self {
        Self { packages: true }
    }
}

/// The report as indented JSON with a final line feed, with what Trivy puts into it by default.
///
/// # Errors
/// [`Error::Write`] when it has no JSON form.
pub fn render(report: &ScanReport) -> Result<String> {
    render_with(report, Options::default())
}

/// As [`render`], with a choice of what goes into it.
///
/// # Errors
/// [`Error::Write`] when it has no JSON form.
pub fn render_with(report: &ScanReport, options: Options) -> Result<String> {
    let mut text = serde_json::to_string_pretty(&document(report, options)).map_err(Error::Write)?;
    text.push('\n');
    Ok(text)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Report<'a> {
    schema_version: u32,
    plimsoll: Extra<'a>,
    created_at: &'a str,
    artifact_name: &'a str,
    artifact_type: &'static str,
    metadata: Metadata<'a>,
    results: Vec<Entry<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Extra<'a> {
    version: &'a str,
    coverage: &'a [Coverage],
    database: Option<&'a DatabaseSummary>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(rename = "OS", skip_serializing_if = "Option::is_none")]
    os: Option<Os<'a>>,
    #[serde(rename = "ImageID", skip_serializing_if = "Option::is_none")]
    image_id: Option<String>,
    #[serde(rename = "DiffIDs", skip_serializing_if = "Vec::is_empty")]
    diff_ids: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repo_tags: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repo_digests: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_config: Option<serde_json::Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Os<'a> {
    family: &'a str,
    name: &'a str,
    /// Whether its publisher's security updates are over.
    #[serde(rename = "EOSL", skip_serializing_if = "std::ops::Not::not")]
    eosl: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'a> {
    target: String,
    class: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    r#type: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    packages: Vec<Listed<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vulnerabilities: Vec<Detected<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<Secret<'a>>,
}

#[derive(Serialize)]
struct Identifier {
    #[serde(rename = "PURL")]
    purl: String,
}

#[derive(Serialize)]
struct Layer {
    #[serde(rename = "DiffID", skip_serializing_if = "Option::is_none")]
    diff_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed<'a> {
    #[serde(rename = "ID", skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    name: &'a str,
    identifier: Identifier,
    #[serde(flatten)]
    version: Version<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arch: Option<&'a str>,
    #[serde(flatten)]
    source: Option<Source<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    licenses: &'a [String],
    layer: Layer,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_path: Option<&'a str>,
}

/// A version in the parts that Trivy shows apart.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Version<'a> {
    version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    release: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<u64>,
}

#[derive(Serialize)]
struct Source<'a> {
    #[serde(rename = "SrcName")]
    name: &'a str,
    #[serde(rename = "SrcVersion")]
    version: &'a str,
    #[serde(rename = "SrcRelease", skip_serializing_if = "str::is_empty")]
    release: &'a str,
    #[serde(rename = "SrcEpoch", skip_serializing_if = "Option::is_none")]
    epoch: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Detected<'a> {
    #[serde(rename = "VulnerabilityID")]
    vulnerability_id: &'a str,
    #[serde(rename = "VendorIDs", skip_serializing_if = "<[_]>::is_empty")]
    vendor_ids: &'a [String],
    #[serde(rename = "PkgID", skip_serializing_if = "Option::is_none")]
    pkg_id: Option<String>,
    pkg_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pkg_path: Option<&'a str>,
    pkg_identifier: Identifier,
    installed_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed_version: Option<&'a str>,
    status: &'static str,
    layer: Layer,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity_source: Option<&'a str>,
    #[serde(rename = "PrimaryURL")]
    primary_url: String,
    data_source: DataSource<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    title: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    severity: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    references: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    published_date: Option<&'a str>,
}

#[derive(Serialize)]
struct DataSource<'a> {
    #[serde(rename = "ID")]
    id: &'a str,
    #[serde(rename = "Name")]
    name: &'a str,
    #[serde(rename = "URL")]
    url: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Secret<'a> {
    #[serde(rename = "RuleID")]
    rule_id: &'a str,
    category: &'a str,
    severity: &'static str,
    title: &'a str,
    r#match: &'a str,
    layer: Layer,
}

fn document(report: &ScanReport, options: Options) -> Report<'_> {
    let artifact = &report.artifact;
    let context = Context { report, options };
    let packages = targets(report).into_iter().map(|target| context.target(target));
    let repo_digest = |repository: String| {
        artifact
            .manifest_digest
            .map(|digest| format!("{repository}@{digest}"))
    };
    let mut repo_digests: Vec<String> = artifact
        .references
        .iter()
        .filter_map(|reference| repo_digest(reference.repository()))
        .collect();
    repo_digests.dedup();
    Report {
        schema_version: 2,
        plimsoll: Extra {
            version: &report.tool.version,
            coverage: &report.coverage,
            database: report.database.as_ref(),
            warnings: &report.warnings,
        },
        created_at: &report.created_at,
        artifact_name: &artifact.name,
        artifact_type: match artifact.kind {
            ArtifactKind::ContainerImage => "container_image",
            ArtifactKind::Cyclonedx => "cyclonedx",
            ArtifactKind::Spdx => "spdx",
        },
        metadata: Metadata {
            size: artifact.size_bytes,
            os: artifact.distribution.as_ref().map(|known| Os {
                family: family(&known.id),
                name: artifact.release.as_deref().unwrap_or(&known.version_id),
                eosl: report.past_end_of_life().is_some(),
            }),
            image_id: artifact.image_id.map(|id| id.to_string()),
            diff_ids: artifact.diff_ids.iter().map(ToString::to_string).collect(),
            repo_tags: artifact.references.iter().map(ToString::to_string).collect(),
            repo_digests,
            image_config: artifact.image_config.clone().or_else(|| image_config(report)),
        },
        results: packages.chain(secrets(&report.secrets)).collect(),
    }
}

/// What is known of the image's config, where it is not at hand as a whole.
fn image_config(report: &ScanReport) -> Option<serde_json::Value> {
    let platform = report.artifact.platform.as_ref()?;
    let mut config = serde_json::json!({ "architecture": platform.architecture, "os": platform.os });
    if let Some(created) = &report.artifact.created {
        config["created"] = created.as_str().into();
    }
    Some(config)
}

struct Context<'a> {
    report: &'a ScanReport,
    options: Options,
}

impl<'a> Context<'a> {
    fn target(&self, target: Target<'a>) -> Entry<'a> {
        let packages = if self.options.packages {
            target.packages
        } else {
            Vec::new()
        };
        let mut vulnerabilities = target.vulnerabilities;
        vulnerabilities.sort_by_key(|one| (&one.package.name, &one.package.evidence, &one.id));
        Entry {
            target: target.title,
            class: target.class,
            r#type: target.kind,
            packages: packages.into_iter().map(|package| self.listed(package)).collect(),
            vulnerabilities: vulnerabilities
                .into_iter()
                .map(|one| self.detected(one))
                .collect(),
            secrets: Vec::new(),
        }
    }

    fn identifier(&self, package: &Package) -> Identifier {
        let artifact = &self.report.artifact;
        Identifier {
            purl: purl(
                package,
                artifact.distribution.as_ref(),
                artifact.release.as_deref(),
            ),
        }
    }

    fn listed(&self, package: &'a Package) -> Listed<'a> {
        Listed {
            id: package_id(package),
            name: &package.name,
            identifier: self.identifier(package),
            version: Version::of(package.ecosystem, &package.version),
            arch: package.architecture.as_deref(),
            source: package
                .source
                .as_ref()
                .map(|source| Source::of(package.ecosystem, source)),
            licenses: &package.licenses,
            layer: Layer::of(package.layer.as_ref()),
            file_path: file_path(package),
        }
    }

    fn detected(&self, vulnerability: &'a Vulnerability) -> Detected<'a> {
        let package = &vulnerability.package;
        Detected {
            vulnerability_id: &vulnerability.id,
            vendor_ids: &vulnerability.aliases,
            pkg_id: package_id(package),
            pkg_name: &package.name,
            pkg_path: file_path(package),
            pkg_identifier: self.identifier(package),
            installed_version: &package.version,
            fixed_version: vulnerability.fix.fixed_version(),
            status: status(&vulnerability.fix),
            layer: Layer::of(package.layer.as_ref()),
            severity_source: vulnerability.severity_source.as_deref(),
            primary_url: primary_url(&vulnerability.id),
            data_source: DataSource {
                id: &vulnerability.feed.id,
                name: &vulnerability.feed.name,
                url: &vulnerability.feed.url,
            },
            title: &vulnerability.title,
            description: &vulnerability.description,
            severity: vulnerability.severity.as_str(),
            references: &vulnerability.references,
            published_date: vulnerability.published.as_deref(),
        }
    }
}

impl Layer {
    fn of(layer: Option<&PackageLayer>) -> Self {
        Self {
            diff_id: layer.map(|layer| layer.diff_id.to_string()),
        }
    }
}

impl<'a> Version<'a> {
    /// Only the versions of Debian and RPM are taken apart: `[epoch:]upstream[-revision]`.
    fn of(ecosystem: Ecosystem, text: &'a str) -> Self {
        if !matches!(ecosystem, Ecosystem::Deb | Ecosystem::Rpm) {
            return Self {
                version: text,
                release: "",
                epoch: None,
            };
        }
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) => (epoch.parse().ok().filter(|epoch| *epoch > 0), rest),
            None => (None, text),
        };
        let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Self {
            version,
            release,
            epoch,
        }
    }
}

impl<'a> Source<'a> {
    fn of(ecosystem: Ecosystem, source: &'a SourcePackage) -> Self {
        let Version {
            version,
            release,
            epoch,
        } = Version::of(ecosystem, &source.version);
        Self {
            name: &source.name,
            version,
            release,
            epoch,
        }
    }
}

/// Packages of a distribution are known by name and version, others by the file that proves them.
fn package_id(package: &Package) -> Option<String> {
    package
        .ecosystem
        .is_distribution()
        .then(|| format!("{}@{}", package.name, package.version))
}

fn file_path(package: &Package) -> Option<&str> {
    (!package.ecosystem.is_distribution()).then_some(package.evidence.as_str())
}

fn secrets(findings: &[Finding]) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for finding in findings {
        let (target, diff_id) = match &finding.place {
            Place::Layer { diff_id, path } => (path.clone(), Some(diff_id.to_string())),
            Place::Config { field } => (format!("config.json: {field}"), None),
            Place::Dockerfile { path, .. } => (path.clone(), None),
            Place::Container { name } => (name.clone(), None),
        };
        let secret = Secret {
            rule_id: &finding.check,
            category: "Secret",
            severity: finding.severity.as_str(),
            title: &finding.message,
            r#match: &finding.evidence,
            layer: Layer { diff_id },
        };
        match entries.iter_mut().find(|entry| entry.target == target) {
            Some(entry) => entry.secrets.push(secret),
            None => entries.push(Entry {
                target,
                class: "secret",
                r#type: String::new(),
                packages: Vec::new(),
                vulnerabilities: Vec::new(),
                secrets: vec![secret],
            }),
        }
    }
    entries
}
