//! What `ADD` downloads.

use std::path::Path;

use plimsoll_core::Digest;

use crate::context::walk::Everything;
use crate::copy::chown::Owner;
use crate::copy::sources::{Source, SourceTree, find_literal};
use crate::error::{IoContext, Problem};
use crate::remote::git::{self, GitSettings};
use crate::remote::http::{self, HttpSettings};
use crate::remote::{GitLocation, Remote};
use crate::rooted::Rooted;
use crate::stage::StageBuild;

/// What an `ADD` says of its downloads.
#[derive(Debug)]
pub(super) struct Downloads {
    pub(super) checksum: Option<Checksum>,
    pub(super) keep_git_dir: Option<bool>,
    /// Whether downloaded archives are extracted.
    pub(super) unpack: bool,
}

/// The value of `--checksum`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Checksum {
    /// Of a file.
    Digest(Digest),
    /// Of a repository: a commit, in full or shortened.
    Commit(String),
}

impl Checksum {
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        if let Ok(digest) = text.parse() {
            return Ok(Self::Digest(digest));
        }
        let is_commit = (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_commit {
            return Ok(Self::Commit(text.to_ascii_lowercase()));
        }
        Err(Problem::invalid_with(
            format!("`{text}` is not a checksum"),
            "write `sha256:` and 64 hexadecimal digits, or the commit of a repository",
        ))
    }
}

/// A remote source that is known well enough to look a step up, but perhaps not here yet.
pub(super) enum Upcoming {
    Http(String),
    Git {
        location: GitLocation,
        commit: String,
        keep_git_dir: bool,
    },
}

impl Downloads {
    /// Finds out what a source is now. `None` for a path of the context.
    pub(super) fn look_up(&self, stage: &StageBuild<'_>, source: &str) -> Result<Option<Upcoming>, Problem> {
        let Some(remote) = Remote::parse(source) else {
            return Ok(None);
        };
        match (remote?, &self.checksum) {
            (Remote::Http(url), Some(Checksum::Commit(_))) => Err(Problem::invalid_with(
                format!("the checksum of the file `{url}` cannot be a commit"),
                "write `--checksum=sha256:` and the digest of the file",
            )),
            (Remote::Http(url), _) => Ok(Some(Upcoming::Http(url))),
            (Remote::Git(_), Some(Checksum::Digest(_))) => Err(Problem::invalid_with(
                "the checksum of a repository is a commit",
                "write the commit without `sha256:`",
            )),
            (Remote::Git(mut location), checksum) => {
                if let Some(Checksum::Commit(commit)) = checksum {
                    location.checksum = Some(commit.clone());
                }
                let commit = git::commit(&location, &git_settings(stage))?;
                let keep_git_dir = self.keep_git_dir.or(location.keep_git_dir).unwrap_or(false);
                Ok(Some(Upcoming::Git {
                    location,
                    commit,
                    keep_git_dir,
                }))
            }
        }
    }
}

impl Upcoming {
    /// What names its content for ever, if that is known.
    pub(super) fn fingerprint(&self) -> Option<String> {
        match self {
            Self::Http(_) => None,
            Self::Git {
                location,
                commit,
                keep_git_dir,
            } => Some(format!(
                "{} {commit} {} {keep_git_dir} {}",
                location.repository,
                location.subdirectory.as_deref().unwrap_or_default(),
                location.submodules.unwrap_or(true),
            )),
        }
    }

    /// Gets it, as a tree of its own.
    pub(super) fn get(
        &self,
        stage: &StageBuild<'_>,
        downloads: &Downloads,
        copied: &dyn Fn(u64),
    ) -> Result<Fetched, Problem> {
        let builder = stage.builder;
        let directory = builder.scratch.directory()?;
        match self {
            Self::Http(url) => {
                let settings = HttpSettings {
                    proxies: builder.options.proxies.clone(),
                    root_certificates: builder.options.root_certificates.clone(),
                };
                let checksum = match &downloads.checksum {
                    Some(Checksum::Digest(digest)) => Some(digest),
                    _ => None,
                };
                let download = http::download(builder.store, &settings, url, checksum, copied)?;
                let place = directory.join(FILE);
                // It stays the same file, whatever another build downloads meanwhile.
                if std::fs::hard_link(&download.path, &place).is_err() {
                    std::fs::copy(&download.path, &place).doing("cannot copy", &download.path)?;
                }
                Ok(Fetched {
                    tree: tree(&directory, url)?,
                    path: FILE,
                    name: http::file_name(url),
                    unpack: downloads.unpack,
                })
            }
            Self::Git {
                location,
                commit,
                keep_git_dir,
            } => {
                let settings = git_settings(stage);
                let top = git::checkout(location, commit, *keep_git_dir, &settings, &directory)?;
                Ok(Fetched {
                    tree: tree(&top, &location.repository)?,
                    path: "",
                    name: String::new(),
                    unpack: false,
                })
            }
        }
    }
}

/// What a downloaded file is called in its directory.
const FILE: &str = "file";

/// A download that is here.
pub(super) struct Fetched {
    pub(super) tree: SourceTree<'static>,
    path: &'static str,
    name: String,
    pub(super) unpack: bool,
}

impl Fetched {
    pub(super) fn source(&self) -> Result<Source, Problem> {
        let mut source = find_literal(&self.tree, self.path)?;
        source.name = self.name.clone().into();
        Ok(source)
    }
}

fn tree(directory: &Path, place: &str) -> Result<SourceTree<'static>, Problem> {
    Ok(SourceTree {
        root: Rooted::open(directory).doing("cannot open", directory)?,
        place: format!("`{place}`"),
        filter: &Everything,
        owner: Some(Owner::ROOT),
        cache: None,
    })
}

fn git_settings(stage: &StageBuild<'_>) -> GitSettings {
    let options = stage.builder.options;
    GitSettings {
        environment: options.proxies.clone(),
        agent: options
            .ssh
            .iter()
            .rev()
            .find(|agent| agent.id == "default")
            .map(|agent| agent.socket.clone()),
    }
}
