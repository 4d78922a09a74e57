//! What `ADD` and `COPY` share.

use super::Request;
use crate::ast::{CopyOptions, CopySource, Flag, Word};
use crate::heredoc;

pub(super) fn options(request: &mut Request<'_>) -> CopyOptions {
    let (flags, diagnostics) = (&mut request.flags, &mut *request.diagnostics);
    CopyOptions {
        chown: flags.string("chown", diagnostics),
        chmod: flags.string("chmod", diagnostics),
        link: flags.boolean("link", diagnostics),
        exclude: flags
            .strings("exclude", diagnostics)
            .into_iter()
            .map(|flag| Flag {
                span: flag.span,
                value: flag.value.word(),
            })
            .collect(),
    }
}

/// The sources, the destination, and whether they are a JSON array.
pub(super) fn parse(request: &mut Request<'_>) -> Option<(Vec<CopySource>, Word, bool)> {
    let (mut words, json) = request.list()?;
    let (destination, name) = (words.pop(), request.name);
    let Some(destination) = destination.filter(|_| !words.is_empty()) else {
        request.missing(
            "at least one source and a destination",
            &format!("{name} SOURCE… DESTINATION"),
        );
        return None;
    };
    if !json && heredoc::start(&destination.text).is_some() {
        request
            .error(
                "bad-heredoc",
                destination.span,
                format!("a here-document cannot be the destination of `{name}`"),
            )
            .hint("put the path of the file behind it");
        return None;
    }
    // Delimiters and contents come in the same order.
    let mut next = 0;
    let mut sources = Vec::new();
    for word in words {
        let Some(start) = (!json).then(|| heredoc::start(&word.text)).flatten() else {
            if !json
                && matches!(
                    word.text.trim_start_matches(|c: char| c.is_ascii_digit()),
                    "<<" | "<<-"
                )
            {
                request
                    .error("bad-heredoc", word.span, "`<<` is parted from its delimiter")
                    .hint("take away the space behind it");
                return None;
            }
            sources.push(CopySource::Path(word));
            continue;
        };
        let rest = request.heredocs.get(next..).unwrap_or_default();
        let Some(offset) = rest.iter().position(|heredoc| heredoc.name == start.name) else {
            request
                .error("bad-heredoc", word.span, "this here-document has no content")
                .hint("is a quotation mark in the line not closed?");
            return None;
        };
        let index = next + offset;
        next = index + 1;
        sources.push(CopySource::Heredoc {
            index,
            span: word.span,
        });
    }
    Some((sources, destination, json))
}
