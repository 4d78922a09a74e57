use std::io;

use plimsoll_core::Reference;

use crate::Error;

/// The registry did not do what was asked of it.
pub(super) fn cannot(reference: &Reference, reason: impl Into<String>) -> Error {
    Error::Registry {
        reference: reference.to_string(),
        reason: reason.into(),
    }
}

/// The same, because of another error. The deepest cause says it best: `connection refused`, not the address that was
/// asked for.
pub(super) fn because(reference: &Reference, error: &dyn std::error::Error) -> Error {
    let mut deepest = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    let (first, last) = (error.to_string(), deepest.to_string());
    cannot(reference, if first.contains(&last) { first } else { last })
}

/// This machine could not keep what the registry sent.
pub(super) fn io_failed(reference: &Reference, error: &io::Error) -> Error {
    cannot(reference, format!("what it sends cannot be kept: {error}"))
}
