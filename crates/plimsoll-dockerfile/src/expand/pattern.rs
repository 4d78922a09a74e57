//! The patterns of `${v#p}`, `${v%p}` and `${v/p/r}`: `*`, `?` and backslash escapes; brackets are literal.

use crate::error::{Error, Result};

/// Comparisons that one substitution may take before it counts as an attack.
const MAX_WORK: usize = 1 << 28;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Literal(char),
    /// One character but the line feed.
    Any,
    /// Any number of characters but the line feed.
    Star,
}

pub(crate) struct Pattern(Vec<Token>);

/// Which of several possible matches at one place is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    Shortest,
    Longest,
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut tokens = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '*' => Token::Star,
                '?' => Token::Any,
                // A brace or slash is escaped for the sake of the `${…}` around the pattern.
                '\\' => match chars.next() {
                    Some(c @ ('*' | '?' | '\\' | '}' | '/')) => Token::Literal(c),
                    _ => return Err(Error::BadEscape(text.to_owned())),
                },
                c => Token::Literal(c),
            });
        }
        Ok(Self(tokens))
    }

    pub(crate) fn strip_prefix(&self, value: &str, extent: Extent) -> Result<String> {
        let chars: Vec<char> = value.chars().collect();
        let end = ends(&self.0, &chars, extent)?[0].unwrap_or(0);
        Ok(chars[end..].iter().collect())
    }

    pub(crate) fn strip_suffix(&self, value: &str, extent: Extent) -> Result<String> {
        let tokens: Vec<Token> = self.0.iter().rev().copied().collect();
        let chars: Vec<char> = value.chars().rev().collect();
        let end = ends(&tokens, &chars, extent)?[0].unwrap_or(0);
        Ok(chars[end..].iter().rev().collect())
    }

    /// Replaces the first match, or each, from left to right, the longest at each place. An empty match
    /// counts, but not directly behind another match.
    pub(crate) fn replace(&self, value: &str, replacement: &str, all: bool) -> Result<String> {
        let chars: Vec<char> = value.chars().collect();
        let ends = ends(&self.0, &chars, Extent::Longest)?;
        let mut result = String::new();
        let mut position = 0;
        let mut previous_end = None;
        let mut replaced = false;
        while position <= chars.len() {
            let found = ends[position].filter(|_| all || !replaced);
            if let Some(end) = found.filter(|end| *end > position || previous_end != Some(position)) {
                result.push_str(replacement);
                replaced = true;
                previous_end = Some(end);
                if end > position {
                    position = end;
                    continue;
                }
            }
            result.extend(chars.get(position));
            position += 1;
        }
        Ok(result)
    }
}

/// For each place in `chars`, the end of the match that starts there.
fn ends(tokens: &[Token], chars: &[char], extent: Extent) -> Result<Vec<Option<usize>>> {
    if tokens.len().saturating_mul(chars.len()) > MAX_WORK {
        return Err(Error::TooLong(MAX_WORK));
    }
    let mut here: Vec<Option<usize>> = (0..=chars.len()).map(Some).collect();
    for token in tokens.iter().rev() {
        let rest = here;
        here = vec![None; chars.len() + 1];
        for i in (0..=chars.len()).rev() {
            let next = chars.get(i).copied();
            let consumed = |ends: &[Option<usize>]| match next {
                Some(c) if c != '\n' => ends[i + 1],
                _ => None,
            };
            here[i] = match token {
                Token::Literal(literal) => next.filter(|c| c == literal).and_then(|_| rest[i + 1]),
                Token::Any => consumed(&rest),
                Token::Star => match (rest[i], consumed(&here), extent) {
                    (Some(stop), Some(further), Extent::Shortest) => Some(stop.min(further)),
                    (Some(stop), Some(further), Extent::Longest) => Some(stop.max(further)),
                    (stop, further, _) => stop.or(further),
                },
            };
        }
    }
    Ok(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacing_with_empty_matches() {
        let replace = |pattern: &str, value: &str, all| {
            Pattern::parse(pattern)
                .and_then(|pattern| pattern.replace(value, "x", all))
                .unwrap()
        };
        assert_eq!(replace("", "ab", true), "xaxbx");
        assert_eq!(replace("", "ab", false), "xab");
        assert_eq!(replace("*", "ab", true), "x");
        assert_eq!(replace("a", "aab", true), "xxb");
        assert_eq!(replace("a", "aab", false), "xab");
        assert_eq!(replace("?", "", true), "");
    }

    #[test]
    fn wrong_escapes_are_refused() {
        for pattern in ["\\", "\\x", "\\\\\\"] {
            assert!(
                matches!(Pattern::parse(pattern), Err(Error::BadEscape(_))),
                "{pattern:?}"
            );
        }
        assert!(Pattern::parse("(()[]{\\}^$.\\*\\?|\\\\").is_ok());
    }

    #[test]
    fn stars_take_no_line_feed() {
        let pattern = Pattern::parse("*b").unwrap();
        assert_eq!(pattern.strip_prefix("a\nb", Extent::Longest).unwrap(), "a\nb");
    }
}
