//! A record of the Open Source Vulnerability format as it stands in JSON, as far as it is used.

use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
pub(super) struct Osv {
    pub(super) id: String,
    pub(super) modified: Option<String>,
    pub(super) published: Option<String>,
    pub(super) withdrawn: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) aliases: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) upstream: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) related: Vec<String>,
    pub(super) summary: Option<String>,
    pub(super) details: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) severity: Vec<OsvSeverity>,
    #[serde(default, deserialize_with = "list")]
    pub(super) affected: Vec<OsvAffected>,
    #[serde(default, deserialize_with = "list")]
    pub(super) references: Vec<OsvReference>,
    #[serde(default)]
    pub(super) database_specific: serde_json::Value,
}

#[derive(Deserialize)]
pub(super) struct OsvSeverity {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) score: String,
}

#[derive(Deserialize)]
pub(super) struct OsvReference {
    pub(super) url: String,
}

#[derive(Deserialize)]
pub(super) struct OsvAffected {
    pub(super) package: Option<OsvPackage>,
    #[serde(default, deserialize_with = "list")]
    pub(super) severity: Vec<OsvSeverity>,
    #[serde(default, deserialize_with = "list")]
    pub(super) ranges: Vec<OsvRange>,
    #[serde(default, deserialize_with = "list")]
    pub(super) versions: Vec<String>,
    #[serde(default)]
    pub(super) ecosystem_specific: serde_json::Value,
    #[serde(default)]
    pub(super) database_specific: serde_json::Value,
}

#[derive(Deserialize)]
pub(super) struct OsvPackage {
    pub(super) ecosystem: String,
    pub(super) name: String,
    pub(super) purl: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct OsvRange {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default, deserialize_with = "list")]
    pub(super) events: Vec<OsvEvent>,
}

#[derive(Deserialize)]
pub(super) struct OsvEvent {
    // A publisher may put several into one object.
    pub(super) introduced: Option<String>,
    pub(super) fixed: Option<String>,
    pub(super) last_affected: Option<String>,
    pub(super) limit: Option<String>,
}

/// Some publishers write `null` for an empty list.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> std::result::Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
