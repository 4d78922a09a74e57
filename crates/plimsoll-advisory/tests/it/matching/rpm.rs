//! RPM packages: streams of modules, minor releases, epochs.

use plimsoll_advisory::Matcher;
use plimsoll_core::Ecosystem;

use super::ids;
use crate::{database, distribution, package, query, write, zip};

/// Each stream of a module has versions of its own; the erratum's title says which it is about.
#[test]
fn modules_are_compared_by_their_stream() {
    let erratum = |id: &str, cve: &str, title: &str, fixed: &str| {
        format!(
            r#"{{"id":"{id}","summary":"{title}","related":["{cve}"],"affected":[{{"package":{{"ecosystem":"AlmaLinux:8","name":"nodejs"}},
            "ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}]}}]}}"#
        )
    };
    let records = [
        erratum(
            "ALSA-1",
            "CVE-1-18",
            "Important: nodejs:18 security update",
            "1:18.2-1.module_el8.8.0+1+a",
        ),
        erratum(
            "ALSA-2",
            "CVE-1-20",
            "Moderate: nodejs:20 security update",
            "1:20.2-1.module_el8.9.0+2+b",
        ),
        erratum("ALSA-3", "CVE-1-0", "Low: nodejs security update", "1:99-1.el8"),
    ];
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let database = database(|root| write(root, "osv/AlmaLinux/all.zip", zip(&records))).0;
    let found = |version: &str, module: Option<&str>| {
        let package = plimsoll_core::Package {
            module: module.map(str::to_owned),
            ..package(Ecosystem::Rpm, "nodejs", version, None)
        };
        let matches = Matcher::new(Some(&database))
            .match_all(Some(&distribution("almalinux", "8.9")), &[package])
            .unwrap();
        let ids: Vec<String> = ids(&matches).into_iter().map(str::to_owned).collect();
        (ids, matches.coverage[0].is_complete())
    };
    let modular = "1:18.1-1.module_el8.8.0+9+c";
    let all = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        found(modular, Some("nodejs:18:80800:abc")),
        (all(&["CVE-1-18"]), true)
    );
    assert_eq!(found(modular, Some("nodejs:16")), (all(&[]), true));
    assert_eq!(found("1:18.1-1.el8", None), (all(&["CVE-1-0"]), true));
    // Which stream it is of is not said, so what could affect it is not known.
    assert_eq!(found(modular, None), (all(&[]), false));
}

/// A minor release gets fixes of its own; those for the next one are for packages that are newer, and yet may lack them.
#[test]
fn minor_releases_have_fixes_of_their_own() {
    let erratum = |id: &str, cves: &str, fixed: &[&str]| {
        let affected: Vec<String> = fixed
            .iter()
            .map(|fixed| {
                format!(
                    r#"{{"package":{{"ecosystem":"AlmaLinux:9","name":"curl"}},
                    "ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}]}}"#
                )
            })
            .collect();
        format!(
            r#"{{"id":"{id}","related":[{cves}],"affected":[{}]}}"#,
            affected.join(",")
        )
    };
    let records = [
        erratum("ALSA-1", r#""CVE-2023-1""#, &["7.76.1-23.el9_2.4"]),
        erratum(
            "ALSA-2",
            r#""CVE-2023-1","CVE-2023-2""#,
            &["7.76.1-26.el9_3.2", "7.76.1-26.el9_3.3"],
        ),
        erratum("ALSA-3", r#""CVE-2023-3""#, &["7.76.1-26.el9_3.4"]),
        erratum("ALSA-4", r#""CVE-2023-3""#, &["7.76.1-26.el9_3.5"]),
        erratum("ALSA-5", r#""CVE-2023-3""#, &["7.76.1-29.el9_4"]),
    ];
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let database = database(|root| write(root, "osv/AlmaLinux/all.zip", zip(&records))).0;
    let found = |version: &str| {
        let matches = Matcher::new(Some(&database))
            .match_all(
                Some(&distribution("almalinux", "9.2")),
                &[package(Ecosystem::Rpm, "curl", version, None)],
            )
            .unwrap();
        let one = |found: plimsoll_core::Vulnerability| {
            format!("{} {}", found.id, found.fix.fixed_version().unwrap_or_default())
        };
        matches.vulnerabilities.into_iter().map(one).collect::<Vec<_>>()
    };
    let third = "CVE-2023-3 7.76.1-29.el9_4";
    // The fix of the own minor release is there; of what that has no fix for, the next one's counts.
    assert_eq!(
        found("7.76.1-23.el9_2.5"),
        ["CVE-2023-2 7.76.1-26.el9_3.2", third]
    );
    assert_eq!(
        found("7.76.1-23.el9_2.3"),
        [
            "CVE-2023-1 7.76.1-26.el9_3.2",
            "CVE-2023-2 7.76.1-26.el9_3.2",
            third
        ]
    );
    // Newer than the fix of another minor release, and older than that of its own.
    assert_eq!(
        found("7.76.1-26.el9_3.1"),
        [
            "CVE-2023-1 7.76.1-26.el9_3.2",
            "CVE-2023-2 7.76.1-26.el9_3.2",
            third
        ]
    );
    // Each build that an erratum names has the fix; of two errata of one minor release, both count.
    assert_eq!(found("7.76.1-26.el9_3.2"), [third]);
    assert_eq!(found("7.76.1-26.el9_3.4"), [third]);
    assert_eq!(found("7.76.1-26.el9_3.5"), [""; 0]);
    // Built for no minor release in particular: the highest counts.
    assert_eq!(found("7.76.1-28.el9"), [third]);
}

/// Epochs that the feed leaves out of its versions count on neither side; those that it has count on both.
#[test]
fn versions_of_openeuler_have_no_epoch() {
    let record = |id: &str, name: &str, epoch: &str| {
        format!(
            r#"{{"id":"{id}","upstream":["{id}-CVE"],"affected":[{{"package":{{"ecosystem":"openEuler:24.03-LTS","name":"{name}",
            "purl":"pkg:rpm/openEuler/{name}{epoch}"}},
            "ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"5.2-4.oe2403"}}]}}]}}]}}"#
        )
    };
    let records = [
        record("OESA-1", "plain", ""),
        record("OESA-2", "whole", "?epoch=2"),
    ];
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let database = database(|root| write(root, "osv/openEuler/all.zip", zip(&records))).0;
    let found = |name: &str, version: &str| {
        let package = package(Ecosystem::Rpm, name, version, Some((name, version)));
        let matches = Matcher::new(Some(&database))
            .match_all(Some(&distribution("openEuler", "24.03-LTS")), &[package])
            .unwrap();
        let reasons = matches.vulnerabilities.into_iter().map(|one| one.reason);
        reasons.collect::<Vec<_>>()
    };
    assert_eq!(
        found("plain", "1:5.2-3.oe2403"),
        ["openeuler 24.03-LTS: fixed in 5.2-4.oe2403, installed 1:5.2-3.oe2403"]
    );
    assert_eq!(found("plain", "5.2-3.oe2403").len(), 1);
    assert_eq!(found("plain", "1:5.2-4.oe2403").len(), 0);
    assert_eq!(found("whole", "2:5.2-3.oe2403").len(), 1);
    assert_eq!(found("whole", "3:5.2-3.oe2403").len(), 0);

    let of = |purl: &str| database.query(&query(purl)).unwrap().len();
    assert_eq!(
        of("pkg:rpm/openeuler/plain@1:5.2-3.oe2403?distro=openEuler-24.03-LTS"),
        1
    );
}
