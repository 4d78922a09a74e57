//! Semantic Versioning 2.0.0, as npm and crates.io use it.

use std::cmp::Ordering;
use std::str::FromStr;

use super::{ParseVersionError, compare_digits};

/// Compares two versions by SemVer's precedence.
///
/// A leading `v` or `=` and the build behind a `+` do not count. A text that is no version is read in the same way:
/// missing numbers are 0, further ones count, and a number comes before what is none.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a_numbers, a_pre) = split(a);
    let (b_numbers, b_pre) = split(b);
    compare_numbers(a_numbers, b_numbers).then_with(|| compare_pre_releases(a_pre, b_pre, str::cmp))
}

/// Whether `version` can be compared: one to four numbers and a pre-release; missing numbers are 0.
///
/// # Errors
/// What is wrong with it.
pub fn validate(version: &str) -> Result<(), ParseVersionError> {
    validate_as(version, "SemVer")
}

pub(super) fn validate_as(version: &str, scheme: &'static str) -> Result<(), ParseVersionError> {
    let wrong = |reason| ParseVersionError {
        version: version.to_owned(),
        scheme,
        reason,
    };
    let (numbers, pre) = split(version);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if numbers.split('.').count() > 4 || !numbers.split('.').all(is_number) {
        return Err(wrong("it does not start with one to four numbers"));
    }
    let is_identifier = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    if pre.is_some_and(|pre| !pre.split('.').all(is_identifier)) {
        return Err(wrong(
            "its pre-release is not made of letters, digits and hyphens",
        ));
    }
    Ok(())
}

/// The numbers, and the pre-release if there is one.
pub(super) fn split(text: &str) -> (&str, Option<&str>) {
    let text = text.trim().trim_start_matches(['=', 'v', 'V', ' ']);
    let text = text.split_once('+').map_or(text, |(version, _)| version);
    match text.split_once('-') {
        Some((numbers, pre)) => (numbers, Some(pre)),
        None => (text, None),
    }
}

pub(super) fn compare_numbers(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) => compare_identifiers(a.unwrap_or("0"), b.unwrap_or("0"), str::cmp),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// A version without a pre-release comes after all that have one; of two, the first identifier that differs decides.
pub(super) fn compare_pre_releases(
    a: Option<&str>,
    b: Option<&str>,
    words: fn(&str, &str) -> Ordering,
) -> Ordering {
    let (Some(a), Some(b)) = (a, b) else {
        return a.is_none().cmp(&b.is_none());
    };
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(a), Some(b)) => compare_identifiers(a, b, words),
            (a, b) => return a.is_some().cmp(&b.is_some()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Numbers by value and before words, words by `words`.
fn compare_identifiers(a: &str, b: &str, words: fn(&str, &str) -> Ordering) -> Ordering {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match (is_number(a), is_number(b)) {
        (true, true) => compare_digits(a, b),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => words(a, b),
    }
}

/// A version that follows SemVer to the letter, as npm's ranges need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Major, minor, patch.
    pub numbers: [u64; 3],
    /// The pre-release; `None` for a release.
    pub pre_release: Option<String>,
}

impl Version {
    /// Compares by SemVer's precedence.
    pub(super) fn precedence(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| {
            compare_pre_releases(
                self.pre_release.as_deref(),
                other.pre_release.as_deref(),
                str::cmp,
            )
        })
    }
}

/// npm reads no number that JavaScript cannot hold exactly.
const MAX_NUMBER: u64 = (1 << 53) - 1;

/// A number without leading zeros.
pub(super) fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| *number <= MAX_NUMBER)?;
    (digits && (text == "0" || !text.starts_with('0'))).then_some(number)
}

/// Whether a text is dotted identifiers; in a pre-release numbers have no leading zeros.
pub(super) fn are_identifiers(text: &str, pre_release: bool) -> bool {
    text.split('.').all(|part| {
        let digits = part.bytes().all(|byte| byte.is_ascii_digit());
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !(pre_release && digits && part.len() > 1 && part.starts_with('0'))
    })
}

impl FromStr for Version {
    type Err = ParseVersionError;

    /// Reads a version as npm does: blanks around it and a leading `v` do not count.
    ///
    /// # Errors
    /// Anything that SemVer does not allow, such as a missing or fourth number.
    fn from_str(text: &str) -> Result<Self, ParseVersionError> {
        let wrong = || ParseVersionError {
            version: text.to_owned(),
            scheme: "SemVer",
            reason: "it does not follow `major.minor.patch[-pre-release][+build]`",
        };
        let rest = text.trim();
        let rest = rest.strip_prefix('v').unwrap_or(rest);
        let (rest, build) = rest
            .split_once('+')
            .map_or((rest, None), |(rest, build)| (rest, Some(build)));
        let (core, pre) = rest
            .split_once('-')
            .map_or((rest, None), |(core, pre)| (core, Some(pre)));
        let numbers: Option<Vec<u64>> = core.split('.').map(number).collect();
        let numbers: [u64; 3] = numbers.and_then(|all| all.try_into().ok()).ok_or_else(wrong)?;
        if pre.is_some_and(|pre| !are_identifiers(pre, true))
            || build.is_some_and(|build| !are_identifiers(build, false))
        {
            return Err(wrong());
        }
        Ok(Self {
            numbers,
            pre_release: pre.map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::versions::vectors::{check_order, rows};
    use proptest::prelude::*;

    const VECTORS: &str = include_str!("testdata/semver-vectors.tsv");

    #[test]
    fn npm_agrees_on_the_order() {
        check_order(VECTORS, 600, compare);
        check_order(VECTORS, 600, |a, b| {
            a.parse::<Version>().unwrap().precedence(&b.parse().unwrap())
        });
    }

    #[test]
    fn npm_agrees_on_what_is_a_version() {
        let rows = rows(VECTORS, "valid");
        assert!(rows.len() > 20);
        for [text, valid, _] in rows {
            assert_eq!(text.parse::<Version>().is_ok(), valid == "true", "{text:?}");
        }
    }

    #[test]
    fn versions_that_break_the_rules() {
        for (a, order, b) in [
            ("1", Ordering::Equal, "1.0.0"),
            ("1.2.3.4", Ordering::Greater, "1.2.3"),
            ("1.2", Ordering::Less, "1.2.1-rc.1"),
            ("v1.0.0", Ordering::Equal, "1.0.0+build"),
        ] {
            assert_eq!(compare(a, b), order, "{a} {b}");
        }
        for text in ["1", "1.2", "1.2.3.4", "0.0.0-0", "v1.2.3-rc_1"] {
            assert!(validate(text).is_ok(), "{text}");
        }
        for text in ["", "a", "1.", "1.2.3.4.5", "1.0-", "1.0-ü", "(devel)", "latest"] {
            assert!(validate(text).is_err(), "{text:?} was accepted");
        }
    }

    fn versions() -> impl Strategy<Value = String> {
        "v?[0-2](\\.[0-2a]{0,2}){0,3}(-[0-1a.-]{0,3})?(\\+[0-1a])?"
    }

    proptest! {
        #[test]
        fn it_is_a_total_order(a in versions(), b in versions(), c in versions()) {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&a, &a), Ordering::Equal);
            if compare(&a, &b).is_le() && compare(&b, &c).is_le() {
                prop_assert!(compare(&a, &c).is_le());
            }
        }

        #[test]
        fn no_text_panics(a in "\\PC{0,20}", b in "\\PC{0,20}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            let _ = (validate(&a), a.parse::<Version>());
        }
    }
}
