use plimsoll_core::{Hint, Span};
use serde::Serialize;

/// How grave a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The file cannot be built.
    Error,
    /// It can be built, but does not mean what it seems to mean, or soon will not.
    Warning,
}

/// What is wrong with one part of a text, independent of how it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How grave it is.
    pub level: Level,
    /// A short stable name of the kind of problem: `unknown-instruction`.
    pub code: &'static str,
    /// A lower-case fragment with literals in backticks.
    pub message: String,
    /// The bytes that it is about.
    pub span: Span,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<Hint>,
}

impl Diagnostic {
    pub(crate) fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            level: Level::Error,
            code,
            message: message.into(),
            span,
            hint: None,
        }
    }

    pub(crate) fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            level: Level::Warning,
            code,
            message: message.into(),
            span,
            hint: None,
        }
    }

    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(Hint::new(hint));
        self
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// The one of `known` that somebody who wrote `word` most likely meant, if any is near enough.
pub(crate) fn suggestion<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let distance =
        |name: &str| strsim::damerau_levenshtein(&word.to_ascii_lowercase(), &name.to_ascii_lowercase());
    // A text much longer than any name is not worth the quadratic time.
    if word.len() > 40 {
        return None;
    }
    let nearest = known.iter().map(|name| (distance(name), *name)).min()?;
    (nearest.0 <= 1.max(nearest.1.len() / 3)).then_some(nearest.1)
}
