//! The secdb of Alpine, Wolfi and Chainguard: for each package the versions that fixed something, and what.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::Deserialize;

use super::{Advisory, Statement, is_id};
use crate::database::schema::{Extent, Interval, Record, Until};
use crate::release;
use crate::versions::apk;

/// The ids of the feeds.
pub(crate) const ALPINE: &str = "alpine-secdb";
pub(crate) const WOLFI: &str = "wolfi-secdb";
pub(crate) const CHAINGUARD: &str = "chainguard-secdb";

/// The id of a distribution's feed.
pub(crate) fn id(distribution: &str) -> &'static str {
    match distribution {
        "wolfi" => WOLFI,
        "chainguard" => CHAINGUARD,
        _ => ALPINE,
    }
}

#[derive(Deserialize)]
struct Secdb {
    /// Missing where the distribution has no releases.
    #[serde(default)]
    distroversion: Option<String>,
    packages: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    pkg: Package,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    /// By the fixed version. A version with nothing in it is `null` or an empty list.
    #[serde(default)]
    secfixes: Option<BTreeMap<String, Option<Vec<String>>>>,
}

/// What one file is about.
pub(crate) struct Branch {
    /// The release, as the database names it: `alpine:v3.20`.
    pub(crate) release: String,
    /// How many fixes it names.
    pub(crate) records: u64,
}

/// Reads one repository of one branch, and gives each vulnerability of each package to `sink`.
pub(crate) fn read(
    input: impl BufRead,
    distribution: &str,
    sink: &mut dyn FnMut(Advisory),
) -> serde_json::Result<Branch> {
    let secdb: Secdb = serde_json::from_reader(input)?;
    let release = match (distribution, secdb.distroversion) {
        ("alpine", Some(branch)) => format!("alpine:{branch}"),
        ("alpine", None) => return Err(serde::de::Error::missing_field("distroversion")),
        (other, _) => release::rolling(other),
    };
    let mut records = 0;
    for Entry { pkg } in secdb.packages {
        for (version, entries) in pkg.secfixes.unwrap_or_default() {
            let mut warnings = Vec::new();
            if version.parse::<apk::Version>().is_err() {
                warnings.push(format!("{release}: `{version}` is no version of {}", pkg.name));
            }
            let version = mended(version);
            for entry in entries.unwrap_or_default() {
                for (id, advisories) in vulnerabilities(&entry) {
                    records += 1;
                    // Version 0 says that the package was never affected.
                    let statement = (version != "0").then(|| statement(&release, &pkg.name, &version));
                    sink(Advisory {
                        record: record(distribution, id, advisories),
                        statements: statement.into_iter().collect(),
                        warnings: std::mem::take(&mut warnings),
                    });
                }
            }
        }
    }
    Ok(Branch { release, records })
}

/// A version with a dot too many or in the place of a hyphen before its revision, as the publisher meant it: `1.7.5.-r1`,
/// `0.8.21.r2`. Left as it is, every version would be compared with something that has no order.
fn mended(version: String) -> String {
    let valid = |text: &String| text.parse::<apk::Version>().is_ok();
    if valid(&version) {
        return version;
    }
    let mended = match version.rsplit_once(".r") {
        Some((before, revision)) => format!("{before}-r{revision}"),
        None => version.replacen(".-r", "-r", 1),
    };
    if valid(&mended) { mended } else { version }
}

/// The vulnerabilities in an entry, each with the advisories about it. An entry holds one id or several with
/// blanks between: CVE ids are vulnerabilities, other ids (XSA, GHSA) speak of them. Words are comments.
fn vulnerabilities(entry: &str) -> Vec<(String, Vec<String>)> {
    let ids: Vec<String> = entry
        .split_whitespace()
        .map(|word| {
            word.trim_matches([',', ';', '(', ')'])
                .replacen("CVE_", "CVE-", 1)
        })
        .filter(|word| is_id(word))
        .collect();
    let (cves, others): (Vec<String>, Vec<String>) = ids.into_iter().partition(|id| id.starts_with("CVE-"));
    match cves.is_empty() {
        true => others.into_iter().map(|id| (id, Vec::new())).collect(),
        false => cves.into_iter().map(|cve| (cve, others.clone())).collect(),
    }
}

