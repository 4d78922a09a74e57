//! The syntax tree. Everything in it serializes; places are byte offsets into the text that was parsed.

mod command;
mod instruction;
mod mount;
mod word;

use plimsoll_core::Span;
use serde::Serialize;

pub use command::{Command, Script};
pub use instruction::{
    Add, Arg, ArgDeclaration, Copy, CopyOptions, CopySource, Duration, Env, Expose, Healthcheck,
    HealthcheckKind, Instruction, InstructionKind, KeyValue, Label, Maintainer, Network, Onbuild, Run,
    Security, Shell, StopSignal, User, Volume, Workdir,
};
pub use mount::{Mount, MountFlag, MountKind, MountOption, Sharing};
pub use word::{Comment, Flag, Heredoc, Lines, Word};

/// A whole Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dockerfile {
    /// The parser directives at the top, in the order of the text.
    pub directives: Vec<Directive>,
    /// The character that escapes and continues lines: a backslash unless a directive says otherwise.
    pub escape: char,
    /// The `ARG` instructions before the first `FROM`; each has [`InstructionKind::Arg`].
    pub global_args: Vec<Instruction>,
    /// The build stages.
    pub stages: Vec<Stage>,
    /// Every comment line, directives not included.
    pub comments: Vec<Comment>,
}

/// A parser directive: `# syntax=docker/dockerfile:1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Directive {
    /// The whole line from `#`.
    pub span: Span,
    /// Its name in lower case: `syntax`, `escape` or `check`.
    pub name: String,
    /// What is behind the equals sign, trimmed.
    pub value: Word,
}

/// A build stage: a `FROM` and the instructions up to the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// Its `FROM`.
    pub from: From,
    /// The name given with `AS`, in lower case, as stages are compared without regard to case.
    pub name: Option<String>,
    /// What follows the `FROM`.
    pub instructions: Vec<Instruction>,
}

/// `FROM [--platform=P] IMAGE [AS NAME]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct From {
    /// From the keyword to the last argument.
    pub span: Span,
    /// Its line numbers.
    pub lines: Lines,
    /// The word `FROM` itself, as written.
    pub keyword: Word,
    /// The line with its continuations joined.
    pub source: String,
    /// The comment lines directly above.
    pub comments: Vec<Comment>,
    /// The platform asked for; unexpanded.
    pub platform: Option<Flag<Word>>,
    /// The image or earlier stage; unexpanded.
    pub image: Word,
    /// The stage's name as written.
    pub alias: Option<Word>,
}
