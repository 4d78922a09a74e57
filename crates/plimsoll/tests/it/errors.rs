use std::fs;

use crate::support::{Sandbox, needs_root};

#[test]
fn mistakes_in_a_dockerfile_have_a_line_and_a_caret() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let text = "FROM scratch\nCPOY a b\nRUN --mont=type=cache true\nEXPOSE 80\n";
    let context = sandbox.folder("wrong", &[("Dockerfile", text)]);
    let (code, message) = sandbox.fails(&["build", &context]);
    assert_eq!(code, 3);
    insta::assert_snapshot!(message);
}

#[test]
fn a_build_says_what_failed_and_where() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let build = |name: &str, text: &str, args: &[&str]| {
        let context = sandbox.folder(name, &[("Dockerfile", text), ("there.txt", "")]);
        sandbox.fails(&[&["build", "--quiet"], args, &[&context]].concat())
    };
    let failing = build(
        "failing",
        "FROM busybox\nRUN echo one; echo two >&2; exit 9\n",
        &[],
    );
    let stage = build(
        "stage",
        "FROM busybox AS builder\nFROM busybox\n",
        &["--target", "bulider"],
    );
    let source = build("source", "FROM busybox\nCOPY their.txt /\n", &[]);
    assert_eq!([failing.0, stage.0, source.0], [3; 3]);
    insta::assert_snapshot!([failing.1, stage.1, source.1].join("\n----\n"));
    let (code, message) = build("base", "FROM localhost:1/no/such:image\n", &[]);
    assert_eq!(code, 3);
    assert!(
        message.contains("localhost:1/no/such:image") && message.contains("Dockerfile:1:"),
        "{message}"
    );
    let (code, message) = sandbox.fails(&["build", sandbox.path("empty").to_str().unwrap()]);
    assert_eq!(
        (code, message.contains("is not a folder to build from")),
        (2, true),
        "{message}"
    );
    let context = sandbox.folder("none", &[("x", "")]);
    let (code, message) = sandbox.fails(&["build", &context]);
    assert_eq!(
        (code, message.contains("none/Dockerfile")),
        (3, true),
        "{message}"
    );
}

#[test]
fn progress_for_tools_is_json_to_the_end() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    let parsed = |text: &str| -> Vec<serde_json::Value> {
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("`{line}` is no JSON")))
            .collect()
    };
    let text = "FROM busybox\nRUN echo one; exit 9\n";
    let context = sandbox.folder("failing", &[("Dockerfile", text)]);
    let (code, said) = sandbox.fails(&["build", "--progress", "json", &context]);
    let said = parsed(&said);
    let last = said.last().unwrap();
    assert_eq!(
        (code, &last["level"], &last["exit_code"], &last["place"]["line"]),
        (3, &"error".into(), &9.into(), &2.into())
    );
    assert_eq!(last["output"], serde_json::json!(["one"]));

    let text = "FROM busybox\nWORKDIR $NO\nENV A=1 \\\n\n  B=2\n";
    let context = sandbox.folder("odd", &[("Dockerfile", text)]);
    let output = sandbox.run(&["build", "--log-format", "json", "-t", "odd", &context]);
    let said = parsed(std::str::from_utf8(&output.stderr).unwrap());
    let codes: Vec<_> = said.iter().filter_map(|line| line["code"].as_str()).collect();
    assert_eq!(codes, ["empty-word", "empty-continuation"]);
    let last = said.last().unwrap();
    assert_eq!(last["event"], "built");
    assert_eq!(last["names"], serde_json::json!(["odd:latest"]));
}

#[test]
fn damaged_and_hostile_archives_leave_the_store_as_it_was() {
    let Some(sandbox) = Sandbox::with_busybox() else {
        return;
    };
    sandbox.ok(&["save", "-o", "good.tar", "busybox"]);
    let before = sandbox.ok(&["images", "--no-trunc"]);
    let good = fs::read(sandbox.path("good.tar")).unwrap();
    fs::write(sandbox.path("short.tar"), &good[..good.len() / 2]).unwrap();
    fs::write(sandbox.path("text.tar"), "this is no archive\n").unwrap();
    for name in ["short.tar", "text.tar", "absent.tar"] {
        let (code, message) = sandbox.fails(&["load", "-i", name]);
        assert!(code == 3 && message.contains(name), "{name}: {code} {message}");
    }
    for entry in ["../escaped", "dir/../../escaped"] {
        let mut hostile = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..entry.len()].copy_from_slice(entry.as_bytes());
        header.set_size(1);
        header.set_mode(0o644);
        header.set_cksum();
        hostile.append(&header, &b"x"[..]).unwrap();
        fs::write(sandbox.path("hostile.tar"), hostile.into_inner().unwrap()).unwrap();
        let (code, message) = sandbox.fails(&["import", "hostile.tar", "hostile"]);
        assert!(code == 3 && message.contains("escaped"), "{message}");
    }
    assert!(!sandbox.path("escaped").exists());
    assert_eq!(sandbox.ok(&["images", "--no-trunc"]), before);
    assert_eq!(
        sandbox.ok(&["run", "--rm", "busybox", "echo", "still"]),
        "still\n"
    );
}

#[test]
fn unknown_names_say_where_to_look() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let mut told = String::new();
    for args in [
        &["inspect", "nobody"][..],
        &["rmi", "nobody"],
        &["stop", "nobody"],
        &["scan", "--demo-db", "nobody"],
        &["tag", "nobody", "a:b"],
    ] {
        let (code, message) = sandbox.fails(args);
        told += &format!("{args:?} {code}\n{message}\n");
    }
    insta::assert_snapshot!(told);
}
