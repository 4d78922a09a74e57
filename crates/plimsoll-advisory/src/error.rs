use std::path::{Path, PathBuf};

use plimsoll_core::Hint;

use crate::release;

/// What can go wrong with feeds, the database, and the network.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was attempted: `read`, `create`, `replace`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A feed holds something that cannot be understood. The old database, if there is one, is untouched.
    #[error("feed file `{}`{}: {reason}", file.display(), .record.as_ref().map(|r| format!(", record `{r}`")).unwrap_or_default())]
    Feed {
        /// The file of the feed.
        file: PathBuf,
        /// The record in it, where one is to blame.
        record: Option<String>,
        /// What is wrong.
        reason: String,
    },
    /// The folder holds no feed that can be used.
    #[error("no advisory feed in `{}`", .0.display())]
    NoFeeds(PathBuf),
    /// There is no database file.
    #[error("no advisory database at `{}`", .0.display())]
    NoDatabase(PathBuf),
    /// The file is not an advisory database, or is damaged.
    #[error("cannot read the advisory database `{}`: {reason}", path.display())]
    Database {
        /// The database file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The database was written by another version of the program.
    #[error("the advisory database `{}` has format {found}, this program reads format {expected}", path.display())]
    Format {
        /// The database file.
        path: PathBuf,
        /// The format in the file.
        found: u32,
        /// The format that is needed.
        expected: u32,
    },
    /// An ignore file or a VEX document cannot be understood.
    #[error("cannot use the decisions in `{file}`: {reason}")]
    Decisions {
        /// The file, as the user names it.
        file: String,
        /// What is wrong, and where.
        reason: String,
    },
    /// A mirror is neither a folder nor an `http`, `https` or `file` address.
    #[error("`{0}` is not a folder nor an http, https or file address")]
    Mirror(String),
    /// No feed has this name.
    #[error("there are no advisories of an ecosystem `{0}`")]
    Ecosystem(String),
    /// An address could not be fetched.
    #[error("cannot fetch `{url}`: {reason}")]
    Fetch {
        /// The address.
        url: String,
        /// Why not.
        reason: String,
    },
}

/// The result of what this crate does.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<Hint> {
        let text = match self {
            Self::NoDatabase(_) => "run `plimsoll db update` first",
            Self::Database { .. } | Self::Format { .. } => {
                "make a new one with `plimsoll db update`, or with `plimsoll db build --from DIR`"
            }
            Self::NoFeeds(_) => {
                "a mirror has the publishers' layout: `osv/PyPI/all.zip`, `debian/tracker.json`, `alpine/v3.20/main.json`"
            }
            Self::Fetch { .. } => {
                "check the network and proxy, or name a mirror with `plimsoll db update --mirror DIR|URL`"
            }
            Self::Feed { .. } => "fetch the feed again; the database in use was not changed",
            Self::Ecosystem(_) => {
                return Some(Hint::new(format!(
                    "use one of: {}",
                    release::OSV_FOLDERS.join(", ")
                )));
            }
            Self::Io { .. } | Self::Mirror(_) | Self::Decisions { .. } => return None,
        };
        Some(Hint::new(text))
    }

    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}
