//! Whole files: the tree as JSON, and the Dockerfiles of a course where they are at hand.

use std::path::PathBuf;

use crate::{InstructionKind, parse, to_json};

#[test]
fn tree_as_json() {
    let text = "# escape=\\\nARG V=1\n# base\nFROM a:$V AS b\nRUNN é\nRUN --mount=target=/x,rw m \\\n  n\nCOPY <<E c /d\nf\nE\nHEALTHCHECK --timeout=3s CMD g\n";
    insta::assert_json_snapshot!(to_json(text, &parse(text)));
}

/// The Dockerfiles in the Markdown files of a folder: code blocks and shell here-documents that hold one.
fn dockerfiles() -> Vec<String> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("PLIMSOLL_SHARED").map_or(beside, PathBuf::from);
    let Ok(entries) = std::fs::read_dir(shared.join("lab")) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let mut current: Option<Vec<&str>> = None;
        for line in text.lines() {
            let starts = line.starts_with("```dockerfile") || line.starts_with("cat > Dockerfile");
            match &mut current {
                None if starts => current = Some(Vec::new()),
                Some(lines) if line == "EOF" || line.starts_with("```") => {
                    found.push(lines.join("\n"));
                    current = None;
                }
                Some(lines) => lines.push(line),
                None => {}
            }
        }
    }
    found
}

#[test]
fn dockerfiles_of_the_course() {
    let dockerfiles = dockerfiles();
    if dockerfiles.is_empty() {
        eprintln!("skipped: needs the course's Markdown files in PLIMSOLL_SHARED");
        return;
    }
    let mut whole = 0;
    for text in dockerfiles {
        // A block may show one instruction alone.
        let is_whole = text.lines().any(|line| line.starts_with("FROM"));
        whole += usize::from(is_whole);
        let text = if is_whole { text } else { format!("FROM x\n{text}") };
        let parsed = parse(&text);
        assert_eq!(parsed.diagnostics, [], "{text}");
        for instruction in parsed
            .dockerfile
            .stages
            .iter()
            .flat_map(|stage| &stage.instructions)
        {
            if let InstructionKind::Healthcheck(healthcheck) = &instruction.kind {
                assert_eq!(
                    healthcheck.interval.as_ref().unwrap().value.nanoseconds,
                    30_000_000_000
                );
            }
        }
    }
    assert!(whole >= 3, "only {whole} whole Dockerfiles were found");
}
