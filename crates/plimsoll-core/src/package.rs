use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Digest;

/// Where a package comes from and whose version order it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ecosystem {
    /// Debian packages and their derivatives, from dpkg's databases.
    Deb,
    /// Alpine packages, from apk's database.
    Apk,
    /// Python distributions, as PyPI names them.
    PyPi,
}

impl Ecosystem {
    /// The type in a package URL (purl), such as `deb` or `pypi`.
    pub fn purl_type(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::Apk => "apk",
            Self::PyPi => "pypi",
        }
    }

    /// Whether the packages belong to the image's distribution, so that its release selects the advisories.
    pub fn is_distribution(self) -> bool {
        matches!(self, Self::Deb | Self::Apk)
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Deb => "Debian package",
            Self::Apk => "Alpine package",
            Self::PyPi => "Python package",
        })
    }
}

/// The operating system of an image, from `os-release` (freedesktop.org) or its kin.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Distribution {
    /// `ID`: `debian`, `alpine`.
    pub id: String,
    /// `VERSION_ID`, with point releases where the file has them: `12`, `3.20.3`. Empty where none is said.
    pub version_id: String,
    /// `VERSION_CODENAME`, such as `bookworm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codename: Option<String>,
    /// `PRETTY_NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pretty_name: Option<String>,
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.version_id)
    }
}

/// The source package that a binary package was built from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "a name and a version")]
pub struct SourcePackage {
    pub name: String,
    pub version: String,
}

/// Whether the base image or the application brought something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A layer of the base image.
    Base,
    /// A layer that the Dockerfile added.
    App,
    /// The image does not say where its base ends.
    #[default]
    Unknown,
}

/// The layer that holds a package.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PackageLayer {
    /// The layer's DiffID.
    pub diff_id: Digest,
    /// The layer's place in the image, from 0.
    pub index: usize,
    /// The history entry that made it, such as `RUN pip install ...`; empty where the image has none.
    #[serde(default)]
    pub created_by: String,
}

/// One package found in an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Which kind of package it is.
    pub ecosystem: Ecosystem,
    /// The name as its ecosystem shows it; PyPI names are not normalized here.
    pub name: String,
    /// The version as its ecosystem writes it, epoch and revision included.
    pub version: String,
    /// The processor it is built for, where its database says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// The source package, where advisories name that instead of the binary package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourcePackage>,
    /// Licences as its metadata states them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<String>,
    /// The file that proves it is there, without a leading slash: `var/lib/dpkg/status`.
    pub evidence: String,
    /// The layer that brought it, once the layers are merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<PackageLayer>,
    /// Whether the base or the application brought it.
    #[serde(default)]
    pub origin: Origin,
}
