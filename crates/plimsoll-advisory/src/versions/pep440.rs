//! Python versions: `[N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]`, as PEP 440 (now the version specifiers
//! specification of the Python Packaging User Guide) normalizes and orders them.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::{ParseVersionError, compare_digits, split_digits};

/// A number of any length, ordered by value.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Number(Box<str>);

impl Number {
    fn new(digits: &str) -> Self {
        let digits = digits.trim_start_matches('0');
        Self(if digits.is_empty() { "0" } else { digits }.into())
    }

    fn is_zero(&self) -> bool {
        &*self.0 == "0"
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        compare_digits(&self.0, &other.0)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum PreRelease {
    Alpha,
    Beta,
    Candidate,
}

/// Words of a pre-release with what they stand for, longer ones before their beginnings.
const PRE_RELEASES: [(&str, PreRelease); 8] = [
    ("alpha", PreRelease::Alpha),
    ("beta", PreRelease::Beta),
    ("preview", PreRelease::Candidate),
    ("pre", PreRelease::Candidate),
    ("rc", PreRelease::Candidate),
    ("a", PreRelease::Alpha),
    ("b", PreRelease::Beta),
    ("c", PreRelease::Candidate),
];

/// A part of the local version label. Numbers come after words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Local {
    Word(String),
    Number(Number),
}

/// A Python version. It is shown in its normal form; equality is that of the order (`1.0` equals `1`).
#[derive(Debug, Clone)]
pub struct Version {
    epoch: Number,
    release: Vec<Number>,
    pre: Option<(PreRelease, Number)>,
    post: Option<Number>,
    dev: Option<Number>,
    local: Vec<Local>,
}

impl Version {
    /// The release numbers without the zeros at their end.
    fn significant(&self) -> &[Number] {
        let zeros = self.release.iter().rev().take_while(|number| number.is_zero());
        &self.release[..self.release.len() - zeros.count()]
    }

    /// Where the version stands by its pre-release: a development release of the release itself comes
    /// before all pre-releases, everything without a pre-release after them.
    fn pre_key(&self) -> (u8, Option<&(PreRelease, Number)>) {
        match &self.pre {
            Some(pre) => (1, Some(pre)),
            None if self.post.is_none() && self.dev.is_some() => (0, None),
            None => (2, None),
        }
    }

    /// A version without a development number comes after all that have one.
    fn dev_key(&self) -> (bool, Option<&Number>) {
        (self.dev.is_none(), self.dev.as_ref())
    }
}

impl FromStr for Version {
    type Err = ParseVersionError;

    /// Reads a version in any spelling that PEP 440 normalizes.
    ///
    /// # Errors
    /// Any other text.
    fn from_str(text: &str) -> Result<Self, ParseVersionError> {
        let lower = text.trim().to_ascii_lowercase();
        let mut rest = lower.strip_prefix('v').unwrap_or(&lower);
        read(&mut rest)
            .filter(|_| rest.is_empty())
            .ok_or_else(|| ParseVersionError {
                version: text.to_owned(),
                scheme: "PEP 440",
                reason: "it does not follow `[N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]`",
            })
    }
}

fn read(rest: &mut &str) -> Option<Version> {
    let mut epoch = Number::new("0");
    let mut first = digits(rest)?;
    if let Some(after) = rest.strip_prefix('!') {
        *rest = after;
        epoch = Number::new(first);
        first = digits(rest)?;
    }
    let mut release = vec![Number::new(first)];
    while let Some(mut after) = rest.strip_prefix('.') {
        let Some(number) = digits(&mut after) else { break };
        release.push(Number::new(number));
        *rest = after;
    }
    let pre = PRE_RELEASES
        .iter()
        .find_map(|(word, kind)| Some((*kind, segment(rest, word)?)));
    let post =
        implicit_post(rest).or_else(|| ["post", "rev", "r"].iter().find_map(|word| segment(rest, word)));
    let dev = segment(rest, "dev");
    let mut local = Vec::new();
    if let Some(label) = rest.strip_prefix('+') {
        for part in label.split(['.', '-', '_']) {
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return None;
            }
            local.push(match part.bytes().all(|byte| byte.is_ascii_digit()) {
                true => Local::Number(Number::new(part)),
                false => Local::Word(part.to_owned()),
            });
        }
        *rest = "";
    }
    Some(Version {
        epoch,
        release,
        pre,
        post,
        dev,
        local,
    })
}

