//! Records as publishers write them.

use super::*;
use plimsoll_core::Severity;

fn advisory(json: &str) -> Advisory {
    parse(json.as_bytes(), "osv-pypi").unwrap().unwrap()
}

#[test]
fn a_record_of_pypi() {
    let advisory = advisory(
        r#"{"id":"PYSEC-1","aliases":["CVE-2023-1"],"details":"\n### Impact\nOne thing. Another.","references":null,
                "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N"}],"database_specific":{"severity":"MODERATE"},
                "affected":[{"package":{"ecosystem":"PyPI","name":"Zope.Interface"},
                "ranges":[{"type":"GIT","events":[{"introduced":"0"}]},
                          {"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.2"}]}],
                "versions":["1.0","1.1","2.0"]}, {"package":{"ecosystem":"Hex","name":"x"},"versions":["1"]}]}"#,
    );
    assert_eq!(
        (advisory.record.title.as_str(), advisory.record.references.len()),
        ("", 0)
    );
    let ratings = [
        Rating::Cvss("CVSS:3.1/AV:N".to_owned()),
        Rating::Word(Severity::Medium),
    ];
    assert_eq!(advisory.record.ratings, ratings);
    let [statement] = &advisory.statements[..] else {
        panic!("{advisory:?}")
    };
    assert_eq!(
        (statement.release.as_str(), statement.package.as_str()),
        ("pypi", "zope-interface")
    );
    assert_eq!(statement.extent.to_string(), "(…, 1.2), 2.0");
}

/// Rocky's errata name the source package, and its epoch beside the version.
#[test]
fn a_record_of_rocky() {
    let advisory = advisory(
        r#"{"id":"RLSA-2023:1","aliases":["CVE-2023-1"],"summary":"Important: bind security update","affected":[
                {"package":{"ecosystem":"Rocky Linux:8","name":"bind","purl":"pkg:rpm/rocky-linux/bind?distro=rocky-linux-8&epoch=32"},
                 "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"9.11.36-8.el8"}]}]},
                {"package":{"ecosystem":"Rocky Linux:9","name":"curl","purl":"pkg:rpm/rocky-linux/curl?epoch=0"},
                 "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"0:7.76.1-26.el9"}]}]}]}"#,
    );
    let shown: Vec<String> = advisory
        .statements
        .iter()
        .map(|one| format!("{} {} {}", one.release, one.package, one.extent))
        .collect();
    assert_eq!(
        shown,
        [
            "rocky:8 bind (…, 32:9.11.36-8.el8)",
            "rocky:9 curl (…, 0:7.76.1-26.el9)"
        ]
    );
    assert_eq!(advisory.record.ratings, [Rating::Word(Severity::High)]);
}

#[test]
fn a_withdrawn_record_is_none() {
    let json = br#"{"id":"A-1","modified":"2024-01-01T00:00:00Z","withdrawn":"2024-01-01T00:00:00Z"}"#;
    assert_eq!(parse(json, "osv-pypi").unwrap(), None);
}

#[test]
fn a_range_that_cannot_be_understood_is_said() {
    let affected = |rest: &str| {
        advisory(&format!(
            r#"{{"id":"P-1","affected":[{{"package":{{"ecosystem":"PyPI","name":"x"}},"ranges":[{{"type":"ECOSYSTEM",
                "events":[{{"introduced":"0"}},{{"fixed":"2019-09-12"}}]}}]{rest}}}]}}"#
        ))
    };
    let alone = affected("");
    assert_eq!(said(&alone), ["pypi x unreadable"]);
    assert_eq!(alone.warnings, ["P-1: x has no version `2019-09-12`"]);
    let listed = affected(r#","versions":["1.0"]"#);
    assert_eq!(said(&listed), ["pypi x 1.0", "pypi x unreadable"]);
    assert_eq!(listed.warnings.len(), 1);
}

