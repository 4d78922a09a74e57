//! Records of the Open Source Vulnerability format, schema 1.x, as `all.zip` holds them.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use plimsoll_core::Ecosystem;
use rayon::prelude::*;
use zip::ZipArchive;

use super::osv_record::{Osv, OsvAffected, OsvEvent, OsvRange, OsvSeverity};
use super::positioned::Positioned;
use super::{Advisory, Statement, broken, cve_within, debian_urgency, severity_word};
use super::{builds, erratum, support, systems};
use crate::database::schema::{Extent, Interval, Rating, Record, Until};
use crate::matching::range::{Event, intervals};
use crate::{Error, Result, release, versions};

/// No record is near this large; a larger one is not read.
const MAX_RECORD: u64 = 32 << 20;
/// How many records are in memory at once, uncompressed.
const BATCH: usize = 4096;

/// The feed's id for an `osv/<folder>/all.zip`.
pub(crate) fn feed_id(folder: &str) -> String {
    format!("osv-{}", folder.to_ascii_lowercase().replace(' ', "-"))
}

/// The folder of a feed's id. It is asked for with every finding, so no text is made.
pub(crate) fn folder(id: &str) -> Option<&'static str> {
    let name = id.strip_prefix("osv-")?;
    let same = |byte: u8, of_id: u8| byte.to_ascii_lowercase() == of_id || byte == b' ' && of_id == b'-';
    let is_of = |folder: &&&str| {
        folder.len() == name.len()
            && folder
                .bytes()
                .zip(name.bytes())
                .all(|(byte, of_id)| same(byte, of_id))
    };
    release::OSV_FOLDERS.iter().find(is_of).copied()
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

impl Osv {
    fn into_advisory(self, feed: &str) -> Advisory {
        let summary = self.summary.unwrap_or_default().trim().to_owned();
        let mut ratings = ratings(&self.severity);
        ratings.extend(word(&self.database_specific));
        ratings.extend(erratum::severity(&summary).map(Rating::Word));
        let mut cwes = texts(&self.database_specific, "cwe_ids");
        cwes.extend(texts(&self.database_specific, "cwes"));
        let modules = erratum::modules(&summary);
        let mut warnings = Vec::new();
        let mut statements = Vec::new();
        for affected in self.affected {
            statements.extend(affected.into_statements(&self.id, &modules, &mut warnings));
        }
        let mut statements = builds::lowest(support::merge(statements));
        let of_distribution =
            |statement: &Statement| release::ecosystem(&statement.release).is_distribution();
        let ids = Ids::of(self.id.clone(), self.aliases, self.upstream, self.related);
        let ids = match statements.iter().any(of_distribution) {
            true => ids.of_distribution(),
            false => ids,
        };
        let names_nothing = ids.upstream.is_empty() && ids.aliases.is_empty();
        if names_nothing && erratum::fixes_no_vulnerability(&self.id) || erratum::is_live_patch(&self.id) {
            statements.clear();
        }
        Advisory {
            record: Record {
                feed: feed.to_owned(),
                title: summary,
                id: self.id,
                aliases: ids.aliases,
                upstream: ids.upstream,
                advisories: Vec::new(),
                description: self.details.unwrap_or_default(),
                references: self
                    .references
                    .into_iter()
                    .map(|reference| reference.url)
                    .collect(),
                ratings,
                cwes,
                published: self.published.filter(|text| is_date(text)),
                modified: self.modified.filter(|text| is_date(text)),
            },
            statements,
            warnings,
        }
    }
}

/// The other ids that a record names.
struct Ids {
    id: String,
    aliases: Vec<String>,
    upstream: Vec<String>,
    related: Vec<String>,
}

impl Ids {
    /// With each CVE by its own name, once.
    fn of(id: String, aliases: Vec<String>, upstream: Vec<String>, related: Vec<String>) -> Self {
        let plain = |all: Vec<String>| {
            let mut plain: Vec<String> = Vec::with_capacity(all.len());
            for one in all {
                let one = cve_within(&one).map(str::to_owned).unwrap_or(one);
                if !plain.contains(&one) {
                    plain.push(one);
                }
            }
            plain
        };
        Self {
            aliases: plain(aliases),
            upstream: plain(upstream),
            related: plain(related),
            id,
        }
    }

