use plimsoll_core::{Matrix, Package, SeverityCounts, Verdict, Vulnerability};
use serde::{Deserialize, Serialize};

use super::{Coverage, Document, ImageSummary, Measurements, SchemaVersion, Tool};

/// Two images side by side: the first is what was, the second what is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// `plimsoll.compare/v1`.
    pub schema_version: SchemaVersion<Self>,
    /// When it was made (RFC 3339).
    pub generated_at: String,
    /// What made it.
    pub tool: Tool,
    /// The first image.
    pub before: Side,
    /// The second image.
    pub after: Side,
    /// Size of the second over size of the first; `None` where the first has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_ratio: Option<f64>,
    /// What changed among the packages.
    pub packages: PackageDifferences,
    /// What changed among the vulnerabilities.
    pub vulnerabilities: VulnerabilityDifferences,
}

impl Document for Comparison {
    const SCHEMA: &'static str = "plimsoll.compare/v1";
}

/// One image of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// The image.
    pub summary: ImageSummary,
    /// How many packages it has.
    pub packages: usize,
    /// What could be assessed against advisories, and what could not.
    pub coverage: Vec<Coverage>,
    /// The vulnerabilities by severity.
    pub vulnerability_counts: SeverityCounts,
    /// Its matrix, where it was audited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matrix: Option<Matrix>,
    /// Its verdict, where it was audited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// What was measured while it ran, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measurements: Option<Measurements>,
}

/// One side as it goes into [`Comparison::of`]: the side with its packages and vulnerabilities.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// What is shown of it.
    pub side: Side,
    /// Its packages.
    pub packages: Vec<Package>,
    /// Its vulnerabilities.
    pub vulnerabilities: Vec<Vulnerability>,
}

/// What changed among the packages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PackageDifferences {
    /// Only in the second image.
    pub added: Vec<Package>,
    /// Only in the first.
    pub removed: Vec<Package>,
    /// In both, with different versions.
    pub changed: Vec<Changed>,
}

/// A package with different versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// As it was in the first image.
    pub before: Package,
    /// As it is in the second.
    pub after: Package,
}

/// What changed among the vulnerabilities.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct VulnerabilityDifferences {
    /// Only in the first image.
    pub fixed: Vec<Vulnerability>,
    /// Only in the second.
    pub new: Vec<Vulnerability>,
    /// How many are in both.
    pub unchanged: usize,
    /// Those of which nobody can say whether they are in the other image too: it has the package, and its packages of
    /// that kind were not, or not wholly, assessed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undetermined: Vec<Vulnerability>,
}
