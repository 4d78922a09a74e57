//! What the records of a language say together of one vulnerability.

use plimsoll_advisory::{Matcher, builtin};
use plimsoll_core::{Ecosystem, FixState, Severity};

use super::{fixed, ids, osv, pypi};
use crate::{database, distribution, package, python, write, zip};

#[test]
fn records_of_one_vulnerability_are_one() {
    let critical =
        r#","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]"#;
    let database = pypi(&[
        osv(
            "PYSEC-2023-62",
            r#""CVE-2023-30861""#,
            "flask",
            r#"{"introduced":"2.3.0"},{"fixed":"2.3.2"}"#,
            "",
        ),
        osv(
            "GHSA-m2qf",
            r#""CVE-2023-30861""#,
            "Flask",
            r#"{"introduced":"0"},{"fixed":"2.3.1"}"#,
            critical,
        ),
        osv(
            "PYSEC-9",
            "",
            "flask",
            r#"{"introduced":"0"}"#,
            r#","database_specific":{"severity":"LOW"}"#,
        ),
    ]);
    let matches = Matcher::new(Some(&database))
        .match_all(None, &[python("Flask", "2.3.0")])
        .unwrap();
    let [one, other] = &matches.vulnerabilities[..] else {
        panic!("{matches:?}")
    };
    assert_eq!(
        (one.id.as_str(), &one.aliases[..]),
        (
            "CVE-2023-30861",
            &["GHSA-m2qf".to_owned(), "PYSEC-2023-62".to_owned()][..]
        )
    );
    assert_eq!(
        (one.severity, one.severity_source.as_deref()),
        (Severity::Critical, Some("osv-pypi: GHSA-m2qf"))
    );
    assert_eq!(
        (&one.fix, one.title.as_str()),
        (&fixed("2.3.2"), "about PYSEC-2023-62")
    );
    assert_eq!(
        one.reason,
        "installed 2.3.0 lies in [2.3.0, 2.3.2) of PYSEC-2023-62"
    );
    assert_eq!(
        (other.id.as_str(), &other.fix, other.severity),
        ("PYSEC-9", &FixState::Affected, Severity::Low)
    );
    let [coverage] = &matches.coverage[..] else {
        panic!()
    };
    assert!(coverage.is_complete());
    assert_eq!((coverage.ecosystem, coverage.packages), (Ecosystem::PyPi, 1));
}

#[test]
fn a_listed_version_is_affected_outside_of_the_ranges() {
    let record = osv(
        "P-1",
        "",
        "a",
        r#"{"introduced":"1"},{"fixed":"2"},{"introduced":"5"},{"fixed":"6"}"#,
        "",
    )
    .replace("]}]}", r#"]}],"versions":["1.5","3.0"]}"#);
    let database = pypi(&[record]);
    let found = |version: &str| {
        let matches = Matcher::new(Some(&database))
            .match_all(None, &[python("a", version)])
            .unwrap();
        matches
            .vulnerabilities
            .into_iter()
            .next()
            .map(|found| (found.fix, found.reason))
    };
    assert_eq!(
        found("3").unwrap(),
        (fixed("6"), "installed 3 is listed as affected by P-1".to_owned())
    );
    assert_eq!(found("1.5").unwrap().0, fixed("2"));
    assert_eq!((found("2"), found("4")), (None, None));
}

/// The record that is right about the fixed version need not be the one that is right about the severity.
#[test]
fn the_worst_rating_of_a_vulnerability_counts_whoever_fixes_it_last() {
    let vector = |impact: &str| {
        format!(
            r#","severity":[{{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:{impact}/I:{impact}/A:H"}}]"#
        )
    };
    let record = |id: &str, fixed: &str, rating: &str| {
        let events = format!(r#"{{"introduced":"0"}},{{"fixed":"{fixed}"}}"#);
        osv(id, r#""CVE-2024-7""#, "a", &events, rating)
    };
    let (high, critical) = (vector("N"), vector("H"));
    for records in [
        [record("GHSA-7", "1.5", &critical), record("PYSEC-7", "2", &high)],
        [record("GHSA-7", "2", &critical), record("PYSEC-7", "1.5", &high)],
        [record("PYSEC-7", "2", &high), record("GHSA-7", "2", &critical)],
    ] {
        let matches = Matcher::new(Some(&pypi(&records)))
            .match_all(None, &[python("a", "1")])
            .unwrap();
        let [one] = &matches.vulnerabilities[..] else {
            panic!("{matches:?}")
        };
        assert_eq!(one.fix, fixed("2"));
        assert_eq!(
            (one.severity, one.severity_source.as_deref()),
            (Severity::Critical, Some("osv-pypi: GHSA-7"))
        );
    }
}

/// Alpine's feed gives no text and no rating, so NVD's count; EPSS is told of its CVE.
#[test]
fn silent_records_are_told_of_by_nvd() {
    let secdb = r#"{"distroversion":"v3.20","packages":[{"pkg":{"name":"curl","secfixes":{"8.0-r1":["CVE-2024-3"]}}}]}"#;
    let nvd = r#"{"vulnerabilities":[
        {"cve":{"id":"CVE-2024-3","published":"2024-01-01T00:00:00.000","lastModified":"2024-02-01T00:00:00.000",
         "descriptions":[{"lang":"en","value":"A flaw in curl. More."}],
         "metrics":{"cvssMetricV31":[{"type":"Primary","cvssData":{"vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}}],
           "cvssMetricV2":[{"type":"Primary","cvssData":{"vectorString":"AV:N/AC:L/Au:N/C:C/I:C/A:C"}}]},
         "weaknesses":[{"description":[{"lang":"en","value":"CWE-79"}]}],"references":[{"url":"https://example.com/3"}]}},
        {"cve":{"id":"CVE-2024-4","descriptions":[{"lang":"en","value":"Of nothing here."}]}}]}"#;
    let epss = "#score_date:2025-02-01T00:00:00Z\ncve,epss,percentile\nCVE-2024-3,0.25,0.5\n";
    let (database, summary) = database(|root| {
        write(root, "alpine/v3.20/main.json", secdb);
        write(root, "nvd/nvdcve-2.0-2024.json", nvd);
        write(root, "epss/epss_scores-2025-02-01.csv", epss);
    });
    assert!(
        summary
            .status
            .feeds
            .iter()
            .any(|feed| feed.feed.id == "nvd" && feed.records == 2)
    );
    let packages = [package(Ecosystem::Apk, "curl", "8.0-r0", None)];
    let matches = Matcher::new(Some(&database))
        .match_all(Some(&distribution("alpine", "3.20.1")), &packages)
        .unwrap();
    let [found] = &matches.vulnerabilities[..] else {
        panic!("{matches:?}")
    };
    assert_eq!(
        (
            found.severity,
            found.severity_source.as_deref(),
            found.title.as_str()
        ),
        (Severity::High, Some("nvd"), "A flaw in curl")
    );
    assert_eq!(found.cwes, ["CWE-79"]);
    let scores: Vec<(&str, f64)> = found
        .cvss
        .iter()
        .map(|cvss| (cvss.source.as_str(), cvss.score))
        .collect();
    assert_eq!(scores, [("nvd", 7.5), ("nvd", 10.0)]);
    assert_eq!(found.modified.as_deref(), Some("2024-02-01T00:00:00.000Z"));
    assert_eq!(found.exploit_prediction.unwrap().probability, 0.25);
    assert_eq!(found.feed.id, "alpine-secdb");
}

/// One record about two CVEs is a finding for each, so that a decision on one leaves the other.
#[test]
fn a_record_of_two_cves_is_two_findings() {
    let record = r#"{"id":"CGA-1","upstream":["CVE-2024-1","CVE-2024-2"],"affected":[{"package":{"ecosystem":"Wolfi","name":"curl"},
        "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2-r0"}]}]}]}"#;
    let database = database(|root| write(root, "osv/Wolfi/all.zip", zip(&[record]))).0;
    let curl = package(Ecosystem::Apk, "curl", "1-r0", None);
    let matches = Matcher::new(Some(&database))
        .match_all(Some(&distribution("wolfi", "20230201")), &[curl])
        .unwrap();
    assert_eq!(ids(&matches), ["CVE-2024-1", "CVE-2024-2"]);
    assert!(matches.vulnerabilities.iter().all(|one| one.aliases == ["CGA-1"]));
}

