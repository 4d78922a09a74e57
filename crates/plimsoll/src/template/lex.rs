//! Template text into tokens, each with its byte offset.

use super::TemplateError;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Text(String),
    Open,
    Close,
    Word(String),
    /// `.A.B` as its names; `.` alone has none.
    Field(Vec<String>),
    /// `$x.A`: the variable's name (empty for `$`) and the fields behind it.
    Variable(String, Vec<String>),
    Quoted(String),
    Number(f64),
    Declare,
    Comma,
    Pipe,
    LeftParen,
    RightParen,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) at: usize,
    pub(super) token: Token,
}

fn error(at: usize, reason: impl Into<String>) -> TemplateError {
    TemplateError::Syntax {
        at,
        reason: reason.into(),
    }
}

pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, TemplateError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut trim_next = false;
    while at < text.len() {
        let open = text[at..].find("{{").map_or(text.len(), |found| at + found);
        let mut literal = &text[at..open];
        if trim_next {
            literal = literal.trim_start();
        }
        let inside = open + 2;
        let trims_before = text[open..].starts_with("{{- ");
        if trims_before {
            literal = literal.trim_end();
        }
        if !literal.is_empty() {
            tokens.push(Placed {
                at,
                token: Token::Text(literal.to_owned()),
            });
        }
        if open == text.len() {
            break;
        }
        let close = action_end(text, inside).ok_or_else(|| error(open, "`{{` is not closed"))?;
        let mut action = &text[inside..close];
        let mut start = inside;
        if trims_before {
            action = &action[1..];
            start += 1;
        }
        trim_next = action.ends_with(" -") || action.ends_with("/-");
        if trim_next {
            action = &action[..action.len() - 1];
        }
        if !is_comment(action) {
            tokens.push(Placed {
                at: start,
                token: Token::Open,
            });
            action_tokens(action, start, &mut tokens)?;
            tokens.push(Placed {
                at: close,
                token: Token::Close,
            });
        }
        at = close + 2;
    }
    Ok(tokens)
}

fn is_comment(action: &str) -> bool {
    let action = action.trim();
    action.starts_with("/*") && action.ends_with("*/")
}

/// The offset of the `}}` that ends an action; one inside a string does not.
fn action_end(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    let mut quote = None;
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (None, b'}') if bytes[at..].starts_with(b"}}") => return Some(at),
            (None, open @ (b'"' | b'`')) => quote = Some(open),
            (Some(b'"'), b'\\') => at += 1,
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
        at += 1;
    }
    // A string that is not closed: let the string itself be the error.
    quote.and_then(|_| text[from..].find("}}").map(|found| from + found))
}

fn action_tokens(action: &str, offset: usize, tokens: &mut Vec<Placed>) -> Result<(), TemplateError> {
    let mut at = 0;
    while let Some(c) = action[at..].chars().next() {
        let start = at;
        let rest = &action[at..];
        let token = match c {
            _ if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '|' => single(&mut at, Token::Pipe),
            ',' => single(&mut at, Token::Comma),
            '(' => single(&mut at, Token::LeftParen),
            ')' => single(&mut at, Token::RightParen),
            ':' if rest.starts_with(":=") => {
                at += 2;
                Token::Declare
            }
            '=' => single(&mut at, Token::Declare),
            '"' | '`' => {
                let (value, length) =
                    quoted(rest, c).ok_or_else(|| error(offset + start, "the string is not closed"))?;
                at += length;
                Token::Quoted(value)
            }
            '.' => Token::Field(fields(action, &mut at)),
            '$' => {
                at += 1;
                let name = name(action, &mut at);
                Token::Variable(name, fields(action, &mut at))
            }
            '0'..='9' | '-' | '+' => {
                let length = rest[1..]
                    .find(|c: char| !c.is_ascii_digit() && c != '.')
                    .map_or(rest.len(), |end| end + 1);
                at += length;
                let number = rest[..length].parse();
                Token::Number(
                    number.map_err(|_| error(offset + start, format!("bad number `{}`", &rest[..length])))?,
                )
            }
            _ if c.is_alphabetic() || c == '_' => Token::Word(name(action, &mut at)),
            _ => return Err(error(offset + start, format!("unexpected `{c}`"))),
        };
        tokens.push(Placed {
            at: offset + start,
            token,
        });
    }
    Ok(())
}

fn single(at: &mut usize, token: Token) -> Token {
    *at += 1;
    token
}

fn name(text: &str, at: &mut usize) -> String {
    let rest = &text[*at..];
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    *at += end;
    rest[..end].to_owned()
}

fn fields(text: &str, at: &mut usize) -> Vec<String> {
    let mut fields = Vec::new();
    while text[*at..].starts_with('.') {
        *at += 1;
        let field = name(text, at);
        if field.is_empty() {
            break;
        }
        fields.push(field);
    }
    fields
}

/// The value of the string at the start of `text`, and how many bytes it takes.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            _ if c == quote => return Some((value, at + 1)),
            '\\' if quote == '"' => match chars.next()?.1 {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                'r' => value.push('\r'),
                other => value.push(other),
            },
            _ => value.push(c),
        }
    }
    None
}
