//! Numbers in header fields: octal digits, or base 256 where they do not fit.

/// Reads a numeric field. `None` when it is neither octal nor base 256, or too large.
pub(crate) fn parse(field: &[u8]) -> Option<i64> {
    let first = *field.first()?;
    if first & 0x80 != 0 {
        return parse_base_256(field);
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
