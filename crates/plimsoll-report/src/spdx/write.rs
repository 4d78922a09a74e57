use std::collections::{BTreeMap, HashMap};

use plimsoll_core::{Ecosystem, Package as Found};
use plimsoll_license::{Expression, License};

use super::model::{
    Annotation, Checksum, CreationInfo, Document, ExternalRef, ExtractedLicense, Package, Relationship,
};
use crate::identity::{purl_in, short, uid, uuid};
use crate::sbom::{
    artifact_facts, cpe_of_distribution, cpe_of_package, declared, distribution_facts, package_facts,
};
use crate::{Artifact, ArtifactKind, Error, Result, ScanReport};

pub(super) const NO_ASSERTION: &str = "NOASSERTION";
const DOCUMENT: &str = "SPDXRef-DOCUMENT";

/// The identifier and the purpose of what the document is about.
fn subject(artifact: &Artifact) -> (&'static str, &'static str) {
    match artifact.kind {
        ArtifactKind::Directory => ("SPDXRef-Directory", "FILE"),
        ArtifactKind::ContainerImage | ArtifactKind::Cyclonedx | ArtifactKind::Spdx => {
            ("SPDXRef-Image", "CONTAINER")
        }
    }
}

/// The report as an SPDX 2.3 document in JSON, indented, with a final line feed: the image, its operating system and its
/// packages. Vulnerabilities are named by references of the packages that they affect.
///
/// What SPDX has no place for (layers, instructions, where something was found) stands in one annotation of each package,
/// a JSON list of names and values.
///
/// # Errors
/// [`Error::Write`] when it has no JSON form.
pub fn render(report: &ScanReport) -> Result<String> {
    let mut text = serde_json::to_string_pretty(&document(report)).map_err(Error::Write)?;
    text.push('\n');
    Ok(text)
}

pub(super) fn document(report: &ScanReport) -> Document {
    let artifact = &report.artifact;
    let mut writer = Writer {
        report,
        extracted: BTreeMap::new(),
        taken: HashMap::new(),
    };
    let described = writer.described();
    let (subject, _) = subject(artifact);
    let system = writer.operating_system();
    let mut relationships = vec![relationship(DOCUMENT, "DESCRIBES", subject)];
    if let Some(system) = &system {
        relationships.push(relationship(subject, "CONTAINS", &system.id));
    }
    let mut packages: Vec<Package> = Vec::new();
    let holder = system.as_ref().map(|system| system.id.clone());
    packages.push(described);
    packages.extend(system);
    let first = packages.len();
    for found in &report.packages {
        let package = writer.package(found, artifact);
        let by = match &holder {
            Some(system) if found.ecosystem.is_distribution() => system,
            _ => subject,
        };
        relationships.push(relationship(by, "CONTAINS", &package.id));
        packages.push(package);
    }
    let id = |index: usize| packages.get(first + index).map(|package| package.id.as_str());
    for index in 0..report.packages.len() {
        let needed = report.dependencies.of(index).iter();
        let pairs = needed.filter_map(|needed| Some((id(index)?, id(*needed)?)));
        relationships.extend(pairs.map(|(from, to)| relationship(from, "DEPENDS_ON", to)));
    }
    Document {
        spdx_version: "SPDX-2.3".to_owned(),
        data_license: "CC0-1.0".to_owned(),
        id: DOCUMENT.to_owned(),
        name: artifact.name.clone(),
        document_namespace: format!(
            "https://spdx.org/spdxdocs/{}-{}",
            uri_part(&artifact.name),
            uuid(report, "spdx")
        ),
        creation_info: CreationInfo {
            created: report.created_at.clone(),
            creators: vec![writer.creator()],
        },
        packages,
        has_extracted_licensing_infos: writer.extracted.into_values().collect(),
        relationships,
    }
}

fn relationship(from: &str, kind: &str, to: &str) -> Relationship {
    Relationship {
        spdx_element_id: from.to_owned(),
        relationship_type: kind.to_owned(),
        related_spdx_element: to.to_owned(),
    }
}

