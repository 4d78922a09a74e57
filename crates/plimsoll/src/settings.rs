//! What the environment decides, read in one place.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use plimsoll_image::Limits;

use crate::failure::Failure;

/// The store: `--store` or `$PLIMSOLL_ROOT`, else `/var/lib/plimsoll` for root, else the user's data folder.
pub(crate) fn store_root(given: Option<PathBuf>) -> Result<PathBuf, Failure> {
    if let Some(given) = given {
        return Ok(given);
    }
    if rustix::process::geteuid().is_root() && !plimsoll_sandbox::rootless::has_entered() {
        return Ok(PathBuf::from("/var/lib/plimsoll"));
    }
    let folder = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let data = folder("XDG_DATA_HOME").or_else(|| folder("HOME").map(|home| home.join(".local/share")));
    match data {
        Some(data) => Ok(data.join("plimsoll")),
        None => Err(Failure::usage("there is no home folder to keep the store in")
            .with_hint("name one with `--store DIR` or `PLIMSOLL_ROOT`")),
    }
}

/// `PLIMSOLL_LIMITS`: how much compressed input may become, such as `uncompressed=500GiB,expansion=2000`.
pub(crate) fn limits() -> Result<Limits, Failure> {
    match std::env::var("PLIMSOLL_LIMITS") {
        Ok(text) => parse_limits(&text).ok_or_else(|| {
            Failure::usage(format!("PLIMSOLL_LIMITS is `{text}`"))
                .with_hint("give it as `uncompressed=500GiB,expansion=2000`, or one of the two")
        }),
        Err(_) => Ok(Limits::default()),
    }
}

fn parse_limits(text: &str) -> Option<Limits> {
    let mut limits = Limits::default();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match part.split_once('=')? {
            ("uncompressed", size) => limits.uncompressed = crate::values::bytes(size).ok()?,
            ("expansion", factor) => limits.expansion = factor.parse().ok()?,
            _ => return None,
        }
    }
    Some(limits)
}

/// The socket of the Docker engine: `DOCKER_HOST`, else where it is by default.
pub(crate) fn docker_socket() -> Result<PathBuf, Failure> {
    engine_socket("DOCKER_HOST", "docker.sock", "/var/run/docker.sock")
}

/// The socket of the Podman service: `CONTAINER_HOST`, else where it is by default.
pub(crate) fn podman_socket() -> Result<PathBuf, Failure> {
    engine_socket("CONTAINER_HOST", "podman/podman.sock", "/run/podman/podman.sock")
}

/// The socket that a variable names, else the user's own where there is one, else the system's.
fn engine_socket(variable: &str, of_user: &str, of_system: &str) -> Result<PathBuf, Failure> {
    if let Some(host) = std::env::var(variable).ok().filter(|host| !host.is_empty()) {
        return match host.strip_prefix("unix://") {
            Some(path) => Ok(PathBuf::from(path)),
            None => Err(Failure::usage(format!(
                "{variable} is `{host}`: engines are spoken to by `unix://` sockets only"
            ))),
        };
    }
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(|runtime| PathBuf::from(runtime).join(of_user));
    Ok(runtime
        .filter(|socket| socket.exists())
        .unwrap_or_else(|| PathBuf::from(of_system)))
}

/// The host's bundle of trusted certificates, where its tools look for it.
pub(crate) fn host_ca() -> Result<PathBuf, Failure> {
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let usual = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/cert.pem",
    ];
    let mut places = named.into_iter().chain(usual.map(PathBuf::from));
    places.find(|path| path.is_file()).ok_or_else(|| {
        Failure::usage("this host has no bundle of trusted certificates")
            .with_hint("install `ca-certificates`, or name the bundle with `SSL_CERT_FILE`")
    })
}

/// How contexts that are not on this machine are fetched.
pub(crate) fn remote() -> plimsoll_build::RemoteSettings {
    plimsoll_build::RemoteSettings {
        proxies: proxies(),
        root_certificates: host_ca().ok(),
        ..plimsoll_build::RemoteSettings::default()
    }
}

/// The proxy variables that Docker passes on to `RUN`, as they are set here.
pub(crate) fn proxies() -> Vec<(String, String)> {
    let names = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];
    let both = names
        .into_iter()
        .flat_map(|name| [name.to_owned(), name.to_lowercase()]);
    both.filter_map(|name| std::env::var(&name).ok().map(|value| (name, value)))
        .collect()
}

/// `SOURCE_DATE_EPOCH`: seconds since 1970 that no time in the image may be later than.
pub(crate) fn source_date_epoch() -> Result<Option<i64>, Failure> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Err(_) => Ok(None),
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => epoch(&text).map(Some),
    }
}

/// A `SOURCE_DATE_EPOCH` as it is written.
pub(crate) fn epoch(text: &str) -> Result<i64, Failure> {
    let wrong = |_| Failure::usage(format!("SOURCE_DATE_EPOCH is `{text}`, not a number of seconds"));
    text.parse().map_err(wrong)
}

/// When the last commit of the repository that a folder is in was made; `None` where it is in none, or git is missing.
pub(crate) fn commit_time(folder: &Path) -> Option<i64> {
    let mut git = Command::new("git");
    git.arg("-C").arg(folder).args(["log", "-1", "--format=%ct"]);
    let output = git.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.trim().parse().ok().filter(|_| output.status.success())
}

/// The proxy for fetching feeds from addresses of a scheme: `https` or `http`.
pub(crate) fn proxy(scheme: &str) -> Option<String> {
    let own = format!("{scheme}_proxy");
    [
        own.to_uppercase(),
        own,
        "ALL_PROXY".to_owned(),
        "all_proxy".to_owned(),
    ]
    .into_iter()
    .filter_map(|name| std::env::var(name).ok())
    .find(|proxy| !proxy.is_empty())
}

/// The hosts that are reached without a proxy.
pub(crate) fn no_proxy() -> Vec<String> {
    let listed = ["NO_PROXY", "no_proxy"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok())
        .unwrap_or_default();
    let hosts = listed.split(',').map(str::trim).filter(|host| !host.is_empty());
    hosts.map(str::to_owned).collect()
}

/// The run of GitHub Actions that this is, as far as it is one.
pub(crate) fn github_job() -> plimsoll_report::github::Job {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let (workflow, job) = (variable("GITHUB_WORKFLOW"), variable("GITHUB_JOB"));
    plimsoll_report::github::Job {
        id: variable("GITHUB_RUN_ID"),
        correlator: format!("{workflow}_{job}"),
        sha: variable("GITHUB_SHA"),
        reference: variable("GITHUB_REF"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_named() {
        let both = parse_limits("uncompressed=500GiB, expansion=2000").unwrap();
        assert_eq!((both.uncompressed, both.expansion), (500 << 30, 2000));
        assert_eq!(parse_limits(""), Some(Limits::default()));
        assert_eq!(parse_limits("expansion=1").unwrap().uncompressed, 100 << 30);
        for wrong in ["x=1", "expansion", "uncompressed=many", "expansion=-1"] {
            assert_eq!(parse_limits(wrong), None, "{wrong}");
        }
    }
}
