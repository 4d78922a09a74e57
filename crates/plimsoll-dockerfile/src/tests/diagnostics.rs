use super::line_of;
use crate::parse;

fn report(text: &str) -> String {
    let lines: Vec<String> = parse(text)
        .diagnostics
        .iter()
        .map(|diagnostic| line_of(text, diagnostic))
        .collect();
    lines.join("\n")
}

#[test]
fn comments_behind_instructions() {
    for line in [
        "USER 5 # c",
        "WORKDIR /w # c",
        "VOLUME /v # c",
        "ARG A=1 # c",
        "ENV A=1 # the c",
        "LABEL a=b # the c",
        "HEALTHCHECK NONE # c",
        "FROM y # c",
    ] {
        let said = report(&format!("FROM x\n{line}\n"));
        assert!(
            said.contains("put the comment on a line of its own"),
            "{line}: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    assert!(report("FROM x\nWORKDIR /w # a c\n").contains("\"# a c\":"));
    for line in ["WORKDIR /a#b", "USER #x", "ARG A=#x", "RUN a # b", "CMD a # b"] {
        assert_eq!(report(&format!("FROM x\n{line}\n")), "", "{line}");
    }
}

#[test]
fn a_keyword_with_its_arguments_right_behind_it() {
    for (line, keyword) in [("CMD[\"x\"]", "CMD"), ("run--mount=x y", "RUN"), ("ENV=a", "ENV")] {
        let parsed = parse(&format!("FROM x\n{line}\n"));
        let hint = parsed.diagnostics[0].hint.as_ref().map(|hint| hint.0.as_str());
        assert_eq!(
            hint,
            Some(format!("put a space behind `{keyword}`").as_str()),
            "{line}"
        );
    }
}

#[test]
fn everything_wrong_at_once() {
    insta::assert_snapshot!(report(include_str!("wrong.Dockerfile")));
}

#[test]
fn files_without_stages() {
    insta::assert_snapshot!(
        [
            "",
            "# only\n\n# comments",
            "ARG A\nARG B\n",
            "RUN a\nRUN b\n",
            "FORM x\nRUN y\n",
            "FROM\nRUN y\n"
        ]
        .map(|text| format!("{text:?}\n{}\n", report(text)))
        .join("\n")
    );
}

#[test]
fn nothing_to_say_about_a_right_file() {
    assert_eq!(report(include_str!("right.Dockerfile")), "");
}

#[test]
fn the_shell_test_is_no_json() {
    for line in [
        "RUN [ \"$a\" = \"b\" ]",
        "RUN [ -f x ] || y",
        "CMD [ -f x ]",
        "RUN [ 'a' = 'a' ]",
        "RUN [ \"$a\" ] && b",
        "CMD [ \"$a\" ] && b",
        "RUN [\"$a\" = x ] || b",
    ] {
        assert_eq!(report(&format!("FROM x\n{line}\n")), "", "{line}");
    }
    for line in [
        "CMD ['a']",
        "CMD [ 'a', \"b\" ]",
        "ENTRYPOINT [\"a\" \"b\"]",
        "RUN ['a']",
        "COPY ['a', 'b']",
        "CMD [\"a\", \"b\"",
        "RUN [\"a\"",
        "ENTRYPOINT [\"a\"] # b",
        "RUN [\"a\", \"b\"] c",
    ] {
        assert!(
            report(&format!("FROM x\n{line}\n")).contains("malformed-json"),
            "{line}"
        );
    }
}

#[test]
fn long_nonsense_is_cut() {
    let text = format!("FROM x\n{}\n", "é".repeat(5000));
    assert!(report(&text).len() < 11_000);
    assert_eq!(
        parse(&text).diagnostics[0].message.chars().count(),
        "unknown instruction ``".len() + 41
    );
}
