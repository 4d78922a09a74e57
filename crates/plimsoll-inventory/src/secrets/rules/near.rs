//! What must stand around a keyword for a pattern to match there, told by plain code: the patterns are costly to make, and to
//! try on texts that only have a word of theirs.

use std::ops::Range;

/// Whether a pattern may match at a keyword, which stands at `place` in `text`. No more than some hundred bytes are looked at:
/// there may be as many keywords as a text has bytes.
pub(super) type Near = fn(text: &[u8], place: Range<usize>) -> bool;

/// The pattern may match elsewhere, or the keyword says enough.
pub(super) fn anywhere(_text: &[u8], _place: Range<usize>) -> bool {
    true
}

/// The keyword is in `LEAST` bytes, or more, as tokens have them.
pub(super) fn token<const LEAST: usize>(text: &[u8], place: Range<usize>) -> bool {
    let is_of_token = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-.=+/%~:@".contains(byte);
    let before = text[..place.start].iter().rev().take(LEAST);
    let before = before.take_while(is_of_token).count();
    let behind = text[place.start..].iter().take(LEAST);
    before + behind.take_while(is_of_token).count() >= LEAST
}

/// The keyword begins a token, with `LEAST` bytes behind it, or more.
pub(super) fn prefix<const LEAST: usize>(text: &[u8], place: Range<usize>) -> bool {
    let is_of_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-=".contains(byte);
    let behind = text.get(place.end..place.end.saturating_add(LEAST));
    begins_word(text, &place) && behind.is_some_and(|behind| behind.iter().all(is_of_token))
}

/// The keyword begins a token, with `COUNT` hexadecimal digits behind it.
pub(super) fn digits<const COUNT: usize>(text: &[u8], place: Range<usize>) -> bool {
    let behind = text.get(place.end..place.end.saturating_add(COUNT));
    begins_word(text, &place) && behind.is_some_and(|behind| behind.iter().all(u8::is_ascii_hexdigit))
}

/// The keyword stands behind `COUNT` hexadecimal digits.
pub(super) fn behind_digits<const COUNT: usize>(text: &[u8], place: Range<usize>) -> bool {
    let before = place
        .start
        .checked_sub(COUNT)
        .map(|start| &text[start..place.start]);
    before.is_some_and(|before| before.iter().all(u8::is_ascii_hexdigit))
}

/// As [`prefix`], or as [`behind_digits`].
pub(super) fn prefix_or_digits<const LEAST: usize, const COUNT: usize>(
    text: &[u8],
    place: Range<usize>,
) -> bool {
    prefix::<LEAST>(text, place.clone()) || behind_digits::<COUNT>(text, place)
}

/// The keyword is in a name, and a value of `LEAST` bytes, or more, is assigned to it, in quotes or not.
pub(super) fn value<const LEAST: usize>(text: &[u8], place: Range<usize>) -> bool {
    let is_of_value = |byte: &u8| is_of_value(byte) || b".:".contains(byte);
    assigned(text, place, is_between, |rest| {
        begins_with(skip(rest, BETWEEN, is_between), LEAST, is_of_value)
    })
}

/// As [`value`], in quotes.
pub(super) fn quoted<const LEAST: usize>(text: &[u8], place: Range<usize>) -> bool {
    assigned(text, place, is_between, |rest| {
        let rest = skip(skip(rest, BETWEEN, is_space), 1, |byte| byte == b'\\');
        let quoted = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'"));
        quoted.is_some_and(|value| begins_with(value, LEAST, is_of_value))
    })
}

/// As [`value`], without quotes.
pub(super) fn bare<const LEAST: usize>(text: &[u8], place: Range<usize>) -> bool {
    assigned(text, place, is_space, |rest| {
        begins_with(skip(rest, BETWEEN, is_space), LEAST, is_of_value)
    })
}

/// What may stand between a name and a value has no more bytes than this, and a name no more than four times as many.
const BETWEEN: usize = 16;

/// Whether the rest of a name, what is `between`, and `=`, `:`, `=>` or `:=` stand behind `place`, and then what is `wanted`.
fn assigned(
    text: &[u8],
    place: Range<usize>,
    between: fn(u8) -> bool,
    wanted: impl Fn(&[u8]) -> bool,
) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_. -".contains(&byte);
    let rest = skip(&text[place.end..], 4 * BETWEEN, is_of_name);
    let Some((b'=' | b':', rest)) = skip(rest, BETWEEN, between).split_first() else {
        return false;
    };
    // A value may begin with `=`, too.
    let further = rest.strip_prefix(b">").or_else(|| rest.strip_prefix(b"="));
    wanted(rest) || further.is_some_and(wanted)
}

/// As [`prefix`] with a prefix, and as [`value`] with a name.
pub(super) fn prefix_or_value<const PREFIX: usize, const VALUE: usize>(
    text: &[u8],
    place: Range<usize>,
) -> bool {
    prefix::<PREFIX>(text, place.clone()) || value::<VALUE>(text, place)
}

/// The keyword is the `://` of an address with a password.
pub(super) fn address(text: &[u8], place: Range<usize>) -> bool {
    let is_of_user = |byte: u8| !is_space(byte) && !b":/@\"'<>${".contains(&byte);
    let rest = skip(&text[place.end..], 64, is_of_user);
    let Some(rest) = rest.strip_prefix(b":") else {
        return false;
    };
    skip(rest, 128, is_of_user).starts_with(b"@")
}

