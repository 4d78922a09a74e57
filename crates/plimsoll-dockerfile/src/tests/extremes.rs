//! Input that nobody writes by hand: very deep, very long, absurd numbers.

use proptest::prelude::*;

use crate::expand::{NoVariables, expand};
use crate::parse;

/// What surrounds a number in a Dockerfile.
const NUMBERS: [&str; 9] = [
    "HEALTHCHECK --interval=@s --retries=@ CMD x",
    "HEALTHCHECK --timeout=@.@h CMD x",
    "EXPOSE @-@/tcp",
    "STOPSIGNAL @",
    "USER @:@",
    "COPY --chmod=@ --chown=@:@ a b",
    "RUN --mount=type=cache,target=/c,mode=@,uid=@,gid=@ x",
    "RUN --mount=type=tmpfs,target=/c,size=@.@g x",
    "RUN @<<@\n@",
];

#[test]
fn depth_is_no_recursion() {
    const DEPTH: usize = 50_000;
    for (open, close) in [
        ("${a:-", "}"),
        ("[", "]"),
        ("{", "}"),
        ("\"", "\""),
        ("'", ""),
        ("(", ")"),
        ("${a#", "}"),
    ] {
        let text = format!("{}{}", open.repeat(DEPTH), close.repeat(DEPTH));
        for instruction in [
            "ENV A=",
            "RUN ",
            "CMD ",
            "COPY ",
            "LABEL a=",
            "ONBUILD RUN ",
            "VOLUME ",
        ] {
            let parsed = parse(&format!("FROM a\n{instruction}{text} x\n"));
            for step in parsed
                .dockerfile
                .stages
                .iter()
                .flat_map(|stage| &stage.instructions)
            {
                let _ = step.expand('\\', &NoVariables);
            }
        }
        let _ = expand(&text, '\\', &NoVariables);
    }
    let _ = parse(&format!("FROM a\n{}RUN x\n", "ONBUILD ".repeat(DEPTH)));
}

#[test]
fn length_is_no_square() {
    const LENGTH: usize = 200_000;
    for (start, part) in [
        ("RUN ", "a \\\n"),
        ("RUN ", "\\\n# c\n"),
        ("RUN ", "<<A "),
        ("ENV ", "A=b "),
        ("COPY ", "--x "),
        ("EXPOSE ", "1-65535 "),
        ("LABEL a=", "\\\""),
        ("#", "#"),
        ("CMD [", "\"\\u00e9\","),
        ("FROM a AS ", "x"),
    ] {
        let parsed = parse(&format!("FROM a\n{start}{}\n", part.repeat(LENGTH / part.len())));
        drop(parsed);
    }
}

proptest! {
    #[test]
    fn numbers_of_any_size(
        form in 0..NUMBERS.len(),
        number in prop_oneof!["[0-9]{1,40}", "-?[0-9]{18,20}", "0x[0-9a-f]{1,20}", "[0-9]{1,3}e[0-9]{1,5}", "\\PC{0,3}"],
    ) {
        let parsed = parse(&format!("FROM a\n{}\n", NUMBERS[form].replace('@', &number)));
        for step in parsed.dockerfile.stages.iter().flat_map(|stage| &stage.instructions) {
            if let Ok((expanded, _)) = step.expand('\\', &NoVariables)
                && let crate::InstructionKind::Run(run) = &expanded.kind
            {
                for mount in &run.mounts {
                    let _ = mount.resolve();
                }
            }
        }
    }
}
