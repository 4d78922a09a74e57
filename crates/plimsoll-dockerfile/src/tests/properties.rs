use proptest::prelude::*;
use serde_json::Value;

use crate::{Parsed, parse, to_json};

/// Calls `visit` with each span in the tree, and the text of the word that it belongs to.
fn spans(value: &Value, visit: &mut dyn FnMut(usize, usize, Option<&str>)) {
    match value {
        Value::Object(fields) => {
            if let (Some(Value::Number(start)), Some(Value::Number(end))) =
                (fields.get("start"), fields.get("end"))
            {
                let offset = |number: &serde_json::Number| usize::try_from(number.as_u64().unwrap()).unwrap();
                visit(offset(start), offset(end), None);
            }
            if let (Some(span), Some(Value::String(text))) = (fields.get("span"), fields.get("text")) {
                spans(span, &mut |start, end, _| visit(start, end, Some(text)));
            }
            fields.values().for_each(|value| spans(value, visit));
        }
        Value::Array(items) => items.iter().for_each(|value| spans(value, visit)),
        _ => {}
    }
}

fn check(text: &str) -> Result<Parsed, TestCaseError> {
    let parsed = parse(text);
    to_json(text, &parsed);
    let tree = serde_json::to_value(&parsed.dockerfile).unwrap();
    let mut places = Vec::new();
    spans(&tree, &mut |start, end, word| {
        places.push((start, end, word.map(str::to_owned)));
    });
    let of_diagnostics = parsed
        .diagnostics
        .iter()
        .map(|it| (it.span.start, it.span.end, None));
    places.extend(of_diagnostics);
    let is_plain = !text.contains(['\\', '`', '"', '\'', '#']);
    for (start, end, word) in places {
        prop_assert!(start <= end && end <= text.len(), "{start}..{end}");
        prop_assert!(
            text.is_char_boundary(start) && text.is_char_boundary(end),
            "{start}..{end}"
        );
        if let Some(word) = word.filter(|_| is_plain) {
            prop_assert_eq!(&word, &text[start..end]);
        }
    }
    Ok(parsed)
}

/// Texts that look like Dockerfiles from afar.
fn dockerfile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("FROM a AS b\n".to_owned()),
        prop::sample::select(vec![
            "FROM",
            "RUN",
            "COPY",
            "ADD",
            "ENV",
            "ARG",
            "LABEL",
            "CMD",
            "ENTRYPOINT",
            "HEALTHCHECK",
            "ONBUILD",
            "SHELL",
            "VOLUME",
            "EXPOSE",
            "USER",
            "WORKDIR",
            "STOPSIGNAL",
            "MAINTAINER",
            "RUMM",
            "CMD NONE",
        ])
        .prop_map(str::to_owned),
        prop::sample::select(vec![
            " --from=",
            " --mount=type=",
            " --mount",
            " --",
            "=",
            " <<E",
            "<<-'E'",
            "\nE\n",
            "\tE\n",
            " \\\n",
            "\\",
            "`",
            "# c\n",
            "#",
            "\n",
            "\r\n",
            " [\"a\", ",
            "\"b\"]",
            "]",
            "'",
            "\"",
            "$",
            "${a:-",
            "}",
            "\u{a0}",
            "é",
            "\u{feff}",
            "# escape=`\n",
            " ",
            "\t",
            "cache,",
            "target=/x",
            "--interval=5s",
            "--chown=\"",
        ])
        .prop_map(str::to_owned),
        "[a-zé=./,]{1,4}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_text_panics_and_places_are_in_it(text in "\\PC{0,60}|[A-Z #=\\\\\n\r\t\"'<>$E{}\\[\\]-]{0,60}") {
        check(&text)?;
    }

    #[test]
    fn no_near_dockerfile_panics_and_places_are_in_it(text in dockerfile()) {
        let parsed = check(&text)?;
        let environment = vec![("a".to_owned(), "b c".to_owned())];
        let escape = parsed.dockerfile.escape;
        for stage in &parsed.dockerfile.stages {
            let _ = stage.from.expand(escape, &environment);
            for instruction in &stage.instructions {
                let _ = instruction.script();
                let _ = instruction.expand(escape, &environment);
            }
        }
    }
}
