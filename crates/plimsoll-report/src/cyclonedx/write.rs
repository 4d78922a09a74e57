use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;

use plimsoll_core::{Ecosystem, Package};
use plimsoll_license::License as ReadLicense;

use super::model::{
    Bom, Component, Dependency, Evidence, Hash, License, LicenseChoice, Metadata, Occurrence, Property,
    Supplier, Tools,
};
use super::vulnerabilities::vulnerabilities;
use crate::borrowed::Text;
use crate::identity::Names;
use crate::indented;
use crate::sbom::{
    Declared, Facts, PackageFacts, ReadLicenses, application_facts, applications, artifact_facts,
    cpe_of_distribution, cpe_of_package, distribution_facts,
};
use crate::targets::{language_kind, target_file};
use crate::trivy::family;
use crate::{Artifact, ArtifactKind, Result, ScanReport, Tool, image_purls};

/// Writes the report as a CycloneDX 1.6 document, indented, with a final line feed: the image or directory, its operating system, its
/// packages with where they were found, how they hang together, and the vulnerabilities that were matched.
///
/// The serial number follows from the content and from `created_at`: a document made again for the same image at the
/// same stated time is the same document.
///
/// # Errors
/// [`crate::Error::Output`] when `out` does not take it.
pub fn write(report: &ScanReport, out: &mut dyn Write) -> Result<()> {
    let names = Names::new(report);
    let references = names.references();
    let licenses = ReadLicenses::new(&report.packages);
    indented::write(&bom(report, &names, &references, &licenses), out)
}

/// What the document calls the thing that it is about.
fn reference(artifact: &Artifact) -> &'static str {
    match artifact.kind {
        ArtifactKind::ContainerImage => "image",
        ArtifactKind::Directory => "directory",
        ArtifactKind::Cyclonedx | ArtifactKind::Spdx => "subject",
    }
}

fn bom<'a>(
    report: &'a ScanReport,
    names: &'a Names<'_>,
    references: &'a [Cow<'a, str>],
    licenses: &'a ReadLicenses<'_>,
) -> Bom<'a> {
    let artifact = &report.artifact;
    let system = operating_system(artifact);
    let applications = applications(&report.packages);
    let mut components: Vec<Component<'_>> = system.iter().cloned().collect();
    components.extend(applications.iter().map(|(file, kind)| application(file, kind)));
    let facts = PackageFacts::new(report);
    for ((package, name), reference) in report.packages.iter().zip(names.all()).zip(references) {
        let declared = licenses.declared(package);
        components.push(component(package, reference, &name.purl, &facts, &declared));
    }
    Bom {
        schema: Some("http://cyclonedx.org/schema/bom-1.6.schema.json".into()),
        bom_format: "CycloneDX".into(),
        spec_version: "1.6".into(),
        serial_number: Some(format!("urn:uuid:{}", names.uuid_of(report, "cyclonedx")).into()),
        version: 1,
        metadata: Metadata {
            timestamp: Some((&report.created_at).into()),
            tools: Some(Tools {
                components: vec![tool(&report.tool)],
            }),
            component: Some(described(report)),
            properties: Vec::new(),
        },
        components,
        dependencies: dependencies(report, references, system.as_ref()),
        vulnerabilities: vulnerabilities(report, names, references),
    }
}

fn tool(tool: &Tool) -> Component<'_> {
    Component {
        kind: "application".into(),
        name: (&tool.name).into(),
        version: Some((&tool.version).into()),
        ..Component::default()
    }
}

fn properties(facts: Facts<'_>) -> Vec<Property<'_>> {
    let facts = facts.into_iter();
    facts
        .map(|(name, value)| Property {
            name: name.into(),
            value: value.into(),
        })
        .collect()
}

/// A program or a list of what is installed, which is no package and holds some.
fn application<'a>(file: &'a str, kind: &'static str) -> Component<'a> {
    Component {
        bom_ref: Some(application_reference(file, kind).into()),
        kind: "application".into(),
        name: file.into(),
        properties: properties(application_facts(kind)),
        ..Component::default()
    }
}

fn application_reference(file: &str, kind: &str) -> String {
    format!("{kind}:{file}")
}

fn described(report: &ScanReport) -> Component<'_> {
    let artifact = &report.artifact;
    let digest = artifact.manifest_digest.or(artifact.image_id);
    let hash = artifact.manifest_digest.map(|digest| Hash {
        alg: "SHA-256".into(),
        content: digest.hex().into(),
    });
    let (name, kind) = artifact.described();
    let subject = artifact.subject.as_ref();
    let version = subject.and_then(|subject| subject.version.as_ref());
    let purl = subject.and_then(|subject| subject.purl.as_ref());
    Component {
        bom_ref: Some(reference(artifact).into()),
        kind: kind.as_str().into(),
        name: name.into(),
        version: version
            .map(Text::from)
            .or_else(|| digest.map(|digest| digest.to_string().into())),
        hashes: hash.into_iter().collect(),
        purl: purl
            .map(Text::from)
            .or_else(|| image_purl(artifact).map(Text::from)),
        properties: properties(artifact_facts(report)),
        ..Component::default()
    }
}

/// The image's package URL, where it has a name and a manifest.
fn image_purl(artifact: &Artifact) -> Option<String> {
    artifact.manifest_digest?;
    Some(image_purls(artifact).first()?.to_string())
}

