use std::collections::{BTreeMap, HashMap};

use plimsoll_core::{Ecosystem, Package as Found};
use plimsoll_license::{Expression, License};

use super::model::{
    Annotation, Checksum, CreationInfo, Document, ExternalRef, ExtractedLicense, Package, Relationship,
};
use crate::identity::{purl_in, short, uid, uuid};
use crate::sbom::{
    self, Facts, PackageFacts, application_facts, artifact_facts, cpe_of_distribution, cpe_of_package,
    declared, distribution_facts,
};
use crate::targets::{language_kind, target_file};
use crate::trivy::{self, family, file_path};
use crate::{Artifact, ArtifactKind, Error, Result, ScanReport, SubjectKind};

pub(super) const NO_ASSERTION: &str = "NOASSERTION";
const DOCUMENT: &str = "SPDXRef-DOCUMENT";

/// The identifier of what the document is about.
fn subject(artifact: &Artifact) -> &'static str {
    match artifact.kind {
        ArtifactKind::ContainerImage => "SPDXRef-Image",
        ArtifactKind::Directory => "SPDXRef-Directory",
        ArtifactKind::Cyclonedx | ArtifactKind::Spdx => "SPDXRef-Subject",
    }
}

/// The report as an SPDX 2.3 document in JSON, indented, with a final line feed: the image, its operating system and its
/// packages. Vulnerabilities are named by references of the packages that they affect.
///
/// What SPDX has no place for (layers, instructions, where something was found) stands in annotations of each package: what
/// Trivy has a name for in one each, as Trivy reads them, and the rest in one, a JSON list of names and values.
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
    let subject = subject(artifact);
    let system = writer.operating_system();
    let mut relationships = vec![relationship(DOCUMENT, "DESCRIBES", subject)];
    if let Some(system) = &system {
        relationships.push(relationship(subject, "CONTAINS", &system.id));
    }
    let mut packages: Vec<Package> = Vec::new();
    let holder = system.as_ref().map(|system| system.id.clone());
    packages.push(described);
    packages.extend(system);
    let mut applications = BTreeMap::new();
    for (file, kind) in sbom::applications(&report.packages) {
        let application = writer.application(file, kind);
        relationships.push(relationship(subject, "CONTAINS", &application.id));
        applications.insert((file, kind), application.id.clone());
        packages.push(application);
    }
    let first = packages.len();
    let facts = PackageFacts::new(report);
    for found in &report.packages {
        let package = writer.package(found, artifact, &facts);
        let file = target_file(found).and_then(|file| {
            let key = (file, language_kind(found.ecosystem));
            applications.get(&key)
        });
        let by = match (&holder, file) {
            (Some(system), _) if found.ecosystem.is_distribution() => system,
            (_, Some(file)) => file,
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
        document_describes: Vec::new(),
        packages,
        files: Vec::new(),
        has_extracted_licensing_infos: writer.extracted.into_values().collect(),
        relationships,
    }
}

