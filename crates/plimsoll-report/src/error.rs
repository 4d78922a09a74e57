use plimsoll_core::Hint;

/// What can go wrong when a document is read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not JSON, or not the JSON of the document asked for.
    #[error("the report is not a `{expected}` document")]
    Json {
        /// The schema of the document asked for.
        expected: &'static str,
        /// What the JSON reader said.
        #[source]
        source: serde_json::Error,
    },
    /// The document says that it follows another schema.
    #[error("the report has schema version `{found}`, not `{expected}`")]
    SchemaVersion {
        /// The schema of the document asked for.
        expected: &'static str,
        /// The schema that the document names.
        found: String,
    },
    /// The document does not say which schema it follows.
    #[error("the report has no `schema_version`")]
    NoSchemaVersion,
    /// A document could not be written as JSON.
    #[error("the report cannot be written as JSON")]
    Write(#[source] serde_json::Error),
}

impl Error {
    /// What a person can do next, where there is something.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::SchemaVersion { found, .. } if found.starts_with("plimsoll.") => Some(Hint::new(
                "make the report again with this version, or read it with the version that wrote it",
            )),
            Self::SchemaVersion { .. } | Self::NoSchemaVersion => Some(Hint::new(
                "give a report that `plimsoll` wrote with its own `json` format",
            )),
            Self::Json { .. } | Self::Write(_) => None,
        }
    }
}

/// The result of reading or writing a document.
pub type Result<T> = std::result::Result<T, Error>;
