//! Ruby gems' versions, as RubyGems' `Gem::Version` orders them.

use std::cmp::Ordering;

use super::{ParseVersionError, compare_digits, split_digits};

/// Compares two versions segment by segment: runs of digits are numbers, runs of letters are words and come before
/// numbers, a hyphen begins a pre-release, and zeros at the end of the numbers or of the version do not count.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (segments(a), segments(b));
    for at in 0..a.len().max(b.len()) {
        let segment = |all: &[&str]| {
            all.get(at)
                .map_or("0".to_owned(), |segment| (*segment).to_owned())
        };
        let (a, b) = (segment(&a), segment(&b));
        let order = match (is_number(&a), is_number(&b)) {
            (true, true) => compare_digits(&a, &b),
            (false, true) => Ordering::Less,
            (true, false) => Ordering::Greater,
            (false, false) => a.cmp(&b),
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn is_number(segment: &str) -> bool {
    segment.bytes().all(|byte| byte.is_ascii_digit())
}

/// The segments that count.
fn segments(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let (digits, after) = split_digits(rest);
        if !digits.is_empty() {
            all.push(digits);
            rest = after;
            continue;
        }
        let end = rest.bytes().position(|byte| !byte.is_ascii_alphabetic());
        let (letters, after) = rest.split_at(end.unwrap_or(rest.len()));
        if letters.is_empty() {
            if first == '-' {
                all.push("pre");
            }
            rest = &rest[first.len_utf8()..];
        } else {
            all.push(letters);
            rest = after;
        }
    }
    let first_word = all
        .iter()
        .position(|segment| !is_number(segment))
        .unwrap_or(all.len());
    let words = without_zeros(all.split_off(first_word));
    let mut canonical = without_zeros(all);
    canonical.extend(words);
    canonical
}

fn without_zeros(mut segments: Vec<&str>) -> Vec<&str> {
    while segments
        .last()
        .is_some_and(|last| last.bytes().all(|byte| byte == b'0'))
    {
        segments.pop();
    }
    segments
}

/// Whether `version` is one that RubyGems accepts.
///
/// # Errors
/// Anything else.
pub fn validate(version: &str) -> Result<(), ParseVersionError> {
    let text = version.trim();
    let (numbers, pre) = text
        .split_once('-')
        .map_or((text, None), |(numbers, pre)| (numbers, Some(pre)));
    let part = |hyphens: bool| {
        move |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || hyphens && byte == b'-')
        }
    };
    let first = numbers.split('.').next().unwrap_or("");
    let sound = !first.is_empty()
        && is_number(first)
        && numbers.split('.').all(part(false))
        && pre.is_none_or(|pre| pre.split('.').all(part(true)));
    match sound {
        true => Ok(()),
        false => Err(ParseVersionError {
            version: version.to_owned(),
            scheme: "RubyGems",
            reason: "it does not follow `N(.N-or-word)*[-pre]`",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::versions::vectors::{check_order, rows};
    use proptest::prelude::*;

    const VECTORS: &str = include_str!("testdata/gem-vectors.tsv");

    #[test]
    fn rubygems_agrees() {
        check_order(VECTORS, 1000, compare);
        for [text, valid, _] in rows(VECTORS, "valid") {
            assert_eq!(validate(text).is_ok(), valid == "true", "{text:?}");
        }
    }

    fn versions() -> impl Strategy<Value = String> {
        "[0-2](\\.[0-2a]{1,2}){0,3}(-[0-1a]{1,2})?"
    }

    proptest! {
        #[test]
        fn it_is_antisymmetric(a in versions(), b in versions()) {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&a, &a), Ordering::Equal);
        }

        #[test]
        fn no_text_panics(a in "\\PC{0,20}", b in "\\PC{0,20}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            let _ = validate(&a);
        }
    }
}
