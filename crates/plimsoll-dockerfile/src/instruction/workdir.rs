use super::Request;
use crate::ast::{InstructionKind, Workdir};

pub(super) fn parse(request: &mut Request<'_>) -> Option<InstructionKind> {
    request.finish_flags();
    request.warn_of_comment();
    let path = request.single("a directory", "WORKDIR /PATH")?;
    Some(InstructionKind::Workdir(Workdir { path }))
}
