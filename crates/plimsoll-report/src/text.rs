//! How numbers and foreign texts are written for people.

use std::borrow::Cow;

use plimsoll_core::{
    Assessment, DecisionStatus, FixState, LicenseCategory, Package, Severity, SeverityCounts, Vulnerability,
};

use crate::{Coverage, CoverageStatus, DatabaseSummary, ScanReport};

/// Bytes in decimal units with three digits, as Docker shows sizes: `133 MB`, `1.2 GB`.
pub(crate) fn bytes(count: u64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut value = count as f64;
    let mut units = ["B", "kB", "MB", "GB", "TB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    for next in units {
        if value < 999.5 {
            break;
        }
        (value, unit) = (value / 1000.0, next);
    }
    let digits = if unit == "B" || value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    let number = format!("{value:.digits$}");
    let number = if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        &number
    };
    format!("{number} {unit}")
}

/// Milliseconds, from one second on as seconds: `27 ms`, `1.5 s`.
pub(crate) fn milliseconds(count: u64) -> String {
    match count {
        0..1000 => format!("{count} ms"),
        _ => format!("{}.{} s", count / 1000, count % 1000 / 100),
    }
}

/// `1 package`, `2 packages`.
pub(crate) fn count(number: usize, word: &str) -> String {
    match (number, word.strip_suffix('y')) {
        (1, _) => format!("1 {word}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        _ => format!("{number} {word}s"),
    }
}

/// The runs of ASCII in `text` that `is_plain`, of which texts mostly consist, each with the other character behind it.
pub(crate) fn runs(text: &str, is_plain: impl Fn(u8) -> bool) -> impl Iterator<Item = (&str, Option<char>)> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let other = text.bytes().position(|byte| !(byte.is_ascii() && is_plain(byte)));
        let (plain, others) = text.split_at(other.unwrap_or(text.len()));
        let mut others = others.chars();
        let character = others.next();
        rest = character.map(|_| others.as_str());
        Some((plain, character))
    })
}

/// A foreign text on one line and without control or invisible formatting characters, which could move the cursor
/// of a terminal or hide what is there.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let is_plain = |byte| matches!(byte, b' '..=b'~');
    if text.bytes().all(is_plain) {
        return text.into();
    }
    let mut cleaned = String::with_capacity(text.len());
    for (plain, other) in runs(text, is_plain) {
        cleaned.push_str(plain);
        match other {
            Some('\n' | '\t' | '\r') => {
                if !cleaned.ends_with(' ') {
                    cleaned.push(' ');
                }
            }
            None
            | Some(
                '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}',
            ) => {}
            Some(control) if control.is_control() => cleaned.push('\u{fffd}'),
            Some(other) => cleaned.push(other),
        }
    }
    cleaned.into()
}

/// As [`clean`], of a text that may have been made for it.
pub(crate) fn cleaned(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => clean(text),
        Cow::Owned(text) => clean(&text).into_owned().into(),
    }
}

/// `text` with no more than `most` characters.
pub(crate) fn shortened<'a>(text: impl Into<Cow<'a, str>>, most: usize) -> Cow<'a, str> {
    let text = text.into();
    if text.len() <= most || text.char_indices().nth(most).is_none() {
        return text;
    }
    let head = text.char_indices().nth(most.saturating_sub(1));
    let head = head.map_or("", |(end, _)| &text[..end]);
    format!("{}…", head.trim_end()).into()
}

/// Trivy's word for the state of a fix.
pub(crate) fn status(fix: &FixState) -> &'static str {
    match fix {
        FixState::Fixed(_) => "fixed",
        FixState::Affected => "affected",
        FixState::WontFix => "will_not_fix",
        FixState::EndOfLife => "end_of_life",
    }
}

/// A decision in one word or two.
pub(crate) fn decision(status: DecisionStatus) -> &'static str {
    match status {
        DecisionStatus::NotAffected => "not affected",
        DecisionStatus::Fixed => "fixed",
        DecisionStatus::Accepted => "accepted",
    }
}

/// A licence's category in a word.
pub(crate) fn category(category: LicenseCategory) -> &'static str {
    match category {
        LicenseCategory::Forbidden => "forbidden",
        LicenseCategory::Restricted => "restricted",
        LicenseCategory::Reciprocal => "reciprocal",
        LicenseCategory::Notice => "notice",
        LicenseCategory::Permissive => "permissive",
        LicenseCategory::Unencumbered => "unencumbered",
        LicenseCategory::Unknown => "unknown",
    }
}

pub(crate) fn assessment(assessment: Assessment) -> &'static str {
    match assessment {
        Assessment::Met => "met",
        Assessment::Unmet => "unmet",
        Assessment::NotAssessed => "not assessed",
    }
}

