use super::{Request, sources};
use crate::ast::{Copy, InstructionKind};

pub(super) fn parse(request: &mut Request<'_>) -> Option<InstructionKind> {
    let options = sources::options(request);
    let from = request.flags.string("from", request.diagnostics);
    let parents = request.flags.boolean("parents", request.diagnostics);
    request.finish_flags();
    if let Some(from) = from.as_ref().filter(|from| from.value.text.contains('$')) {
        request
            .error(
                "variable-in-from",
                from.value.span,
                "variables are not expanded in `--from`",
            )
            .hint("name a stage with `FROM … AS name`, where global `ARG`s are expanded, and copy from that");
    }
    let (sources, destination, json) = sources::parse(request)?;
    Some(InstructionKind::Copy(Copy {
        options,
        from,
        parents,
        sources,
        destination,
        json,
    }))
}
