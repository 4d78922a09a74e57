use std::collections::{BTreeMap, HashMap};

use plimsoll_core::{
    Dependencies, Digest, Distribution, EndOfLife, Origin, Package, PackageLayer, Platform, Purl, Reference,
    SourcePackage,
};

use crate::purl::{NotAPackage, PurlPackage, names_as, os_release_id, package_of};
use crate::sbom::Sbom;
use crate::{Artifact, ArtifactKind, Coverage, CoverageStatus};

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
    /// Each with what the document's dependencies call it.
    packages: Vec<(Package, String)>,
    /// What needs what, as the document calls them.
    needs: Vec<(String, String)>,
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
            packages: Vec::new(),
            needs: Vec::new(),
            releases: BTreeMap::new(),
            unread: BTreeMap::new(),
            kept_unread: Vec::new(),
            warnings: Vec::new(),
            bad: Vec::new(),
        }
    }

    /// Takes what the document says of the image as a whole.
    pub(crate) fn image(&mut self, facts: &[(&str, &str)]) {
        let artifact = &mut self.artifact;
        for &(name, value) in facts {
            let digest = || value.parse::<Digest>().ok();
            match name {
                "plimsoll:image:id" | "aquasecurity:trivy:ImageID" => artifact.image_id = digest(),
                "plimsoll:image:manifestDigest" => artifact.manifest_digest = digest(),
                "plimsoll:image:reference" | "aquasecurity:trivy:RepoTag" => {
                    artifact.references.extend(value.parse::<Reference>());
                }
                "plimsoll:image:platform" => artifact.platform = value.parse::<Platform>().ok(),
                "plimsoll:image:created" => artifact.created = Some(value.to_owned()),
                "plimsoll:image:size" | "aquasecurity:trivy:Size" => artifact.size_bytes = value.parse().ok(),
                "plimsoll:image:diffId" | "aquasecurity:trivy:DiffID" => artifact.diff_ids.extend(digest()),
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
                distribution_of(&os_release_id(id), version)
            }
            None => distribution_of(&os_release_id(name), version),
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
            Err(error) => return self.bad.push(error.to_string()),
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
        let facts = &found.facts;
        let own = facts.iter().any(|(name, _)| name.starts_with("plimsoll:"));
        if own || names_as(&parsed, &found.name, package.ecosystem) {
            package.name = found.name;
        }
        if own && !found.version.is_empty() {
            package.version = found.version.to_owned();
        }
        if own {
            package.source = None;
        }
        complete(&mut package, facts);
        package.licenses = found.licenses;
        package.supplier = found.supplier.filter(|name| !name.trim().is_empty());
        package.evidence = found.evidence;
        package.files = found.files;
        if let Some(release) = distribution {
            *self.releases.entry(release).or_default() += 1;
        }
        self.packages.push((package, found.reference.to_owned()));
    }

    /// Takes that what the document calls `package` needs what it calls `needed`.
    pub(crate) fn needs(&mut self, package: &str, needed: &str) {
        self.needs.push((package.to_owned(), needed.to_owned()));
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
        self.packages.sort_by(|(a, _), (b, _)| {
            let key = |one: &Package| (one.ecosystem, one.name.clone(), one.version.clone());
            key(a).cmp(&key(b)).then_with(|| a.evidence.cmp(&b.evidence))
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
        if distribution.version_id.is_empty() {
            let named = self
                .releases
                .keys()
                .find(|(id, version)| *id == distribution.id && !version.is_empty());
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
        let others = self.releases.keys().filter(|(id, _)| *id != distribution.id);
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

/// Takes what stands beside the package URL: facts of this program, of Trivy and of Syft.
fn complete(package: &mut Package, facts: &[(&str, &str)]) {
    if let Some(name) = fact(facts, &["plimsoll:source:name"]) {
        package.source = Some(SourcePackage {
            name: name.to_owned(),
            version: fact(facts, &["plimsoll:source:version"])
                .unwrap_or_default()
                .to_owned(),
        });
    } else if let Some(name) = fact(facts, &["aquasecurity:trivy:SrcName", "SrcName"]) {
        let part = |names| fact(facts, names).unwrap_or_default();
        let version = match part(&["aquasecurity:trivy:SrcVersion", "SrcVersion"]) {
            "" => package.version.clone(),
            version => joined(
                part(&["aquasecurity:trivy:SrcEpoch", "SrcEpoch"]),
                version,
                part(&["aquasecurity:trivy:SrcRelease", "SrcRelease"]),
            ),
        };
        package.source = Some(SourcePackage {
            name: name.to_owned(),
            version,
        });
    }
    let text = |names: &[&str]| fact(facts, names).map(str::to_owned);
    package.architecture = text(&["plimsoll:architecture"]).or(package.architecture.take());
    package.module = text(&["plimsoll:module"]).or(package.module.take());
    package.layer = layer(facts, "layer").or_else(|| {
        let names = [
            "aquasecurity:trivy:LayerDiffID",
            "LayerDiffID",
            "syft:location:0:layerID",
        ];
        let diff_id = fact(facts, &names)?.parse().ok()?;
        Some(PackageLayer {
            diff_id,
            index: 0,
            created_by: String::new(),
        })
    });
    package.removed_by = layer(facts, "removedBy");
    package.origin = match fact(facts, &["plimsoll:origin"]) {
        Some("base") => Origin::Base,
        Some("app") => Origin::App,
        _ => Origin::Unknown,
    };
}

/// `[epoch:]version[-release]`.
fn joined(epoch: &str, version: &str, release: &str) -> String {
    let mut text = String::new();
    if !matches!(epoch, "" | "0") {
        text.push_str(epoch);
        text.push(':');
    }
    text.push_str(version);
    if !release.is_empty() {
        text.push('-');
        text.push_str(release);
    }
    text
}

fn layer(facts: &[(&str, &str)], name: &str) -> Option<PackageLayer> {
    let part = |part: &str| fact(facts, &[format!("plimsoll:{name}:{part}").as_str()]);
    Some(PackageLayer {
        diff_id: part("diffId")?.parse().ok()?,
        index: part("index")
            .and_then(|index| index.parse().ok())
            .unwrap_or_default(),
        created_by: part("createdBy").unwrap_or_default().to_owned(),
    })
}
