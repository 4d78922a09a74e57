use super::Request;
use crate::ast::{Expose, InstructionKind};
use crate::lines::Piece;

pub(super) fn parse(request: &mut Request<'_>) -> Option<InstructionKind> {
    request.finish_flags();
    if request.arguments.is_empty() {
        request.missing("at least one port", "EXPOSE PORT[/PROTOCOL]…");
        return None;
    }
    let ports = request.arguments.split().into_iter().map(Piece::word).collect();
    Some(InstructionKind::Expose(Expose { ports }))
}
