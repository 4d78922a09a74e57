//! Go's `time.ParseDuration` and `Duration.String`.

/// Why a text is not a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DurationError {
    /// It has not the form of one.
    Form,
    /// A number without a unit.
    NoUnit,
    /// A number followed by something that is no unit.
    Unit,
    /// It is beyond 290 years.
    Range,
}

const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Reads a Go duration such as `1h2m3.5s`, in nanoseconds.
pub(crate) fn parse(text: &str) -> Result<i64, DurationError> {
    let (negative, mut rest) = match text.strip_prefix(['+', '-']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(DurationError::Form);
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (part, after) = one(rest)?;
        total = total
            .checked_add(part)
            .filter(|total| *total <= 1 << 63)
            .ok_or(DurationError::Range)?;
        rest = after;
    }
    let total = i128::from(total);
    i64::try_from(if negative { -total } else { total }).map_err(|_| DurationError::Range)
}

/// Reads one number and unit, and gives the nanoseconds and the rest.
fn one(text: &str) -> Result<(u64, &str), DurationError> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = text.split_at(digits(text));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(DurationError::Form);
    }
    let end = rest
        .find(|c: char| c == '.' || c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    if name.is_empty() {
        return Err(DurationError::NoUnit);
    }
    let unit = UNITS
        .iter()
        .find(|(unit, _)| *unit == name)
        .ok_or(DurationError::Unit)?
        .1;
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        whole.parse().map_err(|_| DurationError::Range)?
    };
    let mut nanoseconds = u128::from(whole) * u128::from(unit);
    // Go computes the fraction in floating point, and what it leaves out must be left out here too.
    let (mut numerator, mut scale) = (0_u64, 1.0_f64);
    for digit in fraction.bytes() {
        let longer = numerator
            .checked_mul(10)
            .and_then(|n| n.checked_add(u64::from(digit - b'0')));
        let Some(longer) = longer.filter(|n| *n <= 1 << 63) else {
            break;
        };
        numerator = longer;
        scale *= 10.0;
    }
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the same conversions that Go makes, of values that are never negative"
    )]
    let part = (numerator as f64 * (unit as f64 / scale)) as u64;
    nanoseconds += u128::from(part);
    let nanoseconds = u64::try_from(nanoseconds).map_err(|_| DurationError::Range)?;
    Ok((nanoseconds, rest))
}

/// A duration in nanoseconds as Go writes it: `1h0m0s`, `30s`, `1.5s`, `0s`.
pub(crate) fn format(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let all = nanoseconds.unsigned_abs();
    let text = match all {
        0 => "0s".to_owned(),
        1..1_000 => decimal(all, 1, "ns"),
        1_000..1_000_000 => decimal(all, 1_000, "µs"),
        1_000_000..1_000_000_000 => decimal(all, 1_000_000, "ms"),
        _ => {
            const MINUTE: u64 = 60_000_000_000;
            let seconds = decimal(all % MINUTE, 1_000_000_000, "s");
            let minutes = all / MINUTE;
            match (minutes / 60, minutes % 60) {
                (0, 0) => seconds,
                (0, minutes) => format!("{minutes}m{seconds}"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}"),
            }
        }
    };
    format!("{sign}{text}")
}

/// A number of nanoseconds in a unit, a power of ten, without trailing zeros.
fn decimal(nanoseconds: u64, unit: u64, name: &str) -> String {
    let width = unit.ilog10() as usize;
    let (whole, rest) = (nanoseconds / unit, nanoseconds % unit);
    if rest == 0 {
        return format!("{whole}{name}");
    }
    let fraction = format!("{rest:0width$}");
    format!("{whole}.{}{name}", fraction.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        for (text, expected) in [
            ("0", 0),
            ("-0", 0),
            ("0s", 0),
            ("5s", 5_000_000_000),
            ("+5s", 5_000_000_000),
            ("-5s", -5_000_000_000),
            ("1h2m3.5s", 3_723_500_000_000),
            ("1.5h", 5_400_000_000_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("10ns", 10),
            ("11us", 11_000),
            ("12µs", 12_000),
            ("12μs", 12_000),
            ("13ms", 13_000_000),
            ("0.3333333333333333333h", 1_200_000_000_000),
            ("9223372036854775807ns", i64::MAX),
            ("-9223372036854775808ns", i64::MIN),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refuses_the_rest() {
        for (text, expected) in [
            ("", DurationError::Form),
            ("-", DurationError::Form),
            ("s", DurationError::Form),
            (".", DurationError::Form),
            (".s", DurationError::Form),
            ("5", DurationError::NoUnit),
            ("5s3", DurationError::NoUnit),
            ("5 s", DurationError::Unit),
            ("5S", DurationError::Unit),
            ("5d", DurationError::Unit),
            ("9223372036854775808ns", DurationError::Range),
            ("99999999999999999999h", DurationError::Range),
            ("3000000h", DurationError::Range),
        ] {
            assert_eq!(parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn writes_what_go_writes() {
        for (nanoseconds, expected) in [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1µs"),
            (2_200_000, "2.2ms"),
            (500_000_000, "500ms"),
            (3_300_000_000, "3.3s"),
            (30_000_000_000, "30s"),
            (60_000_000_000, "1m0s"),
            (90_500_000_000, "1m30.5s"),
            (60_500_000_000, "1m0.5s"),
            (3_600_000_000_000, "1h0m0s"),
            (3_661_001_000_000, "1h1m1.001s"),
            (-5_000_000_000, "-5s"),
        ] {
            assert_eq!(format(nanoseconds), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_reads_back(nanoseconds in 0..i64::MAX) {
            proptest::prop_assert_eq!(parse(&format(nanoseconds)), Ok(nanoseconds));
        }

        #[test]
        fn no_text_panics(text in "[0-9.+-]{0,22}[a-zµ]{0,3}|\\PC{0,12}") {
            let _ = parse(&text);
        }
    }
}
