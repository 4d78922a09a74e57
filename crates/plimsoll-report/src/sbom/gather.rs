use std::collections::{BTreeMap, HashMap};

use plimsoll_core::{
    Dependencies, Digest, Distribution, Ecosystem, EndOfLife, Origin, Package, PackageLayer, Platform, Purl,
    Reference, SourcePackage,
};

use super::facts::SCANNED;
use super::settle;
use crate::purl::{
    NotAPackage, PurlPackage, distribution_namespace, module_and_stream, names_as, package_of,
};
use crate::sbom::Sbom;
use crate::trivy::Version;
use crate::{Artifact, ArtifactKind, Coverage, CoverageStatus, Subject};

/// What a document says of one package, whatever the document's form.
#[derive(Debug, Default)]
pub(crate) struct Found<'a> {
    /// What the document calls it, for messages.
    pub(crate) label: &'a str,
    /// What the document's dependencies call it; empty where they cannot name it.
    pub(crate) reference: &'a str,
    pub(crate) purl: Option<&'a str>,
    /// Name and version beside the package URL. They are taken as they are where this program wrote them, for a package
    /// URL says both in a normal form only.
    pub(crate) name: String,
    pub(crate) version: &'a str,
    /// Names and values: properties of CycloneDX, annotations of SPDX.
    pub(crate) facts: Vec<(&'a str, &'a str)>,
    pub(crate) licenses: Vec<String>,
    pub(crate) supplier: Option<String>,
    /// Where it was found, without a leading slash; empty where nobody says.
    pub(crate) evidence: String,
    pub(crate) files: Vec<String>,
}

/// Collects what a document says, and makes an [`Sbom`] of it.
pub(crate) struct Gathered {
    artifact: Artifact,
    /// Whether this program wrote the document.
    own: bool,
    /// The instructions that made the layers, by their places.
    instructions: BTreeMap<usize, String>,
    /// Each with what the document's dependencies call it.
    packages: Vec<(Package, String)>,
    /// What needs what, as the document calls them.
    needs: Vec<(String, String)>,
    /// Which packages brought the files of which others.
    owned: Vec<(String, String)>,
    /// Which files hold which packages, where that is told from what needs what.
    held: Vec<(String, String)>,
    /// The files that hold packages and are none, by what the document calls them.
    applications: HashMap<String, String>,
    /// How many packages were found on which release; the version may be empty.
    releases: BTreeMap<(String, String), usize>,
    unread: BTreeMap<String, (usize, String)>,
    kept_unread: Vec<Coverage>,
    warnings: Vec<String>,
    bad: Vec<String>,
}

/// The first of these facts that is there.
fn fact<'a>(facts: &[(&'a str, &'a str)], names: &[&str]) -> Option<&'a str> {
    let value = |name: &&str| {
        facts
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| *value)
    };
    names.iter().find_map(value).filter(|value| !value.is_empty())
}

impl Gathered {
    pub(crate) fn new(kind: ArtifactKind, name: &str) -> Self {
        Self {
            artifact: Artifact::new(name, kind),
            own: false,
            instructions: BTreeMap::new(),
            packages: Vec::new(),
            needs: Vec::new(),
            owned: Vec::new(),
            held: Vec::new(),
            applications: HashMap::new(),
            releases: BTreeMap::new(),
            unread: BTreeMap::new(),
            kept_unread: Vec::new(),
            warnings: Vec::new(),
            bad: Vec::new(),
        }
    }

    /// Takes what the document says that it is about.
    pub(crate) fn subject(&mut self, subject: Subject) {
        if !subject.name.is_empty() {
            self.artifact.subject = Some(subject);
        }
    }

    /// Takes what the document says of the image as a whole.
    pub(crate) fn image(&mut self, facts: &[(&str, &str)]) {
        let artifact = &mut self.artifact;
        for &(name, value) in facts {
            let digest = || value.parse::<Digest>().ok();
            match name {
                SCANNED => self.own = true,
                "aquasecurity:trivy:ImageID" => artifact.image_id = digest(),
                "plimsoll:image:manifestDigest" => artifact.manifest_digest = digest(),
                "aquasecurity:trivy:RepoTag" => artifact.references.extend(value.parse::<Reference>()),
                "plimsoll:image:platform" => artifact.platform = value.parse::<Platform>().ok(),
                "plimsoll:image:created" => artifact.created = Some(value.to_owned()),
                "plimsoll:image:size" => artifact.size_bytes = value.parse().ok(),
                "aquasecurity:trivy:Size" if artifact.size_bytes.is_none() => {
                    artifact.size_bytes = value.parse().ok();
                }
                "aquasecurity:trivy:DiffID" => artifact.diff_ids.extend(digest()),
                "plimsoll:image:layerSize" => artifact.layer_sizes.extend(value.parse::<u64>()),
                "plimsoll:image:createdBy" => {
                    let pair = value.split_once(": ");
                    let pair = pair.and_then(|(place, text)| Some((place.parse().ok()?, text.to_owned())));
                    self.instructions.extend(pair);
                }
                "plimsoll:notRead" => {
                    let (subject, reason) = value.split_once(": ").unwrap_or((value, "not read"));
                    self.kept_unread
                        .push(not_assessed(subject, None, reason.to_owned()));
                }
                "plimsoll:warning" => self.warnings.push(value.to_owned()),
                _ => {}
            }
        }
    }

