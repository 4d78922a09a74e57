use serde::{Deserialize, Serialize};

/// A half-open range of byte offsets into one text: `start` is in it, `end` is behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

impl Span {
    /// The range from `start` up to, not including, `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// Whether there is no byte in the range.
    pub fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// The number, from 1, of the line of `text` where the range starts.
    pub fn line(self, text: &str) -> usize {
        let before = &text.as_bytes()[..self.start.min(text.len())];
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }
}
