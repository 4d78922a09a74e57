//! VEX in CSAF 2.0 documents: `product_status` of each vulnerability.

use std::collections::HashMap;

use jiff::Timestamp;
use plimsoll_core::DecisionStatus;
use serde::Deserialize;

use super::statement::{Named, Statement};
use super::vex::{Said, statement};

#[derive(Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    document: Head,
    #[serde(default)]
    product_tree: Tree,
    #[serde(default)]
    vulnerabilities: Vec<Vulnerability>,
}

#[derive(Deserialize, Default)]
struct Head {
    #[serde(default)]
    tracking: Tracking,
}

#[derive(Deserialize, Default)]
struct Tracking {
    #[serde(default)]
    current_release_date: Option<Timestamp>,
}

#[derive(Deserialize, Default)]
struct Tree {
    #[serde(default)]
    branches: Vec<Branch>,
    #[serde(default)]
    full_product_names: Vec<ProductName>,
    #[serde(default)]
    relationships: Vec<Relationship>,
}

#[derive(Deserialize)]
struct Branch {
    #[serde(default)]
    branches: Vec<Branch>,
    #[serde(default)]
    product: Option<ProductName>,
}

#[derive(Deserialize)]
struct ProductName {
    product_id: String,
    #[serde(default)]
    product_identification_helper: Option<Helper>,
}

#[derive(Deserialize)]
struct Helper {
    #[serde(default)]
    purl: Option<String>,
}

#[derive(Deserialize)]
struct Relationship {
    product_reference: String,
    relates_to_product_reference: String,
    full_product_name: ProductName,
}

#[derive(Deserialize)]
struct Vulnerability {
    #[serde(default)]
    cve: Option<String>,
    #[serde(default)]
    ids: Vec<Id>,
    #[serde(default)]
    product_status: HashMap<String, Vec<String>>,
    #[serde(default)]
    flags: Vec<Flag>,
    #[serde(default)]
    threats: Vec<Threat>,
}

#[derive(Deserialize)]
struct Id {
    text: String,
}

#[derive(Deserialize)]
struct Flag {
    label: String,
    #[serde(default)]
    product_ids: Vec<String>,
}

#[derive(Deserialize)]
struct Threat {
    #[serde(default)]
    category: String,
    #[serde(default)]
    details: String,
    #[serde(default)]
    product_ids: Vec<String>,
}

/// The states of CSAF that are a decision, and those that say that the vulnerability counts.
const STATES: [(&str, Option<DecisionStatus>); 7] = [
    ("known_not_affected", Some(DecisionStatus::NotAffected)),
    ("fixed", Some(DecisionStatus::Fixed)),
    ("first_fixed", Some(DecisionStatus::Fixed)),
    ("known_affected", None),
    ("first_affected", None),
    ("last_affected", None),
    ("under_investigation", None),
];

pub(super) fn statements(name: &str, document: &Document) -> Vec<Statement> {
    let products = products(&document.product_tree);
    let time = document.document.tracking.current_release_date;
    let mut statements = Vec::new();
    for vulnerability in &document.vulnerabilities {
        let ids: Vec<String> = vulnerability
            .cve
            .iter()
            .cloned()
            .chain(vulnerability.ids.iter().map(|id| id.text.clone()))
            .collect();
        for (state, status) in STATES {
            let of_state = vulnerability.product_status.get(state).into_iter().flatten();
            for product_id in of_state {
                let Some(product) = products.get(product_id.as_str()) else {
                    continue;
                };
                let concerns = |all: &[String]| all.is_empty() || all.contains(product_id);
                let flag = vulnerability
                    .flags
                    .iter()
                    .find(|flag| concerns(&flag.product_ids));
                let impact = vulnerability
                    .threats
                    .iter()
                    .find(|threat| threat.category == "impact" && concerns(&threat.product_ids));
                let said = Said {
                    ids: ids.clone(),
                    products: vec![product.clone()],
                    status,
                    justification: flag.map(|flag| flag.label.clone()),
                    reason: impact.map(|threat| threat.details.clone()).unwrap_or_default(),
                    said: time,
                };
                statements.push(statement(name, said));
            }
        }
    }
    statements
}

/// What each product id stands for. A relationship is a component of a product: where the product has a purl, it
/// must be the scanned one; where it has none (a distribution by its CPE), the component's purl says enough.
fn products(tree: &Tree) -> HashMap<&str, Named> {
    let mut products = HashMap::new();
    let mut waiting: Vec<&Branch> = tree.branches.iter().collect();
    let mut names: Vec<&ProductName> = tree.full_product_names.iter().collect();
    while let Some(branch) = waiting.pop() {
        waiting.extend(&branch.branches);
        names.extend(&branch.product);
    }
    for name in names {
        products.insert(name.product_id.as_str(), name.named());
    }
    for relationship in &tree.relationships {
        let component = products.get(relationship.product_reference.as_str()).cloned();
        let whole = products
            .get(relationship.relates_to_product_reference.as_str())
            .cloned();
        let Some(component) = component else { continue };
        let named = match (whole, component.purl.clone()) {
            (Some(whole), Some(purl)) if whole.purl.is_some() => Named {
                parts: vec![purl],
                ..whole
            },
            _ => component,
        };
        products.insert(relationship.full_product_name.product_id.as_str(), named);
    }
    products
}

impl ProductName {
    fn purl(&self) -> Option<plimsoll_core::Purl> {
        let helper = self.product_identification_helper.as_ref()?;
        helper.purl.as_ref()?.parse().ok()
    }

    fn named(&self) -> Named {
        Named {
            purl: self.purl(),
            id: Some(self.product_id.clone()),
            ..Named::default()
        }
    }
}
