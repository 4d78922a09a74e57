use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A report document: it can be written out and read back, and says which schema it follows.
pub trait Document: Serialize + DeserializeOwned {
    /// The schema's name and version, such as `plimsoll.audit/v1`. A change that an older reader would
    /// misunderstand takes a new number.
    const SCHEMA: &'static str;
}

/// The `schema_version` field of a document of type `D`: it has one value only, and refuses to be read from any
/// other.
pub struct SchemaVersion<D>(PhantomData<fn() -> D>);

impl<D> Default for SchemaVersion<D> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<D> Clone for SchemaVersion<D> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<D> PartialEq for SchemaVersion<D> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<D: Document> fmt::Debug for SchemaVersion<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(D::SCHEMA)
    }
}

impl<D: Document> Serialize for SchemaVersion<D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(D::SCHEMA)
    }
}

impl<'de, D: Document> Deserialize<'de> for SchemaVersion<D> {
    fn deserialize<R: Deserializer<'de>>(deserializer: R) -> Result<Self, R::Error> {
        let found = std::borrow::Cow::<str>::deserialize(deserializer)?;
        if found == D::SCHEMA {
            return Ok(Self::default());
        }
        let expected = D::SCHEMA;
        Err(R::Error::custom(format!(
            "schema version `{found}`, not `{expected}`"
        )))
    }
}

/// The program that made a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name: `plimsoll`.
    pub name: String,
    /// Its version.
    pub version: String,
}
