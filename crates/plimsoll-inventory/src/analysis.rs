use plimsoll_core::{Digest, Ecosystem, Severity, SourcePackage};
use serde::{Deserialize, Serialize};

use crate::SecretScope;

/// What one layer or one directory holds, told from it alone.
///
/// Paths are relative, without a leading slash; bytes that are not UTF-8 are replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerAnalysis {
    /// The number of this form; another one is not read.
    pub schema: u32,
    /// The catalogers with their versions; an analysis by others is made again.
    pub catalogers: String,
    /// The layer; `None` where it is of a directory, which has no digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff_id: Option<Digest>,
    /// Whether it tells the files of every package.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub files: bool,
    /// Its evidence, in the order of the paths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<EvidenceFile>,
    /// Paths that this layer removes: whiteouts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
    /// Directories whose lower content this layer hides: opaque directories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opaque: Vec<String>,
    /// Paths that are no directory and no evidence here, and would replace either of a lower layer: symbolic
    /// links and special files. (A regular file that takes the place of a whole directory is not looked for.)
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<String>,
    /// Its directories, where files were asked for: the lists of packages do not all tell them from files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub directories: Vec<String>,
    /// Secrets in its files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<FileSecret>,
    /// How many of its files were searched for them.
    #[serde(default)]
    pub secret_scope: SecretScope,
    /// The bytes of content of its files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_size: Option<u64>,
    /// The length of its uncompressed tar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tar_size: Option<u64>,
    /// What could not be read as it should be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// What one file of a layer proves.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EvidenceFile {
    /// The file.
    pub path: String,
    /// The cataloger that read it: `dpkg`, `apk`, `rpm`, `python`, `java`, `programs`, `distribution`, `uncatalogued`...
    pub cataloger: String,
    /// What its packages are; `None` where it names none, or each says for itself what it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecosystem: Option<Ecosystem>,
    /// The packages that it names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<FoundPackage>,
    /// Evidence files of other catalogers that a distribution's package owns, after this file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owns: Vec<String>,
    /// Every file of the package that the file is about, where files were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// Licences of the package that the file is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<String>,
    /// What it says about the distribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<DistributionFacts>,
    /// A kind of package that no cataloger reads, but which is here: `npm packages`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncatalogued: Option<String>,
}

/// A package as its evidence names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are those of `plimsoll_core::Package`")]
pub struct FoundPackage {
    pub name: String,
    pub version: String,
    /// What it is, where that is not what its evidence says of all packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecosystem: Option<Ecosystem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourcePackage>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// The packages that it needs, in the form that `dependencies` reads for its ecosystem.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<String>,
    /// Other names that packages may need it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provides: Vec<String>,
}

/// What a release file says about the distribution; empty where it says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DistributionFacts {
    /// `ID`.
    pub id: String,
    /// `VERSION_ID`.
    pub version_id: String,
    /// `VERSION_CODENAME`.
    pub codename: String,
    /// `PRETTY_NAME`.
    pub pretty_name: String,
    /// The version with its point release, where the file has that: `12.5` in `debian_version`.
    pub release: String,
    /// Whether the image is set up for security updates beyond those for everybody.
    pub extended_support: bool,
}

/// A secret in a file of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSecret {
    /// The check's id: `secret-private-key`.
    pub rule: String,
    /// What it is, for people: `AWS access key ID`.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The match with the secret taken out.
    pub redacted: String,
}

/// Something that could not be read as it should be; what could be read stands beside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Warning {
    /// The file.
    pub path: String,
    /// What is wrong with it: a lower-case fragment.
    pub message: String,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`: {}", self.path, self.message)
    }
}
