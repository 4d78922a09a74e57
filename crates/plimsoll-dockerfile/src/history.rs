//! The `created_by` texts of an image's history, in the form that BuildKit writes.
//!
//! Each function takes instructions after expansion. The steps that make a layer, `RUN`, `COPY` and `ADD`,
//! end in `# buildkit`. `ONBUILD` leaves no entry.

use crate::ast::{
    Add, Command, Copy, CopyOptions, CopySource, Env, Flag, Healthcheck, HealthcheckKind, Heredoc, KeyValue,
    Label, Word,
};
use crate::duration;
use crate::expand::ExpandedArg;

const SUFFIX: &str = " # buildkit";

/// `RUN |1 A=b /bin/sh -c make # buildkit`: `arguments` are what was executed, the shell included, and
/// `build_args` the variables that the stage's `ARG`s had declared before, with their values.
pub fn run(arguments: &[String], build_args: &[(String, String)]) -> String {
    let mut text = "RUN".to_owned();
    if !build_args.is_empty() {
        text.push_str(&format!(" |{}", build_args.len()));
    }
    for (name, value) in build_args {
        text.push_str(&format!(" {name}={value}"));
    }
    for argument in arguments {
        text.push(' ');
        text.push_str(argument);
    }
    text + SUFFIX
}

/// `COPY --chown=app a b /c # buildkit`.
pub fn copy(copy: &Copy, heredocs: &[Heredoc]) -> String {
    let parents = copy.parents.is_some_and(|flag| flag.value);
    let start = if parents { "COPY --parents" } else { "COPY" };
    sources(start, &copy.options, &copy.sources, &copy.destination, heredocs)
}

/// `ADD a b /c # buildkit`.
pub fn add(add: &Add, heredocs: &[Heredoc]) -> String {
    sources("ADD", &add.options, &add.sources, &add.destination, heredocs)
}

fn sources(
    start: &str,
    options: &CopyOptions,
    sources: &[CopySource],
    destination: &Word,
    heredocs: &[Heredoc],
) -> String {
    let mut text = start.to_owned();
    for (name, flag) in [("chown", &options.chown), ("chmod", &options.chmod)] {
        if let Some(Flag { value, .. }) = flag {
            text.push_str(&format!(" --{name}={}", value.text));
        }
    }
    // BuildKit names all paths before the here-documents.
    for source in sources {
        if let CopySource::Path(word) = source {
            text.push_str(&format!(" {}", word.text));
        }
    }
    for source in sources {
        if let CopySource::Heredoc { index, .. } = source
            && let Some(heredoc) = heredocs.get(*index)
        {
            text.push_str(&format!(" <<{}", heredoc.name));
        }
    }
    format!("{text} {}{SUFFIX}", destination.text)
}

/// `ENV A=b C=d`.
pub fn env(env: &Env) -> String {
    key_values("ENV", &env.variables)
}

/// `LABEL a=b c=d`.
pub fn label(label: &Label) -> String {
    key_values("LABEL", &label.labels)
}

fn key_values(start: &str, pairs: &[KeyValue]) -> String {
    let pairs = pairs
        .iter()
        .map(|pair| format!(" {}={}", pair.key.text, pair.value.text));
    std::iter::once(start.to_owned()).chain(pairs).collect()
}

/// `ARG A B=c`.
pub fn arg(declared: &[ExpandedArg]) -> String {
    let mut text = "ARG".to_owned();
    for ExpandedArg { name, value } in declared {
        let value = value
            .as_ref()
            .map(|value| format!("={value}"))
            .unwrap_or_default();
        text.push_str(&format!(" {name}{value}"));
    }
    text
}

/// `CMD ["gunicorn" "app"]`: `arguments` are what the image's configuration holds, the shell included.
pub fn cmd(arguments: &[String]) -> String {
    format!("CMD {}", quoted(arguments.iter().map(String::as_str)))
}

/// `ENTRYPOINT ["gunicorn"]`: `arguments` are what the image's configuration holds, the shell included.
pub fn entrypoint(arguments: &[String]) -> String {
    format!("ENTRYPOINT {}", quoted(arguments.iter().map(String::as_str)))
}

/// `HEALTHCHECK &{["CMD-SHELL" "curl localhost"] "30s" "3s" "0s" "0s" '\x03'}`: test, interval, timeout, start
/// period, start interval, retries.
pub fn healthcheck(healthcheck: &Healthcheck) -> String {
    let test: Vec<&str> = match &healthcheck.test {
        HealthcheckKind::None => vec!["NONE"],
        HealthcheckKind::Command {
            command: Command::Shell(word),
        } => vec!["CMD-SHELL", &word.text],
        HealthcheckKind::Command {
            command: Command::Exec(words),
        } => std::iter::once("CMD")
            .chain(words.iter().map(|word| word.text.as_str()))
            .collect(),
    };
    let mut text = format!("HEALTHCHECK &{{{}", quoted(test.into_iter()));
    for flag in [
        &healthcheck.interval,
        &healthcheck.timeout,
        &healthcheck.start_period,
        &healthcheck.start_interval,
    ] {
        let nanoseconds = flag.as_ref().map_or(0, |flag| flag.value.nanoseconds);
        text.push_str(&format!(" {}", quote(&duration::format(nanoseconds), '"')));
    }
    // Go's `%q` shows a number as the character of that code.
    let retries = healthcheck.retries.map_or(0, |flag| flag.value);
    let character = char::from_u32(retries).unwrap_or(char::REPLACEMENT_CHARACTER);
    text + &format!(" {}}}", quote(character.encode_utf8(&mut [0; 4]), '\''))
}

