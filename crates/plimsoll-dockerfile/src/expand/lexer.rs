//! BuildKit's shell lexer: quotes, escapes, `$variables` and the splitting into words, in one pass.

use std::collections::BTreeSet;
use std::ops::Range;

use super::pattern::{Extent, Pattern};
use super::{Environment, Expansion};
use crate::error::{Error, Result};

/// How deep `${…}` may nest.
const MAX_DEPTH: usize = 100;
/// How many bytes an expanded word may have.
const MAX_LENGTH: usize = 16 << 20;

/// What is kept as it is written. All `false` is what instructions need.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Keep {
    /// Quotation marks stay in the result.
    pub(crate) quotes: bool,
    /// Escape characters stay in the result.
    pub(crate) escapes: bool,
    /// Quotation marks have no meaning.
    pub(crate) quotes_plain: bool,
    /// Unset variables stay as they are written.
    pub(crate) unset: bool,
}

/// A word that came of splitting, and the bytes of the source that it came from.
pub(crate) struct SplitWord {
    pub(crate) text: String,
    pub(crate) range: Range<usize>,
}

pub(crate) struct Lexer<'a> {
    source: &'a str,
    position: usize,
    escape: char,
    keep: Keep,
    environment: &'a dyn Environment,
    used: BTreeSet<String>,
    unset: BTreeSet<String>,
    depth: usize,
}

#[derive(Default)]
struct Words {
    done: Vec<SplitWord>,
    current: String,
    /// Whether a word has begun. As in BuildKit, one that has begun but is still empty is not ended by space.
    begun: bool,
    range: Range<usize>,
}

impl Words {
    fn add(&mut self, c: char, source: &Range<usize>) {
        if !c.is_whitespace() {
            self.add_raw(c.encode_utf8(&mut [0; 4]), source);
        } else if self.begun && !self.current.is_empty() {
            self.finish();
        }
    }

    fn add_raw(&mut self, text: &str, source: &Range<usize>) {
        if !self.begun {
            self.range.start = source.start;
        }
        self.current.push_str(text);
        self.range.end = source.end;
        self.begun = true;
    }

    fn finish(&mut self) {
        if !self.current.is_empty() {
            let text = std::mem::take(&mut self.current);
            self.done.push(SplitWord {
                text,
                range: self.range.clone(),
            });
        }
        self.begun = false;
    }
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(source: &'a str, escape: char, keep: Keep, environment: &'a dyn Environment) -> Self {
        Self {
            source,
            position: 0,
            escape,
            keep,
            environment,
            used: BTreeSet::new(),
            unset: BTreeSet::new(),
            depth: 0,
        }
    }

    pub(crate) fn run(mut self) -> Result<Expansion> {
        let (text, words) = self.until(None, self.keep.escapes)?;
        let words = words.into_iter().map(|word| word.text).collect();
        Ok(Expansion {
            text,
            words,
            used: self.used,
            unset: self.unset,
        })
    }

    pub(crate) fn split(mut self) -> Result<Vec<SplitWord>> {
        self.until(None, self.keep.escapes).map(|(_, words)| words)
    }

    fn peek(&self) -> Option<char> {
        self.source[self.position..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.position += c.len_utf8();
        Some(c)
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.position += c.len_utf8();
        }
        found
    }

    /// Reads up to `stop`, which is consumed, or to the end.
    fn until(&mut self, stop: Option<char>, raw_escapes: bool) -> Result<(String, Vec<SplitWord>)> {
        if self.depth > MAX_DEPTH {
            return Err(Error::TooDeep(MAX_DEPTH));
        }
        self.depth += 1;
        let outer = std::mem::replace(&mut self.keep.escapes, raw_escapes);
        let result = self.until_inner(stop);
        self.keep.escapes = outer;
        self.depth -= 1;
        result
    }

