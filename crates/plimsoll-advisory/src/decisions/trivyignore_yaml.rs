//! Trivy's `.trivyignore.yaml`: lists of vulnerabilities, misconfigurations, secrets and licences, each entry with an id and
//! what it is limited to.

use globset::{GlobBuilder, GlobMatcher};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use plimsoll_core::{Decision, DecisionStatus, Purl};

use super::plimsollignore::Pattern;
use super::statement::{About, Kind, Statement};
use super::wrong;
use super::yaml::{self, Entry, Node, Value};
use crate::Result;

/// What stands in a file.
#[derive(Debug, Default)]
pub(super) struct IgnoreFile {
    pub(super) statements: Vec<Statement>,
    /// How many misconfigurations it lists. What is wrong in an image's configuration has other ids here.
    pub(super) misconfigurations: usize,
}

pub(super) fn parse(name: &str, text: &str) -> Result<IgnoreFile> {
    read(name, text).map_err(|reason| wrong(name, reason))
}

type Read<T> = std::result::Result<T, String>;

fn read(name: &str, text: &str) -> Read<IgnoreFile> {
    let mut file = IgnoreFile::default();
    for Entry { line, key, value } in map(yaml::parse(text)?, "the file")? {
        let kind = match key.as_str() {
            "vulnerabilities" => Some(Kind::Vulnerability),
            "secrets" => Some(Kind::Secret),
            "licenses" => Some(Kind::License),
            "misconfigurations" => None,
            _ => {
                return Err(format!(
                    "line {line}: `{key}` is no list of findings; there are `vulnerabilities`, `misconfigurations`, \
                     `secrets` and `licenses`"
                ));
            }
        };
        for entry in list(value, &key)? {
            let statement = statement(name, kind.unwrap_or(Kind::Vulnerability), entry)?;
            match kind {
                Some(_) => file.statements.push(statement),
                None => file.misconfigurations += 1,
            }
        }
    }
    Ok(file)
}

fn statement(name: &str, kind: Kind, entry: Node) -> Read<Statement> {
    let line = entry.line;
    let mut id = None;
    let mut pattern = Pattern {
        kind: Some(kind),
        ..Pattern::default()
    };
    let mut expires = None;
    let mut reason = String::new();
    for Entry { line, key, value } in map(entry, "an entry")? {
        match key.as_str() {
            "id" => id = Some(word(value, "`id`")?),
            "paths" => {
                for path in list(value, "paths")? {
                    pattern.paths.push(glob(path)?);
                }
            }
            "purls" => {
                for purl in list(value, "purls")? {
                    let line = purl.line;
                    let purl: Purl = word(purl, "a purl")?
                        .parse()
                        .map_err(|error| format!("line {line}: {error}"))?;
                    pattern.purls.push(purl);
                }
            }
            "expired_at" => expires = Some(day(value)?),
            "statement" => {
                if value.value != Value::Null {
                    word(value, "`statement`")?.trim().clone_into(&mut reason);
                }
            }
            _ => {
                return Err(format!(
                    "line {line}: `{key}` says nothing about a finding; there are `id`, `paths`, `purls`, `expired_at` and \
                     `statement`"
                ));
            }
        }
    }
    let id = id
        .filter(|id| !id.trim().is_empty())
        .ok_or(format!("line {line}: the entry has no `id`"))?;
    Ok(Statement {
        ids: vec![id],
        about: About::Pattern(Box::new(pattern)),
        decision: Some(Decision {
            status: DecisionStatus::Accepted,
            justification: None,
            reason,
            source: name.to_owned(),
            expires: expires.map(|day| day.to_string()),
        }),
        source: name.to_owned(),
        expires,
        said: None,
    })
}

fn map(node: Node, what: &str) -> Read<Vec<Entry>> {
    match node.value {
        Value::Map(entries) => Ok(entries),
        Value::Null => Ok(Vec::new()),
        Value::Text(_) | Value::List(_) => Err(format!(
            "line {}: {what} is not a mapping of keys to values",
            node.line
        )),
    }
}

fn list(node: Node, key: &str) -> Read<Vec<Node>> {
    match node.value {
        Value::List(items) => Ok(items),
        Value::Null => Ok(Vec::new()),
        Value::Text(_) | Value::Map(_) => Err(format!("line {}: `{key}` is not a list", node.line)),
    }
}

fn word(node: Node, what: &str) -> Read<String> {
    match node.value {
        Value::Text(text) => Ok(text),
        _ => Err(format!("line {}: {what} is not a text", node.line)),
    }
}

/// In these patterns a star stays within a folder, and two go on into those below.
fn glob(node: Node) -> Read<GlobMatcher> {
    let line = node.line;
    let pattern = word(node, "a path")?;
    let glob = GlobBuilder::new(pattern.trim_start_matches('/'))
        .literal_separator(true)
        .build();
    glob.map(|glob| glob.compile_matcher())
        .map_err(|error| format!("line {line}: {error}"))
}

/// A day, or the day of a time.
fn day(node: Node) -> Read<Date> {
    let line = node.line;
    let text = word(node, "`expired_at`")?;
    let of_time = |time: Timestamp| time.to_zoned(TimeZone::UTC).date();
    let read = text.parse::<Date>().or_else(|_| text.parse().map(of_time));
    read.map_err(|_| format!("line {line}: `{text}` is not a day such as 2030-12-31"))
}