/// `CRITICAL: 1, HIGH: 0, ...`, the worst first.
pub(crate) fn counts(counts: &SeverityCounts) -> String {
    let word = |severity: Severity| format!("{severity}: {}", counts[severity]);
    Severity::WORST_FIRST.map(word).join(", ")
}

/// The vulnerabilities in the order in which people want to see them: the worst first, then those with a fix, then by
/// package.
pub(crate) fn worst_first(vulnerabilities: &[Vulnerability]) -> Vec<&Vulnerability> {
    let mut sorted: Vec<&Vulnerability> = vulnerabilities.iter().collect();
    sorted.sort_by_key(|one| {
        let fixable = one.fix.fixed_version().is_some();
        (
            std::cmp::Reverse((one.severity, one.known_exploited, fixable)),
            &one.package.name,
            &one.id,
        )
    });
    sorted
}

/// What stands in the place of vulnerabilities that were not found: whether that means anything. `coverage` without any
/// entry means that there was nothing to assess.
pub(crate) fn nothing_found(coverage: &[Coverage]) -> String {
    if coverage.is_empty() {
        return "not assessed: no packages of a known kind were found".to_owned();
    }
    let short = coverage.iter().filter(|one| !one.is_assessed()).count();
    match short {
        0 => "none known".to_owned(),
        _ if short == coverage.len() => "not assessed".to_owned(),
        _ => "none known in what was assessed".to_owned(),
    }
}

/// What was found and is not shown, a sentence; `None` where all of it is.
pub(crate) fn left_out(report: &ScanReport) -> Option<String> {
    let left = report.left_out.as_ref()?;
    let counted = [
        (left.vulnerabilities, "vulnerability"),
        (left.secrets, "secret"),
        (left.licenses, "licence"),
    ];
    let counted: Vec<String> = counted
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| count(number, what))
        .collect();
    (!counted.is_empty()).then(|| format!("{}, by {}", counted.join(", "), left.by.join(", ")))
}

/// What the search for secrets came to: how many are shown, and how far was searched. `None` where nobody searched and
/// nothing was found.
pub(crate) fn secrets(report: &ScanReport) -> Option<String> {
    let left = report.left_out.as_ref().is_some_and(|left| left.secrets > 0);
    let found = match report.secrets.len() {
        0 if left => "none of those that are shown".to_owned(),
        0 if !report.suppressed_secrets.is_empty() => "none of those that count".to_owned(),
        0 => "none found".to_owned(),
        number => format!("Total: {number}"),
    };
    match &report.secret_scope {
        Some(scope) => Some(format!("{found}; {scope}")),
        None => (!report.secrets.is_empty()).then_some(found),
    }
}

/// That the image's distribution gets no security updates any more, where that is so.
pub(crate) fn end_of_life(report: &ScanReport) -> Option<String> {
    let end = report.past_end_of_life()?;
    let distribution = report.artifact.distribution.as_ref()?;
    let more = match &end.extended {
        Some(extended) if !end.is_extended && extended.as_str() > report.created_at.get(..10)? => {
            format!("; those who pay or enrol for more get them until {extended}")
        }
        _ => String::new(),
    };
    let last = end.last_day();
    Some(format!(
        "{distribution} has had no security updates since {last}{more}"
    ))
}

/// How many packages there are, and how many of them are not there any more.
pub(crate) fn packages(packages: &[&Package]) -> String {
    let all = count(packages.len(), "package");
    match packages.iter().filter(|one| one.removed_by.is_some()).count() {
        0 => all,
        removed => format!("{all}, {removed} of them removed by a later layer"),
    }
}

/// What a package of a finding is called.
pub(crate) fn name(package: &Package) -> Cow<'_, str> {
    match package.removed_by {
        Some(_) => format!("{} (removed)", package.name).into(),
        None => package.name.as_str().into(),
    }
}

/// What the coverage of one kind of package comes to: a word, and why.
pub(crate) fn coverage(coverage: &Coverage) -> (&'static str, String) {
    let dated = |feeds: &[String], as_of: &Option<String>| match as_of {
        Some(day) => format!("{} as of {day}", feeds.join(", ")),
        None => feeds.join(", "),
    };
    match &coverage.status {
        CoverageStatus::Assessed { feeds, as_of } => ("assessed", dated(feeds, as_of)),
        CoverageStatus::Partial { feeds, as_of, reason } => {
            ("partly assessed", format!("{reason} ({})", dated(feeds, as_of)))
        }
        CoverageStatus::NotAssessed { reason } => ("not assessed", reason.clone()),
    }
}

/// The kinds of packages with what was not assessed first.
pub(crate) fn shortfalls_first(coverage: &[Coverage]) -> Vec<&Coverage> {
    let rank = |one: &&Coverage| match one.status {
        CoverageStatus::NotAssessed { .. } => 0,
        CoverageStatus::Partial { .. } => 1,
        CoverageStatus::Assessed { .. } => 2,
    };
    let mut sorted: Vec<&Coverage> = coverage.iter().collect();
    sorted.sort_by_key(rank);
    sorted
}

