//! Sizes, ages and durations as Docker shows them.

use jiff::{SignedDuration, Timestamp};

/// Bytes in powers of a thousand with at most three digits: `133MB`, `1.2GB`.
pub(crate) fn size(bytes: u64) -> String {
    scaled(bytes, 1000.0, &["B", "kB", "MB", "GB", "TB", "PB", "EB"])
}

/// Bytes in powers of 1024 with at most four digits: `31.4MiB`.
pub(crate) fn binary_size(bytes: u64) -> String {
    scaled(bytes, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"])
}

fn scaled(bytes: u64, base: f64, units: &[&str]) -> String {
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= base && unit + 1 < units.len() {
        value /= base;
        unit += 1;
    }
    let digits = if unit == 0 || value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    let mut number = format!("{value:.digits$}");
    if number.contains('.') {
        number = number.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    format!("{number}{}", units[unit])
}

/// How long ago: `3 minutes ago`. `now` is given so that one list has one clock.
pub(crate) fn ago(then: Timestamp, now: Timestamp) -> String {
    format!("{} ago", duration(now.duration_since(then)))
}

/// A length of time in its largest unit, in Docker's words.
pub(crate) fn duration(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    let (minutes, hours) = (seconds / 60, (seconds + 1800) / 3600);
    let days = hours / 24;
    match () {
        () if seconds < 1 => "Less than a second".to_owned(),
        () if seconds == 1 => "1 second".to_owned(),
        () if seconds < 60 => format!("{seconds} seconds"),
        () if minutes == 1 => "About a minute".to_owned(),
        () if minutes < 60 => format!("{minutes} minutes"),
        () if hours <= 1 => "About an hour".to_owned(),
        () if hours < 48 => format!("{hours} hours"),
        () if days < 14 => format!("{days} days"),
        () if days < 60 => format!("{} weeks", days / 7),
        () if days < 730 => format!("{} months", days / 30),
        () => format!("{} years", days / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_docker_shows_them() {
        for (bytes, text) in [
            (0, "0B"),
            (999, "999B"),
            (1000, "1kB"),
            (133_400_000, "133MB"),
            (1_234_000_000, "1.23GB"),
        ] {
            assert_eq!(size(bytes), text);
        }
        assert_eq!(binary_size(32 << 20), "32MiB");
    }

    #[test]
    fn lengths_as_docker_shows_them() {
        let text = |seconds| duration(SignedDuration::from_secs(seconds));
        let words = [
            0,
            1,
            59,
            60,
            120,
            3599,
            3600,
            7200,
            86_400 * 3,
            86_400 * 20,
            86_400 * 90,
            86_400 * 800,
        ]
        .map(text);
        assert_eq!(
            words.join(", "),
            "Less than a second, 1 second, 59 seconds, About a minute, 2 minutes, 59 minutes, About an hour, 2 hours, 3 days, 2 weeks, 3 months, 2 years"
        );
    }
}