    /// As the records of distributions mean them.
    fn of_distribution(mut self) -> Self {
        let is_cve = |id: &String| id.starts_with("CVE-");
        if self.upstream.is_empty() && !self.aliases.iter().any(is_cve) {
            // Errata of distributions name what they fix here, for an erratum is not the vulnerability.
            self.upstream = self.related.iter().filter(|id| is_cve(id)).cloned().collect();
        }
        if !erratum::is_one_vulnerability(&self.id) {
            return self;
        }
        let own = cve_within(&self.id).map(str::to_owned);
        let mut names = std::mem::take(&mut self.aliases);
        for name in own.into_iter().chain(std::mem::take(&mut self.upstream)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.iter().filter(|name| is_cve(name)).count() < 2 {
            self.aliases = names;
        } else {
            // Several after all. Which of them the other names are of is not said, and a decision by such a name
            // must not be one on all.
            self.upstream = names.into_iter().filter(is_cve).collect();
        }
        self
    }
}

/// Go's database writes the first day of all for a date that it does not know.
fn is_date(text: &str) -> bool {
    !text.starts_with("0001")
}

impl OsvAffected {
    /// None for another ecosystem, and for a package that is affected on other systems only; several where the record says
    /// which binary packages the source package gave, and where a part of what it says cannot be read.
    fn into_statements(self, id: &str, modules: &[String], warnings: &mut Vec<String>) -> Vec<Statement> {
        let Some(package) = self.package else {
            return Vec::new();
        };
        let Some(release) = release::from_osv(&package.ecosystem) else {
            return Vec::new();
        };
        if !systems::include_linux(&self.ecosystem_specific) {
            return Vec::new();
        }
        let ecosystem = release::ecosystem(&release);
        let mut ratings = ratings(&self.severity);
        let urgency = self
            .ecosystem_specific
            .get("urgency")
            .and_then(|urgency| urgency.as_str());
        ratings.extend(urgency.and_then(debian_urgency).map(Rating::Word));
        ratings.extend(word(&self.ecosystem_specific));
        ratings.extend(word(&self.database_specific));

        let epoch = package.purl.as_deref().filter(|_| ecosystem == Ecosystem::Rpm);
        let epoch = epoch.and_then(epoch_in);
        let mut found = Vec::new();
        // Commits are named beside versions; no version tells of them where they stand alone.
        let (commits, ranges): (Vec<&OsvRange>, Vec<_>) =
            self.ranges.iter().partition(|range| range.kind == "GIT");
        let mut unreadable = !commits.is_empty() && ranges.is_empty() && self.versions.is_empty();
        for range in ranges {
            match range.intervals(ecosystem, &package.name, epoch) {
                Ok(intervals) => found.extend(intervals),
                Err(reason) => {
                    warnings.push(format!("{id}: {} {reason}", package.name));
                    unreadable = true;
                }
            }
        }
        close(ecosystem, &mut found, &self.database_specific);
        let lies_outside =
            |version: &String| !found.iter().any(|interval| interval.contains(ecosystem, version));
        let listed: Vec<String> = self.versions.into_iter().filter(lies_outside).collect();
        let said = (!found.is_empty() || !listed.is_empty()).then_some(Extent::Versions {
            intervals: found,
            listed,
        });
        let not_said = unreadable.then_some(Extent::Unreadable);
        let modules = match ecosystem {
            Ecosystem::Rpm => modules.to_vec(),
            _ => Vec::new(),
        };
        let extended = release::is_extended_support(&package.ecosystem);
        let statement = |name: &str, extent: Extent| Statement {
            release: release.clone(),
            package: release::package_name(ecosystem, name),
            ratings: ratings.clone(),
            extent,
            modules: modules.clone(),
            extended,
        };
        let binaries = match ecosystem {
            Ecosystem::Rpm => binaries(&self.ecosystem_specific),
            _ => Vec::new(),
        };
        if binaries.is_empty() {
            let extents = said.into_iter().chain(not_said);
            return extents.map(|extent| statement(&package.name, extent)).collect();
        }
        let fixed_in = |version: &str| Extent::Versions {
            intervals: vec![Interval {
                from: None,
                until: Until::Fixed(version.to_owned()),
            }],
            listed: Vec::new(),
        };
        let mut statements = Vec::with_capacity(binaries.len());
        for (name, version) in binaries {
            let extent = match versions::validate(ecosystem, version) {
                Ok(()) => fixed_in(version),
                Err(_) => {
                    warnings.push(format!(
                        "{id}: {name} {}",
                        Unreadable::Version(version.to_owned())
                    ));
                    Extent::Unreadable
                }
            };
            statements.push(statement(name, extent));
        }
        statements
    }
}

/// Why a range says nothing of versions.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("is affected in a range of the unknown kind `{0}`")]
    Kind(String),
    #[error("is affected in a range that begins nowhere")]
    Beginning,
    #[error("has no version `{0}`")]
    Version(String),
}

