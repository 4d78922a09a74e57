//! SARIF 2.1.0 (OASIS), as code scanning services take it.

use std::collections::HashMap;

use plimsoll_core::{Finding, LicenseFinding, Package, Place, Severity, Vulnerability};
use serde_json::{Value, json};

use crate::facts::place;
use crate::identity::{purl_in, short, uid};
use crate::text::{clean, left_out, primary_url, shortened, shortfalls_first, status};
use crate::{Artifact, ArtifactKind, Error, Result, ScanReport};

/// The report as a SARIF log with one run: a rule for each vulnerability, kind of secret and licence, a result for each
/// finding with where it is in the image, and a notification for each thing that was not assessed.
///
/// # Errors
/// [`Error::Write`] when it has no JSON form.
pub fn render(report: &ScanReport) -> Result<String> {
    let mut text = serde_json::to_string_pretty(&log(report)).map_err(Error::Write)?;
    text.push('\n');
    Ok(text)
}

/// What paths are relative to, and what that is.
fn base(artifact: &Artifact) -> (&'static str, &'static str) {
    match artifact.kind {
        ArtifactKind::Directory => ("DIRECTORY", "the directory that was scanned"),
        ArtifactKind::ContainerImage | ArtifactKind::Cyclonedx | ArtifactKind::Spdx => {
            ("IMAGEROOT", "the root of the image's file system")
        }
    }
}

fn log(report: &ScanReport) -> Value {
    let mut run = Run {
        report,
        rules: Vec::new(),
        index: HashMap::new(),
        results: Vec::new(),
    };
    report
        .vulnerabilities
        .iter()
        .for_each(|found| run.vulnerability(found, None));
    for suppressed in &report.suppressed {
        let decision = &suppressed.decision;
        let why = format!("{} [{}]", decision.reason, decision.source);
        run.vulnerability(&suppressed.finding, Some(why.trim()));
    }
    report.secrets.iter().for_each(|found| run.secret(found));
    report.licenses.iter().for_each(|found| run.license(found));
    let artifact = &report.artifact;
    let (base, what) = base(artifact);
    let references: Vec<String> = artifact.references.iter().map(ToString::to_string).collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": report.tool.name,
                "version": report.tool.version,
                "semanticVersion": report.tool.version,
                "rules": run.rules,
            } },
            "invocations": [{
                "executionSuccessful": true,
                "endTimeUtc": report.created_at,
                "toolExecutionNotifications": notifications(report),
            }],
            "originalUriBaseIds": {
                base: { "description": { "text": what } },
            },
            "results": run.results,
            "columnKind": "utf16CodeUnits",
            "properties": {
                "imageName": artifact.name,
                "imageID": artifact.image_id.map(|id| id.to_string()),
                "manifestDigest": artifact.manifest_digest.map(|digest| digest.to_string()),
                "repoTags": references,
            },
        }],
    })
}

/// What was not assessed, and what could not be read.
fn notifications(report: &ScanReport) -> Vec<Value> {
    let note = |level: &str, text: String| json!({ "level": level, "message": { "text": text } });
    let short = shortfalls_first(&report.coverage).into_iter().filter_map(|one| {
        let reason = one.shortfall()?;
        Some(note(
            "warning",
            format!("not fully assessed: {}: {reason}", one.subject),
        ))
    });
    let warnings = report
        .warnings
        .iter()
        .map(|warning| note("warning", warning.clone()));
    let left = left_out(report).map(|left| note("note", format!("not shown: {left}")));
    short.chain(warnings).chain(left).collect()
}

struct Run<'a> {
    report: &'a ScanReport,
    rules: Vec<Value>,
    index: HashMap<String, usize>,
    results: Vec<Value>,
}

