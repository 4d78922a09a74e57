//! OpenVEX 0.2.0: what was decided about each vulnerability, to be handed on with the image.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;

use plimsoll_core::{Decision, DecisionStatus, Digest, Vulnerability};
use serde::Serialize;

use crate::identity::Names;
use crate::indented;
use crate::text::not_assessed;
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
    status_notes: Option<String>,
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

#[derive(Serialize, Clone, Default)]
struct Product {
    #[serde(rename = "@id", skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hashes: Option<Hashes>,
    subcomponents: Vec<Component>,
}

#[derive(Serialize, Clone)]
struct Hashes {
    #[serde(rename = "sha-256")]
    sha256: String,
}

#[derive(Serialize, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Component {
    #[serde(rename = "@id")]
    id: String,
}

/// The decisions of `report` as an OpenVEX document with a final line feed. What nobody has decided on is under
/// investigation. Packages that were not assessed have no statement, for a statement is about a vulnerability; how the
/// document came to be, which is the place for text, tells of them.
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
                subcomponents,
                ..product.clone()
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
        tooling: tooling(report),
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
    let reason = reason.map(str::to_owned);
    let said = Statement {
        vulnerability: Named {
            name: &found.id,
            aliases: &found.aliases,
        },
        products: vec![product],
        status: "under_investigation",
        status_notes: None,
        justification: None,
        impact_statement: None,
        action_statement: None,
    };
    match decision.map(|decision| decision.status) {
        None => said,
        Some(DecisionStatus::Fixed) => Statement {
            status: "fixed",
            status_notes: reason,
            ..said
        },
        Some(DecisionStatus::Accepted) => Statement {
            status: "affected",
            // The specification asks for one.
            action_statement: Some(reason.unwrap_or_else(|| "the risk is accepted".to_owned())),
            ..said
        },
        // The schema asks for a justification or an impact statement, and not for both.
        Some(DecisionStatus::NotAffected) if justification.is_some() => Statement {
            status: "not_affected",
            status_notes: reason,
            justification,
            ..said
        },
        Some(DecisionStatus::NotAffected) => Statement {
            status: "not_affected",
            impact_statement: Some(reason.unwrap_or_else(|| "the product is not affected".to_owned())),
            ..said
        },
    }
}

/// What made the document, and what it could not assess.
fn tooling(report: &ScanReport) -> String {
    let tool = format!("{} {}", report.tool.name, report.tool.version);
    match not_assessed(report) {
        Some(missing) => format!("{tool}; not assessed: {missing}"),
        None => tool,
    }
}

/// What the document calls the image: by a package URL, else by its digest.
fn product(artifact: &Artifact) -> Product {
    let of_sbom = || artifact.subject.as_ref()?.purl.clone();
    let purl = image_purls(artifact).first().map(ToString::to_string);
    let hashes = artifact
        .manifest_digest
        .or(artifact.image_id)
        .map(|digest| Hashes { sha256: digest.hex() });
    match (purl.or_else(of_sbom), hashes) {
        (None, Some(hashes)) => Product {
            hashes: Some(hashes),
            ..Product::default()
        },
        (purl, _) => Product {
            id: Some(purl.unwrap_or_else(|| product_iri(artifact))),
            ..Product::default()
        },
    }
}

