//! SARIF 2.1.0 (OASIS), as code scanning services take it.

mod model;
mod rules;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::io::Write;

use foldhash::{HashMap, HashMapExt as _};
use model::{
    ArtifactLocation, Base, Bases, Configuration, Driver, Fingerprints, Invocation, Location, Log,
    LogicalLocation, Notification, PhysicalLocation, Region, ResultProperties, Rule, Run, RunProperties,
    SarifResult, Text, Tool,
};
use plimsoll_core::{Finding, LicenseFinding, Package, Place, Severity, Vulnerability};
use rules::{level, properties, vulnerability_rule};

use crate::facts::place;
use crate::identity::{Names, short};
use crate::indented;
use crate::shown::fixed;
use crate::text::{clean, count, left_out, primary_url, shortened, shortfalls_first, status, worst_first};
use crate::{Artifact, ArtifactKind, Result, ScanReport, SubjectKind};

/// GitHub refuses a run with more results.
const MOST_RESULTS: usize = 25_000;

/// Writes the report as a SARIF log with one run: a rule for each vulnerability, kind of secret and licence, a result for
/// each finding with where it is in the image, and a notification for each thing that was not assessed.
///
/// What a decision took out of the count is no result: services take results for open alerts, whatever is said of their
/// suppression. Of more than 25,000 results, which GitHub refuses, the worst are kept; a notification counts the others.
///
/// # Errors
/// [`crate::Error::Output`] when `out` does not take it.
pub fn write(report: &ScanReport, out: &mut dyn Write) -> Result<()> {
    let names = Names::new(report);
    indented::write(&log(report, &names), out)
}

/// What paths are relative to, and what that is.
fn base(artifact: &Artifact) -> (&'static str, Bases) {
    let base = |text| {
        Some(Base {
            description: Text::plain(text),
        })
    };
    if artifact.described().1 == SubjectKind::Container {
        let bases = Bases {
            imageroot: base("the root of the image's file system"),
            ..Bases::default()
        };
        return ("IMAGEROOT", bases);
    }
    let directory = base(match artifact.kind {
        ArtifactKind::Directory => "the directory that was scanned",
        _ => "the directory that the SBOM is about",
    });
    let bases = Bases {
        directory,
        ..Bases::default()
    };
    ("DIRECTORY", bases)
}

fn log<'a>(report: &'a ScanReport, names: &'a Names<'_>) -> Log<'a> {
    let (base, bases) = base(&report.artifact);
    let mut findings = Findings {
        report,
        names,
        base,
        rules: Vec::new(),
        index: HashMap::new(),
        results: Vec::new(),
        left: 0,
    };
    for found in all_worst_first(report) {
        match found {
            Any::Vulnerability(found) => findings.vulnerability(found),
            Any::Secret(found) => findings.secret(found),
            Any::License(found) => findings.license(found),
        }
    }
    number_equal_hashes(&mut findings.results);
    let artifact = &report.artifact;
    let is_image = artifact.kind == ArtifactKind::ContainerImage;
    let driver = Driver {
        name: &report.tool.name,
        version: &report.tool.version,
        semantic_version: &report.tool.version,
        rules: findings.rules,
    };
    Log {
        schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool { driver },
            invocations: [Invocation {
                execution_successful: true,
                end_time_utc: &report.created_at,
                tool_execution_notifications: notifications(report, findings.left),
            }],
            original_uri_base_ids: bases,
            results: findings.results,
            column_kind: "utf16CodeUnits",
            properties: RunProperties {
                artifact_name: (!is_image).then_some(artifact.name.as_str()),
                image_name: is_image.then_some(artifact.name.as_str()),
                image_id: artifact.image_id.map(|id| id.to_string()),
                manifest_digest: artifact.manifest_digest.map(|digest| digest.to_string()),
                repo_tags: artifact.references.iter().map(ToString::to_string).collect(),
            },
        }],
    }
}

