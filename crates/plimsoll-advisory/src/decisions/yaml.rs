//! A small YAML document as a tree with the lines that its parts stand on. Aliases are refused, so that a document is never
//! larger than its text.

use saphyr_parser::{Event, Parser, ScalarStyle};

/// No ignore file is nested deeper.
const MAX_DEPTH: usize = 16;

/// A value, and the line that it begins on, from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: Value,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    /// A scalar of any kind, as it is written.
    Text(String),
    List(Vec<Node>),
    /// The keys are scalars, each once.
    Map(Vec<Entry>),
}

/// A key of a mapping with its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) line: usize,
    pub(super) key: String,
    pub(super) value: Node,
}

/// Reads the only document in `text`; one with nothing in it is [`Value::Null`].
///
/// # Errors
/// What is wrong, and on which line.
pub(super) fn parse(text: &str) -> Result<Node, String> {
    let mut open: Vec<Open> = Vec::new();
    let mut root: Option<Node> = None;
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|error| format!("line {}: {}", error.marker().line(), error.info()))?;
        let line = span.start.line();
        let wrong = |reason: &str| Err(format!("line {line}: {reason}"));
        let node = match event {
            Event::Alias(_) => return wrong("aliases are not read; write the entry again"),
            Event::DocumentStart(_) if root.is_some() => return wrong("a second document is not read"),
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() >= MAX_DEPTH => {
                return wrong("it is nested too deep");
            }
            Event::SequenceStart(..) => {
                open.push(Open::new(line, Value::List(Vec::new())));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::new(line, Value::Map(Vec::new())));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|open| open.node),
            Event::Scalar(text, style, ..) => Some(Node {
                line,
                value: scalar(&text, style),
            }),
            _ => None,
        };
        let Some(node) = node else { continue };
        match open.last_mut() {
            Some(parent) => parent.add(node)?,
            None => root = Some(node),
        }
    }
    Ok(root.unwrap_or(Node {
        line: 1,
        value: Value::Null,
    }))
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    let is_null = style == ScalarStyle::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL");
    match is_null {
        true => Value::Null,
        false => Value::Text(text.to_owned()),
    }
}

/// A list or mapping that goes on.
struct Open {
    node: Node,
    /// A key that waits for its value, and its line.
    key: Option<(usize, String)>,
}

impl Open {
    fn new(line: usize, value: Value) -> Self {
        Self {
            node: Node { line, value },
            key: None,
        }
    }

    fn add(&mut self, node: Node) -> Result<(), String> {
        let entries = match &mut self.node.value {
            Value::List(items) => {
                items.push(node);
                return Ok(());
            }
            Value::Map(entries) => entries,
            Value::Null | Value::Text(_) => return Ok(()),
        };
        match (self.key.take(), node) {
            (Some((line, key)), value) => entries.push(Entry { line, key, value }),
            (
                None,
                Node {
                    line,
                    value: Value::Text(key),
                },
            ) => {
                if entries.iter().any(|entry| entry.key == key) {
                    return Err(format!("line {line}: `{key}` is there twice"));
                }
                self.key = Some((line, key));
            }
            (None, Node { line, .. }) => return Err(format!("line {line}: a key is not a word")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(line: usize, text: &str) -> Node {
        Node {
            line,
            value: Value::Text(text.to_owned()),
        }
    }

    #[test]
    fn values_and_their_lines() {
        let root =
            parse("# a comment\na:\n  - 'x: y'\n  - >\n    two\n    lines\nb: ~\nc: [1, \"\"]\n").unwrap();
        let Value::Map(entries) = root.value else { panic!() };
        let keys: Vec<(usize, &str)> = entries.iter().map(|one| (one.line, one.key.as_str())).collect();
        assert_eq!(keys, [(2, "a"), (7, "b"), (8, "c")]);
        assert_eq!(
            entries[0].value.value,
            Value::List(vec![text(3, "x: y"), text(5, "two lines\n")])
        );
        assert_eq!(entries[1].value.value, Value::Null);
        assert_eq!(
            entries[2].value.value,
            Value::List(vec![text(8, "1"), text(8, "")])
        );
        assert_eq!(parse("\n# nothing\n").unwrap().value, Value::Null);
    }

    #[test]
    fn what_is_refused() {
        for (text, reason) in [
            ("a: &x 1\nb: *x\n", "line 2: aliases"),
            ("a: 1\na: 2\n", "line 2: `a` is there twice"),
            ("a: 1\n---\nb: 2\n", "line 2: a second document"),
            ("a: [1\nb: 2\n", "line "),
            ("[a]: 1\n", "line 1: a key is not a word"),
            (&"[".repeat(100), "line 1: it is nested too deep"),
        ] {
            let message = parse(text).unwrap_err();
            assert!(message.starts_with(reason), "{text}: {message}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-a-c:#&*!|>'\"%@`{}\\[\\], \n\t?~0]{0,60}") {
            let _ = parse(&text);
        }
    }
}