/// The keyword is `Authorization`, and a scheme comes soon.
pub(super) fn scheme(text: &[u8], place: Range<usize>) -> bool {
    let soon = ahead(text, place.end, 64);
    [&b"bearer"[..], b"token", b"apikey", b"basic"]
        .iter()
        .any(|scheme| {
            let mut all = soon.windows(scheme.len() + 1);
            all.any(|part| {
                let (word, space) = part.split_at(scheme.len());
                word.eq_ignore_ascii_case(scheme) && is_space(space[0])
            })
        })
}

/// The keyword ends the first line of a private key, and a line or a header follows.
pub(super) fn key(text: &[u8], place: Range<usize>) -> bool {
    let next = text.get(place.end);
    next.is_some_and(|byte| byte.is_ascii_alphanumeric() || is_space(*byte) || b"+/-\\".contains(byte))
}

/// The keyword begins the first of the parts of a token.
pub(super) fn part(text: &[u8], place: Range<usize>) -> bool {
    const LONGEST: usize = 256;
    let is_of_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let rest = &text[place.end..];
    let behind = skip(rest, LONGEST, is_of_part);
    begins_word(text, &place) && (behind.starts_with(b".") || rest.len() - behind.len() == LONGEST)
}

/// The keyword is `define(`, and a name in capital letters and a value follow in quotes.
pub(super) fn constant(text: &[u8], place: Range<usize>) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let is_between = |byte: u8| is_space(byte) || is_quote(byte);
    let rest = skip(&text[place.end..], BETWEEN, is_between);
    let rest = skip(skip(rest, 4 * BETWEEN, is_of_name), BETWEEN, is_between);
    rest.starts_with(b",")
}

/// The keyword is `value=` behind a name of a secret in quotes.
pub(super) fn attribute(text: &[u8], place: Range<usize>) -> bool {
    const LONGEST: usize = 100;
    let before = text[..place.start].trim_ascii_end();
    let before = &before[before.len().saturating_sub(LONGEST)..];
    let Some((quote, name)) = before.split_last() else {
        return false;
    };
    let start = name.iter().rposition(|byte| is_quote(*byte)).unwrap_or(0);
    is_quote(*quote)
        && [&b"passw"[..], b"secret", b"token", b"key"].iter().any(|word| {
            let mut all = name[start..].windows(word.len());
            all.any(|part| part.eq_ignore_ascii_case(word))
        })
}

/// The keyword is `password=` behind something else in one text, and a value follows.
pub(super) fn connection(text: &[u8], place: Range<usize>) -> bool {
    let is_of_value = |byte: &u8| !is_space(*byte) && !b";\"'<>{}$%".contains(byte);
    if !begins_with(&text[place.end..], 4, is_of_value) {
        return false;
    }
    let before = &text[place.start.saturating_sub(320)..place.start];
    let start = memchr::memrchr3(b'"', b'\'', b'\n', before).map_or(0, |end| end + 1);
    memchr::memchr3(b';', b'?', b'&', &before[start..]).is_some()
}

/// The keyword is a program, and an option for a user or a password follows in the line, or in the next one.
pub(super) fn command(text: &[u8], place: Range<usize>) -> bool {
    const LONGEST: usize = 512;
    let rest = ahead(text, place.end, LONGEST);
    let is_program =
        rest.starts_with(b"dump") || rest.starts_with(b"admin") || !rest.first().is_some_and(is_of_word);
    if !is_program || !begins_word(text, &place) {
        return false;
    }
    let end = memchr::memchr(b'\n', rest);
    if end.is_none() && rest.len() == LONGEST {
        return true;
    }
    let line = &rest[..end.map_or(rest.len(), |end| rest.len().min(end + 8))];
    let mut parts = line.windows(4);
    parts.any(|part| match *part {
        // `--user`, `--password`, `--http-password`, `--ftp-password`.
        [space, b'-', b'-', first] => is_space(space) && b"uphf".contains(&first),
        [space, b'-', b'u' | b'p', _] => is_space(space),
        _ => false,
    })
}

/// Whether no word goes on at `place`.
fn begins_word(text: &[u8], place: &Range<usize>) -> bool {
    let before = text[..place.start].last();
    !(text.get(place.start).is_some_and(is_of_word) && before.is_some_and(is_of_word))
}

/// No more than `most` bytes of `text` from `start` on.
fn ahead(text: &[u8], start: usize, most: usize) -> &[u8] {
    let rest = &text[start..];
    &rest[..rest.len().min(most)]
}

/// `text` without the first bytes that are `skipped`, no more than `most`.
fn skip(text: &[u8], most: usize, skipped: impl Fn(u8) -> bool) -> &[u8] {
    let count = text.iter().take(most).take_while(|byte| skipped(**byte)).count();
    &text[count..]
}

fn is_of_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

/// As patterns without Unicode have it.
fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == b'\x0b'
}

/// What may stand between a name, its value and what parts them.
fn is_between(byte: u8) -> bool {
    is_space(byte) || is_quote(byte) || byte == b'\\'
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'')
}

/// Whether values that look random have `byte`.
fn is_of_value(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=_!@#%^&*~-".contains(byte)
}

fn begins_with(text: &[u8], least: usize, wanted: impl Fn(&u8) -> bool) -> bool {
    text.get(..least).is_some_and(|value| value.iter().all(wanted))
}
