//! Word expansion, as BuildKit's shell lexer does it.
//!
//! Quotes and escapes are taken away and variables replaced: `$v`, `${v}`, `${v:-w}`, `${v-w}`, `${v:+w}`,
//! `${v+w}`, `${v:?w}`, `${v?w}`, `${v#p}`, `${v##p}`, `${v%p}`, `${v%%p}`, `${v/p/r}` and `${v//p/r}`, where
//! `w`, `p` and `r` may hold variables themselves. Which words of which instruction are expanded is the
//! matter of [`InstructionKind::expand`](crate::InstructionKind::expand).

mod instruction;
mod lexer;
mod pattern;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use instruction::{ExpandedArg, Usage};
pub(crate) use lexer::{Keep, Lexer};

use crate::error::Result;

/// Where the values of variables come from.
pub trait Environment {
    /// The value of the variable; `None` if it is not set, which is not the same as empty.
    fn get(&self, name: &str) -> Option<Cow<'_, str>>;
}

impl Environment for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(|value| Cow::Borrowed(value.as_str()))
    }
}

impl<S: std::hash::BuildHasher> Environment for HashMap<String, String, S> {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(|value| Cow::Borrowed(value.as_str()))
    }
}

/// Names and values; the last of a name counts.
impl Environment for [(String, String)] {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        let pair = self.iter().rev().find(|(key, _)| key == name);
        pair.map(|(_, value)| Cow::Borrowed(value.as_str()))
    }
}

/// Names and values; the last of a name counts.
impl Environment for Vec<(String, String)> {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        Environment::get(self.as_slice(), name)
    }
}

/// An environment where nothing is set.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoVariables;

impl Environment for NoVariables {
    fn get(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
}

/// What a word comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expansion {
    /// The word without quotes and escapes, with its variables replaced.
    pub text: String,
    /// The same split at the white space that is neither quoted nor escaped; white space in the value of an
    /// unquoted variable splits too. No word is empty.
    pub words: Vec<String>,
    /// The variables that were looked up and are set.
    pub used: BTreeSet<String>,
    /// The variables that were looked up and are not set.
    pub unset: BTreeSet<String>,
}

/// Expands a word. `escape` is the character that escapes, [`Dockerfile::escape`](crate::Dockerfile::escape).
///
/// # Errors
/// For unclosed quotes and braces, modifiers that the language does not have, `${v?}` of an unset variable,
/// and results that grow beyond 16 MiB.
pub fn expand(word: &str, escape: char, environment: &dyn Environment) -> Result<Expansion> {
    Lexer::new(word, escape, Keep::default(), environment).run()
}

/// Expands a word to one text, as BuildKit's `ProcessWord`.
///
/// # Errors
/// As [`expand`].
pub fn expand_word(word: &str, escape: char, environment: &dyn Environment) -> Result<String> {
    expand(word, escape, environment).map(|expansion| expansion.text)
}

/// Expands a word and splits the result, as BuildKit's `ProcessWords`.
///
/// # Errors
/// As [`expand`].
pub fn expand_words(word: &str, escape: char, environment: &dyn Environment) -> Result<Vec<String>> {
    expand(word, escape, environment).map(|expansion| expansion.words)
}

/// Expands the content of a here-document that `COPY` or `ADD` copies: variables are replaced, a backslash
/// escapes, and quotation marks are text.
///
/// # Errors
/// As [`expand`].
pub fn expand_heredoc(content: &str, environment: &dyn Environment) -> Result<Expansion> {
    let keep = Keep {
        quotes_plain: true,
        ..Keep::default()
    };
    Lexer::new(content, '\\', keep, environment).run()
}

/// Expands a word for display: quotes stay, and so do variables that are not set, as in the step names that
/// BuildKit shows. A word that cannot be expanded is given back as it is.
pub fn expand_for_display(word: &str, escape: char, environment: &dyn Environment) -> String {
    let keep = Keep {
        quotes: true,
        unset: true,
        ..Keep::default()
    };
    match Lexer::new(word, escape, keep, environment).run() {
        Ok(expansion) => expansion.text,
        Err(_) => word.to_owned(),
    }
}

#[cfg(test)]
mod tests;
