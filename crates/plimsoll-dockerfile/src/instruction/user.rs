use super::Request;
use crate::ast::{InstructionKind, User};

pub(super) fn parse(request: &mut Request<'_>) -> Option<InstructionKind> {
    request.finish_flags();
    request.warn_of_comment();
    let user = request.single("a user", "USER UID[:GID]")?;
    Some(InstructionKind::User(User { user }))
}
