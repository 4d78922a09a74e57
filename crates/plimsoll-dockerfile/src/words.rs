//! The forms that arguments come in: JSON arrays, and words with quotes.

use plimsoll_core::Span;

use crate::ast::Word;
use crate::lines::Piece;

/// What came of reading arguments as a JSON array.
pub(crate) enum Json {
    /// An array of strings.
    Array(Vec<Word>),
    /// A JSON array whose element at the span is no string.
    NotStrings(Span),
    /// Something else.
    No,
}

/// Reads arguments as a JSON array of strings. The words are decoded; their spans have the quotes in them.
pub(crate) fn json_array(arguments: Piece<'_>) -> Json {
    let arguments = arguments.trim();
    let text = arguments.text();
    let mut cursor = Cursor { text, position: 0 };
    let mut words = Vec::new();
    if !cursor.take(b'[') {
        return Json::No;
    }
    cursor.skip_blanks();
    if !cursor.take(b']') {
        loop {
            cursor.skip_blanks();
            let start = cursor.position;
            if cursor.peek() != Some(b'"') {
                // Whether it is JSON all the same decides between an error and the shell form.
                let is_json = serde_json::from_str::<Vec<serde::de::IgnoredAny>>(text).is_ok();
                let end = text[start..]
                    .find([',', ']'])
                    .map_or(text.len(), |length| start + length);
                let element = arguments.slice(start..end).trim();
                return if is_json {
                    Json::NotStrings(element.span())
                } else {
                    Json::No
                };
            }
            let Some(word) = cursor.string() else {
                return Json::No;
            };
            words.push(Word {
                text: word,
                span: arguments.slice(start..cursor.position).span(),
            });
            cursor.skip_blanks();
            if cursor.take(b']') {
                break;
            }
            if !cursor.take(b',') {
                return Json::No;
            }
        }
    }
    cursor.skip_blanks();
    if cursor.position == text.len() {
        Json::Array(words)
    } else {
        Json::No
    }
}

struct Cursor<'a> {
    text: &'a str,
    position: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.position += usize::from(found);
        found
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.position += 1;
        }
    }

    fn char(&mut self) -> Option<char> {
        let c = self.text[self.position..].chars().next()?;
        self.position += c.len_utf8();
        Some(c)
    }

    /// A JSON string, from its opening quote.
    fn string(&mut self) -> Option<String> {
        let mut result = String::new();
        self.take(b'"');
        loop {
            match self.char()? {
                '"' => return Some(result),
                '\\' => result.push(self.escaped()?),
                c if c < ' ' => return None,
                c => result.push(c),
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        Some(match self.char()? {
            c @ ('"' | '\\' | '/') => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let unit = self.code_unit()?;
                let before_second = self.position;
                if (0xd800..0xdc00).contains(&unit) && self.take(b'\\') && self.take(b'u') {
                    let second = self.code_unit()?;
                    if (0xdc00..0xe000).contains(&second) {
                        return char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (second - 0xdc00));
                    }
                }
                // As in Go, half a surrogate pair becomes the replacement character.
                let half = (0xd800..0xe000).contains(&unit);
                if half {
                    self.position = before_second;
                }
                char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return None,
        })
    }

    fn code_unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.position..self.position + 4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.position += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}

/// Parts arguments at white space outside quotes. Quotes and escapes stay in the words, for expansion to take
/// away; only an escape character at the very end is dropped.
pub(crate) fn quoted_words(arguments: Piece<'_>, escape: char) -> Vec<Piece<'_>> {
    let text = arguments.text();
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut end = text.len();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if quote.is_none() && c.is_whitespace() {
            words.extend(start.take().map(|start| arguments.slice(start..at)));
            continue;
        }
        start.get_or_insert(at);
        if c == escape && quote != Some('\'') {
            if chars.next().is_none() {
                end = at;
            }
        } else if quote == Some(c) {
            quote = None;
        } else if quote.is_none() && matches!(c, '\'' | '"') {
            quote = Some(c);
        }
    }
    words.extend(
        start
            .map(|start| arguments.slice(start..end))
            .filter(|word| !word.is_empty()),
    );
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::Line;

    fn json(text: &str) -> Result<Vec<String>, &'static str> {
        let mut line = Line::default();
        line.push(text, 0);
        match json_array(line.piece()) {
            Json::Array(words) => Ok(words.into_iter().map(|word| word.text).collect()),
            Json::NotStrings(_) => Err("not strings"),
            Json::No => Err("no"),
        }
    }

    #[test]
    fn arrays_of_strings() {
        for (text, expected) in [
            ("[]", &[] as &[&str]),
            ("[ ]", &[]),
            (" [\"a\"] ", &["a"]),
            ("[\"a\", \"b c\" ,\"\"]", &["a", "b c", ""]),
            (r#"["\"\\\/\b\f\n\r\t"]"#, &["\"\\/\u{8}\u{c}\n\r\t"]),
            (r#"["\u00e9\ud83d\ude00"]"#, &["é😀"]),
            (
                r#"["\ud83d!","\ude00","\ud83d\u0041"]"#,
                &["\u{fffd}!", "\u{fffd}", "\u{fffd}A"],
            ),
            ("[\"한\"]", &["한"]),
        ] {
            assert_eq!(json(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn other_texts() {
        for (text, expected) in [
            ("", "no"),
            ("a", "no"),
            ("[", "no"),
            ("[\"a\"", "no"),
            ("[\"a\",]", "no"),
            ("[\"a\"] b", "no"),
            ("['a']", "no"),
            ("[\"a\" \"b\"]", "no"),
            ("[\"\\x\"]", "no"),
            ("[\"\\u12\"]", "no"),
            ("[\"\\u12é\"]", "no"),
            ("[\"a\tb\"]", "no"),
            ("[ -f /x ] && y", "no"),
            ("{\"a\": \"b\"}", "no"),
            ("[1]", "not strings"),
            ("[\"a\", 1]", "not strings"),
            ("[[\"a\"]]", "not strings"),
            ("[null, {\"a\": [true]}]", "not strings"),
        ] {
            assert_eq!(json(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn words_with_quotes() {
        for (text, expected) in [
            ("", &[] as &[&str]),
            ("a=b c=d", &["a=b", "c=d"]),
            ("a='b c' d", &["a='b c'", "d"]),
            ("a=\"b \\\" c\" d", &["a=\"b \\\" c\"", "d"]),
            ("a=b\\ c d", &["a=b\\ c", "d"]),
            ("a='b\\' c", &["a='b\\'", "c"]),
            ("a=b\\", &["a=b"]),
            ("a \\", &["a"]),
            ("a=\"b c", &["a=\"b c"]),
            ("'' b", &["''", "b"]),
        ] {
            let mut line = Line::default();
            line.push(text, 0);
            let words: Vec<&str> = quoted_words(line.piece(), '\\')
                .into_iter()
                .map(Piece::text)
                .collect();
            assert_eq!(words, expected, "{text}");
        }
    }
}