fn digits<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let (digits, after) = split_digits(rest);
    *rest = after;
    Some(digits).filter(|digits| !digits.is_empty())
}

/// A word between optional separators, and its number; 0 where there is none.
fn segment(rest: &mut &str, word: &str) -> Option<Number> {
    let separators = ['.', '-', '_'];
    let after = rest.strip_prefix(separators).unwrap_or(rest).strip_prefix(word)?;
    *rest = after.strip_prefix(separators).unwrap_or(after);
    Some(Number::new(digits(rest).unwrap_or("0")))
}

/// `1.0-1` is `1.0.post1`.
fn implicit_post(rest: &mut &str) -> Option<Number> {
    let mut after = rest.strip_prefix('-')?;
    let number = Number::new(digits(&mut after)?);
    *rest = after;
    Some(number)
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.epoch.is_zero() {
            write!(f, "{}!", self.epoch)?;
        }
        for (at, number) in self.release.iter().enumerate() {
            write!(f, "{}{number}", if at == 0 { "" } else { "." })?;
        }
        if let Some((kind, number)) = &self.pre {
            let word = match kind {
                PreRelease::Alpha => "a",
                PreRelease::Beta => "b",
                PreRelease::Candidate => "rc",
            };
            write!(f, "{word}{number}")?;
        }
        if let Some(number) = &self.post {
            write!(f, ".post{number}")?;
        }
        if let Some(number) = &self.dev {
            write!(f, ".dev{number}")?;
        }
        for (at, part) in self.local.iter().enumerate() {
            f.write_str(if at == 0 { "+" } else { "." })?;
            match part {
                Local::Word(word) => f.write_str(word)?,
                Local::Number(number) => write!(f, "{number}")?,
            }
        }
        Ok(())
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| self.significant().cmp(other.significant()))
            .then_with(|| self.pre_key().cmp(&other.pre_key()))
            .then_with(|| self.post.cmp(&other.post))
            .then_with(|| self.dev_key().cmp(&other.dev_key()))
            .then_with(|| self.local.cmp(&other.local))
    }
}

equal_by_order!(Version);

/// Compares two versions.
///
/// A text that is no PEP 440 version comes before all that are; two such texts are ordered as setuptools
/// did before PEP 440, and as `packaging` did up to version 21.
pub fn compare(a: &str, b: &str) -> Ordering {
    match (a.parse::<Version>(), b.parse::<Version>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        (Ok(_), Err(_)) => Ordering::Greater,
        (Err(_), Ok(_)) => Ordering::Less,
        (Err(_), Err(_)) => legacy_key(a).cmp(&legacy_key(b)),
    }
}

/// The order of setuptools before PEP 440: numbers are filled up with zeros to eight digits and words are
/// marked with a star, so that words come first and `*final` stands between pre- and post-releases.
fn legacy_key(version: &str) -> Vec<String> {
    let lower = version.to_lowercase();
    let mut key: Vec<String> = Vec::new();
    let parts = legacy_parts(&lower).map(|part| match part {
        "pre" | "preview" | "rc" => "*c".to_owned(),
        "-" => "*final-".to_owned(),
        "dev" => "*@".to_owned(),
        number if number.starts_with(|c: char| c.is_ascii_digit()) => format!("{number:0>8}"),
        word => format!("*{word}"),
    });
    for part in parts.chain(["*final".to_owned()]) {
        if part.starts_with('*') {
            if part.as_str() < "*final" {
                while key.last().is_some_and(|last| last == "*final-") {
                    key.pop();
                }
            }
            while key.last().is_some_and(|last| last == "00000000") {
                key.pop();
            }
        }
        key.push(part);
    }
    key
}

