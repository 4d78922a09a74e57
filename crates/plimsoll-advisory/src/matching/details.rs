//! What is said about a vulnerability beside its fix: how bad it is and who says so, and texts.

use std::sync::Arc;

use plimsoll_core::{Cvss, Severity};

use super::merge::Match;
use super::rating;
use crate::Result;
use crate::cvss;
use crate::database::Reader;
use crate::database::schema::{Rating, Record, Said};
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
    /// Of the records that match, and where these are silent, of what the other feeds say of the same CVEs.
    pub(super) fn of(own: &[&Match<'_>], cves: &[&str], reader: &Reader) -> Result<Self> {
        let rated = worst(own.iter().filter_map(|matched| {
            let Match { record, ratings, .. } = matched;
            let severity = rating::severity(ratings).or_else(|| rating::severity(&record.ratings))?;
            Some((severity, rating::rater(record)))
        }));
        let records = || own.iter().map(|matched| &*matched.record);
        let has_text = |record: &Record| !(record.title.is_empty() && record.description.is_empty());
        let silent = !records().any(has_text);
        let others: Vec<Arc<Said>> = match rated.is_none() || silent || reader.has_nvd() {
            true => cves.iter().map(|cve| reader.said(cve)).collect::<Result<_>>()?,
            false => Vec::new(),
        };
        let (severity, severity_source) = rated
            .or_else(|| worst(others.iter().filter_map(|said| said.severity.clone())))
            .unwrap_or_default();
        let teller = match others.iter().find_map(|said| said.teller) {
            Some(number) if silent || reader.has_nvd() => Some(reader.record(number)?),
            _ => None,
        };
        let told = || records().chain(teller.as_deref());
        let mut details = Self {
            severity,
            severity_source,
            title: title(told()),
            ..Self::default()
        };
        let description = told()
            .map(|record| &record.description)
            .find(|text| !text.is_empty());
        details.description = description.cloned().unwrap_or_default();
        for record in told() {
            add_new(&mut details.references, &record.references);
            add_new(&mut details.cwes, &record.cwes);
        }
        let own_dates =
            |date: fn(&Record) -> &Option<String>| records().filter_map(move |record| date(record).as_ref());
        let told_date =
            |date: fn(&Record) -> &Option<String>| teller.as_deref().and_then(|record| date(record).as_ref());
        details.published = own_dates(|record| &record.published)
            .min()
            .or_else(|| told_date(|record| &record.published))
            .cloned();
        details.modified = own_dates(|record| &record.modified)
            .max()
            .or_else(|| told_date(|record| &record.modified))
            .cloned();
        for matched in own {
            add_cvss(&mut details.cvss, &matched.record, matched.ratings);
        }
        // A record about several vulnerabilities rates them together.
        for record in told().filter(|record| record.upstream.len() <= 1) {
            add_cvss(&mut details.cvss, record, &record.ratings);
        }
        Ok(details)
    }
}

/// The worst; of equals, the first by its name, whatever the order is that they come in.
fn worst(ratings: impl Iterator<Item = (Severity, String)>) -> Option<(Severity, Option<String>)> {
    ratings
        .min_by(|(a, a_by), (b, b_by)| b.cmp(a).then_with(|| a_by.cmp(b_by)))
        .map(|(severity, by)| (severity, Some(by)))
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
