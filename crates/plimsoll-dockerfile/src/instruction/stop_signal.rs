use super::Request;
use crate::ast::{InstructionKind, StopSignal};

pub(super) fn parse(request: &mut Request<'_>) -> Option<InstructionKind> {
    std::mem::take(&mut request.flags).ignore("STOPSIGNAL", request.diagnostics);
    let signal = request.single("a signal", "STOPSIGNAL SIGTERM")?;
    Some(InstructionKind::StopSignal(StopSignal { signal }))
}
