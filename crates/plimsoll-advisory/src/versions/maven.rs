//! Maven versions, as `ComparableVersion` of Maven 3.8 orders them.

use std::cmp::Ordering;

use super::{ParseVersionError, compare_digits, loose};

/// What lies deeper than this many hyphens is no version that anybody publishes; each is a list in a list.
const MAX_LENGTH: usize = 512;

/// A part of a version: lists are what stands behind a hyphen or between digits and letters.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Number(String),
    Word(String),
    List(Vec<Item>),
}

/// The qualifiers that have a place in the order; the empty one is the release itself.
const QUALIFIERS: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
const RELEASE: usize = 5;

/// Compares two versions. Texts longer than 512 bytes are compared run by run.
pub fn compare(a: &str, b: &str) -> Ordering {
    if a.len().max(b.len()) > MAX_LENGTH {
        return loose::compare(a, b);
    }
    compare_lists(&parse(a), &parse(b))
}

/// Whether `version` can be compared; Maven itself orders every text.
///
/// # Errors
/// An empty text, one without any digit, one that holds a property that nobody filled in, and one longer than 512 bytes.
pub fn validate(version: &str) -> Result<(), ParseVersionError> {
    let wrong = |reason| {
        Err(ParseVersionError {
            version: version.to_owned(),
            scheme: "Maven",
            reason,
        })
    };
    match version.trim() {
        "" => wrong("it is empty"),
        text if text.len() > MAX_LENGTH => wrong("it is too long"),
        text if text.contains("${") => wrong("it holds a property"),
        text if !text.bytes().any(|byte| byte.is_ascii_digit()) => wrong("it has no number"),
        _ => Ok(()),
    }
}

fn parse(text: &str) -> Vec<Item> {
    let text = text.to_lowercase();
    // The lists that are open, the outermost first; each closes into the one before it.
    let mut open: Vec<Vec<Item>> = vec![Vec::new()];
    let mut start = 0;
    let mut in_digits = false;
    let push = |open: &mut Vec<Vec<Item>>, item: Item| {
        if let Some(list) = open.last_mut() {
            list.push(item);
        }
    };
    for (at, c) in text.char_indices() {
        let part = &text[start..at];
        match c {
            '.' | '-' => {
                let item = if part.is_empty() {
                    number("0")
                } else {
                    item(in_digits, part, false)
                };
                push(&mut open, item);
                start = at + 1;
                if c == '-' {
                    open.push(Vec::new());
                }
            }
            c if c.is_ascii_digit() => {
                if !in_digits && !part.is_empty() {
                    open_before_word(&mut open);
                    push(&mut open, item(false, part, true));
                    start = at;
                    open.push(Vec::new());
                }
                in_digits = true;
            }
            _ => {
                if in_digits && !part.is_empty() {
                    push(&mut open, item(true, part, false));
                    start = at;
                    open.push(Vec::new());
                }
                in_digits = false;
            }
        }
    }
    if start < text.len() {
        if !in_digits {
            open_before_word(&mut open);
        }
        push(&mut open, item(in_digits, &text[start..], false));
    }
    let mut inner: Option<Vec<Item>> = None;
    while let Some(mut list) = open.pop() {
        list.extend(inner.take().map(Item::List));
        normalize(&mut list);
        inner = Some(list);
    }
    inner.unwrap_or_default()
}

/// `1.0.rc1` is `1.0-rc1`.
fn open_before_word(open: &mut Vec<Vec<Item>>) {
    if open.last().is_some_and(|list| !list.is_empty()) {
        open.push(Vec::new());
    }
}

fn number(digits: &str) -> Item {
    let digits = digits.trim_start_matches('0');
    Item::Number(if digits.is_empty() { "0" } else { digits }.to_owned())
}