    /// Takes what the document says of the operating system.
    pub(crate) fn operating_system(&mut self, name: &str, version: &str, facts: &[(&str, &str)]) {
        let id = fact(facts, &["plimsoll:distribution:id", "syft:distro:id"]);
        let (mut distribution, release) = match id {
            Some(id) if fact(facts, &["plimsoll:distribution:id"]).is_some() => {
                let version_id = fact(facts, &["plimsoll:distribution:versionId"]);
                let release = fact(facts, &["plimsoll:distribution:release"]);
                (
                    distribution_of(id, version_id.unwrap_or_default()).0,
                    release.map(str::to_owned),
                )
            }
            Some(id) => {
                let version = fact(facts, &["syft:distro:versionID"]).unwrap_or(version);
                distribution_of(Distribution::id_of(id), version)
            }
            None => distribution_of(Distribution::id_of(name), version),
        };
        if let Some(version_id) = fact(facts, &["plimsoll:distribution:versionId"]) {
            distribution.version_id = version_id.to_owned();
        }
        let text = |names: &[&str]| fact(facts, names).map(str::to_owned);
        distribution.codename = text(&["plimsoll:distribution:codename", "syft:distro:versionCodename"]);
        distribution.pretty_name = text(&["plimsoll:distribution:prettyName", "syft:distro:prettyName"]);
        self.artifact.end_of_life = text(&["plimsoll:distribution:endOfLife"]).map(|date| EndOfLife {
            date,
            extended: text(&["plimsoll:distribution:extendedEndOfLife"]),
            is_extended: text(&["plimsoll:distribution:extended"]).is_some(),
        });
        self.artifact.distribution = Some(distribution);
        self.artifact.release = release;
    }

    /// Takes what the document says of a package.
    pub(crate) fn package(&mut self, found: Found<'_>) {
        let Some(purl) = found.purl else {
            return self.not_read("components without a package URL", found.label);
        };
        let parsed = match purl.parse::<Purl>() {
            Ok(parsed) => parsed,
            Err(error) => {
                self.bad.push(error.to_string());
                return self.not_read("components whose package URL cannot be read", found.label);
            }
        };
        let PurlPackage {
            mut package,
            distribution,
        } = match package_of(&parsed) {
            Ok(package) => package,
            Err(NotAPackage::Type(kind)) => return self.not_read(&format!("`{kind}` packages"), found.label),
            Err(NotAPackage::NoVersion) if found.version.is_empty() => {
                return self.not_read("packages without a version", found.label);
            }
            Err(NotAPackage::NoVersion) => {
                let versioned = Purl {
                    version: Some(found.version.to_owned()),
                    ..parsed.clone()
                };
                match package_of(&versioned) {
                    Ok(package) => package,
                    Err(_) => return,
                }
            }
        };
        if self.own || package.name == found.name || names_as(&parsed, &found.name, package.ecosystem) {
            package.name = found.name;
        }
        if self.own && !found.version.is_empty() {
            package.version = found.version.to_owned();
        }
        if self.own {
            package.source = None;
        }
        self.complete(&mut package, &found.facts);
        package.licenses = found.licenses;
        package.supplier = found.supplier.filter(|name| !name.trim().is_empty());
        package.evidence = found.evidence;
        package.files = found.files;
        if let Some(release) = distribution {
            *self.releases.entry(release).or_default() += 1;
        }
        self.packages.push((package, found.reference.to_owned()));
    }

