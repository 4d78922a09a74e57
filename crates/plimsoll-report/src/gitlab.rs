//! GitLab's container scanning report (security report schemas, version 15.0.4).

use std::borrow::Cow;
use std::io::Write;

use plimsoll_core::{Distribution, Severity, Vulnerability as Found};
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use crate::identity::{Names, uuid};
use crate::indented;
use crate::shown::fixed;
use crate::text::{clean, count, left_out, primary_url, shortened, shortfalls_first};
use crate::{Result, ScanReport};

const VERSION: &str = "15.0.4";

/// The schema takes no longer texts.
const LONGEST_NAME: usize = 255;
const LONGEST_DESCRIPTION: usize = 1 << 20;
const LONGEST_SOLUTION: usize = 7000;

#[derive(Serialize)]
struct Document<'a> {
    version: &'static str,
    scan: Scan<'a>,
    vulnerabilities: Vec<Vulnerability<'a>>,
}

#[derive(Serialize)]
struct Scan<'a> {
    analyzer: Tool<'a>,
    scanner: Tool<'a>,
    r#type: &'static str,
    start_time: &'a str,
    end_time: &'a str,
    status: &'static str,
    messages: Vec<Message>,
}

#[derive(Clone, Copy, Serialize)]
struct Tool<'a> {
    id: &'a str,
    name: &'a str,
    version: &'a str,
    vendor: Vendor<'a>,
}

#[derive(Clone, Copy, Serialize)]
struct Vendor<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Message {
    level: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Vulnerability<'a> {
    id: String,
    name: Cow<'a, str>,
    description: Cow<'a, str>,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    solution: Option<Cow<'a, str>>,
    identifiers: Vec<Identifier<'a>>,
    links: Vec<Link<'a>>,
    location: Location<'a>,
    details: Details<'a>,
}

#[derive(Serialize)]
struct Identifier<'a> {
    r#type: String,
    name: &'a str,
    value: &'a str,
    url: String,
}

#[derive(Serialize)]
struct Link<'a> {
    url: &'a str,
}

#[derive(Serialize)]
struct Location<'a> {
    dependency: Dependency<'a>,
    operating_system: &'a str,
    image: &'a str,
}

#[derive(Serialize)]
struct Dependency<'a> {
    package: Package<'a>,
    version: &'a str,
}

#[derive(Serialize)]
struct Package<'a> {
    name: &'a str,
}

/// What stands beside the finding on its page: key, name and value of each.
struct Details<'a>(Vec<(&'static str, &'static str, Cow<'a, str>)>);

#[derive(Serialize)]
struct Detail<'a> {
    r#type: &'static str,
    name: &'static str,
    value: &'a str,
}

impl Serialize for Details<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, name, value) in self.0.iter().filter(|(_, _, value)| !value.is_empty()) {
            let detail = Detail {
                r#type: "text",
                name,
                value,
            };
            map.serialize_entry(key, &detail)?;
        }
        map.end()
    }
}

/// Writes the report's vulnerabilities as GitLab takes them. What was not assessed is a message of the scan.
///
/// # Errors
/// [`crate::Error::Output`] when `out` does not take it.
pub fn write(report: &ScanReport, out: &mut dyn Write) -> Result<()> {
    let names = Names::new(report);
    let system = report.artifact.distribution.as_ref();
    let system = system.map_or_else(|| "unknown".to_owned(), Distribution::to_string);
    indented::write(&document(report, &names, &system), out)
}

fn document<'a>(report: &'a ScanReport, names: &Names<'_>, system: &'a str) -> Document<'a> {
    let name = report.tool.name.as_str();
    let tool = Tool {
        id: name,
        name,
        version: &report.tool.version,
        vendor: Vendor { name },
    };
    // The schema wants the time in UTC without its zone.
    let time = report.created_at.get(..19).unwrap_or(&report.created_at);
    let found = report.vulnerabilities.iter();
    let vulnerabilities = found.map(|found| Vulnerability {
        id: uuid(&[&found.id, &names.of(&found.package).uid]),
        ..vulnerability(report, found, system)
    });
    Document {
        version: VERSION,
        scan: Scan {
            analyzer: tool,
            scanner: tool,
            r#type: "container_scanning",
            start_time: time,
            end_time: time,
            status: "success",
            messages: messages(report),
        },
        vulnerabilities: vulnerabilities.collect(),
    }
}

