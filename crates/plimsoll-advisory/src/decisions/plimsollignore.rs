//! `.plimsollignore`: decisions in TOML, each with its reason.

use globset::{Glob, GlobMatcher};
use plimsoll_core::{Decision, DecisionStatus, Purl};
use serde::Deserialize;

use super::expiry::Expiry;
use super::statement::{About, Kind, Statement, Subject};
use super::wrong;
use crate::Result;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    ignore: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: Ids,
    package: Option<String>,
    version: Option<String>,
    path: Option<String>,
    purl: Option<String>,
    status: Option<DecisionStatus>,
    justification: Option<String>,
    reason: String,
    expires: Option<toml::value::Datetime>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Ids {
    One(String),
    Several(Vec<String>),
}

/// The packages that an entry describes; what it does not name may be anything.
#[derive(Debug, Default)]
pub(super) struct Pattern {
    /// The only kind of finding; `None` where it may be any.
    pub(super) kind: Option<Kind>,
    /// Whether the id `*` stands for all vulnerabilities and checks.
    pub(super) has_wildcard: bool,
    pub(super) package: Option<GlobMatcher>,
    pub(super) version: Option<GlobMatcher>,
    /// One of these, where there is any.
    pub(super) paths: Vec<GlobMatcher>,
    /// One of these, where there is any.
    pub(super) purls: Vec<Purl>,
}

impl Pattern {
    pub(super) fn matches(&self, subject: &Subject<'_>) -> bool {
        let fits = |pattern: &Option<GlobMatcher>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
        };
        let path = subject.path.trim_start_matches('/');
        let lies_there = || self.paths.iter().any(|pattern| pattern.is_match(path));
        let is_package = |purl: &Purl| subject.purl.is_some_and(|package| purl.covers(package));
        self.kind.is_none_or(|kind| kind == subject.kind)
            && fits(&self.package, subject.name)
            && fits(&self.version, subject.version)
            && (self.paths.is_empty() || lies_there())
            && (self.purls.is_empty() || self.purls.iter().any(is_package))
    }
}

pub(super) fn parse(name: &str, text: &str) -> Result<Vec<Statement>> {
    let file: File = toml::from_str(text).map_err(|error| wrong(name, error.to_string().trim_end()))?;
    let entries = file.ignore.into_iter().enumerate();
    entries
        .map(|(index, entry)| {
            statement(name, entry).map_err(|reason| wrong(name, format!("entry {}: {reason}", index + 1)))
        })
        .collect()
}

fn statement(name: &str, entry: Entry) -> std::result::Result<Statement, String> {
    let ids = match entry.id {
        Ids::One(id) => vec![id],
        Ids::Several(ids) => ids,
    };
    if ids.is_empty() || ids.iter().any(|id| id.trim().is_empty()) {
        return Err("`id` is empty".to_owned());
    }
    if entry.reason.trim().is_empty() {
        return Err("`reason` is empty; say why this does not count".to_owned());
    }
    let glob = |pattern: Option<String>| {
        let compiled = pattern.map(|pattern| Glob::new(pattern.trim_start_matches('/')));
        compiled
            .transpose()
            .map(|glob| glob.map(|glob| glob.compile_matcher()))
            .map_err(|error| error.to_string())
    };
    let expires = entry
        .expires
        .map(|expires| {
            let read = Expiry::parse(&expires.to_string());
            read.ok_or(format!("`expires` is `{expires}`, not a day such as 2030-12-31"))
        })
        .transpose()?;
    let purl = entry.purl.map(|purl| purl.parse::<Purl>()).transpose();
    Ok(Statement {
        ids,
        about: About::Pattern(Box::new(Pattern {
            package: glob(entry.package)?,
            version: glob(entry.version)?,
            paths: glob(entry.path)?.into_iter().collect(),
            purls: purl.map_err(|error| error.to_string())?.into_iter().collect(),
            kind: None,
            has_wildcard: true,
        })),
        decision: Some(Decision {
            status: entry.status.unwrap_or(DecisionStatus::Accepted),
            justification: entry.justification,
            reason: entry.reason,
            source: name.to_owned(),
            expires: expires.map(|expires| expires.to_string()),
        }),
        source: name.to_owned(),
        expires,
        said: None,
    })
}
