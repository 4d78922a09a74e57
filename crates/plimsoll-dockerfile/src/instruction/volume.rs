use super::Request;
use crate::ast::{InstructionKind, Volume, Word};

pub(super) fn parse(request: &mut Request<'_>) -> Option<InstructionKind> {
    request.finish_flags();
    request.warn_of_comment();
    let (words, json) = request.list()?;
    if words.is_empty() {
        request.missing("at least one path", "VOLUME /PATH…");
        return None;
    }
    let mut paths = Vec::new();
    for word in words {
        let text = word.text.trim();
        if text.is_empty() {
            request
                .error("missing-argument", word.span, "the path of a volume is empty")
                .hint("write `VOLUME /PATH…`");
            return None;
        }
        paths.push(Word {
            text: text.to_owned(),
            span: word.span,
        });
    }
    Some(InstructionKind::Volume(Volume { paths, json }))
}
