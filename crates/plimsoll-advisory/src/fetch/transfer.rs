//! Brings one file up to date: asks only for what has changed, goes on where a transfer broke, and checks what came.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::{Deserialize, Serialize};
use ureq::Body;
use ureq::http::{HeaderMap, Response, StatusCode};

use super::agents::Agents;
use super::checksum::{self, Checksum};
use super::layout::Remote;
use super::remove_file;
use crate::{Error, Progress, Result};

/// No feed is near this large.
const MAX_FILE: u64 = 4 << 30;
/// A file with a digest is smaller than this.
const MAX_DIGEST_FILE: u64 = 16 << 10;
/// How often a file is asked for while transfers of it break.
const ATTEMPTS: usize = 3;

pub(super) struct Fetcher<'a> {
    pub(super) agents: Agents,
    pub(super) root: PathBuf,
    pub(super) progress: &'a dyn Progress,
}

/// What is remembered of an answer, to ask only for what has changed since, or for the rest.
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

impl Answer {
    /// What tells that the file at the address is still the same to the byte.
    fn strong_validator(&self) -> Option<&str> {
        let strong = |etag: &&String| !etag.starts_with("W/");
        self.etag
            .as_ref()
            .filter(strong)
            .or(self.last_modified.as_ref())
            .map(String::as_str)
    }
}

/// The files of one feed file.
struct Places {
    /// The file itself.
    target: PathBuf,
    /// The answer that it came with.
    answer: PathBuf,
    /// What has arrived of a transfer.
    part: PathBuf,
    /// The answer of that, if the transfer can go on where it broke.
    part_answer: PathBuf,
}

/// How an attempt ended.
enum Attempt {
    /// The file is there.
    There,
    /// The server has no such file.
    Missing,
    /// It broke, and another attempt may do better.
    Broken(String),
}

