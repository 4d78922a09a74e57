//! Looks things up for people: everything about a package, or about an id.

use plimsoll_core::{AdvisoryFeed, Distribution, Ecosystem, ExploitPrediction, Purl, Severity};
use serde::{Deserialize, Serialize};

use super::schema::{Affected, Extent};
use super::{Database, Reader};
use crate::matching::{range, rating};
use crate::title::title;
use crate::{Result, feeds, release, versions};

/// What the database says of one package, for people who look something up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PackageAdvisory {
    /// The ecosystem or release: `pypi`, `debian:12`.
    pub release: String,
    /// The package, by the name that advisories use.
    pub package: String,
    /// The record's id.
    pub id: String,
    /// Its other ids.
    pub aliases: Vec<String>,
    /// The affected versions: `[2.3.0, 2.3.2)`, `not fixed`, `undetermined`.
    pub affected: String,
    /// How bad it is.
    pub severity: Severity,
    /// One line on what is wrong; empty where the feed has none.
    pub title: String,
    /// Whether CISA lists it as exploited in the wild.
    pub known_exploited: bool,
    /// How likely it is to be exploited, where the database has EPSS scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exploit_prediction: Option<ExploitPrediction>,
    /// Whose record it is.
    pub feed: AdvisoryFeed,
}

/// What is looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// An id, or a package's name.
    what: String,
    /// Only this version of a package.
    version: Option<String>,
    /// Only of these ecosystems, distributions or releases, as the database names them.
    scopes: Vec<String>,
}

impl Query {
    /// Reads a package's name, a package URL, or an id of a vulnerability or advisory.
    ///
    /// # Errors
    /// What is wrong with the package URL, and one of a type that no feed speaks of.
    pub fn new(text: &str) -> std::result::Result<Self, String> {
        let text = text.trim();
        if !text.starts_with("pkg:") {
            return Ok(Self {
                what: text.to_owned(),
                ..Self::default()
            });
        }
        let purl: Purl = text
            .parse()
            .map_err(|error: plimsoll_core::PurlError| error.to_string())?;
        let scopes =
            scopes(&purl).ok_or_else(|| format!("no feed speaks of packages of type `{}`", purl.kind))?;
        let joined = |separator: &str| match &purl.namespace {
            Some(namespace) => format!("{namespace}{separator}{}", purl.name),
            None => purl.name.clone(),
        };
        let what = match purl.kind.as_str() {
            "deb" | "apk" | "rpm" => purl.name.clone(),
            "maven" => joined(":"),
            _ => joined("/"),
        };
        Ok(Self {
            what,
            version: purl.version,
            scopes,
        })
    }

    /// The same of one ecosystem, distribution or release only: `npm`, `crates.io`, `debian`, `debian:12`.
    #[must_use]
    pub fn within(mut self, ecosystem: &str) -> Self {
        let wanted = ecosystem.trim();
        let of_osv = release::OSV_FOLDERS
            .iter()
            .find(|folder| folder.eq_ignore_ascii_case(wanted))
            .and_then(|folder| release::from_osv(folder));
        let of_purl = Ecosystem::ALL
            .into_iter()
            .find(|known| known.purl_type() == wanted)
            .and_then(release::of_language);
        let name = of_osv.or(of_purl).unwrap_or_else(|| wanted.to_lowercase());
        self.scopes = vec![name];
        self
    }

    fn wants(&self, release: &str) -> bool {
        let distribution = release.split(':').next().unwrap_or_default();
        self.scopes.is_empty()
            || self
                .scopes
                .iter()
                .any(|scope| scope == release || scope == distribution)
    }
}

/// The database's names of what a package URL is of; `None` where no feed speaks of that.
fn scopes(purl: &Purl) -> Option<Vec<String>> {
    let ecosystem = Ecosystem::ALL
        .into_iter()
        .find(|known| known.purl_type() == purl.kind)?;
    if !ecosystem.is_distribution() {
        return release::of_language(ecosystem).map(|name| vec![name]);
    }
    let distribution = match Distribution::id_of(purl.namespace.as_deref()?) {
        "centos" => "rhel",
        "opensuse" => "opensuse-leap",
        "openEuler" => "openeuler",
        other => other,
    };
    // `distro=debian-12`; a code name does not tell the release of every distribution, so all are shown then.
    let number = purl
        .qualifiers
        .get("distro")
        .and_then(|distro| distro.rsplit_once('-'))
        .map(|(_, number)| number)
        .filter(|number| number.starts_with(|c: char| c.is_ascii_digit()));
    Some(vec![match number {
        Some(number) => release::numbered(distribution, number).unwrap_or_else(|| distribution.to_owned()),
        None => distribution.to_owned(),
    }])
}

