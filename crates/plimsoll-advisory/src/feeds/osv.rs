//! Records of the Open Source Vulnerability format, schema 1.x, as `all.zip` holds them.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use plimsoll_core::Ecosystem;
use rayon::prelude::*;
use serde::{Deserialize, Deserializer};
use zip::ZipArchive;

use super::positioned::Positioned;
use super::{Advisory, Statement, broken, debian_urgency, severity_word};
use crate::database::schema::{Extent, Rating, Record};
use crate::matching::range::{Event, intervals};
use crate::{Error, Result, release, versions};

/// No record is near this large; a larger one is not read.
const MAX_RECORD: u64 = 32 << 20;
/// How many records are in memory at once, uncompressed.
const BATCH: usize = 4096;

/// The feed's id for an `osv/<folder>/all.zip`.
pub(crate) fn feed_id(folder: &str) -> String {
    format!("osv-{}", folder.to_ascii_lowercase())
}

/// Reads the records of an `all.zip` in parallel and gives each, in the order of the archive, to `sink`;
/// `None` stands for one that was withdrawn.
pub(crate) fn read_zip<T: Send>(
    path: &Path,
    feed: &str,
    convert: impl Fn(Option<Advisory>) -> T + Sync,
    mut sink: impl FnMut(T),
) -> Result<u64> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    let reader = Positioned::new(Arc::new(file)).map_err(Error::io("read", path))?;
    let archive = ZipArchive::new(reader).map_err(|error| broken(path, None, error))?;
    let mut records = 0;
    for start in (0..archive.len()).step_by(BATCH) {
        let batch = start..archive.len().min(start + BATCH);
        let read: Vec<Option<T>> = batch
            .into_par_iter()
            .with_min_len(64)
            .map_init(
                || (archive.clone(), Vec::new()),
                |(archive, buffer), at| {
                    let Some(name) = read_entry(archive, at, path, buffer)? else {
                        return Ok(None);
                    };
                    let record = parse(buffer, feed).map_err(|error| broken(path, Some(&name), error))?;
                    Ok(Some(convert(record)))
                },
            )
            .collect::<Result<_>>()?;
        for record in read.into_iter().flatten() {
            records += 1;
            sink(record);
        }
    }
    Ok(records)
}

/// Reads one entry into `buffer` and gives its name; `None` for what is no record.
fn read_entry(
    archive: &mut ZipArchive<Positioned>,
    at: usize,
    path: &Path,
    buffer: &mut Vec<u8>,
) -> Result<Option<String>> {
    let entry = archive
        .by_index(at)
        .map_err(|error| broken(path, Some(&format!("entry {at}")), error))?;
    let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
    if entry.is_dir() || !name.ends_with(".json") {
        return Ok(None);
    }
    buffer.clear();
    entry
        .take(MAX_RECORD + 1)
        .read_to_end(buffer)
        .map_err(|error| broken(path, Some(&name), error))?;
    if buffer.len() as u64 > MAX_RECORD {
        return Err(broken(
            path,
            Some(&name),
            format_args!("it is larger than {MAX_RECORD} bytes"),
        ));
    }
    Ok(Some(name))
}

/// Reads one record; `None` for one that was withdrawn.
fn parse(json: &[u8], feed: &str) -> serde_json::Result<Option<Advisory>> {
    let osv: Osv = serde_json::from_slice(json)?;
    Ok(osv.withdrawn.is_none().then(|| osv.into_advisory(feed)))
}

/// Reads a list of records.
pub(crate) fn parse_list(json: &str, feed: &str) -> serde_json::Result<Vec<Advisory>> {
    let list: Vec<Osv> = serde_json::from_str(json)?;
    let kept = list.into_iter().filter(|osv| osv.withdrawn.is_none());
    Ok(kept.map(|osv| osv.into_advisory(feed)).collect())
}

#[derive(Deserialize)]
struct Osv {
    id: String,
    modified: Option<String>,
    published: Option<String>,
    withdrawn: Option<String>,
    #[serde(default, deserialize_with = "list")]
    aliases: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    upstream: Vec<String>,
    summary: Option<String>,
    details: Option<String>,
    #[serde(default, deserialize_with = "list")]
    severity: Vec<OsvSeverity>,
    #[serde(default, deserialize_with = "list")]
    affected: Vec<OsvAffected>,
    #[serde(default, deserialize_with = "list")]
    references: Vec<OsvReference>,
    #[serde(default)]
    database_specific: serde_json::Value,
}

