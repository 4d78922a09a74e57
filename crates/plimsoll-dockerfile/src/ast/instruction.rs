use plimsoll_core::Span;
use serde::Serialize;

use super::{Command, Comment, Flag, Heredoc, Lines, MountFlag, Word};

/// One instruction other than `FROM`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Instruction {
    /// From the keyword to the last byte, here-documents with their end delimiters included.
    pub span: Span,
    /// Its line numbers.
    pub lines: Lines,
    /// The keyword as written.
    pub keyword: Word,
    /// The instruction's text with its continuations joined, trimmed; without here-documents.
    pub source: String,
    /// The comment lines directly above.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<Comment>,
    /// Its here-documents, in the order of the text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub heredocs: Vec<Heredoc>,
    /// What it says.
    pub kind: InstructionKind,
}

/// What an instruction says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "instruction")]
#[allow(missing_docs, reason = "each variant is the instruction of its name")]
pub enum InstructionKind {
    Add(Add),
    Arg(Arg),
    Cmd { command: Command },
    Copy(Copy),
    Entrypoint { command: Command },
    Env(Env),
    Expose(Expose),
    Healthcheck(Healthcheck),
    Label(Label),
    Maintainer(Maintainer),
    Onbuild(Onbuild),
    Run(Run),
    Shell(Shell),
    StopSignal(StopSignal),
    User(User),
    Volume(Volume),
    Workdir(Workdir),
}

/// Something that `ADD` or `COPY` copies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "source")]
pub enum CopySource {
    /// A path, pattern, URL or git repository; unexpanded.
    Path(Word),
    /// The content of a here-document becomes a file named as its delimiter.
    Heredoc {
        /// Index into [`Instruction::heredocs`].
        index: usize,
        /// Where its delimiter is among the arguments.
        span: Span,
    },
}

/// The flags that `ADD` and `COPY` share.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CopyOptions {
    /// `--chown`: user and group; unexpanded.
    pub chown: Option<Flag<Word>>,
    /// `--chmod`: an octal or symbolic mode; unexpanded.
    pub chmod: Option<Flag<Word>>,
    /// `--link`: the copied files are a layer of their own.
    pub link: Option<Flag<bool>>,
    /// `--exclude`: patterns of what is not copied; unexpanded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<Flag<Word>>,
}

/// `ADD`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Add {
    /// The flags that it shares with `COPY`.
    pub options: CopyOptions,
    /// `--checksum`: the digest that the download must have; unexpanded.
    pub checksum: Option<Flag<Word>>,
    /// `--keep-git-dir`.
    pub keep_git_dir: Option<Flag<bool>>,
    /// `--unpack`: whether archives are extracted; without it, local ones are and downloaded ones are not.
    pub unpack: Option<Flag<bool>>,
    /// What is added; at least one.
    pub sources: Vec<CopySource>,
    /// Where to; unexpanded.
    pub destination: Word,
    /// Whether the arguments are a JSON array.
    pub json: bool,
}

/// `COPY`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Copy {
    /// The flags that it shares with `ADD`.
    pub options: CopyOptions,
    /// `--from`: a stage's name or number, an image, or a named context.
    pub from: Option<Flag<Word>>,
    /// `--parents`: the sources' parent directories are kept.
    pub parents: Option<Flag<bool>>,
    /// What is copied; at least one.
    pub sources: Vec<CopySource>,
    /// Where to; unexpanded.
    pub destination: Word,
    /// Whether the arguments are a JSON array.
    pub json: bool,
}

/// `ARG`: one or more declarations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Arg {
    /// In the order of the text; at least one.
    pub declarations: Vec<ArgDeclaration>,
}

/// One variable of an `ARG`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArgDeclaration {
    /// The variable's name.
    pub name: Word,
    /// Its default, unexpanded; `None` without an equals sign.
    pub default: Option<Word>,
}

/// One key and value of `ENV` or `LABEL`; both unexpanded, with their quotes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyValue {
    /// The key.
    pub key: Word,
    /// The value.
    pub value: Word,
}

/// `ENV`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Env {
    /// In the order of the text; at least one.
    pub variables: Vec<KeyValue>,
    /// Whether it was written `ENV key value`, without an equals sign.
    pub legacy: bool,
}

/// `LABEL`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Label {
    /// In the order of the text; at least one.
    pub labels: Vec<KeyValue>,
    /// Whether it was written `LABEL key value`, without an equals sign.
    pub legacy: bool,
}

/// `EXPOSE`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expose {
    /// `80`, `80/tcp`, `8000-8010`; unexpanded, and one word may expand to several. In the order of the text,
    /// where BuildKit sorts the words before it expands them.
    pub ports: Vec<Word>,
}

/// A duration in nanoseconds, and how it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Duration {
    /// How long; never negative.
    pub nanoseconds: i64,
    /// The text.
    pub word: Word,
}

/// `HEALTHCHECK`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Healthcheck {
    /// `--interval`; zero counts as not given.
    pub interval: Option<Flag<Duration>>,
    /// `--timeout`; zero counts as not given.
    pub timeout: Option<Flag<Duration>>,
    /// `--start-period`; zero counts as not given.
    pub start_period: Option<Flag<Duration>>,
    /// `--start-interval`; zero counts as not given.
    pub start_interval: Option<Flag<Duration>>,
    /// `--retries`; zero counts as not given.
    pub retries: Option<Flag<u32>>,
    /// What is to be executed.
    pub test: HealthcheckKind,
}

/// What a `HEALTHCHECK` executes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum HealthcheckKind {
    /// `NONE`: the base image's check is switched off.
    None,
    /// `CMD`; its words are not expanded by the builder.
    Command {
        /// The command.
        command: Command,
    },
}

/// `MAINTAINER`, which is deprecated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Maintainer {
    /// The text.
    pub name: Word,
}

/// `ONBUILD`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Onbuild {
    /// The instruction for builds on top of this image.
    pub instruction: Box<Instruction>,
    /// Its text for the image's `OnBuild` list: continuations joined, here-documents appended.
    pub expression: String,
}

/// The network of a `RUN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "each variant is the word that is written")]
pub enum Network {
    Default,
    None,
    Host,
}

/// The security mode of a `RUN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "each variant is the word that is written")]
pub enum Security {
    Sandbox,
    Insecure,
}

/// `RUN`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// `--mount`, in the order of the text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<MountFlag>,
    /// `--network`.
    pub network: Option<Flag<Network>>,
    /// `--security`.
    pub security: Option<Flag<Security>>,
    /// `--device`, unexpanded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<Flag<Word>>,
    /// What is executed; see [`Instruction::script`] for it with the here-documents taken in.
    pub command: Command,
}

/// `SHELL`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shell {
    /// The shell and its arguments; at least one.
    pub arguments: Vec<Word>,
}

/// `STOPSIGNAL`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StopSignal {
    /// A name or number; unexpanded.
    pub signal: Word,
}

/// `USER`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    /// User and group; unexpanded.
    pub user: Word,
}

/// `VOLUME`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Volume {
    /// The paths; unexpanded.
    pub paths: Vec<Word>,
    /// Whether the arguments are a JSON array.
    pub json: bool,
}

/// `WORKDIR`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Workdir {
    /// The directory; unexpanded.
    pub path: Word,
}