/// What cannot be read is never left out: it stands beside what can be.
#[test]
fn ranges_that_say_nothing_of_versions() {
    let read = r#"{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.2"}]}"#;
    let commits = r#"{"type":"GIT","events":[{"introduced":"0"}]}"#;
    let of = |ranges: &str, rest: &str| {
        let advisory = advisory(&format!(
            r#"{{"id":"P-1","affected":[{{"package":{{"ecosystem":"PyPI","name":"x"}},"ranges":[{ranges}]{rest}}}]}}"#
        ));
        (said(&advisory), advisory.warnings.join(", "))
    };
    let texts = |all: &[&str]| all.iter().map(|one| format!("pypi x {one}")).collect::<Vec<_>>();
    for (ranges, rest, extents, warning) in [
        (
            format!(r#"{read},{{"type":"ECOSYSTEM","events":[{{"introduced":"2"}},{{"fixed":"?"}}]}}"#),
            "",
            &["(…, 1.2)", "unreadable"][..],
            "P-1: x has no version `?`",
        ),
        (
            r#"{"type":"ECOSYSTEM","events":[{"fixed":"1.2"}]}"#.to_owned(),
            "",
            &["unreadable"],
            "P-1: x is affected in a range that begins nowhere",
        ),
        (
            format!(r#"{read},{{"type":"LUNAR","events":[{{"introduced":"0"}}]}}"#),
            "",
            &["(…, 1.2)", "unreadable"],
            "P-1: x is affected in a range of the unknown kind `LUNAR`",
        ),
        (commits.to_owned(), "", &["unreadable"], ""),
        (commits.to_owned(), r#","versions":["1.0"]"#, &["1.0"], ""),
        (format!("{commits},{read}"), "", &["(…, 1.2)"], ""),
        (String::new(), "", &[], ""),
    ] {
        assert_eq!(
            of(&ranges, rest),
            (texts(extents), warning.to_owned()),
            "{ranges}"
        );
    }
}

#[test]
fn urgencies_of_debian() {
    let advisory = advisory(
        r#"{"id":"DEBIAN-CVE-2026-1","upstream":["CVE-2026-1"],"affected":[{"package":{"ecosystem":"Debian:13",
                "name":"nginx"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.2-1"}]}],
                "ecosystem_specific":{"urgency":"high"}}]}"#,
    );
    assert_eq!(advisory.statements[0].release, "debian:13");
    assert_eq!(advisory.statements[0].ratings, [Rating::Word(Severity::High)]);
}

#[test]
fn ids_and_folders() {
    for name in release::OSV_FOLDERS {
        assert_eq!(folder(&feed_id(name)), Some(name));
    }
    assert_eq!((folder("osv-hex"), folder("debian-tracker")), (None, None));
}

#[test]
fn errata_name_what_they_fix_as_related() {
    let advisory = advisory(
        r#"{"id":"ALSA-2023:1","related":["CVE-2023-1","CVE-2023-2"],"summary":"Important: nodejs:18 security update",
                "affected":[{"package":{"ecosystem":"AlmaLinux:8","name":"nodejs"},"ranges":[{"type":"ECOSYSTEM",
                "events":[{"introduced":"0"},{"fixed":"1:18.1-1.module_el8.8.0+1+a"}]}]}]}"#,
    );
    assert_eq!(advisory.record.upstream, ["CVE-2023-1", "CVE-2023-2"]);
    assert_eq!(advisory.record.ratings, [Rating::Word(Severity::High)]);
    assert_eq!(advisory.statements[0].modules, ["nodejs:18"]);
    let other = r#"{"id":"ALBA-2023:1","related":[],"affected":[{"package":{"ecosystem":"AlmaLinux:8","name":"a"},
            "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1-1"}]}]}]}"#;
    assert!(
        super::parse(other.as_bytes(), "osv-almalinux")
            .unwrap()
            .unwrap()
            .statements
            .is_empty()
    );
}

