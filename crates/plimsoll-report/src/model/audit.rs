use plimsoll_core::{
    ChecklistItem, Criterion, Finding, Line, Matrix, Package, SeverityCounts, Suppressed, Verdict,
    Vulnerability,
};
use serde::{Deserialize, Serialize};

use super::{Coverage, DatabaseSummary, Document, ImageSummary, SchemaVersion, Tool};

/// What `audit` found: the matrix, the verdict, and everything that they rest on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditReport {
    /// `plimsoll.audit/v1`.
    pub schema_version: SchemaVersion<Self>,
    /// When it was made (RFC 3339).
    pub generated_at: String,
    /// What made it.
    pub tool: Tool,
    /// The image.
    pub subject: ImageSummary,
    /// The readiness matrix.
    pub matrix: Matrix,
    /// The line reached against the line required.
    pub verdict: Verdict,
    /// What stops where the image is below the required line; `None` where nothing does, and the verdict is advice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    /// The checklist beside the matrix.
    pub checklist: Vec<ChecklistItem>,
    /// What could be assessed against advisories, and what could not.
    pub coverage: Vec<Coverage>,
    /// The advisory database that was used; `None` where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseSummary>,
    /// The vulnerabilities by severity.
    pub vulnerability_counts: SeverityCounts,
    /// The advisories that match the image's packages.
    pub vulnerabilities: Vec<Vulnerability>,
    /// Vulnerabilities that a decision took out of the count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suppressed: Vec<Suppressed<Vulnerability>>,
    /// Secrets that a decision took out of the count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suppressed_secrets: Vec<Suppressed<Finding>>,
    /// What the checks had to say: the Dockerfile, the configuration, secrets, probes.
    pub findings: Vec<Finding>,
    /// What was measured while it ran.
    pub measurements: Measurements,
    /// Where the policy differs from the built-in one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<PolicyOverride>,
    /// The packages found in the image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    /// What could not be read or done as it should be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Document for AuditReport {
    const SCHEMA: &'static str = "plimsoll.audit/v1";
}

/// What was measured while the image ran; `None` where it was not measured, which is not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Measurements {
    /// From the start of the container to its first process, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_ms: Option<u64>,
    /// From the start until the health check said healthy, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthy_ms: Option<u64>,
    /// From the start until the first HTTP answer, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_answer_ms: Option<u64>,
    /// From the stop signal to the exit, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_ms: Option<u64>,
    /// The memory in use when it was up, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// The processes and threads when it was up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids: Option<u64>,
}

/// One place where the policy differs from the built-in one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyOverride {
    /// The criterion that it changes, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criterion: Option<Criterion>,
    /// The line that it changes, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
    /// The setting's name: `size.production`.
    pub setting: String,
    /// What it is without the override.
    pub default: String,
    /// What it is now.
    pub value: String,
    /// The file that says so.
    pub source: String,
}