#[derive(Deserialize)]
struct OsvSeverity {
    #[serde(rename = "type")]
    kind: String,
    score: String,
}

#[derive(Deserialize)]
struct OsvReference {
    url: String,
}

#[derive(Deserialize)]
struct OsvAffected {
    package: Option<OsvPackage>,
    #[serde(default, deserialize_with = "list")]
    severity: Vec<OsvSeverity>,
    #[serde(default, deserialize_with = "list")]
    ranges: Vec<OsvRange>,
    #[serde(default, deserialize_with = "list")]
    versions: Vec<String>,
    #[serde(default)]
    ecosystem_specific: serde_json::Value,
    #[serde(default)]
    database_specific: serde_json::Value,
}

#[derive(Deserialize)]
struct OsvPackage {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct OsvRange {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "list")]
    events: Vec<OsvEvent>,
}

#[derive(Deserialize)]
struct OsvEvent {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

/// Some publishers write `null` for an empty list.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> std::result::Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Osv {
    fn into_advisory(self, feed: &str) -> Advisory {
        let mut ratings = ratings(&self.severity);
        ratings.extend(word(&self.database_specific));
        let mut warnings = Vec::new();
        let statements = self
            .affected
            .into_iter()
            .filter_map(|affected| affected.into_statement(&self.id, &mut warnings))
            .collect();
        Advisory {
            record: Record {
                feed: feed.to_owned(),
                title: self.summary.unwrap_or_default().trim().to_owned(),
                id: self.id,
                aliases: self.aliases,
                upstream: self.upstream,
                advisories: Vec::new(),
                description: self.details.unwrap_or_default(),
                references: self
                    .references
                    .into_iter()
                    .map(|reference| reference.url)
                    .collect(),
                ratings,
                published: self.published,
                modified: self.modified,
            },
            statements,
            warnings,
        }
    }
}

impl OsvAffected {
    /// `None` for another ecosystem, and for a package of which nothing but commits is named.
    fn into_statement(self, id: &str, warnings: &mut Vec<String>) -> Option<Statement> {
        let package = self.package?;
        let release = release::from_osv(&package.ecosystem)?;
        let ecosystem = ecosystem_of(&release);
        let mut ratings = ratings(&self.severity);
        let urgency = self
            .ecosystem_specific
            .get("urgency")
            .and_then(|urgency| urgency.as_str());
        ratings.extend(urgency.and_then(debian_urgency).map(Rating::Word));
        ratings.extend(word(&self.ecosystem_specific));
        ratings.extend(word(&self.database_specific));

        let mut found = Vec::new();
        let mut unusable = false;
        let ranges = self
            .ranges
            .iter()
            .filter(|range| matches!(range.kind.as_str(), "ECOSYSTEM" | "SEMVER"));
        for range in ranges {
            let events: Vec<Event> = range.events.iter().filter_map(OsvEvent::event).collect();
            let wrong = events.iter().find(|event| !is_bound(ecosystem, event));
            if let Some(wrong) = wrong {
                warnings.push(format!(
                    "{id}: `{}` is no version of {}",
                    wrong.version(),
                    package.name
                ));
                unusable = true;
            } else {
                found.extend(intervals(ecosystem, &events));
            }
        }
        let lies_outside =
            |version: &String| !found.iter().any(|interval| interval.contains(ecosystem, version));
        let listed: Vec<String> = self.versions.into_iter().filter(lies_outside).collect();
        let extent = match (found.is_empty(), listed.is_empty(), unusable) {
            (true, true, false) => return None,
            (true, true, true) => Extent::Undetermined,
            _ => Extent::Versions {
                intervals: found,
                listed,
            },
        };
        Some(Statement {
            release,
            package: release::package_name(ecosystem, &package.name),
            ratings,
            extent,
        })
    }
}

impl OsvEvent {
    fn event(&self) -> Option<Event> {
        let Self {
            introduced,
            fixed,
            last_affected,
            limit,
        } = self;
        None.or_else(|| introduced.clone().map(Event::Introduced))
            .or_else(|| fixed.clone().map(Event::Fixed))
            .or_else(|| last_affected.clone().map(Event::LastAffected))
            .or_else(|| limit.clone().map(Event::Limit))
    }
}

