use serde::{Deserialize, Serialize};

/// What a person can do next about an error or a finding: one lower-case sentence fragment, with
/// literals in backticks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint(pub String);

impl Hint {
    /// A hint that reads `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Display for Hint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