fn relationship(from: &str, kind: &str, to: &str) -> Relationship {
    Relationship {
        spdx_element_id: from.to_owned(),
        relationship_type: kind.to_owned(),
        related_spdx_element: to.to_owned(),
        comment: String::new(),
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

impl<'a> Writer<'a> {
    fn creator(&self) -> String {
        format!("Tool: {}-{}", self.report.tool.name, self.report.tool.version)
    }

    fn described(&mut self) -> Package {
        let artifact = &self.report.artifact;
        let checksum = artifact.manifest_digest.map(|digest| Checksum {
            algorithm: "SHA256",
            checksum_value: digest.hex(),
        });
        let (name, kind) = artifact.described();
        let stated = artifact.subject.as_ref();
        let digest = artifact.manifest_digest.or(artifact.image_id);
        let purl = stated.and_then(|subject| subject.purl.clone());
        Package {
            name: name.to_owned(),
            id: subject(artifact).to_owned(),
            version_info: stated
                .and_then(|subject| subject.version.clone())
                .or_else(|| digest.map(|digest| digest.to_string())),
            checksums: checksum.into_iter().collect(),
            external_refs: purl.into_iter().map(purl_ref).collect(),
            primary_package_purpose: purpose(kind).map(str::to_owned),
            annotations: self.annotations(&artifact_facts(self.report)),
            ..blank()
        }
    }

    /// A program or a list of what is installed, which is no package and holds some.
    fn application(&self, file: &str, kind: &'static str) -> Package {
        Package {
            name: file.to_owned(),
            id: format!("SPDXRef-Application-{}", short(&[kind, file])),
            primary_package_purpose: Some("APPLICATION".to_owned()),
            annotations: self.annotations(&application_facts(kind)),
            ..blank()
        }
    }

    fn operating_system(&mut self) -> Option<Package> {
        let artifact = &self.report.artifact;
        let distribution = artifact.distribution.as_ref()?;
        let release = artifact.release.as_deref();
        let version = release.unwrap_or(&distribution.version_id);
        Some(Package {
            name: family(&distribution.id).to_owned(),
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

    fn package(&mut self, found: &'a Found, artifact: &Artifact, facts: &PackageFacts<'a>) -> Package {
        let mut facts = facts.of(found);
        // The source package has a place of its own.
        facts.retain(|(name, _)| !name.starts_with("aquasecurity:trivy:Src"));
        if !found.evidence.is_empty() && file_path(found).is_none() {
            facts.push(("plimsoll:evidence", found.evidence.as_str().into()));
        }
        let files = found.files.iter();
        facts.extend(files.map(|file| ("plimsoll:file", file.into())));
        let (license, exact) = self.license(found);
        if !exact {
            let stated = found.licenses.iter();
            facts.extend(stated.map(|stated| ("plimsoll:license", stated.into())));
        }
        let purl = purl_ref(purl_in(found, artifact));
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

    /// What Trivy has a name for stands by itself, as Trivy reads it; the rest is one list.
    fn annotations(&self, facts: &Facts<'_>) -> Vec<Annotation> {
        let annotation = |comment: String| Annotation {
            annotator: self.creator(),
            annotation_date: self.report.created_at.clone(),
            annotation_type: "OTHER".to_owned(),
            comment,
        };
        let trivy = facts.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix(trivy::PREFIX)?;
            Some(annotation(format!("{name}: {value}")))
        });
        let others: Vec<_> = facts
            .iter()
            .filter(|(name, _)| !name.starts_with(trivy::PREFIX))
            .collect();
        let others = (!others.is_empty()).then(|| annotation(serde_json::json!(others).to_string()));
        trivy.chain(others).collect()
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

fn purl_ref(purl: String) -> ExternalRef {
    ExternalRef {
        reference_category: "PACKAGE-MANAGER".to_owned(),
        reference_type: "purl".to_owned(),
        reference_locator: purl,
    }
}

/// SPDX's word for a kind of thing, where it has one.
fn purpose(kind: SubjectKind) -> Option<&'static str> {
    Some(match kind {
        SubjectKind::Application => "APPLICATION",
        SubjectKind::Container => "CONTAINER",
        SubjectKind::Device => "DEVICE",
        SubjectKind::File => "FILE",
        SubjectKind::Firmware => "FIRMWARE",
        SubjectKind::Framework => "FRAMEWORK",
        SubjectKind::Library => "LIBRARY",
        SubjectKind::OperatingSystem => "OPERATING-SYSTEM",
        SubjectKind::CryptographicAsset
        | SubjectKind::Data
        | SubjectKind::DeviceDriver
        | SubjectKind::MachineLearningModel
        | SubjectKind::Platform => "OTHER",
    })
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

/// Where the package comes from: its source as other tools read it, else where it was found, for people.
fn source_info(found: &Found) -> Option<String> {
    if let Some(source) = &found.source {
        let built = format!("built package from: {} {}", source.name, source.version);
        return Some(built.trim_end().to_owned());
    }
    let path = &found.evidence;
    (!path.is_empty()).then(|| format!("found in: {path}"))
}
