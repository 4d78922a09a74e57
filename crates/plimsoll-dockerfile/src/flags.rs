//! `--name` and `--name=value` behind a keyword.

use plimsoll_core::Span;

use crate::ast::{Flag, Word};
use crate::diagnostics::{Diagnostic, suggestion};
use crate::lines::Piece;

/// Text whose quotes and escapes were taken away, each byte of which knows where it was.
#[derive(Debug, Clone)]
pub(crate) struct Cooked {
    text: String,
    offsets: Vec<usize>,
    /// Where the text is if it is empty.
    place: usize,
}

impl Cooked {
    fn new(place: usize) -> Self {
        Self {
            text: String::new(),
            offsets: Vec::new(),
            place,
        }
    }

    pub(crate) fn push(&mut self, c: char, offset: usize) {
        self.text.push(c);
        self.offsets.extend(offset..offset + c.len_utf8());
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn slice(&self, start: usize, end: usize) -> Self {
        let place = match start.checked_sub(1) {
            Some(before) => self.offsets[before] + 1,
            None => self.offsets.first().copied().unwrap_or(self.place),
        };
        Self {
            text: self.text[start..end].to_owned(),
            offsets: self.offsets[start..end].to_vec(),
            place,
        }
    }

    pub(crate) fn span(&self) -> Span {
        match (self.offsets.first(), self.offsets.last()) {
            (Some(first), Some(last)) => Span::new(*first, last + 1),
            _ => Span::new(self.place, self.place),
        }
    }

    pub(crate) fn word(&self) -> Word {
        Word {
            text: self.text.clone(),
            span: self.span(),
        }
    }
}

/// A flag as it was written.
#[derive(Debug)]
struct RawFlag {
    span: Span,
    name: Cooked,
    value: Option<Cooked>,
}

/// The flags of an instruction, from which each parser takes those that it knows.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    raw: Vec<RawFlag>,
    known: Vec<&'static str>,
}

impl Flags {
    /// Takes the flags off the front of what follows a keyword, and gives them and the rest. A backslash
    /// escapes in them whatever the file's escape character is; `--` ends them.
    pub(crate) fn take(rest: Piece<'_>) -> (Self, Piece<'_>) {
        let mut flags = Self::default();
        let mut rest = rest.trim();
        while rest.text().starts_with("--") {
            let (length, is_end) = flags.push_first(rest);
            rest = rest.from(length).trim();
            if is_end {
                break;
            }
        }
        (flags, rest)
    }

    /// Reads one flag, and gives its length in the text and whether it is the lone `--` that ends them.
    fn push_first(&mut self, rest: Piece<'_>) -> (usize, bool) {
        let text = rest.text();
        let mut cooked = Cooked::new(rest.offset(0));
        let mut quote = None;
        let mut length = text.len();
        let mut chars = text.char_indices();
        while let Some((at, c)) = chars.next() {
            match (c, quote) {
                ('\\', _) => {
                    if let Some((at, c)) = chars.next() {
                        cooked.push(c, rest.offset(at));
                    }
                }
                (c, Some(mark)) if c == mark => quote = None,
                ('\'' | '"', None) => quote = Some(c),
                (c, None) if c.is_whitespace() => {
                    length = at;
                    break;
                }
                (c, _) => cooked.push(c, rest.offset(at)),
            }
        }
        let is_end = cooked.text() == "--";
        if !is_end {
            let span = rest.slice(0..length).span();
            let dashes = 2;
            let (name, value) = match cooked.text().find('=') {
                Some(at) => (
                    cooked.slice(dashes, at),
                    Some(cooked.slice(at + 1, cooked.text().len())),
                ),
                None => (cooked.slice(dashes, cooked.text().len()), None),
            };
            self.raw.push(RawFlag { span, name, value });
        }
        (length, is_end)
    }

    fn all(&mut self, name: &'static str) -> Vec<RawFlag> {
        self.known.push(name);
        let (found, others) = self.raw.drain(..).partition(|flag| flag.name.text() == name);
        self.raw = others;
        found
    }

