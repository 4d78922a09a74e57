use std::iter;

/// The lines of a file: what is between line feeds, the last of which may be empty. They are found many bytes at a time:
/// lists of files and databases of packages are a large part of what is read of an image.
pub(crate) fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    memchr::memchr_iter(b'\n', content)
        .chain(iter::once(content.len()))
        .map(move |end| {
            let line = &content[start..end];
            start = end + 1;
            line
        })
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn lines_are_what_is_between_line_feeds() {
        for text in ["", "\n", "a", "a\n", "\na\n\nb", "a\r\nb\n"] {
            let expected: Vec<_> = text.split('\n').map(str::as_bytes).collect();
            assert_eq!(lines(text.as_bytes()).collect::<Vec<_>>(), expected, "{text:?}");
        }
    }
}
