//! PAX extended header records: `LENGTH KEY=VALUE\n`.

use super::numeric::decimal;

/// A key and its value.
type Record<'a> = (&'a [u8], &'a [u8]);

/// The records of a PAX payload. `None` is where it is damaged.
pub(crate) fn records(mut payload: &[u8]) -> impl Iterator<Item = Option<Record<'_>>> {
    std::iter::from_fn(move || {
        if payload.is_empty() {
            return None;
        }
        let first = first(payload);
        payload = first.map_or(&[], |(_, rest)| rest);
        Some(first.map(|(record, _)| record))
    })
}

/// The first record, and what is behind it.
fn first(payload: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let space = payload.iter().take(20).position(|byte| *byte == b' ')?;
    let length = usize::try_from(decimal(&payload[..space])?).ok()?;
    let (record, rest) = payload.split_at_checked(length)?;
    let record = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some(((&record[..equals], &record[equals + 1..]), rest))
}

/// Adds one record to a PAX payload.
pub(crate) fn push(payload: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    // Space, equals sign and line feed, and the length's own digits.
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + decimal_digits(length) {
        length = rest + decimal_digits(length);
    }
    payload.extend_from_slice(length.to_string().as_bytes());
    payload.push(b' ');
    payload.extend_from_slice(key);
    payload.push(b'=');
    payload.extend_from_slice(value);
    payload.push(b'\n');
}

fn decimal_digits(number: usize) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// A decimal number with or without a fraction, such as a time; the fraction is rounded down.
pub(crate) fn seconds(value: &[u8]) -> Option<i64> {
    let (value, is_negative) = match value.strip_prefix(b"-") {
        Some(value) => (value, true),
        None => (value, false),
    };
    let point = value.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = value.split_at(point.unwrap_or(value.len()));
    let fraction = fraction.get(1..).unwrap_or_default();
    if !fraction.iter().all(u8::is_ascii_digit) || (is_negative && whole.starts_with(b"+")) {
        return None;
    }
    let whole = decimal(whole)?;
    match is_negative {
        false => i64::try_from(whole).ok(),
        true => {
            let below = fraction.iter().any(|digit| *digit != b'0');
            0_i64.checked_sub_unsigned(whole.checked_add(u64::from(below))?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_count_their_own_digits() {
        let mut payload = Vec::new();
        push(&mut payload, b"path", b"x");
        assert_eq!(payload, b"9 path=x\n");
        payload.clear();
        push(&mut payload, b"path", b"xx");
        assert_eq!(payload, b"11 path=xx\n");
        let read: Vec<_> = records(&payload).collect();
        assert_eq!(read, [Some((&b"path"[..], &b"xx"[..]))]);
    }

    #[test]
    fn times_are_rounded_down() {
        assert_eq!(seconds(b"12.9"), Some(12));
        assert_eq!(seconds(b"-1.5"), Some(-2));
        assert_eq!(seconds(b"-0.5"), Some(-1));
        assert_eq!(seconds(b"7"), Some(7));
        assert_eq!(seconds(b"+7.5"), Some(7));
        assert_eq!(seconds(b"-+7"), None);
        assert_eq!(seconds(b"+"), None);
        assert_eq!(seconds(b"7.x"), None);
        assert_eq!(seconds(b"99999999999999999999"), None);
        assert_eq!(seconds(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(seconds(b"-9223372036854775808.1"), None);
        for none in [b"".as_slice(), b"-", b".5", b"1.2.3", b"1-"] {
            assert_eq!(seconds(none), None);
        }
    }

    #[test]
    fn what_is_damaged_is_the_last() {
        for (payload, whole) in [
            (b"9 path=x\n9 path=x".as_slice(), 1),
            (b"9 path=x\n8 path=x\n", 1),
            (b"9 path=x\n99 path=x\n", 1),
            (b"9 path=x\n7 path\n", 1),
            (b"2 path=x\n", 0),
            (b"0 \n", 0),
            (b"path=x\n", 0),
        ] {
            let read: Vec<_> = records(payload).collect();
            assert_eq!((read.len(), read.last()), (whole + 1, Some(&None)), "{payload:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_pushed_is_parsed(records in proptest::collection::vec(("[a-z.]{1,12}", proptest::collection::vec(any::<u8>(), 0..200)), 0..5)) {
            let mut payload = Vec::new();
            for (key, value) in &records {
                push(&mut payload, key.as_bytes(), value);
            }
            let read: Vec<_> = super::records(&payload).collect();
            let expected: Vec<_> = records.iter().map(|(key, value)| Some((key.as_bytes(), value.as_slice()))).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn no_payload_panics(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            records(&payload).for_each(drop);
        }
    }
}
