//! Real feeds, and what Trivy finds with a database made of them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;
use std::sync::OnceLock;

use plimsoll_advisory::{Database, Matcher, PackageAdvisory, Summary, builtin};
use plimsoll_core::{Distribution, Ecosystem, Package, Severity};

use crate::{distribution, package, python, query};

/// The folder of shared test data; `None`, said aloud, where there is none.
fn shared() -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let folder = std::env::var_os("PLIMSOLL_SHARED").map_or(beside, PathBuf::from);
    if !folder.join("feeds").is_dir() {
        eprintln!("skipped: no feeds in {}", folder.display());
        return None;
    }
    Some(folder)
}

/// The shared data with a database of its feeds, which is built once for all tests.
fn real() -> Option<&'static (PathBuf, Database, Summary)> {
    static REAL: OnceLock<Option<(PathBuf, Database, Summary)>> = OnceLock::new();
    let build = || {
        let shared = shared()?;
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("advisories.redb");
        let summary = Database::build(&shared.join("feeds"), &out, &()).unwrap();
        Some((shared, Database::open_read_only(&out).unwrap(), summary))
    };
    REAL.get_or_init(build).as_ref()
}

/// The packages in the apk database of a root file system.
fn apk_packages(shared: &std::path::Path, version: &str) -> Option<Vec<Package>> {
    let path = shared.join(format!("images/rootfs/alpine-minirootfs-{version}-x86_64.tar.gz"));
    let Ok(file) = File::open(&path) else {
        eprintln!("skipped: no {}", path.display());
        return None;
    };
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let mut text = String::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.path().unwrap().ends_with("lib/apk/db/installed") {
            entry.read_to_string(&mut text).unwrap();
        }
    }
    let field = |block: &str, key: &str| {
        block
            .lines()
            .find_map(|line| line.strip_prefix(key))
            .map(str::to_owned)
    };
    let packages = text.split("\n\n").filter_map(|block| {
        let (name, version) = (field(block, "P:")?, field(block, "V:")?);
        let origin = field(block, "o:").unwrap_or_else(|| name.clone());
        Some(package(
            Ecosystem::Apk,
            &name,
            &version,
            Some((&origin, &version)),
        ))
    });
    Some(packages.collect())
}

/// Rows as Trivy's: package, installed, id, fixed, severity.
fn rows(database: &Database, distribution: &Distribution, packages: &[Package]) -> BTreeSet<[String; 5]> {
    let matches = Matcher::new(Some(database))
        .match_all(Some(distribution), packages)
        .unwrap();
    let row = |v: &plimsoll_core::Vulnerability| {
        let fixed = v.fix.fixed_version().unwrap_or_default().to_owned();
        [
            v.package.name.clone(),
            v.package.version.clone(),
            v.id.clone(),
            fixed,
            v.severity.to_string(),
        ]
    };
    matches.vulnerabilities.iter().map(row).collect()
}

fn expected(shared: &std::path::Path, name: &str) -> BTreeSet<[String; 5]> {
    let text = fs::read_to_string(shared.join(format!("images/expected/{name}.tsv"))).unwrap();
    let row = |line: &str| {
        line.split('\t')
            .map(str::to_owned)
            .collect::<Vec<_>>()
            .try_into()
            .unwrap()
    };
    text.lines().map(row).collect()
}

#[test]
fn trivy_agrees_on_alpine() {
    let Some((shared, database, _)) = real() else {
        return;
    };
    for version in ["3.7.3", "3.8.5", "3.10.3", "3.11.13", "3.20.3"] {
        let Some(packages) = apk_packages(shared, version) else {
            continue;
        };
        assert!(packages.len() > 5, "{version}");
        let found = rows(database, &distribution("alpine", version), &packages);
        assert_eq!(found, expected(shared, &format!("alpine-{version}")), "{version}");
    }
}

#[test]
fn trivy_agrees_on_the_image_of_two_layers() {
    let Some((shared, database, _)) = real() else {
        return;
    };
    let Some(mut packages) = apk_packages(shared, "3.10.3") else {
        return;
    };
    // Its package list is that of 3.10.2, of which the expected rows name what differs.
    let expected = expected(shared, "alpine-old");
    for package in &mut packages {
        if let Some([_, installed, ..]) = expected.iter().find(|row| row[0] == package.name) {
            package.version = installed.clone();
        }
    }
    assert_eq!(
        rows(database, &distribution("alpine", "3.10.2"), &packages),
        expected
    );
}

