use serde_json::{Value, json};

use super::{instruction, terse};
use crate::{InstructionKind, parse};

fn check(cases: &[(&str, Value)]) {
    for (line, expected) in cases {
        let kind = serde_json::to_value(&instruction(line).kind).unwrap();
        let mut found = terse(&kind);
        found.as_object_mut().unwrap().remove("instruction");
        assert_eq!(&found, expected, "{line}");
    }
}

#[test]
fn from() {
    for (line, image, name, platform) in [
        ("FROM python", "python", None, None),
        (
            "from python:3.11 as Builder",
            "python:3.11",
            Some("builder"),
            None,
        ),
        (
            "FROM --platform=$BUILDPLATFORM a/b@sha256:00 AS x.y-z_1",
            "a/b@sha256:00",
            Some("x.y-z_1"),
            Some("$BUILDPLATFORM"),
        ),
        (
            "FROM\t${BASE:-scratch}\tAS\tb",
            "${BASE:-scratch}",
            Some("b"),
            None,
        ),
        ("FROM --platform= a", "a", None, None),
    ] {
        let parsed = parse(line);
        assert!(!parsed.has_errors(), "{line}");
        let stage = &parsed.dockerfile.stages[0];
        assert_eq!(stage.from.image.text, image, "{line}");
        assert_eq!(stage.name.as_deref(), name, "{line}");
        assert_eq!(
            stage.from.platform.as_ref().map(|flag| flag.value.text.as_str()),
            platform,
            "{line}"
        );
    }
}

#[test]
fn arg() {
    check(&[
        ("ARG A", json!({"declarations": [{"name": "A"}]})),
        ("ARG A=", json!({"declarations": [{"name": "A", "default": ""}]})),
        (
            "ARG A='b c' D=\"$A\" E",
            json!({"declarations": [{"name": "A", "default": "'b c'"}, {"name": "D", "default": "\"$A\""}, {"name": "E"}]}),
        ),
        (
            "ARG A=b=c",
            json!({"declarations": [{"name": "A", "default": "b=c"}]}),
        ),
    ]);
}

#[test]
fn env_and_label() {
    check(&[
        ("ENV A=b", json!({"variables": [{"key": "A", "value": "b"}]})),
        ("ENV A=", json!({"variables": [{"key": "A", "value": ""}]})),
        (
            "ENV A=\"b c\" D=e\\ f G='h=i'",
            json!({"variables": [
                {"key": "A", "value": "\"b c\""}, {"key": "D", "value": "e\\ f"}, {"key": "G", "value": "'h=i'"}]}),
        ),
        (
            "ENV A b c=d  e",
            json!({"variables": [{"key": "A", "value": "b c=d  e"}], "legacy": true}),
        ),
        (
            "ENV A   \"b\"",
            json!({"variables": [{"key": "A", "value": "\"b\""}], "legacy": true}),
        ),
        (
            "ENV 'a b'=c",
            json!({"variables": [{"key": "'a b'", "value": "c"}]}),
        ),
        (
            "LABEL a.b=\"c\" d=e",
            json!({"labels": [{"key": "a.b", "value": "\"c\""}, {"key": "d", "value": "e"}]}),
        ),
        (
            "LABEL a b c",
            json!({"labels": [{"key": "a", "value": "b c"}], "legacy": true}),
        ),
        (
            "LABEL \"a\"=\"b\\\n  c\"",
            json!({"labels": [{"key": "\"a\"", "value": "\"b  c\""}]}),
        ),
    ]);
}

#[test]
fn run() {
    let shell = |text: &str| json!({"form": "shell", "words": text});
    check(&[
        ("RUN make  all", json!({"command": shell("make  all")})),
        (
            "RUN [\"a\", \"b c\"]",
            json!({"command": {"form": "exec", "words": ["a", "b c"]}}),
        ),
        ("RUN [\"a\"] b", json!({"command": shell("[\"a\"] b")})),
        ("RUN [ -f x ] && y", json!({"command": shell("[ -f x ] && y")})),
        (
            "RUN --network=none --security=insecure x",
            json!({"network": "none", "security": "insecure", "command": shell("x")}),
        ),
        (
            "RUN --device=a.b/c,required x",
            json!({"devices": ["a.b/c,required"], "command": shell("x")}),
        ),
        ("RUN -- --mount", json!({"command": shell("--mount")})),
        (
            "RUN x --network=none",
            json!({"command": shell("x --network=none")}),
        ),
        (
            "RUN --mount=type=cache,target=/a,id=\"b c\" --mount=target=/d x",
            json!({
                "mounts": [
                    {"options": [
                        {"key": "type", "value": "cache"}, {"key": "target", "value": "/a"}, {"key": "id", "value": "b c"}]},
                    {"options": [{"key": "target", "value": "/d"}]}],
                "command": shell("x"),
            }),
        ),
    ]);
}

