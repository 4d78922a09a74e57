//! Debian versions: `[epoch:]upstream-version[-debian-revision]`, ordered as deb-version(7) says.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::{ParseVersionError, compare_digits};

/// A Debian version.
///
/// Equality is that of the order (`1.0` equals `0:1.0-0`), not that of the text.
#[derive(Debug, Clone)]
pub struct Version {
    text: String,
    epoch: u32,
    /// Where the upstream version starts and ends in `text`.
    upstream: (usize, usize),
}

impl Version {
    /// The number before the colon; 0 where there is none.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The version of the software itself.
    pub fn upstream(&self) -> &str {
        &self.text[self.upstream.0..self.upstream.1]
    }

    /// The part behind the last hyphen; empty where there is none, which is the same as `0`.
    pub fn revision(&self) -> &str {
        self.text.get(self.upstream.1 + 1..).unwrap_or("")
    }
}

impl FromStr for Version {
    type Err = ParseVersionError;

    /// Reads a version by the rules of dpkg's own parser.
    ///
    /// # Errors
    /// An epoch that is not a number up to 2147483647, an empty upstream version or revision, or a
    /// character that dpkg does not accept. dpkg only warns of an upstream version that starts with no
    /// digit, so that is accepted here too.
    fn from_str(text: &str) -> Result<Self, ParseVersionError> {
        let text = text.trim_matches([' ', '\t', '\n']);
        let wrong = |reason| ParseVersionError {
            version: text.to_owned(),
            scheme: "dpkg",
            reason,
        };
        let (epoch, start) = match text.split_once(':') {
            None => (0, 0),
            Some((epoch, _)) => {
                let number = epoch.parse::<i32>().ok().filter(|_| !epoch.starts_with('+'));
                let number = number.and_then(|number| u32::try_from(number).ok());
                (
                    number.ok_or_else(|| wrong("the epoch is not a number"))?,
                    epoch.len() + 1,
                )
            }
        };
        let (upstream, revision) = match text[start..].rsplit_once('-') {
            None => (&text[start..], None),
            Some((upstream, revision)) => (upstream, Some(revision)),
        };
        if upstream.is_empty() {
            return Err(wrong("the upstream version is empty"));
        }
        if revision == Some("") {
            return Err(wrong("the revision is empty"));
        }
        let allowed = |extra: &'static [u8]| {
            move |byte: u8| byte.is_ascii_alphanumeric() || b".+~".contains(&byte) || extra.contains(&byte)
        };
        if !upstream.bytes().all(allowed(b"-:")) || !revision.unwrap_or("").bytes().all(allowed(b"")) {
            return Err(wrong("it has a character that no version may have"));
        }
        Ok(Self {
            text: text.to_owned(),
            epoch,
            upstream: (start, start + upstream.len()),
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare_part(self.upstream(), other.upstream()))
            .then_with(|| compare_part(self.revision(), other.revision()))
    }
}

equal_by_order!(Version);

/// Compares two versions.
///
/// A text that is not a valid version is split in the same way and its parts are compared by the same
/// rules; an epoch that is not a number counts as part of the upstream version.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a_epoch, a_upstream, a_revision) = split(a);
    let (b_epoch, b_upstream, b_revision) = split(b);
    compare_digits(a_epoch, b_epoch)
        .then_with(|| compare_part(a_upstream, b_upstream))
        .then_with(|| compare_part(a_revision, b_revision))
}

fn split(text: &str) -> (&str, &str, &str) {
    let text = text.trim_matches(|c| matches!(c, ' ' | '\t' | '\n'));
    // Versions are short: going through the bytes is quicker than a search.
    let (epoch, rest) = match text.bytes().position(|byte| !byte.is_ascii_digit()) {
        Some(end @ 1..) if text[end..].starts_with(':') => (&text[..end], &text[end + 1..]),
        _ => ("0", text),
    };
    match rest.bytes().rposition(|byte| byte == b'-') {
        Some(hyphen) => (epoch, &rest[..hyphen], &rest[hyphen + 1..]),
        None => (epoch, rest, ""),
    }
}

