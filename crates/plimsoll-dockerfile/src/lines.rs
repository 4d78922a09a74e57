//! Physical lines, and the logical lines that continuations make of them.

use std::ops::Range;

use plimsoll_core::Span;

use crate::ast::{Lines, Word};

/// The white space that parts arguments in BuildKit: `[\t\v\f\r ]`.
pub(crate) fn is_separator(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ')
}

/// One line of the file: where its content starts and ends, and where the next line starts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Physical {
    pub(crate) start: usize,
    /// Behind the last byte that is not a line ending.
    pub(crate) end: usize,
    pub(crate) next: usize,
}

/// Where the lines of a text start.
pub(crate) struct LineNumbers(Vec<usize>);

impl LineNumbers {
    pub(crate) fn new(text: &str) -> Self {
        let after_breaks = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(i, _)| i + 1);
        Self(std::iter::once(0).chain(after_breaks).collect())
    }

    /// The numbers of the lines where a span starts and where its last byte is.
    pub(crate) fn lines(&self, span: Span) -> Lines {
        let number = |offset| self.0.partition_point(|start| *start <= offset);
        Lines {
            first: number(span.start),
            last: number(span.end.saturating_sub(1).max(span.start)),
        }
    }
}

/// Hands out the physical lines of a text.
pub(crate) struct Reader<'t> {
    text: &'t str,
    position: usize,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        // A byte order mark is no part of the first line.
        let position = if text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        Self { text, position }
    }

    pub(crate) fn next(&mut self) -> Option<Physical> {
        let start = self.position;
        let rest = &self.text[start..];
        if rest.is_empty() {
            return None;
        }
        let length = rest.find('\n').map_or(rest.len(), |at| at + 1);
        self.position = start + length;
        let content = rest[..length].trim_end_matches(['\r', '\n']);
        Some(Physical {
            start,
            end: start + content.len(),
            next: self.position,
        })
    }

    pub(crate) fn content(&self, line: Physical) -> &'t str {
        &self.text[line.start..line.end]
    }

    /// The content with its line ending.
    pub(crate) fn whole(&self, line: Physical) -> &'t str {
        &self.text[line.start..line.next]
    }
}

/// Takes a line continuation away: the escape character, not escaped itself, at the end of the line, with
/// blanks behind it at most. Gives the rest and whether there was one.
pub(crate) fn strip_continuation(content: &str, escape: char) -> (&str, bool) {
    match content.trim_end_matches([' ', '\t']).strip_suffix(escape) {
        Some(rest) if !rest.ends_with(escape) => (rest, true),
        _ => (content, false),
    }
}

/// Text joined from parts of the file, each byte of which knows where it was.
#[derive(Debug, Default)]
pub(crate) struct Line {
    text: String,
    /// Offsets in `text` and in the file where each part starts.
    parts: Vec<(usize, usize)>,
}

impl Line {
    pub(crate) fn push(&mut self, text: &str, offset: usize) {
        self.parts.push((self.text.len(), offset));
        self.text.push_str(text);
    }

    pub(crate) fn piece(&self) -> Piece<'_> {
        Piece {
            line: self,
            start: 0,
            end: self.text.len(),
        }
    }

    /// Where in the file the byte at `position` is.
    fn offset(&self, position: usize) -> usize {
        let index = self.parts.partition_point(|(start, _)| *start <= position);
        match index.checked_sub(1).map(|index| self.parts[index]) {
            Some((start, offset)) => offset + (position - start),
            None => 0,
        }
    }
}

/// A part of a logical line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece<'a> {
    line: &'a Line,
    start: usize,
    end: usize,
}

impl<'a> Piece<'a> {
    pub(crate) fn text(self) -> &'a str {
        &self.line.text[self.start..self.end]
    }

    /// With what stands behind it in its line.
    pub(crate) fn to_line_end(self) -> &'a str {
        &self.line.text[self.start..]
    }

    pub(crate) fn is_empty(self) -> bool {
        self.start == self.end
    }

    pub(crate) fn span(self) -> Span {
        let first = match self.start.checked_sub(1) {
            Some(before) if self.is_empty() => self.line.offset(before) + 1,
            _ => self.line.offset(self.start),
        };
        let end = if self.is_empty() {
            first
        } else {
            self.line.offset(self.end - 1) + 1
        };
        Span::new(first, end)
    }

    pub(crate) fn word(self) -> Word {
        Word {
            text: self.text().to_owned(),
            span: self.span(),
        }
    }

    /// Where in the file the byte at `position` of this piece is.
    pub(crate) fn offset(self, position: usize) -> usize {
        self.line.offset(self.start + position)
    }

    /// A part of it, by offsets into [`Piece::text`].
    pub(crate) fn slice(self, range: Range<usize>) -> Self {
        Self {
            line: self.line,
            start: self.start + range.start,
            end: self.start + range.end,
        }
    }

    pub(crate) fn from(self, start: usize) -> Self {
        self.slice(start..self.text().len())
    }

    pub(crate) fn trim(self) -> Self {
        self.trim_matches(char::is_whitespace)
    }

    fn trim_matches(self, matches: fn(char) -> bool) -> Self {
        let text = self.text();
        let start = text.len() - text.trim_start_matches(matches).len();
        let end = start + text[start..].trim_end_matches(matches).len();
        self.slice(start..end)
    }

    /// What is before the first separator, and what is behind it and those that follow.
    pub(crate) fn split_first(self) -> (Self, Option<Self>) {
        let text = self.text();
        match text.find(is_separator) {
            None => (self, None),
            Some(at) => {
                let rest = text[at..].trim_start_matches(is_separator);
                (self.slice(0..at), Some(self.from(text.len() - rest.len())))
            }
        }
    }

    /// The parts between separators.
    pub(crate) fn split(self) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut rest = Some(self.trim_matches(is_separator));
        while let Some(piece) = rest.filter(|piece| !piece.is_empty()) {
            let (first, others) = piece.split_first();
            parts.push(first);
            rest = others;
        }
        parts
    }

    /// What is before and behind the first `separator`.
    pub(crate) fn split_once(self, separator: char) -> Option<(Self, Self)> {
        let at = self.text().find(separator)?;
        Some((self.slice(0..at), self.from(at + separator.len_utf8())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn continuations() {
        for (content, expected) in [
            ("a \\", ("a ", true)),
            ("a \\ \t", ("a ", true)),
            ("\\", ("", true)),
            ("a \\\\", ("a \\\\", false)),
            ("a \\\\\\", ("a \\\\\\", false)),
            ("a \\b", ("a \\b", false)),
            ("a `", ("a `", false)),
            ("", ("", false)),
        ] {
            assert_eq!(strip_continuation(content, '\\'), expected, "{content:?}");
        }
        assert_eq!(strip_continuation("a `", '`'), ("a ", true));
    }

    #[test]
    fn a_word_across_parts_spans_them() {
        let mut line = Line::default();
        line.push("RUN ab", 10);
        line.push("cd e", 30);
        let words = line.piece().split();
        assert_eq!(
            words[1].word(),
            Word {
                text: "abcd".to_owned(),
                span: Span::new(14, 32)
            }
        );
        assert_eq!(words[2].span(), Span::new(33, 34));
        assert_eq!(line.piece().from(10).span(), Span::new(34, 34));
    }
}