#[test]
fn commands() {
    check(&[
        ("CMD a b", json!({"command": {"form": "shell", "words": "a b"}})),
        (
            "CMD [\"a\", \"$B\"]",
            json!({"command": {"form": "exec", "words": ["a", "$B"]}}),
        ),
        ("CMD []", json!({"command": {"form": "exec"}})),
        (
            "ENTRYPOINT exec a",
            json!({"command": {"form": "shell", "words": "exec a"}}),
        ),
        (
            "ENTRYPOINT [ \"a\" ]",
            json!({"command": {"form": "exec", "words": ["a"]}}),
        ),
        (
            "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]",
            json!({"arguments": ["/bin/bash", "-o", "pipefail", "-c"]}),
        ),
    ]);
}

#[test]
fn copy_and_add() {
    let path = |path: &str| json!({"source": "path", "text": path});
    let paths = |kind: &str| serde_json::to_value(&instruction(kind).kind).unwrap()["sources"].clone();
    assert_eq!(paths("COPY a b/ /c")[1]["text"], "b/");
    check(&[
        (
            "COPY --from=build --chown=1:2 --chmod=u+x --link --parents --exclude=*.md --exclude=a/** a b /c/",
            json!({
                "options": {"chown": "1:2", "chmod": "u+x", "link": true, "exclude": ["*.md", "a/**"]},
                "from": "build", "parents": true, "sources": [path("a"), path("b")], "destination": "/c/",
            }),
        ),
        (
            "COPY [\"a b\", \"c\"]",
            json!({"options": {}, "sources": [path("a b")], "destination": "c", "json": true}),
        ),
        (
            "COPY --link=false a \"b\"",
            json!({"options": {"link": false}, "sources": [path("a")], "destination": "\"b\""}),
        ),
        (
            "ADD --checksum=sha256:00 --keep-git-dir=true --unpack=false --chmod=644 https://x.test/y /z",
            json!({
                "options": {"chmod": "644"}, "checksum": "sha256:00", "keep_git_dir": true, "unpack": false,
                "sources": [path("https://x.test/y")], "destination": "/z",
            }),
        ),
        (
            "COPY <<a b <<'c' /d/\n1\na\n2\nc",
            json!({
                "options": {}, "destination": "/d/",
                "sources": [{"source": "heredoc", "index": 0}, path("b"), {"source": "heredoc", "index": 1}],
            }),
        ),
    ]);
}

#[test]
fn small_ones() {
    check(&[
        ("WORKDIR /a b", json!({"path": "/a b"})),
        ("USER 1000:1000", json!({"user": "1000:1000"})),
        (
            "EXPOSE 80 443/tcp  8000-8010/udp $P",
            json!({"ports": ["80", "443/tcp", "8000-8010/udp", "$P"]}),
        ),
        ("VOLUME /a /b", json!({"paths": ["/a", "/b"]})),
        (
            "VOLUME [\"/a b\", \" /c \"]",
            json!({"paths": ["/a b", "/c"], "json": true}),
        ),
        ("STOPSIGNAL SIGTERM", json!({"signal": "SIGTERM"})),
        ("MAINTAINER A <a@b.test>", json!({"name": "A <a@b.test>"})),
    ]);
}

#[test]
fn healthcheck() {
    let shell = |text: &str| json!({"type": "command", "command": {"form": "shell", "words": text}});
    check(&[
        ("HEALTHCHECK NONE", json!({"test": {"type": "none"}})),
        ("HEALTHCHECK none", json!({"test": {"type": "none"}})),
        (
            "HEALTHCHECK cmd curl x || exit 1",
            json!({"test": shell("curl x || exit 1")}),
        ),
        (
            "HEALTHCHECK CMD [\"a\", \"b\"]",
            json!({"test": {"type": "command", "command": {"form": "exec", "words": ["a", "b"]}}}),
        ),
        (
            "HEALTHCHECK --interval=1m30s --timeout=1.5s --start-period=0s --start-interval=500ms --retries=3 \\\n  CMD x",
            json!({
                "interval": 90_000_000_000_i64, "timeout": 1_500_000_000, "start_period": 0,
                "start_interval": 500_000_000, "retries": 3, "test": shell("x"),
            }),
        ),
        ("HEALTHCHECK --retries= CMD x", json!({"test": shell("x")})),
        ("HEALTHCHECK CMD \t\u{a0}x", json!({"test": shell("\u{a0}x")})),
    ]);
}

