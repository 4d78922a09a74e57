//! One pattern of an ignore file.

use crate::glob::{Class, GoPattern};

#[derive(Debug, Clone)]
pub(super) struct Pattern {
    exception: bool,
    text: String,
    form: Form,
}

/// How the pattern is matched. The special forms are not only faster: in them Docker gives a leading and a
/// trailing `**` a meaning of their own.
#[derive(Debug, Clone)]
enum Form {
    /// No wildcards.
    Exact,
    /// Nothing but `**` at the end: the path starts with what is before it.
    Prefix(Vec<char>),
    /// Nothing but `**` at the start: the path ends with what is behind it.
    Suffix(Vec<char>),
    Tokens(Vec<Token>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Literal(char),
    /// `?`: one character but the slash.
    Any,
    /// `*`: any number of characters but the slash.
    Star,
    /// `**` at the end: anything.
    All,
    /// `**` or `**/` elsewhere: nothing, or anything that ends in a slash.
    Directories,
    Class(Class),
}

impl Pattern {
    /// Reads a pattern, trimmed and not empty; `None` if it is invalid.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let (exception, text) = match line.strip_prefix('!') {
            Some(rest) => (true, rest.trim()),
            None => (false, line),
        };
        if text.is_empty() {
            return None;
        }
        let text = clean(text);
        let text = text
            .strip_prefix('/')
            .filter(|rest| !rest.is_empty())
            .unwrap_or(&text)
            .to_owned();
        GoPattern::parse(&text).ok()?;
        let form = compile(&text)?;
        Some(Self {
            exception,
            text,
            form,
        })
    }

    /// Whether it was written with `!`.
    pub(super) fn is_exception(&self) -> bool {
        self.exception
    }

    pub(super) fn matches(&self, path: &[char]) -> bool {
        match &self.form {
            Form::Exact => self.text.chars().eq(path.iter().copied()),
            Form::Prefix(prefix) => path.starts_with(prefix),
            Form::Suffix(suffix) => {
                path.ends_with(suffix) || suffix.strip_prefix(&['/']).is_some_and(|suffix| suffix == path)
            }
            Form::Tokens(tokens) => matches(tokens, path),
        }
    }

    /// Whether the pattern may match a path below the directory. In doubt it may.
    pub(super) fn may_match_below(&self, directory: &[&str]) -> bool {
        let mut parts = self.text.split('/');
        for name in directory {
            let Some(part) = parts.next() else { return false };
            // A bracket or an escape may stand for a slash, and then the parts do not go together.
            if part.contains("**") || part.contains(['[', '\\']) {
                return true;
            }
            if !GoPattern::parse(part).is_ok_and(|part| part.matches(name)) {
                return false;
            }
        }
        parts.next().is_some()
    }
}

/// Go's `filepath.Clean`: no empty and `.` parts, and `..` takes the part before it away.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

fn compile(text: &str) -> Option<Form> {
    let mut tokens = Vec::new();
    let mut form = Form::Exact;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let is_first = tokens.is_empty();
        let (token, wild) = match c {
            '*' if chars.next_if_eq(&'*').is_some() => {
                chars.next_if_eq(&'/');
                let at_end = chars.peek().is_none();
                form = match (at_end, &form) {
                    _ if is_first => Form::Suffix(text.chars().skip(2).collect()),
                    (true, Form::Exact) => Form::Prefix(text[..text.len() - 2].chars().collect()),
                    _ => Form::Tokens(Vec::new()),
                };
                (if at_end { Token::All } else { Token::Directories }, false)
            }
            '*' => (Token::Star, true),
            '?' => (Token::Any, true),
            '[' => (Token::Class(Class::parse(&mut chars)?), true),
            ']' => (Token::Literal(']'), true),
            '\\' => (Token::Literal(chars.next()?), true),
            c => (Token::Literal(c), false),
        };
        if wild {
            form = Form::Tokens(Vec::new());
        }
        tokens.push(token);
    }
    Some(match form {
        Form::Tokens(_) => Form::Tokens(tokens),
        form => form,
    })
}

/// Whether the tokens match the whole path.
fn matches(tokens: &[Token], path: &[char]) -> bool {
    // `here[i]` says whether the tokens from the current one on match the path from its character `i` on.
    let mut here = vec![false; path.len() + 1];
    here[path.len()] = true;
    for token in tokens.iter().rev() {
        let rest = here;
        here = vec![false; path.len() + 1];
        // For `Directories`: whether a slash comes, with only directory names before it, behind which it goes on.
        let mut behind_slash = false;
        for i in (0..=path.len()).rev() {
            let next = path.get(i).copied();
            here[i] = match token {
                Token::Literal(literal) => next == Some(*literal) && rest[i + 1],
                Token::Any => next.is_some_and(|c| c != '/') && rest[i + 1],
                Token::Star => rest[i] || next.is_some_and(|c| c != '/' && here[i + 1]),
                Token::All => rest[i] || next.is_some_and(|c| c != '\n' && here[i + 1]),
                Token::Class(class) => next.is_some_and(|c| class.contains(c)) && rest[i + 1],
                Token::Directories => {
                    behind_slash = match next {
                        Some('/') => behind_slash || rest[i + 1],
                        Some('\n') | None => false,
                        Some(_) => behind_slash,
                    };
                    rest[i] || behind_slash
                }
            };
        }
    }
    here[0]
}
