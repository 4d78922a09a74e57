use plimsoll_core::{Hint, Span};

use crate::{Diagnostic, Level};

/// What can go wrong when words are expanded, options resolved or patterns read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A quotation mark without its partner.
    #[error("the quotation mark `{0}` is not closed")]
    UnclosedQuote(char),
    /// `${` without `}`.
    #[error("`${{` is not closed with `}}`")]
    UnclosedBrace,
    /// `${name/pattern` without the slash before the replacement.
    #[error("`${{{name}/` has no `/` before the replacement")]
    NoReplacement {
        /// The variable.
        name: String,
    },
    /// `${}`, `${:` or `${{`.
    #[error("`${{` is not followed by the name of a variable")]
    NoVariableName,
    /// A modifier that the language does not have, such as the substring form of bash.
    #[error("the modifier `{modifier}` of `${{{name}{modifier}…}}` is not supported")]
    UnsupportedModifier {
        /// The variable.
        name: String,
        /// What follows its name.
        modifier: String,
    },
    /// `${name?}` or `${name:?}` of a variable without a value.
    #[error("`{name}`: {message}")]
    RequiredVariable {
        /// The variable.
        name: String,
        /// The message in the word, or that it is unset or empty.
        message: String,
    },
    /// A pattern behind `#`, `%` or `/` escapes a character that needs none.
    #[error("the pattern `{0}` escapes a character other than `*`, `?` and the backslash")]
    BadEscape(String),
    /// A word nests `${…}` too deeply to be meant.
    #[error("the word nests `${{…}}` more than {0} deep")]
    TooDeep(usize),
    /// An expansion grows beyond the limit, in bytes.
    #[error("the expanded word is longer than {0} bytes")]
    TooLong(usize),
    /// A glob pattern that Go's `filepath.Match` refuses.
    #[error("`{0}` is not a valid pattern")]
    BadPattern(String),
    /// A line of an ignore file that holds no valid pattern.
    #[error("line {line}: `{pattern}` is not a valid pattern")]
    BadIgnorePattern {
        /// Its number, from 1.
        line: usize,
        /// The pattern.
        pattern: String,
    },
    /// The bytes of a file are UTF-16.
    #[error("the text is UTF-16")]
    Utf16,
    /// A `--mount` that cannot be understood.
    #[error("{0}")]
    Invalid(Diagnostic),
    /// An error and the bytes of the Dockerfile that it is about.
    #[error("{source}")]
    At {
        /// The bytes.
        span: Span,
        /// The error.
        source: Box<Self>,
    },
}

/// A result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The bytes of the Dockerfile that it is about, where they are known.
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::At { span, .. } => Some(*span),
            Self::Invalid(diagnostic) => Some(diagnostic.span),
            _ => None,
        }
    }

    /// What to do about it, where there is something.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::At { source, .. } => source.hint(),
            Self::Invalid(diagnostic) => diagnostic.hint.clone(),
            Self::UnclosedQuote(mark) => Some(Hint::new(format!(
                "close it, or escape it to mean `{mark}` itself"
            ))),
            Self::UnsupportedModifier { .. } => Some(Hint::new(
                "use one of `:-` `-` `:+` `+` `:?` `?` `#` `##` `%` `%%` `/` `//`",
            )),
            Self::Utf16 => Some(Hint::new("save it as UTF-8")),
            Self::RequiredVariable { name, .. } => Some(Hint::new(format!(
                "pass `--build-arg {name}=…`, or give it a default"
            ))),
            _ => None,
        }
    }

    /// It as a diagnostic; `place` stands in where it does not know its own bytes.
    pub fn to_diagnostic(&self, place: Span) -> Diagnostic {
        match self {
            Self::Invalid(diagnostic) => diagnostic.clone(),
            _ => Diagnostic {
                level: Level::Error,
                code: self.code(),
                message: self.to_string(),
                span: self.span().unwrap_or(place),
                hint: self.hint(),
            },
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::UnclosedQuote(_) => "unclosed-quote",
            Self::UnclosedBrace | Self::NoReplacement { .. } | Self::NoVariableName => "bad-substitution",
            Self::UnsupportedModifier { .. } => "unsupported-modifier",
            Self::RequiredVariable { .. } => "required-variable",
            Self::BadEscape(_) | Self::BadPattern(_) | Self::BadIgnorePattern { .. } => "bad-pattern",
            Self::TooDeep(_) | Self::TooLong(_) => "expansion-limit",
            Self::Utf16 => "not-utf-8",
            Self::Invalid(diagnostic) => diagnostic.code,
            Self::At { source, .. } => source.code(),
        }
    }

    pub(crate) fn at(self, span: Span) -> Self {
        match self {
            Self::At { .. } | Self::Invalid(_) => self,
            _ => Self::At {
                span,
                source: Box::new(self),
            },
        }
    }
}
