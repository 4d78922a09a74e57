use serde::{Deserialize, Serialize};

/// What somebody decided about a vulnerability, in the words of VEX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionStatus {
    /// The product is not affected.
    NotAffected,
    /// The product has a fix of its own.
    Fixed,
    /// It is affected, and that is accepted.
    Accepted,
}

/// A decision that a finding does not count, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Decision {
    /// What was decided.
    pub status: DecisionStatus,
    /// A machine-readable justification, such as OpenVEX's `vulnerable_code_not_present`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub justification: Option<String>,
    /// Why, for people; empty where nobody said.
    #[serde(default)]
    pub reason: String,
    /// The file that says so: `.plimsollignore`, a VEX document.
    pub source: String,
    /// The last day on which it holds (`2026-12-31`), or the instant at which it ceases to (`2026-12-31T10:00:00Z`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// A finding that a decision took out of the count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suppressed<T> {
    /// What was found.
    pub finding: T,
    /// Why it does not count.
    pub decision: Decision,
}
