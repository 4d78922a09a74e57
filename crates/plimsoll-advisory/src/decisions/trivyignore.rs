//! Trivy's `.trivyignore`: an id a line, with `exp:2030-12-31` behind it where it is to expire.

use plimsoll_core::{Decision, DecisionStatus};

use super::expiry::Expiry;
use super::statement::{About, Statement};
use super::{IgnoreFile, no_wildcard, wrong};
use crate::Result;

pub(super) fn parse(name: &str, text: &str) -> Result<IgnoreFile> {
    let mut file = IgnoreFile::default();
    for (index, line) in text.lines().enumerate() {
        let (words, comment) = line.split_once('#').unwrap_or((line, ""));
        let mut words = words.split_whitespace();
        let Some(id) = words.next() else { continue };
        let mut expires = None;
        for word in words {
            let Some(day) = word.strip_prefix("exp:") else {
                let reason = format!("line {}: `{word}` is not understood behind an id", index + 1);
                return Err(wrong(name, reason));
            };
            let read = Expiry::parse(day).ok_or_else(|| {
                let reason = format!("line {}: `{day}` is not a day such as 2030-12-31", index + 1);
                wrong(name, reason)
            })?;
            expires = Some(read);
        }
        if id == "*" {
            file.remarks.push(no_wildcard(name, index + 1));
            continue;
        }
        file.statements.push(Statement {
            ids: vec![id.to_owned()],
            about: About::Pattern(Box::default()),
            decision: Some(Decision {
                status: DecisionStatus::Accepted,
                justification: None,
                reason: comment.trim().to_owned(),
                source: name.to_owned(),
                expires: expires.map(|expires| expires.to_string()),
            }),
            source: name.to_owned(),
            expires,
            said: None,
        });
    }
    Ok(file)
}