    fn one(&mut self, name: &'static str, diagnostics: &mut Vec<Diagnostic>) -> Option<RawFlag> {
        let mut found = self.all(name).into_iter();
        let first = found.next();
        for again in found {
            diagnostics.push(
                Diagnostic::error(
                    "duplicate-flag",
                    again.span,
                    format!("`--{name}` is given more than once"),
                )
                .with_hint("keep one of them"),
            );
        }
        first
    }

    /// A flag with a value; an empty value is as good as none.
    pub(crate) fn string(
        &mut self,
        name: &'static str,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Flag<Word>> {
        let flag = self.one(name, diagnostics)?;
        let value = required(&flag, diagnostics)?;
        if value.text().is_empty() {
            return None;
        }
        Some(Flag {
            span: flag.span,
            value: value.word(),
        })
    }

    /// A flag with a value that may be given many times.
    pub(crate) fn strings(
        &mut self,
        name: &'static str,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<Flag<Cooked>> {
        let found = self.all(name).into_iter();
        let with_value = |flag: RawFlag| {
            let value = required(&flag, diagnostics)?.clone();
            Some(Flag {
                span: flag.span,
                value,
            })
        };
        found.filter_map(with_value).collect()
    }

    /// A flag that is `true` or `false`, and `true` without a value.
    pub(crate) fn boolean(
        &mut self,
        name: &'static str,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Flag<bool>> {
        let flag = self.one(name, diagnostics)?;
        let value = match &flag.value {
            None => true,
            Some(value) => match value.text().to_ascii_lowercase().as_str() {
                "true" => true,
                "false" => false,
                _ => {
                    let span = if value.text().is_empty() {
                        flag.span
                    } else {
                        value.span()
                    };
                    diagnostics.push(
                        Diagnostic::error(
                            "bad-flag-value",
                            span,
                            format!("`--{name}` is `true` or `false`, not `{}`", value.text()),
                        )
                        .with_hint(format!("write `--{name}`")),
                    );
                    return None;
                }
            },
        };
        Some(Flag {
            span: flag.span,
            value,
        })
    }

    /// Complains about the flags that nobody took.
    pub(crate) fn finish(self, keyword: &str, diagnostics: &mut Vec<Diagnostic>) {
        for flag in self.raw {
            let name = flag.name.text();
            let message = format!("`{keyword}` has no flag `--{name}`");
            let diagnostic = Diagnostic::error("unknown-flag", flag.span, message);
            let hint = match suggestion(name, &self.known) {
                Some(known) => Some(format!("did you mean `--{known}`?")),
                None if self.known.is_empty() => {
                    let exec = matches!(keyword, "CMD" | "ENTRYPOINT");
                    exec.then(|| format!("write the arguments as a JSON array: `{keyword} [\"--{name}\"]`"))
                }
                None => {
                    let names: Vec<String> = self.known.iter().map(|known| format!("`--{known}`")).collect();
                    Some(format!("its flags are {}", names.join(", ")))
                }
            };
            diagnostics.push(match hint {
                Some(hint) => diagnostic.with_hint(hint),
                None => diagnostic,
            });
        }
    }

    /// Warns that the flags have no effect, for instructions where BuildKit passes over them.
    pub(crate) fn ignore(self, what: &str, diagnostics: &mut Vec<Diagnostic>) {
        for flag in self.raw {
            let message = format!("`--{}` has no effect on `{what}`", flag.name.text());
            diagnostics
                .push(Diagnostic::warning("ignored-flag", flag.span, message).with_hint("take it away"));
        }
    }
}

fn required<'f>(flag: &'f RawFlag, diagnostics: &mut Vec<Diagnostic>) -> Option<&'f Cooked> {
    if flag.value.is_none() {
        let name = flag.name.text();
        diagnostics.push(
            Diagnostic::error(
                "missing-flag-value",
                flag.span,
                format!("`--{name}` has no value"),
            )
            .with_hint(format!("write `--{name}=VALUE`, without a space")),
        );
    }
    flag.value.as_ref()
}