fn is_bound(ecosystem: Ecosystem, event: &Event) -> bool {
    match event {
        Event::Introduced(version) if version == "0" => true,
        Event::Limit(version) if version == "*" => true,
        other => versions::validate(ecosystem, other.version()).is_ok(),
    }
}

fn ecosystem_of(release: &str) -> Ecosystem {
    match release.split(':').next() {
        Some("debian") => Ecosystem::Deb,
        Some("alpine") => Ecosystem::Apk,
        _ => Ecosystem::PyPi,
    }
}

fn ratings(severities: &[OsvSeverity]) -> Vec<Rating> {
    let rating = |severity: &OsvSeverity| match severity.kind.as_str() {
        kind if kind.starts_with("CVSS_") => Some(Rating::Cvss(severity.score.clone())),
        "Ubuntu" => severity_word(&severity.score).map(Rating::Word),
        _ => None,
    };
    severities.iter().filter_map(rating).collect()
}

fn word(specific: &serde_json::Value) -> Option<Rating> {
    severity_word(specific.get("severity")?.as_str()?).map(Rating::Word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_core::Severity;

    fn advisory(json: &str) -> Advisory {
        parse(json.as_bytes(), "osv-pypi").unwrap().unwrap()
    }

    #[test]
    fn a_record_of_pypi() {
        let advisory = advisory(
            r#"{"id":"PYSEC-1","aliases":["CVE-2023-1"],"details":"\n### Impact\nOne thing. Another.","references":null,
                "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N"}],"database_specific":{"severity":"MODERATE"},
                "affected":[{"package":{"ecosystem":"PyPI","name":"Zope.Interface"},
                "ranges":[{"type":"GIT","events":[{"introduced":"0"}]},
                          {"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.2"}]}],
                "versions":["1.0","1.1","2.0"]}, {"package":{"ecosystem":"Go","name":"x"},"versions":["1"]}]}"#,
        );
        assert_eq!(
            (advisory.record.title.as_str(), advisory.record.references.len()),
            ("", 0)
        );
        let ratings = [
            Rating::Cvss("CVSS:3.1/AV:N".to_owned()),
            Rating::Word(Severity::Medium),
        ];
        assert_eq!(advisory.record.ratings, ratings);
        let [statement] = &advisory.statements[..] else {
            panic!("{advisory:?}")
        };
        assert_eq!(
            (statement.release.as_str(), statement.package.as_str()),
            ("pypi", "zope-interface")
        );
        assert_eq!(statement.extent.to_string(), "(…, 1.2), 2.0");
    }

    #[test]
    fn a_withdrawn_record_is_none() {
        let json = br#"{"id":"A-1","modified":"2024-01-01T00:00:00Z","withdrawn":"2024-01-01T00:00:00Z"}"#;
        assert_eq!(parse(json, "osv-pypi").unwrap(), None);
    }

    #[test]
    fn a_range_that_cannot_be_understood_is_said() {
        let affected = |rest: &str| {
            advisory(&format!(
                r#"{{"id":"P-1","affected":[{{"package":{{"ecosystem":"PyPI","name":"x"}},"ranges":[{{"type":"ECOSYSTEM",
                "events":[{{"introduced":"0"}},{{"fixed":"2019-09-12"}}]}}]{rest}}}]}}"#
            ))
        };
        let alone = affected("");
        assert_eq!(alone.statements[0].extent, Extent::Undetermined);
        assert_eq!(alone.warnings, ["P-1: `2019-09-12` is no version of x"]);
        let listed = affected(r#","versions":["1.0"]"#);
        assert_eq!(listed.statements[0].extent.to_string(), "1.0");
        assert_eq!(listed.warnings.len(), 1);
    }

    #[test]
    fn urgencies_of_debian() {
        let advisory = advisory(
            r#"{"id":"DEBIAN-CVE-2026-1","upstream":["CVE-2026-1"],"affected":[{"package":{"ecosystem":"Debian:13",
                "name":"nginx"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.2-1"}]}],
                "ecosystem_specific":{"urgency":"high"}}]}"#,
        );
        assert_eq!(advisory.statements[0].release, "debian:13");
        assert_eq!(advisory.statements[0].ratings, [Rating::Word(Severity::High)]);
    }
}
