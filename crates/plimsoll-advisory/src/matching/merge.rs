//! Makes one vulnerability of the records that speak of the same one.

use plimsoll_core::{Ecosystem, FixState, Package, Severity, Vulnerability};

use super::rating;
use crate::database::Reader;
use crate::database::schema::{Rating, Record};
use crate::{Result, feeds, versions};

/// One record that matches an installed package.
#[derive(Debug, Clone)]
pub(super) struct Match {
    pub(super) record: Record,
    /// What the record says of this package alone.
    pub(super) ratings: Vec<Rating>,
    pub(super) fix: FixState,
    pub(super) reason: String,
}

/// A match with the names of the one vulnerability that it is about.
struct Candidate<'a> {
    /// The ids of the very same vulnerability, the best first.
    names: Vec<&'a str>,
    /// Ids of advisories that speak of it, and perhaps of others too.
    advisories: Vec<&'a str>,
    of: &'a Match,
}

/// The vulnerabilities of a package: records that share an id are one.
pub(super) fn merge(package: &Package, matches: &[Match], reader: &Reader) -> Result<Vec<Vulnerability>> {
    let mut groups: Vec<Vec<Candidate<'_>>> = Vec::new();
    for candidate in matches.iter().flat_map(candidates) {
        let shares = |group: &Vec<Candidate<'_>>| {
            group
                .iter()
                .any(|known| known.names.iter().any(|name| candidate.names.contains(name)))
        };
        let (same, mut others): (Vec<_>, Vec<_>) = groups.into_iter().partition(shares);
        let mut group: Vec<_> = same.into_iter().flatten().collect();
        group.push(candidate);
        others.push(group);
        groups = others;
    }
    groups
        .into_iter()
        .map(|group| vulnerability(package, group, reader))
        .collect()
}

/// A record of its own vulnerability is one candidate; an advisory about several (a DSA) one for each.
fn candidates(of: &Match) -> Vec<Candidate<'_>> {
    let Record {
        id,
        aliases,
        upstream,
        advisories,
        ..
    } = &of.record;
    let own = || [id].into_iter().chain(aliases).map(String::as_str);
    let advisories = advisories.iter().map(String::as_str);
    if upstream.is_empty() || own().any(is_cve) {
        let mut names: Vec<&str> = own().collect();
        names.sort_by_key(|name| !is_cve(name));
        return vec![Candidate {
            names,
            advisories: advisories.collect(),
            of,
        }];
    }
    let about = |name| Candidate {
        names: vec![name],
        advisories: own().chain(advisories.clone()).collect(),
        of,
    };
    upstream.iter().map(|name| about(name.as_str())).collect()
}

fn is_cve(id: &str) -> bool {
    id.starts_with("CVE-")
}

fn vulnerability(package: &Package, mut group: Vec<Candidate<'_>>, reader: &Reader) -> Result<Vulnerability> {
    // First comes the record with the highest fixed version: at that version all agree that it is gone.
    group.sort_by(|a, b| compare_fixes(package.ecosystem, &b.of.fix, &a.of.fix));
    let names = || group.iter().flat_map(|candidate| candidate.names.iter().copied());
    let id = names()
        .find(|name| is_cve(name))
        .or_else(|| names().next())
        .unwrap_or_default();
    let advisories = group
        .iter()
        .flat_map(|candidate| candidate.advisories.iter().copied());
    let mut aliases: Vec<String> = names()
        .chain(advisories)
        .filter(|name| *name != id)
        .map(str::to_owned)
        .collect();
    aliases.sort();
    aliases.dedup();

    let (severity, severity_source) = severity(&group, names().filter(|name| is_cve(name)), reader)?;
    let known_exploited = names().try_fold(false, |known, name| Ok(known || reader.is_exploited(name)?))?;
    let first_text = |text: fn(&Record) -> &String| {
        let mut texts = group.iter().map(|candidate| text(&candidate.of.record));
        texts.find(|text| !text.is_empty()).cloned().unwrap_or_default()
    };
    let mut references: Vec<String> = Vec::new();
    for reference in group.iter().flat_map(|candidate| &candidate.of.record.references) {
        if !references.contains(reference) {
            references.push(reference.clone());
        }
    }
    let published = group
        .iter()
        .filter_map(|candidate| candidate.of.record.published.clone())
        .min();
    let best = group[0].of;
    Ok(Vulnerability {
        id: id.to_owned(),
        aliases,
        package: package.clone(),
        severity,
        severity_source,
        fix: best.fix.clone(),
        title: first_text(|record| &record.title),
        description: first_text(|record| &record.description),
        references,
        published,
        known_exploited,
        feed: feeds::describe(&best.record.feed),
        reason: best.reason.clone(),
    })
}

/// A known fixed version is more than none, and a higher one more than a lower one.
fn compare_fixes(ecosystem: Ecosystem, a: &FixState, b: &FixState) -> std::cmp::Ordering {
    match (a.fixed_version(), b.fixed_version()) {
        (Some(a), Some(b)) => versions::compare(ecosystem, a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

/// What the matching records say, the statement about the package before the record; else the CVSS vector
/// of any other record of the same CVE.
fn severity<'a>(
    group: &[Candidate<'_>],
    cves: impl Iterator<Item = &'a str>,
    reader: &Reader,
) -> Result<(Severity, Option<String>)> {
    for candidate in group {
        let Match { record, ratings, .. } = candidate.of;
        let said = rating::severity(ratings).or_else(|| rating::severity(&record.ratings));
        if let Some(severity) = said {
            return Ok((severity, Some(record.feed.clone())));
        }
    }
    for cve in cves {
        for number in reader.bearing(cve)? {
            let record = reader.record(number)?;
            // A record about several vulnerabilities rates them together.
            let about_one = record.upstream.len() <= 1;
            if let Some(severity) = rating::from_cvss(&record.ratings).filter(|_| about_one) {
                return Ok((severity, Some(record.feed)));
            }
        }
    }
    Ok((Severity::Unknown, None))
}
