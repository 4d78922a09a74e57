//! What is said about a vulnerability beside its fix: how bad it is and who says so, and texts.

use std::borrow::Cow;

use plimsoll_core::{Cvss, Severity};

use super::merge::{Match, is_cve};
use super::rating;
use crate::Result;
use crate::cvss;
use crate::database::Reader;
use crate::database::schema::{Rating, Record};
use crate::feeds::nvd;
use crate::title::title;

#[derive(Default)]
pub(super) struct Details {
    pub(super) severity: Severity,
    pub(super) severity_source: Option<String>,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) references: Vec<String>,
    pub(super) published: Option<String>,
    pub(super) modified: Option<String>,
    pub(super) cvss: Vec<Cvss>,
    pub(super) cwes: Vec<String>,
}

impl Details {
    /// Of the records that match, and where these are silent, of all others that speak of the same CVEs.
    pub(super) fn of(own: &[&Match], cves: &[&str], reader: &Reader) -> Result<Self> {
        let said = own.iter().filter_map(|matched| {
            let Match { record, ratings, .. } = matched;
            let severity = rating::severity(ratings).or_else(|| rating::severity(&record.ratings))?;
            Some((severity, rater(record)))
        });
        let rated = worst(said);
        let records = || own.iter().map(|matched| &matched.record);
        let description = || {
            records()
                .map(|record| &record.description)
                .find(|text| !text.is_empty())
        };
        let mut all: Vec<Cow<'_, Record>> = records().map(Cow::Borrowed).collect();
        let silent =
            rated.is_none() || description().is_none() && records().all(|record| record.title.is_empty());
        if silent || reader.has_nvd() {
            all.extend(elsewhere(own, cves, reader)?.into_iter().map(Cow::Owned));
        }
        let others = &all[own.len()..];
        let (severity, severity_source) = rated.or_else(|| of_others(others)).unwrap_or_default();
        let nvd = others.iter().find(|record| record.feed == nvd::ID);
        let mut details = Self {
            severity,
            severity_source,
            title: title(records()),
            description: description().cloned().unwrap_or_default(),
            ..Self::default()
        };
        // Others may speak of several vulnerabilities at once; NVD's record is of this one alone.
        if details.title.is_empty() {
            let texts = nvd
                .into_iter()
                .chain(others.iter().filter(|record| is_of_one(record)));
            details.title = title(texts.map(Cow::as_ref));
        }
        if details.description.is_empty() {
            details.description = nvd.map(|record| record.description.clone()).unwrap_or_default();
        }
        for record in own
            .iter()
            .map(|matched| &matched.record)
            .chain(nvd.map(Cow::as_ref))
        {
            add_new(&mut details.references, &record.references);
            add_new(&mut details.cwes, &record.cwes);
        }
        let dates =
            |date: fn(&Record) -> &Option<String>| records().filter_map(move |record| date(record).clone());
        let nvd_date = |date: fn(&Record) -> &Option<String>| nvd.and_then(|record| date(record).clone());
        details.published = dates(|record| &record.published)
            .min()
            .or_else(|| nvd_date(|record| &record.published));
        details.modified = dates(|record| &record.modified)
            .max()
            .or_else(|| nvd_date(|record| &record.modified));
        for matched in own {
            add_cvss(&mut details.cvss, &matched.record, &matched.ratings);
        }
        for record in all.iter().filter(|record| is_of_one(record)) {
            add_cvss(&mut details.cvss, record, &record.ratings);
        }
        Ok(details)
    }
}

/// The other records that bear one of the CVEs.
fn elsewhere(own: &[&Match], cves: &[&str], reader: &Reader) -> Result<Vec<Record>> {
    let mut numbers = Vec::new();
    for cve in cves {
        numbers.extend(reader.bearing(cve)?);
    }
    numbers.sort_unstable();
    numbers.dedup();
    let mut records = Vec::new();
    for number in numbers {
        let record = reader.record(number)?;
        let is_own =
            |matched: &&Match| (&matched.record.feed, &matched.record.id) == (&record.feed, &record.id);
        if !own.iter().any(is_own) {
            records.push(record);
        }
    }
    Ok(records)
}

/// Whether a record is about a single vulnerability.
fn is_of_one(record: &Record) -> bool {
    record.upstream.len() <= 1
}

/// How bad it is where no matching record rates it: NVD's word, else the worst CVSS vector of a record about this one
/// alone, else the worst word of any record, such as an erratum of another distribution.
fn of_others(others: &[Cow<'_, Record>]) -> Option<(Severity, Option<String>)> {
    let by = |wanted: &dyn Fn(&Record) -> bool, severity: fn(&[Rating]) -> Option<Severity>| {
        let wanted = others.iter().filter(|record| wanted(record));
        worst(wanted.filter_map(|record| Some((severity(&record.ratings)?, rater(record)))))
    };
    by(&|record| record.feed == nvd::ID, rating::severity)
        .or_else(|| by(&is_of_one, rating::from_cvss))
        .or_else(|| by(&|_| true, rating::severity))
}

/// The worst; of equals, the first by its name, whatever the order is that they come in.
fn worst(ratings: impl Iterator<Item = (Severity, String)>) -> Option<(Severity, Option<String>)> {
    ratings
        .min_by(|(a, a_by), (b, b_by)| b.cmp(a).then_with(|| a_by.cmp(b_by)))
        .map(|(severity, by)| (severity, Some(by)))
}

/// The feed, and the record in it where that is the word of somebody else (`osv-pypi: GHSA-m2qf-hxjv-5gpq`).
fn rater(record: &Record) -> String {
    match is_cve(&record.id) {
        true => record.feed.clone(),
        false => format!("{}: {}", record.feed, record.id),
    }
}

fn add_new(all: &mut Vec<String>, more: &[String]) {
    for text in more {
        if !all.contains(text) {
            all.push(text.clone());
        }
    }
}

/// Adds the vectors of a record that have a score, each once.
fn add_cvss(all: &mut Vec<Cvss>, record: &Record, ratings: &[Rating]) {
    let source = if record.id.starts_with("GHSA-") {
        "ghsa"
    } else {
        &record.feed
    };
    for rating in ratings {
        let Rating::Cvss(vector) = rating else { continue };
        let known = all
            .iter()
            .any(|known| known.source == source && known.vector == *vector);
        if let Some(score) = cvss::base_score(vector).filter(|_| !known) {
            all.push(Cvss {
                source: source.to_owned(),
                vector: vector.clone(),
                score,
            });
        }
    }
}
