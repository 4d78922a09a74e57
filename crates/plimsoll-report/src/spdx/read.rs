use std::collections::HashMap;

use super::model::{Document, Package};
use super::write::NO_ASSERTION;
use crate::borrowed::Text;
use crate::sbom::{self, Found, Gathered, Sbom};
use crate::trivy;
use crate::{ArtifactKind, Error, Result, Subject, SubjectKind};

/// Reads an SPDX 2.2 or 2.3 document in JSON: see [`crate::sbom::read`].
///
/// # Errors
/// [`Error::SbomJson`] and [`Error::SbomVersion`].
pub fn read(bytes: &[u8], name: &str) -> Result<Sbom> {
    let form = "SPDX";
    let document: Document<'_> = sbom::document(bytes, form)?;
    if !matches!(&*document.spdx_version, "SPDX-2.2" | "SPDX-2.3") {
        return Err(Error::SbomVersion {
            form,
            version: document.spdx_version.into_owned(),
        });
    }
    let extracted = document.has_extracted_licensing_infos.iter();
    let extracted: HashMap<&str, &str> = extracted
        .map(|one| {
            (
                &*one.license_id,
                one.name.as_deref().unwrap_or(&one.extracted_text),
            )
        })
        .collect();
    let mut gathered = Gathered::new(ArtifactKind::Spdx, name);
    let known = Known {
        extracted,
        files: files(&document),
        subject: subject(&document),
    };
    for package in &document.packages {
        take(package, &known, &mut gathered);
    }
    for one in &document.relationships {
        match &*one.relationship_type {
            "DEPENDS_ON" => gathered.needs(&one.spdx_element_id, &one.related_spdx_element),
            "DEPENDENCY_OF" => gathered.needs(&one.related_spdx_element, &one.spdx_element_id),
            "CONTAINS" => gathered.holds(&one.spdx_element_id, &one.related_spdx_element),
            "CONTAINED_BY" => gathered.holds(&one.related_spdx_element, &one.spdx_element_id),
            // Syft's words for a package whose files another one brought.
            "OTHER" if one.comment.starts_with("ownership-by-file-overlap") => {
                gathered.owns(&one.spdx_element_id, &one.related_spdx_element);
            }
            _ => {}
        }
    }
    Ok(gathered.finish())
}

/// What a document says beside its packages.
struct Known<'a> {
    /// The licences that are not of the SPDX list, by their `LicenseRef-`.
    extracted: HashMap<&'a str, &'a str>,
    /// The files that packages contain, by the packages' identifiers; of several, the first.
    files: HashMap<&'a str, &'a str>,
    /// The identifier of what the document is about, where that is one thing.
    subject: Option<&'a str>,
}

/// The one thing that the document describes.
fn subject<'a>(document: &'a Document<'_>) -> Option<&'a str> {
    let related = document.relationships.iter().filter_map(|one| {
        let pair = match &*one.relationship_type {
            "DESCRIBES" => (&one.spdx_element_id, &one.related_spdx_element),
            "DESCRIBED_BY" => (&one.related_spdx_element, &one.spdx_element_id),
            _ => return None,
        };
        (*pair.0 == document.id).then_some(&**pair.1)
    });
    let mut described = document
        .document_describes
        .iter()
        .map(|one| &**one)
        .chain(related);
    let first = described.next()?;
    described.all(|other| other == first).then_some(first)
}

fn files<'a>(document: &'a Document<'_>) -> HashMap<&'a str, &'a str> {
    let named = document.files.iter();
    let named: HashMap<&str, &str> = named.map(|file| (&*file.id, &*file.file_name)).collect();
    let mut files = HashMap::new();
    for one in &document.relationships {
        if let ("CONTAINS", Some(name)) = (&*one.relationship_type, named.get(&*one.related_spdx_element)) {
            files.entry(&*one.spdx_element_id).or_insert(*name);
        }
    }
    files
}

/// What the document is about.
fn described(package: &Package<'_>, purl: Option<&str>) -> Subject {
    let kind = match package.primary_package_purpose.as_deref() {
        Some("CONTAINER") => SubjectKind::Container,
        Some("DEVICE") => SubjectKind::Device,
        Some("FILE" | "ARCHIVE" | "SOURCE") => SubjectKind::File,
        Some("FIRMWARE") => SubjectKind::Firmware,
        Some("FRAMEWORK") => SubjectKind::Framework,
        Some("LIBRARY") => SubjectKind::Library,
        Some("OPERATING-SYSTEM") => SubjectKind::OperatingSystem,
        _ => SubjectKind::Application,
    };
    Subject {
        name: package.name.to_string(),
        kind,
        version: package
            .version_info
            .as_deref()
            .filter(|version| !version.is_empty())
            .map(str::to_owned),
        purl: purl.map(str::to_owned),
    }
}