/// A finding of whatever kind.
enum Any<'a> {
    Vulnerability(&'a Vulnerability),
    Secret(&'a Finding),
    License(&'a LicenseFinding),
}

impl Any<'_> {
    fn severity(&self) -> Severity {
        match self {
            Self::Vulnerability(found) => found.severity,
            Self::Secret(found) => found.severity,
            Self::License(found) => found.severity,
        }
    }
}

/// The findings of all kinds, so that those that find no place are not worse than those that do; of one severity,
/// vulnerabilities come first.
fn all_worst_first(report: &ScanReport) -> Vec<Any<'_>> {
    let vulnerabilities = worst_first(&report.vulnerabilities)
        .into_iter()
        .map(Any::Vulnerability);
    let secrets = report.secrets.iter().map(Any::Secret);
    let licenses = report.licenses.iter().map(Any::License);
    let mut all: Vec<Any<'_>> = vulnerabilities.chain(secrets).chain(licenses).collect();
    all.sort_by_key(|found| Reverse(found.severity()));
    all
}

/// What was not assessed, what could not be read, and what is not shown, such as `left` results.
fn notifications(report: &ScanReport, left: usize) -> Vec<Notification> {
    let note = |level: &'static str, text: String| Notification {
        level,
        message: Text::plain(text),
    };
    let short = shortfalls_first(&report.coverage).into_iter().filter_map(|one| {
        let reason = one.shortfall()?;
        let text = format!("not fully assessed: {}: {reason}", one.subject);
        Some(note("warning", text))
    });
    let warnings = report
        .warnings
        .iter()
        .map(|warning| note("warning", warning.clone()));
    let decided =
        report.suppressed.len() + report.suppressed_secrets.len() + report.suppressed_licenses.len();
    let decided = (decided > 0).then(|| {
        let text = format!(
            "not shown: {} that a decision took out of the count",
            count(decided, "finding")
        );
        note("note", text)
    });
    let too_many = (left > 0).then(|| {
        let text = format!(
            "not shown: {} beyond the {MOST_RESULTS} worst",
            count(left, "finding")
        );
        note("warning", text)
    });
    let filtered = left_out(report).map(|left| note("note", format!("not shown: {left}")));
    short
        .chain(warnings)
        .chain(decided)
        .chain(too_many)
        .chain(filtered)
        .collect()
}

struct Findings<'a> {
    report: &'a ScanReport,
    names: &'a Names<'a>,
    base: &'static str,
    rules: Vec<Rule<'a>>,
    index: HashMap<Cow<'a, str>, usize>,
    results: Vec<SarifResult<'a>>,
    /// How many results found no place.
    left: usize,
}

impl<'a> Findings<'a> {
    /// The index of the rule `id`, which `make` makes if it is new.
    fn rule(&mut self, id: Cow<'a, str>, make: impl FnOnce() -> Rule<'a>) -> usize {
        *self.index.entry(id).or_insert_with(|| {
            self.rules.push(make());
            self.rules.len() - 1
        })
    }

    fn is_full(&mut self) -> bool {
        let full = self.results.len() >= MOST_RESULTS;
        self.left += usize::from(full);
        full
    }

    fn vulnerability(&mut self, found: &'a Vulnerability) {
        if self.is_full() {
            return;
        }
        let package = &found.package;
        let rule = self.rule(Cow::Borrowed(&found.id), || vulnerability_rule(found));
        let fixed = fixed(found).unwrap_or("none".into());
        let text = [
            "Package: ",
            &package.name,
            "\nInstalled version: ",
            &package.version,
            "\nVulnerability: ",
            &found.id,
            "\nSeverity: ",
            found.severity.as_str(),
            "\nFixed version: ",
            &fixed,
            "\nStatus: ",
            status(&found.fix),
            "\nWhy: ",
            &found.reason,
            "\nLink: [",
            &found.id,
            "](",
            &primary_url(&found.id),
            match found.known_exploited {
                true => ")\nKnown to be exploited (CISA KEV)",
                false => ")",
            },
        ]
        .concat();
        let (locations, purl) = self.package_location(package);
        self.results.push(SarifResult {
            rule_id: Cow::Borrowed(&found.id),
            rule_index: rule,
            level: level(found.severity),
            message: Text::plain(text),
            locations: [locations],
            partial_fingerprints: fingerprints(&[&found.id, &stable(package)]),
            properties: Some(ResultProperties {
                package: &package.name,
                installed_version: &package.version,
                fixed_version: found.fix.fixed_version(),
                purl,
                feed: &found.feed.id,
                origin: package.origin,
                known_exploited: found.known_exploited,
                epss: found.exploit_prediction.map(|prediction| prediction.probability),
            }),
        });
    }

