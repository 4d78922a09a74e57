//! Which files there are, and where.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Mirror;
use crate::release::OSV_FOLDERS;
use crate::{Error, Result};

/// The newest branch of Alpine that is asked for without looking whether the one before is there.
const ALPINE_BRANCHES: std::ops::RangeInclusive<u32> = 2..=22;
const ALPINE_BRANCHES_AT_MOST: u32 = 99;
/// The first year that NVD has a file of; it holds the years before too.
const NVD_SINCE: i16 = 2002;

/// A feed: one file or several that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feed {
    Osv(&'static str),
    DebianTracker,
    Alpine,
    Wolfi,
    Chainguard,
    Kev,
    Epss,
    Nvd,
}

impl Feed {
    /// The paths of its files.
    pub(super) fn paths(&self) -> Vec<String> {
        match self {
            Self::Osv(folder) => vec![format!("osv/{folder}/all.zip")],
            Self::DebianTracker => vec!["debian/tracker.json".to_owned()],
            Self::Alpine => {
                let branches = ALPINE_BRANCHES.map(|minor| format!("v3.{minor}"));
                branches
                    .chain(["edge".to_owned()])
                    .flat_map(|branch| alpine(&branch))
                    .collect()
            }
            Self::Wolfi => vec!["wolfi/security.json".to_owned()],
            Self::Chainguard => vec!["chainguard/security.json".to_owned()],
            Self::Kev => vec!["kev/known_exploited_vulnerabilities.json".to_owned()],
            Self::Epss => vec!["epss/epss_scores-current.csv.gz".to_owned()],
            Self::Nvd => {
                let now = Timestamp::now().to_zoned(TimeZone::UTC).year();
                let years = NVD_SINCE..=now.max(NVD_SINCE);
                years
                    .map(|year| format!("nvd/nvdcve-2.0-{year}.json.gz"))
                    .collect()
            }
        }
    }
}

fn alpine(branch: &str) -> [String; 2] {
    ["main", "community"].map(|repository| format!("alpine/{branch}/{repository}.json"))
}

/// The files of the branches of Alpine that may be newer than this program.
pub(super) fn later_alpine_branches() -> impl Iterator<Item = [String; 2]> {
    (ALPINE_BRANCHES.end() + 1..=ALPINE_BRANCHES_AT_MOST).map(|minor| alpine(&format!("v3.{minor}")))
}

/// The feeds that speak of the named ecosystems, or all; those about vulnerabilities themselves are always among them.
pub(super) fn feeds(ecosystems: &[String]) -> Result<Vec<Feed>> {
    let mut folders = Vec::new();
    for wanted in ecosystems {
        let folder = OSV_FOLDERS
            .iter()
            .find(|folder| folder.eq_ignore_ascii_case(wanted));
        folders.push(*folder.ok_or_else(|| Error::Ecosystem(wanted.clone()))?);
    }
    if folders.is_empty() {
        folders.extend(OSV_FOLDERS);
    }
    let mut feeds: Vec<Feed> = folders.iter().map(|folder| Feed::Osv(folder)).collect();
    let own = [
        ("Debian", Feed::DebianTracker),
        ("Alpine", Feed::Alpine),
        ("Wolfi", Feed::Wolfi),
        ("Chainguard", Feed::Chainguard),
    ];
    feeds.extend(
        own.into_iter()
            .filter(|(folder, _)| folders.contains(folder))
            .map(|(_, feed)| feed),
    );
    feeds.extend([Feed::Kev, Feed::Epss, Feed::Nvd]);
    Ok(feeds)
}

/// One file of the layout: its path, and its address.
pub(super) struct Remote {
    pub(super) path: String,
    pub(super) url: String,
    /// Whether a file with its digest may lie beside it, as mirrors have them.
    pub(super) may_have_digest: bool,
}

impl Remote {
    pub(super) fn new(path: &str, mirror: &Mirror) -> Self {
        let (url, may_have_digest) = match mirror {
            Mirror::Url(base) => (format!("{base}/{}", encoded(path)), true),
            Mirror::Publishers | Mirror::Directory(_) => (publisher_url(path), false),
        };
        Self {
            path: path.to_owned(),
            url,
            may_have_digest,
        }
    }
}

/// Where a file of the layout has its origin.
fn publisher_url(path: &str) -> String {
    let (folder, rest) = path.split_once('/').unwrap_or((path, ""));
    let rest = encoded(rest);
    match folder {
        "osv" => format!("https://osv-vulnerabilities.storage.googleapis.com/{rest}"),
        "debian" => "https://security-tracker.debian.org/tracker/data/json".to_owned(),
        "alpine" => format!("https://secdb.alpinelinux.org/{rest}"),
        "wolfi" => format!("https://packages.wolfi.dev/os/{rest}"),
        "chainguard" => format!("https://packages.cgr.dev/chainguard/{rest}"),
        "epss" => format!("https://epss.empiricalsecurity.com/{rest}"),
        "nvd" => format!("https://nvd.nist.gov/feeds/json/cve/2.0/{rest}"),
        _ => format!("https://www.cisa.gov/sites/default/files/feeds/{rest}"),
    }
}

/// Ecosystems have blanks in their names, addresses have none.
fn encoded(path: &str) -> String {
    path.replace(' ', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_of_ecosystems() {
        let all = feeds(&[]).unwrap();
        assert!(all.len() > 25 && all.contains(&Feed::Osv("npm")) && all.contains(&Feed::Alpine));
        let some = feeds(&["pypi".to_owned(), "Debian".to_owned()]).unwrap();
        assert_eq!(
            some,
            [
                Feed::Osv("PyPI"),
                Feed::Osv("Debian"),
                Feed::DebianTracker,
                Feed::Kev,
                Feed::Epss,
                Feed::Nvd
            ]
        );
        assert!(matches!(feeds(&["pip".to_owned()]), Err(Error::Ecosystem(_))));
    }

    #[test]
    fn addresses() {
        let remote = Remote::new(
            "osv/Rocky Linux/all.zip",
            &Mirror::Url("http://m/feeds".to_owned()),
        );
        assert_eq!(remote.url, "http://m/feeds/osv/Rocky%20Linux/all.zip");
        assert!(publisher_url("osv/Rocky Linux/all.zip").ends_with("/Rocky%20Linux/all.zip"));
    }
}
