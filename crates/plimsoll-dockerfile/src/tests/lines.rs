//! Directives, comments, continuations, here-documents, places.

use plimsoll_core::Span;

use super::{instruction, line_of};
use crate::{Command, InstructionKind, Lines, Script, parse};

#[test]
fn directives() {
    let text = "# Syntax = docker/dockerfile:1 \n#escape=`\n# check=error=true\n# escape of gas\nFROM x\nRUN a `\n  b\n";
    let parsed = parse(text);
    assert_eq!(parsed.diagnostics, []);
    let dockerfile = parsed.dockerfile;
    let found: Vec<_> = dockerfile
        .directives
        .iter()
        .map(|directive| (directive.name.as_str(), directive.value.text.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("syntax", "docker/dockerfile:1"),
            ("escape", "`"),
            ("check", "error=true")
        ]
    );
    assert_eq!(dockerfile.escape, '`');
    assert_eq!(dockerfile.comments.len(), 1);
    assert_eq!(dockerfile.stages[0].instructions[0].source, "RUN a   b");
    let Span { start, end } = dockerfile.directives[0].value.span;
    assert_eq!(&text[start..end], "docker/dockerfile:1");
}

#[test]
fn directives_stand_at_the_top_only() {
    for text in [
        "\n# escape=`\nFROM x",
        "# comment\n# escape=`\nFROM x",
        "# other=x\n# escape=`\nFROM x",
    ] {
        let parsed = parse(text);
        assert_eq!(parsed.dockerfile.escape, '\\', "{text:?}");
        assert_eq!(parsed.diagnostics[0].code, "misplaced-directive", "{text:?}");
        assert!(!parsed.has_errors());
    }
    assert_eq!(parse("FROM x\n# escape=`\n").diagnostics, []);
}

#[test]
fn continuations_and_comments() {
    let text = "FROM x\n  # one\nRUN a \\\n# inside\n   # too\n\n  b\\\nc \\ \t\n&& d\\\\\nUSER \\\n  u\n";
    let parsed = parse(text);
    let instructions = &parsed.dockerfile.stages[0].instructions;
    assert_eq!(instructions[0].source, "RUN a   bc && d\\\\");
    assert_eq!(instructions[0].lines, Lines { first: 3, last: 9 });
    assert_eq!(instructions[0].comments[0].text, "one");
    assert_eq!(instructions[1].source, "USER   u");
    let InstructionKind::User(user) = &instructions[1].kind else {
        panic!()
    };
    assert_eq!(&text[user.user.span.start..user.user.span.end], "u");
    assert_eq!(parsed.dockerfile.comments.len(), 3);
    assert_eq!(
        line_of(text, &parsed.diagnostics[0]),
        "6: warning[empty-continuation] \"\\n\": an empty line stands within an instruction \
         (take the empty line away; it will be an error in time)"
    );
    assert_eq!(parsed.diagnostics.len(), 1);
}

#[test]
fn a_continuation_may_end_the_file() {
    let parsed = parse("FROM x\nRUN a \\");
    assert_eq!(parsed.diagnostics, []);
    assert_eq!(parsed.dockerfile.stages[0].instructions[0].source, "RUN a");
}

