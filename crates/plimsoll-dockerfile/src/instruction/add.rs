use super::{Request, sources};
use crate::ast::{Add, InstructionKind};

pub(super) fn parse(request: &mut Request<'_>) -> Option<InstructionKind> {
    let options = sources::options(request);
    let checksum = request.flags.string("checksum", request.diagnostics);
    let keep_git_dir = request.flags.boolean("keep-git-dir", request.diagnostics);
    let unpack = request.flags.boolean("unpack", request.diagnostics);
    request.finish_flags();
    let (sources, destination, json) = sources::parse(request)?;
    Some(InstructionKind::Add(Add {
        options,
        checksum,
        keep_git_dir,
        unpack,
        sources,
        destination,
        json,
    }))
}
