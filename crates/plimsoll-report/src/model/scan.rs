use plimsoll_core::{
    Dependencies, Digest, Distribution, EndOfLife, Finding, LicenseFinding, Package, Platform, Reference,
    Remedies, SeverityCounts, Suppressed, Vulnerability,
};
use serde::{Deserialize, Serialize};

use super::{Coverage, DatabaseSummary, Document, SchemaVersion, Tool};

/// What `scan` found in one image, SBOM or directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScanReport {
    /// `plimsoll.scan/v1`.
    pub schema_version: SchemaVersion<Self>,
    /// When it was made (RFC 3339).
    pub created_at: String,
    /// What made it.
    pub tool: Tool,
    /// What was scanned.
    pub artifact: Artifact,
    /// What could be assessed, and what could not.
    pub coverage: Vec<Coverage>,
    /// The advisory database that was used; `None` where vulnerabilities were not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseSummary>,
    /// The packages found.
    pub packages: Vec<Package>,
    /// Which of the packages need which others.
    #[serde(default, skip_serializing_if = "Dependencies::is_empty")]
    pub dependencies: Dependencies,
    /// The advisories that match them.
    pub vulnerabilities: Vec<Vulnerability>,
    /// The secrets found, redacted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<Finding>,
    /// How many files were searched for secrets, and why others were not, in words; `None` where secrets in files were
    /// not looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_scope: Option<String>,
    /// The licences of its packages, where they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<LicenseFinding>,
    /// Vulnerabilities that a decision took out of the count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suppressed: Vec<Suppressed<Vulnerability>>,
    /// Secrets that a decision took out of the count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suppressed_secrets: Vec<Suppressed<Finding>>,
    /// Licences that a decision took out of the count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suppressed_licenses: Vec<Suppressed<LicenseFinding>>,
    /// What was found and left out, because only some of it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<LeftOut>,
    /// What would make vulnerabilities vanish, where it was asked for.
    #[serde(default, skip_serializing_if = "Remedies::is_empty")]
    pub remedies: Remedies,
    /// What could not be read as it should be: damaged package databases and the like.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Document for ScanReport {
    const SCHEMA: &'static str = "plimsoll.scan/v1";
}

impl ScanReport {
    /// The end of the security updates of the image's distribution, where it was over when the scan was made.
    pub fn past_end_of_life(&self) -> Option<&EndOfLife> {
        let end = self.artifact.end_of_life.as_ref();
        end.filter(|end| end.is_over(&self.created_at))
    }

    /// The vulnerabilities by severity.
    pub fn counts(&self) -> SeverityCounts {
        self.vulnerabilities
            .iter()
            .map(|vulnerability| vulnerability.severity)
            .collect()
    }
}

/// What was found and is not in the report, because only some of it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// What was asked for, as on the command line: `--severity CRITICAL`.
    pub by: Vec<String>,
    /// How many vulnerabilities.
    #[serde(default)]
    pub vulnerabilities: usize,
    /// How many secrets.
    #[serde(default)]
    pub secrets: usize,
    /// How many licences.
    #[serde(default)]
    pub licenses: usize,
}

/// What kind of thing was scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactKind {
    /// A container image.
    ContainerImage,
    /// A CycloneDX document.
    Cyclonedx,
    /// An SPDX document.
    Spdx,
    /// A directory, such as one that holds a root file system.
    Directory,
}

impl ArtifactKind {
    /// The name that it has in documents: `container_image`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ContainerImage => "container_image",
            Self::Cyclonedx => "cyclonedx",
            Self::Spdx => "spdx",
            Self::Directory => "directory",
        }
    }
}

/// What an SBOM is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// What the SBOM calls it.
    pub name: String,
    /// What it is.
    pub kind: SubjectKind,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its package URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
}

/// What an SBOM can be about, in the words of CycloneDX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "CycloneDX defines them")]
pub enum SubjectKind {
    Application,
    Container,
    CryptographicAsset,
    Data,
    Device,
    DeviceDriver,
    File,
    Firmware,
    Framework,
    Library,
    MachineLearningModel,
    OperatingSystem,
    Platform,
}

impl SubjectKind {
    const ALL: [Self; 13] = [
        Self::Application,
        Self::Container,
        Self::CryptographicAsset,
        Self::Data,
        Self::Device,
        Self::DeviceDriver,
        Self::File,
        Self::Firmware,
        Self::Framework,
        Self::Library,
        Self::MachineLearningModel,
        Self::OperatingSystem,
        Self::Platform,
    ];

    /// The type of a CycloneDX component.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Container => "container",
            Self::CryptographicAsset => "cryptographic-asset",
            Self::Data => "data",
            Self::Device => "device",
            Self::DeviceDriver => "device-driver",
            Self::File => "file",
            Self::Firmware => "firmware",
            Self::Framework => "framework",
            Self::Library => "library",
            Self::MachineLearningModel => "machine-learning-model",
            Self::OperatingSystem => "operating-system",
            Self::Platform => "platform",
        }
    }

    /// The kind with this type of a CycloneDX component.
    pub(crate) fn of(component_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == component_type)
    }
}

/// What was scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// The name it was asked for by.
    pub name: String,
    /// What it is.
    pub kind: ArtifactKind,
    /// Of an SBOM, what that is about, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// The image ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<Digest>,
    /// The digest of the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_digest: Option<Digest>,
    /// The image's names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What it runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// When it was made (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Uncompressed size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// The DiffIDs of the layers, the lowest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diff_ids: Vec<Digest>,
    /// The lengths of the layers' uncompressed tars in bytes, in the order of `diff_ids`; empty where they are not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layer_sizes: Vec<u64>,
    /// The operating system inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Distribution>,
    /// The point release, such as `12.5`, where it is said beside `VERSION_ID`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Until when that gets security updates, where that is known and has an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_of_life: Option<EndOfLife>,
    /// The image config as its JSON, for formats that show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_config: Option<serde_json::Value>,
}

impl Artifact {
    /// What documents about it are about: the image, the directory, or what the SBOM is about. An SBOM that does not say
    /// what it is about is taken for the file that it is. Other tools take `file` for directories too, for which CycloneDX
    /// has no type.
    pub(crate) fn described(&self) -> (&str, SubjectKind) {
        match (self.kind, &self.subject) {
            (ArtifactKind::ContainerImage, _) => (&self.name, SubjectKind::Container),
            (_, Some(subject)) => (&subject.name, subject.kind),
            (ArtifactKind::Directory | ArtifactKind::Cyclonedx | ArtifactKind::Spdx, None) => {
                (&self.name, SubjectKind::File)
            }
        }
    }

    /// An artifact of which nothing but this is known.
    pub fn new(name: impl Into<String>, kind: ArtifactKind) -> Self {
        Self {
            name: name.into(),
            kind,
            subject: None,
            image_id: None,
            manifest_digest: None,
            references: Vec::new(),
            platform: None,
            created: None,
            size_bytes: None,
            diff_ids: Vec::new(),
            layer_sizes: Vec::new(),
            distribution: None,
            release: None,
            end_of_life: None,
            image_config: None,
        }
    }
}