impl Run<'_> {
    /// The index of the rule `id`, which `make` makes if it is new.
    fn rule(&mut self, id: &str, make: impl FnOnce() -> Value) -> usize {
        *self.index.entry(id.to_owned()).or_insert_with(|| {
            self.rules.push(make());
            self.rules.len() - 1
        })
    }

    fn vulnerability(&mut self, found: &Vulnerability, suppressed: Option<&str>) {
        let package = &found.package;
        let rule = self.rule(&found.id, || vulnerability_rule(found));
        let fixed = found.fix.fixed_version().unwrap_or("none");
        let mut text = format!(
            "Package: {}\nInstalled version: {}\nVulnerability: {}\nSeverity: {}\nFixed version: {fixed}\nStatus: {}\n\
             Why: {}\nLink: [{}]({})",
            package.name,
            package.version,
            found.id,
            found.severity,
            status(&found.fix),
            found.reason,
            found.id,
            primary_url(&found.id),
        );
        if found.known_exploited {
            text.push_str("\nKnown to be exploited (CISA KEV)");
        }
        let mut result = json!({
            "ruleId": found.id,
            "ruleIndex": rule,
            "level": level(found.severity),
            "message": { "text": text },
            "locations": [self.package_location(package)],
            "partialFingerprints": { "plimsollFinding/v1": short(&[&found.id, &stable(package)]) },
            "properties": {
                "package": package.name,
                "installedVersion": package.version,
                "fixedVersion": found.fix.fixed_version(),
                "purl": purl_in(package, &self.report.artifact),
                "feed": found.feed.id,
                "origin": package.origin,
                "knownExploited": found.known_exploited,
                "epss": found.exploit_prediction.map(|prediction| prediction.probability),
            },
        });
        if let Some(why) = suppressed {
            result["suppressions"] =
                json!([{ "kind": "external", "status": "accepted", "justification": why }]);
        }
        self.results.push(result);
    }

    fn secret(&mut self, found: &Finding) {
        let rule = self.rule(&found.check, || {
            let help = found.remedy.as_ref().map_or("", |hint| &hint.0);
            json!({
                "id": found.check,
                "name": "Secret",
                "shortDescription": { "text": format!("secret: {}", found.check) },
                "fullDescription": { "text": "something that looks like a secret is in a file, the configuration or the history" },
                "help": { "text": help, "markdown": help },
                "defaultConfiguration": { "level": level(found.severity) },
                "properties": properties(found.severity, None, "secret"),
            })
        });
        let (path, line) = match &found.place {
            Place::Layer { path, line, .. } | Place::File { path, line } => (path.clone(), line.unwrap_or(1)),
            Place::Dockerfile { path, .. } => (path.clone(), 1),
            Place::Config { field } => (format!("config.json/{field}"), 1),
            Place::Container { name } => (name.clone(), 1),
        };
        let logical = [json!({ "name": place(&found.place), "kind": "element" })];
        let location = self.location(&path, line, &logical, &found.message);
        let fingerprint = short(&[&found.check, &path, &found.evidence]);
        self.results.push(json!({
            "ruleId": found.check,
            "ruleIndex": rule,
            "level": level(found.severity),
            "message": { "text": format!("{}\n{}", found.message, found.evidence) },
            "locations": [location],
            "partialFingerprints": { "plimsollFinding/v1": fingerprint },
        }));
    }

    fn license(&mut self, found: &LicenseFinding) {
        let id = format!("license:{}", found.license);
        let category = category_word(found);
        let rule = self.rule(&id, || {
            json!({
                "id": id,
                "name": "License",
                "shortDescription": { "text": format!("licence {}", found.license) },
                "fullDescription": { "text": format!("licence {} is {category}", found.license) },
                "help": { "text": format!("category: {category}") },
                "defaultConfiguration": { "level": level(found.severity) },
                "properties": properties(found.severity, None, "license"),
            })
        });
        let package = &found.package;
        self.results.push(json!({
            "ruleId": id,
            "ruleIndex": rule,
            "level": level(found.severity),
            "message": { "text": format!("{} {} is under {} ({category})", package.name, package.version, found.license) },
            "locations": [self.package_location(package)],
            "partialFingerprints": { "plimsollFinding/v1": short(&[&id, &stable(package)]) },
        }));
    }

    /// Where a package is: the file that proves it, and the layer and the instruction that brought it.
    fn package_location(&self, package: &Package) -> Value {
        let artifact = &self.report.artifact;
        let named = format!("{}@{}", package.name, package.version);
        let mut logical = vec![json!({
            "name": named,
            "fullyQualifiedName": purl_in(package, artifact),
            "kind": "package",
        })];
        if let Some(layer) = &package.layer {
            let mut name = layer.diff_id.to_string();
            if !layer.created_by.is_empty() {
                name = format!("{name} ({})", shortened(&clean(&layer.created_by), 200));
            }
            logical.push(
                json!({ "name": name, "fullyQualifiedName": layer.diff_id.to_string(), "kind": "layer" }),
            );
        }
        let path = match package.evidence.as_str() {
            "" => artifact.name.as_str(),
            path => path,
        };
        self.location(path, 1, &logical, &format!("{}: {named}", artifact.name))
    }

    fn location(&self, path: &str, line: usize, logical: &[Value], message: &str) -> Value {
        let (base, _) = base(&self.report.artifact);
        json!({
            "physicalLocation": {
                "artifactLocation": { "uri": uri(path), "uriBaseId": base },
                "region": { "startLine": line, "startColumn": 1, "endLine": line, "endColumn": 1 },
            },
            "logicalLocations": logical,
            "message": { "text": message },
        })
    }
}

