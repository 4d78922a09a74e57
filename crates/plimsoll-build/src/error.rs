use std::io;
use std::path::{Path, PathBuf};

use plimsoll_core::{Hint, Span};
use plimsoll_dockerfile::Diagnostic;

/// What a function of this crate gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of somebody else's making, such as a registry's.
pub type ForeignError = Box<dyn std::error::Error + Send + Sync>;

/// Why a build failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The Dockerfile has errors; every diagnostic of it is here, warnings too.
    #[error("the Dockerfile has {} {}", count_errors(.0), if count_errors(.0) == 1 { "error" } else { "errors" })]
    Dockerfile(Vec<Diagnostic>),
    /// `--target` names no stage.
    #[error("there is no stage `{target}` in the Dockerfile")]
    NoSuchTarget {
        /// What was asked for.
        target: String,
        /// The stage name that is most like it.
        suggestion: Option<String>,
        /// The stages that have names.
        stages: Vec<String>,
    },
    /// One instruction failed.
    #[error(transparent)]
    Instruction(Box<InstructionError>),
    /// The build context cannot be read.
    #[error("the build context cannot be used")]
    Context {
        /// What is wrong.
        #[source]
        problem: Problem,
    },
    /// The finished image could not be put into the store.
    #[error(transparent)]
    Image(#[from] plimsoll_image::Error),
    /// The process could not be made ready for builds.
    #[error("a mount namespace of its own is needed to build")]
    Prepare(#[source] plimsoll_sandbox::Error),
    /// The files of a finished image could not be written somewhere else.
    #[error("the files of the image cannot be written to `{}`", place.display())]
    Export {
        /// The directory that they were to go to.
        place: PathBuf,
        /// Why not.
        #[source]
        problem: Box<Problem>,
    },
    /// The layers of a finished image could not be made into fewer.
    #[error("the layers of the image cannot be merged")]
    Merge {
        /// Why not.
        #[source]
        problem: Box<Problem>,
    },
    /// The build cache could not be written for other stores.
    #[error("the build cache cannot be written to `{}`", place.display())]
    CacheExport {
        /// The directory that it was to go to.
        place: PathBuf,
        /// Why not.
        #[source]
        problem: Box<Problem>,
    },
    /// There is no build cache to be imported, or it is damaged.
    #[error("the build cache in `{}` cannot be used", place.display())]
    CacheImport {
        /// The directory where it was looked for.
        place: PathBuf,
        /// Why not.
        #[source]
        problem: Box<Problem>,
    },
    /// The store's build cache cannot be looked at or pruned.
    #[error("the build cache cannot be pruned")]
    Cache(#[source] Box<Problem>),
    /// The build was given up because another stage failed first.
    #[error("given up, as another stage failed")]
    Abandoned,
}

/// An instruction that failed. It reads as what is wrong with it.
#[derive(Debug)]
pub struct InstructionError {
    /// Where it is in the Dockerfile; of the `FROM`, where the instruction comes from the base image.
    pub span: Span,
    /// The instruction in one line.
    pub instruction: String,
    /// Whether it is a trigger of the base image.
    pub is_trigger: bool,
    /// What is wrong.
    pub problem: Problem,
}

impl std::fmt::Display for InstructionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_trigger {
            write!(f, "the base image's `ONBUILD {}`: ", self.instruction)?;
        }
        self.problem.fmt(f)
    }
}

impl std::error::Error for InstructionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.problem)
    }
}

