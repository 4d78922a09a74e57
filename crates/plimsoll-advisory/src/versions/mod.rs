//! Version orders, one file for each scheme.
//!
//! Each has a `compare` of two texts that never fails (what it does with texts that break the scheme's rules stands in
//! its documentation), and a `validate` or a strictly parsed `Version` that tells such texts.
//! The tables in `testdata/` say what the reference implementations do; the scripts beside them write them again.

/// Two versions that the scheme's order finds equal are equal, however they are written (`1.0` and `1.0.0`).
macro_rules! equal_by_order {
    ($version:ty) => {
        impl PartialOrd for $version {
            fn partial_cmp(&self, other: &Self) -> Option<::std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl PartialEq for $version {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other).is_eq()
            }
        }

        impl Eq for $version {}
    };
}

pub mod apk;
pub mod composer;
pub mod conda;
pub mod dpkg;
pub mod gem;
pub mod go;
pub mod loose;
pub mod maven;
pub mod npm_range;
pub mod nuget;
pub mod pep440;
pub mod rpm;
pub mod semver;
#[cfg(test)]
mod vectors;

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
        Ecosystem::Deb | Ecosystem::Opkg => dpkg::compare(a, b),
        Ecosystem::Apk => apk::compare(a, b),
        Ecosystem::PyPi => pep440::compare(a, b),
        // Arch Linux has RPM's order.
        Ecosystem::Rpm | Ecosystem::Alpm => rpm::compare(a, b),
        Ecosystem::Npm | Ecosystem::Cargo => semver::compare(a, b),
        Ecosystem::Gem => gem::compare(a, b),
        Ecosystem::Maven => maven::compare(a, b),
        Ecosystem::Go => go::compare(a, b),
        Ecosystem::Composer => composer::compare(a, b),
        Ecosystem::NuGet => nuget::compare(a, b),
        Ecosystem::Conda => conda::compare(a, b),
        // No feed speaks of these.
        Ecosystem::Portage
        | Ecosystem::Cran
        | Ecosystem::LuaRocks
        | Ecosystem::Otp
        | Ecosystem::Pear
        | Ecosystem::WordPress
        | Ecosystem::Generic => loose::compare(a, b),
    }
}

/// Whether `version` follows the rules of its ecosystem's scheme.
///
/// # Errors
/// What is wrong with it.
pub fn validate(ecosystem: Ecosystem, version: &str) -> Result<(), ParseVersionError> {
    match ecosystem {
        Ecosystem::Deb | Ecosystem::Opkg => version.parse::<dpkg::Version>().map(drop),
        Ecosystem::Apk => version.parse::<apk::Version>().map(drop),
        Ecosystem::PyPi => pep440::Version::parse(version).map(drop),
        Ecosystem::Rpm | Ecosystem::Alpm => rpm::validate(version),
        Ecosystem::Npm | Ecosystem::Cargo => semver::validate(version),
        Ecosystem::Gem => gem::validate(version),
        Ecosystem::Maven => maven::validate(version),
        Ecosystem::Go => go::validate(version),
        Ecosystem::Composer => composer::validate(version),
        Ecosystem::NuGet => nuget::validate(version),
        Ecosystem::Conda => conda::validate(version),
        Ecosystem::Portage
        | Ecosystem::Cran
        | Ecosystem::LuaRocks
        | Ecosystem::Otp
        | Ecosystem::Pear
        | Ecosystem::WordPress
        | Ecosystem::Generic => loose::validate(version),
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
