use std::collections::{HashMap, HashSet};

use plimsoll_core::{Decision, DecisionStatus, Package, Severity, Vulnerability as Found};

use super::model::{
    Advisory, Affected, AffectedVersion, Analysis, Equivalent, Property, Rating, Source, Vulnerability,
};
use crate::ScanReport;
use crate::identity::{short, uid};
use crate::text::is_date_time;

/// The vulnerabilities of `report`, each with all packages that it affects; `references` are those of the report's
/// packages.
pub(super) fn vulnerabilities(report: &ScanReport, references: &[String]) -> Vec<Vulnerability> {
    let uids = report.packages.iter().map(uid);
    let reference_of: HashMap<String, &str> = uids.zip(references.iter().map(String::as_str)).collect();
    let open = report.vulnerabilities.iter().map(|found| (found, None));
    let decided = report.suppressed.iter();
    let decided = decided.map(|suppressed| (&suppressed.finding, Some(&suppressed.decision)));
    let mut order: Vec<String> = Vec::new();
    let mut groups: HashMap<String, Group<'_>> = HashMap::new();
    for (found, decision) in open.chain(decided) {
        let Some(reference) = reference_of.get(&uid(&found.package)) else {
            continue;
        };
        // The same id may be rated or decided otherwise for another package.
        let decided = decision
            .map(|decision| format!("{decision:?}"))
            .unwrap_or_default();
        let key = short(&[&found.id, &found.feed.id, found.severity.as_str(), &decided]);
        let group = groups.entry(key.clone()).or_insert_with(|| {
            order.push(key);
            Group {
                found,
                decision,
                packages: Vec::new(),
                cvss: Vec::new(),
            }
        });
        if !group.packages.iter().any(|(known, _)| known == reference) {
            group.packages.push((*reference, found));
        }
    }
    let made = order
        .iter()
        .filter_map(|key| groups.remove(key).map(|group| (key, group)));
    made.map(|(key, group)| vulnerability(key, group)).collect()
}

struct Group<'a> {
    found: &'a Found,
    decision: Option<&'a Decision>,
    /// The references of the packages, and what was found in each.
    packages: Vec<(&'a str, &'a Found)>,
    cvss: Vec<Rating>,
}

fn vulnerability(key: &str, mut group: Group<'_>) -> Vulnerability {
    let found = group.found;
    group.cvss.extend(ratings(found));
    let cwe = |cwe: &String| {
        cwe.trim_start_matches("CWE-")
            .parse::<u32>()
            .ok()
            .filter(|number| *number > 0)
    };
    let mut urls = HashSet::new();
    let advisories = found.references.iter().filter(|url| urls.insert(*url));
    let date = |date: &Option<String>| date.clone().filter(|date| is_date_time(date));
    let (description, detail) = match (found.title.is_empty(), found.description.is_empty()) {
        (true, _) => (found.description.clone(), String::new()),
        (false, _) => (found.title.clone(), found.description.clone()),
    };
    Vulnerability {
        bom_ref: format!("vulnerability:{}-{key}", found.id),
        id: found.id.clone(),
        source: Source {
            name: Some(found.feed.name.clone()),
            url: Some(found.feed.url.clone()),
        },
        references: found.aliases.iter().map(|alias| equivalent(alias)).collect(),
        ratings: std::mem::take(&mut group.cvss),
        cwes: found.cwes.iter().filter_map(cwe).collect(),
        description,
        detail,
        recommendation: recommendation(&group),
        advisories: advisories.map(|url| Advisory { url: url.clone() }).collect(),
        published: date(&found.published),
        updated: date(&found.modified),
        analysis: group.decision.map(analysis),
        affects: group
            .packages
            .iter()
            .map(|(reference, found)| Affected {
                reference: (*reference).to_owned(),
                versions: vec![AffectedVersion {
                    version: found.package.version.clone(),
                    status: "affected",
                }],
            })
            .collect(),
        properties: properties(found),
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
        Severity::Unknown => "unknown",
    }
}