    fn until_inner(&mut self, stop: Option<char>) -> Result<(String, Vec<SplitWord>)> {
        let mut result = String::new();
        let mut words = Words::default();
        loop {
            let start = self.position;
            let Some(c) = self.peek() else { break };
            if stop == Some(c) {
                self.next();
                words.finish();
                return Ok((result, words.done));
            }
            match c {
                '\'' | '"' if !self.keep.quotes_plain => {
                    let text = if c == '"' {
                        self.double_quoted()?
                    } else {
                        self.single_quoted()?
                    };
                    words.add_raw(&text, &(start..self.position));
                    result.push_str(&text);
                }
                '$' => {
                    let text = self.dollar()?;
                    let source = start..self.position;
                    text.chars().for_each(|c| words.add(c, &source));
                    result.push_str(&text);
                }
                '<' => {
                    let text = self.heredoc_start();
                    words.add_raw(text, &(start..self.position));
                    result.push_str(text);
                }
                c if c == self.escape => {
                    self.next();
                    if self.keep.escapes {
                        words.add_raw(c.encode_utf8(&mut [0; 4]), &(start..self.position));
                        result.push(c);
                    }
                    let Some(escaped) = self.next() else { break };
                    words.add_raw(escaped.encode_utf8(&mut [0; 4]), &(start..self.position));
                    result.push(escaped);
                }
                c => {
                    self.next();
                    words.add(c, &(start..self.position));
                    result.push(c);
                }
            }
            if result.len() > MAX_LENGTH {
                return Err(Error::TooLong(MAX_LENGTH));
            }
        }
        if stop.is_some() {
            return Err(Error::UnclosedBrace);
        }
        words.finish();
        Ok((result, words.done))
    }

