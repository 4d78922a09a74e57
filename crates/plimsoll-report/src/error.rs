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
    /// The bytes are no SBOM of a form that is read.
    #[error("it is neither a CycloneDX nor an SPDX document in JSON")]
    NotSbom,
    /// An SBOM is damaged.
    #[error("the {form} document cannot be read")]
    SbomJson {
        /// `CycloneDX` or `SPDX`.
        form: &'static str,
        /// What the JSON reader said.
        #[source]
        source: serde_json::Error,
    },
    /// An SBOM follows a version of its specification that is not read.
    #[error("{form} version `{version}` is not read")]
    SbomVersion {
        /// `CycloneDX` or `SPDX`.
        form: &'static str,
        /// The version that the document names.
        version: String,
    },
    /// A document could not be written where it should go.
    #[error("{0}")]
    Output(#[source] std::io::Error),
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
            Self::NotSbom => Some(Hint::new(
                "make one with `plimsoll sbom IMAGE`, or with another tool as CycloneDX JSON or SPDX 2.3 JSON",
            )),
            Self::SbomVersion { .. } => Some(Hint::new("CycloneDX 1.2 to 1.7 and SPDX 2.2 and 2.3 are read")),
            Self::Json { .. } | Self::SbomJson { .. } | Self::Output(_) | Self::Write(_) => None,
        }
    }
}

/// The result of reading or writing a document.
pub type Result<T> = std::result::Result<T, Error>;
