//! Errors on their way to the person: which exit code they have, and what to do next.

use std::io;

use plimsoll_core::Hint;

use crate::exit;
use crate::template::TemplateError;

/// An error that knows its exit code and the next step.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    message: String,
    hint: Option<Hint>,
    code: u8,
}

impl Failure {
    /// The work failed.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            code: exit::FAILED,
        }
    }

    /// The command line or a configuration file is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            code: exit::USAGE,
            ..Self::new(message)
        }
    }

    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(Hint::new(hint)),
            ..self
        }
    }
}

/// Gives an error another exit code than its own.
#[derive(Debug, thiserror::Error)]
#[error("{inner}")]
pub(crate) struct WithCode {
    inner: anyhow::Error,
    code: u8,
}

/// Where a command's errors have a code of their own, as those of `run` do.
pub(crate) fn with_code<T>(code: u8, result: anyhow::Result<T>) -> anyhow::Result<T> {
    result.map_err(|inner| WithCode { inner, code }.into())
}

/// An error and everything behind it, also behind a code of its own.
pub(crate) fn causes(
    error: &anyhow::Error,
) -> Box<dyn Iterator<Item = &(dyn std::error::Error + 'static)> + '_> {
    match error.downcast_ref::<WithCode>() {
        Some(with) => causes(&with.inner),
        None => Box::new(error.chain()),
    }
}

/// The exit code of an error: the one that it carries, else that of failed work.
pub(crate) fn code(error: &anyhow::Error) -> u8 {
    let carried = error.chain().find_map(|cause| {
        let failure = cause.downcast_ref::<Failure>().map(|failure| failure.code);
        let template = || cause.downcast_ref::<TemplateError>().map(|_| exit::USAGE);
        let name = || match cause.downcast_ref::<plimsoll_image::Error>() {
            Some(plimsoll_image::Error::Name { .. }) => Some(exit::USAGE),
            _ => None,
        };
        failure
            .or_else(|| cause.downcast_ref::<WithCode>().map(|with| with.code))
            .or_else(template)
            .or_else(name)
    });
    carried.unwrap_or(exit::FAILED)
}

/// Whoever read our output has had enough of it, as `head` has: nobody is left to tell an error to.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
    causes(error).any(|cause| cause.downcast_ref::<io::Error>().is_some_and(broken))
}

/// What to do next, where the error or one of its causes knows.
pub(crate) fn hint(error: &anyhow::Error) -> Option<Hint> {
    if let Some(with) = error.downcast_ref::<WithCode>() {
        return hint(&with.inner);
    }
    error.chain().find_map(|cause| {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            return failure.hint.clone();
        }
        if let Some(error) = cause.downcast_ref::<plimsoll_image::Error>() {
            return error.hint();
        }
        if let Some(error) = cause.downcast_ref::<plimsoll_sandbox::Error>() {
            return error.hint();
        }
        if let Some(error) = cause.downcast_ref::<plimsoll_build::Error>() {
            return error.hint();
        }
        if let Some(error) = cause.downcast_ref::<plimsoll_advisory::Error>() {
            return error.hint();
        }
        if let Some(error) = cause.downcast_ref::<plimsoll_inventory::Error>() {
            return error.hint();
        }
        if let Some(error) = cause.downcast_ref::<plimsoll_report::Error>() {
            return error.hint();
        }
        None
    })
}

/// The error and its causes in one line, without saying the same twice.
pub(crate) fn message(error: &anyhow::Error) -> String {
    if let Some(with) = error.downcast_ref::<WithCode>() {
        return message(&with.inner);
    }
    let mut message = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if message.is_empty() {
            message = text;
        } else if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
    }
    message
}

/// What the operating system said, without its number.
pub(crate) fn system(error: &std::io::Error) -> String {
    let text = error.to_string().to_lowercase();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
