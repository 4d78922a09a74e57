//! What the forms of VEX have in common.

use jiff::Timestamp;
use plimsoll_core::{Decision, DecisionStatus, Purl};
use serde::Deserialize;

use super::statement::{About, Named, Statement};
use super::{csaf, cyclonedx, openvex, wrong};
use crate::Result;

/// Enough of a document to tell which form it has.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "@context", default)]
    context: serde_json::Value,
    #[serde(rename = "bomFormat", default)]
    bom_format: Option<String>,
    #[serde(default)]
    document: Option<DocumentHead>,
}

#[derive(Deserialize)]
struct DocumentHead {
    #[serde(default)]
    csaf_version: Option<String>,
}

pub(super) fn parse(name: &str, bytes: &[u8]) -> Result<Vec<Statement>> {
    let head: Head = read(name, bytes)?;
    if head.bom_format.as_deref() == Some("CycloneDX") {
        return Ok(cyclonedx::statements(name, &read(name, bytes)?));
    }
    if head
        .document
        .is_some_and(|document| document.csaf_version.is_some())
    {
        return Ok(csaf::statements(name, &read(name, bytes)?));
    }
    let openvex = |context: &serde_json::Value| context.as_str().is_some_and(|text| text.contains("openvex"));
    let listed = || head.context.as_array().is_some_and(|all| all.iter().any(openvex));
    if openvex(&head.context) || listed() {
        return Ok(openvex::statements(name, read(name, bytes)?));
    }
    Err(wrong(name, "it is neither OpenVEX nor CycloneDX nor CSAF"))
}

fn read<'a, T: Deserialize<'a>>(name: &str, bytes: &'a [u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| wrong(name, error.to_string()))
}

/// A statement of the document `name`.
pub(super) struct Said {
    pub(super) ids: Vec<String>,
    pub(super) products: Vec<Named>,
    /// `None` where the vulnerability counts: affected, or not yet known.
    pub(super) status: Option<DecisionStatus>,
    pub(super) justification: Option<String>,
    pub(super) reason: String,
    pub(super) said: Option<Timestamp>,
}

pub(super) fn statement(name: &str, said: Said) -> Statement {
    Statement {
        ids: said.ids,
        about: About::Products(said.products),
        decision: said.status.map(|status| Decision {
            status,
            justification: said.justification.filter(|text| !text.is_empty()),
            reason: said.reason,
            source: name.to_owned(),
            expires: None,
        }),
        source: name.to_owned(),
        expires: None,
        said: said.said,
    }
}

/// A product by an identifier that may be a purl, a digest or any name.
pub(super) fn named(id: &str) -> Named {
    match id.parse::<Purl>() {
        Ok(purl) => Named {
            purl: Some(purl),
            ..Named::default()
        },
        Err(_) => Named {
            id: Some(id.to_owned()),
            ..Named::default()
        },
    }
}
