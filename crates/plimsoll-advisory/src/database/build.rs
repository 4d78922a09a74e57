//! From records and statements to the tables of the file.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use rayon::prelude::*;

use super::said::{Brief, Gathered};
use super::schema::{self, Affected, Record, package_key};
use super::status::{FeedStatus, ReleaseStatus, Status, UnusedFeed};
use crate::feeds::epss::Score;
use crate::feeds::{Advisory, Statement, describe};

/// So many warnings are kept; of the others only the number.
const MAX_WARNINGS: usize = 50;

/// Takes in what the feeds say and gives the content of the tables.
#[derive(Default)]
pub(crate) struct Builder {
    records: Vec<Stored>,
    /// The numbers of the records of feeds that speak of one id in several places.
    interned: HashMap<(&'static str, String), u32>,
    ids: BTreeMap<String, Vec<u32>>,
    packages: BTreeMap<String, Vec<Affected>>,
    releases: BTreeMap<String, Release>,
    /// The releases for which a feed of higher precedence speaks.
    covered: HashSet<String>,
    exploited: BTreeSet<String>,
    scores: Vec<Score>,
    gathered: Gathered,
    feeds: Vec<FeedStatus>,
    unused: Vec<UnusedFeed>,
    pub(crate) withdrawn: u64,
    pub(crate) superseded: u64,
    warnings: Vec<String>,
    warnings_left_out: u64,
}

/// A record that waits to be written.
enum Stored {
    /// As it will be in the file.
    Encoded(Vec<u8>),
    /// More may still be said of it.
    Plain(Box<Record>),
}

struct Release {
    feed: String,
    advisories: u64,
    newest: Option<String>,
}

/// An advisory whose record is already encoded, which is the costly part and needs no order.
pub(crate) struct Prepared {
    encoded: Vec<u8>,
    brief: Brief,
    ids: Vec<String>,
    feed: String,
    modified: Option<String>,
    statements: Vec<Statement>,
    warnings: Vec<String>,
}

impl Prepared {
    pub(crate) fn new(advisory: Advisory) -> Self {
        let Advisory {
            record,
            statements,
            warnings,
        } = advisory;
        // What affects nothing that is used is not kept.
        let encoded = if statements.is_empty() {
            Vec::new()
        } else {
            schema::encode_record(&record)
        };
        Self {
            encoded,
            brief: Brief::of(&record),
            ids: ids(&record).cloned().collect(),
            feed: record.feed,
            modified: record.modified,
            statements,
            warnings,
        }
    }
}

impl Prepared {
    /// When the record was last changed.
    pub(crate) fn modified(&self) -> Option<&str> {
        self.modified.as_deref()
    }
}

fn ids(record: &Record) -> impl Iterator<Item = &String> {
    let Record {
        id,
        aliases,
        upstream,
        advisories,
        ..
    } = record;
    [id].into_iter().chain(aliases).chain(upstream).chain(advisories)
}

/// What stands in the tables.
pub(crate) struct Tables {
    pub(crate) records: Vec<Vec<u8>>,
    pub(crate) ids: BTreeMap<String, Vec<u8>>,
    pub(crate) packages: BTreeMap<String, Vec<u8>>,
    pub(crate) exploited: BTreeSet<String>,
    pub(crate) scores: Vec<Score>,
    pub(crate) said: BTreeMap<String, Vec<u8>>,
    pub(crate) status: Status,
    pub(crate) warnings: Vec<String>,
}

impl Builder {
    /// Adds a record that is its feed's only one with its id. Statements about releases that a feed of
    /// higher precedence covers are counted and left out.
    pub(crate) fn push(&mut self, prepared: Prepared) {
        let Prepared {
            encoded,
            brief,
            ids,
            feed,
            modified,
            statements,
            warnings,
        } = prepared;
        self.warn(warnings);
        let (kept, superseded): (Vec<_>, Vec<_>) = statements
            .into_iter()
            .partition(|statement| !self.covered.contains(&statement.release));
        self.superseded += superseded.len() as u64;
        if kept.is_empty() {
            return;
        }
        let number = self.add(Stored::Encoded(encoded));
        self.gathered.add(number, brief);
        self.index(number, ids);
        self.state(number, &feed, modified.as_deref(), kept);
    }

    /// Adds what a feed says of an id that it may speak of again elsewhere.
    pub(crate) fn push_interned(&mut self, feed: &'static str, advisory: Advisory) {
        let Advisory {
            record,
            statements,
            warnings,
        } = advisory;
        self.warn(warnings);
        if statements.is_empty() {
            return;
        }
        let modified = record.modified.clone();
        let names: Vec<String> = ids(&record).cloned().collect();
        let key = (feed, record.id.clone());
        let number = match self.interned.get(&key) {
            Some(number) => {
                if let Stored::Plain(known) = &mut self.records[*number as usize] {
                    let new = |id: &String| !known.advisories.contains(id);
                    let advisories: Vec<String> = record.advisories.into_iter().filter(new).collect();
                    known.advisories.extend(advisories);
                }
                *number
            }
            None => {
                let brief = Brief::of(&record);
                let number = self.add(Stored::Plain(Box::new(record)));
                self.gathered.add(number, brief);
                self.interned.insert(key, number);
                number
            }
        };
        self.index(number, names);
        self.state(number, feed, modified.as_deref(), statements);
    }

