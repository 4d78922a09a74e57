//! What people decided about findings: ignore files and VEX documents.
//!
//! A decision never makes a finding vanish: it moves to a list of its own, with the reason and the file that
//! says so. A decision that has expired counts no more, and one that matches nothing is told.

mod csaf;
mod cyclonedx;
mod expiry;
mod openvex;
mod plimsollignore;
mod statement;
mod trivyignore;
mod trivyignore_yaml;
mod vex;
mod yaml;

use std::cell::Cell;

use jiff::Timestamp;
use plimsoll_core::{Finding, LicenseFinding, Package, Place, Purl, Suppressed, Vulnerability};
pub use statement::{Kind, Product};
use statement::{Statement, Subject};

use crate::{Error, Result};

/// The name under which an ignore file of our own is looked for.
pub const PLIMSOLLIGNORE: &str = ".plimsollignore";
/// The name under which Trivy's ignore file is looked for.
pub const TRIVYIGNORE: &str = ".trivyignore";
/// The name under which Trivy's ignore file in YAML is looked for.
pub const TRIVYIGNORE_YAML: &str = ".trivyignore.yaml";

/// All decisions that were read.
#[derive(Debug, Default)]
pub struct Decisions {
    statements: Vec<Statement>,
    used: Vec<Cell<bool>>,
    remarks: Vec<String>,
}

/// What stands in an ignore file.
#[derive(Debug, Default)]
struct IgnoreFile {
    statements: Vec<Statement>,
    /// What is in it and not used.
    remarks: Vec<String>,
}

/// Findings, and those of them that decisions took out of the count.
#[derive(Debug)]
pub struct Decided<T> {
    /// What still counts.
    pub counted: Vec<T>,
    /// What does not, and why.
    pub suppressed: Vec<Suppressed<T>>,
}

