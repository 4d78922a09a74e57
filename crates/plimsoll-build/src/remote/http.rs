//! Files behind `http` and `https`, kept in the store between builds and asked for again only if they changed.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use plimsoll_core::{Digest, Sha256};
use plimsoll_image::Store;
use serde::{Deserialize, Serialize};
use ureq::http::{Response, StatusCode};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Body, Proxy};

use super::location::percent_decoded;
use crate::error::{IoContext, Problem};

/// The directory of the store that holds downloads.
pub(crate) const DIRECTORY: &str = "downloads";

/// How downloads use the network.
#[derive(Debug, Clone, Default)]
pub(crate) struct HttpSettings {
    /// The host's proxy variables.
    pub(crate) proxies: Vec<(String, String)>,
    /// A PEM bundle to trust instead of the built-in authorities.
    pub(crate) root_certificates: Option<PathBuf>,
}

/// A file that was downloaded, now or earlier.
#[derive(Debug)]
pub(crate) struct Download {
    /// Where it is; with the mode 0600, and the time that the server says it was changed, else 1970.
    pub(crate) path: PathBuf,
}

/// What is remembered of an answer.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    url: String,
    digest: Digest,
    size: u64,
    #[serde(default)]
    etag: Option<String>,
    #[serde(default)]
    last_modified: Option<String>,
}

/// The last part of the path, which a file that is put into a directory is called; what BuildKit calls one without is
/// the same here.
pub(crate) fn file_name(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.split(['?', '#']).next().unwrap_or(rest);
    let path = path.split_once('/').map_or("", |(_, path)| path);
    let last = path
        .split('/')
        .rfind(|part| !part.is_empty())
        .map(percent_decoded);
    match last.filter(|name| !name.contains(['/', '\0']) && name != "." && name != "..") {
        Some(name) => name,
        None => "__unnamed__".to_owned(),
    }
}

/// Gets the file. With a `checksum` nothing is asked for that is here already, and what has another one is refused.
pub(crate) fn download(
    store: &Store,
    settings: &HttpSettings,
    url: &str,
    checksum: Option<&Digest>,
    copied: &dyn Fn(u64),
) -> Result<Download, Problem> {
    let directory = store.root().join(DIRECTORY);
    std::fs::create_dir_all(&directory).doing("cannot make", &directory)?;
    let name = Digest::of(url.as_bytes()).hex();
    let (target, remembered) = (directory.join(&name), directory.join(format!("{name}.json")));
    let known = known_answer(&target, &remembered, url);
    if let (Some(known), Some(checksum)) = (&known, checksum)
        && known.digest == *checksum
    {
        return Ok(Download { path: target });
    }
    let mut request = agent(settings, url)?.get(url);
    if let Some(known) = &known {
        if let Some(etag) = &known.etag {
            request = request.header("If-None-Match", etag);
        }
        if let Some(date) = &known.last_modified {
            request = request.header("If-Modified-Since", date);
        }
    }
    let failed = |reason: String| Problem::invalid(format!("`{url}` cannot be downloaded: {reason}"));
    let response = request.call().map_err(|error| {
        let said = error.to_string();
        failed(said.strip_prefix("io: ").unwrap_or(&said).to_owned())
    })?;
    let answer = match (response.status(), known) {
        (StatusCode::NOT_MODIFIED, Some(known)) => known,
        (status, _) if status.is_success() => keep(&directory, &target, &remembered, url, response, copied)?,
        (status, _) => return Err(failed(format!("the server answered `{status}`"))),
    };
    if let Some(checksum) = checksum
        && answer.digest != *checksum
    {
        return Err(Problem::invalid_with(
            format!(
                "`{url}` has the digest `{}`, not the `{checksum}` that `--checksum` demands",
                answer.digest
            ),
            "compare it with what its publisher states before changing the checksum",
        ));
    }
    Ok(Download { path: target })
}

/// What the file came with; `None` where one of them is missing or does not fit the other.
fn known_answer(target: &Path, remembered: &Path, url: &str) -> Option<Answer> {
    let size = std::fs::metadata(target).ok()?.len();
    let answer: Answer = serde_json::from_slice(&std::fs::read(remembered).ok()?).ok()?;
    Some(answer).filter(|answer| answer.size == size && answer.url == url)
}