fn messages(report: &ScanReport) -> Vec<Message> {
    let message = |level: &'static str, value: String| Message { level, value };
    let short = shortfalls_first(&report.coverage).into_iter().filter_map(|one| {
        let reason = one.shortfall()?;
        let text = format!("not fully assessed: {}: {reason}", one.subject);
        Some(message("warn", text))
    });
    let warnings = report.warnings.iter().filter(|warning| !warning.is_empty());
    let warnings = warnings.map(|warning| message("warn", warning.clone()));
    let decided = report.suppressed.len();
    let decided = (decided > 0).then(|| {
        let text = format!(
            "not shown: {} that a decision took out of the count",
            count(decided, "finding")
        );
        message("info", text)
    });
    let left = left_out(report).map(|left| message("info", format!("not shown: {left}")));
    short.chain(warnings).chain(decided).chain(left).collect()
}

fn vulnerability<'a>(report: &'a ScanReport, found: &'a Found, system: &'a str) -> Vulnerability<'a> {
    let package = &found.package;
    let mut urls: Vec<&str> = Vec::new();
    for url in &found.references {
        let is_web = url.starts_with("https://") || url.starts_with("http://");
        if is_web && !urls.contains(&url.as_str()) {
            urls.push(url);
        }
    }
    let name = match found.title.is_empty() {
        true => &found.id,
        false => &found.title,
    };
    let solution = fixed(found);
    let solution = solution.map(|version| format!("Upgrade {} to {version}", package.name));
    Vulnerability {
        id: String::new(),
        name: shortened(clean(name), LONGEST_NAME),
        description: shortened(&found.description, LONGEST_DESCRIPTION),
        severity: severity(found.severity),
        solution: solution.map(|text| shortened(text, LONGEST_SOLUTION)),
        identifiers: identifiers(found),
        links: urls.into_iter().map(|url| Link { url }).collect(),
        location: Location {
            dependency: Dependency {
                package: Package { name: &package.name },
                version: &package.version,
            },
            operating_system: system,
            image: &report.artifact.name,
        },
        details: details(found),
    }
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
fn identifiers(found: &Found) -> Vec<Identifier<'_>> {
    let all = std::iter::once(&found.id).chain(&found.aliases);
    let ids = all.map(|id| Identifier {
        r#type: id.split('-').next().unwrap_or(id).to_lowercase(),
        name: id,
        value: id,
        url: primary_url(id),
    });
    let weaknesses = found.cwes.iter().filter_map(|cwe| {
        let number = cwe.strip_prefix("CWE-")?;
        Some(Identifier {
            r#type: "cwe".to_owned(),
            name: cwe,
            value: number,
            url: format!("https://cwe.mitre.org/data/definitions/{number}.html"),
        })
    });
    ids.chain(weaknesses).collect()
}

fn details(found: &Found) -> Details<'_> {
    let package = &found.package;
    let mut details: Vec<(&str, &str, Cow<'_, str>)> = vec![
        ("match", "Why it matches", (&found.reason).into()),
        ("feed", "Advisory feed", (&found.feed.name).into()),
        ("file", "File", (&package.evidence).into()),
    ];
    if let Some(layer) = &package.layer {
        details.push(("layer", "Layer", layer.diff_id.to_string().into()));
        details.push(("instruction", "Instruction", clean(&layer.created_by)));
    }
    if found.known_exploited {
        let text = "listed by CISA as exploited in the wild";
        details.push(("exploited", "Exploited", text.into()));
    }
    if let Some(prediction) = found.exploit_prediction {
        details.push(("epss", "EPSS", prediction.probability.to_string().into()));
    }
    Details(details)
}
