//! OpenVEX 0.2.0 documents, and the older form in which a vulnerability is a plain text.

use std::collections::BTreeMap;

use jiff::Timestamp;
use plimsoll_core::DecisionStatus;
use serde::Deserialize;

use super::statement::{Named, Statement};
use super::vex::{Said, named, statement};

#[derive(Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    timestamp: Option<Timestamp>,
    #[serde(default)]
    statements: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    vulnerability: Vulnerability,
    #[serde(default)]
    timestamp: Option<Timestamp>,
    #[serde(default)]
    last_updated: Option<Timestamp>,
    #[serde(default)]
    products: Vec<Product>,
    /// Parts of all products, in the older form.
    #[serde(default)]
    subcomponents: Vec<Component>,
    status: Status,
    #[serde(default)]
    justification: Option<String>,
    #[serde(default)]
    impact_statement: Option<String>,
    #[serde(default)]
    status_notes: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Vulnerability {
    Name(String),
    Full {
        #[serde(default)]
        name: Option<String>,
        #[serde(rename = "@id", default)]
        id: Option<String>,
        #[serde(default)]
        aliases: Vec<String>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Product {
    Id(String),
    Full {
        #[serde(flatten)]
        component: Identified,
        #[serde(default)]
        subcomponents: Vec<Component>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Component {
    Id(String),
    Full(Identified),
}

#[derive(Deserialize, Default)]
struct Identified {
    #[serde(rename = "@id", default)]
    id: Option<String>,
    #[serde(default)]
    identifiers: BTreeMap<String, String>,
    #[serde(default)]
    hashes: BTreeMap<String, String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Status {
    NotAffected,
    Affected,
    Fixed,
    UnderInvestigation,
}

pub(super) fn statements(name: &str, document: Document) -> Vec<Statement> {
    let said = document.timestamp;
    let all = document.statements.into_iter();
    all.map(|entry| statement(name, entry.said(said))).collect()
}

impl Entry {
    fn said(self, document: Option<Timestamp>) -> Said {
        let ids = match self.vulnerability {
            Vulnerability::Name(name) => vec![name],
            Vulnerability::Full { name, id, aliases } => name
                .into_iter()
                .chain(id.map(|id| id.rsplit('/').next().unwrap_or_default().to_owned()))
                .chain(aliases)
                .collect(),
        };
        let shared = &self.subcomponents;
        let products = self.products.into_iter().flat_map(|product| {
            let (mut product, parts) = match product {
                Product::Id(id) => (vec![named(&id)], Vec::new()),
                Product::Full {
                    component,
                    subcomponents,
                } => (component.named(), subcomponents),
            };
            let parts: Vec<_> = parts.iter().chain(shared).flat_map(Component::purls).collect();
            for one in &mut product {
                one.parts.clone_from(&parts);
            }
            product
        });
        Said {
            ids,
            products: products.collect(),
            status: match self.status {
                Status::NotAffected => Some(DecisionStatus::NotAffected),
                Status::Fixed => Some(DecisionStatus::Fixed),
                Status::Affected | Status::UnderInvestigation => None,
            },
            justification: self.justification,
            reason: self.impact_statement.or(self.status_notes).unwrap_or_default(),
            said: self.last_updated.or(self.timestamp).or(document),
        }
    }
}

impl Identified {
    /// One for each of its identifiers: any of them is enough.
    fn named(&self) -> Vec<Named> {
        let digests: Vec<String> = self
            .hashes
            .iter()
            .filter(|(kind, _)| kind.as_str() == "sha-256")
            .map(|(_, value)| format!("sha256:{value}"))
            .collect();
        let mut all: Vec<Named> = self
            .id
            .iter()
            .chain(self.identifiers.get("purl"))
            .map(|id| named(id))
            .collect();
        if !digests.is_empty() {
            all.push(Named {
                digests,
                ..Named::default()
            });
        }
        all
    }
}

impl Component {
    fn purls(&self) -> impl Iterator<Item = plimsoll_core::Purl> {
        let all = match self {
            Self::Id(id) => vec![named(id)],
            Self::Full(full) => full.named(),
        };
        all.into_iter().filter_map(|one| one.purl)
    }
}
