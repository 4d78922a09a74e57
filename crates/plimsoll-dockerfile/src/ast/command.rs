use serde::Serialize;

use super::{Instruction, InstructionKind, Word};
use crate::heredoc;

/// A command line in one of its two forms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "form", content = "words")]
pub enum Command {
    /// Text for the shell, exactly as written behind the keyword and flags. Empty when nothing is there.
    Shell(Word),
    /// A JSON array of arguments, decoded.
    Exec(Vec<Word>),
}

/// What a `RUN` comes to when its here-documents are taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Script {
    /// Arguments to execute as they are.
    Exec(Vec<String>),
    /// Text to hand to the shell as one argument.
    Shell(String),
    /// A here-document that starts with `#!`: a file to make executable and to execute.
    File {
        /// The here-document's delimiter; BuildKit names the file so, in `/dev/pipes/`.
        name: String,
        /// What is in the file.
        content: String,
    },
}

impl Instruction {
    /// What a `RUN` executes, with its here-documents taken in as BuildKit does it; `None` for any other
    /// instruction.
    ///
    /// A lone here-document is the script, or a file to execute if it starts with `#!`; among other words it
    /// is left to the shell. Variables are the shell's matter and stay as they are.
    pub fn script(&self) -> Option<Script> {
        let InstructionKind::Run(run) = &self.kind else {
            return None;
        };
        let text = match &run.command {
            Command::Exec(words) => {
                return Some(Script::Exec(words.iter().map(|word| word.text.clone()).collect()));
            }
            Command::Shell(word) => &word.text,
        };
        let Some(first) = self.heredocs.first() else {
            return Some(Script::Shell(text.clone()));
        };
        if heredoc::start(text).is_some() {
            return Some(match first.content.starts_with("#!") {
                true => Script::File {
                    name: first.name.clone(),
                    content: first.text(),
                },
                false => Script::Shell(first.text()),
            });
        }
        let mut whole = text.clone();
        for heredoc in &self.heredocs {
            whole.push('\n');
            whole.push_str(&heredoc.content);
            whole.push_str(&heredoc.name);
        }
        Some(Script::Shell(whole))
    }
}
