//! Go versions: those of modules (`v1.2.3`, pseudo-versions, `+incompatible`) and those of Go itself (`go1.22rc1`).

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{ParseVersionError, semver, split_digits};

/// Compares two versions by Semantic Versioning, as `golang.org/x/mod/semver` does. Versions of Go itself are read as
/// the Go vulnerability database writes them: `go1.22` is 1.22.0, `go1.22rc1` is 1.22.0-rc.1.
pub fn compare(a: &str, b: &str) -> Ordering {
    semver::compare(&canonical(a), &canonical(b))
}

/// Whether `version` can be compared; `(devel)` and `devel go1.22-…` cannot.
///
/// # Errors
/// What is wrong with it.
pub fn validate(version: &str) -> Result<(), ParseVersionError> {
    semver::validate_as(&canonical(version), "Go").map_err(|error| ParseVersionError {
        version: version.to_owned(),
        ..error
    })
}

/// A version of Go itself as a semantic one; others as they are.
fn canonical(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let is_number = |rest: &&str| rest.starts_with(|c: char| c.is_ascii_digit());
    // Inventories write `v1.22rc1` where Go itself says `go1.22rc1`.
    let is_release = |rest: &&str| {
        let pre = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        is_number(rest) && (pre.starts_with("rc") || pre.starts_with("beta"))
    };
    let of_go = text.strip_prefix("go").filter(is_number);
    let Some(version) = of_go.or_else(|| text.strip_prefix('v').filter(is_release)) else {
        return Cow::Borrowed(text);
    };
    // `go1.22.1 X:boringcrypto` names an experiment, `go1.20.5-custom` whoever built it.
    let version = version.split([' ', '-', '+']).next().unwrap_or(version);
    let end = version
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(version.len());
    let (numbers, pre) = version.split_at(end);
    let missing = 3_usize.saturating_sub(numbers.split('.').count());
    let numbers = format!("{numbers}{}", ".0".repeat(missing));
    let word_end = pre.find(|c: char| c.is_ascii_digit()).unwrap_or(pre.len());
    let (word, rest) = pre.split_at(word_end);
    let (number, rest) = split_digits(rest);
    Cow::Owned(match (word, number, rest) {
        ("", ..) => numbers,
        (word, "", "") => format!("{numbers}-{word}"),
        (word, number, rest) => format!("{numbers}-{word}.{number}{rest}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::versions::vectors::check_order;
    use proptest::prelude::*;

    #[test]
    fn the_module_library_agrees() {
        check_order(include_str!("testdata/go-vectors.tsv"), 500, compare);
    }

    #[test]
    fn versions_of_go_itself() {
        let sorted = [
            "go1.4.1",
            "go1.21rc2",
            "1.21.0-rc.3",
            "go1.21",
            "go1.21.3",
            "go1.22beta1",
            "go1.22rc1",
            "go1.22rc10",
            "go1.22.0",
        ];
        for (at, a) in sorted.iter().enumerate() {
            for (other, b) in sorted.iter().enumerate() {
                assert_eq!(compare(a, b), at.cmp(&other), "{a} against {b}");
            }
        }
        for (a, b) in [
            ("go1.21", "1.21.0"),
            ("go1.22rc1", "1.22.0-rc.1"),
            ("v1.22rc1", "1.22.0-rc.1"),
            ("v1.22", "1.22.0"),
            ("go1.20.5-custom", "v1.20.5"),
            ("go1.21.3 X:boringcrypto", "1.21.3"),
        ] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
            assert!(validate(a).is_ok());
        }
        for text in ["(devel)", "devel go1.22-a1b2c3", "", "unknown", "go", "gopher"] {
            assert!(validate(text).is_err(), "{text:?} was accepted");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(a in "(go)?[0-9.a-z]{0,9}|\\PC{0,20}", b in "\\PC{0,20}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            let _ = validate(&a);
        }
    }
}
