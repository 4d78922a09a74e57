use plimsoll_core::Span;
use serde::Serialize;

/// A piece of an instruction and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Word {
    /// The text with line continuations joined; quotes and variables are as written, except in a word of a
    /// JSON array, which is decoded.
    pub text: String,
    /// From its first to its last byte; continuations and comments between them are inside the span.
    pub span: Span,
}

/// The numbers, from 1, of the first and the last line of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Lines {
    /// The first.
    pub first: usize,
    /// The last.
    pub last: usize,
}

/// A comment line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comment {
    /// From `#` to the end of the line.
    pub span: Span,
    /// What is behind `#`, trimmed.
    pub text: String,
}

/// A flag of an instruction: `--name` or `--name=value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Flag<T> {
    /// The whole flag, from its dashes.
    pub span: Span,
    /// What it says.
    pub value: T,
}

/// A here-document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Heredoc {
    /// The delimiter, without quotes. A `COPY` takes it as the name of the file.
    pub name: String,
    /// The number of the file descriptor before `<<`, usually 0.
    pub file_descriptor: u32,
    /// Whether variables in the content are expanded: the delimiter has no quotes.
    pub expand: bool,
    /// Whether it was written `<<-`: leading tabs go away, see [`Heredoc::text`].
    pub strip_tabs: bool,
    /// The lines as they stand, each with its line feed.
    pub content: String,
    /// Where the content is, the line of the end delimiter not included.
    pub span: Span,
}

impl Heredoc {
    /// The content as it counts: without leading tabs if it was written with `<<-`.
    pub fn text(&self) -> String {
        if !self.strip_tabs {
            return self.content.clone();
        }
        self.content
            .split_inclusive('\n')
            .map(|line| line.trim_start_matches('\t'))
            .collect()
    }
}
