//! `ENV` and `LABEL`.

use super::{COMMENT_HINT, Request};
use crate::ast::{Env, InstructionKind, KeyValue, Label};
use crate::words::quoted_words;

pub(super) fn env(request: &mut Request<'_>) -> Option<InstructionKind> {
    let (variables, legacy) = parse(request)?;
    Some(InstructionKind::Env(Env { variables, legacy }))
}

pub(super) fn label(request: &mut Request<'_>) -> Option<InstructionKind> {
    let (labels, legacy) = parse(request)?;
    Some(InstructionKind::Label(Label { labels, legacy }))
}

/// The pairs, and whether they are in the old form, `KEY VALUE`.
fn parse(request: &mut Request<'_>) -> Option<(Vec<KeyValue>, bool)> {
    request.finish_flags();
    let name = request.name;
    let form = format!("{name} KEY=VALUE…");
    let words = quoted_words(request.arguments, request.escape);
    let Some(first) = words.first() else {
        request.missing("a key and a value", &form);
        return None;
    };
    if !first.text().contains('=') {
        let (key, Some(value)) = request.arguments.split_first() else {
            let span = first.span();
            request
                .error("bad-key-value", span, format!("`{}` has no value", first.text()))
                .hint(format!("write `{form}`"));
            return None;
        };
        return Some((
            vec![KeyValue {
                key: key.word(),
                value: value.word(),
            }],
            true,
        ));
    }
    let mut pairs = Vec::new();
    let mut wrong = false;
    for word in words {
        let message = match word.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                pairs.push(KeyValue {
                    key: key.word(),
                    value: value.word(),
                });
                continue;
            }
            Some(_) => "there is no key before the `=`".to_owned(),
            None => format!("`{}` has no `=`", word.text()),
        };
        request
            .error("bad-key-value", word.span(), message)
            .hint(match word.text().starts_with('#') {
                true => COMMENT_HINT.to_owned(),
                false => format!("write `{form}`, and put values with spaces in quotes"),
            });
        wrong = true;
        if word.text().starts_with('#') {
            break;
        }
    }
    (!wrong).then_some((pairs, false))
}
