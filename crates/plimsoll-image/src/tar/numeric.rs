//! Numbers in header fields: octal digits, or base 256 where they do not fit.

/// Reads a numeric field. `None` when it is neither octal nor base 256, or too large.
pub(crate) fn parse(field: &[u8]) -> Option<i64> {
    let first = *field.first()?;
    if first & 0x80 != 0 {
        return parse_base_256(field);
    }
    if let Some(value) = usual(field) {
        return Some(value);
    }
    let blanks = field.iter().take_while(|byte| byte.is_ascii_whitespace());
    let mut value = 0_i64;
    for byte in &field[blanks.count()..] {
        value = match byte {
            0 | b' ' => break,
            b'0'..=b'7' if value >> 60 == 0 => value << 3 | i64::from(byte - b'0'),
            _ => return None,
        };
    }
    Some(value)
}

/// The number in a field of eight or twelve bytes as nearly all are: octal digits, and a NUL or a blank behind them, or
/// both.
fn usual(field: &[u8]) -> Option<i64> {
    let (high, low) = field.split_last_chunk()?;
    let high = match *high {
        [] => 0,
        [a, b, c, d] => eight(u64::from_be_bytes([b'0', b'0', b'0', b'0', a, b, c, d]))?,
        _ => return None,
    };
    let mut low = u64::from_be_bytes(*low);
    let mut bits = 3 * 8;
    // What is behind the digits goes, and a zero comes before them.
    while bits > 3 * 6 && matches!(low.to_le_bytes()[0], 0 | b' ') {
        low = low >> 8 | u64::from(b'0') << 56;
        bits -= 3;
    }
    Some(high << bits | eight(low)?)
}

/// The number that eight octal digits stand for; the first is in the highest byte.
fn eight(digits: u64) -> Option<i64> {
    let digits = digits ^ u64::from_be_bytes([b'0'; 8]);
    // Of each byte only the last three bits are left, unless it was no such digit.
    if digits & !0x0707_0707_0707_0707 != 0 {
        return None;
    }
    // Neighbours come together, then pairs, then fours.
    let pairs = (digits >> 5 | digits) & 0x003f_003f_003f_003f;
    let fours = (pairs >> 10 | pairs) & 0x0000_0fff_0000_0fff;
    i64::try_from((fours >> 20 | fours) & 0x00ff_ffff).ok()
}

/// Two's complement, the first bit being the mark and the second the sign.
fn parse_base_256(field: &[u8]) -> Option<i64> {
    let negative = field[0] & 0x40 != 0;
    let start = if negative { -1_i64 } else { 0 };
    field.iter().enumerate().try_fold(start, |value, (index, byte)| {
        let byte = match (index, negative) {
            (0, true) => byte | 0x80,
            (0, false) => byte & 0x7f,
            _ => *byte,
        };
        // For a negative number the first byte has its mark bit set, which is the sign going on.
        let shifted = value.checked_mul(256)?;
        Some(shifted | i64::from(byte))
    })
}

/// The number that decimal digits stand for, which may have a plus sign before them. `None` where there is no digit or
/// anything else, and where it is too large.
pub(crate) fn decimal(digits: &[u8]) -> Option<u64> {
    let add = |value: u64, byte: &u8| match byte {
        b'0'..=b'9' => value.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    };
    match digits.strip_prefix(b"+").unwrap_or(digits) {
        [] => None,
        digits => digits.iter().try_fold(0, add),
    }
}

/// Writes `value` as octal digits that fill the field but for its last byte, which is NUL. `false` when it does not
/// fit; then the field is all zeros.
pub(crate) fn write_octal(field: &mut [u8], value: u64) -> bool {
    let digits = field.len() - 1;
    let mut rest = value;
    for place in field[..digits].iter_mut().rev() {
        *place = b'0' + u8::try_from(rest & 7).unwrap_or(0);
        rest >>= 3;
    }
    field[digits] = 0;
    if rest != 0 {
        field[..digits].fill(b'0');
    }
    rest == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn octal_and_base_256() {
        assert_eq!(parse(b"0000644\0"), Some(0o644));
        assert_eq!(parse(b"   644 \0"), Some(0o644));
        assert_eq!(parse(b"\0\0\0\0"), Some(0));
        assert_eq!(parse(b"00008\0"), None);
        assert_eq!(parse(b"-1\0"), None);
        assert_eq!(parse(&[0x80, 0, 0, 0, 0, 0, 1, 0]), Some(256));
        assert_eq!(parse(&[0xff; 12]), Some(-1));
        assert_eq!(parse(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]), Some(-2));
        assert_eq!(
            parse(&[0x80, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            None
        );
        assert_eq!(parse(&[]), None);
        assert_eq!(parse(b"777777777777777777777"), Some(i64::MAX));
        assert_eq!(parse(b"1000000000000000000000"), None);
        assert_eq!(parse(b"0000064 "), Some(0o64));
        assert_eq!(parse(b"0000068\0"), None);
        assert_eq!(parse(b"12\x0034567\0"), Some(0o12));
        assert_eq!(parse(b"71234567654\0"), Some(0o71234567654));
        assert_eq!(parse(b"712345676543"), Some(0o712345676543));
        assert_eq!(parse(b"7123456765\0 "), Some(0o7123456765));
        assert_eq!(parse(b"712345676 \0\0"), Some(0o712345676));
        assert_eq!(parse(b"71 345676543"), Some(0o71));
        assert_eq!(parse(b"71234567 432"), Some(0o71234567));
        assert_eq!(parse(b"7654321076543210 "), Some(0o7654321076543210));
        assert_eq!(parse(b"76543210765432107\0"), Some(0o76543210765432107));
        assert_eq!(parse(b"006240\0 "), Some(0o6240));
    }

    #[test]
    fn decimal_digits() {
        assert_eq!(decimal(b"0"), Some(0));
        assert_eq!(decimal(b"0012"), Some(12));
        assert_eq!(decimal(b"+12"), Some(12));
        assert_eq!(decimal(b"18446744073709551615"), Some(u64::MAX));
        for none in [
            b"".as_slice(),
            b"18446744073709551616",
            b"-1",
            b"++1",
            b"+",
            b"1 ",
            b"x",
        ] {
            assert_eq!(decimal(none), None);
        }
    }

    proptest! {
        #[test]
        fn octal_digits_in_every_form(blanks in " {0,2}", digits in "[0-7]{1,20}", odd in "[89x]?", end in "( |\0)?( |\0|7|x)?") {
            let field = [&blanks, &digits, &odd, &end].map(String::as_str).concat();
            let expected = match (odd.is_empty(), end.is_empty() || end.starts_with([' ', '\0'])) {
                (true, true) => i64::from_str_radix(&digits, 8).ok(),
                (true, false) if end == "7" => i64::from_str_radix(&format!("{digits}7"), 8).ok(),
                _ => None,
            };
            prop_assert_eq!(parse(field.as_bytes()), expected, "{:?}", field);
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut field = [0; 8];
        assert!(write_octal(&mut field, 0o1234567));
        assert_eq!(parse(&field), Some(0o1234567));
        assert!(!write_octal(&mut field, 0o10000000));
        assert_eq!(parse(&field), Some(0));
    }
}
