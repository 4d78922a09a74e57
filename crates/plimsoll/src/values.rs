//! The forms of option values that several commands take, in Docker's grammar.

use std::path::Path;
use std::time::Duration;

use crate::failure::Failure;

/// A number of bytes: `256m`, `1.5g`, `1024`; units are powers of 1024.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let lower = text.trim().to_ascii_lowercase();
    let number = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor: u64 = match &lower[number.len()..] {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        "t" | "tb" | "tib" => 1 << 40,
        unit => return Err(format!("unknown unit `{unit}`; use b, k, m or g")),
    };
    let value: f64 = number
        .trim()
        .parse()
        .map_err(|_| format!("`{text}` is not a number of bytes"))?;
    let result = value * factor as f64;
    if !(0.0..=9e18).contains(&result) {
        return Err(format!("`{text}` is out of range"));
    }
    Ok(result as u64)
}

/// A length of time as Go writes it: `30s`, `1m30s`, `500ms`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    let mut total = 0f64;
    if rest.is_empty() {
        return Err("a length of time is missing".to_owned());
    }
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let number: f64 = rest[..end]
            .parse()
            .map_err(|_| format!("`{text}` is not a length of time such as `1m30s`"))?;
        rest = &rest[end..];
        let unit_end = rest
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(rest.len());
        let unit = match &rest[..unit_end] {
            "ns" => 1e-9,
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "" if number == 0.0 => 0.0,
            unit => return Err(format!("`{text}`: unknown unit `{unit}`; use ms, s, m or h")),
        };
        total += number * unit;
        rest = &rest[unit_end..];
    }
    Duration::try_from_secs_f64(total).map_err(|_| format!("`{text}` is out of range"))
}

/// An age: a length of time, or whole days or weeks: `12h`, `7d`, `2w`.
pub(crate) fn age(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let days = [("d", 1_u64), ("w", 7)]
        .into_iter()
        .find_map(|(unit, days)| Some((text.strip_suffix(unit)?.parse::<u64>().ok()?, days)));
    match days {
        Some((number, days)) => number
            .checked_mul(days * 24 * 60 * 60)
            .map(Duration::from_secs)
            .ok_or_else(|| format!("`{text}` is out of range")),
        None => duration(text).map_err(|_| format!("`{text}` is not an age such as `12h`, `7d` or `2w`")),
    }
}

/// `KEY=VALUE`; without `=`, the value is empty.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').unwrap_or((text, ""));
    if key.is_empty() {
        Err(format!("`{text}` has no name before `=`"))
    } else {
        Ok((key.to_owned(), value.to_owned()))
    }
}

/// `KEY=VALUE`, or `KEY` alone, which takes the value from this process's environment or, where there is none,
/// removes the variable.
pub(crate) fn variable(text: &str) -> Result<(String, Option<String>), String> {
    match text.split_once('=') {
        Some(("", _)) | None if text.is_empty() || text.starts_with('=') => {
            Err(format!("`{text}` has no name"))
        }
        Some((key, value)) => Ok((key.to_owned(), Some(value.to_owned()))),
        None => Ok((text.to_owned(), std::env::var(text).ok())),
    }
}

/// The variables of an `--env-file`: a line each, `#` for comments, no quoting, as Docker reads it.
pub(crate) fn env_file(path: &Path) -> Result<Vec<(String, Option<String>)>, Failure> {
    let wrong = |reason: String| Failure::usage(format!("`{}`: {reason}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let lines = text
        .lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line.trim_start()));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| variable(line).map_err(|reason| wrong(format!("line {number}: {reason}"))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_bytes() {
        for (text, value) in [
            ("32m", 32 << 20),
            ("1.5g", 3 << 29),
            ("1024", 1024),
            ("10KB", 10240),
            ("0", 0),
        ] {
            assert_eq!(bytes(text), Ok(value), "{text}");
        }
        for text in ["", "m", "-1", "12x", "nan", "9999999999t"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lengths_of_time() {
        for (text, millis) in [
            ("30s", 30_000),
            ("1m30s", 90_000),
            ("500ms", 500),
            ("1.5h", 5_400_000),
            ("0", 0),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "5", "s", "1x", "-1s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ages() {
        let hours = |text| age(text).map(|age| age.as_secs() / 3600);
        assert_eq!(
            (hours("12h"), hours("7d"), hours("2w")),
            (Ok(12), Ok(168), Ok(336))
        );
        for text in [
            "",
            "d",
            "1y",
            "-1d",
            "99999999999999999999d",
            "18446744073709551615w",
        ] {
            assert!(age(text).is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn variables() {
        assert_eq!(variable("A=b=c"), Ok(("A".into(), Some("b=c".into()))));
        assert_eq!(
            variable("PLIMSOLL_NO_SUCH_VARIABLE"),
            Ok(("PLIMSOLL_NO_SUCH_VARIABLE".into(), None))
        );
        assert!(variable("=x").is_err());
        assert_eq!(pair("a"), Ok(("a".into(), String::new())));
    }
}
