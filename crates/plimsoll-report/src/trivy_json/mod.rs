//! A scan in the shape of Trivy's JSON report (schema version 2), so that scripts written for Trivy keep working.
//!
//! What Trivy has no place for stands under `Plimsoll`, before everything else that could be read as a result: the
//! coverage, the advisory database, the warnings. `Results` is always a list.

#[cfg(test)]
mod fields_tests;
mod licenses;
mod model;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::Write;

use licenses::licenses;
use model::{
    Code, CodeLine, DataSource, Detected, Entry, Extra, Identifier, Layer, Lines, Listed, Metadata, Os,
    Report, Scores, Secret, Why,
};
use plimsoll_core::{Cvss, Digest, Ecosystem, Package, PackageLayer, Place, Vulnerability};

use crate::identity::Names;
use crate::indented;
use crate::targets::{Target, targets};
use crate::text::{primary_url, status};
use crate::trivy::{Version, family, file_path, package_id};
use crate::{Artifact, ArtifactKind, Result, ScanReport};

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

/// Writes the report as indented JSON with a final line feed, with what Trivy puts into it by default.
///
/// # Errors
/// [`crate::Error::Output`] when `out` does not take it.
pub fn write(report: &ScanReport, out: &mut dyn Write) -> Result<()> {
    write_with(report, Options::default(), out)
}

/// What [`write()`] writes, as a text.
///
/// # Errors
/// Those of [`write()`].
pub fn render(report: &ScanReport) -> Result<String> {
    indented::text(|out| write(report, out))
}

/// As [`write()`], with a choice of what goes into it.
///
/// # Errors
/// [`crate::Error::Output`] when `out` does not take it.
pub fn write_with(report: &ScanReport, options: Options, out: &mut dyn Write) -> Result<()> {
    let names = Names::new(report);
    let ids: Vec<String> = report.packages.iter().map(package_id).collect();
    let context = Context {
        report,
        options,
        names: &names,
        ids: &ids,
        artifact_id: artifact_id(&report.artifact),
    };
    indented::write(&context.document(), out)
}

impl<'a> Context<'a> {
    fn document(&self) -> Report<'a> {
        let report = self.report;
        let context = self;
        let artifact = &report.artifact;
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
                secret_scope: report.secret_scope.as_deref(),
                left_out: report.left_out.as_ref(),
                warnings: &report.warnings,
            },
            report_id: self.names.uuid_of(report, "trivy"),
            created_at: &report.created_at,
            artifact_id: self.artifact_id.clone(),
            artifact_name: &artifact.name,
            artifact_type: match artifact.kind {
                ArtifactKind::ContainerImage => "container_image",
                ArtifactKind::Cyclonedx => "cyclonedx",
                ArtifactKind::Spdx => "spdx",
                ArtifactKind::Directory => "filesystem",
            },
            metadata: Metadata {
                size: match artifact.layer_sizes.is_empty() {
                    true => artifact.size_bytes,
                    false => Some(artifact.layer_sizes.iter().copied().fold(0, u64::saturating_add)),
                },
                os: artifact.distribution.as_ref().map(|known| Os {
                    family: family(&known.id),
                    name: artifact.release.as_deref().unwrap_or(&known.version_id),
                    eosl: report.past_end_of_life().is_some(),
                }),
                image_id: artifact.image_id.map(|id| id.to_string()),
                diff_ids: artifact.diff_ids.iter().map(ToString::to_string).collect(),
                repo_tags: artifact.references.iter().map(ToString::to_string).collect(),
                repo_digests,
                reference: artifact.references.first().map(ToString::to_string),
                layers: artifact
                    .diff_ids
                    .iter()
                    .enumerate()
                    .map(|(index, diff_id)| Layer {
                        size: artifact.layer_sizes.get(index).copied(),
                        diff_id: Some(diff_id.to_string()),
                        ..Layer::default()
                    })
                    .collect(),
                image_config: artifact.image_config.clone().or_else(|| image_config(report)),
            },
            results: packages
                .chain(secrets(report))
                .chain(licenses(&report.licenses))
                .collect(),
        }
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

/// What Trivy calls an image: its ID alone, or a digest of that and of the repository that it was asked for by.
fn artifact_id(artifact: &Artifact) -> Option<String> {
    let id = artifact.image_id?.to_string();
    let Some(reference) = artifact.references.first() else {
        return Some(id);
    };
    let registry = match reference.registry() {
        "docker.io" => "index.docker.io",
        other => other,
    };
    let named = format!("{id}:{registry}/{}", reference.path());
    Some(Digest::of(named.as_bytes()).to_string())
}

struct Context<'a> {
    report: &'a ScanReport,
    options: Options,
    names: &'a Names<'a>,
    /// The IDs of the packages, in their order.
    ids: &'a [String],
    /// See [`artifact_id`].
    artifact_id: Option<String>,
}

