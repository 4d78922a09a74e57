//! Here-documents: finding their starts in a line, and reading their bodies.

use std::ops::Range;

use crate::expand::{Keep, Lexer, NoVariables};

/// What stands before a here-document's body: `3<<-'EOF'`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) name: String,
    pub(crate) file_descriptor: u32,
    pub(crate) expand: bool,
    pub(crate) strip_tabs: bool,
}

/// The starts of here-documents in a line, and where in it they are. A line with an unclosed quote has none.
pub(crate) fn starts(line: &str) -> Vec<(Start, Range<usize>)> {
    if !line.contains("<<") {
        return Vec::new();
    }
    let keep = Keep {
        quotes: true,
        escapes: true,
        unset: true,
        quotes_plain: false,
    };
    let words = Lexer::new(line, '\\', keep, &NoVariables)
        .split()
        .unwrap_or_default();
    words
        .into_iter()
        .filter_map(|word| Some((start(&word.text)?, word.range)))
        .collect()
}

/// Reads a word as the start of a here-document: digits, `<<`, perhaps `-`, and a delimiter.
pub(crate) fn start(word: &str) -> Option<Start> {
    let (number, rest) = word.split_once("<<")?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) || rest.contains('<') {
        return None;
    }
    let (strip_tabs, rest) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let delimiter = rest.trim_start();
    // The delimiter is quoted, and the content not to be expanded, if it has fewer quotation marks when they
    // are taken away than when they are kept. Escaped ones stay in both.
    let name = single_word(delimiter, false)?;
    let raw = single_word(delimiter, true)?;
    let quotes = |word: &str| word.matches(['\'', '"']).count();
    let expand = quotes(&name) == quotes(&raw);
    let file_descriptor = number.parse().unwrap_or(0);
    Some(Start {
        name,
        file_descriptor,
        expand,
        strip_tabs,
    })
}

fn single_word(text: &str, quotes: bool) -> Option<String> {
    let keep = Keep {
        quotes,
        unset: true,
        ..Keep::default()
    };
    let mut words = Lexer::new(text, '\\', keep, &NoVariables)
        .split()
        .ok()?
        .into_iter();
    words
        .next()
        .filter(|_| words.next().is_none())
        .map(|word| word.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc(name: &str, expand: bool) -> Start {
        Start {
            name: name.to_owned(),
            file_descriptor: 0,
            expand,
            strip_tabs: false,
        }
    }

    #[test]
    fn starts_are_found() {
        for (line, expected) in [
            ("RUN <<EOF", vec![doc("EOF", true)]),
            ("RUN << EOF", vec![doc("EOF", true)]),
            ("RUN <<'EOF' cat", vec![doc("EOF", false)]),
            ("RUN <<\"EOF\"", vec![doc("EOF", false)]),
            ("RUN <<E\"O\"F", vec![doc("EOF", false)]),
            ("RUN <<EO\\'F", vec![doc("EO'F", true)]),
            ("RUN <<'E'O\\'F", vec![doc("EO'F", false)]),
            ("RUN <<'one two'", vec![doc("one two", false)]),
            ("RUN <<$EOF", vec![doc("$EOF", true)]),
            ("COPY <<a <<'b' /x", vec![doc("a", true), doc("b", false)]),
            ("RUN cat <<EOF | sh", vec![doc("EOF", true)]),
            (
                "RUN <<-EOF",
                vec![Start {
                    strip_tabs: true,
                    ..doc("EOF", true)
                }],
            ),
            (
                "RUN 3<<EOF",
                vec![Start {
                    file_descriptor: 3,
                    ..doc("EOF", true)
                }],
            ),
            ("RUN <<<EOF", vec![]),
            ("RUN a<<EOF", vec![]),
            ("RUN \"<<EOF\"", vec![]),
            ("RUN '<<EOF'", vec![]),
            ("RUN \\<<EOF", vec![]),
            ("RUN echo $((1 << 2))", vec![doc("2))", true)]),
            ("RUN <<", vec![]),
            ("RUN <<EOF it's", vec![]),
            ("RUN <EOF", vec![]),
        ] {
            let found: Vec<Start> = starts(line).into_iter().map(|(start, _)| start).collect();
            assert_eq!(found, expected, "{line}");
        }
    }

    #[test]
    fn places_of_the_starts() {
        let ranges: Vec<_> = starts("COPY <<a 3<<-'b' /x")
            .into_iter()
            .map(|(_, range)| range)
            .collect();
        assert_eq!(ranges, [5..8, 9..16]);
    }
}
