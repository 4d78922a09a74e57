//! Packages of distributions, by the names and releases that their feeds speak of.

use plimsoll_advisory::{CoverageState, Matcher};
use plimsoll_core::{Ecosystem, FixState, Severity};

use super::{fixed, ids, osv};
use crate::{database, distribution, package, write, zip};

const TRACKER: &str = r#"{"openssl":{
    "CVE-2023-1":{"releases":{"bookworm":{"status":"resolved","fixed_version":"3.0.11-1","urgency":"not yet assigned"},
                              "trixie":{"status":"resolved","fixed_version":"0","urgency":"high"}}},
    "CVE-2023-2":{"releases":{"bookworm":{"status":"open","urgency":"unimportant","nodsa":"Minor issue","nodsa_reason":""}}},
    "CVE-2023-3":{"releases":{"bookworm":{"status":"open","urgency":"end-of-life"}}},
    "CVE-2023-4":{"releases":{"bookworm":{"status":"undetermined","urgency":"low"}}},
    "CVE-2023-5":{"releases":{"bookworm":{"status":"open","urgency":"high"}}}}}"#;

#[test]
fn debian_by_source_package_and_release() {
    let high = r#","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}]"#;
    let python_record = osv(
        "PYSEC-1",
        r#""CVE-2023-1""#,
        "cryptography",
        r#"{"introduced":"0"}"#,
        high,
    );
    let dsa = r#"{"id":"DSA-7-1","modified":"2020-01-01T00:00:00Z","summary":"openssl - security update",
        "upstream":["CVE-2019-1","CVE-2019-2"],"affected":[{"package":{"ecosystem":"Debian:9","name":"openssl"},
        "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.1.0l-1"}]}]}]}"#;
    let (database, _) = database(|root| {
        write(root, "debian/tracker.json", TRACKER);
        write(root, "osv/PyPI/all.zip", zip(&[&python_record]));
        write(root, "osv/Debian/all.zip", zip(&[dsa]));
        write(
            root,
            "kev/known_exploited_vulnerabilities.json",
            r#"{"vulnerabilities":[{"cveID":"CVE-2023-5"}]}"#,
        );
    });
    let libssl = package(
        Ecosystem::Deb,
        "libssl3",
        "3.0.9-1+b1",
        Some(("openssl", "3.0.9-1")),
    );
    let matcher = Matcher::new(Some(&database));
    let bookworm = matcher
        .match_all(Some(&distribution("debian", "12")), std::slice::from_ref(&libssl))
        .unwrap();
    let found: Vec<_> = bookworm
        .vulnerabilities
        .iter()
        .map(|v| {
            (
                v.id.as_str(),
                v.severity,
                v.severity_source.as_deref(),
                v.fix.clone(),
                v.known_exploited,
                v.reason.as_str(),
            )
        })
        .collect();
    let tracker = Some("debian-tracker");
    let fix = "debian bookworm: source openssl fixed in 3.0.11-1, installed 3.0.9-1";
    let never = "debian bookworm: source openssl too minor for an update of its own, installed 3.0.9-1";
    let ended = "debian bookworm: source openssl not fixed, and support has ended, installed 3.0.9-1";
    let open = "debian bookworm: source openssl not fixed, installed 3.0.9-1";
    assert_eq!(
        found,
        [
            (
                "CVE-2023-1",
                Severity::High,
                Some("osv-pypi: PYSEC-1"),
                fixed("3.0.11-1"),
                false,
                fix
            ),
            (
                "CVE-2023-5",
                Severity::High,
                tracker,
                FixState::Affected,
                true,
                open
            ),
            (
                "CVE-2023-2",
                Severity::Low,
                tracker,
                FixState::WontFix,
                false,
                never
            ),
            (
                "CVE-2023-3",
                Severity::Unknown,
                None,
                FixState::EndOfLife,
                false,
                ended
            ),
        ]
    );
    assert_eq!(bookworm.coverage[0].release.as_deref(), Some("12"));
    assert!(matches!(
        bookworm.coverage[0].state,
        CoverageState::Partial { .. }
    ));
    assert_eq!(
        bookworm.coverage[0].reason(),
        Some("the publisher does not say whether advisories affect 1 of 1 packages: CVE-2023-4 (libssl3)")
    );

    // Not affected at all, and yet assessed.
    let trixie = matcher
        .match_all(Some(&distribution("debian", "13")), &[libssl])
        .unwrap();
    assert!(trixie.vulnerabilities.is_empty() && trixie.coverage[0].is_complete());

    // An advisory about two vulnerabilities is two.
    let old = package(Ecosystem::Deb, "openssl", "1.1.0k-1", None);
    let stretch = matcher
        .match_all(Some(&distribution("debian", "9")), &[old])
        .unwrap();
    assert_eq!(ids(&stretch), ["CVE-2019-1", "CVE-2019-2"]);
    assert_eq!(stretch.vulnerabilities[0].aliases, ["DSA-7-1"]);
    assert_eq!(
        stretch.vulnerabilities[0].reason,
        "debian stretch: fixed in 1.1.0l-1, installed 1.1.0k-1"
    );
}

