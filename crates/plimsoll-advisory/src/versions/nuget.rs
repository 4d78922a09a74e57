//! NuGet versions: Semantic Versioning 2.0.0 with up to four numbers and pre-releases in any case, by the rules of
//! NuGet's documentation on package versions.

use std::cmp::Ordering;

use super::{ParseVersionError, semver};

/// Compares two versions: missing numbers are 0, the build behind `+` does not count, and the identifiers of a
/// pre-release are compared without regard to case.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a_numbers, a_pre) = semver::split(a);
    let (b_numbers, b_pre) = semver::split(b);
    semver::compare_numbers(a_numbers, b_numbers)
        .then_with(|| semver::compare_pre_releases(a_pre, b_pre, words))
}

fn words(a: &str, b: &str) -> Ordering {
    let lower = |byte: u8| byte.to_ascii_lowercase();
    a.bytes().map(lower).cmp(b.bytes().map(lower))
}

/// Whether `version` can be compared.
///
/// # Errors
/// What is wrong with it.
pub fn validate(version: &str) -> Result<(), ParseVersionError> {
    semver::validate_as(version, "NuGet")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the documentation: normalization, precedence, and case.
    #[test]
    fn the_rules_of_the_documentation() {
        let sorted = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.0.1",
            "1.0.1-zzz",
            "1.0.1",
            "1.0.1.1-a",
            "1.0.1.1",
            "1.2",
            "1.10.0",
        ];
        for (at, a) in sorted.iter().enumerate() {
            for (other, b) in sorted.iter().enumerate() {
                assert_eq!(compare(a, b), at.cmp(&other), "{a} against {b}");
            }
        }
        for (a, b) in [
            ("1.00", "1.0"),
            ("1.01.1", "1.1.1"),
            ("1.00.0.1", "1.0.0.1"),
            ("1", "1.0.0.0"),
            ("1.0.0-Beta", "1.0.0-bETA"),
            ("1.0.7+r3456", "1.0.7"),
        ] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
        assert!(
            validate("4.7.0-preview1.26524.8").is_ok()
                && validate("1.2.3.4.5").is_err()
                && validate("").is_err()
        );
    }
}
