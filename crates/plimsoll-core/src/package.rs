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
    /// Packages of an RPM database: Red Hat's, SUSE's, Amazon's and their derivatives.
    Rpm,
    /// Packages of Arch Linux and its derivatives, from pacman's database.
    Alpm,
    /// Gentoo's packages, named with their category: `app-shells/bash`.
    Portage,
    /// Packages of OpenWrt and its kin, from opkg's database.
    Opkg,
    /// Python distributions, as PyPI names them.
    PyPi,
    /// Node.js packages, as the npm registry names them: `@scope/name`.
    Npm,
    /// Ruby gems.
    Gem,
    /// Java archives, as Maven names them: `group:artifact`.
    Maven,
    /// Go modules, named by their path; the standard library is `stdlib`.
    Go,
    /// Rust crates.
    Cargo,
    /// PHP packages, as Composer names them: `vendor/name`.
    Composer,
    /// .NET packages, as NuGet names them.
    NuGet,
    /// Conda packages.
    Conda,
    /// R packages.
    Cran,
    /// Lua rocks.
    LuaRocks,
    /// Applications of Erlang/OTP, what is written in Elixir included.
    Otp,
    /// PHP packages and extensions of a PEAR channel: `pear.php.net`, `pecl.php.net`.
    Pear,
    /// Plugins of WordPress, by the name that they show.
    WordPress,
    /// Programs that no package manager installed, known by the version in their file.
    Generic,
}

impl Ecosystem {
    /// All of them, in the order in which reports show them: the distributions' first.
    pub const ALL: [Self; 21] = [
        Self::Deb,
        Self::Apk,
        Self::Rpm,
        Self::Alpm,
        Self::Portage,
        Self::Opkg,
        Self::PyPi,
        Self::Npm,
        Self::Gem,
        Self::Maven,
        Self::Go,
        Self::Cargo,
        Self::Composer,
        Self::NuGet,
        Self::Conda,
        Self::Cran,
        Self::LuaRocks,
        Self::Otp,
        Self::Pear,
        Self::WordPress,
        Self::Generic,
    ];

    /// The type in a package URL (purl), such as `deb` or `pypi`.
    pub fn purl_type(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::Apk => "apk",
            Self::Rpm => "rpm",
            Self::PyPi => "pypi",
            Self::Npm => "npm",
            Self::Gem => "gem",
            Self::Maven => "maven",
            Self::Go => "golang",
            Self::Cargo => "cargo",
            Self::Composer => "composer",
            Self::NuGet => "nuget",
            Self::Conda => "conda",
            Self::Alpm => "alpm",
            Self::Portage => "ebuild",
            Self::Opkg => "opkg",
            Self::Cran => "cran",
            Self::LuaRocks => "luarocks",
            Self::Otp => "otp",
            Self::Pear => "pear",
            Self::WordPress => "wordpress",
            Self::Generic => "generic",
        }
    }

    /// Whether the packages belong to the image's distribution, so that its release selects the advisories.
    pub fn is_distribution(self) -> bool {
        matches!(
            self,
            Self::Deb | Self::Apk | Self::Rpm | Self::Alpm | Self::Portage | Self::Opkg
        )
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Deb => "Debian package",
            Self::Apk => "Alpine package",
            Self::Rpm => "RPM package",
            Self::PyPi => "Python package",
            Self::Npm => "Node.js package",
            Self::Gem => "Ruby gem",
            Self::Maven => "Java package",
            Self::Go => "Go module",
            Self::Cargo => "Rust crate",
            Self::Composer => "PHP package",
            Self::NuGet => ".NET package",
            Self::Conda => "Conda package",
            Self::Alpm => "Arch Linux package",
            Self::Portage => "Gentoo package",
            Self::Opkg => "opkg package",
            Self::Cran => "R package",
            Self::LuaRocks => "Lua rock",
            Self::Otp => "Erlang application",
            Self::Pear => "PEAR package",
            Self::WordPress => "WordPress plugin",
            Self::Generic => "program",
        })
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
    /// The layer that removed it again; a container does not see such a package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_by: Option<PackageLayer>,
    /// The module that an RPM package is built for, from its modularity label: `nodejs:18`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Who maintains or sells it, as its database says: `Debian Apache Maintainers <debian-apache@lists.debian.org>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// The files that it consists of, without a leading slash, where they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

impl Package {
    /// A package of which only this much is known.
    pub fn new(ecosystem: Ecosystem, name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            ecosystem,
            name: name.into(),
            version: version.into(),
            architecture: None,
            source: None,
            licenses: Vec::new(),
            evidence: String::new(),
            layer: None,
            origin: Origin::Unknown,
            removed_by: None,
            module: None,
            supplier: None,
            files: Vec::new(),
        }
    }
}
