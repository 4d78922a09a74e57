//! Ranges of versions: from OSV's events to intervals, and whether a version lies in one.

use std::cmp::Ordering;
use std::fmt;

use plimsoll_core::Ecosystem;

use crate::database::schema::{Extent, Interval, Until};
use crate::versions;

/// One event of an OSV range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// From this version on it is affected; `0` is before every version.
    Introduced(String),
    /// From this version on it is not.
    Fixed(String),
    /// Behind this version it is not.
    LastAffected(String),
    /// The range says nothing from this version on; `*` is behind every version.
    Limit(String),
}

impl Event {
    pub(crate) fn version(&self) -> &str {
        match self {
            Self::Introduced(version)
            | Self::Fixed(version)
            | Self::LastAffected(version)
            | Self::Limit(version) => version,
        }
    }

    fn version_mut(&mut self) -> &mut String {
        match self {
            Self::Introduced(version)
            | Self::Fixed(version)
            | Self::LastAffected(version)
            | Self::Limit(version) => version,
        }
    }

    /// Takes off what stands before the version, as where it is the name of a package's file.
    pub(crate) fn strip(&mut self, prefix: &str) {
        let version = self.version_mut();
        if version.starts_with(prefix) {
            version.drain(..prefix.len());
        }
    }

    /// Puts `epoch` before an RPM version that has none; `0` and `*` are no versions of packages.
    pub(crate) fn set_epoch(&mut self, epoch: &str) {
        let version = self.version_mut();
        if !matches!(version.as_str(), "0" | "*") && !version.contains(':') {
            version.insert_str(0, &format!("{epoch}:"));
        }
    }
}

/// Turns the events of one range, in any order, into intervals that do not meet, the lowest first.
///
/// The outcome is that of the evaluation in the OSV schema: the events are gone through by version. Of the
/// events at one version, the end of what was affected so far comes first, so that `fixed: 2` and
/// `introduced: 2` leave 2 affected, whichever stands first in the record.
pub(crate) fn intervals(ecosystem: Ecosystem, events: &[Event]) -> Vec<Interval> {
    let is_limit = |event: &&Event| matches!(event, Event::Limit(_));
    let limits: Vec<&str> = events.iter().filter(is_limit).map(Event::version).collect();
    let limit = (!limits.contains(&"*"))
        .then(|| {
            limits
                .iter()
                .copied()
                .max_by(|a, b| versions::compare(ecosystem, a, b))
        })
        .flatten();

    let sorted = events.iter().filter(|event| !is_limit(event)).collect();
    let sorted = merge_sort(sorted, &|a: &&Event, b: &&Event| compare_events(ecosystem, a, b));
    let mut intervals: Vec<Interval> = Vec::new();
    let mut open: Option<Option<String>> = None;
    for group in sorted.chunk_by(|a, b| compare_events(ecosystem, a, b).is_eq()) {
        let introduced = group.iter().find(|event| matches!(event, Event::Introduced(_)));
        let end = group.iter().find_map(|event| match event {
            Event::Fixed(version) => Some(Until::Fixed(version.clone())),
            _ => None,
        });
        let end = end.or_else(|| {
            group.iter().find_map(|event| match event {
                Event::LastAffected(version) => Some(Until::LastAffected(version.clone())),
                _ => None,
            })
        });
        let from = introduced.map(|event| {
            Some(event.version())
                .filter(|version| *version != "0")
                .map(str::to_owned)
        });
        match (open.take(), from, end) {
            // Affected so far: it goes on unless it ends here, and then it may begin again.
            (Some(start), _, None) => open = Some(start),
            (Some(start), from, Some(until)) => {
                intervals.push(Interval { from: start, until });
                open = from;
            }
            // Not affected so far: it may begin here, and end here at once.
            (None, Some(from), Some(Until::LastAffected(version))) => {
                intervals.push(Interval {
                    from,
                    until: Until::LastAffected(version),
                });
            }
            (None, Some(from), None) => open = Some(from),
            (None, Some(_), Some(_)) | (None, None, _) => {}
        }
    }
    if let Some(from) = open {
        intervals.push(Interval {
            from,
            until: Until::Open,
        });
    }
    match limit {
        Some(limit) => intervals
            .into_iter()
            .filter_map(|interval| cut(ecosystem, interval, limit))
            .collect(),
        None => intervals,
    }
}