#[test]
fn onbuild() {
    for (line, inner, expression) in [
        ("ONBUILD RUN make", "RUN make", "RUN make"),
        ("onbuild\t copy . /app", "copy . /app", "copy . /app"),
        ("ONBUILD RUN a \\\n  b", "RUN a   b", "RUN a   b"),
        ("ONBUILD RUN a  ", "RUN a", "RUN a  "),
        ("ONBUILD RUN <<E\nx\n\ty\nE", "RUN <<E", "RUN <<E\nx\n\ty\nE"),
        (
            "ONBUILD COPY <<-E /x\n\ta\n\tE",
            "COPY <<-E /x",
            "COPY <<-E /x\n\ta\nE",
        ),
    ] {
        let InstructionKind::Onbuild(onbuild) = instruction(line).kind else {
            panic!("{line}")
        };
        assert_eq!(onbuild.instruction.source, inner, "{line}");
        assert_eq!(onbuild.expression, expression, "{line}");
    }
}

#[test]
fn expansion_of_instructions() {
    let environment: Vec<(String, String)> = [("V", "1"), ("P", "80 443"), ("D", "/a b")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
    for (line, expected) in [
        (
            "ENV A=\"$V\" B='$V'",
            json!({"variables": [{"key": "A", "value": "1"}, {"key": "B", "value": "$V"}]}),
        ),
        (
            "ENV A $V\\ x 'y'",
            json!({"variables": [{"key": "A", "value": "1 x y"}], "legacy": true}),
        ),
        (
            "LABEL v$V=\"${NOT:-x}\"",
            json!({"labels": [{"key": "v1", "value": "x"}]}),
        ),
        ("EXPOSE $P 90", json!({"ports": ["80", "443", "90"]})),
        ("WORKDIR $D/\"c\"", json!({"path": "/a b/c"})),
        ("USER u$V", json!({"user": "u1"})),
        ("VOLUME [\"$D\"]", json!({"paths": ["/a b"], "json": true})),
        ("STOPSIGNAL ${V}", json!({"signal": "1"})),
        (
            "COPY --chown=$V --chmod=6$V --exclude=a\\\\* --exclude=$V* x$V $D",
            json!({
                "options": {"chown": "1", "chmod": "61", "exclude": ["a\\*", "1*"]},
                "sources": [{"source": "path", "text": "x1"}], "destination": "/a b",
            }),
        ),
        (
            "ARG A=$V B=$A$NOT A=x C=$A",
            json!({"declarations": [
            {"name": "A", "default": "1"}, {"name": "B", "default": ""},
            {"name": "A", "default": "x"}, {"name": "C", "default": ""}]}),
        ),
        (
            "RUN --mount=target=$D x $V",
            json!({
                "mounts": [{"options": [{"key": "target", "value": "/a b"}]}],
                "command": {"form": "shell", "words": "x $V"},
            }),
        ),
        (
            "CMD echo $V",
            json!({"command": {"form": "shell", "words": "echo $V"}}),
        ),
        (
            "HEALTHCHECK CMD [\"$V\"]",
            json!({"test": {"type": "command", "command": {"form": "exec", "words": ["$V"]}}}),
        ),
    ] {
        let (expanded, usage) = instruction(line).expand('\\', &environment).unwrap();
        let mut found = terse(&serde_json::to_value(&expanded.kind).unwrap());
        found.as_object_mut().unwrap().remove("instruction");
        assert_eq!(found, expected, "{line}");
        assert_eq!(
            usage.unset.iter().any(|(name, _)| name == "NOT"),
            line.contains("NOT"),
            "{line}"
        );
    }
}

#[test]
fn heredocs_of_copies_expand_as_their_delimiters_say() {
    let environment: Vec<(String, String)> = vec![("V".to_owned(), "1".to_owned())];
    let copy = instruction("COPY <<-a <<'b' /c/\n\tx \"$V\" \\$V\n\ta\n\t$V\nb");
    let (expanded, _) = copy.expand('\\', &environment).unwrap();
    assert_eq!(expanded.heredocs[0].text(), "x \"1\" $V\n");
    assert_eq!(expanded.heredocs[1].text(), "\t$V\n");
}

#[test]
fn given_values_go_before_defaults() {
    let InstructionKind::Arg(arg) = instruction("ARG A=${X?no} B=$A C").kind else {
        panic!()
    };
    let environment: Vec<(String, String)> = Vec::new();
    let mut given = |name: &str, _| (name == "A").then(|| "given".to_owned());
    let (args, _) = arg.resolve('\\', &environment, &mut given).unwrap();
    let args: Vec<_> = args
        .iter()
        .map(|arg| (arg.name.as_str(), arg.value.as_deref()))
        .collect();
    assert_eq!(args, [("A", Some("given")), ("B", Some("")), ("C", None)]);
    let error = arg.resolve('\\', &environment, &mut |_, _| None).unwrap_err();
    assert_eq!(error.to_string(), "`X`: no");
    assert_eq!(error.span(), Some(plimsoll_core::Span::new(13, 20)));
}