/// `text` with nothing in it that a URI or an SPDX identifier may not hold.
fn uri_part(text: &str) -> String {
    let keep = |c: char| {
        if c.is_ascii_alphanumeric() || c == '.' {
            c
        } else {
            '-'
        }
    };
    text.chars().map(keep).collect()
}

struct Writer<'a> {
    report: &'a ScanReport,
    /// The licences that are not of the SPDX list, by their `LicenseRef-`.
    extracted: BTreeMap<String, ExtractedLicense>,
    /// How often each identifier was given.
    taken: HashMap<String, usize>,
}

impl Writer<'_> {
    fn creator(&self) -> String {
        format!("Tool: {}-{}", self.report.tool.name, self.report.tool.version)
    }

    fn described(&mut self) -> Package {
        let artifact = &self.report.artifact;
        let (id, purpose) = subject(artifact);
        let checksum = artifact.manifest_digest.map(|digest| Checksum {
            algorithm: "SHA256",
            checksum_value: digest.hex(),
        });
        Package {
            name: artifact.name.clone(),
            id: id.to_owned(),
            version_info: artifact
                .manifest_digest
                .or(artifact.image_id)
                .map(|digest| digest.to_string()),
            checksums: checksum.into_iter().collect(),
            primary_package_purpose: Some(purpose.to_owned()),
            annotations: self.annotations(&artifact_facts(self.report)),
            ..blank()
        }
    }

    fn operating_system(&mut self) -> Option<Package> {
        let artifact = &self.report.artifact;
        let distribution = artifact.distribution.as_ref()?;
        let release = artifact.release.as_deref();
        let version = release.unwrap_or(&distribution.version_id);
        Some(Package {
            name: distribution.id.clone(),
            id: "SPDXRef-OperatingSystem".to_owned(),
            version_info: Some(version.to_owned()).filter(|version| !version.is_empty()),
            description: distribution.pretty_name.clone(),
            external_refs: cpe_of_distribution(distribution, release)
                .into_iter()
                .map(cpe_ref)
                .collect(),
            primary_package_purpose: Some("OPERATING-SYSTEM".to_owned()),
            annotations: self.annotations(&distribution_facts(
                distribution,
                release,
                artifact.end_of_life.as_ref(),
            )),
            ..blank()
        })
    }

    fn package(&mut self, found: &Found, artifact: &Artifact) -> Package {
        let mut facts = package_facts(found);
        let mut fact = |name: &str, value: &String| facts.push((format!("plimsoll:{name}"), value.clone()));
        if !found.evidence.is_empty() {
            fact("evidence", &found.evidence);
        }
        found.files.iter().for_each(|file| fact("file", file));
        let (license, exact) = self.license(found);
        if !exact {
            found.licenses.iter().for_each(|stated| fact("license", stated));
        }
        let purl = ExternalRef {
            reference_category: "PACKAGE-MANAGER".to_owned(),
            reference_type: "purl".to_owned(),
            reference_locator: purl_in(found, artifact),
        };
        let mut external_refs = vec![purl];
        external_refs.extend(cpe_of_package(found).map(cpe_ref));
        external_refs.extend(self.advisories(found));
        Package {
            name: found.name.clone(),
            id: self.id(found),
            version_info: Some(found.version.clone()),
            supplier: found.supplier.as_deref().map(supplier),
            source_info: source_info(found),
            license_declared: Some(license),
            external_refs,
            primary_package_purpose: Some(
                match found.ecosystem {
                    Ecosystem::Generic => "APPLICATION",
                    _ => "LIBRARY",
                }
                .to_owned(),
            ),
            annotations: self.annotations(&facts),
            ..blank()
        }
    }

    fn id(&mut self, found: &Found) -> String {
        let id = format!("SPDXRef-Package-{}-{}", found.ecosystem.purl_type(), uid(found));
        let number = self.taken.entry(id.clone()).or_default();
        *number += 1;
        match *number {
            1 => id,
            number => format!("{id}-{number}"),
        }
    }

    /// The vulnerabilities of a package, a reference each.
    fn advisories(&self, found: &Found) -> Vec<ExternalRef> {
        let of_package = self
            .report
            .vulnerabilities
            .iter()
            .filter(|one| one.package == *found);
        let mut ids: Vec<&str> = of_package.map(|one| one.id.as_str()).collect();
        ids.dedup();
        let reference = |id: &&str| ExternalRef {
            reference_category: "SECURITY".to_owned(),
            reference_type: "advisory".to_owned(),
            reference_locator: crate::text::primary_url(id),
        };
        ids.iter().map(reference).collect()
    }

    /// The declared licence, and whether the stated texts can be told from it.
    fn license(&mut self, found: &Found) -> (String, bool) {
        let declared = declared(found);
        let expressions = declared.licenses.iter().map(|license| match license {
            License::Expression(expression) => expression.to_string(),
            License::Name(name) => self.extract(name),
        });
        let mut parts: Vec<String> = Vec::new();
        for part in expressions.collect::<Vec<_>>() {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        for license in &declared.licenses {
            if let License::Expression(expression) = license {
                self.extract_references(expression);
            }
        }
        let text = match parts.len() {
            0 => NO_ASSERTION.to_owned(),
            1 => parts.remove(0),
            _ => {
                let nested = |part: String| {
                    if part.contains(" OR ") {
                        format!("({part})")
                    } else {
                        part
                    }
                };
                parts.into_iter().map(nested).collect::<Vec<_>>().join(" AND ")
            }
        };
        (
            text,
            declared.licenses.is_empty() || declared.licenses.len() == 1 && !declared.differs,
        )
    }

    /// The `LicenseRef-` for a licence that is not of the list.
    fn extract(&mut self, name: &str) -> String {
        let id = format!("LicenseRef-{}", short(&[name]));
        self.extracted
            .entry(id.clone())
            .or_insert_with(|| ExtractedLicense {
                license_id: id.clone(),
                extracted_text: name.to_owned(),
                name: Some(name.to_owned()),
            });
        id
    }

    fn extract_references(&mut self, expression: &Expression) {
        for term in expression.terms() {
            if let Some(name) = term.license.strip_prefix("LicenseRef-") {
                self.extracted
                    .entry(term.license.clone())
                    .or_insert_with(|| ExtractedLicense {
                        license_id: term.license.clone(),
                        extracted_text: name.to_owned(),
                        name: None,
                    });
            }
        }
    }

    fn annotations(&self, facts: &[(String, String)]) -> Vec<Annotation> {
        if facts.is_empty() {
            return Vec::new();
        }
        vec![Annotation {
            annotator: self.creator(),
            annotation_date: self.report.created_at.clone(),
            annotation_type: "OTHER".to_owned(),
            comment: serde_json::json!(facts).to_string(),
        }]
    }
}