fn take(package: &Package<'_>, known: &Known<'_>, gathered: &mut Gathered) {
    let extracted = &known.extracted;
    let owned = facts(package);
    let facts: Vec<(&str, &str)> = owned.iter().map(|(name, value)| (&**name, &**value)).collect();
    let version = package.version_info.as_deref().unwrap_or_default();
    let purl = package
        .external_refs
        .iter()
        .find(|one| &*one.reference_type == "purl");
    let purl = purl.map(|one| &*one.reference_locator);
    if known.subject == Some(&*package.id) {
        gathered.subject(described(package, purl));
        gathered.image(&facts);
    }
    match package.primary_package_purpose.as_deref() {
        Some("OPERATING-SYSTEM") => return gathered.operating_system(&package.name, version, &facts),
        Some("CONTAINER" | "FILE") => return,
        Some("APPLICATION") if purl.is_none() => return gathered.application(&package.id, &package.name),
        _ => {}
    }
    // The image itself, files and lock files stand among the packages too.
    let is_subject = purl.is_some_and(|purl| purl.starts_with("pkg:oci/") || purl.starts_with("pkg:docker/"));
    let is_library = matches!(
        package.primary_package_purpose.as_deref(),
        None | Some("LIBRARY" | "FRAMEWORK")
    );
    if is_subject || purl.is_none() && (!is_library || version.is_empty()) {
        return;
    }
    let of = |name: &str| -> Vec<&str> {
        let named = facts.iter().filter(|(known, _)| *known == name);
        named.map(|(_, value)| *value).collect()
    };
    let texts = |name| of(name).into_iter().map(str::to_owned).collect();
    let mut licenses: Vec<String> = texts("plimsoll:license");
    if licenses.is_empty() {
        licenses.extend(license(package, extracted));
    }
    let mut proofs = facts
        .iter()
        .filter(|(name, _)| matches!(*name, "plimsoll:evidence" | "FilePath"));
    let evidence = proofs.next().map(|(_, path)| *path);
    let evidence = evidence
        .or_else(|| found_by_syft(package))
        .or_else(|| known.files.get(&*package.id).copied());
    let evidence = evidence.unwrap_or_default().trim_start_matches('/').to_owned();
    let files = texts("plimsoll:file");
    gathered.package(Found {
        label: &package.name,
        reference: &package.id,
        purl,
        name: package.name.to_string(),
        version,
        licenses,
        supplier: package.supplier.as_deref().and_then(supplier),
        evidence,
        files,
        facts: with_source(package, facts),
    });
}

/// Who is named, with an address in angle brackets as databases have it.
fn supplier(stated: &str) -> Option<String> {
    let (_, name) = stated.split_once(": ")?;
    let address = name.strip_suffix(')').and_then(|rest| rest.rsplit_once(" ("));
    Some(match address.filter(|(_, address)| address.contains('@')) {
        Some((name, address)) => format!("{name} <{address}>"),
        None => name.to_owned(),
    })
}

/// Names and values from the annotations: a JSON list of pairs by this program, `name: value` by Trivy and by this program
/// for Trivy.
fn facts<'a>(package: &'a Package<'_>) -> Vec<(Text<'a>, Text<'a>)> {
    let mut facts: Vec<(Text<'a>, Text<'a>)> = Vec::new();
    for annotation in &package.annotations {
        let comment = annotation.comment.trim();
        if comment.starts_with("[[") {
            let pairs: Option<Vec<(Text<'a>, Text<'a>)>> = serde_json::from_str(comment).ok();
            facts.extend(pairs.unwrap_or_default());
        } else if let Some((name, value)) = comment.split_once(": ") {
            let name = match name {
                // What Trivy writes of the image has a prefix in CycloneDX.
                "ImageID" | "DiffID" | "RepoTag" | "RepoDigest" | "Size" => {
                    format!("{}{name}", trivy::PREFIX).into()
                }
                _ => name.into(),
            };
            facts.push((name, value.into()));
        }
    }
    facts
}

/// Trivy and this program say a package's source in a sentence.
fn with_source<'a>(package: &'a Package<'_>, mut facts: Vec<(&'a str, &'a str)>) -> Vec<(&'a str, &'a str)> {
    let info = package.source_info.as_deref().unwrap_or_default();
    if let Some(built_from) = info.strip_prefix("built package from: ") {
        let (name, version) = built_from.split_once(' ').unwrap_or((built_from, ""));
        facts.extend([("SrcName", name), ("SrcVersion", version)]);
    }
    facts
}

/// `acquired package info from … : PATH, PATH`.
fn found_by_syft<'a>(package: &'a Package<'_>) -> Option<&'a str> {
    let info = package.source_info.as_deref()?;
    let (_, paths) = info
        .strip_prefix("acquired package info from")?
        .rsplit_once(": ")?;
    paths.split(", ").next()
}

fn license(package: &Package<'_>, extracted: &HashMap<&str, &str>) -> Option<String> {
    fn said<'a>(text: &'a Option<Text<'_>>) -> Option<&'a str> {
        let text = text.as_deref();
        text.filter(|text| !matches!(*text, "" | NO_ASSERTION | "NONE"))
    }
    let text = said(&package.license_declared).or_else(|| said(&package.license_concluded))?;
    Some((*extracted.get(text).unwrap_or(&text)).to_owned())
}
