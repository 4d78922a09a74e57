//! Names for packages and documents that are the same for the same content.

use std::borrow::Cow;

use foldhash::{HashMap, HashMapExt as _};
use plimsoll_core::{Digest, Ecosystem, Package};

use crate::{Artifact, ScanReport, purl};

/// The names of a report's packages, each made once: findings name them again and again.
pub(crate) struct Names<'a> {
    artifact: &'a Artifact,
    places: HashMap<Key<'a>, usize>,
    all: Vec<Name>,
}

/// What one package is called.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    /// The package URL.
    pub(crate) purl: String,
    /// See [`uid`].
    pub(crate) uid: String,
}

/// What tells a package from every other one of an image.
#[derive(PartialEq, Eq, Hash)]
struct Key<'a> {
    ecosystem: Ecosystem,
    name: &'a str,
    version: &'a str,
    architecture: Option<&'a str>,
    evidence: &'a str,
}

impl<'a> Key<'a> {
    fn of(package: &'a Package) -> Self {
        Self {
            ecosystem: package.ecosystem,
            name: &package.name,
            version: &package.version,
            architecture: package.architecture.as_deref(),
            evidence: &package.evidence,
        }
    }
}

impl<'a> Names<'a> {
    pub(crate) fn new(report: &'a ScanReport) -> Self {
        let artifact = &report.artifact;
        let mut places = HashMap::with_capacity(report.packages.len());
        for (place, package) in report.packages.iter().enumerate() {
            places.entry(Key::of(package)).or_insert(place);
        }
        let all = report.packages.iter().map(|package| name(package, artifact));
        Self {
            artifact,
            places,
            all: all.collect(),
        }
    }

    /// The names of the report's packages, in their order.
    pub(crate) fn all(&self) -> &[Name] {
        &self.all
    }

    /// The place of `package` among the report's packages, if it is one of them; of several that cannot be told apart, the
    /// first.
    pub(crate) fn place(&self, package: &Package) -> Option<usize> {
        self.places.get(&Key::of(package)).copied()
    }

    /// What `package` is called, whether or not the report lists it.
    pub(crate) fn of(&self, package: &Package) -> Cow<'_, Name> {
        match self.place(package).and_then(|place| self.all.get(place)) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(name(package, self.artifact)),
        }
    }

    /// A reference for each of the report's packages, in their order: the package URL where only one package has it, else
    /// one made of its [`uid`].
    pub(crate) fn references(&self) -> Vec<Cow<'_, str>> {
        let mut count: HashMap<&str, usize> = HashMap::with_capacity(self.all.len());
        for name in &self.all {
            *count.entry(&name.purl).or_default() += 1;
        }
        let mut taken: HashMap<&str, usize> = HashMap::new();
        let all = self.all.iter();
        all.map(|name| {
            if count[name.purl.as_str()] == 1 {
                return Cow::Borrowed(name.purl.as_str());
            }
            let number = taken.entry(&name.uid).or_default();
            *number += 1;
            Cow::Owned(match *number {
                1 => format!("package:{}", name.uid),
                number => format!("package:{}-{number}", name.uid),
            })
        })
        .collect()
    }

    /// A UUID (RFC 9562, version 8) that stands for what a document of this kind says of the report and for when it was made.
    pub(crate) fn uuid_of(&self, report: &ScanReport, kind: &str) -> String {
        let artifact = &report.artifact;
        let id = artifact.image_id.map(|id| id.to_string()).unwrap_or_default();
        let mut parts = vec![
            kind,
            &report.tool.version,
            &report.created_at,
            &artifact.name,
            &id,
        ];
        parts.extend(self.all.iter().map(|name| name.uid.as_str()));
        parts.extend(report.vulnerabilities.iter().map(|one| one.id.as_str()));
        uuid(&parts)
    }
}

fn name(package: &Package, artifact: &Artifact) -> Name {
    Name {
        purl: purl(
            package,
            artifact.distribution.as_ref(),
            artifact.release.as_deref(),
        ),
        uid: uid(package),
    }
}

/// A short name of a package that tells it from every other one of an image: 16 hexadecimal digits made of its kind,
/// name, version, architecture and the file that proves it.
fn uid(package: &Package) -> String {
    let parts = [
        package.ecosystem.purl_type(),
        &package.name,
        &package.version,
        package.architecture.as_deref().unwrap_or_default(),
        &package.evidence,
    ];
    short(&parts)
}

/// 16 hexadecimal digits that stand for `parts`.
pub(crate) fn short(parts: &[&str]) -> String {
    let mut hex = Digest::of(parts.join("\0").as_bytes()).hex();
    hex.truncate(16);
    hex
}

/// A UUID (RFC 9562, version 8) that stands for `parts`.
pub(crate) fn uuid(parts: &[&str]) -> String {
    let hex = Digest::of(parts.join("\0").as_bytes()).hex();
    format!(
        "{}-{}-8{}-8{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..32]
    )
}