#[test]
fn alpine_by_origin_and_branch() {
    let secdb = r#"{"distroversion":"v3.10","packages":[{"pkg":{"name":"openssl","secfixes":{
        "1.1.1d-r0":["CVE-2019-1 XSA-1","CVE-2019-2"],"1.1.1c-r0":["CVE-2019-3"],"0":["CVE-2019-4"],"1.1.1d-r2":["CVE-2019-2"]}}}]}"#;
    let (database, _) = database(|root| write(root, "alpine/v3.10/main.json", secdb));
    let packages = [package(
        Ecosystem::Apk,
        "libssl1.1",
        "1.1.1c-r0",
        Some(("openssl", "1.1.1c-r0")),
    )];
    let matcher = Matcher::new(Some(&database));
    let matches = matcher
        .match_all(Some(&distribution("alpine", "3.10.2")), &packages)
        .unwrap();
    assert_eq!(ids(&matches), ["CVE-2019-1", "CVE-2019-2"]);
    assert_eq!(matches.vulnerabilities[0].aliases, ["XSA-1"]);
    assert_eq!(matches.vulnerabilities[0].fix, fixed("1.1.1d-r0"));
    assert_eq!(
        matches.vulnerabilities[0].reason,
        "alpine 3.10: source openssl fixed in 1.1.1d-r0, installed 1.1.1c-r0"
    );
    assert_eq!(matches.vulnerabilities[1].fix, fixed("1.1.1d-r2"));

    let reason = |id: &str, version: &str| {
        let matches = matcher
            .match_all(Some(&distribution(id, version)), &packages)
            .unwrap();
        assert!(matches.vulnerabilities.is_empty());
        assert!(matches!(
            matches.coverage[0].state,
            CoverageState::NotAssessed { .. }
        ));
        matches.coverage[0].reason().unwrap().to_owned()
    };
    assert_eq!(
        reason("alpine", "3.20.3"),
        "alpine 3.20 is newer than the database, which ends at alpine 3.10"
    );
    assert_eq!(
        reason("alpine", "3.2.0"),
        "the database has nothing for alpine 3.2"
    );
    assert_eq!(
        reason("wolfi", "20230201"),
        "the database has no advisories of wolfi"
    );
}

