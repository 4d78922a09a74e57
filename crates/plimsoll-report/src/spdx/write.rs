use std::collections::{BTreeMap, HashMap};
use std::io::Write;

use plimsoll_core::{Ecosystem, Package as Found};
use plimsoll_license::{Expression, License};

use super::model::{
    Annotation, Checksum, CreationInfo, Document, ExternalRef, ExtractedLicense, Package, Relationship,
};
use crate::borrowed::Text;
use crate::identity::{Names, short};
use crate::indented;
use crate::sbom::{
    self, Declared, Facts, PackageFacts, ReadLicenses, application_facts, artifact_facts,
    cpe_of_distribution, cpe_of_package, distribution_facts,
};
use crate::targets::{language_kind, target_file};
use crate::trivy::{self, family, file_path};
use crate::{Artifact, ArtifactKind, Result, ScanReport, SubjectKind};

pub(super) const NO_ASSERTION: &str = "NOASSERTION";
const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const SYSTEM: &str = "SPDXRef-OperatingSystem";

/// The identifier of what the document is about.
fn subject(artifact: &Artifact) -> &'static str {
    match artifact.kind {
        ArtifactKind::ContainerImage => "SPDXRef-Image",
        ArtifactKind::Directory => "SPDXRef-Directory",
        ArtifactKind::Cyclonedx | ArtifactKind::Spdx => "SPDXRef-Subject",
    }
}

/// Writes the report as an SPDX 2.3 document in JSON, indented, with a final line feed: the image, its operating system and its
/// packages. Vulnerabilities are named by references of the packages that they affect.
///
/// What SPDX has no place for (layers, instructions, where something was found) stands in annotations of each package: what
/// Trivy has a name for in one each, as Trivy reads them, and the rest in one, a JSON list of names and values.
///
/// # Errors
/// [`crate::Error::Output`] when `out` does not take it.
pub fn write(report: &ScanReport, out: &mut dyn Write) -> Result<()> {
    indented::write(&Described::new(report).document(), out)
}

/// A report with what several parts of its document name.
pub(super) struct Described<'a> {
    report: &'a ScanReport,
    names: Names<'a>,
    facts: PackageFacts<'a>,
    creator: String,
    /// The identifiers of the packages, in their order.
    ids: Vec<String>,
    /// Those of the files that hold packages and are none.
    applications: BTreeMap<(&'a str, &'static str), String>,
    /// The ids of the packages' vulnerabilities, in the order of the packages.
    advisories: Vec<Vec<&'a str>>,
}

/// The licences that are not of the SPDX list, by their `LicenseRef-`.
type Extracted = BTreeMap<String, ExtractedLicense<'static>>;

impl<'a> Described<'a> {
    pub(super) fn new(report: &'a ScanReport) -> Self {
        let names = Names::new(report);
        let mut taken: HashMap<&str, usize> = HashMap::new();
        let mut ids = Vec::with_capacity(report.packages.len());
        for (package, name) in report.packages.iter().zip(names.all()) {
            let id = format!("SPDXRef-Package-{}-{}", package.ecosystem.purl_type(), name.uid);
            let number = taken.entry(&name.uid).or_default();
            *number += 1;
            ids.push(match *number {
                1 => id,
                number => format!("{id}-{number}"),
            });
        }
        let applications = sbom::applications(&report.packages).into_iter();
        let applications = applications.map(|(file, kind)| {
            let id = format!("SPDXRef-Application-{}", short(&[kind, file]));
            ((file, kind), id)
        });
        let mut advisories: Vec<Vec<&str>> = vec![Vec::new(); report.packages.len()];
        for found in &report.vulnerabilities {
            let place = names.place(&found.package);
            if let Some(of_package) = place.and_then(|place| advisories.get_mut(place)) {
                of_package.push(&found.id);
            }
        }
        for of_package in &mut advisories {
            of_package.dedup();
        }
        Self {
            report,
            facts: PackageFacts::new(report),
            creator: format!("Tool: {}-{}", report.tool.name, report.tool.version),
            ids,
            applications: applications.collect(),
            advisories,
            names,
        }
    }

