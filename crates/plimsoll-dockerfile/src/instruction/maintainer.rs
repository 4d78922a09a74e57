use super::Request;
use crate::ast::{InstructionKind, Maintainer};

pub(super) fn parse(request: &mut Request<'_>) -> Option<InstructionKind> {
    request.finish_flags();
    let name = request.single("a name", "LABEL org.opencontainers.image.authors=\"NAME\"")?;
    Some(InstructionKind::Maintainer(Maintainer { name }))
}
