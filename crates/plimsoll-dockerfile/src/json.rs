//! The syntax tree as a JSON document for other programs.

use plimsoll_core::Span;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::Parsed;

/// The tree and the diagnostics as JSON. Each `span` has, beside its byte offsets `start` and `end`, the `line`
/// and `column` where it starts and the `end_line` and `end_column` behind its last character, all from 1 and
/// columns in characters. What is absent is left out.
///
/// `text` is what was parsed.
pub fn to_json(text: &str, parsed: &Parsed) -> Value {
    let places = Places::new(text);
    let tree = |value: serde_json::Result<Value>| places.enrich(value.unwrap_or(Value::Null));
    let mut document = tree(serde_json::to_value(&parsed.dockerfile));
    if let Value::Object(fields) = &mut document {
        fields.insert(
            "diagnostics".to_owned(),
            tree(parsed.diagnostics.serialize(serde_json::value::Serializer)),
        );
    }
    document
}

struct Places<'t> {
    text: &'t str,
    line_starts: Vec<usize>,
}

impl<'t> Places<'t> {
    fn new(text: &'t str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            line_starts: std::iter::once(0).chain(breaks).collect(),
        }
    }

    fn place(&self, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let before = self
            .text
            .get(self.line_starts[line - 1]..offset)
            .unwrap_or_default();
        (line, 1 + before.trim_start_matches('\u{feff}').chars().count())
    }

    /// Adds lines and columns to the spans in a value, and takes what is null away.
    fn enrich(&self, value: Value) -> Value {
        match value {
            Value::Object(fields) => {
                let kept = fields.into_iter().filter(|(_, value)| !value.is_null());
                let one = |(key, value): (String, Value)| {
                    let span = (key == "span").then(|| serde_json::from_value::<Span>(value.clone()).ok());
                    let value = match span.flatten() {
                        Some(span) => self.span(span),
                        None => self.enrich(value),
                    };
                    (key, value)
                };
                Value::Object(kept.map(one).collect::<Map<_, _>>())
            }
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.enrich(item)).collect()),
            other => other,
        }
    }

    fn span(&self, span: Span) -> Value {
        let (line, column) = self.place(span.start);
        let (end_line, end_column) = self.place(span.end);
        json!({
            "start": span.start, "end": span.end,
            "line": line, "column": column, "end_line": end_line, "end_column": end_column,
        })
    }
}