    /// Takes what stands beside the package URL: facts of this program, of Trivy and of Syft.
    fn complete(&self, package: &mut Package, facts: &[(&str, &str)]) {
        let mut trivy = SourceParts::default();
        let mut whole: Option<SourcePackage> = None;
        let mut layer = LayerParts::default();
        let mut removed = LayerParts::default();
        for &(name, value) in facts {
            match name {
                "plimsoll:layer:createdBy" => layer.created_by = Some(value),
                "plimsoll:removedBy:createdBy" => removed.created_by = Some(value),
                "plimsoll:source:version" => {
                    if let Some(source) = &mut whole {
                        value.clone_into(&mut source.version);
                    }
                }
                _ if value.is_empty() => {}
                "aquasecurity:trivy:SrcName" | "SrcName" => trivy.name = value,
                "aquasecurity:trivy:SrcVersion" | "SrcVersion" => trivy.version = value,
                "aquasecurity:trivy:SrcRelease" | "SrcRelease" => trivy.release = value,
                "aquasecurity:trivy:SrcEpoch" | "SrcEpoch" => trivy.epoch = value,
                "plimsoll:source:name" => {
                    whole = Some(SourcePackage {
                        name: value.to_owned(),
                        version: String::new(),
                    });
                }
                "aquasecurity:trivy:Modularitylabel" | "Modularitylabel" => {
                    package.module = Some(module_and_stream(value));
                }
                "aquasecurity:trivy:LayerDiffID" | "LayerDiffID" | "syft:location:0:layerID" => {
                    layer.diff_id = layer.diff_id.or_else(|| value.parse().ok());
                }
                "plimsoll:layer:index" => layer.index = value.parse().ok(),
                "plimsoll:removedBy:diffId" => removed.diff_id = value.parse().ok(),
                "plimsoll:removedBy:index" => removed.index = value.parse().ok(),
                "plimsoll:origin" => {
                    package.origin = match value {
                        "base" => Origin::Base,
                        "app" => Origin::App,
                        _ => Origin::Unknown,
                    }
                }
                _ => {}
            }
        }
        if let Some(source) = whole.or_else(|| trivy.source(package)) {
            package.source = Some(source);
        }
        package.layer = layer.diff_id.map(|diff_id| self.layer(diff_id, &layer));
        package.removed_by = removed.diff_id.map(|diff_id| PackageLayer {
            diff_id,
            index: removed.index.unwrap_or_default(),
            created_by: removed.created_by.unwrap_or_default().to_owned(),
        });
    }

    /// The layer with its place and its instruction. Others than this program do not list layers in their order.
    fn layer(&self, diff_id: Digest, said: &LayerParts<'_>) -> PackageLayer {
        let of_image = || {
            let mut layers = self.artifact.diff_ids.iter();
            layers.position(|known| self.own && *known == diff_id)
        };
        let index = said.index.or_else(of_image).unwrap_or_default();
        let instruction = || self.instructions.get(&index).map(String::as_str);
        let created_by = said.created_by.or_else(instruction).unwrap_or_default();
        PackageLayer {
            diff_id,
            index,
            created_by: created_by.to_owned(),
        }
    }

    /// Takes that what the document calls `reference` is the file at `path`, which is no package and may hold some.
    pub(crate) fn application(&mut self, reference: &str, path: &str) {
        if !reference.is_empty() {
            let path = path.trim_start_matches('/').to_owned();
            self.applications.insert(reference.to_owned(), path);
        }
    }

    /// Takes that what the document calls `package` needs what it calls `needed`.
    pub(crate) fn needs(&mut self, package: &str, needed: &str) {
        self.needs.push((package.to_owned(), needed.to_owned()));
    }

    /// Takes that what the document calls `owner` is a package that brought the files of what it calls `owned`.
    pub(crate) fn owns(&mut self, owner: &str, owned: &str) {
        self.owned.push((owner.to_owned(), owned.to_owned()));
    }

    /// Takes that what the document calls `holder` holds what it calls `held`.
    pub(crate) fn holds(&mut self, holder: &str, held: &str) {
        if self.applications.contains_key(holder) {
            self.held.push((holder.to_owned(), held.to_owned()));
        }
    }

    /// What needs what, once the packages are in order.
    fn dependencies(&self) -> Dependencies {
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (place, (_, reference)) in self.packages.iter().enumerate() {
            if !reference.is_empty() {
                places.insert(reference, place);
            }
        }
        let mut needed: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (package, other) in &self.needs {
            if let (Some(package), Some(other)) = (places.get(package.as_str()), places.get(other.as_str())) {
                needed.entry(*package).or_default().push(*other);
            }
        }
        let mut dependencies = Dependencies::default();
        for (package, others) in needed {
            dependencies.add(package, others);
        }
        dependencies
    }

    fn not_read(&mut self, kind: &str, example: &str) {
        let (count, _) = self
            .unread
            .entry(kind.to_owned())
            .or_insert_with(|| (0, example.to_owned()));
        *count += 1;
    }

