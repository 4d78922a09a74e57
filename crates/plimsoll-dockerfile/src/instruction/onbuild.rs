use plimsoll_core::Span;

use super::{Head, Request, parse as parse_any};
use crate::ast::{Instruction, InstructionKind, Onbuild};

pub(super) fn parse(request: &mut Request<'_>) -> Option<InstructionKind> {
    request.finish_flags();
    if request.arguments.is_empty() {
        request.missing("an instruction", "ONBUILD INSTRUCTION");
        return None;
    }
    let arguments = request.arguments;
    let head = Head::parse(arguments);
    if let "ONBUILD" | "FROM" | "MAINTAINER" = head.name.as_str() {
        let message = format!("`{}` cannot stand behind `ONBUILD`", head.name);
        request.error("bad-onbuild", head.keyword.span(), message);
        return None;
    }
    let kind = parse_any(Request {
        name: &head.name,
        keyword: head.keyword,
        flags: head.flags,
        arguments: head.arguments,
        is_trigger: true,
        heredocs: request.heredocs,
        end: request.end,
        line_numbers: request.line_numbers,
        escape: request.escape,
        diagnostics: request.diagnostics,
    })?;
    // BuildKit keeps the white space at the end.
    let mut expression = arguments.to_line_end().to_owned();
    for heredoc in request.heredocs {
        expression.push('\n');
        expression.push_str(&heredoc.content);
        expression.push_str(&heredoc.name);
    }
    let span = Span::new(head.keyword.span().start, request.end);
    let instruction = Instruction {
        span,
        lines: request.line_numbers.lines(span),
        keyword: head.keyword.word(),
        source: arguments.text().to_owned(),
        comments: Vec::new(),
        heredocs: request.heredocs.to_vec(),
        kind,
    };
    Some(InstructionKind::Onbuild(Onbuild {
        instruction: Box::new(instruction),
        expression,
    }))
}