impl OsvRange {
    /// The versions in it. Of RPM packages, the file's name before a version is left out, and a version gets the epoch that
    /// the package's URL has.
    fn intervals(
        &self,
        ecosystem: Ecosystem,
        package: &str,
        epoch: Option<&str>,
    ) -> std::result::Result<Vec<Interval>, Unreadable> {
        if !matches!(self.kind.as_str(), "ECOSYSTEM" | "SEMVER") {
            return Err(Unreadable::Kind(self.kind.clone()));
        }
        let mut events: Vec<Event> = self.events.iter().flat_map(OsvEvent::events).collect();
        if ecosystem == Ecosystem::Rpm {
            let file_name = format!("{package}-");
            events.iter_mut().for_each(|event| event.strip(&file_name));
        }
        if let Some(epoch) = epoch {
            events.iter_mut().for_each(|event| event.set_epoch(epoch));
        }
        if !events.iter().any(|event| matches!(event, Event::Introduced(_))) {
            return Err(Unreadable::Beginning);
        }
        match events.iter().find(|event| !is_bound(ecosystem, event)) {
            Some(wrong) => Err(Unreadable::Version(wrong.version().to_owned())),
            None => Ok(intervals(ecosystem, &events)),
        }
    }
}

/// The epoch of an RPM package that its package URL names: Rocky's records leave it out of their versions.
///
/// Qualifiers begin with `?`. Those in openEuler's package URLs begin with `&`, which a name can only hold as `%26`, so they
/// are no part of that.
fn epoch_in(purl: &str) -> Option<&str> {
    let (_, qualifiers) = purl.split_once(['?', '&'])?;
    let epoch = qualifiers
        .split(['&', '#'])
        .find_map(|qualifier| qualifier.strip_prefix("epoch="))?;
    let is_number = !epoch.is_empty() && epoch.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && epoch != "0").then_some(epoch)
}

/// SUSE's records name the source package, and beside it the binary packages with their fixed versions.
fn binaries(specific: &serde_json::Value) -> Vec<(&str, &str)> {
    let lists = specific.get("binaries").and_then(|list| list.as_array());
    let maps = lists.into_iter().flatten().filter_map(|map| map.as_object());
    maps.flatten()
        .filter_map(|(name, version)| Some((name.as_str(), version.as_str()?)))
        .collect()
}

/// Ends a range without an end where GitHub says which version was the last known to be affected.
fn close(ecosystem: Ecosystem, intervals: &mut [Interval], specific: &serde_json::Value) {
    let Some(known) = specific
        .get("last_known_affected_version_range")
        .and_then(|range| range.as_str())
    else {
        return;
    };
    let known = known.trim();
    let (version, last) = match (known.strip_prefix("<="), known.strip_prefix('<')) {
        (Some(version), _) => (version.trim(), true),
        (None, Some(version)) => (version.trim(), false),
        (None, None) => return,
    };
    if versions::validate(ecosystem, version).is_err() {
        return;
    }
    if let Some(open) = intervals
        .iter_mut()
        .find(|interval| interval.until == Until::Open)
    {
        let version = version.to_owned();
        open.until = if last {
            Until::LastAffected(version)
        } else {
            Until::Limit(version)
        };
    }
}

impl OsvEvent {
    fn events(&self) -> Vec<Event> {
        let Self {
            introduced,
            fixed,
            last_affected,
            limit,
        } = self;
        let introduced = introduced.clone().map(Event::Introduced);
        let fixed = fixed.clone().map(Event::Fixed);
        let last = last_affected.clone().map(Event::LastAffected);
        let limit = limit.clone().map(Event::Limit);
        introduced
            .into_iter()
            .chain(fixed)
            .chain(last)
            .chain(limit)
            .collect()
    }
}

fn is_bound(ecosystem: Ecosystem, event: &Event) -> bool {
    match event {
        Event::Introduced(version) if version == "0" => true,
        Event::Limit(version) if version == "*" => true,
        other => versions::validate(ecosystem, other.version()).is_ok(),
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

/// The texts in a list.
fn texts(specific: &serde_json::Value, key: &str) -> Vec<String> {
    let list = specific.get(key).and_then(|list| list.as_array());
    let texts = list.into_iter().flatten().filter_map(|text| text.as_str());
    texts.map(str::to_owned).collect()
}

#[cfg(test)]
#[path = "osv_tests.rs"]
mod tests;
