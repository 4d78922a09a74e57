use std::borrow::Cow;
use std::collections::BTreeMap;

use plimsoll_core::{Ecosystem, Package};
use plimsoll_license::License as ReadLicense;

use super::model::{
    Bom, Component, Dependency, Evidence, Hash, License, LicenseChoice, Metadata, Occurrence, Property,
    Supplier, Tools,
};
use super::vulnerabilities::vulnerabilities;
use crate::identity::{purl_in, references, uuid};
use crate::sbom::{
    Facts, PackageFacts, application_facts, applications, artifact_facts, cpe_of_distribution,
    cpe_of_package, declared, distribution_facts,
};
use crate::targets::{language_kind, target_file};
use crate::trivy::family;
use crate::{Artifact, ArtifactKind, Error, Result, ScanReport, Subject, Tool, image_purls};

/// The report as a CycloneDX 1.6 document, indented, with a final line feed: the image or directory, its operating system, its
/// packages with where they were found, how they hang together, and the vulnerabilities that were matched.
///
/// The serial number follows from the content and from `created_at`: a document made again for the same image at the
/// same stated time is the same document.
///
/// # Errors
/// [`Error::Write`] when it has no JSON form.
pub fn render(report: &ScanReport) -> Result<String> {
    let mut text = serde_json::to_string_pretty(&bom(report)).map_err(Error::Write)?;
    text.push('\n');
    Ok(text)
}

/// What the document calls the thing that it is about.
fn reference(artifact: &Artifact) -> &'static str {
    match artifact.kind {
        ArtifactKind::ContainerImage => "image",
        ArtifactKind::Directory => "directory",
        ArtifactKind::Cyclonedx | ArtifactKind::Spdx => "subject",
    }
}

fn bom(report: &ScanReport) -> Bom {
    let artifact = &report.artifact;
    let references = references(&report.packages, artifact);
    let system = operating_system(artifact);
    let applications = applications(&report.packages);
    let mut components: Vec<Component> = system.iter().cloned().collect();
    components.extend(applications.iter().map(|(file, kind)| application(file, kind)));
    let facts = PackageFacts::new(report);
    let all = report.packages.iter().zip(&references);
    components.extend(all.map(|(package, reference)| component(package, reference, artifact, &facts)));
    Bom {
        schema: Some("http://cyclonedx.org/schema/bom-1.6.schema.json".to_owned()),
        bom_format: "CycloneDX".to_owned(),
        spec_version: "1.6".to_owned(),
        serial_number: Some(format!("urn:uuid:{}", uuid(report, "cyclonedx"))),
        version: 1,
        metadata: Metadata {
            timestamp: Some(report.created_at.clone()),
            tools: Some(Tools {
                components: vec![tool(&report.tool)],
            }),
            component: Some(described(report)),
            properties: Vec::new(),
        },
        components,
        dependencies: dependencies(report, &references, system.as_ref()),
        vulnerabilities: vulnerabilities(report, &references),
    }
}

fn tool(tool: &Tool) -> Component {
    Component {
        kind: "application".to_owned(),
        name: tool.name.clone(),
        version: Some(tool.version.clone()),
        ..Component::default()
    }
}

fn properties(facts: Facts<'_>) -> Vec<Property> {
    let property = |(name, value): (&str, Cow<'_, str>)| Property {
        name: name.to_owned(),
        value: value.into_owned(),
    };
    facts.into_iter().map(property).collect()
}

/// A program or a list of what is installed, which is no package and holds some.
fn application(file: &str, kind: &'static str) -> Component {
    Component {
        bom_ref: Some(application_reference(file, kind)),
        kind: "application".to_owned(),
        name: file.to_owned(),
        properties: properties(application_facts(kind)),
        ..Component::default()
    }
}

fn application_reference(file: &str, kind: &str) -> String {
    format!("{kind}:{file}")
}

fn described(report: &ScanReport) -> Component {
    let artifact = &report.artifact;
    let digest = artifact.manifest_digest.or(artifact.image_id);
    let hash = artifact.manifest_digest.map(|digest| Hash {
        alg: "SHA-256".to_owned(),
        content: digest.hex(),
    });
    let (name, kind) = artifact.described();
    let subject = artifact.subject.as_ref();
    let stated = |of: fn(&Subject) -> &Option<String>| subject.and_then(|subject| of(subject).clone());
    Component {
        bom_ref: Some(reference(artifact).to_owned()),
        kind: kind.as_str().to_owned(),
        name: name.to_owned(),
        version: stated(|one| &one.version).or_else(|| digest.map(|digest| digest.to_string())),
        hashes: hash.into_iter().collect(),
        purl: stated(|one| &one.purl).or_else(|| image_purl(artifact)),
        properties: properties(artifact_facts(report)),
        ..Component::default()
    }
}

/// The image's package URL, where it has a name and a manifest.
fn image_purl(artifact: &Artifact) -> Option<String> {
    artifact.manifest_digest?;
    Some(image_purls(artifact).first()?.to_string())
}

fn operating_system(artifact: &Artifact) -> Option<Component> {
    let distribution = artifact.distribution.as_ref()?;
    let release = artifact.release.as_deref();
    let version = release.unwrap_or(&distribution.version_id);
    Some(Component {
        bom_ref: Some(format!("os:{}-{version}", distribution.id)),
        kind: "operating-system".to_owned(),
        name: family(&distribution.id).to_owned(),
        version: Some(version.to_owned()).filter(|version| !version.is_empty()),
        description: distribution.pretty_name.clone(),
        cpe: cpe_of_distribution(distribution, release),
        properties: properties(distribution_facts(
            distribution,
            release,
            artifact.end_of_life.as_ref(),
        )),
        ..Component::default()
    })
}

