//! OpenVEX 0.2.0: what was decided about each vulnerability, to be handed on with the image.

use std::collections::BTreeMap;
use std::io::Write;

use plimsoll_core::{Decision, DecisionStatus, Digest, Vulnerability};
use serde::Serialize;

use crate::identity::Names;
use crate::indented;
use crate::{Artifact, Error, Result, ScanReport, image_purls};

/// The justifications that the specification knows. Others are text.
const JUSTIFICATIONS: [&str; 5] = [
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
];

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "@context")]
    context: &'static str,
    #[serde(rename = "@id")]
    id: String,
    author: &'a str,
    timestamp: &'a str,
    version: u32,
    tooling: String,
    statements: Vec<Statement<'a>>,
}

#[derive(Serialize)]
struct Statement<'a> {
    vulnerability: Named<'a>,
    products: Vec<Product>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    impact_statement: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_statement: Option<String>,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    aliases: &'a [String],
}

#[derive(Serialize)]
struct Product {
    #[serde(rename = "@id")]
    id: String,
    subcomponents: Vec<Component>,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Component {
    #[serde(rename = "@id")]
    id: String,
}

/// The decisions of `report` as an OpenVEX document with a final line feed. What nobody has decided on is under
/// investigation.
///
/// # Errors
/// [`Error::Output`] when `out` does not take it.
pub fn write(report: &ScanReport, out: &mut dyn Write) -> Result<()> {
    let undecided = report.vulnerabilities.iter().map(|found| (found, None));
    let decided = report
        .suppressed
        .iter()
        .map(|one| (&one.finding, Some(&one.decision)));
    let names = Names::new(report);
    // One statement for each vulnerability and decision, with all packages that it is about.
    let mut grouped: BTreeMap<_, (&Vulnerability, Option<&Decision>, Vec<Component>)> = BTreeMap::new();
    for (found, decision) in undecided.chain(decided) {
        let key = (
            found.id.as_str(),
            decision.map(|one| {
                (
                    one.status as u8,
                    one.reason.as_str(),
                    one.justification.as_deref(),
                )
            }),
        );
        let id = names.of(&found.package).purl.clone();
        let (_, _, components) = grouped.entry(key).or_insert((found, decision, Vec::new()));
        components.push(Component { id });
    }
    let product = product(&report.artifact);
    let statements: Vec<Statement<'_>> = grouped
        .into_values()
        .map(|(found, decision, mut subcomponents)| {
            subcomponents.sort();
            subcomponents.dedup();
            let product = Product {
                id: product.clone(),
                subcomponents,
            };
            statement(found, decision, product)
        })
        .collect();
    let content = serde_json::to_vec(&statements).map_err(Error::Write)?;
    let document = Document {
        context: "https://openvex.dev/ns/v0.2.0",
        id: format!(
            "https://openvex.dev/docs/public/vex-{}",
            Digest::of(&content).hex()
        ),
        author: "unknown",
        timestamp: &report.created_at,
        version: 1,
        tooling: format!("{} {}", report.tool.name, report.tool.version),
        statements,
    };
    indented::write(&document, out)
}

fn statement<'a>(
    found: &'a Vulnerability,
    decision: Option<&'a Decision>,
    product: Product,
) -> Statement<'a> {
    let justification = decision
        .and_then(|decision| decision.justification.as_deref())
        .filter(|text| JUSTIFICATIONS.contains(text));
    let reason = decision
        .map(|decision| decision.reason.as_str())
        .filter(|reason| !reason.is_empty());
    let (status, impact_statement, action_statement) = match decision.map(|decision| decision.status) {
        None => ("under_investigation", None, None),
        Some(DecisionStatus::Fixed) => ("fixed", None, None),
        Some(DecisionStatus::Accepted) => (
            "affected",
            None,
            // The specification asks for one.
            Some(reason.unwrap_or("the risk is accepted").to_owned()),
        ),
        Some(DecisionStatus::NotAffected) => {
            // One of the two is to be there.
            let impact = match (reason, justification) {
                (None, None) => Some("the product is not affected"),
                (reason, _) => reason,
            };
            ("not_affected", impact.map(str::to_owned), None)
        }
    };
    Statement {
        vulnerability: Named {
            name: &found.id,
            aliases: &found.aliases,
        },
        products: vec![product],
        status,
        justification: justification.filter(|_| status == "not_affected"),
        impact_statement,
        action_statement,
    }
}

/// What the document calls the image.
fn product(artifact: &Artifact) -> String {
    match image_purls(artifact).first() {
        Some(purl) => purl.to_string(),
        None => artifact.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_core::Suppressed;
    use serde_json::Value;

    use super::*;
    use crate::sample;

    fn document(report: &ScanReport) -> Value {
        serde_json::from_str(&crate::format_tests::written(|out| write(report, out))).unwrap()
    }

    #[test]
    fn what_nobody_decided_is_under_investigation() {
        let mut report = sample::scan();
        report.suppressed.clear();
        let document = document(&report);
        let statements = document["statements"].as_array().unwrap();
        assert!(!statements.is_empty());
        assert!(
            statements
                .iter()
                .all(|one| one["status"] == "under_investigation")
        );
        let product = &statements[0]["products"][0];
        assert!(
            product["subcomponents"][0]["@id"]
                .as_str()
                .unwrap()
                .starts_with("pkg:")
        );
    }

    #[test]
    fn decisions_are_statements() {
        let mut report = sample::scan();
        let found = std::mem::take(&mut report.vulnerabilities);
        let decide = |status, justification: Option<&str>, reason: &str| Decision {
            status,
            justification: justification.map(str::to_owned),
            reason: reason.to_owned(),
            source: ".plimsollignore".to_owned(),
            expires: None,
        };
        let decisions = [
            decide(
                DecisionStatus::NotAffected,
                Some("vulnerable_code_not_present"),
                "",
            ),
            decide(DecisionStatus::Accepted, None, "behind the firewall"),
            decide(DecisionStatus::NotAffected, Some("other"), ""),
        ];
        report.suppressed = found
            .into_iter()
            .zip(decisions)
            .map(|(finding, decision)| Suppressed { finding, decision })
            .collect();
        let document = document(&report);
        let with = |status: &str| {
            let statements = document["statements"].as_array().unwrap().clone();
            statements
                .into_iter()
                .filter(|one| one["status"] == status)
                .collect::<Vec<_>>()
        };
        let not_affected = with("not_affected");
        assert_eq!(not_affected.len(), 2);
        for one in &not_affected {
            assert!(
                one.get("justification").is_some() || one.get("impact_statement").is_some(),
                "{one}"
            );
            assert_ne!(one["justification"], "other");
        }
        assert_eq!(with("affected")[0]["action_statement"], "behind the firewall");
    }
}
