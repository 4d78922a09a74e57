//! Alpine versions: `digits{.digits}{letter}{_suffix{number}}{~hash}{-rnumber}`, in the order of
//! apk-tools 3 (and of 2.14 for every version that Alpine ships).

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::{ParseVersionError, compare_digits, split_digits};

/// One part of a version. The parts of two versions are compared from the left; where they are of
/// different kinds, the kind with the higher [`Part::rank`] wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    /// The first number: by value.
    First(&'a str),
    /// A number behind a dot: by value, or as text where either side starts with a zero.
    Number(&'a str),
    Letter(u8),
    /// The place of a suffix's word in [`SUFFIXES`].
    Suffix(usize),
    SuffixNumber(&'a str),
    Hash(&'a str),
    Revision(&'a str),
    End,
    /// Something that is no version; nothing is read behind it.
    Invalid,
}

/// The suffixes in their order; those before `cvs` come before the version without a suffix.
const SUFFIXES: [&str; 9] = ["alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"];
const PRE_RELEASES: usize = 4;

impl Part<'_> {
    fn rank(self) -> u8 {
        match self {
            Self::Suffix(word) if word < PRE_RELEASES => 0,
            Self::Invalid => 1,
            Self::End => 2,
            Self::Revision(_) => 3,
            Self::Hash(_) => 4,
            Self::SuffixNumber(_) => 5,
            Self::Suffix(_) => 6,
            Self::Letter(_) => 7,
            Self::Number(_) => 8,
            Self::First(_) => 9,
        }
    }

    fn is_last(self) -> bool {
        matches!(self, Self::End | Self::Invalid)
    }

    fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) if a.starts_with('0') || b.starts_with('0') => a.cmp(b),
            (Self::First(a), Self::First(b))
            | (Self::Number(a), Self::Number(b))
            | (Self::SuffixNumber(a), Self::SuffixNumber(b))
            | (Self::Revision(a), Self::Revision(b)) => compare_digits(a, b),
            (Self::Letter(a), Self::Letter(b)) => a.cmp(&b),
            (Self::Suffix(a), Self::Suffix(b)) => a.cmp(&b),
            (Self::Hash(a), Self::Hash(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

/// Gives the parts of a version, the last of them again and again.
struct Parts<'a> {
    rest: &'a str,
    last: Option<Part<'a>>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            rest: text,
            last: None,
        }
    }

    fn advance(&mut self) -> Part<'a> {
        let part = self.read().unwrap_or(Part::Invalid);
        self.last = Some(part);
        part
    }

    /// `None` for what may not stand here.
    fn read(&mut self) -> Option<Part<'a>> {
        let Some(last) = self.last else {
            return self.digits().map(Part::First);
        };
        if last.is_last() {
            return Some(last);
        }
        let in_numbers = matches!(last, Part::First(_) | Part::Number(_));
        let Some(first) = self.rest.bytes().next() else {
            return Some(Part::End);
        };
        match first {
            b'.' if in_numbers => {
                self.rest = &self.rest[1..];
                self.digits().map(Part::Number)
            }
            b'a'..=b'z' if in_numbers => {
                self.rest = &self.rest[1..];
                Some(Part::Letter(first))
            }
            b'0'..=b'9' if matches!(last, Part::Suffix(_)) => self.digits().map(Part::SuffixNumber),
            b'_' if !matches!(last, Part::Hash(_) | Part::Revision(_)) => {
                self.rest = &self.rest[1..];
                let word = self.take(|byte| byte.is_ascii_lowercase());
                SUFFIXES
                    .iter()
                    .position(|suffix| *suffix == word)
                    .map(Part::Suffix)
            }
            b'~' if !matches!(last, Part::Hash(_) | Part::Revision(_)) => {
                self.rest = &self.rest[1..];
                let hash = self.take(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
                Some(hash).filter(|hash| !hash.is_empty()).map(Part::Hash)
            }
            b'-' if !matches!(last, Part::Revision(_)) => {
                self.rest = self.rest.strip_prefix("-r")?;
                self.digits().map(Part::Revision)
            }
            _ => None,
        }
    }

    fn digits(&mut self) -> Option<&'a str> {
        let (digits, rest) = split_digits(self.rest);
        self.rest = rest;
        Some(digits).filter(|digits| !digits.is_empty())
    }

    fn take(&mut self, wanted: impl Fn(u8) -> bool) -> &'a str {
        let end = self.rest.bytes().position(|byte| !wanted(byte));
        let (taken, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }
}

