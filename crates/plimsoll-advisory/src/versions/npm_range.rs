//! npm's ranges of versions, such as `>=1.2 <2 || ^3.0.1`, as `node-semver` reads them.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::ParseVersionError;
use super::semver::{Version, are_identifiers, number};

/// A range: sets of comparators of which one must hold whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    sets: Vec<Vec<Comparator>>,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Comparator {
    operator: Operator,
    version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

impl Range {
    /// Whether a version lies in it. A pre-release only does where a comparator names a pre-release of the same
    /// numbers; what is no version never does.
    pub fn contains(&self, version: &str) -> bool {
        let Ok(version) = version.parse::<Version>() else {
            return false;
        };
        self.sets.iter().any(|set| holds(set, &version))
    }
}

fn holds(set: &[Comparator], version: &Version) -> bool {
    let named = |comparator: &Comparator| {
        comparator.version.pre_release.is_some() && comparator.version.numbers == version.numbers
    };
    set.iter().all(|comparator| comparator.holds(version))
        && (version.pre_release.is_none() || set.iter().any(named))
}

impl Comparator {
    fn holds(&self, version: &Version) -> bool {
        let order = version.precedence(&self.version);
        match self.operator {
            Operator::Less => order == Ordering::Less,
            Operator::LessOrEqual => order != Ordering::Greater,
            Operator::Equal => order == Ordering::Equal,
            Operator::GreaterOrEqual => order != Ordering::Less,
            Operator::Greater => order == Ordering::Greater,
        }
    }
}

impl FromStr for Range {
    type Err = ParseVersionError;

    /// Reads a range. An empty one holds every release.
    ///
    /// # Errors
    /// Anything that `node-semver` does not read.
    fn from_str(text: &str) -> Result<Self, ParseVersionError> {
        let sets: Option<Vec<_>> = text.split("||").map(set).collect();
        let sets = sets.ok_or_else(|| ParseVersionError {
            version: text.to_owned(),
            scheme: "npm range",
            reason: "it is not made of comparators such as `>=1.2.3`, `^1`, `~2.1`, `1.x` and `1 - 2`",
        })?;
        Ok(Self {
            sets,
            text: text.to_owned(),
        })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A version in a range: its numbers end where `x`, `X`, `*` or nothing stands.
#[derive(Debug, Clone, Default)]
struct Partial {
    major: Option<u64>,
    minor: Option<u64>,
    patch: Option<u64>,
    pre_release: Option<String>,
    /// A number stands behind a placeholder.
    disordered: bool,
}

impl Partial {
    /// A whole version is read as it stands, and none begins with an equals sign.
    fn may_stand_as(&self, text: &str) -> bool {
        self.patch.is_none() || !text.starts_with('=')
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim_start_matches(['v', '=', ' ']);
        if text.is_empty() {
            return None;
        }
        let (text, build) = text
            .split_once('+')
            .map_or((text, None), |(text, build)| (text, Some(build)));
        let (core, pre) = text
            .split_once('-')
            .map_or((text, None), |(core, pre)| (core, Some(pre)));
        if build.is_some_and(|build| !are_identifiers(build, false))
            || pre.is_some_and(|pre| !are_identifiers(pre, true))
        {
            return None;
        }
        let parts: Option<Vec<Option<u64>>> = core.split('.').map(part).collect();
        let parts = parts.filter(|parts| parts.len() <= 3)?;
        if parts.len() < 3 && (pre.is_some() || build.is_some()) {
            return None;
        }
        let at = |index: usize| parts.get(index).copied().flatten();
        let major = at(0);
        let minor = major.and(at(1));
        let patch = minor.and(at(2));
        Some(Self {
            disordered: parts
                .windows(2)
                .any(|pair| pair[0].is_none() && pair[1].is_some()),
            major,
            minor,
            patch,
            pre_release: pre.map(str::to_owned),
        })
    }

    /// The lowest version with these numbers, the pre-release kept where the numbers are whole.
    fn lowest(&self) -> Version {
        let whole = self.patch.is_some();
        Version {
            numbers: [self.major, self.minor, self.patch].map(|number| number.unwrap_or(0)),
            pre_release: self.pre_release.clone().filter(|_| whole),
        }
    }
}

/// A number; `Some(None)` for a placeholder.
fn part(text: &str) -> Option<Option<u64>> {
    match text {
        "x" | "X" | "*" => Some(None),
        text => number(text).map(Some),
    }
}

/// The comparators of a set.
fn set(text: &str) -> Option<Vec<Comparator>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if let [from, "-", to] = words[..]
        && let (Some(from), Some(to)) = (Partial::parse(from), Partial::parse(to))
    {
        return (from.may_stand_as(words[0]) && to.may_stand_as(words[2])).then(|| between(&from, &to));
    }
    let mut comparators = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let mut word = word.to_owned();
        if word.chars().all(is_operator) {
            // Blanks may stand between an operator and its version.
            word.push_str(words.next().unwrap_or(""));
        }
        let operator = OPERATORS.iter().find(|operator| word.starts_with(**operator));
        let (operator, version) = word.split_at(operator.map_or(0, |operator| operator.len()));
        comparators.extend(comparator(operator, version)?);
    }
    Some(comparators)
}

/// Longer ones before their beginnings.
const OPERATORS: [&str; 8] = ["<=", ">=", "~>", "<", ">", "=", "^", "~"];

fn is_operator(c: char) -> bool {
    matches!(c, '<' | '>' | '=' | '^' | '~')
}