    /// `<`, or `<<` with the white space behind it, which belongs to the word of a here-document.
    fn heredoc_start(&mut self) -> &'a str {
        let start = self.position;
        self.next();
        if self.take('<') {
            while self.peek().is_some_and(char::is_whitespace) {
                self.next();
            }
        }
        &self.source[start..self.position]
    }

    fn single_quoted(&mut self) -> Result<String> {
        let mut result = String::new();
        self.next();
        loop {
            match self.next() {
                None => return Err(Error::UnclosedQuote('\'')),
                Some('\'') => return Ok(self.requote(result, '\'')),
                Some(c) => result.push(c),
            }
        }
    }

    fn double_quoted(&mut self) -> Result<String> {
        let mut result = String::new();
        self.next();
        loop {
            match self.peek() {
                None => return Err(Error::UnclosedQuote('"')),
                Some('"') => {
                    self.next();
                    return Ok(self.requote(result, '"'));
                }
                Some('$') => result.push_str(&self.dollar()?),
                Some(c) if c == self.escape => {
                    self.next();
                    if self.keep.escapes {
                        result.push(c);
                    }
                    match self.peek() {
                        None => {}
                        Some(escaped) if escaped == '"' || escaped == '$' || escaped == self.escape => {
                            self.next();
                            result.push(escaped);
                        }
                        Some(_) => result.push(c),
                    }
                }
                Some(c) => {
                    self.next();
                    result.push(c);
                }
            }
            if result.len() > MAX_LENGTH {
                return Err(Error::TooLong(MAX_LENGTH));
            }
        }
    }

    fn requote(&self, text: String, mark: char) -> String {
        if self.keep.quotes {
            format!("{mark}{text}{mark}")
        } else {
            text
        }
    }

    fn dollar(&mut self) -> Result<String> {
        self.next();
        if !self.take('{') {
            let name = self.name();
            if name.is_empty() {
                return Ok("$".to_owned());
            }
            return Ok(match self.lookup(name) {
                None if self.keep.unset => format!("${name}"),
                value => value.unwrap_or_default(),
            });
        }
        match self.peek() {
            None => return Err(Error::UnclosedBrace),
            Some('{' | '}' | ':') => return Err(Error::NoVariableName),
            Some(_) => {}
        }
        let name = self.name();
        match self.next() {
            None => Err(Error::UnclosedBrace),
            Some('}') => Ok(match self.lookup(name) {
                None if self.keep.unset => format!("${{{name}}}"),
                value => value.unwrap_or_default(),
            }),
            Some(':') => match self.next() {
                None => Err(Error::UnclosedBrace),
                Some(c @ ('#' | '%')) => Err(unsupported(name, &format!(":{c}"))),
                Some(c) => self.modified(name, c, true),
            },
            Some(c @ ('+' | '-' | '?' | '#' | '%')) => self.modified(name, c, false),
            Some('/') => self.substituted(name),
            Some(c) => Err(unsupported(name, c.encode_utf8(&mut [0; 4]))),
        }
    }

    /// `${name:-word}` and its kin, from behind the modifier. With `empty_is_unset` there was a colon.
    fn modified(&mut self, name: &str, modifier: char, empty_is_unset: bool) -> Result<String> {
        let strips = matches!(modifier, '#' | '%');
        let (word, _) = self.until(Some('}'), strips)?;
        let colon = if empty_is_unset { ":" } else { "" };
        let value = self.lookup(name);
        if value.is_none() && self.keep.unset {
            return Ok(format!("${{{name}{colon}{modifier}{word}}}"));
        }
        let present = value
            .as_ref()
            .is_some_and(|value| !(empty_is_unset && value.is_empty()));
        let is_set = value.is_some();
        let value = value.unwrap_or_default();
        match modifier {
            '-' => Ok(if present { value } else { word }),
            '+' => Ok(if present { word } else { String::new() }),
            '?' if present => Ok(value),
            '?' => {
                let message = match (word.is_empty(), is_set) {
                    (false, _) => word,
                    (true, true) => "is not allowed to be empty".to_owned(),
                    (true, false) => "is not allowed to be unset".to_owned(),
                };
                Err(Error::RequiredVariable {
                    name: name.to_owned(),
                    message,
                })
            }
            '#' | '%' => {
                let (pattern, extent) = match word.strip_prefix(modifier) {
                    Some(pattern) => (pattern, Extent::Longest),
                    None => (word.as_str(), Extent::Shortest),
                };
                let pattern = Pattern::parse(pattern)?;
                if modifier == '#' {
                    pattern.strip_prefix(&value, extent)
                } else {
                    pattern.strip_suffix(&value, extent)
                }
            }
            other => Err(unsupported(name, &format!("{colon}{other}"))),
        }
    }

    /// `${name/pattern/replacement}` and `${name//pattern/replacement}`, from behind the first slash.
    fn substituted(&mut self, name: &str) -> Result<String> {
        let all = self.take('/');
        let (pattern, _) = self.until(Some('/'), true).map_err(|error| match error {
            Error::UnclosedBrace => Error::NoReplacement {
                name: name.to_owned(),
            },
            error => error,
        })?;
        let (replacement, _) = self.until(Some('}'), true)?;
        match self.lookup(name) {
            None if self.keep.unset => {
                let slashes = if all { "//" } else { "/" };
                Ok(format!("${{{name}{slashes}{pattern}/{replacement}}}"))
            }
            value => {
                let value = value.unwrap_or_default();
                let result = Pattern::parse(&pattern)?.replace(&value, &replacement, all)?;
                if result.len() > MAX_LENGTH {
                    Err(Error::TooLong(MAX_LENGTH))
                } else {
                    Ok(result)
                }
            }
        }
    }

    /// A variable's name: digits, one special parameter, or letters, digits and underscores.
    fn name(&mut self) -> &'a str {
        let rest = &self.source[self.position..];
        let end_of = |part: fn(char) -> bool| rest.find(|c| !part(c)).unwrap_or(rest.len());
        let length = match rest.chars().next() {
            Some(c) if c.is_ascii_digit() => end_of(|c| c.is_ascii_digit()),
            Some('@' | '*' | '#' | '?' | '-' | '$' | '!') => 1,
            _ => end_of(|c| c.is_alphanumeric() || c == '_'),
        };
        self.position += length;
        &rest[..length]
    }

    fn lookup(&mut self, name: &str) -> Option<String> {
        let value = self.environment.get(name);
        let seen = if value.is_some() {
            &mut self.used
        } else {
            &mut self.unset
        };
        if !seen.contains(name) {
            seen.insert(name.to_owned());
        }
        value.map(std::borrow::Cow::into_owned)
    }
}

fn unsupported(name: &str, modifier: &str) -> Error {
    Error::UnsupportedModifier {
        name: name.to_owned(),
        modifier: modifier.to_owned(),
    }
}
