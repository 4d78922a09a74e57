use super::Request;
use crate::ast::{Arg, ArgDeclaration, InstructionKind};
use crate::words::quoted_words;

pub(super) fn parse(request: &mut Request<'_>) -> Option<InstructionKind> {
    std::mem::take(&mut request.flags).ignore("ARG", request.diagnostics);
    request.warn_of_comment();
    let words = quoted_words(request.arguments, request.escape);
    if words.is_empty() {
        request.missing("the name of a variable", "ARG NAME[=DEFAULT]");
        return None;
    }
    let mut declarations = Vec::new();
    for word in words {
        let (name, default) = match word.split_once('=') {
            Some((name, default)) => (name, Some(default.word())),
            None => (word, None),
        };
        if name.is_empty() {
            request
                .error("missing-argument", word.span(), "there is no name before the `=`")
                .hint("write `ARG NAME=DEFAULT`, without spaces around the `=`");
            continue;
        }
        declarations.push(ArgDeclaration {
            name: name.word(),
            default,
        });
    }
    (!declarations.is_empty()).then_some(InstructionKind::Arg(Arg { declarations }))
}