impl<'a> Context<'a> {
    fn target(&self, target: Target<'a>) -> Entry<'a> {
        let listed = self.options.packages;
        let packages = target.packages.into_iter().zip(target.places).filter(|_| listed);
        let mut vulnerabilities = target.vulnerabilities;
        vulnerabilities.sort_by_key(|one| (&one.package.name, &one.package.evidence, &one.id));
        let vulnerabilities = vulnerabilities.into_iter();
        Entry {
            class: target.class,
            r#type: target.kind,
            packages: packages
                .map(|(package, place)| self.listed(package, place))
                .collect(),
            vulnerabilities: vulnerabilities
                .map(|one| self.detected(one, &target.title))
                .collect(),
            target: target.title,
            ..Entry::default()
        }
    }

    /// The ID of `package`, and what else it is called.
    fn named(&self, package: &Package) -> (Cow<'a, str>, Identifier<'a>) {
        let place = self.names.place(package);
        let known = place.and_then(|place| Some((self.ids.get(place)?, self.names.all().get(place)?)));
        if let Some((id, name)) = known {
            let identifier = Identifier {
                purl: name.purl.as_str().into(),
                uid: name.uid.as_str().into(),
            };
            return (id.into(), identifier);
        }
        let name = self.names.of(package).into_owned();
        let identifier = Identifier {
            purl: name.purl.into(),
            uid: name.uid.into(),
        };
        (package_id(package).into(), identifier)
    }

    fn listed(&self, package: &'a Package, place: usize) -> Listed<'a> {
        let own = Version::of(package.ecosystem, &package.version);
        let source = package.source.as_ref();
        let of_source = source.map(|source| Version::of(package.ecosystem, &source.version));
        let (id, identifier) = self.named(package);
        Listed {
            id,
            name: &package.name,
            identifier,
            version: own.version,
            release: own.release,
            epoch: own.epoch,
            arch: package.architecture.as_deref(),
            src_name: source.map(|source| source.name.as_str()),
            src_version: of_source.map(|parts| parts.version),
            src_release: of_source
                .map(|parts| parts.release)
                .filter(|release| !release.is_empty()),
            src_epoch: of_source.and_then(|parts| parts.epoch),
            licenses: &package.licenses,
            maintainer: package.supplier.as_deref(),
            depends_on: self.needed(place),
            layer: Layer::of(package.layer.as_ref()),
            file_path: file_path(package),
            installed_files: installed_files(package),
        }
    }

    /// The same for the same vulnerability of the same package in the same image, and the one that Trivy writes.
    fn fingerprint(&self, target: &str, found: &Vulnerability, package_id: &str) -> String {
        let package_id = match has_id(found.package.ecosystem) {
            true => package_id,
            false => "",
        };
        let artifact = self.artifact_id.as_deref().unwrap_or_default();
        let whole = [artifact, target, package_id, &found.id].join(":");
        Digest::of(whole.as_bytes()).to_string()
    }

    /// The IDs of the packages that the one at `place` needs.
    fn needed(&self, place: usize) -> Vec<&'a str> {
        let needed = self.report.dependencies.of(place).iter();
        let mut ids: Vec<&str> = needed
            .filter_map(|one| self.ids.get(*one).map(String::as_str))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    fn detected(&self, vulnerability: &'a Vulnerability, target: &str) -> Detected<'a> {
        let package = &vulnerability.package;
        let (pkg_id, pkg_identifier) = self.named(package);
        Detected {
            vulnerability_id: &vulnerability.id,
            vendor_ids: &vulnerability.aliases,
            fingerprint: self.fingerprint(target, vulnerability, &pkg_id),
            pkg_id,
            pkg_name: &package.name,
            pkg_path: file_path(package),
            pkg_identifier,
            installed_version: &package.version,
            fixed_version: vulnerability.fix.fixed_version(),
            status: status(&vulnerability.fix),
            layer: Layer::of(package.layer.as_ref()),
            severity_source: vulnerability.severity_source.as_deref().map(source_id),
            primary_url: primary_url(&vulnerability.id),
            data_source: DataSource {
                id: source_id(&vulnerability.feed.id),
                name: &vulnerability.feed.name,
                url: &vulnerability.feed.url,
            },
            title: &vulnerability.title,
            description: &vulnerability.description,
            severity: vulnerability.severity.as_str(),
            cwe_ids: &vulnerability.cwes,
            vendor_severity: vendor_severity(vulnerability),
            cvss: scores(&vulnerability.cvss),
            references: &vulnerability.references,
            published_date: vulnerability.published.as_deref(),
            last_modified_date: vulnerability.modified.as_deref(),
            plimsoll: Why {
                reason: &vulnerability.reason,
                origin: package.origin,
                created_by: package.layer.as_ref().map_or("", |layer| &layer.created_by),
                known_exploited: vulnerability.known_exploited,
                exploit_prediction: vulnerability.exploit_prediction,
            },
        }
    }
}

/// The files of a distribution's package as Trivy writes them: Alpine's without a slash before them.
fn installed_files(package: &Package) -> Vec<Cow<'_, str>> {
    if !package.ecosystem.is_distribution() {
        return Vec::new();
    }
    let written = |file: &'_ String| match package.ecosystem {
        Ecosystem::Apk => Cow::Owned(file.clone()),
        _ => Cow::Owned(format!("/{file}")),
    };
    package.files.iter().map(written).collect()
}

/// Whether Trivy gives packages of this kind an ID.
fn has_id(ecosystem: Ecosystem) -> bool {
    !matches!(
        ecosystem,
        Ecosystem::PyPi | Ecosystem::Gem | Ecosystem::Maven | Ecosystem::Conda
    )
}

/// What Trivy calls a source; one that it does not have keeps its name. Of `osv-pypi: GHSA-…` the feed counts.
fn source_id(source: &str) -> &str {
    let feed = source.split(':').next().unwrap_or(source);
    match feed {
        "debian-tracker" | "osv-debian" => "debian",
        "alpine-secdb" | "osv-alpine" => "alpine",
        "wolfi-secdb" | "osv-wolfi" => "wolfi",
        "chainguard-secdb" | "osv-chainguard" => "chainguard",
        "osv-ubuntu" => "ubuntu",
        "osv-almalinux" => "alma",
        "osv-rocky-linux" => "rocky",
        "osv-red-hat" => "redhat",
        "osv-suse" | "osv-opensuse" => "suse-cvrf",
        "osv-azure-linux" => "azure",
        other if other.starts_with("osv-") => "osv",
        other => other,
    }
}

/// Trivy counts severities from 0, unknown, to 4, critical.
fn vendor_severity(vulnerability: &Vulnerability) -> BTreeMap<&str, u8> {
    let source = vulnerability.severity_source.as_deref();
    source
        .into_iter()
        .map(|source| (source_id(source), vulnerability.severity as u8))
        .collect()
}

fn scores(all: &[Cvss]) -> BTreeMap<&str, Scores<'_>> {
    let mut scores: BTreeMap<&str, Scores<'_>> = BTreeMap::new();
    for cvss in all {
        let of_source = scores.entry(source_id(&cvss.source)).or_default();
        let (vector, score) = match cvss.vector.split('/').next() {
            Some("CVSS:4.0") => (&mut of_source.v40_vector, &mut of_source.v40_score),
            Some(version) if version.starts_with("CVSS:3") => {
                (&mut of_source.v3_vector, &mut of_source.v3_score)
            }
            _ => (&mut of_source.v2_vector, &mut of_source.v2_score),
        };
        *vector = Some(&cvss.vector);
        *score = Some(cvss.score);
    }
    scores
}

