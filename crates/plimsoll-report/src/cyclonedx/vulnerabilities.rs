use std::borrow::Cow;

use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};
use plimsoll_core::{Decision, DecisionStatus, Severity, Vulnerability as Found};

use super::model::{
    Advisory, Affected, AffectedVersion, Analysis, Equivalent, Property, Rating, Source, Vulnerability,
};
use crate::ScanReport;
use crate::borrowed::Text;
use crate::identity::{Names, short};
use crate::shown::fixed;
use crate::text::is_date_time;

/// The vulnerabilities of `report`, each with all packages that it affects; `references` are those of the report's
/// packages.
pub(super) fn vulnerabilities<'a>(
    report: &'a ScanReport,
    names: &Names<'_>,
    references: &'a [Cow<'a, str>],
) -> Vec<Vulnerability<'a>> {
    let open = report.vulnerabilities.iter().map(|found| (found, None));
    let decided = report.suppressed.iter();
    let decided = decided.map(|suppressed| (&suppressed.finding, Some(&suppressed.decision)));
    let mut places: HashMap<Key<'_>, usize> = HashMap::new();
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (found, decision) in open.chain(decided) {
        let Some(reference) = names
            .place(&found.package)
            .and_then(|place| references.get(place))
        else {
            continue;
        };
        let key = Key {
            id: &found.id,
            feed: &found.feed.id,
            severity: found.severity,
            decision: decision
                .map(|decision| format!("{decision:?}"))
                .unwrap_or_default(),
        };
        let reference: &str = reference;
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) if group.packages.iter().any(|(known, _)| *known == reference) => {}
            Some(group) => group.packages.push((reference, found)),
            None => groups.push(Group {
                found,
                decision,
                packages: vec![(reference, found)],
            }),
        }
    }
    let mut keys: Vec<(usize, Key<'_>)> = places.into_iter().map(|(key, place)| (place, key)).collect();
    keys.sort_unstable_by_key(|(place, _)| *place);
    let made = keys.into_iter().zip(groups);
    made.map(|((_, key), group)| vulnerability(&key.short(), &group))
        .collect()
}

/// What is one vulnerability in the document: the same id may be rated or decided otherwise for another package.
#[derive(PartialEq, Eq, Hash)]
struct Key<'a> {
    id: &'a str,
    feed: &'a str,
    severity: Severity,
    decision: String,
}

impl Key<'_> {
    fn short(&self) -> String {
        short(&[self.id, self.feed, self.severity.as_str(), &self.decision])
    }
}

struct Group<'a> {
    found: &'a Found,
    decision: Option<&'a Decision>,
    /// The references of the packages, and what was found in each.
    packages: Vec<(&'a str, &'a Found)>,
}

fn vulnerability<'a>(key: &str, group: &Group<'a>) -> Vulnerability<'a> {
    let found = group.found;
    let cwe = |cwe: &String| {
        cwe.trim_start_matches("CWE-")
            .parse::<u32>()
            .ok()
            .filter(|number| *number > 0)
    };
    let mut urls = HashSet::new();
    let advisories = found.references.iter().filter(|url| urls.insert(*url));
    let (description, detail) = match found.title.is_empty() {
        true => (&*found.description, ""),
        false => (&*found.title, &*found.description),
    };
    Vulnerability {
        bom_ref: format!("vulnerability:{}-{key}", found.id).into(),
        id: (&found.id).into(),
        source: Source {
            name: Some((&found.feed.name).into()),
            url: Some((&found.feed.url).into()),
        },
        references: found.aliases.iter().map(|alias| equivalent(alias)).collect(),
        ratings: ratings(found),
        cwes: found.cwes.iter().filter_map(cwe).collect(),
        description: description.into(),
        detail: detail.into(),
        recommendation: recommendation(group).into(),
        advisories: advisories.map(|url| Advisory { url: url.into() }).collect(),
        published: date(found.published.as_ref()),
        updated: date(found.modified.as_ref()),
        analysis: group.decision.map(analysis),
        affects: group
            .packages
            .iter()
            .map(|(reference, found)| Affected {
                reference: (*reference).into(),
                versions: vec![AffectedVersion {
                    version: (&found.package.version).into(),
                    status: "affected",
                }],
            })
            .collect(),
        properties: properties(found),
    }
}

/// A date as the schema wants it, if it is one.
fn date(stated: Option<&String>) -> Option<Text<'_>> {
    stated.filter(|date| is_date_time(date)).map(Text::from)
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
fn ratings(found: &Found) -> Vec<Rating<'_>> {
    fn source(name: &str) -> Source<'_> {
        Source {
            name: Some(name.into()),
            url: None,
        }
    }
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
        vector: Some((&cvss.vector).into()),
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

fn equivalent(id: &str) -> Equivalent<'_> {
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
        id: id.into(),
        source: Source {
            name: Some(name.into()),
            url: None,
        },
    }
}

fn recommendation(group: &Group<'_>) -> String {
    let mut steps: Vec<String> = Vec::new();
    for (_, found) in &group.packages {
        if let Some(version) = fixed(found) {
            let name = &found.package.name;
            let step = format!("Upgrade {name} to version {version}");
            if !steps.contains(&step) {
                steps.push(step);
            }
        }
    }
    steps.join("; ")
}

fn analysis(decision: &Decision) -> Analysis<'static> {
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
        detail: format!("{accepted}{}{until} [{}]", decision.reason, decision.source).into(),
    }
}

fn properties(found: &Found) -> Vec<Property<'_>> {
    let mut properties: Vec<(&str, Text<'_>)> = vec![("plimsoll:match", (&found.reason).into())];
    if found.known_exploited {
        properties.push(("plimsoll:knownExploited", "true".into()));
    }
    if let Some(prediction) = found.exploit_prediction {
        let probability = prediction.probability.to_string();
        let percentile = prediction.percentile.to_string();
        properties.push(("plimsoll:epss:probability", probability.into()));
        properties.push(("plimsoll:epss:percentile", percentile.into()));
    }
    let named = properties.into_iter().map(|(name, value)| Property {
        name: name.into(),
        value,
    });
    named.collect()
}