    pub(super) fn document(&self) -> Document<'_> {
        let artifact = &self.report.artifact;
        let mut extracted = Extracted::new();
        let (name, _) = artifact.described();
        let subject = subject(artifact);
        let system = self.operating_system();
        let mut relationships = vec![relationship(DOCUMENT, "DESCRIBES", subject)];
        if system.is_some() {
            relationships.push(relationship(subject, "CONTAINS", SYSTEM));
        }
        let mut packages = vec![self.described()];
        packages.extend(system);
        for ((file, kind), id) in &self.applications {
            relationships.push(relationship(subject, "CONTAINS", id));
            packages.push(self.application(file, kind, id));
        }
        let read = ReadLicenses::new(&self.report.packages);
        let has_system = artifact.distribution.is_some();
        for (index, (found, id)) in self.report.packages.iter().zip(&self.ids).enumerate() {
            let file = target_file(found).and_then(|file| {
                let key = (file, language_kind(found.ecosystem));
                self.applications.get(&key)
            });
            let by = match file {
                _ if has_system && found.ecosystem.is_distribution() => SYSTEM,
                Some(file) => file,
                None => subject,
            };
            relationships.push(relationship(by, "CONTAINS", id));
            let license = license(&read.declared(found), &mut extracted);
            packages.push(self.package(index, found, id, license));
        }
        for (index, from) in self.ids.iter().enumerate() {
            let needed = self.report.dependencies.of(index).iter();
            let needed = needed.filter_map(|needed| self.ids.get(*needed));
            relationships.extend(needed.map(|to| relationship(from, "DEPENDS_ON", to)));
        }
        let namespace = format!(
            "https://spdx.org/spdxdocs/{}-{}",
            uri_part(name),
            self.names.uuid_of(self.report, "spdx")
        );
        Document {
            spdx_version: "SPDX-2.3".into(),
            data_license: "CC0-1.0".into(),
            id: DOCUMENT.into(),
            name: name.into(),
            document_namespace: namespace.into(),
            creation_info: CreationInfo {
                created: (&self.report.created_at).into(),
                creators: vec![(&self.creator).into()],
            },
            document_describes: Vec::new(),
            packages,
            files: Vec::new(),
            has_extracted_licensing_infos: extracted.into_values().collect(),
            relationships,
        }
    }

    fn described(&self) -> Package<'_> {
        let artifact = &self.report.artifact;
        let checksum = artifact.manifest_digest.map(|digest| Checksum {
            algorithm: "SHA256",
            checksum_value: digest.hex().into(),
        });
        let (name, kind) = artifact.described();
        let stated = artifact.subject.as_ref();
        let version = stated.and_then(|subject| subject.version.as_ref());
        let digest = artifact.manifest_digest.or(artifact.image_id);
        let purl = stated.and_then(|subject| subject.purl.as_ref());
        Package {
            name: name.into(),
            id: subject(artifact).into(),
            version_info: version
                .map(Text::from)
                .or_else(|| digest.map(|digest| digest.to_string().into())),
            checksums: checksum.into_iter().collect(),
            external_refs: purl.into_iter().map(purl_ref).collect(),
            primary_package_purpose: purpose(kind).map(Text::from),
            annotations: self.annotations(&artifact_facts(self.report)),
            ..blank()
        }
    }

    /// A program or a list of what is installed, which is no package and holds some.
    fn application<'s>(&'s self, file: &'s str, kind: &'static str, id: &'s str) -> Package<'s> {
        Package {
            name: file.into(),
            id: id.into(),
            primary_package_purpose: Some("APPLICATION".into()),
            annotations: self.annotations(&application_facts(kind)),
            ..blank()
        }
    }

    fn operating_system(&self) -> Option<Package<'_>> {
        let artifact = &self.report.artifact;
        let distribution = artifact.distribution.as_ref()?;
        let release = artifact.release.as_deref();
        let version = release.unwrap_or(&distribution.version_id);
        Some(Package {
            name: family(&distribution.id).into(),
            id: SYSTEM.into(),
            version_info: Some(version.into()).filter(|version: &Text<'_>| !version.is_empty()),
            description: distribution.pretty_name.as_ref().map(Text::from),
            external_refs: cpe_of_distribution(distribution, release)
                .into_iter()
                .map(cpe_ref)
                .collect(),
            primary_package_purpose: Some("OPERATING-SYSTEM".into()),
            annotations: self.annotations(&distribution_facts(
                distribution,
                release,
                artifact.end_of_life.as_ref(),
            )),
            ..blank()
        })
    }

    fn package<'s>(
        &'s self,
        index: usize,
        found: &'s Found,
        id: &'s str,
        (license, exact): (String, bool),
    ) -> Package<'s> {
        let mut facts: Facts<'s> = self.facts.of(found);
        // The source package has a place of its own.
        facts.retain(|(name, _)| !name.starts_with("aquasecurity:trivy:Src"));
        if !found.evidence.is_empty() && file_path(found).is_none() {
            facts.push(("plimsoll:evidence", found.evidence.as_str().into()));
        }
        let files = found.files.iter();
        facts.extend(files.map(|file| ("plimsoll:file", file.into())));
        if !exact {
            let stated = found.licenses.iter();
            facts.extend(stated.map(|stated| ("plimsoll:license", stated.into())));
        }
        let purl = self.names.all().get(index).map(|name| purl_ref(&name.purl));
        let mut external_refs: Vec<_> = purl.into_iter().collect();
        external_refs.extend(cpe_of_package(found).map(cpe_ref));
        let advisories = self.advisories.get(index).into_iter().flatten();
        external_refs.extend(advisories.map(|id| ExternalRef {
            reference_category: "SECURITY".into(),
            reference_type: "advisory".into(),
            reference_locator: crate::text::primary_url(id).into(),
        }));
        Package {
            name: (&found.name).into(),
            id: id.into(),
            version_info: Some((&found.version).into()),
            supplier: found.supplier.as_deref().map(|stated| supplier(stated).into()),
            source_info: source_info(found).map(Text::from),
            license_declared: Some(license.into()),
            external_refs,
            primary_package_purpose: Some(
                match found.ecosystem {
                    Ecosystem::Generic => "APPLICATION",
                    _ => "LIBRARY",
                }
                .into(),
            ),
            annotations: self.annotations(&facts),
            ..blank()
        }
    }

    /// What Trivy has a name for stands by itself, as Trivy reads it; the rest is one list.
    fn annotations(&self, facts: &Facts<'_>) -> Vec<Annotation<'_>> {
        let annotation = |comment: String| Annotation {
            annotator: (&self.creator).into(),
            annotation_date: (&self.report.created_at).into(),
            annotation_type: "OTHER".into(),
            comment: comment.into(),
        };
        let trivy = facts.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix(trivy::PREFIX)?;
            Some(annotation(format!("{name}: {value}")))
        });
        let others: Vec<_> = facts
            .iter()
            .filter(|(name, _)| !name.starts_with(trivy::PREFIX))
            .collect();
        let others = match others.is_empty() {
            true => None,
            false => serde_json::to_string(&others).ok().map(annotation),
        };
        trivy.chain(others).collect()
    }
}