/// A stable sort. The library's may panic where an order is not total, and that of Maven is not.
fn merge_sort<T: Copy>(items: Vec<T>, compare: &impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    if items.len() < 2 {
        return items;
    }
    let (left, right) = items.split_at(items.len() / 2);
    let (left, right) = (
        merge_sort(left.to_vec(), compare),
        merge_sort(right.to_vec(), compare),
    );
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    let mut sorted = Vec::with_capacity(items.len());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if compare(b, a).is_lt() {
            right.next()
        } else {
            left.next()
        };
        sorted.extend(next);
    }
    sorted.extend(left.chain(right));
    sorted
}

fn compare_events(ecosystem: Ecosystem, a: &Event, b: &Event) -> Ordering {
    let start = |event: &Event| matches!(event, Event::Introduced(version) if version == "0");
    match (start(a), start(b)) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => versions::compare(ecosystem, a.version(), b.version()),
    }
}

/// The part of an interval below `limit`.
fn cut(ecosystem: Ecosystem, interval: Interval, limit: &str) -> Option<Interval> {
    let reaches = |version: &str| versions::compare(ecosystem, version, limit).is_ge();
    if interval.from.as_deref().is_some_and(reaches) {
        return None;
    }
    let beyond = match &interval.until {
        Until::Open => true,
        Until::Fixed(version) => versions::compare(ecosystem, version, limit).is_gt(),
        Until::LastAffected(version) | Until::Limit(version) => reaches(version),
    };
    let until = if beyond {
        Until::Limit(limit.to_owned())
    } else {
        interval.until
    };
    Some(Interval {
        from: interval.from,
        until,
    })
}

impl Interval {
    /// Whether it ends with a fix.
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self.until, Until::Fixed(_))
    }

    /// Whether `version` lies in it.
    pub(crate) fn contains(&self, ecosystem: Ecosystem, version: &str) -> bool {
        let order = |bound: &String| versions::compare(ecosystem, version, bound);
        self.from.as_ref().is_none_or(|from| order(from).is_ge())
            && match &self.until {
                Until::Open => true,
                Until::Fixed(bound) | Until::Limit(bound) => order(bound).is_lt(),
                Until::LastAffected(bound) => order(bound).is_le(),
            }
    }
}

impl Extent {
    /// Whether a version that it names has an epoch, as RPM writes it.
    pub(crate) fn has_epochs(&self) -> bool {
        let Self::Versions { intervals, listed } = self else {
            return false;
        };
        let ends = intervals.iter().filter_map(|interval| match &interval.until {
            Until::Fixed(version) | Until::LastAffected(version) | Until::Limit(version) => Some(version),
            Until::Open => None,
        });
        let starts = intervals.iter().filter_map(|interval| interval.from.as_ref());
        starts
            .chain(ends)
            .chain(listed)
            .any(|version| version.contains(':'))
    }
}

impl fmt::Display for Interval {
    /// The mathematicians' notation: `[2.3.0, 2.3.2)`, `(…, 1.2]`, `[1.0, …)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.from {
            Some(from) => write!(f, "[{from}, ")?,
            None => f.write_str("(…, ")?,
        }
        match &self.until {
            Until::Open => f.write_str("…)"),
            Until::Fixed(version) | Until::Limit(version) => write!(f, "{version})"),
            Until::LastAffected(version) => write!(f, "{version}]"),
        }
    }
}