#[test]
fn the_demo_set_knows_what_it_should() {
    let found = |name: &str, version: &str| {
        let matches = Matcher::new(Some(builtin::database()))
            .match_all(None, &[python(name, version)])
            .unwrap();
        matches
            .vulnerabilities
            .into_iter()
            .map(|v| (v.id, v.severity, v.fix))
            .collect::<Vec<_>>()
    };
    let ids = |name: &str, version: &str| {
        found(name, version)
            .into_iter()
            .map(|(id, ..)| id)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        ids("Werkzeug", "3.0.0"),
        [
            "CVE-2023-46136",
            "CVE-2024-34069",
            "CVE-2024-49766",
            "CVE-2024-49767"
        ]
    );
    assert_eq!(ids("Werkzeug", "2.2.2").len(), 6);
    assert_eq!(ids("Jinja2", "3.1.2").len(), 5);
    assert_eq!(ids("Jinja2", "2.11.3").len(), 4);
    assert_eq!(ids("gunicorn", "20.1.0"), ["CVE-2024-1135", "CVE-2024-6827"]);
    assert_eq!(ids("requests", "2.28.0").len(), 3);
    assert_eq!(ids("urllib3", "1.26.4").len(), 5);
    assert_eq!(ids("setuptools", "65.5.0").len(), 3);
    assert_eq!(
        found("PyYAML", "5.3"),
        [("CVE-2020-14343".to_owned(), Severity::Critical, fixed("5.4"))]
    );
    for (name, version) in [
        ("Flask", "3.0.3"),
        ("Werkzeug", "3.0.6"),
        ("Jinja2", "3.1.6"),
        ("gunicorn", "22.0.0"),
        ("requests", "2.32.4"),
        ("urllib3", "2.5.0"),
        ("certifi", "2023.7.22"),
        ("idna", "3.7"),
        ("setuptools", "78.1.1"),
        ("pip", "23.3"),
        ("PyYAML", "6.0"),
        ("click", "8.1.3"),
        ("itsdangerous", "2.1.2"),
        ("MarkupSafe", "2.1.3"),
    ] {
        assert_eq!(ids(name, version), [""; 0], "{name} {version}");
    }
    let status = builtin::database().status();
    assert_eq!(
        (status.feeds[0].records, status.feeds[0].newest.as_deref()),
        (30, Some("2025-06-18T00:00:00Z"))
    );
}