/// A path as a relative URI reference (RFC 3986).
fn uri(path: &str) -> String {
    let path = path.trim_start_matches('/');
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

/// What tells a package in a fingerprint: its version may change without making another finding of it.
fn stable(package: &Package) -> String {
    let unversioned = Package {
        version: String::new(),
        evidence: if package.ecosystem.is_distribution() {
            String::new()
        } else {
            package.evidence.replace(&package.version, "")
        },
        ..package.clone()
    };
    uid(&unversioned)
}

fn category_word(found: &LicenseFinding) -> String {
    crate::text::category(found.category).to_owned()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Unknown => "note",
    }
}

fn vulnerability_rule(found: &Vulnerability) -> Value {
    let package = &found.package;
    let url = primary_url(&found.id);
    let title = match (found.title.is_empty(), found.description.is_empty()) {
        (false, _) => found.title.clone(),
        (true, false) => shortened(&clean(&found.description), 200),
        (true, true) => format!("{} in {}", found.id, package.name),
    };
    let description = if found.description.is_empty() {
        &title
    } else {
        &found.description
    };
    let fixed = found.fix.fixed_version().unwrap_or("none");
    let cell = |text: &str| clean(text).replace('|', "\\|");
    let markdown = format!(
        "**{}**\n\n| Severity | Package | Fixed version | Status | Link |\n| --- | --- | --- | --- | --- |\n\
         | {} | {} | {} | {} | [{}]({url}) |\n\n{}",
        found.id,
        found.severity,
        cell(&package.name),
        cell(fixed),
        status(&found.fix),
        found.id,
        clean(description),
    );
    let text = format!(
        "{}\nSeverity: {}\nPackage: {}\nFixed version: {fixed}\nLink: {url}\n{description}",
        found.id, found.severity, package.name
    );
    json!({
        "id": found.id,
        "name": if package.ecosystem.is_distribution() {
            "OsPackageVulnerability"
        } else {
            "LanguageSpecificPackageVulnerability"
        },
        "shortDescription": { "text": clean(&title) },
        "fullDescription": { "text": shortened(&clean(description), 1000) },
        "helpUri": url,
        "help": { "text": text, "markdown": markdown },
        "defaultConfiguration": { "level": level(found.severity) },
        "properties": properties(found.severity, Some(found), "vulnerability"),
    })
}

fn properties(severity: Severity, found: Option<&Vulnerability>, tag: &str) -> Value {
    let score = found.and_then(score).unwrap_or(match severity {
        Severity::Critical => 9.5,
        Severity::High => 8.0,
        Severity::Medium => 5.5,
        Severity::Low => 2.0,
        Severity::Unknown => 0.0,
    });
    let mut tags = vec![tag, "security", severity.as_str()];
    if found.is_some_and(|found| found.known_exploited) {
        tags.push("known-exploited");
    }
    json!({ "precision": "very-high", "security-severity": format!("{score:.1}"), "tags": tags })
}

/// The CVSS score that goes with the severity: the one of the source that counts, else any that means the same word.
fn score(found: &Vulnerability) -> Option<f64> {
    let word = |score: f64| match score {
        score if score >= 9.0 => Severity::Critical,
        score if score >= 7.0 => Severity::High,
        score if score >= 4.0 => Severity::Medium,
        score if score > 0.0 => Severity::Low,
        _ => Severity::Unknown,
    };
    let fitting = || {
        found
            .cvss
            .iter()
            .filter(|cvss| word(cvss.score) == found.severity)
    };
    let source = found.severity_source.as_deref().unwrap_or_default();
    let chosen = fitting().find(|cvss| source.starts_with(cvss.source.as_str()));
    chosen.or_else(|| fitting().next()).map(|cvss| cvss.score)
}