#[test]
fn trivy_agrees_on_almalinux() {
    let Some((shared, database, _)) = real() else {
        return;
    };
    let expected = expected(shared, "almalinux-9.4-sqlite");
    let installed: BTreeSet<(&str, &str)> = expected
        .iter()
        .map(|row| (row[0].as_str(), row[1].as_str()))
        .collect();
    let packages: Vec<Package> = installed
        .into_iter()
        .map(|(name, version)| package(Ecosystem::Rpm, name, version, None))
        .collect();
    let found = rows(database, &distribution("almalinux", "9.4"), &packages);
    let without_severity = |rows: &BTreeSet<[String; 5]>| -> BTreeSet<[String; 4]> {
        let row = |[name, version, id, fixed, _]: &[String; 5]| [name, version, id, fixed].map(Clone::clone);
        rows.iter().map(row).collect()
    };
    assert_eq!(without_severity(&found), without_severity(&expected));
    // An erratum is as bad as the worst that it fixes. The database that Trivy was given takes the worst erratum of all
    // releases and packages for each CVE; here it is that of this package and release, which is lower for some.
    let severity = |row: &[String; 5]| row[4].parse::<Severity>().unwrap();
    let differing: Vec<_> = found.iter().zip(&expected).filter(|(a, b)| a != b).collect();
    assert_eq!(differing.len(), 121);
    assert!(differing.iter().all(|(a, b)| severity(a) < severity(b)));
}

#[test]
fn the_shared_feeds_are_all_accounted_for() {
    let Some((_, database, summary)) = real() else {
        return;
    };
    let status = database.status();
    let feeds: Vec<(&str, u64)> = status
        .feeds
        .iter()
        .map(|feed| (feed.feed.id.as_str(), feed.records))
        .collect();
    eprintln!("{feeds:?}, {} bytes, {:?}", summary.size, summary.warnings);
    assert!(feeds.contains(&("osv-pypi", 2651)) && summary.withdrawn == 40);
    assert!(feeds.contains(&("osv-debian", 10706)) && feeds.contains(&("cisa-kev", 1404)));
    assert_eq!(summary.superseded, 2983);
    assert_eq!(status.unused, []);
    assert!(summary.size < 100 << 20);
}

#[test]
fn python_and_debian_packages_of_the_feeds() {
    let Some((_, database, _)) = real() else { return };
    let packages = [
        python("Flask", "2.3.0"),
        python("PyYAML", "5.3"),
        package(Ecosystem::Deb, "libcurl4", "7.50.0-1", Some(("curl", "7.50.0-1"))),
        package(
            Ecosystem::Deb,
            "libnginx-mod-http-echo",
            "1.22.1-1",
            Some(("nginx", "1.22.1-1")),
        ),
    ];
    let matches = Matcher::new(Some(database))
        .match_all(Some(&distribution("debian", "12")), &packages)
        .unwrap();
    assert!(
        matches
            .coverage
            .iter()
            .all(plimsoll_advisory::Coverage::is_complete)
    );
    let of = |name: &str| {
        let found = matches.vulnerabilities.iter().filter(|v| v.package.name == name);
        found.map(|v| v.id.as_str()).collect::<BTreeSet<_>>()
    };
    assert_eq!(of("Flask"), BTreeSet::from(["CVE-2023-30861"]));
    assert_eq!(of("PyYAML"), BTreeSet::from(["CVE-2020-1747", "CVE-2020-14343"]));
    assert!(!of("libnginx-mod-http-echo").is_empty());
    for found in &matches.vulnerabilities {
        let source = found.package.ecosystem == Ecosystem::Deb;
        assert!(
            found
                .reason
                .starts_with(if source { "debian bookworm: " } else { "installed " }),
            "{found:?}"
        );
        assert!(!found.feed.url.is_empty() && !found.references.is_empty());
    }
}

#[test]
fn the_demo_set_says_what_the_feed_says() {
    let Some((_, database, _)) = real() else { return };
    let mut compared = 0;
    for name in [
        "flask",
        "werkzeug",
        "jinja2",
        "gunicorn",
        "requests",
        "urllib3",
        "certifi",
        "idna",
        "setuptools",
        "pip",
        "pyyaml",
    ] {
        let known = database.query(&query(name)).unwrap();
        for own in builtin::database().query(&query(name)).unwrap() {
            let same = |other: &&PackageAdvisory| other.release == "pypi" && other.id == own.id;
            if let Some(published) = known.iter().find(same) {
                assert_eq!(own.affected, published.affected, "{}", own.id);
                assert!(
                    published.aliases.iter().all(|alias| own.aliases.contains(alias)),
                    "{}",
                    own.id
                );
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 14);
}