/// What an OpenVEX document calls something that has neither a package URL nor a digest, a directory or an SBOM: the
/// IRI of its name.
pub fn product_iri(artifact: &Artifact) -> String {
    let mut iri = "file:".to_owned();
    for byte in artifact.name.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        if is_plain {
            iri.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(iri, "%{byte:02X}");
        }
    }
    iri
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
        check(&document);
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

    /// What the specification and its JSON schema ask for, field by field.
    fn check(document: &Value) {
        let object = |value: &Value, required: &[&str], allowed: &[&str]| {
            let fields = value.as_object().unwrap();
            for name in required {
                assert!(fields.contains_key(*name), "{name} is missing: {value}");
            }
            for name in fields.keys() {
                assert!(
                    required.contains(&&**name) || allowed.contains(&&**name),
                    "{name}: {value}"
                );
            }
        };
        let is_iri = |value: &Value| {
            let text = value.as_str().unwrap();
            let (scheme, rest) = text.split_once(':').unwrap();
            let is_clean = |byte: u8| byte.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&byte);
            assert!(scheme.bytes().all(|byte| byte.is_ascii_lowercase()), "{text}");
            assert!(!rest.is_empty() && rest.bytes().all(is_clean), "{text}");
        };
        let unique = |values: &Value| {
            let values = values.as_array().unwrap();
            let repeated = |(at, one)| values[..at].contains(one);
            assert!(!values.iter().enumerate().any(repeated), "{values:?}");
            values.clone()
        };
        object(
            document,
            &["@context", "@id", "author", "timestamp", "version", "statements"],
            &["tooling"],
        );
        is_iri(&document["@context"]);
        is_iri(&document["@id"]);
        assert!(document["author"].is_string() && document["tooling"].is_string());
        assert!(crate::text::is_date_time(document["timestamp"].as_str().unwrap()));
        assert!(document["version"].as_u64().unwrap() >= 1);
        for statement in unique(&document["statements"]) {
            object(
                &statement,
                &["vulnerability", "products", "status"],
                &[
                    "status_notes",
                    "justification",
                    "impact_statement",
                    "action_statement",
                ],
            );
            object(&statement["vulnerability"], &["name"], &["aliases"]);
            if let Some(aliases) = statement["vulnerability"].get("aliases") {
                assert!(unique(aliases).iter().all(Value::is_string));
            }
            for product in unique(&statement["products"]) {
                object(&product, &["subcomponents"], &["@id", "hashes"]);
                match product.get("@id") {
                    Some(id) => is_iri(id),
                    None => assert_eq!(product["hashes"]["sha-256"].as_str().unwrap().len(), 64),
                }
                for part in unique(&product["subcomponents"]) {
                    object(&part, &["@id"], &[]);
                    is_iri(&part["@id"]);
                }
            }
            let has = |name: &str| statement.get(name).is_some_and(Value::is_string);
            let (justified, explained) = (has("justification"), has("impact_statement"));
            match statement["status"].as_str().unwrap() {
                "not_affected" => assert!(justified != explained, "{statement}"),
                "affected" => assert!(has("action_statement") && !justified && !explained, "{statement}"),
                "fixed" | "under_investigation" => assert!(!justified && !explained, "{statement}"),
                other => panic!("{other}"),
            }
            if justified {
                assert!(JUSTIFICATIONS.contains(&statement["justification"].as_str().unwrap()));
            }
        }
    }

    /// Images without names have digests; directories have neither.
    #[test]
    fn products_have_iris_or_digests() {
        let mut report = sample::scan();
        let product = |report: &ScanReport| {
            let document = document(report);
            check(&document);
            document["statements"][0]["products"][0].clone()
        };
        assert!(
            product(&report)["@id"]
                .as_str()
                .unwrap()
                .starts_with("pkg:oci/app@")
        );
        report.artifact.references.clear();
        let digest = report.artifact.manifest_digest.unwrap().hex();
        assert_eq!(product(&report)["hashes"]["sha-256"], digest);
        report.artifact.manifest_digest = None;
        report.artifact.image_id = None;
        report.artifact.name = "a folder/root\u{e9}".to_owned();
        assert_eq!(product(&report)["@id"], "file:a%20folder/root%C3%A9");
    }

    #[test]
    fn what_was_not_assessed_stands_where_the_document_tells_of_its_making() {
        let mut report = sample::scan();
        let tooling = document(&report)["tooling"].as_str().unwrap().to_owned();
        let missing = "; not assessed: Debian packages (debian 12): the database has no feed for debian 12";
        assert!(tooling.contains(missing), "{tooling}");
        report.coverage.retain(|one| one.shortfall().is_none());
        assert_eq!(
            document(&report)["tooling"],
            format!("plimsoll {}", report.tool.version)
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
            decide(
                DecisionStatus::NotAffected,
                Some("component_not_present"),
                "it is a stub",
            ),
            decide(DecisionStatus::Fixed, None, "patched by hand"),
        ];
        let found = found.iter().cycle().take(decisions.len()).cloned().enumerate();
        let found = found.map(|(number, found)| Vulnerability {
            id: format!("CVE-{number}"),
            ..found
        });
        report.suppressed = found
            .zip(decisions)
            .map(|(finding, decision)| Suppressed { finding, decision })
            .collect();
        let document = document(&report);
        check(&document);
        let with = |status: &str| {
            let statements = document["statements"].as_array().unwrap().clone();
            statements
                .into_iter()
                .filter(|one| one["status"] == status)
                .collect::<Vec<_>>()
        };
        let not_affected = with("not_affected");
        assert_eq!(not_affected.len(), 3);
        assert_eq!(not_affected[2]["justification"], "component_not_present");
        assert_eq!(not_affected[2]["status_notes"], "it is a stub");
        assert_eq!(with("fixed")[0]["status_notes"], "patched by hand");
        assert_eq!(with("affected")[0]["action_statement"], "behind the firewall");
    }
}
