//! Python versions: `[N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]`, as PEP 440 (now the version specifiers
//! specification of the Python Packaging User Guide) normalizes and orders them.

use std::cmp::Ordering;
use std::fmt;

use super::{ParseVersionError, compare_digits, split_digits};

/// A number of any length, ordered by value; zeros at its start are left out, so that 0 is empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Number<'a>(&'a str);

impl<'a> Number<'a> {
    fn new(digits: &'a str) -> Self {
        Self(digits.trim_start_matches('0'))
    }

    fn is_zero(self) -> bool {
        self.0.is_empty()
    }
}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        compare_digits(self.0, other.0)
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Number<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_zero() { "0" } else { self.0 })
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

/// What parts a word of a version from what stands beside it, and the parts of a local version label.
const SEPARATORS: [char; 3] = ['.', '-', '_'];

/// A part of the local version label. Numbers come after words, in which case does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Local<'a> {
    Word(&'a str),
    Number(Number<'a>),
}

impl Ord for Local<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        fn lower(word: &str) -> impl Iterator<Item = u8> {
            word.bytes().map(|byte| byte.to_ascii_lowercase())
        }
        match (self, other) {
            (Self::Word(a), Self::Word(b)) => lower(a).cmp(lower(b)),
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Word(_), Self::Number(_)) => Ordering::Less,
            (Self::Number(_), Self::Word(_)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Local<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A Python version, as parts of the text that it stands in. It is shown in its normal form; equality is that of the
/// order (`1.0` equals `1`).
#[derive(Debug, Clone, Copy)]
pub struct Version<'a> {
    epoch: Number<'a>,
    /// Numbers with dots between them.
    release: &'a str,
    pre: Option<(PreRelease, Number<'a>)>,
    post: Option<Number<'a>>,
    dev: Option<Number<'a>>,
    /// Words and numbers with separators between them; empty where there is no label.
    local: &'a str,
}

impl<'a> Version<'a> {
    /// Reads a version in any spelling that PEP 440 normalizes.
    ///
    /// # Errors
    /// Any other text.
    pub fn parse(text: &'a str) -> Result<Self, ParseVersionError> {
        Self::read(text).ok_or_else(|| ParseVersionError {
            version: text.to_owned(),
            scheme: "PEP 440",
            reason: "it does not follow `[N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]`",
        })
    }

    fn read(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let mut rest = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let epoch = epoch(&mut rest).unwrap_or_default();
        let release = release(&mut rest)?;
        let number = Self {
            epoch,
            release,
            pre: None,
            post: None,
            dev: None,
            local: "",
        };
        if rest.is_empty() {
            return Some(number);
        }
        let pre = PRE_RELEASES
            .iter()
            .find_map(|(word, kind)| Some((*kind, segment(&mut rest, word)?)));
        let post = implicit_post(&mut rest).or_else(|| {
            ["post", "rev", "r"]
                .iter()
                .find_map(|word| segment(&mut rest, word))
        });
        let dev = segment(&mut rest, "dev");
        let local = match rest.strip_prefix('+') {
            None if rest.is_empty() => "",
            Some(label) if label.split(SEPARATORS).all(is_alphanumeric) => label,
            None | Some(_) => return None,
        };
        Some(Self {
            pre,
            post,
            dev,
            local,
            ..number
        })
    }

    fn release(&self) -> impl Iterator<Item = Number<'a>> + use<'a> {
        self.release.split('.').map(Number::new)
    }

    fn local(&self) -> impl Iterator<Item = Local<'a>> + use<'a> {
        let parts = self.local.split(SEPARATORS).filter(|part| !part.is_empty());
        parts.map(|part| match part.bytes().all(|byte| byte.is_ascii_digit()) {
            true => Local::Number(Number::new(part)),
            false => Local::Word(part),
        })
    }

    /// Where the version stands by its pre-release: a development release of the release itself comes
    /// before all pre-releases, everything without a pre-release after them.
    fn pre_key(&self) -> (u8, Option<(PreRelease, Number<'a>)>) {
        match self.pre {
            Some(pre) => (1, Some(pre)),
            None if self.post.is_none() && self.dev.is_some() => (0, None),
            None => (2, None),
        }
    }

    /// A version without a development number comes after all that have one.
    fn dev_key(&self) -> (bool, Option<Number<'a>>) {
        (self.dev.is_none(), self.dev)
    }
}

/// `1!`.
fn epoch<'a>(rest: &mut &'a str) -> Option<Number<'a>> {
    let mut after = *rest;
    let number = digits(&mut after)?;
    *rest = after.strip_prefix('!')?;
    Some(Number::new(number))
}

/// Numbers with dots between them, as many as there are.
fn release<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let whole = *rest;
    digits(rest)?;
    while let Some(mut after) = rest.strip_prefix('.') {
        let Some(_) = digits(&mut after) else { break };
        *rest = after;
    }
    Some(&whole[..whole.len() - rest.len()])
}

