//! Composer versions: normalized as `composer/semver` 3 does, and ordered by PHP's `version_compare`.

use std::cmp::Ordering;

use super::{ParseVersionError, compare_digits, split_digits};

/// Compares two versions. A text that Composer refuses, and a branch (`dev-main`), comes before all versions; two such
/// are ordered by their text.
pub fn compare(a: &str, b: &str) -> Ordering {
    let is_version =
        |normal: &Option<String>| normal.as_ref().is_some_and(|normal| !normal.starts_with("dev-"));
    let (a_normal, b_normal) = (normalize(a), normalize(b));
    match (is_version(&a_normal), is_version(&b_normal)) {
        (true, true) => compare_normal(&a_normal.unwrap_or_default(), &b_normal.unwrap_or_default()),
        (false, false) => a.cmp(b),
        (a, b) => a.cmp(&b),
    }
}

/// Whether `version` can be compared; branches cannot.
///
/// # Errors
/// What is wrong with it.
pub fn validate(version: &str) -> Result<(), ParseVersionError> {
    let wrong = |reason| {
        Err(ParseVersionError {
            version: version.to_owned(),
            scheme: "Composer",
            reason,
        })
    };
    match normalize(version) {
        None => wrong("Composer does not read it"),
        Some(normal) if normal.starts_with("dev-") => wrong("it is a branch, not a release"),
        Some(_) => Ok(()),
    }
}

/// The normal form: four numbers or a date, and the stability; `None` for what Composer refuses.
pub fn normalize(version: &str) -> Option<String> {
    let mut text = version.trim();
    if let Some((before, after)) = text.split_once(" as ")
        && !before.contains([',', ' '])
        && !after.contains([',', ' '])
    {
        text = before;
    }
    if let Some((before, flag)) = text.rsplit_once('@')
        && ["dev", "stable", "rc", "beta", "alpha"]
            .iter()
            .any(|known| flag.eq_ignore_ascii_case(known))
    {
        text = before;
    }
    if matches!(text, "master" | "trunk" | "default") {
        return Some(format!("dev-{text}"));
    }
    if text
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("dev-"))
    {
        return Some(format!("dev-{}", &text[4..]));
    }
    if let Some((before, build)) = text.split_once('+')
        && !before.is_empty()
        && !before.contains([',', ' '])
        && !build.is_empty()
        && !build.contains(char::is_whitespace)
    {
        text = before;
    }
    let body = text.strip_prefix(['v', 'V']).unwrap_or(text);
    classical(body).or_else(|| date(body)).or_else(|| branch(text))
}

/// `1`, `1.2`, … `1.2.3.4` with a stability.
fn classical(text: &str) -> Option<String> {
    let (first, mut rest) = split_digits(text);
    if first.is_empty() || first.len() > 5 {
        return None;
    }
    let mut normal = first.to_owned();
    for _ in 0..3 {
        let (digits, after) = rest.strip_prefix('.').map_or(("", rest), split_digits);
        normal.push('.');
        if digits.is_empty() {
            normal.push('0');
        } else {
            normal.push_str(digits);
            rest = after;
        }
    }
    Some(normal + &modifier(rest)?)
}

/// A date, and perhaps a time, with a stability.
fn date(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | ':' | '-');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len()).min(40);
    let ends = (0..=end).rev().filter(|end| text.is_char_boundary(*end));
    ends.filter(|end| is_date(&text[..*end])).find_map(|end| {
        let numbers: String = text[..end]
            .chars()
            .map(|c| if c.is_ascii_digit() { c } else { '.' })
            .collect();
        Some(numbers + &modifier(&text[end..])?)
    })
}

/// Four digits, one to six groups of two, up to two groups of one to three; a separator may stand before each group.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |from: usize, count: usize| {
        bytes
            .get(from..from + count)
            .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    let behind_separator =
        |at: usize| at + usize::from(bytes.get(at).is_some_and(|byte| b".:-".contains(byte)));
    if !digits(0, 4) {
        return false;
    }
    // Where the text can have been read up to, after so many groups of two.
    let mut at = 4;
    let mut reached = Vec::new();
    for _ in 0..6 {
        let start = behind_separator(at);
        if !digits(start, 2) {
            break;
        }
        at = start + 2;
        reached.push(at);
    }
    for _ in 0..2 {
        let longer: Vec<usize> = reached
            .iter()
            .flat_map(|at| (1..=3).map(move |count| (behind_separator(*at), count)))
            .filter(|(start, count)| digits(*start, *count))
            .map(|(start, count)| start + count)
            .collect();
        reached.extend(longer);
        reached.dedup();
    }
    reached.contains(&bytes.len())
}