fn operating_system(artifact: &Artifact) -> Option<Component<'_>> {
    let distribution = artifact.distribution.as_ref()?;
    let release = artifact.release.as_deref();
    let version = release.unwrap_or(&distribution.version_id);
    Some(Component {
        bom_ref: Some(format!("os:{}-{version}", distribution.id).into()),
        kind: "operating-system".into(),
        name: family(&distribution.id).into(),
        version: Some(version.into()).filter(|version: &Text<'_>| !version.is_empty()),
        description: distribution.pretty_name.as_ref().map(Text::from),
        cpe: cpe_of_distribution(distribution, release).map(Text::from),
        properties: properties(distribution_facts(
            distribution,
            release,
            artifact.end_of_life.as_ref(),
        )),
        ..Component::default()
    })
}

fn component<'a>(
    package: &'a Package,
    reference: &'a str,
    purl: &'a str,
    facts: &PackageFacts<'a>,
    declared: &Declared<'a>,
) -> Component<'a> {
    let (group, name) = group_and_name(package);
    let mut facts = facts.of(package);
    if declared.differs {
        let stated = package.licenses.iter();
        facts.extend(stated.map(|stated| ("plimsoll:license", stated.into())));
    }
    Component {
        bom_ref: Some(reference.into()),
        kind: match package.ecosystem {
            Ecosystem::Generic => "application",
            _ => "library",
        }
        .into(),
        supplier: package.supplier.as_ref().map(|name| Supplier {
            name: Some(name.into()),
        }),
        group: group.map(Text::from),
        name: name.into(),
        version: Some((&package.version).into()),
        licenses: licenses(declared),
        cpe: cpe_of_package(package).map(Text::from),
        purl: Some(purl.into()),
        evidence: evidence(package),
        properties: properties(facts),
        ..Component::default()
    }
}

/// The licences by their ids where all have one, else in one expression where all could be read, else each by itself.
fn licenses<'a>(declared: &Declared<'a>) -> Vec<LicenseChoice<'a>> {
    let licenses = || declared.licenses.iter().copied();
    let ids: Option<Vec<&str>> = licenses().map(id).collect();
    let single = declared.licenses.len() == 1;
    match declared.expression() {
        Some(expression) if single || expression.is_compound() => match ids {
            Some(ids) => ids.into_iter().map(by_id).collect(),
            None => vec![LicenseChoice {
                expression: Some(expression.to_string().into()),
                acknowledgement: Some("declared".into()),
                ..LicenseChoice::default()
            }],
        },
        _ => licenses().map(choice).collect(),
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

fn by_id(id: &str) -> LicenseChoice<'_> {
    LicenseChoice {
        license: Some(License {
            id: Some(id.into()),
            name: None,
            acknowledgement: Some("declared".into()),
        }),
        ..LicenseChoice::default()
    }
}

fn choice(license: &ReadLicense) -> LicenseChoice<'_> {
    if let Some(id) = id(license) {
        return by_id(id);
    }
    LicenseChoice {
        license: Some(License {
            id: None,
            name: Some(license.text().into()),
            acknowledgement: Some("declared".into()),
        }),
        ..LicenseChoice::default()
    }
}

/// The file that proves the package, then the files that it consists of.
fn evidence(package: &Package) -> Evidence<'_> {
    fn occurrence<'a>(path: &'a String, context: Option<&'static str>) -> Occurrence<'a> {
        Occurrence {
            location: path.into(),
            additional_context: context.map(Text::from),
        }
    }
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
fn dependencies<'a>(
    report: &'a ScanReport,
    references: &'a [Cow<'a, str>],
    system: Option<&Component<'a>>,
) -> Vec<Dependency<'a>> {
    let system = system.and_then(|system| system.bom_ref.clone());
    let mut of_image: Vec<Text<'a>> = system.iter().cloned().collect();
    let mut of_system = Vec::new();
    let mut of_files: BTreeMap<String, Vec<Text<'a>>> = BTreeMap::new();
    for (package, reference) in report.packages.iter().zip(references) {
        let reference = Text::from(&**reference);
        match (&system, target_file(package)) {
            (Some(_), _) if package.ecosystem.is_distribution() => of_system.push(reference),
            (_, Some(file)) => {
                let file = application_reference(file, language_kind(package.ecosystem));
                of_files.entry(file).or_default().push(reference);
            }
            _ => of_image.push(reference),
        }
    }
    of_image.extend(of_files.keys().cloned().map(Text::from));
    let holder = |reference, depends_on| Dependency {
        reference,
        depends_on,
    };
    let image = holder(reference(&report.artifact).into(), of_image);
    let system = system.map(|system| holder(system, of_system));
    let files = of_files.into_iter().map(|(file, held)| holder(file.into(), held));
    let packages = references.iter().enumerate().map(|(index, reference)| {
        let needed = report.dependencies.of(index).iter();
        let needed = needed.filter_map(|index| Some(Text::from(&**references.get(*index)?)));
        holder(Text::from(&**reference), needed.collect())
    });
    let packages = packages.filter(|package| !package.depends_on.is_empty());
    std::iter::once(image)
        .chain(system)
        .chain(files)
        .chain(packages)
        .collect()
}