fn component(package: &Package, reference: &str, artifact: &Artifact, facts: &PackageFacts<'_>) -> Component {
    let (group, name) = group_and_name(package);
    let declared = declared(package);
    let mut facts = facts.of(package);
    if declared.differs {
        let stated = package.licenses.iter();
        facts.extend(stated.map(|stated| ("plimsoll:license", stated.into())));
    }
    let licenses = match &declared.expression {
        Some(expression) if declared.licenses.len() == 1 || expression.is_compound() => {
            match (expression.id(), declared.licenses.len()) {
                (Some(id), 1) => vec![by_id(id)],
                _ if declared.licenses.iter().all(|one| id(one).is_some()) => {
                    declared.licenses.iter().filter_map(id).map(by_id).collect()
                }
                _ => vec![LicenseChoice {
                    expression: Some(expression.to_string()),
                    acknowledgement: Some("declared".to_owned()),
                    ..LicenseChoice::default()
                }],
            }
        }
        _ => declared.licenses.iter().map(choice).collect(),
    };
    Component {
        bom_ref: Some(reference.to_owned()),
        kind: match package.ecosystem {
            Ecosystem::Generic => "application",
            _ => "library",
        }
        .to_owned(),
        supplier: package.supplier.clone().map(|name| Supplier { name: Some(name) }),
        group: group.map(str::to_owned),
        name: name.to_owned(),
        version: Some(package.version.clone()),
        licenses,
        cpe: cpe_of_package(package),
        purl: Some(purl_in(package, artifact)),
        evidence: evidence(package),
        properties: properties(facts),
        ..Component::default()
    }
}

/// Maven's groups, npm's scopes and Composer's vendors stand apart from the name.
pub(super) fn group_and_name(package: &Package) -> (Option<&str>, &str) {
    let separator = match package.ecosystem {
        Ecosystem::Maven => ':',
        Ecosystem::Npm | Ecosystem::Composer => '/',
        _ => return (None, &package.name),
    };
    match package.name.rsplit_once(separator) {
        Some((group, name)) if !group.is_empty() && !name.is_empty() => (Some(group), name),
        _ => (None, &package.name),
    }
}

fn id(license: &ReadLicense) -> Option<&str> {
    match license {
        ReadLicense::Expression(expression) => expression.id(),
        ReadLicense::Name(_) => None,
    }
}

fn by_id(id: &str) -> LicenseChoice {
    LicenseChoice {
        license: Some(License {
            id: Some(id.to_owned()),
            name: None,
            acknowledgement: Some("declared".to_owned()),
        }),
        ..LicenseChoice::default()
    }
}

fn choice(license: &ReadLicense) -> LicenseChoice {
    if let Some(id) = id(license) {
        return by_id(id);
    }
    LicenseChoice {
        license: Some(License {
            id: None,
            name: Some(license.text()),
            acknowledgement: Some("declared".to_owned()),
        }),
        ..LicenseChoice::default()
    }
}

/// The file that proves the package, then the files that it consists of.
fn evidence(package: &Package) -> Evidence {
    let occurrence = |path: &String, context: Option<&str>| Occurrence {
        location: path.clone(),
        additional_context: context.map(str::to_owned),
    };
    let proof = Some(&package.evidence).filter(|path| !path.is_empty());
    let proof = proof.map(|path| occurrence(path, None));
    let files = package
        .files
        .iter()
        .map(|path| occurrence(path, Some(super::read::OWNED)));
    Evidence {
        occurrences: proof.into_iter().chain(files).collect(),
    }
}

/// The image holds the operating system, the files that hold packages, and what is of neither; the operating system holds
/// its packages; packages need others. What is known to need nothing and what nothing is known of is left out alike.
fn dependencies(report: &ScanReport, references: &[String], system: Option<&Component>) -> Vec<Dependency> {
    let system = system.and_then(|system| system.bom_ref.clone());
    let mut of_image: Vec<String> = system.iter().cloned().collect();
    let mut of_system = Vec::new();
    let mut of_files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (package, reference) in report.packages.iter().zip(references) {
        let file = target_file(package);
        match (&system, file) {
            (Some(_), _) if package.ecosystem.is_distribution() => of_system.push(reference.clone()),
            (_, Some(file)) => {
                let file = application_reference(file, language_kind(package.ecosystem));
                of_files.entry(file).or_default().push(reference.clone());
            }
            _ => of_image.push(reference.clone()),
        }
    }
    of_image.extend(of_files.keys().cloned());
    let holder = |reference: String, depends_on: Vec<String>| Dependency {
        reference,
        depends_on,
    };
    let image = holder(reference(&report.artifact).to_owned(), of_image);
    let system = system.map(|system| holder(system, of_system));
    let files = of_files.into_iter().map(|(file, held)| holder(file, held));
    let packages = references.iter().enumerate().map(|(index, reference)| {
        let needed = report.dependencies.of(index).iter();
        let needed = needed.filter_map(|index| references.get(*index).cloned());
        holder(reference.clone(), needed.collect())
    });
    let packages = packages.filter(|package| !package.depends_on.is_empty());
    std::iter::once(image)
        .chain(system)
        .chain(files)
        .chain(packages)
        .collect()
}