/// Writes the body to a temporary file, and puts it in place once it is whole.
fn keep(
    directory: &Path,
    target: &Path,
    remembered: &Path,
    url: &str,
    response: Response<Body>,
    copied: &dyn Fn(u64),
) -> Result<Answer, Problem> {
    let header = |name| {
        let value = response.headers().get(name);
        value.and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let (etag, last_modified) = (header("etag"), header("last-modified"));
    let mut file = tempfile::NamedTempFile::new_in(directory).doing("cannot write in", directory)?;
    let mut body = response.into_body().into_with_config().limit(u64::MAX).reader();
    let mut hash = Sha256::new();
    let mut buffer = vec![0_u8; 128 << 10];
    let mut size = 0_u64;
    loop {
        let count = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let message = format!("the connection to `{url}` broke after {size} bytes: {error}");
                return Err(Problem::invalid(message));
            }
        };
        hash.update(&buffer[..count]);
        file.write_all(&buffer[..count]).doing("cannot write", target)?;
        size += count as u64;
        copied(count as u64);
    }
    let answer = Answer {
        url: url.to_owned(),
        digest: hash.finish(),
        size,
        etag,
        last_modified,
    };
    set_attributes(file.as_file(), answer.last_modified.as_deref()).doing("cannot write", target)?;
    // An answer that does not belong to the file must not outlive it.
    let _ = std::fs::remove_file(remembered);
    file.persist(target)
        .map_err(|error| Problem::io("cannot write", target, error.error))?;
    let json = serde_json::to_vec(&answer).map_err(|error| Problem::io("cannot write", remembered, error))?;
    std::fs::write(remembered, json).doing("cannot write", remembered)?;
    Ok(answer)
}

fn set_attributes(file: &File, last_modified: Option<&str>) -> io::Result<()> {
    let time = last_modified.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    file.set_modified(time.map_or(SystemTime::UNIX_EPOCH, |time| time.timestamp().into()))?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

fn agent(settings: &HttpSettings, url: &str) -> Result<Agent, Problem> {
    let proxy =
        match proxy_for(url, &settings.proxies) {
            None => None,
            Some(address) => Some(Proxy::new(address).map_err(|error| {
                Problem::invalid(format!("`{address}` is not a proxy's address: {error}"))
            })?),
        };
    let mut tls = TlsConfig::builder();
    if let Some(path) = &settings.root_certificates {
        let pem = std::fs::read(path).doing("cannot read", path)?;
        let roots: Vec<Certificate<'static>> = ureq::tls::parse_pem(&pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        if !roots.is_empty() {
            tls = tls.root_certs(RootCerts::new_with_certs(&roots));
        }
    }
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .proxy(proxy)
        .tls_config(tls.build())
        .timeout_connect(Some(Duration::from_secs(30)))
        .timeout_recv_response(Some(Duration::from_secs(60)))
        // What is added is what the server has, not what a transport makes of it.
        .accept_encoding("identity")
        .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")));
    Ok(config.build().new_agent())
}

/// The proxy for an address, by the usual variables; none for this machine.
fn proxy_for<'p>(url: &str, proxies: &'p [(String, String)]) -> Option<&'p str> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match authority.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or(address),
        None => authority.split(':').next().unwrap_or(authority),
    };
    let value = |wanted: &str| {
        let of = |name: &str| proxies.iter().rev().find(|(key, _)| key == name);
        of(&wanted.to_lowercase())
            .or_else(|| of(&wanted.to_uppercase()))
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    };
    let local = host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    let excepted = value("no_proxy").is_some_and(|list| {
        list.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .any(|part| {
                let name = part.trim_start_matches('.').to_ascii_lowercase();
                let host = host.to_ascii_lowercase();
                part == "*" || host == name || host.ends_with(&format!(".{name}")) || authority == part
            })
    });
    if local || excepted {
        return None;
    }
    value(&format!("{scheme}_proxy")).or_else(|| value("all_proxy"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_path() {
        for (url, expected) in [
            ("http://h/a/b.txt", "b.txt"),
            ("http://h/a/b.txt?x=/y#/z", "b.txt"),
            ("http://h/a%20b", "a b"),
            ("http://h/dir/", "dir"),
            ("http://h/", "__unnamed__"),
            ("http://h", "__unnamed__"),
            ("http://h?x=/y", "__unnamed__"),
            ("http://h/a%2Fb", "__unnamed__"),
            ("http://h/..", "__unnamed__"),
        ] {
            assert_eq!(file_name(url), expected, "{url}");
        }
    }

    #[test]
    fn proxies_by_scheme_and_exception() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let proxies = [
            pair("http_proxy", "http://p:1"),
            pair("HTTPS_PROXY", "http://p:2"),
            pair("no_proxy", "internal.example, .corp.example,other:8080"),
        ];
        for (url, expected) in [
            ("http://example.com/x", Some("http://p:1")),
            ("https://user@example.com:8443", Some("http://p:2")),
            ("http://internal.example/x", None),
            ("http://a.internal.example/x", None),
            ("https://a.corp.example", None),
            ("http://other:8080/x", None),
            ("http://other/x", Some("http://p:1")),
            ("http://localhost:80/", None),
            ("http://127.0.0.1:80/", None),
            ("http://[::1]:80/", None),
            ("ftp://example.com", None),
        ] {
            assert_eq!(proxy_for(url, &proxies), expected, "{url}");
        }
        assert_eq!(
            proxy_for("http://h/", &[pair("ALL_PROXY", "http://p:3")]),
            Some("http://p:3")
        );
        assert_eq!(proxy_for("http://h/", &[]), None);
    }
}
