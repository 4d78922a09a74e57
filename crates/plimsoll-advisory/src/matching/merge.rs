//! Makes one vulnerability of the records that speak of the same one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use plimsoll_core::{Ecosystem, ExploitPrediction, FixState, Package, Vulnerability};

use super::branch::Fixed;
use super::details::Details;
use crate::database::Reader;
use crate::database::schema::{Rating, Record};
use crate::{Result, versions};

/// One record that matches an installed package.
#[derive(Debug, Clone)]
pub(super) struct Match<'a> {
    pub(super) record: Arc<Record>,
    /// What the record says of this package alone.
    pub(super) ratings: &'a [Rating],
    pub(super) fix: FixState,
    /// What one must have beside the release itself to get the fix.
    pub(super) fix_requires: Option<&'static str>,
    pub(super) reason: String,
}

/// A match with the names of the one vulnerability that it is about.
struct Candidate<'a> {
    /// The ids of the very same vulnerability, the best first.
    names: Vec<&'a str>,
    /// Ids of advisories that speak of it, and perhaps of others too.
    advisories: Vec<&'a str>,
    of: &'a Match<'a>,
}

/// The vulnerabilities of a package, without those that are `fixed`: records that share an id are one.
pub(super) fn merge(
    package: &Package,
    matches: &[Match<'_>],
    fixed: &Fixed<'_>,
    reader: &Reader,
) -> Result<Vec<Vulnerability>> {
    let mut candidates: Vec<Candidate<'_>> = matches.iter().flat_map(candidates).collect();
    candidates.retain(|candidate| !fixed.has(&candidate.names, &candidate.of.fix));
    // Each candidate starts as its own group, known by its first member; names that meet join groups.
    let mut group_of: Vec<usize> = (0..candidates.len()).collect();
    let mut bearer: HashMap<&str, usize> = HashMap::new();
    for (at, candidate) in candidates.iter().enumerate() {
        for name in &candidate.names {
            let other = *bearer.entry(name).or_insert(at);
            let (a, b) = (first_of(&group_of, at), first_of(&group_of, other));
            group_of[a.max(b)] = a.min(b);
        }
    }
    let mut groups: BTreeMap<usize, Vec<Candidate<'_>>> = BTreeMap::new();
    for (at, candidate) in candidates.into_iter().enumerate() {
        groups.entry(first_of(&group_of, at)).or_default().push(candidate);
    }
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let package = Arc::new(package.clone());
    groups
        .into_values()
        .map(|group| vulnerability(&package, group, reader))
        .collect()
}

/// The first member of a candidate's group.
fn first_of(group_of: &[usize], mut at: usize) -> usize {
    while group_of[at] != at {
        at = group_of[at];
    }
    at
}

/// A record of its own vulnerability is one candidate; an advisory about several (a DSA) one for each.
fn candidates<'a>(of: &'a Match<'_>) -> Vec<Candidate<'a>> {
    let Record {
        id,
        aliases,
        upstream,
        advisories,
        ..
    } = &*of.record;
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

fn vulnerability(
    package: &Arc<Package>,
    mut group: Vec<Candidate<'_>>,
    reader: &Reader,
) -> Result<Vulnerability> {
    // First comes the record with the highest fixed version: at that version all agree that it is gone. A fix of the
    // release itself goes before one that needs more.
    group.sort_by(|a, b| {
        let order = compare_fixes(package.ecosystem, &b.of.fix, &a.of.fix);
        a.of.fix_requires
            .is_some()
            .cmp(&b.of.fix_requires.is_some())
            .then(order)
    });
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

    let own: Vec<&Match<'_>> = group.iter().map(|candidate| candidate.of).collect();
    let mut cves: Vec<&str> = names().filter(|name| is_cve(name)).collect();
    cves.sort_unstable();
    cves.dedup();
    let details = Details::of(&own, &cves, reader)?;
    let known_exploited = cves
        .iter()
        .try_fold(false, |known, cve| Ok(known || reader.is_exploited(cve)?))?;
    let exploit_prediction = match cves.first() {
        Some(cve) if is_cve(id) => reader.epss(if cves.contains(&id) { id } else { cve })?,
        _ => None,
    };
    let best = group[0].of;
    Ok(Vulnerability {
        id: id.to_owned(),
        aliases,
        package: Arc::clone(package),
        severity: details.severity,
        severity_source: details.severity_source,
        fix: best.fix.clone(),
        fix_requires: best.fix_requires.map(str::to_owned),
        title: details.title,
        description: details.description,
        references: details.references,
        published: details.published,
        modified: details.modified,
        cvss: details.cvss,
        cwes: details.cwes,
        exploit_prediction: exploit_prediction.map(|(probability, percentile)| ExploitPrediction {
            probability,
            percentile,
        }),
        known_exploited,
        feed: reader.feed(&best.record.feed),
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