    fn add(&mut self, record: Stored) -> u32 {
        self.records.push(record);
        // Four thousand million records do not fit into memory.
        u32::try_from(self.records.len() - 1).unwrap_or(u32::MAX)
    }

    fn index(&mut self, number: u32, ids: Vec<String>) {
        for id in ids {
            let numbers = self.ids.entry(id).or_default();
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
    }

    fn state(&mut self, number: u32, feed: &str, modified: Option<&str>, statements: Vec<Statement>) {
        for Statement {
            release,
            package,
            ratings,
            extent,
            modules,
            extended,
        } in statements
        {
            let affected = Affected {
                record: number,
                ratings,
                extent,
                modules,
                extended,
            };
            self.packages
                .entry(package_key(&release, &package))
                .or_default()
                .push(affected);
            let entry = self.releases.entry(release).or_insert_with(|| Release {
                feed: feed.to_owned(),
                advisories: 0,
                newest: None,
            });
            entry.advisories += 1;
            let newer = modified.filter(|date| entry.newest.as_deref() < Some(*date));
            if let Some(date) = newer {
                entry.newest = Some(date.to_owned());
            }
        }
    }

    /// From now on only this feed speaks for the release, even where it says that nothing is affected.
    pub(crate) fn cover(&mut self, release: &str, feed: &str) {
        self.covered.insert(release.to_owned());
        self.releases
            .entry(release.to_owned())
            .or_insert_with(|| Release {
                feed: feed.to_owned(),
                advisories: 0,
                newest: None,
            });
    }

    pub(crate) fn exploited(&mut self, ids: impl Iterator<Item = String>) {
        self.exploited.extend(ids);
    }

    /// Takes in NVD's record of a CVE, if another feed speaks of that. To be called when all others are read.
    pub(crate) fn describe(&mut self, record: &Record) {
        if self.ids.contains_key(&record.id) {
            let number = self.add(Stored::Encoded(schema::encode_record(record)));
            self.gathered.add(number, Brief::of(record));
            self.index(number, vec![record.id.clone()]);
        }
    }

    pub(crate) fn scored(&mut self, scores: Vec<Score>) {
        self.scores.extend(scores);
    }

    pub(crate) fn feed(&mut self, feed: FeedStatus) {
        self.feeds.push(feed);
    }

    pub(crate) fn unused(&mut self, path: String, reason: &str) {
        self.unused.push(UnusedFeed {
            path,
            reason: reason.to_owned(),
        });
    }

    pub(crate) fn warn(&mut self, warnings: Vec<String>) {
        for warning in warnings {
            if self.warnings.len() < MAX_WARNINGS {
                self.warnings.push(warning);
            } else {
                self.warnings_left_out += 1;
            }
        }
    }

    /// Whether any feed said anything about any package.
    pub(crate) fn is_empty(&self) -> bool {
        self.releases.is_empty()
    }

    /// The content of the tables.
    pub(crate) fn finish(mut self, built_at: Timestamp, partial: Option<String>) -> Tables {
        if self.warnings_left_out > 0 {
            self.warnings
                .push(format!("and {} more of the kind", self.warnings_left_out));
        }
        let as_of = |id: &str| {
            let feed = self.feeds.iter().find(|feed| feed.feed.id == id);
            feed.map_or_else(|| built_at.to_string(), |feed| feed.as_of.clone())
        };
        let releases = self.releases.into_iter().map(|(name, release)| ReleaseStatus {
            name,
            as_of: release.newest.unwrap_or_else(|| as_of(&release.feed)),
            feed: release.feed,
            advisories: release.advisories,
        });
        let status = Status {
            built_at,
            releases: releases.collect(),
            feeds: self.feeds,
            unused: self.unused,
            partial,
        };
        let encode = |record: Stored| match record {
            Stored::Encoded(bytes) => bytes,
            Stored::Plain(record) => schema::encode_record(&record),
        };
        let ids = self.ids;
        self.scores.retain(|score| ids.contains_key(&score.cve));
        Tables {
            records: self.records.into_par_iter().map(encode).collect(),
            packages: encode_all(self.packages),
            exploited: self.exploited,
            scores: self.scores,
            ids: encode_all(ids),
            said: self
                .gathered
                .finish()
                .map(|(cve, said)| (cve, schema::encode(&said)))
                .collect(),
            status,
            warnings: self.warnings,
        }
    }
}

fn encode_all<T: serde::Serialize>(values: BTreeMap<String, Vec<T>>) -> BTreeMap<String, Vec<u8>> {
    values
        .into_iter()
        .map(|(key, value)| (key, schema::encode(&value)))
        .collect()
}

/// What a feed file gave, for its status.
pub(crate) fn feed_status(id: &str, records: u64, newest: Option<String>, changed: Timestamp) -> FeedStatus {
    FeedStatus {
        feed: describe(id),
        records,
        as_of: newest.clone().unwrap_or_else(|| changed.to_string()),
        newest,
        files: Vec::new(),
    }
}
