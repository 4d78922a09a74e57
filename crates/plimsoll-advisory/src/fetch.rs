//! Fetches feeds from a mirror or from their publishers into a folder with the publishers' layout.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use ureq::http::{Response, StatusCode};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Body, Proxy};

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
    /// The proxy's address: `http://user:password@proxy:3128`.
    pub proxy: Option<String>,
    /// A PEM file with certificate authorities to trust instead of the built-in ones.
    pub root_certificates: Option<PathBuf>,
}

/// No feed is near this large.
const MAX_FILE: u64 = 4 << 30;
/// Alpine's branches have consecutive numbers from the first; behind the last that is known here, a missing
/// one ends the search for newer ones.
const ALPINE_BRANCHES: std::ops::RangeInclusive<u32> = 2..=22;
const ALPINE_BRANCHES_AT_MOST: u32 = 99;

/// One file of the layout: its path, and its address.
struct Remote {
    path: String,
    url: String,
}

impl Remote {
    fn new(path: &str, mirror: &Mirror) -> Self {
        let url = match mirror {
            Mirror::Url(base) => format!("{base}/{path}"),
            Mirror::Publishers | Mirror::Directory(_) => publisher_url(path),
        };
        Self {
            path: path.to_owned(),
            url,
        }
    }
}

/// Where a file of the layout has its origin.
fn publisher_url(path: &str) -> String {
    match path.split_once('/') {
        Some(("osv", rest)) => format!("https://osv-vulnerabilities.storage.googleapis.com/{rest}"),
        Some(("debian", _)) => "https://security-tracker.debian.org/tracker/data/json".to_owned(),
        Some(("alpine", rest)) => format!("https://secdb.alpinelinux.org/{rest}"),
        Some(("epss", rest)) => format!("https://epss.empiricalsecurity.com/{rest}"),
        _ => format!(
            "https://www.cisa.gov/sites/default/files/feeds/{}",
            path.trim_start_matches("kev/")
        ),
    }
}

/// What is remembered of an answer, to ask only for what has changed since.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Answer {
    url: String,
    #[serde(default)]
    etag: Option<String>,
    #[serde(default)]
    last_modified: Option<String>,
    #[serde(default)]
    size: u64,
}

