//! Conda versions, as conda's `VersionOrder` and rattler order them.

use std::cmp::Ordering;

use super::{ParseVersionError, compare_digits, split_digits};

/// Compares two versions: by epoch (`1!`), by the segments between dots and underscores, and by the local version
/// behind `+`. In a segment, digits and letters take turns; `dev` comes first of all words, words before numbers,
/// and `post` behind everything. What is missing is 0.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a_epoch, a_main, a_local) = split(a);
    let (b_epoch, b_main, b_local) = split(b);
    compare_digits(a_epoch, b_epoch)
        .then_with(|| compare_segments(&a_main, &b_main))
        .then_with(|| compare_segments(&a_local, &b_local))
}

/// Whether `version` can be compared.
///
/// # Errors
/// An empty text, and one with a character that no version has.
pub fn validate(version: &str) -> Result<(), ParseVersionError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+!".contains(&byte);
    let text = version.trim();
    match text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.bytes().all(allowed) {
        true => Ok(()),
        false => Err(ParseVersionError {
            version: version.to_owned(),
            scheme: "conda",
            reason: "it does not follow `[N!]N(.N)*[+local]`",
        }),
    }
}

fn split(text: &str) -> (&str, Vec<Vec<Part<'_>>>, Vec<Vec<Part<'_>>>) {
    let text = text.trim();
    let (epoch, rest) = match text.split_once('!') {
        Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => (epoch, rest),
        _ => ("0", text),
    };
    let (main, local) = rest.split_once('+').unwrap_or((rest, ""));
    (epoch, segments(main), segments(local))
}

/// One run of digits or letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    Dev,
    Underscore,
    Word(&'a str),
    Number(&'a str),
    Post,
}

impl Part<'_> {
    fn rank(self) -> u8 {
        match self {
            Self::Dev => 0,
            Self::Underscore => 1,
            Self::Word(_) => 2,
            Self::Number(_) => 3,
            Self::Post => 4,
        }
    }
}

fn segments(text: &str) -> Vec<Vec<Part<'_>>> {
    if text.is_empty() {
        return Vec::new();
    }
    // An underscore at the end is a part of its own: `1.0_` comes before `1.0`.
    let (body, underscore) = match text.strip_suffix('_') {
        Some(body) if !body.is_empty() => (body, true),
        _ => (text, false),
    };
    let mut all: Vec<Vec<Part<'_>>> = body.split(['.', '_', '-']).map(parts).collect();
    if let Some(last) = all.last_mut().filter(|_| underscore) {
        last.push(Part::Underscore);
    }
    all
}

fn parts(mut text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    while !text.is_empty() {
        let (digits, rest) = split_digits(text);
        if !digits.is_empty() {
            parts.push(Part::Number(digits));
            text = rest;
            continue;
        }
        let end = text
            .bytes()
            .position(|byte| byte.is_ascii_digit())
            .unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        if parts.is_empty() {
            // `1.a` is `1.0a`.
            parts.push(Part::Number("0"));
        }
        parts.push(match word {
            word if word.eq_ignore_ascii_case("dev") => Part::Dev,
            word if word.eq_ignore_ascii_case("post") => Part::Post,
            word => Part::Word(word),
        });
        text = rest;
    }
    parts
}

fn compare_segments(a: &[Vec<Part<'_>>], b: &[Vec<Part<'_>>]) -> Ordering {
    let part = |all: &[Vec<Part<'_>>], at: usize| all.get(at).map(Vec::len).unwrap_or(0);
    for at in 0..a.len().max(b.len()) {
        for inner in 0..part(a, at).max(part(b, at)) {
            let get = |all: &[Vec<Part<'_>>]| {
                all.get(at)
                    .and_then(|parts| parts.get(inner))
                    .map(|part| order_key(*part))
            };
            let zero = || order_key(Part::Number("0"));
            let (a, b) = (get(a).unwrap_or_else(zero), get(b).unwrap_or_else(zero));
            let order = a.0.cmp(&b.0).then_with(|| match a.0 {
                3 => compare_digits(&a.1, &b.1),
                _ => a.1.cmp(&b.1),
            });
            if order.is_ne() {
                return order;
            }
        }
    }
    Ordering::Equal
}

fn order_key(part: Part<'_>) -> (u8, String) {
    let text = match part {
        Part::Word(word) => word.to_ascii_lowercase(),
        Part::Number(digits) => digits.to_owned(),
        Part::Dev | Part::Post | Part::Underscore => String::new(),
    };
    (part.rank(), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::versions::vectors::check_order;
    use proptest::prelude::*;

    #[test]
    fn rattler_agrees() {
        check_order(include_str!("testdata/conda-vectors.tsv"), 800, compare);
    }

    proptest! {
        #[test]
        fn no_text_panics(a in "[0-9a._!+-]{0,20}|\\PC{0,20}", b in "[0-9a._!+-]{0,20}|\\PC{0,20}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            let _ = validate(&a);
        }
    }
}