impl Database {
    /// Everything about a package, or about a CVE or other id. An id is looked for in all packages, a package
    /// (a source package for most distributions) in all ecosystems and releases that the query is about.
    ///
    /// # Errors
    /// [`Error::Database`](crate::Error::Database) when the file cannot be read.
    pub fn query(&self, query: &Query) -> Result<Vec<PackageAdvisory>> {
        let reader = self.reader()?;
        let mut numbers = reader.bearing(&query.what)?;
        if numbers.is_empty() {
            numbers = reader.bearing(&query.what.to_ascii_uppercase())?;
        }
        let mut found: Vec<(String, String, Affected)> = Vec::new();
        if numbers.is_empty() {
            for known in self
                .status()
                .releases
                .iter()
                .filter(|known| query.wants(&known.name))
            {
                let name = release::package_name(release::ecosystem(&known.name), &query.what);
                let affected = reader.package(&known.name, &name)?;
                found.extend(
                    affected
                        .iter()
                        .filter(|affected| affects(&known.name, query.version.as_deref(), affected))
                        .map(|affected| (known.name.clone(), name.clone(), affected.clone())),
                );
            }
        } else {
            reader.each_package(|release, name, affected| {
                let wanted = affected
                    .into_iter()
                    .filter(|affected| numbers.contains(&affected.record) && query.wants(release));
                found.extend(wanted.map(|affected| (release.to_owned(), name.to_owned(), affected)));
            })?;
        }
        found
            .into_iter()
            .map(|(release, package, affected)| advisory(&reader, release, package, &affected))
            .collect()
    }
}

/// Whether a statement may be about a version; all are where none is named.
fn affects(release: &str, version: Option<&str>, statement: &Affected) -> bool {
    let (Some(version), Extent::Versions { intervals, listed }) = (version, &statement.extent) else {
        return true;
    };
    let ecosystem = release::ecosystem(release);
    let version = release::compared(release, version, &statement.extent);
    let comparable = versions::validate(ecosystem, version).is_ok();
    range::find(ecosystem, version, comparable, intervals, listed).is_some()
}

fn advisory(
    reader: &Reader,
    release: String,
    package: String,
    affected: &Affected,
) -> Result<PackageAdvisory> {
    let record = reader.record(affected.record)?;
    let ids = || {
        [&record.id]
            .into_iter()
            .chain(&record.aliases)
            .chain(&record.upstream)
    };
    let known_exploited = ids().try_fold(false, |known, id| Ok(known || reader.is_exploited(id)?))?;
    let cve = ids().find(|id| id.starts_with("CVE-"));
    let prediction = cve.map(|cve| reader.epss(cve)).transpose()?.flatten();
    let title = title([&*record].into_iter());
    let severity = rating::severity(&affected.ratings).or_else(|| rating::severity(&record.ratings));
    Ok(PackageAdvisory {
        release,
        package,
        affected: affected.extent.to_string(),
        severity: severity.unwrap_or_default(),
        known_exploited,
        exploit_prediction: prediction.map(|(probability, percentile)| ExploitPrediction {
            probability,
            percentile,
        }),
        feed: feeds::describe(&record.feed),
        id: record.id.clone(),
        aliases: [&record.aliases[..], &record.upstream, &record.advisories].concat(),
        title,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_urls() {
        for (text, what, version, scopes) in [
            (
                "pkg:npm/%40angular/core@1.2.3",
                "@angular/core",
                Some("1.2.3"),
                "npm",
            ),
            (
                "pkg:maven/org.apache.logging.log4j/log4j-core",
                "org.apache.logging.log4j:log4j-core",
                None,
                "maven",
            ),
            (
                "pkg:golang/golang.org/x/net@v0.1.0",
                "golang.org/x/net",
                Some("v0.1.0"),
                "go",
            ),
            (
                "pkg:deb/debian/openssl@3.0.9-1?distro=debian-12",
                "openssl",
                Some("3.0.9-1"),
                "debian:12",
            ),
            ("pkg:deb/ubuntu/openssl?distro=jammy", "openssl", None, "ubuntu"),
            (
                "pkg:apk/alpine/musl?distro=alpine-3.18.2",
                "musl",
                None,
                "alpine:v3.18",
            ),
            (
                "pkg:rpm/almalinux/curl?distro=almalinux-9.4",
                "curl",
                None,
                "almalinux:9",
            ),
            ("pkg:pypi/flask", "flask", None, "pypi"),
        ] {
            let query = Query::new(text).unwrap();
            assert_eq!(
                (query.what.as_str(), query.version.as_deref()),
                (what, version),
                "{text}"
            );
            assert_eq!(query.scopes, [scopes], "{text}");
        }
        for text in ["pkg:npm", "pkg:swift/a/b", "pkg:conda/numpy"] {
            assert!(Query::new(text).is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn ecosystems() {
        let within = |ecosystem: &str| Query::new("x").unwrap().within(ecosystem);
        assert!(
            within("crates.io").wants("cargo")
                && within("golang").wants("go")
                && within("PyPI").wants("pypi")
        );
        assert!(within("debian").wants("debian:12") && within("debian:12").wants("debian:12"));
        assert!(!within("debian:12").wants("debian:13") && !within("npm").wants("pypi"));
    }
}
