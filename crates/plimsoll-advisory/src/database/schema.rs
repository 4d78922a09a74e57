//! What stands in the database file.
//!
//! The file is a redb database with checksums behind it. Values are in the postcard encoding; those of `records` are compressed
//! with zstd besides.

use std::cell::RefCell;

use plimsoll_core::Severity;
use redb::TableDefinition;
use serde::{Deserialize, Serialize};
use zstd::bulk::Decompressor;

/// Raised whenever the tables or their values change.
pub(crate) const FORMAT: u32 = 4;

/// `format` gives the number above as 4 little-endian bytes; `status` a `Status` as JSON.
pub(crate) const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
/// `debian:12/openssl` gives a list of [`Affected`].
pub(crate) const PACKAGES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("packages");
/// The number of a record gives the [`Record`].
pub(crate) const RECORDS: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("records");
/// An id or alias gives the numbers of the records that bear it.
pub(crate) const IDS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("ids");
/// The CVE ids that CISA lists as exploited.
pub(crate) const EXPLOITED: TableDefinition<'_, &str, ()> = TableDefinition::new("exploited");
/// A CVE id gives FIRST's exploit prediction: probability and percentile.
pub(crate) const EPSS: TableDefinition<'_, &str, (f32, f32)> = TableDefinition::new("epss");

pub(crate) const FORMAT_KEY: &str = "format";
pub(crate) const STATUS_KEY: &str = "status";

/// A CVE id gives what is said of it by any feed, a [`Said`].
pub(crate) const SAID: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("said");

/// What the feeds together say of a CVE, for findings whose own records are silent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    /// How bad it is, and who says so.
    pub(crate) severity: Option<(Severity, String)>,
    /// The number of the record that tells most: NVD's, else one that is about this CVE alone and has a text.
    pub(crate) teller: Option<u32>,
}

/// The key of a package in [`PACKAGES`].
pub(crate) fn package_key(release: &str, name: &str) -> String {
    format!("{release}/{name}")
}

/// What a feed says of a vulnerability, apart from what it affects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The feed's id.
    pub(crate) feed: String,
    pub(crate) id: String,
    /// Other ids of the very same vulnerability.
    pub(crate) aliases: Vec<String>,
    /// The vulnerabilities that this record is about, where it is an advisory about several (a DSA).
    pub(crate) upstream: Vec<String>,
    /// Other advisories' ids that say something about it, without being the same (XSA).
    pub(crate) advisories: Vec<String>,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) references: Vec<String>,
    pub(crate) ratings: Vec<Rating>,
    /// The kinds of weakness: `CWE-79`.
    pub(crate) cwes: Vec<String>,
    pub(crate) published: Option<String>,
    pub(crate) modified: Option<String>,
}

/// How bad a feed says that something is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Rating {
    /// A CVSS vector of any version.
    Cvss(String),
    /// One of the feed's own words.
    Word(Severity),
}

/// One record's statement about one package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Affected {
    /// The number of the [`Record`].
    pub(crate) record: u32,
    /// What is said of this package alone; it goes before what the record says.
    pub(crate) ratings: Vec<Rating>,
    pub(crate) extent: Extent,
    /// The module streams that it is about, where the package is part of a module: `nodejs:18`.
    pub(crate) modules: Vec<String>,
    /// Whether it is about packages of the release's paid extension (Ubuntu Pro).
    pub(crate) extended: bool,
}

/// Which versions are affected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Extent {
    /// Those in the intervals, and those listed.
    Versions {
        intervals: Vec<Interval>,
        /// Only those that lie in no interval.
        listed: Vec<String>,
    },
    /// All; no fixed version is known.
    Unfixed(Unfixed),
    /// The publisher does not know.
    Undetermined,
    /// What the record says of it, or a part of that, cannot be read.
    Unreadable,
}

/// Why there is no fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Unfixed {
    /// Not yet fixed.
    Open,
    /// It is too minor for an update of its own.
    NotOnItsOwn,
    /// A fix is wanted, and comes with a later update.
    Postponed,
    /// It will not be fixed.
    Ignored,
    /// The release gets no updates any more.
    EndOfLife,
}

/// A range of versions: from `from` (the first of all where it is `None`) to `until`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Interval {
    pub(crate) from: Option<String>,
    pub(crate) until: Until,
}

/// The upper end of an [`Interval`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Until {
    /// There is none.
    Open,
    /// This version, which is the first that is not affected any more.
    Fixed(String),
    /// This version, which is the last that is affected.
    LastAffected(String),
    /// This version, behind which the record says nothing.
    Limit(String),
}

/// A record is never larger than this, uncompressed.
const MAX_RECORD: u32 = 64 << 20;

/// A value of any table but `records`.
pub(crate) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    // Writing plain data to memory cannot fail: no map of unknown length and no writer is involved.
    postcard::to_allocvec(value).expect("plain data has an encoding")
}

/// Reads back what [`encode`] wrote; `None` when it is damaged.
pub(crate) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    postcard::from_bytes(bytes).ok()
}

/// A value of `records`: the length uncompressed as 4 little-endian bytes, 0 for what is not compressed, and
/// the bytes.
pub(crate) fn encode_record(record: &Record) -> Vec<u8> {
    let plain = encode(record);
    let length = u32::try_from(plain.len())
        .ok()
        .filter(|length| *length <= MAX_RECORD);
    let packed = zstd::bulk::compress(&plain, 3)
        .ok()
        .filter(|packed| packed.len() < plain.len());
    let (length, bytes) = match (length, packed) {
        (Some(length), Some(packed)) => (length, packed),
        _ => (0, plain),
    };
    [&length.to_le_bytes()[..], &bytes].concat()
}

/// Reads back what [`encode_record`] wrote; `None` when it is damaged.
pub(crate) fn decode_record(bytes: &[u8]) -> Option<Record> {
    let (length, bytes) = bytes.split_first_chunk::<4>()?;
    match u32::from_le_bytes(*length) {
        0 => decode(bytes),
        length if length <= MAX_RECORD => decode(&decompress(bytes, length as usize)?),
        _ => None,
    }
}

thread_local! {
    /// Making one costs more than decompressing a record.
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

fn decompress(bytes: &[u8], length: usize) -> Option<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(decompressor) => decompressor,
            None => kept.insert(Decompressor::new().ok()?),
        };
        decompressor.decompress(bytes, length).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_read_back() {
        for text in ["", "short", &"long and repetitive ".repeat(500)] {
            let record = Record {
                id: "CVE-2024-1".to_owned(),
                description: text.to_owned(),
                ratings: vec![
                    Rating::Cvss("CVSS:3.1/AV:N".to_owned()),
                    Rating::Word(Severity::High),
                ],
                ..Record::default()
            };
            let bytes = encode_record(&record);
            assert_eq!(decode_record(&bytes), Some(record));
            assert!(text.len() < 100 || bytes.len() < text.len() / 10);
        }
    }

    #[test]
    fn damaged_values_are_none() {
        for bytes in [
            &[][..],
            &[1, 2],
            &[0, 0, 0, 0, 255],
            &[255, 255, 255, 255, 0],
            &[9, 0, 0, 0, 1, 2, 3],
        ] {
            assert_eq!(decode_record(bytes), None);
        }
    }
}
