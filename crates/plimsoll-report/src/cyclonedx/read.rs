use super::model::{Bom, Component, LicenseChoice, Property};
use crate::borrowed::Text;
use crate::sbom::{Found, Gathered, Sbom, document};
use crate::{ArtifactKind, Error, Result, Subject, SubjectKind};

/// What marks an occurrence as a file that the package consists of, and not as what proves it.
pub(super) const OWNED: &str = "file of the package";

/// Reads a CycloneDX document in JSON: see [`crate::sbom::read`].
///
/// # Errors
/// [`Error::SbomJson`] and [`Error::SbomVersion`].
pub fn read(bytes: &[u8], name: &str) -> Result<Sbom> {
    let form = "CycloneDX";
    let bom: Bom<'_> = document(bytes, form)?;
    if &*bom.bom_format != form {
        return Err(Error::NotSbom);
    }
    if !matches!(&*bom.spec_version, "1.2" | "1.3" | "1.4" | "1.5" | "1.6" | "1.7") {
        return Err(Error::SbomVersion {
            form,
            version: bom.spec_version.into_owned(),
        });
    }
    let mut gathered = Gathered::new(ArtifactKind::Cyclonedx, name);
    gathered.image(&facts(&bom.metadata.properties));
    if let Some(subject) = &bom.metadata.component {
        gathered.image(&facts(&subject.properties));
        gathered.subject(described(subject));
        subject
            .components
            .iter()
            .for_each(|inner| take(inner, &mut gathered));
    }
    bom.components
        .iter()
        .for_each(|component| take(component, &mut gathered));
    for one in &bom.dependencies {
        let others = one.depends_on.iter();
        others.for_each(|other| gathered.needs(&one.reference, other));
    }
    Ok(gathered.finish())
}

/// What the document is about. A type that CycloneDX does not have is as good as none.
fn described(component: &Component<'_>) -> Subject {
    let text = |text: &Option<Text<'_>>| text.as_deref().filter(|text| !text.is_empty()).map(str::to_owned);
    let name = match text(&component.group) {
        Some(group) => format!("{group}/{}", &*component.name),
        None => component.name.to_string(),
    };
    Subject {
        name,
        kind: SubjectKind::of(&component.kind).unwrap_or(SubjectKind::Application),
        version: text(&component.version),
        purl: text(&component.purl),
    }
}

fn facts<'a>(properties: &'a [Property<'_>]) -> Vec<(&'a str, &'a str)> {
    let pairs = properties.iter();
    pairs
        .map(|property| (&*property.name, &*property.value))
        .collect()
}

/// Takes a component and those within it. Documents nest no deeper than the JSON reader goes.
fn take(component: &Component<'_>, gathered: &mut Gathered) {
    let facts = facts(&component.properties);
    let version = component.version.as_deref().unwrap_or_default();
    match &*component.kind {
        "operating-system" => gathered.operating_system(&component.name, version, &facts),
        "library" | "framework" => package(component, version, facts, gathered),
        _ if component.purl.is_some() => package(component, version, facts, gathered),
        // A program, a folder or a lock file that holds packages.
        "application" => {
            gathered.application(component.bom_ref.as_deref().unwrap_or_default(), &component.name);
        }
        // Files, devices and the like are no packages.
        _ => {}
    }
    component
        .components
        .iter()
        .for_each(|inner| take(inner, gathered));
}

fn package(component: &Component<'_>, version: &str, facts: Vec<(&str, &str)>, gathered: &mut Gathered) {
    let purl = component.purl.as_deref();
    let separator = if purl.is_some_and(|purl| purl.starts_with("pkg:maven/")) {
        ':'
    } else {
        '/'
    };
    let name = match component.group.as_deref().filter(|group| !group.is_empty()) {
        Some(group) => format!("{group}{separator}{}", &*component.name),
        None => component.name.to_string(),
    };
    let (files, proofs): (Vec<_>, Vec<_>) = component
        .evidence
        .occurrences
        .iter()
        .partition(|one| one.additional_context.as_deref() == Some(OWNED));
    let named = ["aquasecurity:trivy:FilePath", "syft:location:0:path", "SrcFile"];
    let beside = || {
        let found = named
            .iter()
            .find_map(|name| facts.iter().find(|(known, _)| known == name));
        found.map(|(_, path)| *path)
    };
    let evidence = proofs.first().map(|one| &*one.location).or_else(beside);
    let stated = facts.iter().filter(|(name, _)| *name == "plimsoll:license");
    let mut licenses: Vec<String> = stated.map(|(_, stated)| (*stated).to_owned()).collect();
    if licenses.is_empty() {
        licenses = component.licenses.iter().filter_map(license).collect();
    }
    let supplier = component
        .supplier
        .as_ref()
        .and_then(|supplier| supplier.name.as_deref());
    gathered.package(Found {
        label: &component.name,
        reference: component.bom_ref.as_deref().unwrap_or_default(),
        purl,
        name,
        version,
        licenses,
        supplier: supplier.or(component.publisher.as_deref()).map(str::to_owned),
        evidence: evidence.unwrap_or_default().trim_start_matches('/').to_owned(),
        files: files.into_iter().map(|one| one.location.to_string()).collect(),
        facts,
    });
}

fn license(choice: &LicenseChoice<'_>) -> Option<String> {
    let license = choice.license.as_ref();
    let named = license.and_then(|license| license.id.as_deref().or(license.name.as_deref()));
    let text = named.or(choice.expression.as_deref());
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}