fn item(is_number: bool, text: &str, before_digit: bool) -> Item {
    if is_number {
        return number(text);
    }
    let word = match text {
        "a" if before_digit => "alpha",
        "b" if before_digit => "beta",
        "m" if before_digit => "milestone",
        "ga" | "final" | "release" => "",
        "cr" => "rc",
        other => other,
    };
    Item::Word(word.to_owned())
}

/// Drops what stands for nothing from the end, up to the last part that stands for something.
fn normalize(list: &mut Vec<Item>) {
    for at in (0..list.len()).rev() {
        if is_nothing(&list[at]) {
            list.remove(at);
        } else if !matches!(list[at], Item::List(_)) {
            break;
        }
    }
}

fn is_nothing(item: &Item) -> bool {
    match item {
        Item::Number(digits) => digits == "0",
        Item::Word(word) => word.is_empty(),
        Item::List(list) => list.is_empty(),
    }
}

/// Where a qualifier stands: unknown ones behind all known, by their text.
fn qualifier(word: &str) -> (usize, &str) {
    match QUALIFIERS.iter().position(|known| *known == word) {
        Some(place) => (place, ""),
        None => (QUALIFIERS.len(), word),
    }
}

fn compare_items(a: Option<&Item>, b: Option<&Item>) -> Ordering {
    match (a, b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => compare_items(b, a).reverse(),
        (Some(Item::Number(digits)), None) => {
            if digits == "0" {
                Ordering::Equal
            } else {
                Ordering::Greater
            }
        }
        (Some(Item::Word(word)), None) => qualifier(word).cmp(&(RELEASE, "")),
        (Some(Item::List(list)), None) => list
            .iter()
            .map(|item| compare_items(Some(item), None))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal),
        (Some(Item::Number(a)), Some(Item::Number(b))) => compare_digits(a, b),
        (Some(Item::Word(a)), Some(Item::Word(b))) => qualifier(a).cmp(&qualifier(b)),
        (Some(Item::List(a)), Some(Item::List(b))) => compare_lists(a, b),
        // 1.1 is above 1-1, which is above 1-sp.
        (Some(Item::Number(_)), Some(_)) | (Some(Item::List(_)), Some(Item::Word(_))) => Ordering::Greater,
        (Some(_), Some(_)) => Ordering::Less,
    }
}

fn compare_lists(a: &[Item], b: &[Item]) -> Ordering {
    (0..a.len().max(b.len()))
        .map(|at| compare_items(a.get(at), b.get(at)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::versions::vectors::check_order;
    use proptest::prelude::*;

    #[test]
    fn maven_agrees() {
        check_order(include_str!("testdata/maven-vectors.tsv"), 1400, compare);
    }

    #[test]
    fn versions_of_advisories() {
        for (a, order, b) in [
            ("2.14.1", Ordering::Less, "2.15.0"),
            ("5.3.18.RELEASE", Ordering::Equal, "5.3.18"),
            ("31.1-jre", Ordering::Greater, "31.1"),
            ("1.0-SNAPSHOT", Ordering::Less, "1.0"),
            ("4.1.77.Final", Ordering::Less, "4.1.78.Final"),
            ("2.9.10.8", Ordering::Greater, "2.9.10"),
        ] {
            assert_eq!(compare(a, b), order, "{a} {b}");
        }
        for text in ["", "${project.version}", "unspecified", &"1-".repeat(500)] {
            assert!(validate(text).is_err(), "{text:?} was accepted");
        }
        assert!(validate("31.1-jre").is_ok());
    }

    proptest! {
        #[test]
        fn no_text_panics(a in "[0-9a.-]{0,30}|\\PC{0,20}", b in "[0-9a.-]{0,30}|\\PC{0,20}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            let _ = validate(&a);
        }
    }

    #[test]
    fn a_long_text_does_not_overflow() {
        let long = "1-".repeat(100_000);
        assert_eq!(compare(&long, &long), Ordering::Equal);
        assert_eq!(compare(&long, "1").reverse(), compare("1", &long));
    }
}