/// Compares two versions.
///
/// A text that is not a valid version is read as far as it is valid, as apk does it; where nothing before
/// decides, it comes before the version that ends there, and two such texts are equal.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (mut a_parts, mut b_parts) = (Parts::of(a), Parts::of(b));
    loop {
        let (a, b) = (a_parts.advance(), b_parts.advance());
        let order = a.compare(b);
        if order.is_ne() || a.is_last() {
            return order;
        }
    }
}

/// An Alpine version.
///
/// Equality is that of the order (`1.0-r01` equals `1.0-r1`), not that of the text.
#[derive(Debug, Clone)]
pub struct Version(String);

impl FromStr for Version {
    type Err = ParseVersionError;

    /// Reads a version by the rules of apk-tools 3.
    ///
    /// # Errors
    /// Anything that the grammar in this module's documentation does not allow, such as an unknown suffix.
    fn from_str(text: &str) -> Result<Self, ParseVersionError> {
        let mut parts = Parts::of(text);
        loop {
            match parts.advance() {
                Part::End => return Ok(Self(text.to_owned())),
                Part::Invalid => {
                    return Err(ParseVersionError {
                        version: text.to_owned(),
                        scheme: "apk",
                        reason: "it does not follow `digits{.digits}{letter}{_suffix{number}}{~hash}{-rnumber}`",
                    });
                }
                _ => {}
            }
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

equal_by_order!(Version);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_table_of_apk_tools() {
        let table = include_str!("testdata/apk-order.txt");
        let rows = table
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut count = 0;
        for row in rows {
            let [a, sign, b] = row.split(' ').collect::<Vec<_>>()[..] else {
                panic!("row {row:?}");
            };
            let order = match sign {
                "<" => Ordering::Less,
                "=" => Ordering::Equal,
                ">" => Ordering::Greater,
                _ => panic!("row {row:?}"),
            };
            assert_eq!(compare(a, b), order, "{row}");
            assert_eq!(compare(b, a), order.reverse(), "{row}");
            count += 1;
        }
        assert!(count > 300);
    }

    #[test]
    fn leading_zeros_suffixes_and_hashes() {
        for (a, order, b) in [
            ("1.05", Ordering::Less, "1.1"),
            ("1.0", Ordering::Less, "1.00"),
            ("8.2.0015", Ordering::Less, "8.2.002"),
            ("8.2.0", Ordering::Less, "8.2.001"),
            ("006", Ordering::Equal, "6"),
            ("1.0_p1", Ordering::Greater, "1.0-r9"),
            ("1.0~0", Ordering::Less, "1.0~1234"),
            ("1.0~1234", Ordering::Less, "1.0~cfa6"),
            ("1.0~1234", Ordering::Greater, "1.0"),
            ("1.0~1234-r1", Ordering::Greater, "1.0~1234-r0"),
            ("1.0_alpha_pre2", Ordering::Less, "1.0_alpha"),
            (
                "1.0_git99999999999999999999999",
                Ordering::Less,
                "1.0_git100000000000000000000000",
            ),
        ] {
            assert_eq!(compare(a, b), order, "{a} against {b}");
        }
    }

    #[test]
    fn valid_and_invalid() {
        for text in [
            "1",
            "1.2.3a_alpha_pre2_p3~0af-r1",
            "1.0-r0",
            "1_git20200101",
            "1.0~1234",
            "1.0_alpha1-r0",
        ] {
            assert!(text.parse::<Version>().is_ok(), "{text:?} was refused");
        }
        for text in [
            "",
            "a",
            "1.",
            ".1",
            "1..2",
            "1.0bc",
            "1.0a1",
            "1_foo",
            "1-1",
            "1-r",
            "1~",
            "1~xyz",
            "1-r1-r2",
            "1-r1_p1",
            "1.0 ",
            "1A",
            "1.0~12~34",
            "1_alpha.1",
        ] {
            assert!(text.parse::<Version>().is_err(), "{text:?} was accepted");
        }
    }

    fn versions() -> impl Strategy<Value = String> {
        "[0-2]{1,2}(\\.[0-2]{1,3}){0,2}[ab]?(_(alpha|rc|p|git)[0-2]?){0,2}(~[0-1a]{1,2})?(-r[0-2])?|[0-1a.~_-]{0,5}"
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
            if let (Ok(a), Ok(b)) = (a.parse::<Version>(), b.parse::<Version>()) {
                prop_assert_eq!(a.cmp(&b), compare(&a.to_string(), &b.to_string()));
            }
        }
    }
}