#[test]
fn binaries_of_suse() {
    let advisory = advisory(
        r#"{"id":"SUSE-SU-2024:1-1","related":["CVE-2024-1"],"affected":[{"package":{"ecosystem":"SUSE:Linux Enterprise Server 15 SP5",
                "name":"openssl-3"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3.0.8-1"}]}],
                "ecosystem_specific":{"binaries":[{"libopenssl3":"3.0.8-1","openssl-3":"3.0.8-1"},{"openssl-doc":"x:1"}]}}]}"#,
    );
    assert_eq!(
        said(&advisory),
        [
            "sles:15.5 libopenssl3 (…, 3.0.8-1)",
            "sles:15.5 openssl-3 (…, 3.0.8-1)",
            "sles:15.5 openssl-doc unreadable"
        ]
    );
}

#[test]
fn the_last_known_affected_version_ends_a_range() {
    let extent = |range: &str| {
        let advisory = advisory(&format!(
            r#"{{"id":"GHSA-1","affected":[{{"package":{{"ecosystem":"npm","name":"@a/b"}},"ranges":[{{"type":"SEMVER",
                "events":[{{"introduced":"1.0.0"}}]}}],"database_specific":{{"last_known_affected_version_range":"{range}"}}}}]}}"#
        ));
        advisory.statements[0].extent.to_string()
    };
    assert_eq!(extent("<= 1.2.3"), "[1.0.0, 1.2.3]");
    assert_eq!(extent("< 1.2.3"), "[1.0.0, 1.2.3)");
    assert_eq!(extent("junk"), "[1.0.0, …)");
}

#[test]
fn weaknesses_and_dates() {
    let advisory = advisory(
        r#"{"id":"GO-1","modified":"0001-01-01T00:00:00Z","published":"2024-01-01T00:00:00Z",
                "database_specific":{"cwe_ids":["CWE-79"],"severity":"HIGH"},
                "affected":[{"package":{"ecosystem":"Go","name":"stdlib"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},
                {"fixed":"1.20.9"},{"introduced":"1.21.0-0","fixed":"1.21.2"}]}]}]}"#,
    );
    assert_eq!(
        (advisory.record.modified, advisory.record.cwes.as_slice()),
        (None, &["CWE-79".to_owned()][..])
    );
    assert_eq!(
        advisory.statements[0].extent.to_string(),
        "(…, 1.20.9), [1.21.0-0, 1.21.2)"
    );
}

fn said(advisory: &Advisory) -> Vec<String> {
    let one = |one: &Statement| format!("{} {} {}", one.release, one.package, one.extent);
    advisory.statements.iter().map(one).collect()
}