fn record(distribution: &str, id: String, advisories: Vec<String>) -> Record {
    let page = match distribution {
        "alpine" => format!("https://security.alpinelinux.org/vuln/{id}"),
        _ => format!("https://images.chainguard.dev/security/{id}"),
    };
    Record {
        feed: self::id(distribution).to_owned(),
        references: vec![page],
        id,
        advisories,
        ..Record::default()
    }
}

fn statement(release: &str, package: &str, fixed: &str) -> Statement {
    Statement {
        release: release.to_owned(),
        package: package.to_owned(),
        ratings: Vec::new(),
        extent: Extent::Versions {
            intervals: vec![Interval {
                from: None,
                until: Until::Fixed(fixed.to_owned()),
            }],
            listed: Vec::new(),
        },
        modules: Vec::new(),
        extended: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_several_ids() {
        let own =
            |id: &str, others: &[&str]| (id.to_owned(), others.iter().map(|o| (*o).to_owned()).collect());
        assert_eq!(vulnerabilities("CVE-2019-1"), [own("CVE-2019-1", &[])]);
        assert_eq!(
            vulnerabilities("CVE-2016-1 XSA-200"),
            [own("CVE-2016-1", &["XSA-200"])]
        );
        assert_eq!(vulnerabilities("XSA-207"), [own("XSA-207", &[])]);
        assert_eq!(
            vulnerabilities("CVE-2017-1 (+ regression fix)"),
            [own("CVE-2017-1", &[])]
        );
        assert_eq!(
            vulnerabilities("CVE-2017-1 CVE_2017-2"),
            [own("CVE-2017-1", &[]), own("CVE-2017-2", &[])]
        );
    }

    #[test]
    fn typing_errors_in_versions() {
        for (version, meant) in [
            ("1.7.5.-r1", "1.7.5-r1"),
            ("0.8.21.r2", "0.8.21-r2"),
            ("1.2.3-r0", "1.2.3-r0"),
            ("4.10-1-r1", "4.10-1-r1"),
            ("0", "0"),
        ] {
            assert_eq!(mended(version.to_owned()), meant);
        }
    }

    #[test]
    fn a_branch() {
        let json = r#"{"distroversion":"v3.10","reponame":"main","packages":[
            {"pkg":{"name":"openssl","secfixes":{"1.1.1d-r1":["CVE-2019-1"],"0":["CVE-2019-2"],"1.1-r0":null}}},
            {"pkg":{"name":"none","secfixes":{}}}]}"#;
        let mut all = Vec::new();
        let branch = read(json.as_bytes(), "alpine", &mut |advisory| all.push(advisory)).unwrap();
        assert_eq!((branch.release.as_str(), branch.records), ("alpine:v3.10", 2));
        let said: Vec<(&str, usize)> = all
            .iter()
            .map(|a| (a.record.id.as_str(), a.statements.len()))
            .collect();
        assert_eq!(said, [("CVE-2019-2", 0), ("CVE-2019-1", 1)]);
        assert_eq!(all[1].statements[0].extent.to_string(), "(…, 1.1.1d-r1)");
    }

    #[test]
    fn a_distribution_without_releases() {
        let json = r#"{"reponame":"os","packages":[{"pkg":{"name":"curl","secfixes":{"8.1-r0":["CVE-2023-1","GHSA-x-1"],"0":["CVE-2023-2"]}}}]}"#;
        let mut all = Vec::new();
        let branch = read(json.as_bytes(), "wolfi", &mut |advisory| all.push(advisory)).unwrap();
        assert_eq!((branch.release.as_str(), branch.records), ("wolfi:rolling", 3));
        assert!(read(json.as_bytes(), "alpine", &mut |_| ()).is_err());
        assert_eq!(all[1].record.feed, "wolfi-secdb");
    }
}