/// How an installed version is affected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hit<'a> {
    /// It lies in this interval.
    Interval(&'a Interval),
    /// The record lists it.
    Listed(&'a str),
}

/// Looks an installed version up in the intervals and the list of a record. A version that does not follow
/// its scheme is only found in the list, by its very text.
pub(crate) fn find<'a>(
    ecosystem: Ecosystem,
    version: &str,
    comparable: bool,
    intervals: &'a [Interval],
    listed: &'a [String],
) -> Option<Hit<'a>> {
    let interval = intervals
        .iter()
        .find(|interval| comparable && interval.contains(ecosystem, version));
    let same = |other: &&String| {
        *other == version || comparable && versions::compare(ecosystem, other, version).is_eq()
    };
    interval
        .map(Hit::Interval)
        .or_else(|| listed.iter().find(same).map(|version| Hit::Listed(version)))
}

/// The version to go to from an installed one, where the record has one: the end of its interval, or for a
/// listed version the lowest fixed version above it.
pub(crate) fn fixed_version<'a>(
    ecosystem: Ecosystem,
    version: &str,
    hit: Hit<'a>,
    intervals: &'a [Interval],
) -> Option<&'a str> {
    match hit {
        Hit::Interval(Interval {
            until: Until::Fixed(fixed),
            ..
        }) => Some(fixed),
        Hit::Interval(_) => None,
        Hit::Listed(_) => intervals
            .iter()
            .filter_map(|interval| match &interval.until {
                Until::Fixed(fixed) => Some(fixed.as_str()),
                _ => None,
            })
            .filter(|fixed| versions::compare(ecosystem, fixed, version).is_gt())
            .min_by(|a, b| versions::compare(ecosystem, a, b)),
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (intervals, listed) = match self {
            Self::Unfixed(_) => return f.write_str("not fixed"),
            Self::Undetermined => return f.write_str("undetermined"),
            Self::Unreadable => return f.write_str("unreadable"),
            Self::Versions { intervals, listed } => (intervals, listed),
        };
        let shown: Vec<String> = intervals
            .iter()
            .map(Interval::to_string)
            .chain(listed.iter().cloned())
            .collect();
        f.write_str(&shown.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn introduced(version: &str) -> Event {
        Event::Introduced(version.to_owned())
    }

    fn fixed(version: &str) -> Event {
        Event::Fixed(version.to_owned())
    }

    fn last(version: &str) -> Event {
        Event::LastAffected(version.to_owned())
    }

    fn limit(version: &str) -> Event {
        Event::Limit(version.to_owned())
    }

    fn shown(events: &[Event]) -> String {
        let intervals = intervals(Ecosystem::PyPi, events);
        intervals
            .iter()
            .map(Interval::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn events_become_intervals() {
        for (events, intervals) in [
            (vec![introduced("0")], "(…, …)"),
            (
                vec![
                    introduced("0"),
                    fixed("2.2.5"),
                    introduced("2.3.0"),
                    fixed("2.3.2"),
                ],
                "(…, 2.2.5) [2.3.0, 2.3.2)",
            ),
            (
                vec![
                    fixed("2.3.2"),
                    introduced("2.3.0"),
                    fixed("2.2.5"),
                    introduced("0"),
                ],
                "(…, 2.2.5) [2.3.0, 2.3.2)",
            ),
            (vec![introduced("1"), last("2")], "[1, 2]"),
            (vec![introduced("1"), last("1")], "[1, 1]"),
            (vec![introduced("1"), fixed("1")], ""),
            (
                vec![introduced("1"), introduced("2"), fixed("3"), fixed("4")],
                "[1, 3)",
            ),
            (
                vec![introduced("1"), fixed("2"), introduced("2"), fixed("3")],
                "[1, 2) [2, 3)",
            ),
            (
                vec![introduced("1"), introduced("2"), fixed("2"), fixed("3")],
                "[1, 2) [2, 3)",
            ),
            (vec![fixed("3")], ""),
            (vec![introduced("0"), limit("2")], "(…, 2)"),
            (vec![introduced("0"), limit("2"), limit("3")], "(…, 3)"),
            (vec![introduced("0"), limit("2"), limit("*")], "(…, …)"),
            (
                vec![introduced("1"), fixed("2"), introduced("3"), limit("2.5")],
                "[1, 2)",
            ),
        ] {
            assert_eq!(shown(&events), intervals, "{events:?}");
        }
    }

    #[test]
    fn bounds() {
        let events = [introduced("1.0"), fixed("1.5"), introduced("2.0"), last("2.1")];
        let intervals = intervals(Ecosystem::PyPi, &events);
        for (version, affected) in [
            ("0.9", false),
            ("1.0.dev1", false),
            ("1.0", true),
            ("1.5rc1", true),
            ("1.5", false),
            ("2", true),
            ("2.1.0", true),
            ("2.1.1", false),
        ] {
            let hit = find(Ecosystem::PyPi, version, true, &intervals, &[]);
            assert_eq!(hit.is_some(), affected, "{version}");
        }
    }

    #[test]
    fn listed_versions() {
        let intervals = intervals(
            Ecosystem::PyPi,
            &[introduced("1.0"), fixed("1.5"), introduced("3"), fixed("4")],
        );
        let listed = ["2.0".to_owned(), "odd one".to_owned()];
        let hit = find(Ecosystem::PyPi, "2.0.0", true, &intervals, &listed).unwrap();
        assert_eq!(hit, Hit::Listed("2.0"));
        assert_eq!(
            fixed_version(Ecosystem::PyPi, "2.0.0", hit, &intervals),
            Some("4")
        );
        assert!(find(Ecosystem::PyPi, "odd one", false, &intervals, &listed).is_some());
        assert!(find(Ecosystem::PyPi, "another", false, &intervals, &listed).is_none());
    }

    /// The evaluation as the OSV schema describes it, event by event.
    fn by_the_schema(events: &[Event], version: &str) -> bool {
        let limits: Vec<&str> = events
            .iter()
            .filter(|e| matches!(e, Event::Limit(_)))
            .map(Event::version)
            .collect();
        let compare = |a: &str, b: &str| versions::compare(Ecosystem::PyPi, a, b);
        if !limits.is_empty()
            && !limits
                .iter()
                .any(|limit| *limit == "*" || compare(version, limit).is_lt())
        {
            return false;
        }
        let mut sorted: Vec<&Event> = events.iter().collect();
        sorted.sort_by(|a, b| compare_events(Ecosystem::PyPi, a, b));
        let mut vulnerable = false;
        for event in sorted {
            match event {
                Event::Introduced(from) if from == "0" || compare(version, from).is_ge() => vulnerable = true,
                Event::Fixed(from) if compare(version, from).is_ge() => vulnerable = false,
                Event::LastAffected(last) if compare(version, last).is_gt() => vulnerable = false,
                _ => {}
            }
        }
        vulnerable
    }

    proptest! {
        #[test]
        fn the_intervals_are_what_the_schema_says(kinds in prop::collection::vec(0u8..4, 1..8), at in 0usize..20, shift in 1usize..7) {
            // One event at each version: what several at one version mean is this module's own rule.
            let mut events: Vec<Event> = kinds.iter().enumerate().map(|(number, kind)| {
                let version = (number * 2).to_string();
                match kind { 0 => Event::Introduced(version), 1 => Event::Fixed(version), 2 => Event::LastAffected(version), _ => Event::Limit(version) }
            }).collect();
            let expected = by_the_schema(&events, &at.to_string());
            let length = events.len();
            events.rotate_left(shift % length);
            let intervals = intervals(Ecosystem::PyPi, &events);
            let found = intervals.iter().filter(|interval| interval.contains(Ecosystem::PyPi, &at.to_string())).count();
            prop_assert_eq!(found > 0, expected, "{:?}", intervals);
            prop_assert!(found <= 1);
        }
    }
}
