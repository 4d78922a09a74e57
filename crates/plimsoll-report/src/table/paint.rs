use plimsoll_core::{Assessment, Severity};

/// What a word is coloured for.
///
/// A table is laid out before it is coloured: the paint is an invisible character of no width before and behind the
/// word, which [`finish`] turns into the terminal's colours. Foreign texts come without these characters
/// ([`crate::text::clean`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    Bold,
    Good,
    Bad,
    Critical,
    High,
    Medium,
    Low,
}

const END: char = '\u{2064}';

impl Paint {
    const ALL: [Self; 7] = [
        Self::Bold,
        Self::Good,
        Self::Bad,
        Self::Critical,
        Self::High,
        Self::Medium,
        Self::Low,
    ];

    fn mark(self) -> char {
        match self {
            Self::Bold => '\u{2061}',
            Self::Good => '\u{2062}',
            Self::Bad => '\u{2063}',
            Self::Critical => '\u{206a}',
            Self::High => '\u{206b}',
            Self::Medium => '\u{206c}',
            Self::Low => '\u{206d}',
        }
    }

    /// The terminal's code (ECMA-48 SGR).
    fn code(self) -> &'static str {
        match self {
            Self::Bold => "\x1b[1m",
            Self::Good => "\x1b[32m",
            Self::Bad => "\x1b[1;33m",
            Self::Critical => "\x1b[1;31m",
            Self::High => "\x1b[31m",
            Self::Medium => "\x1b[33m",
            Self::Low => "\x1b[36m",
        }
    }

    pub(super) fn of(self, text: &str) -> String {
        format!("{}{text}{END}", self.mark())
    }

    pub(super) fn severity(severity: Severity) -> String {
        Self::of_severity(severity, severity.as_str())
    }

    /// `text` in the colour of `severity`.
    pub(super) fn of_severity(severity: Severity, text: &str) -> String {
        match severity {
            Severity::Critical => Self::Critical.of(text),
            Severity::High => Self::High.of(text),
            Severity::Medium => Self::Medium.of(text),
            Severity::Low => Self::Low.of(text),
            Severity::Unknown => text.to_owned(),
        }
    }

    pub(super) fn assessment(assessment: Assessment) -> String {
        let word = crate::text::assessment(assessment);
        match assessment {
            Assessment::Met => Self::Good.of(word),
            Assessment::Unmet => Self::High.of(word),
            Assessment::NotAssessed => Self::Bad.of(word),
        }
    }
}

/// `text` with its painted words in colour, or plain.
pub(super) fn finish(text: &str, color: bool) -> String {
    let mut finished = String::with_capacity(text.len());
    let mut rest = text;
    // All marks begin with these two bytes, and few other characters do.
    let begins = memchr::memmem::Finder::new(b"\xe2\x81");
    while let Some(at) = begins.find(rest.as_bytes()) {
        let (plain, marked) = rest.split_at(at);
        finished.push_str(plain);
        let mut characters = marked.chars();
        if let Some(character) = characters.next() {
            match Paint::ALL.into_iter().find(|paint| paint.mark() == character) {
                Some(paint) if color => finished.push_str(paint.code()),
                None if character == END && color => finished.push_str("\x1b[0m"),
                None if character != END => finished.push(character),
                Some(_) | None => {}
            }
        }
        rest = characters.as_str();
    }
    finished.push_str(rest);
    finished
}
