use super::Request;
use crate::ast::{InstructionKind, Shell};

const FORM: &str = "SHELL [\"/bin/sh\", \"-c\"]";

pub(super) fn parse(request: &mut Request<'_>) -> Option<InstructionKind> {
    request.finish_flags();
    if request.arguments.is_empty() {
        request.missing("a JSON array", FORM);
        return None;
    }
    match crate::words::json_array(request.arguments) {
        crate::words::Json::Array(arguments) if arguments.is_empty() => {
            request.missing("at least one element", FORM);
            None
        }
        crate::words::Json::Array(arguments) => Some(InstructionKind::Shell(Shell { arguments })),
        _ => {
            let span = request.arguments.span();
            request
                .error(
                    "shell-not-json",
                    span,
                    "the argument of `SHELL` is no JSON array of strings",
                )
                .hint(format!("write `{FORM}`"));
            None
        }
    }
}
