//! Version orders, one file for each scheme.
//!
//! Each has a `Version` that is parsed strictly and a `compare` of two texts that never fails: what it
//! does with texts that break the scheme's rules stands in its documentation.

pub mod apk;
pub mod dpkg;
pub mod pep440;

use std::cmp::Ordering;

use plimsoll_core::Ecosystem;

/// A text that does not follow the rules of its version scheme.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{version}` is not a {scheme} version: {reason}")]
pub struct ParseVersionError {
    /// The text.
    pub version: String,
    /// The scheme: `dpkg`, `apk`, `PEP 440`.
    pub scheme: &'static str,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Compares two versions by the order of their ecosystem.
pub fn compare(ecosystem: Ecosystem, a: &str, b: &str) -> Ordering {
    match ecosystem {
        Ecosystem::Deb => dpkg::compare(a, b),
        Ecosystem::Apk => apk::compare(a, b),
        Ecosystem::PyPi => pep440::compare(a, b),
    }
}

/// Whether `version` follows the rules of its ecosystem's scheme.
///
/// # Errors
/// What is wrong with it.
pub fn validate(ecosystem: Ecosystem, version: &str) -> Result<(), ParseVersionError> {
    match ecosystem {
        Ecosystem::Deb => version.parse::<dpkg::Version>().map(drop),
        Ecosystem::Apk => version.parse::<apk::Version>().map(drop),
        Ecosystem::PyPi => version.parse::<pep440::Version>().map(drop),
    }
}

/// Compares two runs of decimal digits by value; they may be of any length and have leading zeros.
fn compare_digits(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Splits off the longest prefix of decimal digits.
fn split_digits(text: &str) -> (&str, &str) {
    let end = text
        .bytes()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}
