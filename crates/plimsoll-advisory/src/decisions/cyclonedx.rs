//! VEX in CycloneDX documents: `vulnerabilities` with an `analysis`.

use std::collections::HashMap;

use jiff::Timestamp;
use plimsoll_core::DecisionStatus;
use serde::Deserialize;

use super::statement::{Named, Statement};
use super::vex::{Said, named, statement};

#[derive(Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    components: Vec<Component>,
    #[serde(default)]
    vulnerabilities: Vec<Vulnerability>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    timestamp: Option<Timestamp>,
    #[serde(default)]
    component: Option<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "bom-ref", default)]
    bom_ref: Option<String>,
    #[serde(default)]
    purl: Option<String>,
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Vulnerability {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    references: Vec<Reference>,
    #[serde(default)]
    analysis: Option<Analysis>,
    #[serde(default)]
    affects: Vec<Affected>,
    #[serde(default)]
    updated: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    id: Option<String>,
}

#[derive(Deserialize)]
struct Analysis {
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    justification: Option<String>,
    #[serde(default)]
    detail: Option<String>,
}

#[derive(Deserialize)]
struct Affected {
    #[serde(rename = "ref", default)]
    reference: String,
}

pub(super) fn statements(name: &str, document: &Document) -> Vec<Statement> {
    let mut purls = HashMap::new();
    collect(&document.components, &mut purls);
    if let Some(component) = &document.metadata.component {
        collect(std::slice::from_ref(component), &mut purls);
    }
    let time = document.metadata.timestamp;
    let vulnerabilities = document.vulnerabilities.iter();
    vulnerabilities
        .filter_map(|one| Some((one, one.analysis.as_ref()?)))
        .map(|(one, analysis)| {
            let references = one.references.iter().filter_map(|reference| reference.id.clone());
            let status = match analysis.state.as_deref() {
                Some("not_affected" | "false_positive") => Some(DecisionStatus::NotAffected),
                Some("resolved" | "resolved_with_pedigree") => Some(DecisionStatus::Fixed),
                _ => None,
            };
            let said = Said {
                ids: one.id.clone().into_iter().chain(references).collect(),
                products: one
                    .affects
                    .iter()
                    .map(|affected| product(&affected.reference, &purls))
                    .collect(),
                status,
                justification: analysis.justification.clone(),
                reason: analysis.detail.clone().unwrap_or_default(),
                said: one.updated.or(time),
            };
            statement(name, said)
        })
        .collect()
}

fn collect<'a>(components: &'a [Component], purls: &mut HashMap<&'a str, &'a str>) {
    for component in components {
        if let (Some(bom_ref), Some(purl)) = (&component.bom_ref, &component.purl) {
            purls.insert(bom_ref, purl);
        }
        collect(&component.components, purls);
    }
}

/// The product that a reference means: a component of this document, or one of another document by its address
/// (`urn:cdx:serial/version#bom-ref`), whose bom-ref is most often the purl.
fn product(reference: &str, purls: &HashMap<&str, &str>) -> Named {
    let bom_ref = match reference
        .strip_prefix("urn:cdx:")
        .and_then(|rest| rest.split_once('#'))
    {
        Some((_, bom_ref)) => decoded(bom_ref),
        None => reference.to_owned(),
    };
    named(purls.get(bom_ref.as_str()).copied().unwrap_or(&bom_ref))
}

/// A purl inside an address is encoded once more.
fn decoded(bom_ref: &str) -> String {
    if bom_ref.contains(['/', '@']) {
        return bom_ref.to_owned();
    }
    let unescaped = bom_ref
        .replace("%3A", ":")
        .replace("%3a", ":")
        .replace("%2F", "/")
        .replace("%2f", "/")
        .replace("%40", "@")
        .replace("%3F", "?")
        .replace("%3f", "?")
        .replace("%3D", "=")
        .replace("%3d", "=")
        .replace("%26", "&");
    unescaped.replace("%25", "%")
}