fn blank() -> Package {
    Package {
        download_location: "NONE",
        files_analyzed: false,
        license_concluded: Some(NO_ASSERTION.to_owned()),
        license_declared: Some(NO_ASSERTION.to_owned()),
        copyright_text: Some(NO_ASSERTION),
        ..Package::default()
    }
}

fn cpe_ref(cpe: String) -> ExternalRef {
    ExternalRef {
        reference_category: "SECURITY".to_owned(),
        reference_type: "cpe23Type".to_owned(),
        reference_locator: cpe,
    }
}

/// `Organization: NAME (ADDRESS)`; databases write the address in angle brackets.
fn supplier(stated: &str) -> String {
    let address = stated.strip_suffix('>').and_then(|rest| rest.rsplit_once(" <"));
    match address.filter(|(_, address)| address.contains('@')) {
        Some((name, address)) => format!("Organization: {name} ({address})"),
        None => format!("Organization: {stated}"),
    }
}

/// Where the package comes from, for people.
fn source_info(found: &Found) -> Option<String> {
    let built = found.source.as_ref();
    let built = built.map(|source| format!("built package from: {} {}", source.name, source.version));
    let proof = Some(&found.evidence).filter(|path| !path.is_empty());
    let proof = proof.map(|path| format!("found in: {path}"));
    let layer = found
        .layer
        .as_ref()
        .map(|layer| format!("layer: {}", layer.diff_id));
    let all: Vec<String> = [built, proof, layer].into_iter().flatten().collect();
    (!all.is_empty()).then(|| all.join("; "))
}
