//! Texts in UTF-16, as Windows' programs write them: with a byte order mark, and mostly of ASCII, so that half of their bytes
//! are NUL.

/// Whether `bytes`, which begin a file, are such a text: nothing in them is NUL as a character, or half of a pair. The last
/// character may be cut off.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let Some(units) = units(bytes) else {
        return false;
    };
    let mut characters = char::decode_utf16(units).peekable();
    while let Some(character) = characters.next() {
        match character {
            Ok('\0') => return false,
            Err(_) if characters.peek().is_some() => return false,
            _ => {}
        }
    }
    true
}

/// The text of `bytes` in UTF-8, if they are UTF-16 and say so; what is no character is replaced. It has no more than one and
/// a half times as many bytes.
pub(super) fn decoded(bytes: &[u8]) -> Option<String> {
    let characters = char::decode_utf16(units(bytes)?);
    Some(
        characters
            .map(|one| one.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
    )
}

/// What stands behind the byte order mark, in the order that it tells.
fn units(bytes: &[u8]) -> Option<impl Iterator<Item = u16>> {
    let (rest, of_pair): (_, fn([u8; 2]) -> u16) = match bytes {
        [0xff, 0xfe, rest @ ..] => (rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => (rest, u16::from_be_bytes),
        _ => return None,
    };
    Some(rest.chunks_exact(2).map(move |pair| of_pair([pair[0], pair[1]])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_none_is_told() {
        for bytes in [
            &b"text"[..],
            b"",
            // UTF-32.
            b"\xff\xfe\0\0a\0\0\0",
            // Half of a pair.
            b"\xff\xfe\x00\xd8a\0",
            b"\xff",
        ] {
            assert!(!is_text(bytes), "{bytes:?}");
        }
        for bytes in [
            &b"\xff\xfe"[..],
            b"\xff\xfea\0",
            b"\xfe\xff\0a\0",
            b"\xff\xfea\0\x00\xd8",
        ] {
            assert!(is_text(bytes), "{bytes:?}");
        }
        assert_eq!(
            decoded(b"\xfe\xff\0a\xd8\x3d\xde\x00\xd8\0"),
            Some("a\u{1f600}\u{fffd}".to_owned())
        );
        assert_eq!(decoded(b"abc"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_comes_back(text in "\\PC{0,40}") {
            let bytes: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
            proptest::prop_assert!(is_text(&bytes));
            proptest::prop_assert_eq!(decoded(&bytes), Some(text));
        }
    }
}
