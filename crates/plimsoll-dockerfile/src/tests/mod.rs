//! The crate as its users see it: whole files in, trees and diagnostics out.

mod diagnostics;
mod extremes;
mod files;
mod instructions;
mod lines;
mod mounts;
mod properties;

use plimsoll_core::Span;
use serde_json::{Map, Value, json};

use crate::{Diagnostic, Instruction, parse};

/// A tree as JSON without places: words are their texts, flags their values, and what is empty is left out.
fn terse(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&str> = fields.keys().map(String::as_str).collect();
            keys.sort_unstable();
            match keys.as_slice() {
                ["span", "text"] => return fields["text"].clone(),
                ["span", "value"] => return terse(&fields["value"]),
                ["nanoseconds", "word"] => return fields["nanoseconds"].clone(),
                _ => {}
            }
            let is_kept = |value: &Value| !value.is_null() && *value != json!([]) && *value != json!(false);
            let kept = fields
                .iter()
                .filter(|(key, value)| *key != "span" && is_kept(value));
            Value::Object(
                kept.map(|(key, value)| (key.clone(), terse(value)))
                    .collect::<Map<_, _>>(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(terse).collect()),
        other => other.clone(),
    }
}

/// The only instruction of a stage, from a text without errors.
fn instruction(text: &str) -> Instruction {
    let parsed = parse(&format!("FROM x\n{text}\n"));
    assert!(!parsed.has_errors(), "{text}: {:#?}", parsed.diagnostics);
    assert_eq!(parsed.dockerfile.stages[0].instructions.len(), 1, "{text}");
    parsed.dockerfile.stages[0].instructions[0].clone()
}

/// A diagnostic on one line, with what it is about: for snapshots and assertions.
fn line_of(text: &str, diagnostic: &Diagnostic) -> String {
    let Span { start, end } = diagnostic.span;
    let hint = diagnostic
        .hint
        .as_ref()
        .map(|hint| format!(" ({hint})"))
        .unwrap_or_default();
    let level = format!("{:?}", diagnostic.level).to_lowercase();
    let number = diagnostic.span.line(text);
    format!(
        "{number}: {level}[{}] {:?}: {diagnostic}{hint}",
        diagnostic.code,
        &text[start..end]
    )
}