fn between(from: &Partial, to: &Partial) -> Vec<Comparator> {
    let mut comparators = Vec::new();
    if from.major.is_some() {
        comparators.push(at_least(from.lowest()));
    }
    match (to.major, to.minor, to.patch) {
        (None, ..) => {}
        (Some(major), None, _) => comparators.push(below([major.saturating_add(1), 0, 0])),
        (Some(major), Some(minor), None) => comparators.push(below([major, minor.saturating_add(1), 0])),
        _ => comparators.push(Comparator {
            operator: Operator::LessOrEqual,
            version: to.lowest(),
        }),
    }
    comparators
}

fn at_least(version: Version) -> Comparator {
    Comparator {
        operator: Operator::GreaterOrEqual,
        version,
    }
}

/// Below all versions with these numbers, their pre-releases too.
fn below(numbers: [u64; 3]) -> Comparator {
    Comparator {
        operator: Operator::Less,
        version: Version {
            numbers,
            pre_release: Some("0".to_owned()),
        },
    }
}

/// What one operator with one version stands for.
fn comparator(operator: &str, version: &str) -> Option<Vec<Comparator>> {
    let operator = match operator {
        "^" => return caret(version),
        "~" | "~>" => return tilde(version),
        "" | "=" => Operator::Equal,
        "<" => Operator::Less,
        "<=" => Operator::LessOrEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterOrEqual,
        _ => return None,
    };
    let partial = Partial::parse(version)?;
    if partial.disordered || !partial.may_stand_as(version) {
        return None;
    }
    let Some(major) = partial.major else {
        // Nothing lies above or below everything.
        let nothing = matches!(operator, Operator::Less | Operator::Greater);
        return Some(if nothing {
            vec![below([0, 0, 0])]
        } else {
            Vec::new()
        });
    };
    if partial.patch.is_some() {
        return Some(vec![Comparator {
            operator,
            version: partial.lowest(),
        }]);
    }
    let next = match partial.minor {
        None => [major.saturating_add(1), 0, 0],
        Some(minor) => [major, minor.saturating_add(1), 0],
    };
    let release = |numbers| Version {
        numbers,
        pre_release: None,
    };
    Some(match operator {
        Operator::Equal => vec![at_least(partial.lowest()), below(next)],
        Operator::Greater => vec![at_least(release(next))],
        Operator::GreaterOrEqual => vec![at_least(partial.lowest())],
        Operator::Less => vec![below(partial.lowest().numbers)],
        Operator::LessOrEqual => vec![below(next)],
    })
}

/// `~1.2.3`: what changes the patch only.
fn tilde(version: &str) -> Option<Vec<Comparator>> {
    ranged(version, |major, minor, _| match minor {
        None => [major.saturating_add(1), 0, 0],
        Some(minor) => [major, minor.saturating_add(1), 0],
    })
}

/// `^1.2.3`: what keeps the first number that is not zero.
fn caret(version: &str) -> Option<Vec<Comparator>> {
    ranged(version, |major, minor, patch| match (major, minor, patch) {
        (0, Some(0), Some(patch)) => [0, 0, patch.saturating_add(1)],
        (0, Some(minor), _) => [0, minor.saturating_add(1), 0],
        _ => [major.saturating_add(1), 0, 0],
    })
}

fn ranged(version: &str, end: impl Fn(u64, Option<u64>, Option<u64>) -> [u64; 3]) -> Option<Vec<Comparator>> {
    let partial = Partial::parse(version)?;
    Some(match partial.major {
        None => Vec::new(),
        Some(major) => vec![
            at_least(partial.lowest()),
            below(end(major, partial.minor, partial.patch)),
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::versions::vectors::rows;
    use proptest::prelude::*;

    #[test]
    fn npm_agrees() {
        let rows = rows(include_str!("testdata/semver-vectors.tsv"), "range");
        assert!(rows.len() > 1400);
        let mut wrong = Vec::new();
        for [version, said, range] in rows {
            let found = match range.parse::<Range>() {
                Err(_) => "invalid",
                Ok(range) if range.contains(version) => "true",
                Ok(_) => "false",
            };
            if found != said {
                wrong.push(format!("{version} in `{range}`: npm says {said}, found {found}"));
            }
        }
        assert!(
            wrong.is_empty(),
            "{} wrong: {:#?}",
            wrong.len(),
            &wrong[..wrong.len().min(15)]
        );
    }

    #[test]
    fn ranges_of_advisories() {
        let range: Range = ">=1.0.0 <1.4.2 || ^2.0.0-rc.1".parse().unwrap();
        for (version, inside) in [
            ("1.4.1", true),
            ("1.4.2", false),
            ("2.0.0-rc.2", true),
            ("2.1.0-rc.2", false),
            ("3.0.0", false),
            ("x", false),
        ] {
            assert_eq!(range.contains(version), inside, "{version}");
        }
        assert_eq!(range.to_string(), ">=1.0.0 <1.4.2 || ^2.0.0-rc.1");
        for text in ["^a", "1.2.3.4", ">>1", "1 -", "- 1", "latest"] {
            assert!(text.parse::<Range>().is_err(), "{text:?} was accepted");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(range in "[<>=^~|x*. 0-9a-]{0,20}|\\PC{0,20}", version in "[0-9]{1,20}\\.1\\.1|\\PC{0,10}") {
            if let Ok(range) = range.parse::<Range>() {
                let _ = range.contains(&version);
            }
        }
    }
}
