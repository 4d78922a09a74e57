//! The documents as JSON, both ways.

use std::io::Write;

use serde::Deserialize;

use crate::indented;
use crate::{Document, Error, Result};

/// Writes `document` to `out` as indented JSON with a final line feed.
///
/// # Errors
/// [`Error::Output`] when `out` does not take it.
pub fn write<D: Document>(document: &D, out: &mut dyn Write) -> Result<()> {
    indented::write(document, out)
}

/// `document` as indented JSON with a final line feed.
///
/// # Errors
/// [`Error::Write`] when a number in it has no JSON form.
pub fn render<D: Document>(document: &D) -> Result<String> {
    indented::text(|out| write(document, out))
}

/// The document in `bytes`, which must name exactly the schema version of `D`.
///
/// # Errors
/// [`Error::SchemaVersion`] and [`Error::NoSchemaVersion`] before anything else is looked at, then
/// [`Error::Json`].
pub fn read<D: Document>(bytes: &[u8]) -> Result<D> {
    let wrong = |source| Error::Json {
        expected: D::SCHEMA,
        source,
    };
    let header: Header = serde_json::from_slice(bytes).map_err(wrong)?;
    match header.schema_version {
        None => return Err(Error::NoSchemaVersion),
        Some(found) if found != D::SCHEMA => {
            return Err(Error::SchemaVersion {
                expected: D::SCHEMA,
                found,
            });
        }
        Some(_) => {}
    }
    serde_json::from_slice(bytes).map_err(wrong)
}

/// The schema version that the JSON document in `bytes` names, to choose what to [`read`] it as. `None` for
/// other JSON and for what is no JSON.
pub fn schema_of(bytes: &[u8]) -> Option<String> {
    serde_json::from_slice::<Header>(bytes).ok()?.schema_version
}

#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    schema_version: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AuditReport, Comparison, ScanReport, sample};

    fn both_ways<D: Document + PartialEq + std::fmt::Debug>(document: &D) {
        let text = render(document).unwrap();
        assert_eq!(schema_of(text.as_bytes()).as_deref(), Some(D::SCHEMA));
        assert_eq!(&read::<D>(text.as_bytes()).unwrap(), document);
    }

    #[test]
    fn documents_are_read_back_as_they_were() {
        both_ways(&sample::scan());
        both_ways(&sample::audit());
        both_ways(&sample::comparison());
    }

    #[test]
    fn another_schema_is_refused_by_name() {
        let text = render(&sample::audit()).unwrap();
        let error = read::<ScanReport>(text.as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the report has schema version `plimsoll.audit/v1`, not `plimsoll.scan/v1`"
        );
        assert!(error.hint().is_some());
        let newer = text.replace("plimsoll.audit/v1", "plimsoll.audit/v2");
        assert!(matches!(
            read::<AuditReport>(newer.as_bytes()),
            Err(Error::SchemaVersion { .. })
        ));
        assert!(matches!(read::<Comparison>(b"{}"), Err(Error::NoSchemaVersion)));
        assert!(matches!(read::<Comparison>(b"nonsense"), Err(Error::Json { .. })));
        assert!(matches!(
            read::<Comparison>(b"{\"schema_version\": 2}"),
            Err(Error::Json { .. })
        ));
        assert_eq!(schema_of(b"[]"), None);
    }
}
