//! Fetches feeds from a mirror or from their publishers into a folder with the publishers' layout.

mod agents;
mod checksum;
mod layout;
mod transfer;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use agents::Agents;
use layout::{Feed, Remote};
use rayon::prelude::*;
use transfer::Fetcher;

use crate::{Error, Progress, Result};

/// Where `Database::update` takes the feeds from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mirror {
    /// The publishers themselves.
    Publishers,
    /// A folder with the publishers' layout.
    Directory(PathBuf),
    /// An `http` or `https` address below which the feeds lie in the same layout.
    Url(String),
}

impl FromStr for Mirror {
    type Err = Error;

    /// Reads a folder's path or an `http`, `https` or `file` address.
    ///
    /// # Errors
    /// [`Error::Mirror`] for an address of another kind.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::Mirror(text.to_owned());
        match text.split_once("://") {
            None if text.is_empty() => Err(wrong()),
            None => Ok(Self::Directory(PathBuf::from(text))),
            Some(("http" | "https", rest)) if !rest.is_empty() => {
                Ok(Self::Url(text.trim_end_matches('/').to_owned()))
            }
            Some(("file", rest)) => {
                let path = rest.strip_prefix("localhost").unwrap_or(rest);
                Some(path)
                    .filter(|path| path.starts_with('/'))
                    .map(|path| Self::Directory(PathBuf::from(path)))
                    .ok_or_else(wrong)
            }
            Some(_) => Err(wrong()),
        }
    }
}

/// How `Database::update` uses the network.
#[derive(Debug, Clone, Default)]
pub struct FetchOptions {
    /// The proxy's address for `https` addresses: `http://user:password@proxy:3128`.
    pub proxy: Option<String>,
    /// The proxy's address for `http` addresses.
    pub http_proxy: Option<String>,
    /// Hosts that are reached without a proxy, as in `NO_PROXY`: names, `.domain` with all below it, addresses, `*`.
    pub no_proxy: Vec<String>,
    /// A PEM file with certificate authorities to trust instead of the built-in ones.
    pub root_certificates: Option<PathBuf>,
    /// The ecosystems whose advisories are fetched, as OSV names them (`PyPI`, `Debian`); all where it is empty.
    pub ecosystems: Vec<String>,
}

/// Brings the copy of the feeds in `cache_dir` up to date and returns its folder. One process does so at a time; others
/// wait for it.
///
/// # Errors
/// [`Error::Fetch`] when an address cannot be reached or answers with an error, or when there is nothing at
/// all; [`Error::Ecosystem`]; [`Error::Io`].
pub(crate) fn fetch_all(
    mirror: &Mirror,
    cache_dir: &Path,
    options: &FetchOptions,
    progress: &dyn Progress,
) -> Result<PathBuf> {
    let feeds = layout::feeds(&options.ecosystems)?;
    let fetcher = Fetcher {
        agents: Agents::new(options)?,
        root: cache_dir.join(folder_name(mirror)),
        progress,
    };
    let _lock = lock(cache_dir, progress)?;
    remove_unwanted(&fetcher.root, &feeds)?;
    let remote = |path: String| Remote::new(&path, mirror);
    let remotes: Vec<Remote> = feeds.iter().flat_map(Feed::paths).map(remote).collect();
    let fetched: Vec<bool> = remotes
        .par_iter()
        .map(|remote| fetcher.fetch(remote))
        .collect::<Result<_>>()?;
    if !fetched.contains(&true) {
        return Err(Error::Fetch {
            url: remotes[0].url.clone(),
            reason: "none of the feeds is there".to_owned(),
        });
    }
    if feeds.contains(&Feed::Alpine) {
        // Branches have consecutive numbers, so the first that is missing ends the search for newer ones.
        for branch in layout::later_alpine_branches() {
            let mut there = false;
            for path in branch {
                there |= fetcher.fetch(&remote(path))?;
            }
            if !there {
                break;
            }
        }
    }
    Ok(fetcher.root)
}

/// Each mirror has its own copy, so that what one lacks is not taken from another.
fn folder_name(mirror: &Mirror) -> String {
    match mirror {
        Mirror::Url(base) => format!("mirror-{}", plimsoll_core::Digest::of(base.as_bytes()).short()),
        Mirror::Publishers | Mirror::Directory(_) => "publishers".to_owned(),
    }
}

/// Waits until no other process fetches into the folder. The lock goes with the file.
fn lock(cache_dir: &Path, progress: &dyn Progress) -> Result<File> {
    fs::create_dir_all(cache_dir).map_err(Error::io("create", cache_dir))?;
    let path = cache_dir.join("update.lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(Error::io("create", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            progress.waiting("another update");
            file.lock().map_err(Error::io("lock", &path))?;
        }
        Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
    }
    Ok(file)
}

/// Removes feeds of an earlier update that are not wanted this time, so that they do not grow old in the database.
fn remove_unwanted(root: &Path, wanted: &[Feed]) -> Result<()> {
    for feed in layout::feeds(&[])? {
        if wanted.contains(&feed) {
            continue;
        }
        for path in feed.paths() {
            remove_file(&root.join(path))?;
        }
    }
    Ok(())
}

/// Removes a file if it is there.
fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}
