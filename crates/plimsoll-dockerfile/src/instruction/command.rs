//! `CMD` and `ENTRYPOINT`.

use super::Request;
use crate::ast::{Command, InstructionKind};

pub(super) fn cmd(request: &mut Request<'_>) -> Option<InstructionKind> {
    parse(request).map(|command| InstructionKind::Cmd { command })
}

pub(super) fn entrypoint(request: &mut Request<'_>) -> Option<InstructionKind> {
    parse(request).map(|command| InstructionKind::Entrypoint { command })
}

fn parse(request: &mut Request<'_>) -> Option<Command> {
    request.finish_flags();
    warn_if_empty(request);
    request.command(request.arguments)
}

/// BuildKit executes an empty script then, which is hardly meant.
pub(super) fn warn_if_empty(request: &mut Request<'_>) {
    if request.arguments.is_empty() {
        let (span, name) = (request.keyword.span(), request.name);
        request
            .warning(
                "empty-command",
                span,
                format!("`{name}` has no command, so the shell executes nothing"),
            )
            .hint("take it away, or write the command behind it");
    }
}
