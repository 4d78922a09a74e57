//! Gathers, while a database is built, what the feeds together say of each CVE.

use std::collections::BTreeMap;

use plimsoll_core::Severity;

use super::schema::{Record, Said};
use crate::feeds::nvd;
use crate::matching::rating;

/// What one record says of its vulnerabilities, in short.
#[derive(Debug, Clone, Default)]
pub(super) struct Brief {
    /// The CVEs that it bears.
    cves: Vec<String>,
    by: String,
    /// How much its word counts: NVD's before that of a record about one CVE alone, that before a gathering's.
    rank: Rank,
    severity: Option<Severity>,
    has_text: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    #[default]
    Gathering,
    Alone,
    Nvd,
}

impl Brief {
    pub(super) fn of(record: &Record) -> Self {
        let ids = [&record.id]
            .into_iter()
            .chain(&record.aliases)
            .chain(&record.upstream);
        let cves: Vec<String> = ids.filter(|id| id.starts_with("CVE-")).cloned().collect();
        let alone = record.upstream.len() <= 1;
        let by_vector = rating::from_cvss(&record.ratings).filter(|_| alone);
        let (rank, severity) = match by_vector {
            _ if record.feed == nvd::ID => (Rank::Nvd, rating::severity(&record.ratings)),
            Some(severity) => (Rank::Alone, Some(severity)),
            None => (Rank::Gathering, rating::severity(&record.ratings)),
        };
        Self {
            cves,
            by: rating::rater(record),
            rank,
            severity,
            has_text: alone && !(record.title.is_empty() && record.description.is_empty()),
        }
    }
}

/// What has been gathered of each CVE.
#[derive(Default)]
pub(super) struct Gathered(BTreeMap<String, Voices>);

#[derive(Default)]
struct Voices {
    severity: Option<(Rank, Severity, String)>,
    teller: Option<(Rank, u32)>,
}

impl Gathered {
    /// Adds what the record of this number says.
    pub(super) fn add(&mut self, number: u32, brief: Brief) {
        let Brief {
            cves,
            by,
            rank,
            severity,
            has_text,
        } = brief;
        for cve in cves {
            let voices = self.0.entry(cve).or_default();
            if let Some(severity) = severity {
                // The worst of the most trusted; of equals the first by name, whatever the order they come in.
                let new = (rank, severity, &by);
                let better = voices.severity.as_ref().is_none_or(|(old_rank, old, old_by)| {
                    (new.0, new.1) > (*old_rank, *old)
                        || (new.0, new.1) == (*old_rank, *old) && new.2 < old_by
                });
                if better {
                    voices.severity = Some((rank, severity, by.clone()));
                }
            }
            if has_text && voices.teller.is_none_or(|(old, _)| rank > old) {
                voices.teller = Some((rank, number));
            }
        }
    }

    /// The entries of the table.
    pub(super) fn finish(self) -> impl Iterator<Item = (String, Said)> {
        self.0.into_iter().filter_map(|(cve, voices)| {
            let said = Said {
                severity: voices.severity.map(|(_, severity, by)| (severity, by)),
                teller: voices.teller.map(|(_, number)| number),
            };
            (said != Said::default()).then_some((cve, said))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::schema::Rating;

    fn record(feed: &str, id: &str, upstream: &[&str], severity: Severity, vector: bool) -> Record {
        let rating = match vector {
            true => Rating::Cvss("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H".to_owned()),
            false => Rating::Word(severity),
        };
        Record {
            feed: feed.to_owned(),
            id: id.to_owned(),
            aliases: upstream
                .iter()
                .filter(|_| upstream.len() == 1)
                .map(|id| (*id).to_owned())
                .collect(),
            upstream: upstream
                .iter()
                .filter(|_| upstream.len() > 1)
                .map(|id| (*id).to_owned())
                .collect(),
            title: "a title".to_owned(),
            ratings: vec![rating],
            ..Record::default()
        }
    }

    #[test]
    fn the_most_trusted_voice_counts() {
        let cve = "CVE-2024-1";
        let gathering = record(
            "osv-almalinux",
            "ALSA-1",
            &[cve, "CVE-2024-2"],
            Severity::Critical,
            false,
        );
        let alone = record("osv-pypi", "GHSA-1", &[cve], Severity::Unknown, true);
        let nvd = record("nvd", cve, &[], Severity::Low, false);
        let of = |records: &[&Record]| {
            let mut gathered = Gathered::default();
            for (number, record) in (0..).zip(records) {
                gathered.add(number, Brief::of(record));
            }
            gathered.finish().find(|(id, _)| id == cve).unwrap().1
        };
        let said = |severity, by: &str, teller| Said {
            severity: Some((severity, by.to_owned())),
            teller,
        };
        assert_eq!(
            of(&[&gathering]),
            said(Severity::Critical, "osv-almalinux: ALSA-1", None)
        );
        assert_eq!(
            of(&[&alone, &gathering]),
            said(Severity::High, "osv-pypi: GHSA-1", Some(0))
        );
        assert_eq!(
            of(&[&gathering, &alone, &nvd]),
            said(Severity::Low, "nvd", Some(2))
        );
    }
}
