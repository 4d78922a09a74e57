//! Contexts that are not on this machine.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use plimsoll_image::Store;

use super::{Context, MAX_TEXT, wrong};
use crate::copy::archive::is_archive;
use crate::error::{IoContext, Problem, Result};
use crate::remote::Remote;
use crate::remote::git::{self, GitSettings};
use crate::remote::http::{self, HttpSettings};
use crate::scratch::Scratch;

/// How a remote context is fetched.
#[derive(Debug, Clone, Default)]
pub struct RemoteSettings {
    /// Proxy variables, in either case.
    pub proxies: Vec<(String, String)>,
    /// A PEM bundle of the authorities to trust, instead of the built-in ones.
    pub root_certificates: Option<PathBuf>,
    /// The socket of the SSH agent that repositories are fetched with; the user's own where it is `None`.
    pub agent: Option<PathBuf>,
    /// Whether `.git` stays in the context.
    pub keep_git_dir: bool,
}

/// What was behind an address.
#[derive(Debug)]
pub enum RemoteContext {
    /// Files to build from: a repository, or an archive.
    Files(Context),
    /// A Dockerfile alone.
    Dockerfile(String),
}

impl RemoteContext {
    /// Fetches what `remote` names. A repository is checked out by the installed `git`; an archive is unpacked; any other
    /// file is a Dockerfile. What is fetched goes away with the context.
    ///
    /// # Errors
    /// [`crate::Error::Context`], when it cannot be fetched or is not text.
    pub fn fetch(remote: &Remote, store: &Store, settings: &RemoteSettings) -> Result<Self> {
        match remote {
            Remote::Git(location) => {
                let spooled = Scratch::new(store.root()).map_err(wrong)?;
                let directory = spooled.directory().map_err(wrong)?;
                let git_settings = GitSettings {
                    environment: settings.proxies.clone(),
                    agent: settings.agent.clone(),
                };
                let keep = location.keep_git_dir.unwrap_or(settings.keep_git_dir);
                let top = git::commit(location, &git_settings)
                    .and_then(|commit| git::checkout(location, &commit, keep, &git_settings, &directory))
                    .map_err(wrong)?;
                Context::spooled(spooled, &top).map(Self::Files)
            }
            Remote::Http(url) => {
                let http_settings = HttpSettings {
                    proxies: settings.proxies.clone(),
                    root_certificates: settings.root_certificates.clone(),
                };
                let path = http::download(store, &http_settings, url, None, &|_| {})
                    .map_err(wrong)?
                    .path;
                let mut file = File::open(&path).doing("cannot read", &path).map_err(wrong)?;
                if is_archive(&mut file) {
                    return Context::tar(file, url, store.root()).map(Self::Files);
                }
                let mut text = String::new();
                let read = file.take(MAX_TEXT).read_to_string(&mut text);
                read.map_err(|_| {
                    wrong(Problem::invalid_with(
                        format!("`{url}` is neither an archive nor a Dockerfile"),
                        "name a tar archive, a Dockerfile, or a repository whose address ends in `.git`",
                    ))
                })?;
                Ok(Self::Dockerfile(text))
            }
        }
    }
}
