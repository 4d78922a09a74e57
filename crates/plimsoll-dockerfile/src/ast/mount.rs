use plimsoll_core::Span;
use serde::Serialize;

use super::Word;

/// One `--mount=` of a `RUN`, not yet expanded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MountFlag {
    /// The whole flag, from its dashes.
    pub span: Span,
    /// The options in the order of the text.
    pub options: Vec<MountOption>,
}

/// `key` or `key=value` in a `--mount=`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MountOption {
    /// Both sides.
    pub span: Span,
    /// The key as written.
    pub key: Word,
    /// The value, unexpanded; `None` where there is no equals sign.
    pub value: Option<Word>,
}

/// What is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MountKind {
    /// Files of the context, a stage or an image.
    #[default]
    Bind,
    /// A directory kept between builds.
    Cache,
    /// A file system in memory.
    Tmpfs,
    /// A secret given to the build.
    Secret,
    /// The socket of an SSH agent given to the build.
    Ssh,
}

/// How builds that run at once share a cache mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sharing {
    /// They write to it together.
    Shared,
    /// Each gets its own.
    Private,
    /// They wait for each other.
    Locked,
}

/// A mount with its options expanded and checked: what [`MountFlag::resolve`] gives. Fields are as written;
/// what an absent one means is the builder's to know.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Mount {
    /// What is mounted.
    pub kind: MountKind,
    /// The stage, image or named context to take files from.
    pub from: Option<String>,
    /// The path in it.
    pub source: Option<String>,
    /// Where it is mounted.
    pub target: Option<String>,
    /// Whether the step may not write to it; the kind's default where no option says so.
    pub read_only: bool,
    /// The id of a cache, secret or agent.
    pub id: Option<String>,
    /// How a cache is shared.
    pub sharing: Option<Sharing>,
    /// Whether the absence of a secret or agent is an error.
    pub required: bool,
    /// The limit of a tmpfs in bytes.
    pub size: Option<u64>,
    /// File mode of a cache, secret or agent socket.
    pub mode: Option<u32>,
    /// Its owner.
    pub uid: Option<u32>,
    /// Its group.
    pub gid: Option<u32>,
    /// The environment variable that shall hold a secret.
    pub env: Option<String>,
}