/// A notice and the record of a CVE that it fixes are about one vulnerability, whatever Ubuntu calls it.
#[test]
fn a_cve_of_ubuntu_is_one_finding() {
    let range = r#""ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2"}]}]"#;
    let package_of = r#""package":{"ecosystem":"Ubuntu:22.04:LTS","name":"curl"}"#;
    let record = |id: &str, upstream: &str| {
        format!(r#"{{"id":"{id}","upstream":[{upstream}],"affected":[{{{package_of},{range}}}]}}"#)
    };
    let records = [
        record("UBUNTU-CVE-2024-1", r#""CVE-2024-1""#),
        record(
            "USN-1-1",
            r#""CVE-2024-1","UBUNTU-CVE-2024-1","UBUNTU-CVE-2024-2""#,
        ),
    ];
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let database = database(|root| write(root, "osv/Ubuntu/all.zip", zip(&records))).0;
    let libcurl = package(Ecosystem::Deb, "libcurl4", "1", Some(("curl", "1")));
    let matches = Matcher::new(Some(&database))
        .match_all(Some(&distribution("ubuntu", "22.04")), &[libcurl])
        .unwrap();
    assert_eq!(ids(&matches), ["CVE-2024-1", "CVE-2024-2"]);
    assert_eq!(
        matches.vulnerabilities[0].aliases,
        ["UBUNTU-CVE-2024-1", "USN-1-1"]
    );
}

/// A fix that only the paid extension has is one, and what it takes to get it is told.
#[test]
fn a_fix_of_ubuntu_pro_says_so() {
    let affected = |ecosystem: &str, fixed: &str| {
        let events = match fixed {
            "" => r#"{"introduced":"0"}"#.to_owned(),
            fixed => format!(r#"{{"introduced":"0"}},{{"fixed":"{fixed}"}}"#),
        };
        format!(
            r#"{{"package":{{"ecosystem":"{ecosystem}","name":"curl"}},"ranges":[{{"type":"ECOSYSTEM","events":[{events}]}}]}}"#
        )
    };
    let record = |id: &str, affected: &[String]| {
        format!(
            r#"{{"id":"UBUNTU-{id}","upstream":["{id}"],"affected":[{}]}}"#,
            affected.join(",")
        )
    };
    let (own, pro) = ("Ubuntu:18.04:LTS", "Ubuntu:Pro:18.04:LTS");
    let records = [
        record("CVE-2024-1", &[affected(own, ""), affected(pro, "3+esm1")]),
        record("CVE-2024-2", &[affected(own, "2"), affected(pro, "3+esm1")]),
        record("CVE-2024-3", &[affected(pro, "")]),
        record("CVE-2024-4", &[affected(own, "2")]),
        record("CVE-2024-4", &[affected(pro, "3+esm1")]),
    ];
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let database = database(|root| write(root, "osv/Ubuntu/all.zip", zip(&records))).0;
    let found = |version: &str| {
        let curl = package(Ecosystem::Deb, "curl", version, None);
        Matcher::new(Some(&database))
            .match_all(Some(&distribution("ubuntu", "18.04")), &[curl])
            .unwrap()
            .vulnerabilities
    };
    let fixes = |version: &str| {
        let fix = |one: plimsoll_core::Vulnerability| {
            let fixed = one.fix.fixed_version().unwrap_or_default().to_owned();
            (one.id, fixed, one.fix_requires.unwrap_or_default())
        };
        found(version).into_iter().map(fix).collect::<Vec<_>>()
    };
    let one = |id: &str, fixed: &str, requires: &str| (id.to_owned(), fixed.to_owned(), requires.to_owned());
    let pro_only = one("CVE-2024-1", "3+esm1", "Ubuntu Pro");
    assert_eq!(
        fixes("1"),
        [
            pro_only.clone(),
            one("CVE-2024-2", "2", ""),
            one("CVE-2024-3", "", ""),
            one("CVE-2024-4", "2", "")
        ]
    );
    assert_eq!(
        found("1")[0].reason,
        "ubuntu 18.04: fixed in 3+esm1 of Ubuntu Pro, installed 1"
    );
    assert_eq!(fixes("3+esm1"), [one("CVE-2024-3", "", "")]);
}

/// Chainguard's records name the package that ships what is vulnerable, or the one that it was built from.
#[test]
fn packages_of_wolfi_go_by_either_name() {
    let record = |id: &str, name: &str, fixed: &str| {
        format!(
            r#"{{"id":"{id}","upstream":["CVE-2024-{fixed}","GHSA-{fixed}-x-y"],"affected":[{{"package":{{"ecosystem":"Wolfi","name":"{name}"}},
            "ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"{fixed}-r0"}}]}}]}}]}}"#
        )
    };
    let records = [
        record("CGA-1", "openssl", "3"),
        record("CGA-2", "libcrypto3", "4"),
        record("CGA-3", "libssl3", "5"),
    ];
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let database = database(|root| write(root, "osv/Wolfi/all.zip", zip(&records))).0;
    let libcrypto = package(Ecosystem::Apk, "libcrypto3", "1-r0", Some(("openssl", "1-r0")));
    let matches = Matcher::new(Some(&database))
        .match_all(Some(&distribution("wolfi", "20230201")), &[libcrypto])
        .unwrap();
    assert_eq!(ids(&matches), ["CVE-2024-3", "CVE-2024-4"]);
    let reasons = matches.vulnerabilities.iter().map(|one| one.reason.as_str());
    assert_eq!(
        reasons.collect::<Vec<_>>(),
        [
            "wolfi: source openssl fixed in 3-r0, installed 1-r0",
            "wolfi: package libcrypto3 fixed in 4-r0, installed 1-r0"
        ]
    );
}
