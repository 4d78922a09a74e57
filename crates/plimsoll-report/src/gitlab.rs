//! GitLab's container scanning report (security report schemas, version 15.0.4).

use plimsoll_core::{Distribution, Severity, Vulnerability};
use serde_json::{Map, Value, json};

use crate::identity::{short, uid};
use crate::text::{clean, left_out, primary_url, shortened, shortfalls_first};
use crate::{Error, Result, ScanReport};

const VERSION: &str = "15.0.4";

/// The report's vulnerabilities as GitLab takes them. What was not assessed is a message of the scan.
///
/// # Errors
/// [`Error::Write`] when it has no JSON form.
pub fn render(report: &ScanReport) -> Result<String> {
    let mut text = serde_json::to_string_pretty(&document(report)).map_err(Error::Write)?;
    text.push('\n');
    Ok(text)
}

fn document(report: &ScanReport) -> Value {
    let tool = json!({
        "id": report.tool.name,
        "name": report.tool.name,
        "version": report.tool.version,
        "vendor": { "name": report.tool.name },
    });
    // The schema wants the time in UTC without its zone.
    let time = report.created_at.get(..19).unwrap_or(&report.created_at);
    let found = report
        .vulnerabilities
        .iter()
        .map(|found| vulnerability(report, found));
    json!({
        "version": VERSION,
        "scan": {
            "analyzer": tool,
            "scanner": tool,
            "type": "container_scanning",
            "start_time": time,
            "end_time": time,
            "status": "success",
            "messages": messages(report),
        },
        "vulnerabilities": found.collect::<Vec<_>>(),
    })
}

fn messages(report: &ScanReport) -> Vec<Value> {
    let message = |value: String| json!({ "level": "warn", "value": value });
    let short = shortfalls_first(&report.coverage).into_iter().filter_map(|one| {
        let reason = one.shortfall()?;
        Some(message(format!("not fully assessed: {}: {reason}", one.subject)))
    });
    let warnings = report.warnings.iter().filter(|warning| !warning.is_empty());
    let left = left_out(report).map(|left| json!({ "level": "info", "value": format!("not shown: {left}") }));
    short.chain(warnings.cloned().map(message)).chain(left).collect()
}

fn vulnerability(report: &ScanReport, found: &Vulnerability) -> Value {
    let package = &found.package;
    let artifact = &report.artifact;
    let system = artifact.distribution.as_ref().map(Distribution::to_string);
    let mut urls: Vec<&str> = Vec::new();
    for url in &found.references {
        let is_web = url.starts_with("https://") || url.starts_with("http://");
        if is_web && !urls.contains(&url.as_str()) {
            urls.push(url);
        }
    }
    let name = if found.title.is_empty() {
        &found.id
    } else {
        &found.title
    };
    let mut value = json!({
        "id": short(&[&found.id, &uid(package)]),
        "name": shortened(&clean(name), 255),
        "description": shortened(&found.description, 1 << 20),
        "severity": severity(found.severity),
        "identifiers": identifiers(found),
        "links": urls.iter().map(|url| json!({ "url": url })).collect::<Vec<_>>(),
        "location": {
            "dependency": { "package": { "name": package.name }, "version": package.version },
            "operating_system": system.unwrap_or_else(|| "unknown".to_owned()),
            "image": artifact.name,
        },
        "details": details(found),
    });
    if let Some(version) = found.fix.fixed_version() {
        value["solution"] = format!("Upgrade {} to {version}", package.name).into();
    }
    value
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
        Severity::Unknown => "Unknown",
    }
}

/// The id and its aliases, each with the kind that GitLab knows it by.
fn identifiers(found: &Vulnerability) -> Vec<Value> {
    let all = std::iter::once(&found.id).chain(&found.aliases);
    let ids = all.map(|id| {
        let kind = id.split('-').next().unwrap_or(id).to_lowercase();
        json!({ "type": kind, "name": id, "value": id, "url": primary_url(id) })
    });
    let weaknesses = found.cwes.iter().filter_map(|cwe| {
        let number = cwe.strip_prefix("CWE-")?;
        let url = format!("https://cwe.mitre.org/data/definitions/{number}.html");
        Some(json!({ "type": "cwe", "name": cwe, "value": number, "url": url }))
    });
    ids.chain(weaknesses).collect()
}

/// What stands beside the finding on its page.
fn details(found: &Vulnerability) -> Map<String, Value> {
    let package = &found.package;
    let mut details = Map::new();
    let mut put = |key: &str, name: &str, value: String| {
        if !value.is_empty() {
            details.insert(
                key.to_owned(),
                json!({ "type": "text", "name": name, "value": value }),
            );
        }
    };
    put("match", "Why it matches", found.reason.clone());
    put("feed", "Advisory feed", found.feed.name.clone());
    put("file", "File", package.evidence.clone());
    if let Some(layer) = &package.layer {
        put("layer", "Layer", layer.diff_id.to_string());
        put("instruction", "Instruction", clean(&layer.created_by));
    }
    if found.known_exploited {
        put(
            "exploited",
            "Exploited",
            "listed by CISA as exploited in the wild".to_owned(),
        );
    }
    if let Some(prediction) = found.exploit_prediction {
        put("epss", "EPSS", prediction.probability.to_string());
    }
    details
}
