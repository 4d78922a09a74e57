//! What a `RUN` executes.

use std::os::unix::fs::PermissionsExt;

use plimsoll_dockerfile::{Instruction, Script};
use plimsoll_sandbox::{StepMount, StepMountKind};

use crate::error::{IoContext, Problem};
use crate::scratch::Scratch;
use crate::state::StageState;

/// Where BuildKit shows a here-document that is a program.
const PIPES: &str = "/dev/pipes";

/// The arguments to execute, and the file that has to be there for it.
pub(super) struct Execution {
    pub(super) arguments: Vec<String>,
    file: Option<(String, String)>,
}

impl Execution {
    pub(super) fn new(state: &StageState, instruction: &Instruction) -> Result<Self, Problem> {
        let nothing = || Problem::invalid("`RUN` has no command");
        let with_shell = |line: String| {
            let mut arguments = state.shell();
            arguments.push(line);
            arguments
        };
        let (arguments, file) = match instruction.script().ok_or_else(nothing)? {
            Script::Exec(arguments) => (arguments, None),
            Script::Shell(line) => (with_shell(line), None),
            Script::File { name, .. } if name.contains('/') || name == ".." => {
                return Err(Problem::invalid(format!(
                    "`{name}` cannot be the name of a program"
                )));
            }
            Script::File { name, content } => (with_shell(format!("{PIPES}/{name}")), Some((name, content))),
        };
        if arguments.is_empty() {
            return Err(nothing());
        }
        Ok(Self { arguments, file })
    }

    /// The content of the file, as part of a key.
    pub(super) fn file_content(&self) -> Option<&str> {
        self.file.as_ref().map(|(_, content)| content.as_str())
    }

    /// Writes the file, for the process alone to see.
    pub(super) fn mount(&self, scratch: &Scratch) -> Result<Option<StepMount>, Problem> {
        let Some((name, content)) = &self.file else {
            return Ok(None);
        };
        let directory = scratch.directory()?;
        let path = directory.join(name);
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::write(&path, content)
            .and_then(|()| std::fs::set_permissions(&path, executable.clone()))
            .and_then(|()| std::fs::set_permissions(&directory, executable))
            .doing("cannot write", &path)?;
        Ok(Some(StepMount {
            target: PIPES.to_owned(),
            kind: StepMountKind::Bind {
                source: directory,
                read_only: true,
            },
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_core::Platform;

    fn execution(run: &str) -> Result<Execution, Problem> {
        let parsed = plimsoll_dockerfile::parse(&format!("FROM scratch\n{run}\n"));
        assert!(!parsed.has_errors(), "{:?}", parsed.diagnostics);
        let state = StageState::scratch(&Platform::host());
        Execution::new(&state, &parsed.dockerfile.stages[0].instructions[0])
    }

    #[test]
    fn forms() {
        let arguments = |run: &str| execution(run).unwrap().arguments;
        assert_eq!(arguments("RUN echo $A"), ["/bin/sh", "-c", "echo $A"]);
        assert_eq!(arguments("RUN [\"echo\", \"$A\"]"), ["echo", "$A"]);
        assert_eq!(arguments("RUN <<EOF\na\nb\nEOF"), ["/bin/sh", "-c", "a\nb\n"]);
        assert_eq!(
            arguments("RUN cat <<EOF > /x\na\nEOF"),
            ["/bin/sh", "-c", "cat <<EOF > /x\na\nEOF"]
        );
        let program = execution("RUN <<EOF\n#!/bin/awk -f\nBEGIN {}\nEOF").unwrap();
        assert_eq!(program.arguments, ["/bin/sh", "-c", "/dev/pipes/EOF"]);
        assert_eq!(program.file_content(), Some("#!/bin/awk -f\nBEGIN {}\n"));
    }
}
