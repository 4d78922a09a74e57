//! Parser directives: `# syntax=…`, `# escape=…`, `# check=…`.

use std::ops::Range;

pub(crate) const NAMES: [&str; 3] = ["syntax", "escape", "check"];

/// A comment line that has the form of a directive.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DirectiveLine {
    /// In lower case; one of [`NAMES`].
    pub(crate) name: String,
    /// Where in the line the value is, without the blanks around it.
    pub(crate) value: Range<usize>,
}

/// Reads a comment line, from its `#`, as a directive: a name that is known, an equals sign, a value.
pub(crate) fn parse(line: &str) -> Option<DirectiveLine> {
    let blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\u{c}');
    let rest = line.strip_prefix('#')?.trim_start_matches(blank);
    let length = rest
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(rest.len());
    let (name, rest) = rest.split_at(length);
    let name = name.to_ascii_lowercase();
    let value = rest
        .trim_start_matches(blank)
        .strip_prefix('=')?
        .trim_start_matches(blank);
    let start = line.len() - value.len();
    let value = value.trim_end_matches(blank);
    let known = NAMES.contains(&name.as_str()) && !value.is_empty();
    known.then(|| DirectiveLine {
        name,
        value: start..start + value.len(),
    })
}

/// Whether the image that a `syntax` directive names is BuildKit's own, of any version, perhaps from a mirror.
pub(crate) fn is_usual_frontend(syntax: &str) -> bool {
    let image = syntax.split_whitespace().next().unwrap_or_default();
    let name = image.split('@').next().unwrap_or_default();
    let last = name.rsplit('/').next().unwrap_or_default();
    matches!(
        last.split(':').next(),
        Some("dockerfile" | "dockerfile-upstream" | "dockerfile.v0")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frontends() {
        for usual in [
            "docker/dockerfile",
            "docker/dockerfile:1.7-labs",
            "docker.io/docker/dockerfile:1@sha256:00",
            "mirror.test:5000/x/dockerfile:1",
            "docker/dockerfile-upstream:master",
        ] {
            assert!(is_usual_frontend(usual), "{usual}");
        }
        for other in ["r2d4/mockerfile", "docker/dockerfile.x", "x/dockerfiles"] {
            assert!(!is_usual_frontend(other), "{other}");
        }
    }

    #[test]
    fn forms() {
        for (line, expected) in [
            (
                "# syntax=docker/dockerfile:1",
                Some(("syntax", "docker/dockerfile:1")),
            ),
            ("#SYNTAX = a b \t", Some(("syntax", "a b"))),
            ("#\tescape=`", Some(("escape", "`"))),
            ("# check=skip=all", Some(("check", "skip=all"))),
            ("# other=x", None),
            ("# syntax", None),
            ("# syntax=", None),
            ("# the syntax=x", None),
            ("syntax=x", None),
            ("## syntax=x", None),
        ] {
            let found = parse(line);
            let found = found
                .as_ref()
                .map(|found| (found.name.as_str(), &line[found.value.clone()]));
            assert_eq!(found, expected, "{line}");
        }
    }
}