#[test]
fn an_empty_comment_parts_comments() {
    let parsed = parse("# a\n#\n# b\n\n# c\nFROM x\nRUN y\n");
    let stage = &parsed.dockerfile.stages[0];
    let texts: Vec<_> = stage
        .from
        .comments
        .iter()
        .map(|comment| comment.text.as_str())
        .collect();
    assert_eq!(texts, ["b", "c"]);
    assert_eq!(stage.instructions[0].comments, []);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark() {
    let text = "\u{feff}# escape=`\r\nFROM x\r\nRUN a `\r\n  b\r\nCOPY <<E /x\r\nc\r\nE\r\nUSER u\r\n";
    let parsed = parse(text);
    assert_eq!(parsed.diagnostics, []);
    let instructions = &parsed.dockerfile.stages[0].instructions;
    assert_eq!(instructions[0].source, "RUN a   b");
    assert_eq!(instructions[1].heredocs[0].content, "c\r\n");
    let InstructionKind::User(user) = &instructions[2].kind else {
        panic!()
    };
    assert_eq!(user.user.text, "u");
    assert_eq!(&text[user.user.span.start..user.user.span.end], "u");
    assert_eq!(instructions[2].lines, Lines { first: 8, last: 8 });
}

#[test]
fn words_keep_their_places() {
    let text = "FROM x\nCOPY --chown=\"a\"b \\\n  s\\\no \\\n  /d\nCMD [\"é\", \\\n  \"f\"]\n";
    let parsed = parse(text);
    let slice = |span: Span| &text[span.start..span.end];
    let instructions = &parsed.dockerfile.stages[0].instructions;
    let InstructionKind::Copy(copy) = &instructions[0].kind else {
        panic!()
    };
    let chown = copy.options.chown.as_ref().unwrap();
    assert_eq!(slice(chown.span), "--chown=\"a\"b");
    assert_eq!(
        (chown.value.text.as_str(), slice(chown.value.span)),
        ("ab", "a\"b")
    );
    let crate::CopySource::Path(source) = &copy.sources[0] else {
        panic!()
    };
    assert_eq!((source.text.as_str(), slice(source.span)), ("so", "s\\\no"));
    assert_eq!(slice(copy.destination.span), "/d");
    let InstructionKind::Cmd {
        command: Command::Exec(words),
    } = &instructions[1].kind
    else {
        panic!()
    };
    assert_eq!((words[0].text.as_str(), slice(words[0].span)), ("é", "\"é\""));
    assert_eq!(slice(words[1].span), "\"f\"");
    assert_eq!(slice(instructions[1].span), "CMD [\"é\", \\\n  \"f\"]");
}

#[test]
fn heredocs() {
    let text = "FROM x\nRUN <<A cat 3<<-'B' && c\n# kept\n\n\tA\nA\n\t$b\n\t B\n\tB\nUSER u\n";
    let parsed = parse(text);
    assert_eq!(parsed.diagnostics, []);
    let instructions = &parsed.dockerfile.stages[0].instructions;
    let [a, b] = instructions[0].heredocs.as_slice() else {
        panic!()
    };
    assert_eq!(
        (a.name.as_str(), a.content.as_str(), a.expand),
        ("A", "# kept\n\n\tA\n", true)
    );
    assert_eq!(
        (b.name.as_str(), b.content.as_str(), b.expand),
        ("B", "\t$b\n\t B\n", false)
    );
    assert_eq!(
        (b.file_descriptor, b.strip_tabs, b.text().as_str()),
        (3, true, "$b\n B\n")
    );
    assert_eq!(&text[b.span.start..b.span.end], b.content);
    assert_eq!(instructions[0].lines, Lines { first: 2, last: 9 });
    assert_eq!(instructions.len(), 2);
}

#[test]
fn where_there_are_no_heredocs() {
    for line in [
        "RUN [\"a\", \"<<E\"]",
        "CMD cat <<E",
        "RUN \"<<E\"",
        "RUN cat <<<E",
        "ONBUILD CMD <<E",
        "ENV A=<<E",
    ] {
        assert_eq!(instruction(line).heredocs, [], "{line}");
    }
}

#[test]
fn scripts() {
    let shell = |text: &str| Script::Shell(text.to_owned());
    for (line, expected) in [
        ("RUN a && b", shell("a && b")),
        (
            "RUN [\"a\", \"b\"]",
            Script::Exec(vec!["a".to_owned(), "b".to_owned()]),
        ),
        ("RUN <<E\na\n\tb\nE", shell("a\n\tb\n")),
        ("RUN <<-E\n\ta\n\t\tb\nE", shell("a\nb\n")),
        ("RUN << 'E'\n$a\nE", shell("$a\n")),
        ("RUN <<E bash\na\nE", shell("<<E bash\na\nE")),
        (
            "RUN a <<-E b <<F\n\tc\n\tE\nd\nF",
            shell("a <<-E b <<F\n\tc\nE\nd\nF"),
        ),
        (
            "RUN <<E\n#!/bin/python\nx\nE",
            Script::File {
                name: "E".to_owned(),
                content: "#!/bin/python\nx\n".to_owned(),
            },
        ),
    ] {
        assert_eq!(instruction(line).script(), Some(expected), "{line}");
    }
    assert_eq!(instruction("USER u").script(), None);
}

#[test]
fn here_documents_of_a_copy_are_told_apart() {
    let copy = instruction("COPY <<a x <<b <<a /c/\n1\na\n2\nb\n3\na");
    let InstructionKind::Copy(parts) = &copy.kind else {
        panic!()
    };
    let contents: Vec<_> = parts
        .sources
        .iter()
        .filter_map(|source| match source {
            crate::CopySource::Heredoc { index, .. } => Some(copy.heredocs[*index].content.as_str()),
            crate::CopySource::Path(_) => None,
        })
        .collect();
    assert_eq!(contents, ["1\n", "2\n", "3\n"]);
    for (text, message) in [
        (
            "FROM x\nCOPY << E /x\na\nE\n",
            "`<<` is parted from its delimiter",
        ),
        ("FROM x\nCOPY <<E it's /x\n", "this here-document has no content"),
    ] {
        assert_eq!(parse(text).diagnostics[0].message, message);
    }
}

#[test]
fn large_files_take_no_quadratic_time() {
    let many = 20_000;
    let heredocs = format!("FROM x\nCOPY {}/c/\n{}", "<<a ".repeat(many), "a\n".repeat(many));
    assert_eq!(parse(&heredocs).diagnostics, []);
    for text in [
        format!("FROM x\nRUN {}", "--mount=type=cache,target=/x ".repeat(many)),
        format!("FROM x\nENV {}", "a=\"b c\" ".repeat(many)),
        format!("FROM x\nRUN a{}", " \\\n# c\n b".repeat(many)),
        format!("FROM x\nCMD [{}\"\"]", "\"a\",".repeat(many)),
        "RUNN x\n".repeat(many),
        "[".repeat(many),
    ] {
        parse(&text);
    }
}