/// What was not assessed, or not wholly, and why, in one line; `None` where everything was.
pub(crate) fn not_assessed(report: &ScanReport) -> Option<String> {
    let sorted = shortfalls_first(&report.coverage).into_iter();
    let missing: Vec<String> = sorted
        .filter_map(|one| Some(format!("{}: {}", one.subject, one.shortfall()?)))
        .collect();
    (!missing.is_empty()).then(|| clean(&missing.join("; ")).into_owned())
}

/// Whether `text` is a date and a time with its zone, as RFC 3339 writes them.
pub(crate) fn is_date_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = b"dddd-dd-ddTdd:dd:dd";
    let begins = bytes.len() > shape.len()
        && shape.iter().zip(bytes).all(|(want, byte)| match want {
            b'd' => byte.is_ascii_digit(),
            want => want == byte,
        });
    let zone = bytes.get(shape.len()..).unwrap_or_default();
    let fraction = zone.strip_prefix(b".").map(<[u8]>::trim_ascii_start);
    let zone = match fraction {
        Some(rest) => &rest[rest.iter().take_while(|byte| byte.is_ascii_digit()).count()..],
        None => zone,
    };
    let offset = |zone: &[u8]| match zone {
        [b'+' | b'-', hours @ .., b':', tens, ones] => {
            hours.len() == 2 && hours.iter().chain([tens, ones]).all(u8::is_ascii_digit)
        }
        _ => false,
    };
    begins && (zone == b"Z" || offset(zone))
}

/// The page where the publisher of the id shows it.
pub(crate) fn primary_url(id: &str) -> String {
    let place = if id.starts_with("CVE-") {
        "https://nvd.nist.gov/vuln/detail/"
    } else if id.starts_with("GHSA-") {
        "https://github.com/advisories/"
    } else {
        "https://osv.dev/vulnerability/"
    };
    [place, id].concat()
}

/// One line on the advisory database.
pub(crate) fn database(database: Option<&DatabaseSummary>) -> String {
    let Some(database) = database else {
        return "none were looked at, for vulnerabilities were not asked for".to_owned();
    };
    let feeds = database.feeds.iter().map(|feed| match &feed.as_of {
        Some(day) => format!("{} ({} records, as of {day})", feed.name, feed.records),
        None => format!("{} ({} records)", feed.name, feed.records),
    });
    let feeds = feeds.collect::<Vec<_>>().join(", ");
    let feeds = if feeds.is_empty() {
        "no feeds".to_owned()
    } else {
        feeds
    };
    match (database.builtin, &database.built_at) {
        (true, _) => format!("built-in demonstration set, which covers next to nothing: {feeds}"),
        (false, Some(day)) => format!("built {day}: {feeds}"),
        (false, None) => feeds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times() {
        for (count, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1 kB"),
            (133_000_000, "133 MB"),
            (45_670_000, "45.7 MB"),
            (999_600_000, "1 GB"),
            (1_234_000_000, "1.23 GB"),
            (u64::MAX, "18446744 TB"),
        ] {
            assert_eq!(bytes(count), expected);
        }
        assert_eq!(
            (milliseconds(27).as_str(), milliseconds(1560).as_str()),
            ("27 ms", "1.5 s")
        );
        assert_eq!(
            (count(1, "advisory"), count(2, "advisory"), count(0, "package")),
            (
                "1 advisory".to_owned(),
                "2 advisories".to_owned(),
                "0 packages".to_owned()
            )
        );
    }

    #[test]
    fn dates_with_their_zones() {
        for good in [
            "2024-05-06T00:00:00Z",
            "2024-05-06T00:00:00.123Z",
            "2024-05-06T00:00:00+01:00",
        ] {
            assert!(is_date_time(good), "{good}");
        }
        for bad in [
            "",
            "2024-05-06",
            "2024-05-06T00:00:00",
            "2024-05-06 00:00:00Z",
            "2024-05-06T00:00:00+1:00",
        ] {
            assert!(!is_date_time(bad), "{bad}");
        }
    }

    #[test]
    fn foreign_texts_cannot_command_a_terminal() {
        assert_eq!(clean("a\x1b[31m\r\n\tb\u{202e}c\u{2061}"), "a\u{fffd}[31m bc");
        assert_eq!(clean(" ü\u{7f}~"), " ü\u{fffd}~");
        assert!(matches!(clean("as it stands"), Cow::Borrowed(_)));
        for (text, short) in [
            ("abcdef", "abc…"),
            ("abcd", "abcd"),
            ("ü234", "ü234"),
            ("ü 3456", "ü 3…"),
        ] {
            assert_eq!(shortened(text, 4), short);
        }
    }
}
