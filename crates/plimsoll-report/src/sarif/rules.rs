//! What a rule says of its findings.

use std::borrow::Cow;

use plimsoll_core::{Severity, Vulnerability};

use super::model::{Configuration, Rule, RuleProperties, Text};
use crate::shown::fixed;
use crate::text::{clean, primary_url, shortened, status};

pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Unknown => "note",
    }
}

pub(super) fn vulnerability_rule(found: &Vulnerability) -> Rule<'_> {
    let package = &found.package;
    let url = primary_url(&found.id);
    let title = match (found.title.is_empty(), found.description.is_empty()) {
        (false, _) => clean(&found.title),
        (true, false) => shortened(clean(&found.description), 200),
        (true, true) => format!("{} in {}", found.id, package.name).into(),
    };
    let description = match found.description.is_empty() {
        true => title.clone(),
        false => clean(&found.description),
    };
    let fixed = fixed(found).unwrap_or("none".into());
    let cell = |text: &str| clean(text).replace('|', "\\|");
    let markdown = [
        "**",
        &found.id,
        "**\n\n| Severity | Package | Fixed version | Status | Link |\n| --- | --- | --- | --- | --- |\n| ",
        found.severity.as_str(),
        " | ",
        &cell(&package.name),
        " | ",
        &cell(&fixed),
        " | ",
        status(&found.fix),
        " | [",
        &found.id,
        "](",
        &url,
        ") |\n\n",
        &description,
    ]
    .concat();
    let text = [
        found.id.as_str(),
        "\nSeverity: ",
        found.severity.as_str(),
        "\nPackage: ",
        &package.name,
        "\nFixed version: ",
        &fixed,
        "\nLink: ",
        &url,
        "\n",
        match found.description.is_empty() {
            true => &title,
            false => &found.description,
        },
    ]
    .concat();
    let is_distribution = package.ecosystem.is_distribution();
    Rule {
        id: Cow::Borrowed(&found.id),
        name: match is_distribution {
            true => "OsPackageVulnerability",
            false => "LanguageSpecificPackageVulnerability",
        },
        short_description: Text::plain(title),
        full_description: Text::plain(shortened(description, 1000)),
        help_uri: Some(url),
        help: Text {
            text: text.into(),
            markdown: Some(markdown.into()),
        },
        default_configuration: Configuration {
            level: level(found.severity),
        },
        properties: properties(found.severity, Some(found), "vulnerability"),
    }
}

pub(super) fn properties(
    severity: Severity,
    found: Option<&Vulnerability>,
    tag: &'static str,
) -> RuleProperties {
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
    RuleProperties {
        precision: "very-high",
        security_severity: format!("{score:.1}"),
        tags,
    }
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