impl Decisions {
    /// Reads an ignore file. `name` is what the user calls it; a name that ends in `.toml` or in [`PLIMSOLLIGNORE`] is
    /// of our own form, one that ends in `.yaml` or `.yml` is Trivy's in YAML, any other is Trivy's list of ids.
    ///
    /// # Errors
    /// [`Error::Decisions`] with the place in the file.
    pub fn read_ignore_file(&mut self, name: &str, text: &str) -> Result<()> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if let Some(line) = text.lines().position(is_no_text) {
            let reason = format!(
                "line {}: it has control characters, so it is no text file",
                line + 1
            );
            return Err(wrong(name, reason));
        }
        let file = if name.ends_with(".yaml") || name.ends_with(".yml") {
            trivyignore_yaml::parse(name, text)?
        } else if name.ends_with(PLIMSOLLIGNORE) || name.ends_with(".toml") {
            IgnoreFile {
                statements: plimsollignore::parse(name, text)?,
                remarks: Vec::new(),
            }
        } else {
            trivyignore::parse(name, text)?
        };
        self.remarks.extend(file.remarks);
        self.add(file.statements);
        Ok(())
    }

    /// Reads a VEX document: OpenVEX, CycloneDX with `vulnerabilities`, or CSAF, told apart by their content.
    ///
    /// # Errors
    /// [`Error::Decisions`] when it is none of these, or is damaged.
    pub fn read_vex(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let statements = vex::parse(name, bytes)?;
        if statements.is_empty() {
            self.remarks
                .push(format!("`{name}` says nothing about any vulnerability"));
        }
        self.add(statements);
        Ok(())
    }

    fn add(&mut self, statements: Vec<Statement>) {
        self.used.extend(statements.iter().map(|_| Cell::new(false)));
        self.statements.extend(statements);
    }

    /// Whether nothing was decided.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// Takes the vulnerabilities of `product` that are decided upon out of the count. `purl` gives a package's URL.
    pub fn on_vulnerabilities(
        &self,
        product: &Product,
        found: Vec<Vulnerability>,
        purl: impl Fn(&Package) -> String,
        now: Timestamp,
    ) -> Decided<Vulnerability> {
        self.split(found, |one| {
            let purl: Option<Purl> = purl(&one.package).parse().ok();
            let subject = Subject {
                kind: Kind::Vulnerability,
                product,
                ids: std::iter::once(&one.id)
                    .chain(&one.aliases)
                    .map(String::as_str)
                    .collect(),
                name: &one.package.name,
                version: &one.package.version,
                path: &one.package.evidence,
                purl: purl.as_ref(),
            };
            self.on(&subject, now)
        })
    }

    /// Takes the secrets that are decided upon, by check and file, out of the count.
    pub fn on_secrets(&self, found: Vec<Finding>, now: Timestamp) -> Decided<Finding> {
        let product = Product::default();
        self.split(found, |one| {
            let path = match &one.place {
                Place::Layer { path, .. } | Place::File { path, .. } | Place::Dockerfile { path, .. } => path,
                Place::Config { field } => field,
                Place::Container { name } => name,
            };
            let subject = Subject {
                kind: Kind::Secret,
                product: &product,
                ids: vec![&one.check],
                name: "",
                version: "",
                path,
                purl: None,
            };
            self.on(&subject, now)
        })
    }

    /// Takes the licences that are decided upon, by their names and packages, out of the count.
    pub fn on_licenses(
        &self,
        found: Vec<LicenseFinding>,
        purl: impl Fn(&Package) -> String,
        now: Timestamp,
    ) -> Decided<LicenseFinding> {
        let product = Product::default();
        self.split(found, |one| {
            let purl: Option<Purl> = purl(&one.package).parse().ok();
            let subject = Subject {
                kind: Kind::License,
                product: &product,
                ids: vec![&one.license],
                name: &one.package.name,
                version: &one.package.version,
                path: &one.package.evidence,
                purl: purl.as_ref(),
            };
            self.on(&subject, now)
        })
    }

    fn split<T>(
        &self,
        found: Vec<T>,
        mut decide: impl FnMut(&T) -> Option<plimsoll_core::Decision>,
    ) -> Decided<T> {
        if self.is_empty() {
            return Decided {
                counted: found,
                suppressed: Vec::new(),
            };
        }
        let mut decided = Decided {
            counted: Vec::with_capacity(found.len()),
            suppressed: Vec::new(),
        };
        for finding in found {
            match decide(&finding) {
                Some(decision) => decided.suppressed.push(Suppressed { finding, decision }),
                None => decided.counted.push(finding),
            }
        }
        decided
    }

    /// The decision on one subject. Of statements that contradict each other the latest counts; an ignore file's has no
    /// time, and goes before them all.
    fn on(&self, subject: &Subject<'_>, now: Timestamp) -> Option<plimsoll_core::Decision> {
        let mut best: Option<&Statement> = None;
        for (statement, used) in self.statements.iter().zip(&self.used) {
            if !statement.is_about(subject) {
                continue;
            }
            used.set(true);
            if statement.has_expired(now) {
                continue;
            }
            if best.is_none_or(|best| statement.outweighs(best)) {
                best = Some(statement);
            }
        }
        best?.decision.clone()
    }

    /// What a person should know of the decisions themselves, once they were applied: those that have expired, and
    /// those of ignore files that match nothing although all that they may be about is of the kinds in `sought`, those
    /// that were looked for.
    pub fn remarks(&self, sought: &[Kind], now: Timestamp) -> Vec<String> {
        let mut remarks = self.remarks.clone();
        for (statement, used) in self.statements.iter().zip(&self.used) {
            let ids = statement.ids.join(", ");
            if let Some(expires) = statement.expires.filter(|_| statement.has_expired(now)) {
                remarks.push(format!(
                    "`{}`: the decision on {ids} expired on {expires} and counts no more",
                    statement.source
                ));
            } else if statement.is_of_ignore_file() && !used.get() && statement.is_within(sought) {
                remarks.push(format!(
                    "`{}`: the decision on {ids} matches nothing",
                    statement.source
                ));
            }
        }
        remarks
    }
}

/// Whether the line has what no text has: NUL bytes of another encoding or of a program, escape sequences.
fn is_no_text(line: &str) -> bool {
    line.chars()
        .any(|character| character.is_control() && !matches!(character, '\t' | '\r'))
}

/// What to say of an entry whose id is `*` where that is an id like any other, which nothing has.
fn no_wildcard(name: &str, line: usize) -> String {
    format!(
        "`{name}`: line {line}: `*` is no id here and suppresses nothing; it stands for all in `{PLIMSOLLIGNORE}` alone"
    )
}

fn wrong(name: &str, reason: impl Into<String>) -> Error {
    Error::Decisions {
        file: name.to_owned(),
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests;
