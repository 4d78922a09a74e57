//! Go's `filepath.Match`, which Docker uses for the sources of `COPY` and `ADD`.

use crate::error::{Error, Result};

/// A pattern of Go's `filepath.Match`: `*` and `?` (neither matches a slash), `[a-z]`, `[^a-z]`, and a
/// backslash that takes the next character literally.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoPattern {
    tokens: Vec<Token>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Literal(char),
    /// `?`: one character but the slash.
    Any,
    /// `*`: any number of characters but the slash.
    Star,
    Class(Class),
}

/// A bracket expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Class {
    negated: bool,
    ranges: Vec<(char, char)>,
}

impl Class {
    pub(crate) fn contains(&self, c: char) -> bool {
        self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != self.negated
    }

    /// Reads what follows `[`, up to and with `]`.
    pub(crate) fn parse(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Self> {
        let negated = chars.next_if_eq(&'^').is_some();
        let mut ranges = Vec::new();
        while ranges.is_empty() || chars.next_if_eq(&']').is_none() {
            let low = Self::member(chars)?;
            let high = match chars.next_if_eq(&'-') {
                Some(_) => Self::member(chars)?,
                None => low,
            };
            ranges.push((low, high));
        }
        Some(Self { negated, ranges })
    }

    /// One character of it; the closing bracket must still follow.
    fn member(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
        let c = match chars.next()? {
            '-' | ']' => return None,
            '\\' => chars.next()?,
            c => c,
        };
        chars.peek().map(|_| c)
    }
}

impl GoPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`Error::BadPattern`] where Go has `ErrBadPattern`: an unclosed or empty bracket, a range without an
    /// end, a backslash at the end.
    pub fn parse(pattern: &str) -> Result<Self> {
        let bad = || Error::BadPattern(pattern.to_owned());
        let mut tokens = Vec::new();
        let mut chars = pattern.chars().peekable();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '*' => Token::Star,
                '?' => Token::Any,
                '[' => Token::Class(Class::parse(&mut chars).ok_or_else(bad)?),
                '\\' => Token::Literal(chars.next().ok_or_else(bad)?),
                c => Token::Literal(c),
            });
        }
        Ok(Self { tokens })
    }

    /// Whether the pattern matches all of `name`.
    pub fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        // `here[i]` says whether the tokens from the current one on match the name from its character `i` on.
        let mut here = vec![false; name.len() + 1];
        here[name.len()] = true;
        for token in self.tokens.iter().rev() {
            let rest = here;
            here = vec![false; name.len() + 1];
            for i in (0..=name.len()).rev() {
                let next = name.get(i).copied();
                here[i] = match token {
                    Token::Star => rest[i] || next.is_some_and(|c| c != '/' && here[i + 1]),
                    Token::Any => next.is_some_and(|c| c != '/') && rest[i + 1],
                    Token::Literal(literal) => next == Some(*literal) && rest[i + 1],
                    Token::Class(class) => next.is_some_and(|c| class.contains(c)) && rest[i + 1],
                };
            }
        }
        here[0]
    }
}

/// Whether Go's `filepath.Match(pattern, name)` holds on a system with slashes.
///
/// # Errors
/// [`Error::BadPattern`] for a malformed pattern, whatever the name.
pub fn go_match(pattern: &str, name: &str) -> Result<bool> {
    Ok(GoPattern::parse(pattern)?.matches(name))
}

/// Whether a source of `COPY` or `ADD` is a pattern rather than a path: it holds `*`, `?` or `[` without a
/// backslash before it.
pub fn contains_wildcards(source: &str) -> bool {
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' | '?' | '[' => return true,
            '\\' => {
                chars.next();
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_go_does() {
        for (pattern, name, matches) in [
            ("", "", true),
            ("", "a", false),
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*", "", true),
            ("*c", "abc", true),
            ("a*", "ab/c", false),
            ("a*/b", "abc/b", true),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/f", true),
            ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("a*b?c*x", "abxbbxdbxebxczzy", false),
            ("ab[c]", "abc", true),
            ("ab[b-d]", "abc", true),
            ("ab[e-g]", "abc", false),
            ("ab[^e-g]", "abc", true),
            ("ab[^c]", "abc", false),
            ("a\\*b", "a*b", true),
            ("a\\*b", "ab", false),
            ("a?b", "a☺b", true),
            ("a[^a]b", "a☺b", true),
            ("a???b", "a☺b", false),
            ("[a-ζ]*", "α", true),
            ("*[a-ζ]", "A", false),
            ("a?b", "a/b", false),
            ("a*b", "a/b", false),
            ("a[^b]c", "a/c", true),
            ("[\\]a]", "]", true),
            ("[\\-x]", "-", true),
            ("[x\\-]", "z", false),
            ("a]", "a]", true),
            ("[!a]", "b", false),
            ("[!a]", "!", true),
            ("*x", "xxx", true),
            ("**", "a/b", false),
        ] {
            assert_eq!(go_match(pattern, name), Ok(matches), "{pattern:?} on {name:?}");
        }
    }

    #[test]
    fn malformed_patterns_are_errors_whatever_the_name() {
        for pattern in [
            "[]a]", "[-]", "[x-]", "[-x]", "\\", "a\\", "[a-b-c]", "[", "[^", "[^bc", "a[", "[]", "[a",
            "[a\\",
        ] {
            assert_eq!(
                go_match(pattern, ""),
                Err(Error::BadPattern(pattern.to_owned())),
                "{pattern:?}"
            );
        }
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        let pattern = "*a".repeat(100) + "b";
        assert_eq!(go_match(&pattern, &"a".repeat(2000)), Ok(false));
    }

    #[test]
    fn wildcards_are_told_from_paths() {
        for (source, expected) in [
            ("a.txt", false),
            ("*.py", true),
            ("a?", true),
            ("[ab]", true),
            ("a\\*b", false),
            ("\\\\*", true),
        ] {
            assert_eq!(contains_wildcards(source), expected, "{source}");
        }
    }
}