/// Ubuntu names CVEs by ids of its own, and each of them is one vulnerability; a notice is about several.
#[test]
fn records_of_ubuntu() {
    let cve = advisory(
        r#"{"id":"UBUNTU-CVE-2024-1","upstream":["CVE-2024-1","GHSA-a-b-c"],"severity":[{"type":"Ubuntu","score":"negligible"}],"affected":[
            {"package":{"ecosystem":"Ubuntu:22.04:LTS","name":"curl","purl":"pkg:deb/ubuntu/curl@7.81?arch=source&distro=jammy"},
             "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"7.81.0-1ubuntu1.2"}]}],"versions":["7.81.0-1"],
             "ecosystem_specific":{"binaries":[{"binary_name":"libcurl4","binary_version":"7.81.0-1ubuntu1.2"}]}},
            {"package":{"ecosystem":"Ubuntu:Pro:FIPS:20.04:LTS","name":"curl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]}]}"#,
    );
    assert_eq!(cve.record.aliases, ["CVE-2024-1", "GHSA-a-b-c"]);
    assert!(cve.record.upstream.is_empty());
    assert_eq!(cve.record.ratings, [Rating::Word(Severity::Low)]);
    assert_eq!(said(&cve), ["ubuntu:22.04 curl (…, 7.81.0-1ubuntu1.2)"]);

    let notice = |id: &str| {
        advisory(&format!(
            r#"{{"id":"{id}","upstream":["CVE-2024-1","UBUNTU-CVE-2024-1","UBUNTU-CVE-2024-2"],"affected":[
                {{"package":{{"ecosystem":"Ubuntu:22.04:LTS","name":"curl"}},
                  "ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"7.81.0-1ubuntu1.2"}}]}}]}}]}}"#
        ))
    };
    assert_eq!(notice("USN-1-1").record.upstream, ["CVE-2024-1", "CVE-2024-2"]);
    assert_eq!(notice("USN-1-1").statements.len(), 1);
    // A live patch is in the running kernel, and in no package's version.
    assert_eq!(notice("LSN-0121-1").statements.len(), 0);
}

/// Some publishers write the name of the file where its version belongs, and the epoch elsewhere if at all.
#[test]
fn versions_with_the_name_before_them() {
    for (name, qualifiers, fixed, said_of_it) in [
        (
            "java-1.8.0-openjdk",
            "&distro=openEuler-24.03-LTS-SP2",
            "java-1.8.0-openjdk-1.8.0.462.b08-4.oe2403sp2",
            "(…, 1.8.0.462.b08-4.oe2403sp2)",
        ),
        ("bash", "?epoch=1", "bash-5.2-4.oe", "(…, 1:5.2-4.oe)"),
        ("bash", "?epoch=1", "5.2-4.oe", "(…, 1:5.2-4.oe)"),
        ("bash", "&epoch=1", "5.2-4.oe", "(…, 1:5.2-4.oe)"),
        ("bash", "&distro=openEuler&epoch=1", "5.2-4.oe", "(…, 1:5.2-4.oe)"),
        ("bash", "&distro=openEuler#?epoch=2", "5.2-4.oe", "(…, 5.2-4.oe)"),
        ("bash", "%26epoch=1", "5.2-4.oe", "(…, 5.2-4.oe)"),
        ("bash", "?epoch=one", "5.2-4.oe", "(…, 5.2-4.oe)"),
    ] {
        let advisory = advisory(&format!(
            r#"{{"id":"OESA-2025-1","upstream":["CVE-2025-1"],"database_specific":{{"severity":"High"}},"affected":[
            {{"package":{{"ecosystem":"openEuler:24.03-LTS-SP2","name":"{name}","purl":"pkg:rpm/openEuler/{name}{qualifiers}"}},
             "ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}],
             "ecosystem_specific":{{"x86_64":["{fixed}.x86_64.rpm"]}}}}]}}"#
        ));
        assert_eq!(
            said(&advisory),
            [format!("openeuler:24.03-LTS-SP2 {name} {said_of_it}")]
        );
    }
}

/// What a distribution takes for one vulnerability may be several CVEs, each of which is decided upon by itself.
#[test]
fn several_cves_are_no_names_of_one() {
    let of = |id: &str, upstream: &str| {
        let record = advisory(&format!(
            r#"{{"id":"{id}","upstream":[{upstream}],"affected":[{{"package":{{"ecosystem":"Wolfi","name":"curl"}},
            "ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"2-r0"}}]}}]}}]}}"#
        ))
        .record;
        (record.aliases, record.upstream)
    };
    let texts = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    for (id, upstream, aliases, several) in [
        (
            "CGA-a",
            r#""CVE-2024-1","GHSA-a-b-c""#,
            &["CVE-2024-1", "GHSA-a-b-c"][..],
            &[][..],
        ),
        (
            "CGA-a",
            r#""CVE-2024-1","GHSA-a-b-c","CVE-2024-2""#,
            &[],
            &["CVE-2024-1", "CVE-2024-2"],
        ),
        (
            "AZL-1",
            r#""CVE-2024-1","CVE-2024-2""#,
            &[],
            &["CVE-2024-1", "CVE-2024-2"],
        ),
    ] {
        assert_eq!(
            of(id, upstream),
            (texts(aliases), texts(several)),
            "{id} {upstream}"
        );
    }
}