    /// What the document says, put in order.
    pub(crate) fn finish(mut self) -> Sbom {
        self.choose_release();
        // This program's documents say the epochs themselves.
        if !self.own {
            settle::set_source_epochs(&mut self.packages);
        }
        settle::leave_out_owned(&mut self.packages, &self.owned);
        let held = self.needs.iter().chain(&self.held);
        settle::find_in_applications(&mut self.packages, &self.applications, held);
        self.packages.sort_by(|(a, _), (b, _)| {
            fn key(one: &Package) -> (Ecosystem, &str, &str, &str) {
                (one.ecosystem, &one.name, &one.version, &one.evidence)
            }
            key(a).cmp(&key(b))
        });
        let dependencies = self.dependencies();
        let unread = self.unread.into_iter().map(|(kind, (count, example))| {
            not_assessed(
                &kind,
                Some(count),
                format!("they cannot be compared with advisories; one is `{example}`"),
            )
        });
        const SHOWN: usize = 5;
        let more = self.bad.len().saturating_sub(SHOWN);
        self.bad.truncate(SHOWN);
        self.warnings.append(&mut self.bad);
        if more > 0 {
            self.warnings
                .push(format!("and {more} more package URLs that cannot be read"));
        }
        if self.packages.is_empty() {
            self.warnings
                .push("the SBOM names no package that can be compared with advisories".to_owned());
        }
        Sbom {
            dependencies,
            artifact: self.artifact,
            packages: self.packages.into_iter().map(|(package, _)| package).collect(),
            unread: self.kept_unread.into_iter().chain(unread).collect(),
            warnings: self.warnings,
        }
    }

    /// Without an operating system among the components, the packages' own qualifiers say it.
    fn choose_release(&mut self) {
        let distribution_packages = self
            .packages
            .iter()
            .filter(|(one, _)| one.ecosystem.is_distribution())
            .count();
        if self.artifact.distribution.is_none() {
            let most = self.releases.iter().max_by_key(|(_, count)| **count);
            if let Some(((id, version), _)) = most {
                let (distribution, release) = distribution_of(id, version);
                (self.artifact.distribution, self.artifact.release) = (Some(distribution), release);
            }
        }
        let Some(distribution) = &mut self.artifact.distribution else {
            if distribution_packages > 0 {
                self.warnings
                    .push("the SBOM does not say what distribution its packages are of".to_owned());
            }
            return;
        };
        // The namespace alone tells no more than whose packages they are: `suse` and `opensuse` have several distributions.
        let namespace = distribution_namespace(&distribution.id);
        let vendor = Distribution::id_of(&namespace);
        let own_id = distribution.id.clone();
        let is_own = |id: &str| id == own_id || id == vendor;
        if distribution.version_id.is_empty() {
            let named = self
                .releases
                .keys()
                .find(|(id, version)| is_own(id) && !version.is_empty());
            match named {
                Some((id, version)) => {
                    let (known, release) = distribution_of(id, version);
                    distribution.version_id = known.version_id;
                    self.artifact.release = self.artifact.release.take().or(release);
                }
                None if distribution_packages > 0 => self.warnings.push(format!(
                    "the SBOM does not say which release of `{}` it is about",
                    distribution.id
                )),
                None => {}
            }
        }
        let others = self.releases.keys().filter(|(id, _)| !is_own(id));
        let others: Vec<&str> = others.map(|(id, _)| id.as_str()).collect();
        if !others.is_empty() {
            self.warnings.push(format!(
                "the SBOM names packages of several distributions; all were taken for packages of `{}`, also those of {}",
                distribution.id,
                others.join(", ")
            ));
        }
    }
}

fn not_assessed(subject: &str, packages: Option<usize>, reason: String) -> Coverage {
    Coverage {
        subject: subject.to_owned(),
        ecosystem: None,
        packages,
        status: CoverageStatus::NotAssessed { reason },
    }
}

/// The distribution with `VERSION_ID` as its `os-release` has it, and the point release.
fn distribution_of(id: &str, version: &str) -> (Distribution, Option<String>) {
    let version_id = match id {
        // `VERSION_ID` is the major version alone.
        "debian" => version.split('.').next().unwrap_or(version),
        _ => version,
    };
    let distribution = Distribution {
        id: id.to_owned(),
        version_id: version_id.to_owned(),
        codename: None,
        pretty_name: None,
    };
    let release = matches!(id, "debian" | "alpine") && version.contains('.');
    (distribution, release.then(|| version.to_owned()))
}

/// What facts say of a layer.
#[derive(Default)]
struct LayerParts<'a> {
    diff_id: Option<Digest>,
    index: Option<usize>,
    created_by: Option<&'a str>,
}

/// What Trivy's facts say of a source package.
#[derive(Default)]
struct SourceParts<'a> {
    name: &'a str,
    version: &'a str,
    release: &'a str,
    epoch: &'a str,
}

impl SourceParts<'_> {
    fn source(&self, package: &Package) -> Option<SourcePackage> {
        let version = match self.version {
            "" => package.version.clone(),
            version => Version {
                version,
                release: self.release,
                epoch: self.epoch.parse().ok().filter(|epoch| *epoch > 0),
            }
            .joined(),
        };
        (!self.name.is_empty()).then(|| SourcePackage {
            name: self.name.to_owned(),
            version,
        })
    }
}