    fn secret(&mut self, found: &'a Finding) {
        if self.is_full() {
            return;
        }
        let rule = self.rule(Cow::Borrowed(&found.check), || {
            let help = found
                .remedy
                .as_ref()
                .map_or("remove it, and replace what it opens", |hint| &hint.0);
            Rule {
                id: Cow::Borrowed(&found.check),
                name: "Secret",
                short_description: Text::plain(format!("secret: {}", found.check)),
                full_description: Text::plain(
                    "something that looks like a secret is in a file, the configuration or the history",
                ),
                help_uri: None,
                help: Text {
                    text: help.into(),
                    markdown: Some(help.into()),
                },
                default_configuration: Configuration {
                    level: level(found.severity),
                },
                properties: properties(found.severity, None, "secret"),
            }
        });
        let (path, line) = match &found.place {
            Place::Layer { path, line, .. } | Place::File { path, line } => {
                (Cow::Borrowed(path.as_str()), line.unwrap_or(1))
            }
            Place::Dockerfile { path, .. } => (Cow::Borrowed(path.as_str()), 1),
            Place::Config { field } => (Cow::Owned(format!("config.json/{field}")), 1),
            Place::Container { name } => (Cow::Borrowed(name.as_str()), 1),
        };
        let logical = LogicalLocation {
            name: place(&found.place).into(),
            fully_qualified_name: None,
            kind: "element",
        };
        self.results.push(SarifResult {
            rule_id: Cow::Borrowed(&found.check),
            rule_index: rule,
            level: level(found.severity),
            message: Text::plain(format!("{}\n{}", found.message, found.evidence)),
            locations: [self.location(&path, line, vec![logical], Cow::Borrowed(&found.message))],
            partial_fingerprints: fingerprints(&[&found.check, &path, &found.evidence]),
            properties: None,
        });
    }

    fn license(&mut self, found: &'a LicenseFinding) {
        if self.is_full() {
            return;
        }
        let id = format!("license:{}", found.license);
        let category = crate::text::category(found.category);
        let rule = self.rule(id.clone().into(), || Rule {
            id: id.clone().into(),
            name: "License",
            short_description: Text::plain(format!("licence {}", found.license)),
            full_description: Text::plain(format!("licence {} is {category}", found.license)),
            help_uri: None,
            help: Text::plain(format!("category: {category}")),
            default_configuration: Configuration {
                level: level(found.severity),
            },
            properties: properties(found.severity, None, "license"),
        });
        let package = &found.package;
        let text = format!(
            "{} {} is under {} ({category})",
            package.name, package.version, found.license
        );
        let (location, _) = self.package_location(package);
        self.results.push(SarifResult {
            rule_index: rule,
            level: level(found.severity),
            message: Text::plain(text),
            locations: [location],
            partial_fingerprints: fingerprints(&[&id, &stable(package)]),
            properties: None,
            rule_id: id.into(),
        });
    }

    /// Where a package is: the file that proves it, and the layer and the instruction that brought it; and its URL.
    fn package_location(&self, package: &'a Package) -> (Location<'a>, Cow<'a, str>) {
        let artifact = &self.report.artifact;
        let purl = match self.names.of(package) {
            Cow::Borrowed(name) => Cow::Borrowed(name.purl.as_str()),
            Cow::Owned(name) => Cow::Owned(name.purl),
        };
        let named = [&package.name, "@", &package.version].concat();
        let message = [&artifact.name, ": ", &named].concat();
        let mut logical = vec![LogicalLocation {
            name: named.into(),
            fully_qualified_name: Some(purl.clone()),
            kind: "package",
        }];
        if let Some(layer) = &package.layer {
            let diff_id = layer.diff_id.to_string();
            let name = match layer.created_by.as_str() {
                "" => diff_id.clone(),
                instruction => [&diff_id, " (", &shortened(clean(instruction), 200), ")"].concat(),
            };
            logical.push(LogicalLocation {
                name: name.into(),
                fully_qualified_name: Some(diff_id.into()),
                kind: "layer",
            });
        }
        let path = match package.evidence.as_str() {
            "" => artifact.name.as_str(),
            path => path,
        };
        (self.location(path, 1, logical, message.into()), purl)
    }

