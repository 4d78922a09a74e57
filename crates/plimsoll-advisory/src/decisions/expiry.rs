//! When a decision ceases to hold.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiry {
    /// At the end of this day, by UTC.
    Day(Date),
    /// At this instant.
    Instant(Timestamp),
}

impl Expiry {
    /// Reads a day (`2030-12-31`), or a day and time with its offset from UTC or without (RFC 3339); `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_of = |text: &str, others: &[u8]| {
            text.bytes()
                .all(|byte| byte.is_ascii_digit() || others.contains(&byte))
        };
        if is_of(text, b"-") {
            return text.parse().ok().map(Self::Day);
        }
        if let Ok(instant) = text.parse() {
            return Some(Self::Instant(instant));
        }
        // Other types than the instant's pass over what is behind the time.
        let (_, time) = text.split_once(['T', 't', ' '])?;
        let time: DateTime = is_of(time, b":.").then(|| text.parse().ok())??;
        let instant = time.to_zoned(TimeZone::UTC).ok()?.timestamp();
        Some(Self::Instant(instant))
    }

    pub(super) fn has_passed(self, now: Timestamp) -> bool {
        match self {
            Self::Day(day) => day < now.to_zoned(TimeZone::UTC).date(),
            Self::Instant(instant) => instant <= now,
        }
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Instant(instant) => instant.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_hold_to_their_end_and_times_to_the_instant() {
        let now: Timestamp = "2026-05-01T10:00:00Z".parse().unwrap();
        for (text, shown, passed) in [
            ("2026-05-01", "2026-05-01", false),
            ("2026-04-30", "2026-04-30", true),
            ("2026-05-01T09:59:59Z", "2026-05-01T09:59:59Z", true),
            ("2026-05-01T10:00:01Z", "2026-05-01T10:00:01Z", false),
            ("2026-05-01T11:30:00+02:00", "2026-05-01T09:30:00Z", true),
            ("2026-04-30T23:30:00-11:00", "2026-05-01T10:30:00Z", false),
            ("2026-05-01 09:30:00", "2026-05-01T09:30:00Z", true),
            ("2026-05-01T10:30:00.5", "2026-05-01T10:30:00.5Z", false),
        ] {
            let expiry = Expiry::parse(text).unwrap();
            assert_eq!(
                (expiry.to_string(), expiry.has_passed(now)),
                (shown.to_owned(), passed),
                "{text}"
            );
        }
        for text in [
            "",
            "soon",
            "2026-02-30",
            "2026-05-01T25:00:00Z",
            "10:00:00",
            "2026-05-01T10:00:00[Europe/Berlin]",
        ] {
            assert_eq!(Expiry::parse(text), None, "{text}");
        }
    }
}