impl Fetcher<'_> {
    /// Fetches a file if it has changed; says whether it is there.
    pub(super) fn fetch(&self, remote: &Remote) -> Result<bool> {
        let target = self.root.join(&remote.path);
        let places = Places {
            answer: target.with_added_extension("answer"),
            part: target.with_added_extension("part"),
            part_answer: target.with_added_extension("part-answer"),
            target,
        };
        let mut reason = String::new();
        for _ in 0..ATTEMPTS {
            match self.attempt(remote, &places)? {
                Attempt::There => return Ok(true),
                Attempt::Missing => return Ok(false),
                Attempt::Broken(why) => reason = why,
            }
        }
        Err(failed(remote, reason))
    }

    fn attempt(&self, remote: &Remote, places: &Places) -> Result<Attempt> {
        let known = remembered(&places.target, &places.answer, &remote.url)
            .filter(|(answer, size)| answer.size == *size);
        let part = remembered(&places.part, &places.part_answer, &remote.url).filter(|(_, size)| *size > 0);
        let mut request = self.agents.of(&remote.url).get(&remote.url);
        let mut begun = 0;
        if let Some((answer, size)) = &part
            && let Some(validator) = answer.strong_validator()
        {
            begun = *size;
            request = request
                .header("Range", format!("bytes={size}-"))
                .header("If-Range", validator);
        } else if let Some((answer, _)) = &known {
            if let Some(etag) = &answer.etag {
                request = request.header("If-None-Match", etag);
            }
            if let Some(date) = &answer.last_modified {
                request = request.header("If-Modified-Since", date);
            }
        }
        // What is compressed already gains nothing from compression, and only plain bytes can be gone on with.
        let compressed = [".zip", ".gz", ".xz"]
            .iter()
            .any(|end| remote.path.ends_with(end));
        if compressed || begun > 0 {
            request = request.header("Accept-Encoding", "identity");
        }
        let response = request
            .call()
            .map_err(|error| failed(remote, error.to_string()))?;
        match response.status() {
            StatusCode::NOT_MODIFIED if known.is_some() => {
                self.progress.fetched(&remote.path, false);
                Ok(Attempt::There)
            }
            StatusCode::NOT_FOUND => {
                for gone in [&places.target, &places.answer, &places.part, &places.part_answer] {
                    remove_file(gone)?;
                }
                Ok(Attempt::Missing)
            }
            StatusCode::OK => self.receive(remote, places, response, 0),
            StatusCode::PARTIAL_CONTENT if begins_at(response.headers(), begun) => {
                self.receive(remote, places, response, begun)
            }
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
                remove_file(&places.part)?;
                Ok(Attempt::Broken(
                    "the server did not go on where the last transfer broke".to_owned(),
                ))
            }
            other if other.is_server_error() || other == StatusCode::TOO_MANY_REQUESTS => {
                Ok(Attempt::Broken(format!("the server answered {other}")))
            }
            other => Err(failed(remote, format!("the server answered {other}"))),
        }
    }

    /// Writes the body behind what has arrived before, and puts the file in place once it is whole and checked.
    fn receive(
        &self,
        remote: &Remote,
        places: &Places,
        response: Response<Body>,
        begun: u64,
    ) -> Result<Attempt> {
        let header = |name| {
            let value = response.headers().get(name);
            value.and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let mut answer = Answer {
            url: remote.url.clone(),
            etag: header("etag"),
            last_modified: header("last-modified"),
            size: begun,
        };
        let decoded = header("content-encoding").is_some_and(|encoding| encoding != "identity");
        let total = response.body().content_length().map(|length| begun + length);
        let checksums = if decoded {
            Vec::new()
        } else {
            checksum::of_headers(response.headers())
        };
        let folder = places.target.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        // Without its answer the part is not gone on with.
        remove_file(&places.part_answer)?;
        let mut file = File::options()
            .create(true)
            .write(true)
            .append(begun > 0)
            .truncate(begun == 0)
            .open(&places.part)
            .map_err(Error::io("create", &places.part))?;
        if !decoded && answer.strong_validator().is_some() {
            write_answer(&places.part_answer, &answer)?;
        }
        let mut body = response.into_body().into_with_config().limit(MAX_FILE).reader();
        let mut buffer = vec![0; 128 << 10];
        loop {
            let count = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) => {
                    let reason = format!("the connection broke after {} bytes: {error}", answer.size);
                    return Ok(Attempt::Broken(reason));
                }
            };
            file.write_all(&buffer[..count])
                .map_err(Error::io("write", &places.part))?;
            answer.size += count as u64;
            self.progress.fetching(&remote.path, answer.size, total);
        }
        set_modified(&file, answer.last_modified.as_deref());
        file.sync_all().map_err(Error::io("write", &places.part))?;
        drop(file);
        if let Err(error) = self.check(remote, &places.part, &checksums) {
            remove_file(&places.part_answer)?;
            remove_file(&places.part)?;
            return Err(error);
        }
        // An answer that does not belong to the file must not outlive it.
        remove_file(&places.answer)?;
        fs::rename(&places.part, &places.target).map_err(Error::io("replace", &places.target))?;
        write_answer(&places.answer, &answer)?;
        remove_file(&places.part_answer)?;
        self.progress.fetched(&remote.path, true);
        Ok(Attempt::There)
    }

    /// Compares what came with every checksum that is to be had.
    fn check(&self, remote: &Remote, file: &Path, checksums: &[Checksum]) -> Result<()> {
        let wrong = || {
            failed(
                remote,
                "what came does not have the checksum that the publisher gives".to_owned(),
            )
        };
        for checksum in checksums {
            if !checksum::holds(file, checksum).map_err(Error::io("read", file))? {
                return Err(wrong());
            }
        }
        if remote.may_have_digest
            && let Some(checksum) = self.digest_at(&format!("{}.sha256", remote.url))?
            && !checksum::holds(file, &checksum).map_err(Error::io("read", file))?
        {
            return Err(wrong());
        }
        // NVD gives the digest of the decompressed file.
        if let Some(stem) = remote
            .url
            .strip_suffix(".json.gz")
            .filter(|_| remote.path.starts_with("nvd/"))
            && let Some(checksum) = self.digest_at(&format!("{stem}.meta"))?
        {
            let packed = File::open(file).map_err(Error::io("read", file))?;
            let held = checksum::holds_of(&mut MultiGzDecoder::new(io::BufReader::new(packed)), &checksum);
            if !held.map_err(Error::io("read", file))? {
                return Err(wrong());
            }
        }
        Ok(())
    }

    /// The digest in a small file; `None` where there is no such file.
    fn digest_at(&self, url: &str) -> Result<Option<Checksum>> {
        let broken = |reason: String| Error::Fetch {
            url: url.to_owned(),
            reason,
        };
        let response = self
            .agents
            .of(url)
            .get(url)
            .call()
            .map_err(|error| broken(error.to_string()))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND | StatusCode::FORBIDDEN | StatusCode::GONE => return Ok(None),
            other => return Err(broken(format!("the server answered {other}"))),
        }
        let body = response.into_body().into_with_config().limit(MAX_DIGEST_FILE);
        let text = body.read_to_string().map_err(|error| broken(error.to_string()))?;
        Ok(checksum::of_text(&text))
    }
}

fn failed(remote: &Remote, reason: String) -> Error {
    Error::Fetch {
        url: remote.url.clone(),
        reason,
    }
}

/// Whether a partial answer begins where the last transfer broke.
fn begins_at(headers: &HeaderMap, offset: u64) -> bool {
    let range = headers.get("content-range").and_then(|value| value.to_str().ok());
    let start = range.and_then(|range| range.strip_prefix("bytes ")?.split_once('-'));
    start.and_then(|(start, _)| start.parse().ok()) == Some(offset)
}

/// The answer that a file came with, and the file's size; `None` where one of them is missing or of another address.
fn remembered(file: &Path, answer: &Path, url: &str) -> Option<(Answer, u64)> {
    let size = fs::metadata(file).ok()?.len();
    let answer: Answer = serde_json::from_slice(&fs::read(answer).ok()?).ok()?;
    (answer.url == url).then_some((answer, size))
}

fn write_answer(path: &Path, answer: &Answer) -> Result<()> {
    let json = serde_json::to_vec(answer).map_err(|error| Error::io("write", path)(error.into()))?;
    fs::write(path, json).map_err(Error::io("write", path))
}

/// Gives the file the time that its publisher changed it, from which its age is told. A server that does
/// not say so leaves the time of the fetch.
fn set_modified(file: &File, last_modified: Option<&str>) {
    let time = last_modified.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    if let Some(time) = time {
        let _ = file.set_modified(time.timestamp().into());
    }
}