/// Runs of digits, runs of letters, single hyphens, and runs of anything else; dots only part.
fn legacy_parts(version: &str) -> impl Iterator<Item = &str> {
    let class = |c: char| match c {
        '0'..='9' => 0,
        'a'..='z' => 1,
        '.' => 2,
        '-' => 3,
        _ => 4,
    };
    let mut rest = version;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = match class(first) {
            2 | 3 => 1,
            kind => rest.find(|c| class(c) != kind).unwrap_or(rest.len()),
        };
        let (part, after) = rest.split_at(end);
        rest = after;
        Some(part)
    })
    .filter(|part| *part != ".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The rows were written by `testdata/pep440-vectors.py` from what Python's `packaging` says.
    fn rows(section: &str) -> impl Iterator<Item = [&'static str; 3]> {
        include_str!("testdata/pep440-vectors.tsv")
            .lines()
            .filter_map(move |line| {
                let fields: [&str; 4] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
                (fields[0] == section).then_some([fields[1], fields[2], fields[3]])
            })
    }

    #[test]
    fn packaging_agrees_on_the_order() {
        let mut count = 0;
        for [a, sign, b] in rows("order") {
            let order = match sign {
                "<" => Ordering::Less,
                ">" => Ordering::Greater,
                _ => Ordering::Equal,
            };
            assert_eq!(compare(a, b), order, "{a} {sign} {b}");
            assert_eq!(compare(b, a), order.reverse(), "{b} against {a}");
            count += 1;
        }
        assert!(count > 2000);
    }

    #[test]
    fn packaging_agrees_on_the_normal_form() {
        let mut count = 0;
        for [text, normal, _] in rows("normal") {
            let version = text.parse::<Version>().map(|version| version.to_string());
            let said = if normal.is_empty() {
                None
            } else {
                Some(normal.to_owned())
            };
            assert_eq!(version.ok(), said, "{text:?}");
            count += 1;
        }
        assert!(count > 300);
    }

    #[test]
    fn the_order_of_the_specification() {
        let sorted = [
            "2007.07.26.dev-r4x",
            "1.dev0",
            "1.0.dev456",
            "1.0a1",
            "1.0a2.dev456",
            "1.0a12.dev456",
            "1.0a12",
            "1.0b1.dev456",
            "1.0b2",
            "1.0b2.post345.dev456",
            "1.0b2.post345",
            "1.0rc1.dev456",
            "1.0rc1",
            "1.0",
            "1.0+abc.5",
            "1.0+abc.7",
            "1.0+5",
            "1.0.post456.dev34",
            "1.0.post456",
            "1.0.15",
            "1.1.dev1",
            "1!0.1",
        ];
        for (at, a) in sorted.iter().enumerate() {
            for (other, b) in sorted.iter().enumerate() {
                assert_eq!(compare(a, b), at.cmp(&other), "{a} against {b}");
            }
        }
    }

    fn versions() -> impl Strategy<Value = String> {
        "([01]!)?[0-2](\\.[0-2]){0,2}((a|b|rc|c|\\.pre)[0-2])?((\\.post|-r|-)[0-2])?(\\.dev[0-2]?)?(\\+[a-b0-1]\\.?[01])?|[0-1a-b.-]{0,6}"
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
        fn no_text_panics_and_the_normal_form_reads_back(text in "\\PC{0,20}|[0-9a-c.!+-]{0,12}") {
            if let Ok(version) = text.parse::<Version>() {
                prop_assert_eq!(version.to_string().parse::<Version>().unwrap(), version);
            }
            let _ = compare(&text, "1.0");
            let _ = legacy_key(&text);
        }
    }
}
