use serde::{Deserialize, Serialize};

use crate::{Digest, Hint, Severity, Span};

/// Where a finding is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Place {
    /// A part of a Dockerfile.
    Dockerfile {
        /// The file as it was named on the command line.
        path: String,
        /// The bytes in it.
        span: Span,
    },
    /// The image's configuration, such as `Env` or `History[3]`.
    Config {
        /// The field.
        field: String,
    },
    /// A file in one layer.
    Layer {
        /// The layer's DiffID.
        diff_id: Digest,
        /// The path, without a leading slash.
        path: String,
        /// The line, from 1, where it is in one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<usize>,
    },
    /// A file of a directory that was scanned.
    File {
        /// The path in it, without a leading slash.
        path: String,
        /// The line, from 1, where it is in one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<usize>,
    },
    /// A running container.
    Container {
        /// Its name.
        name: String,
    },
}

/// What a check has to say about one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The check's id.
    pub check: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: a lower-case fragment with literals in backticks.
    pub message: String,
    /// Where.
    pub place: Place,
    /// What was seen there; secrets are redacted before they come here.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub evidence: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Hint>,
}
