//! What is known of an image and its packages and has no place in the documents' own terms: names and values, which
//! CycloneDX has as properties and SPDX in annotations. What is written here is read back by [`super::Gathered`].
//!
//! What Trivy has a name for is written under that name, so that Trivy finds in these documents what it finds in the
//! image; the rest has names of its own, which begin with `plimsoll:`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use plimsoll_core::{Distribution, EndOfLife, Origin, Package, PackageLayer, Platform, SourcePackage};

use crate::targets::{language_kind, target_file};
use crate::trivy::{Version, family, file_path, package_id};
use crate::{Artifact, CoverageStatus, ScanReport};

/// What marks a document as one of this program: the kind of thing that it was made of.
pub(crate) const SCANNED: &str = "plimsoll:scanned";

/// Names and values.
pub(crate) type Facts<'a> = Vec<(&'static str, Cow<'a, str>)>;

/// What is known of the whole image, what was not read of it included.
pub(crate) fn artifact_facts(report: &ScanReport) -> Facts<'_> {
    let Artifact {
        kind,
        image_id,
        manifest_digest,
        references,
        platform,
        created,
        size_bytes,
        diff_ids,
        layer_sizes,
        ..
    } = &report.artifact;
    let mut facts = Facts::new();
    put(&mut facts, "aquasecurity:trivy:ImageID", image_id.as_ref());
    for diff_id in diff_ids {
        put(&mut facts, "aquasecurity:trivy:DiffID", Some(diff_id));
    }
    for reference in references {
        put(&mut facts, "aquasecurity:trivy:RepoTag", Some(reference));
        if let Some(digest) = manifest_digest {
            let named = format!("{}@{digest}", reference.repository());
            facts.push(("aquasecurity:trivy:RepoDigest", named.into()));
        }
    }
    facts.push((SCANNED, kind.as_str().into()));
    put(
        &mut facts,
        "plimsoll:image:manifestDigest",
        manifest_digest.as_ref(),
    );
    put(
        &mut facts,
        "plimsoll:image:platform",
        platform.as_ref().map(Platform::to_string).as_ref(),
    );
    say(&mut facts, "plimsoll:image:created", created.as_deref());
    put(&mut facts, "plimsoll:image:size", size_bytes.as_ref());
    for size in layer_sizes {
        put(&mut facts, "plimsoll:image:layerSize", Some(size));
    }
    for (index, instruction) in instructions(report) {
        facts.push((
            "plimsoll:image:createdBy",
            format!("{index}: {instruction}").into(),
        ));
    }
    for one in &report.coverage {
        match (&one.status, one.ecosystem) {
            (CoverageStatus::NotAssessed { reason }, None) => {
                facts.push(("plimsoll:notRead", format!("{}: {reason}", one.subject).into()));
            }
            // A document with vulnerabilities is not to be taken for one of all of them.
            (CoverageStatus::NotAssessed { reason } | CoverageStatus::Partial { reason, .. }, Some(_))
                if report.database.is_some() =>
            {
                let text = format!("{}: {reason}", one.subject);
                facts.push(("plimsoll:notAssessed", text.into()));
            }
            _ => {}
        }
    }
    for warning in &report.warnings {
        facts.push(("plimsoll:warning", warning.into()));
    }
    facts
}

/// The instructions that made the layers with packages, by the layers' places.
pub(crate) fn instructions(report: &ScanReport) -> BTreeMap<usize, &str> {
    let layers = report
        .packages
        .iter()
        .filter_map(|package| package.layer.as_ref());
    let mut instructions = BTreeMap::new();
    for layer in layers.filter(|layer| !layer.created_by.is_empty()) {
        instructions
            .entry(layer.index)
            .or_insert(layer.created_by.as_str());
    }
    instructions
}

/// What is known of the operating system beside its most exact version.
pub(crate) fn distribution_facts<'a>(
    distribution: &'a Distribution,
    release: Option<&'a str>,
    end: Option<&'a EndOfLife>,
) -> Facts<'a> {
    let mut facts: Facts<'a> = vec![
        ("aquasecurity:trivy:Class", "os-pkgs".into()),
        ("aquasecurity:trivy:Type", family(&distribution.id).into()),
        ("syft:distro:id", distribution.id.as_str().into()),
    ];
    let version = release.unwrap_or(&distribution.version_id);
    say(
        &mut facts,
        "syft:distro:versionID",
        Some(version).filter(|version| !version.is_empty()),
    );
    facts.push(("plimsoll:distribution:id", distribution.id.as_str().into()));
    facts.push((
        "plimsoll:distribution:versionId",
        distribution.version_id.as_str().into(),
    ));
    say(
        &mut facts,
        "plimsoll:distribution:codename",
        distribution.codename.as_deref(),
    );
    say(
        &mut facts,
        "plimsoll:distribution:prettyName",
        distribution.pretty_name.as_deref(),
    );
    say(&mut facts, "plimsoll:distribution:release", release);
    if let Some(end) = end {
        facts.push(("plimsoll:distribution:endOfLife", end.date.as_str().into()));
        say(
            &mut facts,
            "plimsoll:distribution:extendedEndOfLife",
            end.extended.as_deref(),
        );
        if end.is_extended {
            facts.push(("plimsoll:distribution:extended", "true".into()));
        }
    }
    facts
}

