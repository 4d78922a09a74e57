//! What is known of an image and its packages and has no place in the documents' own terms: names and values, which
//! CycloneDX has as properties and SPDX in an annotation. What is written here is read back by [`super::Gathered`].

use plimsoll_core::{Distribution, EndOfLife, Origin, Package, PackageLayer};

use crate::{Artifact, CoverageStatus, ScanReport};

pub(crate) type Facts = Vec<(String, String)>;

/// What is known of the whole image, what was not read of it included.
pub(crate) fn artifact_facts(report: &ScanReport) -> Facts {
    let Artifact {
        name: _,
        kind: _,
        image_id,
        manifest_digest,
        references,
        platform,
        created,
        size_bytes,
        diff_ids,
        ..
    } = &report.artifact;
    let mut facts = Writer::default();
    facts.put("image:id", image_id.as_ref());
    facts.put("image:manifestDigest", manifest_digest.as_ref());
    references
        .iter()
        .for_each(|one| facts.put("image:reference", Some(one)));
    facts.put("image:platform", platform.as_ref());
    facts.put("image:created", created.as_ref());
    facts.put("image:size", size_bytes.as_ref());
    diff_ids
        .iter()
        .for_each(|one| facts.put("image:diffId", Some(one)));
    for one in &report.coverage {
        match (&one.status, one.ecosystem) {
            (CoverageStatus::NotAssessed { reason }, None) => {
                facts.put("notRead", Some(&format!("{}: {reason}", one.subject)));
            }
            // A document with vulnerabilities is not to be taken for one of all of them.
            (CoverageStatus::NotAssessed { reason } | CoverageStatus::Partial { reason, .. }, Some(_))
                if report.database.is_some() =>
            {
                facts.put("notAssessed", Some(&format!("{}: {reason}", one.subject)));
            }
            _ => {}
        }
    }
    report
        .warnings
        .iter()
        .for_each(|one| facts.put("warning", Some(one)));
    facts.0
}

/// What is known of the operating system beside its name and its most exact version.
pub(crate) fn distribution_facts(
    distribution: &Distribution,
    release: Option<&str>,
    end: Option<&EndOfLife>,
) -> Facts {
    let mut facts = Writer::default();
    facts.put("distribution:id", Some(&distribution.id));
    facts.put("distribution:versionId", Some(&distribution.version_id));
    facts.put("distribution:codename", distribution.codename.as_ref());
    facts.put("distribution:prettyName", distribution.pretty_name.as_ref());
    facts.put("distribution:release", release.as_ref());
    if let Some(end) = end {
        facts.put("distribution:endOfLife", Some(&end.date));
        facts.put("distribution:extendedEndOfLife", end.extended.as_ref());
        facts.put("distribution:extended", end.is_extended.then_some(&true));
    }
    facts.0
}

/// What is known of a package beside its name, version, package URL, licences and files.
pub(crate) fn package_facts(package: &Package) -> Facts {
    let mut facts = Writer::default();
    facts.layer("layer", package.layer.as_ref());
    match package.origin {
        Origin::Base => facts.put("origin", Some(&"base")),
        Origin::App => facts.put("origin", Some(&"app")),
        Origin::Unknown => {}
    }
    if let Some(source) = &package.source {
        facts.put("source:name", Some(&source.name));
        facts.put("source:version", Some(&source.version));
    }
    facts.put("architecture", package.architecture.as_ref());
    facts.put("module", package.module.as_ref());
    facts.layer("removedBy", package.removed_by.as_ref());
    facts.0
}

#[derive(Default)]
struct Writer(Facts);

impl Writer {
    fn put(&mut self, name: &str, value: Option<&impl ToString>) {
        if let Some(value) = value {
            self.0.push((format!("plimsoll:{name}"), value.to_string()));
        }
    }

    fn layer(&mut self, name: &str, layer: Option<&PackageLayer>) {
        let Some(layer) = layer else { return };
        self.put(&format!("{name}:diffId"), Some(&layer.diff_id));
        self.put(&format!("{name}:index"), Some(&layer.index));
        if !layer.created_by.is_empty() {
            self.put(&format!("{name}:createdBy"), Some(&layer.created_by));
        }
    }
}