    fn location(
        &self,
        path: &str,
        line: usize,
        logical_locations: Vec<LogicalLocation<'a>>,
        message: Cow<'a, str>,
    ) -> Location<'a> {
        Location {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation {
                    uri: uri(path),
                    uri_base_id: self.base,
                },
                region: Region {
                    start_line: line,
                    start_column: 1,
                    end_line: line,
                    end_column: 1,
                },
            },
            logical_locations,
            message: Text::plain(message),
        }
    }
}

fn fingerprints(parts: &[&str]) -> Fingerprints {
    let finding = short(parts);
    Fingerprints {
        line_hash: finding.clone(),
        finding,
    }
}

/// Puts behind each hash which one of those with the same hash it is, as GitHub does: it takes results of one hash for
/// one alert.
fn number_equal_hashes(results: &mut [SarifResult<'_>]) {
    let mut taken: HashMap<&str, usize> = HashMap::with_capacity(results.len());
    for result in results {
        let Fingerprints { finding, line_hash } = &mut result.partial_fingerprints;
        let number = taken.entry(finding).or_default();
        *number += 1;
        *line_hash = format!("{finding}:{number}");
    }
}

/// A path as a relative URI reference (RFC 3986).
fn uri(path: &str) -> String {
    use std::fmt::Write as _;

    let path = path.trim_start_matches('/');
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

/// What tells a package in a fingerprint: its version may change without making another finding of it.
fn stable(package: &Package) -> String {
    let evidence = match package.ecosystem.is_distribution() {
        true => String::new(),
        false => package.evidence.replace(&package.version, ""),
    };
    let architecture = package.architecture.as_deref().unwrap_or_default();
    short(&[
        package.ecosystem.purl_type(),
        &package.name,
        "",
        architecture,
        &evidence,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn no_kind_of_finding_keeps_out_a_worse_one_of_another() {
        let mut report = sample::scan();
        let mut low = report.vulnerabilities[0].clone();
        low.severity = Severity::Low;
        report.vulnerabilities = vec![low; MOST_RESULTS];
        report.secrets[0].severity = Severity::Critical;
        report.licenses.truncate(1);
        report.licenses[0].severity = Severity::High;
        let names = Names::new(&report);
        let log = log(&report, &names);
        let run = &log.runs[0];
        assert_eq!(run.results.len(), MOST_RESULTS);
        let first: Vec<&str> = run.results.iter().take(3).map(|one| &*one.rule_id).collect();
        let license = format!("license:{}", report.licenses[0].license);
        let vulnerability = report.vulnerabilities[0].id.as_str();
        assert_eq!(first, [report.secrets[0].check.as_str(), &license, vulnerability]);
        let notes = &run.invocations[0].tool_execution_notifications;
        let notes: Vec<String> = notes.iter().map(|one| one.message.text.to_string()).collect();
        let told = "not shown: 2 findings beyond the 25000 worst".to_owned();
        assert!(notes.contains(&told), "{notes:?}");
    }

    #[test]
    fn two_secrets_that_look_the_same_are_two_alerts() {
        let mut report = sample::scan();
        report.vulnerabilities.clear();
        report.licenses.clear();
        let second = report.secrets[0].clone();
        report.secrets.push(second);
        let names = Names::new(&report);
        let log = log(&report, &names);
        let hashes = log.runs[0].results.iter();
        let hashes: Vec<&str> = hashes
            .map(|one| one.partial_fingerprints.line_hash.as_str())
            .collect();
        let [first, second] = hashes[..] else {
            panic!("{hashes:?}");
        };
        assert_eq!(first.strip_suffix(":1"), second.strip_suffix(":2"));
        assert!(first.ends_with(":1"), "{first}");
    }
}
