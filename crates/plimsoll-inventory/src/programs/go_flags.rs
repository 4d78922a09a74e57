//! The version that the makers of a Go program give it through the linker: `-ldflags "-X main.version=1.2.3"`.

use std::collections::BTreeSet;

/// The packages whose `version` is usually the program's own.
const USUAL: [&str; 4] = ["main", "common", "version", "cmd"];

/// The version that `flags` stamp on the module `main`. Where several variables could be it, the module's own commands
/// come first, then the usual packages, then others; `None` where that does not leave one.
pub(super) fn stamped_version(main: &str, flags: &str) -> Option<String> {
    let mut by_rank: [BTreeSet<String>; 3] = Default::default();
    for (variable, value) in assignments(flags) {
        if is_version_variable(&variable) && is_version(&value) {
            by_rank[rank(main, &variable)].insert(value);
        }
    }
    let found = by_rank.into_iter().find(|versions| !versions.is_empty())?;
    (found.len() == 1).then(|| found.into_iter().next())?
}

fn rank(main: &str, variable: &str) -> usize {
    let own_command = variable
        .strip_prefix(main)
        .is_some_and(|rest| rest.starts_with("/cmd/"));
    let last = variable.rsplit('/').next().unwrap_or(variable);
    let package = last.split('.').next().unwrap_or(last).to_ascii_lowercase();
    match own_command {
        true => 0,
        false if USUAL.contains(&package.as_str()) => 1,
        false => 2,
    }
}

fn is_version_variable(variable: &str) -> bool {
    let name = variable
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    variable.contains('.') && matches!(name.as_str(), "version" | "ver")
}

/// Whether it is a version as modules have them: up to three numbers, maybe with something behind `-` or `+`.
fn is_version(value: &str) -> bool {
    let value = value.strip_prefix('v').unwrap_or(value);
    let core = value.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = core.split('.').collect();
    let is_number = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let rest = &value[core.len()..];
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-+.".contains(&byte);
    numbers.len() <= 3
        && numbers.iter().all(is_number)
        && rest.bytes().all(is_plain)
        && !rest.ends_with(['-', '+', '.'])
        && (rest.is_empty() || numbers.len() == 3)
}

/// What `-X` sets, in whatever form: `-X a.b=c`, `-X=a.b=c`, `-X 'a.b=c'`.
fn assignments(flags: &str) -> Vec<(String, String)> {
    let words = words(flags);
    let mut words = words.iter();
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        let Some(flag) = word.strip_prefix("--X").or_else(|| word.strip_prefix("-X")) else {
            continue;
        };
        let value = match flag.strip_prefix('=') {
            Some(value) => value,
            None if flag.is_empty() => words.next().map_or("", String::as_str),
            None => flag,
        };
        let value = value.trim_matches(['\'', '"']);
        if let Some((variable, value)) = value.split_once('=') {
            found.push((variable.to_owned(), value.to_owned()));
        }
    }
    found
}

/// The words of a command line, with quotation marks as a shell has them.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (Some(open), _) if char == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t' | '\n' | '\r') => words.extend(word.take()),
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(chars.next()),
            _ => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_version_is_told() {
        for (flags, expected) in [
            ("-s -w -X main.version=1.0.0", Some("1.0.0")),
            ("-X=main.version=v1.0.0-rc1", Some("v1.0.0-rc1")),
            ("-X 'main.Version=1.0.0' -X main.commit=abc", Some("1.0.0")),
            ("-X \"github.com/a/b/pkg/app.ver=1.0.0\"", Some("1.0.0")),
            (
                "-X github.com/x/y.version=9.9.9 -X github.com/a/b/version.Version=1.0.0",
                Some("1.0.0"),
            ),
            (
                "-X github.com/a/b/cmd/z.version=2.0.0 -X main.version=1.0.0",
                Some("2.0.0"),
            ),
            ("-X main.version=1.0.0 -X cmd.version=1.0.1", None),
            ("-X main.version=dev", None),
            ("-X main.version=1.2.3.4", None),
            ("-X main.subversion=1.0.0", None),
            ("-X", None),
            ("-extldflags '-static -X main.version=1.0.0'", None),
        ] {
            assert_eq!(
                stamped_version("github.com/a/b", flags).as_deref(),
                expected,
                "{flags}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_flags_panic(flags in "(-X|=|main\\.version|'|\"|\\\\|1\\.0|é| |\\PC){0,20}") {
            if let Some(version) = stamped_version("m", &flags) {
                prop_assert!(is_version(&version));
            }
        }
    }
}