/// What can be wrong with one instruction.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The process of a `RUN` ended with another code than 0.
    #[error("`{command}` ended with exit code {code}")]
    RunFailed {
        /// The command as the Dockerfile has it.
        command: String,
        /// The exit code; 128 and the signal's number for a signal.
        code: i32,
        /// The last lines that it wrote, to either output.
        output: Vec<String>,
        /// Whether there was no space left for what it wrote then.
        disk_is_full: bool,
    },
    /// A source of `COPY`, `ADD` or a bind mount does not exist.
    #[error("`{path}` is not in {place}{}", if *.ignored { ": `.dockerignore` leaves it out" } else { "" })]
    MissingSource {
        /// The path as the Dockerfile has it.
        path: String,
        /// Where it was looked for: the build context, or a stage or image.
        place: String,
        /// A path that is there and is much like it.
        suggestion: Option<String>,
        /// Whether it is there but an ignore pattern leaves it out.
        ignored: bool,
    },
    /// A base image could not be had.
    #[error("the image `{reference}` could not be had")]
    MissingBase {
        /// The image.
        reference: String,
        /// Why.
        #[source]
        source: ForeignError,
        /// What was perhaps meant.
        hint: Option<Hint>,
    },
    /// Something that is not supported.
    #[error("{what} is not supported yet")]
    Unsupported {
        /// What.
        what: String,
        /// What to do instead.
        hint: Option<Hint>,
    },
    /// What the instruction says is wrong.
    #[error("{message}")]
    Invalid {
        /// Why.
        message: String,
        /// What to do about it.
        hint: Option<Hint>,
    },
    /// A file operation failed.
    #[error("{doing} `{}`", path.display())]
    Io {
        /// What was tried: `cannot read`.
        doing: &'static str,
        /// On what; a path in the image or context where it is in one.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The store failed.
    #[error(transparent)]
    Image(#[from] plimsoll_image::Error),
    /// The process or a mount could not be set up.
    #[error(transparent)]
    Sandbox(#[from] plimsoll_sandbox::Error),
}

/// What is wrong with one word of an instruction.
#[derive(Debug)]
pub(crate) struct WordProblem {
    pub(crate) span: Span,
    pub(crate) problem: Box<Problem>,
}

impl WordProblem {
    pub(crate) fn new(span: Span, problem: Problem) -> Self {
        Self {
            span,
            problem: Box::new(problem),
        }
    }
}

impl Error {
    pub(crate) fn at(span: Span, instruction: &str, problem: Problem) -> Self {
        Self::Instruction(Box::new(InstructionError {
            span,
            instruction: crate::graph::one_line(instruction),
            is_trigger: false,
            problem,
        }))
    }
}

impl Problem {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid {
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn invalid_with(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Invalid {
            message: message.into(),
            hint: Some(Hint::new(hint)),
        }
    }

    pub(crate) fn unsupported(what: impl Into<String>, hint: Option<&str>) -> Self {
        Self::Unsupported {
            what: what.into(),
            hint: hint.map(Hint::new),
        }
    }

    fn hint(&self) -> Option<Hint> {
        match self {
            Self::MissingSource {
                ignored: true, path, ..
            } => Some(Hint::new(format!("add `!{path}` to `.dockerignore`"))),
            Self::MissingSource {
                suggestion: Some(near),
                ..
            } => Some(Hint::new(format!("`{near}` is there"))),
            Self::MissingBase { hint, .. } | Self::Unsupported { hint, .. } | Self::Invalid { hint, .. } => {
                hint.clone()
            }
            Self::RunFailed {
                disk_is_full: true, ..
            } => Some(Hint::new(
                "the disk that the store is on is full; `plimsoll prune` removes what nothing refers to",
            )),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => Some(Hint::new(
                "free some space; `plimsoll prune` removes what nothing refers to",
            )),
            Self::Image(error) => error.hint(),
            Self::Sandbox(error) => error.hint(),
            Self::RunFailed { .. } | Self::MissingSource { .. } | Self::Io { .. } => None,
        }
    }
}

impl Problem {
    pub(crate) fn io(doing: &'static str, path: impl AsRef<Path>, error: impl Into<io::Error>) -> Self {
        Self::Io {
            doing,
            path: path.as_ref().to_owned(),
            source: error.into(),
        }
    }
}

/// Says what was done to which file when it failed.
pub(crate) trait IoContext<T> {
    /// `doing` is a fragment like `cannot read`.
    fn doing(self, doing: &'static str, path: impl AsRef<Path>) -> Result<T, Problem>;

    /// As [`IoContext::doing`], for a path below the root of an image.
    fn doing_inside(self, doing: &'static str, path: impl AsRef<Path>) -> Result<T, Problem>;
}

impl<T, E: Into<io::Error>> IoContext<T> for std::result::Result<T, E> {
    fn doing(self, doing: &'static str, path: impl AsRef<Path>) -> Result<T, Problem> {
        self.map_err(|error| Problem::io(doing, path, error))
    }

    fn doing_inside(self, doing: &'static str, path: impl AsRef<Path>) -> Result<T, Problem> {
        self.map_err(|error| Problem::io(doing, Path::new("/").join(path), error))
    }
}

impl Error {
    /// Where in the Dockerfile it is, if it is somewhere there. The places of [`Error::Dockerfile`] are in its
    /// diagnostics.
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::Instruction(error) => Some(error.span),
            _ => None,
        }
    }

    /// The exit code of the process that failed, where one did.
    pub fn exit_code(&self) -> Option<i32> {
        match self.problem() {
            Some(Problem::RunFailed { code, .. }) => Some(*code),
            _ => None,
        }
    }

    /// The last lines of output of the process that failed.
    pub fn output(&self) -> &[String] {
        match self.problem() {
            Some(Problem::RunFailed { output, .. }) => output,
            _ => &[],
        }
    }

    fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Instruction(error) => Some(&error.problem),
            Self::Context { problem } => Some(problem),
            Self::Export { problem, .. }
            | Self::Merge { problem }
            | Self::CacheExport { problem, .. }
            | Self::CacheImport { problem, .. } => Some(problem),
            Self::Cache(problem) => Some(problem),
            _ => None,
        }
    }

    /// What to do next, where that is known.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::NoSuchTarget {
                suggestion: Some(name),
                ..
            } => Some(Hint::new(format!("did you mean `{name}`?"))),
            Self::NoSuchTarget { stages, .. } if !stages.is_empty() => {
                let names: Vec<String> = stages.iter().map(|name| format!("`{name}`")).collect();
                Some(Hint::new(format!("the stages are {}", names.join(", "))))
            }
            Self::Instruction(error) => error.problem.hint(),
            Self::Context { problem } => problem.hint(),
            Self::Export { problem, .. }
            | Self::Merge { problem }
            | Self::CacheExport { problem, .. }
            | Self::CacheImport { problem, .. } => problem.hint(),
            Self::Cache(problem) => problem.hint(),
            Self::Image(error) => error.hint(),
            Self::Prepare(error) => error.hint(),
            Self::NoSuchTarget { .. } | Self::Dockerfile(_) | Self::Abandoned => None,
        }
    }
}

fn count_errors(diagnostics: &[Diagnostic]) -> usize {
    diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.level == plimsoll_dockerfile::Level::Error)
        .count()
}

impl From<plimsoll_dockerfile::Error> for Problem {
    fn from(error: plimsoll_dockerfile::Error) -> Self {
        Self::Invalid {
            message: error.to_string(),
            hint: error.hint(),
        }
    }
}
