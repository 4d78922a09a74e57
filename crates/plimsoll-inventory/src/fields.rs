//! Paragraphs of `Name: value` lines, as Debian's control files and Python's metadata have them (Debian policy
//! chapter 5.1, RFC 822 as the core metadata specification uses it).

use crate::lines::lines;

/// The longest line that is read; a longer one is left out and noted.
const MAX_LINE: usize = 64 << 10;

/// Lines up to the next blank line.
#[derive(Debug, Default)]
pub(crate) struct Paragraph<'a> {
    /// The number of its first line, from 1.
    pub(crate) line: usize,
    pub(crate) fields: Vec<Field<'a>>,
    /// What is wrong with its lines.
    pub(crate) problems: Vec<String>,
}

/// One field: its first line, whether more lines follow, and all of them.
#[derive(Debug)]
pub(crate) struct Field<'a> {
    name: &'a [u8],
    value: &'a [u8],
    pub(crate) continued: bool,
    whole: &'a [u8],
}

impl<'a> Paragraph<'a> {
    /// The first field called `name`, whatever its case.
    pub(crate) fn field(&self, name: &str) -> Option<&Field<'a>> {
        self.fields
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// Every field called `name`.
    pub(crate) fn all<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p Field<'a>> {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The value of the first field called `name`: `None` where there is none or an empty one.
    ///
    /// # Errors
    /// A fragment for people when the value is not UTF-8.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&'a str>, String> {
        let Some(field) = self.field(name) else {
            return Ok(None);
        };
        let wrong = |_| format!("`{name}` of the paragraph at line {} is not UTF-8", self.line);
        let text = std::str::from_utf8(field.value).map_err(wrong)?;
        Ok(Some(text).filter(|text| !text.is_empty()))
    }
}

impl<'a> Field<'a> {
    /// The first line of the value, without the white space around it; `None` when it is not UTF-8.
    pub(crate) fn text(&self) -> Option<&'a str> {
        std::str::from_utf8(self.value).ok()
    }

    /// All lines of the value as they stand there; `None` when they are not UTF-8.
    pub(crate) fn whole(&self) -> Option<&'a str> {
        std::str::from_utf8(self.whole).ok()
    }
}

/// The paragraphs of a control file; those with neither fields nor problems are left out. A line of nothing but white space
/// ends one, too.
pub(crate) fn paragraphs(content: &[u8]) -> impl Iterator<Item = Paragraph<'_>> {
    separated(content, |line| line.trim_ascii().is_empty())
}

/// The header of metadata. Nothing but an empty line ends it: licences in it have lines of nothing but white space.
pub(crate) fn header(content: &[u8]) -> Paragraph<'_> {
    let is_end = |line: &[u8]| matches!(line, b"" | b"\r");
    separated(content, is_end).next().unwrap_or_default()
}

fn separated<'a>(content: &'a [u8], ends: impl Fn(&[u8]) -> bool) -> impl Iterator<Item = Paragraph<'a>> {
    let content = content.strip_prefix("\u{feff}".as_bytes()).unwrap_or(content);
    let mut start = 0;
    let lines = lines(content).enumerate();
    let lines = lines.map(move |(index, line)| {
        let at = start;
        start += line.len() + 1;
        (index + 1, at, line)
    });
    let mut lines = lines.peekable();
    std::iter::from_fn(move || {
        while lines.next_if(|(.., line)| ends(line)).is_some() {}
        let mut paragraph = Paragraph {
            line: lines.peek()?.0,
            ..Paragraph::default()
        };
        let mut field_at = 0;
        while let Some((number, at, line)) = lines.next_if(|(.., line)| !ends(line)) {
            if let [b' ' | b'\t', ..] = line {
                if let Some(field) = paragraph.fields.last_mut() {
                    field.continued = true;
                    field.whole = &content[field_at..at + line.len()];
                }
            } else if let Some(value) = paragraph.add(number, line) {
                field_at = at + value;
            }
        }
        Some(paragraph)
    })
}

impl<'a> Paragraph<'a> {
    /// Adds the field that a line begins, and tells where in the line its value does.
    fn add(&mut self, number: usize, line: &'a [u8]) -> Option<usize> {
        if line.len() > MAX_LINE {
            self.problems
                .push(format!("line {number} is too long to be read"));
            return None;
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            self.problems.push(format!("line {number} is not a field"));
            return None;
        };
        let (name, value) = (line[..colon].trim_ascii_end(), line[colon + 1..].trim_ascii());
        self.fields.push(Field {
            name,
            value,
            continued: false,
            whole: value,
        });
        Some(colon + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_in_any_case_and_end_at_a_blank_line() {
        let text = b"\n\nPackage : a\nDescription: x\n more\n .\nVersion:1\r\n\nPackage: b\n";
        let all: Vec<_> = paragraphs(text).collect();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].line, 3);
        assert_eq!(all[0].text("package"), Ok(Some("a")));
        assert_eq!(all[0].text("VERSION"), Ok(Some("1")));
        let description = all[0].field("Description").unwrap();
        assert!(description.continued);
        assert_eq!(description.whole(), Some(" x\n more\n ."));
        assert_eq!(all[0].field("Version").unwrap().whole(), Some("1"));
        assert_eq!(all[1].text("Version"), Ok(None));
    }

    #[test]
    fn white_space_does_not_end_a_header() {
        let text = b"\nName: a\r\nLicense: x\n        \n  y\nVersion: 1\r\n\r\nRequires: no\n";
        let header = header(text);
        assert_eq!(header.text("Version"), Ok(Some("1")));
        assert!(header.field("Requires").is_none() && header.problems.is_empty());
        assert!(super::header(b"").fields.is_empty());
    }

    #[test]
    fn bad_lines_are_noted() {
        let long = [b"A: ".as_slice(), &[b'x'; MAX_LINE], b"\nnonsense\nName: \xff\n"].concat();
        let paragraph = paragraphs(&long).next().unwrap();
        assert_eq!(
            paragraph.problems,
            ["line 1 is too long to be read", "line 2 is not a field"]
        );
        assert!(paragraph.text("Name").is_err());
    }
}