fn digits<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let (digits, after) = split_digits(rest);
    *rest = after;
    Some(digits).filter(|digits| !digits.is_empty())
}

/// A word between optional separators, in either case, and its number; 0 where there is none.
fn segment<'a>(rest: &mut &'a str, word: &str) -> Option<Number<'a>> {
    let after = rest.strip_prefix(SEPARATORS).unwrap_or(rest);
    let (head, after) = after.split_at_checked(word.len())?;
    if !head.eq_ignore_ascii_case(word) {
        return None;
    }
    *rest = after.strip_prefix(SEPARATORS).unwrap_or(after);
    Some(Number::new(digits(rest).unwrap_or_default()))
}

/// `1.0-1` is `1.0.post1`.
fn implicit_post<'a>(rest: &mut &'a str) -> Option<Number<'a>> {
    let mut after = rest.strip_prefix('-')?;
    let number = Number::new(digits(&mut after)?);
    *rest = after;
    Some(number)
}

fn is_alphanumeric(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl fmt::Display for Version<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.epoch.is_zero() {
            write!(f, "{}!", self.epoch)?;
        }
        for (at, number) in self.release().enumerate() {
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
        for (at, part) in self.local().enumerate() {
            f.write_str(if at == 0 { "+" } else { "." })?;
            match part {
                Local::Word(word) => f.write_str(&word.to_ascii_lowercase())?,
                Local::Number(number) => write!(f, "{number}")?,
            }
        }
        Ok(())
    }
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare_releases(self, other))
            .then_with(|| self.pre_key().cmp(&other.pre_key()))
            .then_with(|| self.post.cmp(&other.post))
            .then_with(|| self.dev_key().cmp(&other.dev_key()))
            .then_with(|| self.local().cmp(other.local()))
    }
}

/// The shorter release goes on with zeros.
fn compare_releases(a: &Version<'_>, b: &Version<'_>) -> Ordering {
    let (mut a, mut b) = (a.release(), b.release());
    loop {
        let (next_a, next_b) = (a.next(), b.next());
        if next_a.is_none() && next_b.is_none() {
            return Ordering::Equal;
        }
        let order = next_a.unwrap_or_default().cmp(&next_b.unwrap_or_default());
        if order.is_ne() {
            return order;
        }
    }
}

equal_by_order!(Version<'_>);

/// Compares two versions.
///
/// A text that is no PEP 440 version comes before all that are; two such texts are ordered as setuptools
/// did before PEP 440, and as `packaging` did up to version 21.
pub fn compare(a: &str, b: &str) -> Ordering {
    match (Version::read(a), Version::read(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (None, None) => legacy_key(a).cmp(&legacy_key(b)),
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
            let version = Version::parse(text).map(|version| version.to_string());
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
            if let Ok(version) = Version::parse(&text) {
                let normal = version.to_string();
                prop_assert_eq!(Version::parse(&normal).unwrap(), version);
            }
            let _ = compare(&text, "1.0");
            let _ = legacy_key(&text);
        }
    }
}