/// The normal form of what stands behind the numbers; `None` where something else stands there.
fn modifier(text: &str) -> Option<String> {
    const WORDS: [(&str, &str); 9] = [
        ("stable", ""),
        ("beta", "beta"),
        ("b", "beta"),
        ("rc", "RC"),
        ("alpha", "alpha"),
        ("a", "alpha"),
        ("patch", "patch"),
        ("pl", "patch"),
        ("p", "patch"),
    ];
    let lower = text.to_ascii_lowercase();
    let is_dev = |rest: &str| rest.strip_prefix(['.', '-']).unwrap_or(rest) == "dev";
    let behind = lower.strip_prefix(['.', '_', '-']).unwrap_or(&lower);
    if behind.is_empty() {
        return Some(String::new());
    }
    if is_dev(&lower) || is_dev(behind) {
        return Some("-dev".to_owned());
    }
    WORDS.iter().find_map(|(word, stability)| {
        let rest = behind.strip_prefix(word)?;
        // Numbers, each perhaps behind a dot or hyphen.
        let mut end = 0;
        loop {
            let start = end + usize::from(rest[end..].starts_with(['.', '-']));
            let (digits, _) = split_digits(&rest[start..]);
            if digits.is_empty() {
                break;
            }
            end = start + digits.len();
        }
        let (numbers, after) = rest.split_at(end);
        let dev = match after {
            "" => "",
            after if is_dev(after) => "-dev",
            _ => return None,
        };
        if *word == "stable" {
            return Some(String::new());
        }
        Some(format!(
            "-{stability}{}{dev}",
            numbers.trim_start_matches(['.', '-'])
        ))
    })
}

/// `1.x-dev`: the end of a branch whose name is a version.
fn branch(text: &str) -> Option<String> {
    let end = text
        .len()
        .checked_sub(3)
        .filter(|end| text.is_char_boundary(*end))?;
    let (name, dev) = text.split_at(end);
    if !dev.eq_ignore_ascii_case("dev") {
        return None;
    }
    let name = name.strip_suffix(['.', '-']).unwrap_or(name);
    let name = name.strip_prefix(['v', 'V']).unwrap_or(name);
    let mut numbers: Vec<String> = Vec::new();
    for (at, part) in name.split('.').enumerate() {
        let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        match part {
            "x" | "X" | "*" if at > 0 => numbers.push("9999999".to_owned()),
            part if is_number => numbers.push(part.to_owned()),
            _ => return None,
        }
    }
    if numbers.len() > 4 {
        return None;
    }
    numbers.resize(4, "9999999".to_owned());
    Some(format!("{}-dev", numbers.join(".")))
}

/// PHP's `version_compare` of two normal forms: numbers by value; `dev`, `alpha`, `beta`, `RC`, a number and `patch`
/// in this order.
fn compare_normal(a: &str, b: &str) -> Ordering {
    let (a, b) = (parts(a), parts(b));
    for at in 0..a.len().max(b.len()) {
        let order = match (a.get(at), b.get(at)) {
            (Some(a), Some(b)) => match (is_number(a), is_number(b)) {
                (true, true) => compare_digits(a, b),
                _ => form(a).cmp(&form(b)),
            },
            // Behind the end, a number is more than nothing, and a word counts as it does against a number.
            (Some(a), None) if is_number(a) => Ordering::Greater,
            (Some(a), None) => form(a).cmp(&form("0")),
            (None, Some(b)) if is_number(b) => Ordering::Less,
            (None, Some(b)) => form("0").cmp(&form(b)),
            (None, None) => Ordering::Equal,
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn is_number(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_digit())
}

/// The place of a word in the order; a number is between `RC` and `patch`.
fn form(part: &str) -> u8 {
    match part {
        "dev" => 0,
        "alpha" => 1,
        "beta" => 2,
        "RC" => 3,
        "patch" => 5,
        _ => 4,
    }
}

/// The runs of digits and of letters.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for piece in text.split(['.', '-']) {
        let mut rest = piece;
        while !rest.is_empty() {
            let (digits, after) = split_digits(rest);
            if !digits.is_empty() {
                parts.push(digits);
                rest = after;
                continue;
            }
            let end = rest
                .bytes()
                .position(|byte| byte.is_ascii_digit())
                .unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            parts.push(word);
            rest = after;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::versions::vectors::{check_order, rows};
    use proptest::prelude::*;

    const VECTORS: &str = include_str!("testdata/composer-vectors.tsv");

    #[test]
    fn composer_agrees_on_normal_forms() {
        let rows = rows(VECTORS, "normal");
        assert!(rows.len() > 200);
        let wrong: Vec<String> = rows
            .into_iter()
            .filter(|[text, normal, _]| super::normalize(text).unwrap_or_default() != *normal)
            .map(|[text, normal, _]| format!("{text}: {normal}, found {:?}", super::normalize(text)))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn composer_agrees_on_the_order() {
        check_order(VECTORS, 800, compare);
    }

    #[test]
    fn branches_are_no_versions() {
        assert!(validate("dev-main").is_err() && validate("master").is_err() && validate("junk").is_err());
        assert!(validate("v5.4.31").is_ok() && validate("1.x-dev").is_ok());
    }

    proptest! {
        #[test]
        fn no_text_panics(a in "[0-9a.:@+ vdevx-]{0,30}|\\PC{0,20}", b in "\\PC{0,20}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            let _ = validate(&a);
        }
    }
}