/// First the severity that counts, with the CVSS of the same source where there is one, then the other ratings.
fn ratings(found: &Found) -> Vec<Rating> {
    let source = |name: &str| Source {
        name: Some(name.to_owned()),
        url: None,
    };
    let chosen = Rating {
        source: found.severity_source.as_deref().map(source),
        severity: severity(found.severity),
        ..Rating::default()
    };
    let scored = found.cvss.iter().map(|cvss| Rating {
        source: Some(source(&cvss.source)),
        score: Some(cvss.score),
        severity: word_of_score(cvss.score),
        method: Some(method(&cvss.vector)),
        vector: Some(cvss.vector.clone()),
    });
    let mut all = vec![chosen];
    for rating in scored {
        if !all.contains(&rating) {
            all.push(rating);
        }
    }
    all
}

/// The word for a CVSS score; CVSS 3 and 4 have the same ones.
fn word_of_score(score: f64) -> &'static str {
    match score {
        score if score >= 9.0 => "critical",
        score if score >= 7.0 => "high",
        score if score >= 4.0 => "medium",
        score if score > 0.0 => "low",
        _ => "none",
    }
}

fn method(vector: &str) -> &'static str {
    match vector.split('/').next() {
        Some("CVSS:4.0") => "CVSSv4",
        Some("CVSS:3.1") => "CVSSv31",
        Some("CVSS:3.0") => "CVSSv3",
        _ => "CVSSv2",
    }
}

fn equivalent(id: &str) -> Equivalent {
    let name = match id.split_once('-').map(|(prefix, _)| prefix) {
        Some("CVE") => "NVD",
        Some("GHSA") => "GitHub Advisories",
        Some("PYSEC" | "GO" | "RUSTSEC" | "OSV") => "OSV",
        Some("DSA" | "DLA" | "DEBIAN") => "Debian",
        Some("USN" | "LSN" | "UBUNTU") => "Ubuntu",
        Some("ALSA" | "ALBA" | "ALEA") => "AlmaLinux",
        Some("RHSA" | "RHBA" | "RHEA") => "Red Hat",
        Some("RLSA" | "RXSA") => "Rocky Linux",
        _ => "unknown",
    };
    Equivalent {
        id: id.to_owned(),
        source: Source {
            name: Some(name.to_owned()),
            url: None,
        },
    }
}

fn recommendation(group: &Group<'_>) -> String {
    let mut steps: Vec<String> = Vec::new();
    for (_, found) in &group.packages {
        if let Some(version) = found.fix.fixed_version() {
            let Package { name, .. } = &found.package;
            let step = format!("Upgrade {name} to version {version}");
            if !steps.contains(&step) {
                steps.push(step);
            }
        }
    }
    steps.join("; ")
}

fn analysis(decision: &Decision) -> Analysis {
    let justification = match decision.justification.as_deref() {
        Some("component_not_present" | "vulnerable_code_not_present" | "code_not_present") => {
            Some("code_not_present")
        }
        Some("vulnerable_code_not_in_execute_path" | "code_not_reachable") => Some("code_not_reachable"),
        Some("inline_mitigations_already_exist" | "protected_by_mitigating_control") => {
            Some("protected_by_mitigating_control")
        }
        _ => None,
    };
    let state = match decision.status {
        DecisionStatus::NotAffected => "not_affected",
        DecisionStatus::Fixed => "resolved",
        DecisionStatus::Accepted => "exploitable",
    };
    let until = decision
        .expires
        .as_ref()
        .map(|day| format!(" (until {day})"))
        .unwrap_or_default();
    let accepted = if decision.status == DecisionStatus::Accepted {
        "accepted: "
    } else {
        ""
    };
    Analysis {
        state,
        justification: justification.filter(|_| decision.status == DecisionStatus::NotAffected),
        detail: format!("{accepted}{}{until} [{}]", decision.reason, decision.source),
    }
}

fn properties(found: &Found) -> Vec<Property> {
    let mut properties = vec![("match", found.reason.clone())];
    if found.known_exploited {
        properties.push(("knownExploited", "true".to_owned()));
    }
    if let Some(prediction) = found.exploit_prediction {
        properties.push(("epss:probability", prediction.probability.to_string()));
        properties.push(("epss:percentile", prediction.percentile.to_string()));
    }
    let named = properties.into_iter().map(|(name, value)| Property {
        name: format!("plimsoll:{name}"),
        value,
    });
    named.collect()
}