impl<'a> Lines<'a> {
    /// Of the file, no more than what was found is known, and that redacted.
    fn of(line: usize, content: &'a str) -> Self {
        Self {
            start_line: line,
            end_line: line,
            code: Code {
                lines: [CodeLine {
                    number: line,
                    content,
                    is_cause: true,
                    annotation: "",
                    truncated: false,
                    first_cause: true,
                    last_cause: true,
                }],
            },
        }
    }
}

impl Layer<'_> {
    fn is_unknown(&self) -> bool {
        self.diff_id.is_none()
    }

    fn of(layer: Option<&PackageLayer>) -> Self {
        Self {
            diff_id: layer.map(|layer| layer.diff_id.to_string()),
            ..Self::default()
        }
    }
}

/// The history entry that made each layer, by the layers' DiffIDs.
fn instructions(artifact: &Artifact) -> HashMap<Digest, &str> {
    let history = artifact
        .image_config
        .as_ref()
        .and_then(|config| config.get("history")?.as_array());
    let made = history.into_iter().flatten().filter(|entry| {
        let empty = entry.get("empty_layer").and_then(serde_json::Value::as_bool);
        !empty.unwrap_or(false)
    });
    let layers = artifact.diff_ids.iter().zip(made);
    layers
        .filter_map(|(diff_id, entry)| Some((*diff_id, entry.get("created_by")?.as_str()?)))
        .collect()
}

fn secrets(report: &ScanReport) -> Vec<Entry<'_>> {
    let instructions = instructions(&report.artifact);
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for finding in &report.secrets {
        let (target, layer) = match &finding.place {
            // Trivy writes files of images with a leading slash.
            Place::Layer { diff_id, path, .. } => {
                let layer = Layer {
                    diff_id: Some(diff_id.to_string()),
                    created_by: instructions.get(diff_id).copied(),
                    ..Layer::default()
                };
                (format!("/{path}"), layer)
            }
            Place::Config { field } => (format!("config.json: {field}"), Layer::default()),
            Place::Dockerfile { path, .. } | Place::File { path, .. } => (path.clone(), Layer::default()),
            Place::Container { name } => (name.clone(), Layer::default()),
        };
        let secret = Secret {
            rule_id: &finding.check,
            category: "Secret",
            severity: finding.severity.as_str(),
            title: &finding.message,
            lines: match finding.place {
                Place::Layer { line, .. } | Place::File { line, .. } => {
                    line.map(|line| Lines::of(line, &finding.evidence))
                }
                _ => None,
            },
            r#match: &finding.evidence,
            layer,
        };
        match entries.iter_mut().find(|entry| entry.target == target) {
            Some(entry) => entry.secrets.push(secret),
            None => entries.push(Entry {
                target,
                class: "secret",
                secrets: vec![secret],
                ..Entry::default()
            }),
        }
    }
    entries
}