/// What is known of a file that is not a package and holds some: Trivy's word for it is an application of this kind.
pub(crate) fn application_facts(kind: &'static str) -> Facts<'static> {
    vec![
        ("aquasecurity:trivy:Class", "lang-pkgs".into()),
        ("aquasecurity:trivy:Type", kind.into()),
    ]
}

/// Writes what is known of packages beside their names, versions, package URLs, licences and files.
pub(crate) struct PackageFacts<'a> {
    artifact: &'a Artifact,
    instructions: BTreeMap<usize, &'a str>,
    system: &'a str,
}

impl<'a> PackageFacts<'a> {
    pub(crate) fn new(report: &'a ScanReport) -> Self {
        let artifact = &report.artifact;
        Self {
            artifact,
            instructions: instructions(report),
            system: artifact
                .distribution
                .as_ref()
                .map_or("", |known| family(&known.id)),
        }
    }

    pub(crate) fn of(&self, package: &'a Package) -> Facts<'a> {
        let mut facts = Facts::with_capacity(8);
        say(&mut facts, "aquasecurity:trivy:FilePath", file_path(package));
        if let Some(layer) = &package.layer {
            put(&mut facts, "aquasecurity:trivy:LayerDiffID", Some(&layer.diff_id));
            self.layer(&mut facts, layer);
        }
        say(
            &mut facts,
            "aquasecurity:trivy:Modularitylabel",
            package.module.as_deref(),
        );
        facts.push(("aquasecurity:trivy:PkgID", package_id(package).into()));
        let kind = match package.ecosystem.is_distribution() {
            true => self.system,
            false => language_kind(package.ecosystem),
        };
        say(
            &mut facts,
            "aquasecurity:trivy:PkgType",
            Some(kind).filter(|kind| !kind.is_empty()),
        );
        if let Some(source) = &package.source {
            self::source(&mut facts, package, source);
        }
        match package.origin {
            Origin::Base => facts.push(("plimsoll:origin", "base".into())),
            Origin::App => facts.push(("plimsoll:origin", "app".into())),
            Origin::Unknown => {}
        }
        if let Some(removed) = &package.removed_by {
            put(&mut facts, "plimsoll:removedBy:diffId", Some(&removed.diff_id));
            put(&mut facts, "plimsoll:removedBy:index", Some(&removed.index));
            say(
                &mut facts,
                "plimsoll:removedBy:createdBy",
                Some(removed.created_by.as_str()).filter(|text| !text.is_empty()),
            );
        }
        facts
    }

    /// The layer's place and instruction, as far as the image's own facts do not tell them.
    fn layer(&self, facts: &mut Facts<'a>, layer: &'a PackageLayer) {
        let place = self
            .artifact
            .diff_ids
            .iter()
            .position(|known| *known == layer.diff_id);
        if place != Some(layer.index) {
            put(facts, "plimsoll:layer:index", Some(&layer.index));
        }
        if self.instructions.get(&layer.index).copied().unwrap_or_default() != layer.created_by {
            facts.push(("plimsoll:layer:createdBy", layer.created_by.as_str().into()));
        }
    }
}

/// The source package in Trivy's parts, and whole where they do not say all.
fn source<'a>(facts: &mut Facts<'a>, package: &Package, source: &'a SourcePackage) {
    let parts = Version::of(package.ecosystem, &source.version);
    facts.push(("aquasecurity:trivy:SrcName", source.name.as_str().into()));
    let some = |text: &'a str| Some(text).filter(|text| !text.is_empty());
    say(facts, "aquasecurity:trivy:SrcVersion", some(parts.version));
    say(facts, "aquasecurity:trivy:SrcRelease", some(parts.release));
    put(facts, "aquasecurity:trivy:SrcEpoch", parts.epoch.as_ref());
    if source.version.is_empty() || parts.joined() != source.version {
        facts.push(("plimsoll:source:name", source.name.as_str().into()));
        facts.push(("plimsoll:source:version", source.version.as_str().into()));
    }
}

fn say<'a>(facts: &mut Facts<'a>, name: &'static str, value: Option<&'a str>) {
    if let Some(value) = value {
        facts.push((name, value.into()));
    }
}

fn put(facts: &mut Facts<'_>, name: &'static str, value: Option<&impl ToString>) {
    if let Some(value) = value {
        facts.push((name, value.to_string().into()));
    }
}

/// The files that hold packages and are none, each with Trivy's word for it.
pub(crate) fn applications(packages: &[Package]) -> BTreeSet<(&str, &'static str)> {
    let holder = |package| Some((target_file(package)?, language_kind(package.ecosystem)));
    packages.iter().filter_map(holder).collect()
}