fn relationship<'a>(from: &'a str, kind: &'static str, to: &'a str) -> Relationship<'a> {
    Relationship {
        spdx_element_id: from.into(),
        relationship_type: kind.into(),
        related_spdx_element: to.into(),
        comment: Text::default(),
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

/// The declared licence, and whether the stated texts can be told from it.
fn license(declared: &Declared<'_>, extracted: &mut Extracted) -> (String, bool) {
    let mut parts: Vec<String> = Vec::new();
    for license in &declared.licenses {
        let part = match license {
            License::Expression(expression) => {
                extract_references(expression, extracted);
                expression.to_string()
            }
            License::Name(name) => extract(name, extracted),
        };
        if !parts.contains(&part) {
            parts.push(part);
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
fn extract(name: &str, extracted: &mut Extracted) -> String {
    let id = format!("LicenseRef-{}", short(&[name]));
    extracted.entry(id.clone()).or_insert_with(|| ExtractedLicense {
        license_id: id.clone().into(),
        extracted_text: name.to_owned().into(),
        name: Some(name.to_owned().into()),
    });
    id
}

fn extract_references(expression: &Expression, extracted: &mut Extracted) {
    for term in expression.terms() {
        if let Some(name) = term.license.strip_prefix("LicenseRef-") {
            extracted
                .entry(term.license.clone())
                .or_insert_with(|| ExtractedLicense {
                    license_id: term.license.clone().into(),
                    extracted_text: name.to_owned().into(),
                    name: None,
                });
        }
    }
}

fn blank() -> Package<'static> {
    Package {
        download_location: "NONE",
        files_analyzed: false,
        license_concluded: Some(NO_ASSERTION.into()),
        license_declared: Some(NO_ASSERTION.into()),
        copyright_text: Some(NO_ASSERTION),
        ..Package::default()
    }
}

fn purl_ref(purl: &String) -> ExternalRef<'_> {
    ExternalRef {
        reference_category: "PACKAGE-MANAGER".into(),
        reference_type: "purl".into(),
        reference_locator: purl.into(),
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

fn cpe_ref(cpe: String) -> ExternalRef<'static> {
    ExternalRef {
        reference_category: "SECURITY".into(),
        reference_type: "cpe23Type".into(),
        reference_locator: cpe.into(),
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