/// Compares two upstream versions or two revisions: by turns a run of other characters, where a tilde
/// sorts before the end and letters before the rest, and a run of digits by its value.
fn compare_part(a: &str, b: &str) -> Ordering {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    // A number that both begin with the same digits is compared as a whole.
    let digits = a.bytes().take(same).rev();
    let start = same - digits.take_while(u8::is_ascii_digit).count();
    let (mut a, mut b) = (&a.as_bytes()[start..], &b.as_bytes()[start..]);
    while !a.is_empty() || !b.is_empty() {
        let order = compare_other(&mut a, &mut b).then_with(|| compare_number(&mut a, &mut b));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// Compares what both begin with up to their first digit, and takes it off where it is the same.
fn compare_other(a: &mut &[u8], b: &mut &[u8]) -> Ordering {
    // The end of a run, which is a digit or the end of the text, sorts like no character.
    let weight = |rest: &[u8]| match rest.first() {
        Some(b'~') => -1,
        None | Some(b'0'..=b'9') => 0,
        Some(letter) if letter.is_ascii_alphabetic() => i32::from(*letter),
        Some(other) => i32::from(*other) + 256,
    };
    loop {
        let (of_a, of_b) = (weight(a), weight(b));
        if of_a != of_b {
            return of_a.cmp(&of_b);
        }
        if of_a == 0 {
            return Ordering::Equal;
        }
        (*a, *b) = (&a[1..], &b[1..]);
    }
}

/// Compares the numbers that both begin with, and takes them off. No digits are 0.
fn compare_number(a: &mut &[u8], b: &mut &[u8]) -> Ordering {
    fn take<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
        let is_digit = |byte: &&u8| byte.is_ascii_digit();
        let zeros = rest.iter().take_while(|byte| **byte == b'0').count();
        let length = rest[zeros..].iter().take_while(is_digit).count();
        let number = &rest[zeros..zeros + length];
        *rest = &rest[zeros + length..];
        number
    }
    let (a, b) = (take(a), take(b));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    #[test]
    fn the_order_of_the_manual() {
        let sorted = [
            "1.0~~",
            "1.0~~a",
            "1.0~",
            "1.0",
            "1.0-0.1",
            "1.0-1~bpo12+1",
            "1.0-1",
            "1.0-1+b1",
            "1.0-1.1",
            "1.0a",
            "1.0b",
            "1.0+b1",
            "1.0.1",
            "1.2",
            "1.10",
            "1:0.1",
        ];
        for (at, a) in sorted.iter().enumerate() {
            for (other, b) in sorted.iter().enumerate() {
                assert_eq!(compare(a, b), at.cmp(&other), "{a} against {b}");
            }
        }
        for (a, b) in [("1.0", "0:1.0-0"), ("1.01", "1.1"), ("0", "00"), ("1.0-0", "1.0")] {
            assert_eq!(compare(a, b), Ordering::Equal);
        }
    }

    #[test]
    fn the_parts() {
        let version: Version = "1:2.36-9+deb12u7-3".parse().unwrap();
        let parts = (version.epoch(), version.upstream(), version.revision());
        assert_eq!(parts, (1, "2.36-9+deb12u7", "3"));
    }

    #[test]
    fn wrong_versions() {
        for text in [
            "",
            ":1",
            "a:1",
            "-1:1",
            "+1:1",
            "1:",
            "1-",
            "-1",
            "1 2",
            "1.0-ü",
            "1_0",
            "2147483648:1",
        ] {
            assert!(text.parse::<Version>().is_err(), "{text:?} was accepted");
        }
    }

    /// Versions that are close to one another, so that every rule decides some pair.
    fn versions() -> impl Strategy<Value = String> {
        "([0-2]:)?[0-3][a-c0-3.+~]{0,5}(-[0-2a.+~]{1,3})?"
    }

    #[test]
    fn dpkg_agrees() {
        use proptest::strategy::ValueTree;
        use proptest::test_runner::TestRunner;

        if Command::new("dpkg").arg("--version").output().is_err() {
            eprintln!("skipped: dpkg is not installed");
            return;
        }
        // One perl or shell for all pairs would not be dpkg's code, so dpkg runs once for each; a shell
        // keeps the cost of starting it low.
        let mut runner = TestRunner::deterministic();
        let strategy = (versions(), versions());
        let pairs: Vec<(String, String)> = (0..2000)
            .map(|_| strategy.new_tree(&mut runner).unwrap().current())
            .collect();
        let script = "while read -r a b; do if dpkg --compare-versions \"$a\" lt \"$b\"; then echo Less; \
                      elif dpkg --compare-versions \"$a\" eq \"$b\"; then echo Equal; else echo Greater; fi; done";
        let input: String = pairs.iter().map(|(a, b)| format!("{a} {b}\n")).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), input).unwrap();
        let output = Command::new("sh")
            .args(["-c", script])
            .stdin(std::fs::File::open(file.path()).unwrap())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said.lines().count(), pairs.len());
        for ((a, b), said) in pairs.iter().zip(said.lines()) {
            assert_eq!(format!("{:?}", compare(a, b)), said, "{a} against {b}");
            if let (Ok(a), Ok(b)) = (a.parse::<Version>(), b.parse::<Version>()) {
                assert_eq!(format!("{:?}", a.cmp(&b)), said, "{a} against {b}");
            }
        }
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
