//! Trivy's `.trivyignore.yaml`: lists of vulnerabilities, misconfigurations, secrets and licences, each entry with an id and
//! what it is limited to.

use globset::{GlobBuilder, GlobMatcher};
use plimsoll_core::{Decision, DecisionStatus, Purl};

use super::expiry::Expiry;
use super::plimsollignore::Pattern;
use super::statement::{About, Kind, Statement};
use super::yaml::{self, Entry, Node, Value};
use super::{IgnoreFile, no_wildcard, wrong};
use crate::Result;

pub(super) fn parse(name: &str, text: &str) -> Result<IgnoreFile> {
    read(name, text).map_err(|reason| wrong(name, reason))
}

type Read<T> = std::result::Result<T, String>;

fn read(name: &str, text: &str) -> Read<IgnoreFile> {
    let mut file = IgnoreFile::default();
    let mut has_misconfigurations = false;
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
            let line = entry.line;
            let statement = statement(name, kind.unwrap_or(Kind::Vulnerability), entry)?;
            if kind.is_none() {
                has_misconfigurations = true;
            } else if statement.ids == ["*"] {
                file.remarks.push(no_wildcard(name, line));
            } else {
                file.statements.push(statement);
            }
        }
    }
    if has_misconfigurations {
        file.remarks.push(format!(
            "`{name}`: decisions on misconfigurations are not used, for what is looked for in a configuration has other ids here"
        ));
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
            "expired_at" => expires = Some(expiry(value)?),
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
            expires: expires.map(|expires| expires.to_string()),
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

fn expiry(node: Node) -> Read<Expiry> {
    let line = node.line;
    let text = word(node, "`expired_at`")?;
    Expiry::parse(&text).ok_or_else(|| format!("line {line}: `{text}` is not a day such as 2030-12-31"))
}