/// `EXPOSE [80/tcp 443/tcp]`: the single ports with their protocols.
pub fn expose(ports: &[String]) -> String {
    format!("EXPOSE [{}]", ports.join(" "))
}

/// `VOLUME [/a /b]`.
pub fn volume(paths: &[Word]) -> String {
    format!("VOLUME [{}]", joined(paths))
}

/// `SHELL [/bin/bash -c]`.
pub fn shell(arguments: &[Word]) -> String {
    format!("SHELL [{}]", joined(arguments))
}

/// `USER app`.
pub fn user(user: &str) -> String {
    format!("USER {user}")
}

/// `WORKDIR /app`: the path made absolute.
pub fn workdir(path: &str) -> String {
    format!("WORKDIR {path}")
}

/// `STOPSIGNAL SIGTERM`.
pub fn stop_signal(signal: &str) -> String {
    format!("STOPSIGNAL {signal}")
}

/// `MAINTAINER NAME`.
pub fn maintainer(name: &str) -> String {
    format!("MAINTAINER {name}")
}

fn joined(words: &[Word]) -> String {
    words
        .iter()
        .map(|word| word.text.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

fn quoted<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    format!(
        "[{}]",
        texts.map(|text| quote(text, '"')).collect::<Vec<_>>().join(" ")
    )
}

/// Go's `strconv.Quote` and `QuoteRune`.
fn quote(text: &str, mark: char) -> String {
    let mut result = String::from(mark);
    for c in text.chars() {
        match c {
            '\u{7}' => result.push_str("\\a"),
            '\u{8}' => result.push_str("\\b"),
            '\u{c}' => result.push_str("\\f"),
            '\n' => result.push_str("\\n"),
            '\r' => result.push_str("\\r"),
            '\t' => result.push_str("\\t"),
            '\u{b}' => result.push_str("\\v"),
            '\\' => result.push_str("\\\\"),
            c if c == mark => result.extend(['\\', c]),
            c if c < ' ' || c == '\u{7f}' => result.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if c.is_control() || (c.is_whitespace() && c != ' ') => {
                result.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => result.push(c),
        }
    }
    result.push(mark);
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InstructionKind;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn of(line: &str) -> String {
        let parsed = crate::parse(&format!("FROM x\n{line}\n"));
        assert!(!parsed.has_errors(), "{:?}", parsed.diagnostics);
        let instruction = &parsed.dockerfile.stages[0].instructions[0];
        match &instruction.kind {
            InstructionKind::Copy(it) => copy(it, &instruction.heredocs),
            InstructionKind::Add(it) => add(it, &instruction.heredocs),
            InstructionKind::Env(it) => env(it),
            InstructionKind::Label(it) => label(it),
            InstructionKind::Healthcheck(it) => healthcheck(it),
            InstructionKind::Volume(it) => volume(&it.paths),
            InstructionKind::Shell(it) => shell(&it.arguments),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn texts_are_those_of_buildkit() {
        for (line, expected) in [
            ("COPY requirements.txt .", "COPY requirements.txt . # buildkit"),
            (
                "COPY --from=b --link --chmod=755 --chown=1:1 --parents a b /c/",
                "COPY --parents --chown=1:1 --chmod=755 a b /c/ # buildkit",
            ),
            ("COPY <<a b /c/\nx\na", "COPY b <<a /c/ # buildkit"),
            ("ADD a.tar /", "ADD a.tar / # buildkit"),
            ("ENV A=b C=d", "ENV A=b C=d"),
            ("LABEL a.b=c", "LABEL a.b=c"),
            (
                "HEALTHCHECK --interval=30s --timeout=90s --retries=3 CMD curl -f \"http://x\"",
                r#"HEALTHCHECK &{["CMD-SHELL" "curl -f \"http://x\""] "30s" "1m30s" "0s" "0s" '\x03'}"#,
            ),
            (
                "HEALTHCHECK --retries=39 CMD [\"a\"]",
                r#"HEALTHCHECK &{["CMD" "a"] "0s" "0s" "0s" "0s" '\''}"#,
            ),
            (
                "HEALTHCHECK NONE",
                r#"HEALTHCHECK &{["NONE"] "0s" "0s" "0s" "0s" '\x00'}"#,
            ),
            ("VOLUME /a /b", "VOLUME [/a /b]"),
            ("SHELL [\"/bin/bash\", \"-c\"]", "SHELL [/bin/bash -c]"),
        ] {
            assert_eq!(of(line), expected);
        }
        let shell = strings(&["/bin/sh", "-c", "pip install x"]);
        assert_eq!(run(&shell, &[]), "RUN /bin/sh -c pip install x # buildkit");
        let args = [("A".to_owned(), "1".to_owned()), ("B".to_owned(), String::new())];
        assert_eq!(
            run(&shell, &args),
            "RUN |2 A=1 B= /bin/sh -c pip install x # buildkit"
        );
        assert_eq!(
            cmd(&strings(&["a", "b\n\"\u{1}é"])),
            "CMD [\"a\" \"b\\n\\\"\\x01é\"]"
        );
        assert_eq!(entrypoint(&[]), "ENTRYPOINT []");
        assert_eq!(expose(&strings(&["80/tcp", "53/udp"])), "EXPOSE [80/tcp 53/udp]");
        let declared = [
            ExpandedArg {
                name: "A".to_owned(),
                value: Some("b".to_owned()),
            },
            ExpandedArg {
                name: "C".to_owned(),
                value: None,
            },
        ];
        assert_eq!(arg(&declared), "ARG A=b C");
    }
}