/// Brings the copy of the feeds in `cache_dir` up to date and returns its folder.
///
/// # Errors
/// [`Error::Fetch`] when an address cannot be reached or answers with an error, or when there is nothing at
/// all; [`Error::Io`].
pub(crate) fn fetch_all(
    mirror: &Mirror,
    cache_dir: &Path,
    options: &FetchOptions,
    progress: &dyn Progress,
) -> Result<PathBuf> {
    let fetcher = Fetcher {
        agent: agent(options)?,
        root: cache_dir.join(folder_name(mirror)),
        progress,
    };
    let files = ["osv/PyPI/all.zip", "osv/Debian/all.zip", "debian/tracker.json"];
    let of_all = [
        "kev/known_exploited_vulnerabilities.json",
        "epss/epss_scores-current.csv.gz",
    ];
    let mut remotes: Vec<Remote> = files
        .into_iter()
        .chain(of_all)
        .map(|path| Remote::new(path, mirror))
        .collect();
    let branch = |name: String| {
        ["main", "community"]
            .map(|repository| Remote::new(&format!("alpine/{name}/{repository}.json"), mirror))
    };
    remotes.extend(ALPINE_BRANCHES.flat_map(|minor| branch(format!("v3.{minor}"))));
    remotes.extend(branch("edge".to_owned()));

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
    for minor in ALPINE_BRANCHES.end() + 1..=ALPINE_BRANCHES_AT_MOST {
        let mut there = false;
        for remote in branch(format!("v3.{minor}")) {
            there |= fetcher.fetch(&remote)?;
        }
        if !there {
            break;
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

fn agent(options: &FetchOptions) -> Result<Agent> {
    let proxy = match &options.proxy {
        None => None,
        Some(address) => Some(Proxy::new(address).map_err(|error| Error::Fetch {
            url: address.clone(),
            reason: format!("not a proxy's address: {error}"),
        })?),
    };
    let mut tls = TlsConfig::builder();
    if let Some(path) = &options.root_certificates {
        let pem = fs::read(path).map_err(Error::io("read", path))?;
        let roots: Vec<Certificate<'static>> = ureq::tls::parse_pem(&pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        if roots.is_empty() {
            let error = io::Error::new(io::ErrorKind::InvalidData, "there is no certificate in it");
            return Err(Error::io("read", path)(error));
        }
        tls = tls.root_certs(RootCerts::new_with_certs(&roots));
    }
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .proxy(proxy)
        .tls_config(tls.build())
        .timeout_connect(Some(Duration::from_secs(30)))
        .timeout_recv_response(Some(Duration::from_secs(60)))
        .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")));
    Ok(config.build().new_agent())
}

struct Fetcher<'a> {
    agent: Agent,
    root: PathBuf,
    progress: &'a dyn Progress,
}

impl Fetcher<'_> {
    /// Fetches a file if it has changed; says whether it is there.
    fn fetch(&self, remote: &Remote) -> Result<bool> {
        let target = self.root.join(&remote.path);
        let remembered = target.with_added_extension("answer");
        let known = known_answer(&target, &remembered, &remote.url);
        let failed = |reason: String| Error::Fetch {
            url: remote.url.clone(),
            reason,
        };

        let mut request = self.agent.get(&remote.url);
        if let Some(etag) = known.as_ref().and_then(|known| known.etag.as_ref()) {
            request = request.header("If-None-Match", etag);
        }
        if let Some(date) = known.as_ref().and_then(|known| known.last_modified.as_ref()) {
            request = request.header("If-Modified-Since", date);
        }
        let response = request.call().map_err(|error| failed(error.to_string()))?;
        match response.status() {
            StatusCode::NOT_MODIFIED if known.is_some() => {
                self.progress.fetched(&remote.path, false);
                Ok(true)
            }
            StatusCode::NOT_FOUND => {
                for gone in [&target, &remembered] {
                    match fs::remove_file(gone) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => {
                            return Err(Error::io("remove", gone)(error));
                        }
                        _ => {}
                    }
                }
                Ok(false)
            }
            StatusCode::OK => {
                self.store(remote, &target, &remembered, response)?;
                self.progress.fetched(&remote.path, true);
                Ok(true)
            }
            other => Err(failed(format!("the server answered {other}"))),
        }
    }

    /// Writes the body to a temporary file, and puts it in place once it is whole.
    fn store(
        &self,
        remote: &Remote,
        target: &Path,
        remembered: &Path,
        response: Response<Body>,
    ) -> Result<()> {
        let header = |name| {
            response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let mut answer = Answer {
            url: remote.url.clone(),
            etag: header("etag"),
            last_modified: header("last-modified"),
            size: 0,
        };
        let total = response.body().content_length();
        let folder = target.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(Error::io("create", folder))?;
        let mut body = response.into_body().into_with_config().limit(MAX_FILE).reader();
        let mut buffer = vec![0; 128 << 10];
        loop {
            let count = body.read(&mut buffer).map_err(|error| Error::Fetch {
                url: remote.url.clone(),
                reason: format!("the connection broke after {} bytes: {error}", answer.size),
            })?;
            if count == 0 {
                break;
            }
            file.write_all(&buffer[..count])
                .map_err(Error::io("write", target))?;
            answer.size += count as u64;
            self.progress.fetching(&remote.path, answer.size, total);
        }
        set_modified(file.as_file(), answer.last_modified.as_deref());
        file.as_file().sync_all().map_err(Error::io("write", target))?;
        // An answer that does not belong to the file must not outlive it.
        let _ = fs::remove_file(remembered);
        file.persist(target)
            .map_err(|error| Error::io("replace", target)(error.error))?;
        let json =
            serde_json::to_vec(&answer).map_err(|error| Error::io("write", remembered)(error.into()))?;
        fs::write(remembered, json).map_err(Error::io("write", remembered))
    }
}

/// The answer that the file came with; `None` where one of them is missing or does not fit the other.
fn known_answer(target: &Path, remembered: &Path, url: &str) -> Option<Answer> {
    let size = fs::metadata(target).ok()?.len();
    let answer: Answer = serde_json::from_slice(&fs::read(remembered).ok()?).ok()?;
    Some(answer).filter(|answer| answer.size == size && answer.url == url)
}

/// Gives the file the time that its publisher changed it, from which its age is told. A server that does
/// not say so leaves the time of the fetch.
fn set_modified(file: &File, last_modified: Option<&str>) {
    let time = last_modified.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    if let Some(time) = time {
        let _ = file.set_modified(time.timestamp().into());
    }
}
