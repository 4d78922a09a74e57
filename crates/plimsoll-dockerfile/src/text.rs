//! From the bytes of a file to its text.

use crate::error::{Error, Result};

/// The text of a Dockerfile or an ignore file. As with BuildKit a byte that is no UTF-8, such as one of Latin-1 in
/// a comment, is no error: each becomes U+FFFD.
///
/// # Errors
/// [`Error::Utf16`] for a file that begins with a byte order mark of UTF-16.
pub fn decode(bytes: &[u8]) -> Result<String> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Error::Utf16);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_utf_8_are_replaced_one_by_one() {
        assert_eq!(decode("# é 한\n".as_bytes()).unwrap(), "# é 한\n");
        assert_eq!(
            decode(b"# caf\xe9 \xe2\x82 x").unwrap(),
            "# caf\u{fffd} \u{fffd}\u{fffd} x"
        );
        assert_eq!(decode(b"\xff\xfeF\0"), Err(Error::Utf16));
        assert_eq!(decode(b"\xfe\xff\0F"), Err(Error::Utf16));
    }
}
