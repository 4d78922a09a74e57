//! PAX extended header records: `LENGTH KEY=VALUE\n`.

/// Splits a PAX payload into its records. `None` when it is damaged.
pub(crate) fn parse(mut payload: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut records = Vec::new();
    while !payload.is_empty() {
        let space = payload.iter().take(20).position(|byte| *byte == b' ')?;
        let length: usize = std::str::from_utf8(&payload[..space]).ok()?.parse().ok()?;
        if length <= space + 1 || length > payload.len() {
            return None;
        }
        let (record, rest) = payload.split_at(length);
        let record = record[space + 1..].strip_suffix(b"\n")?;
        let equals = record.iter().position(|byte| *byte == b'=')?;
        records.push((&record[..equals], &record[equals + 1..]));
        payload = rest;
    }
    Some(records)
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
    let text = std::str::from_utf8(value).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds: i64 = whole.parse().ok()?;
    let below = whole.starts_with('-') && fraction.bytes().any(|byte| byte != b'0');
    seconds.checked_sub(i64::from(below))
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
        assert_eq!(parse(&payload), Some(vec![(&b"path"[..], &b"xx"[..])]));
    }

    #[test]
    fn times_are_rounded_down() {
        assert_eq!(seconds(b"12.9"), Some(12));
        assert_eq!(seconds(b"-1.5"), Some(-2));
        assert_eq!(seconds(b"-0.5"), Some(-1));
        assert_eq!(seconds(b"7"), Some(7));
        assert_eq!(seconds(b"7.x"), None);
        assert_eq!(seconds(b"99999999999999999999"), None);
    }

    proptest! {
        #[test]
        fn what_is_pushed_is_parsed(records in proptest::collection::vec(("[a-z.]{1,12}", proptest::collection::vec(any::<u8>(), 0..200)), 0..5)) {
            let mut payload = Vec::new();
            for (key, value) in &records {
                push(&mut payload, key.as_bytes(), value);
            }
            let parsed = parse(&payload).unwrap();
            let expected: Vec<(&[u8], &[u8])> = records.iter().map(|(key, value)| (key.as_bytes(), value.as_slice())).collect();
            prop_assert_eq!(parsed, expected);
        }

        #[test]
        fn no_payload_panics(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&payload);
        }
    }
}
