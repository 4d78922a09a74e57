//! Packages against small feeds, in which each rule decides something.

use plimsoll_advisory::{CoverageState, Database, Matcher, Matches, builtin};
use plimsoll_core::{Ecosystem, FixState, Severity};

use crate::{database, distribution, package, python, query, write, zip};

fn osv(id: &str, aliases: &str, package: &str, events: &str, rest: &str) -> String {
    format!(
        r#"{{"id":"{id}","modified":"2024-05-01T00:00:00Z","aliases":[{aliases}],"summary":"about {id}","affected":[{{
        "package":{{"ecosystem":"PyPI","name":"{package}"}},"ranges":[{{"type":"ECOSYSTEM","events":[{events}]}}]}}]{rest}}}"#
    )
}

fn pypi(records: &[String]) -> Database {
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    database(|root| write(root, "osv/PyPI/all.zip", zip(&records))).0
}

fn fixed(version: &str) -> FixState {
    FixState::Fixed(version.to_owned())
}

fn ids(matches: &Matches) -> Vec<&str> {
    matches
        .vulnerabilities
        .iter()
        .map(|vulnerability| vulnerability.id.as_str())
        .collect()
}

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

#[test]
fn a_version_that_cannot_be_compared_is_said() {
    let database = pypi(&[osv("P-1", "", "a", r#"{"introduced":"0"}"#, "")]);
    let packages = [python("a", "not a version"), python("b", "nor this")];
    let matches = Matcher::new(Some(&database)).match_all(None, &packages).unwrap();
    assert!(matches.vulnerabilities.is_empty());
    assert_eq!(
        matches.coverage[0].reason(),
        Some("versions that cannot be compared: `a` not a version")
    );
    assert!(matches!(matches.coverage[0].state, CoverageState::Partial { .. }));
}

/// A range that cannot be read may hold the installed version; that is told unless another one does.
#[test]
fn what_cannot_be_read_is_not_fine() {
    let events = r#"{"introduced":"1"},{"fixed":"2"}"#;
    let unreadable =
        r#"]},{"type":"ECOSYSTEM","events":[{"introduced":"3"},{"fixed":"three and a bit"}]}]}]"#;
    let record = osv("P-1", "", "a", events, "").replace("]}]}]", unreadable);
    let (database, summary) = database(|root| write(root, "osv/PyPI/all.zip", zip(&[&record])));
    assert_eq!(summary.warnings, ["P-1: a has no version `three and a bit`"]);
    let assess = |versions: &[&str]| {
        let packages: Vec<_> = versions.iter().map(|version| python("a", version)).collect();
        Matcher::new(Some(&database)).match_all(None, &packages).unwrap()
    };
    let outside = assess(&["3.1", "0.5"]);
    assert!(outside.vulnerabilities.is_empty());
    assert_eq!(
        outside.coverage[0].reason(),
        Some("advisories of 2 of 2 packages cannot be read, wholly or in part: P-1 (a), P-1 (a)")
    );
    assert!(matches!(outside.coverage[0].state, CoverageState::Partial { .. }));
    let inside = assess(&["1.5"]);
    assert_eq!(
        (ids(&inside), &inside.vulnerabilities[0].fix),
        (vec!["P-1"], &fixed("2"))
    );
    assert!(inside.coverage[0].is_complete());
    assert_eq!(database.query(&query("a")).unwrap()[1].affected, "unreadable");
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

#[test]
fn what_cannot_be_assessed_says_why() {
    let packages = [
        python("flask", "2.3.0"),
        package(Ecosystem::Deb, "curl", "8.0-1", None),
    ];
    let none = Matcher::new(None)
        .match_all(Some(&distribution("debian", "12")), &packages)
        .unwrap();
    let reasons: Vec<_> = none
        .coverage
        .iter()
        .map(|coverage| (coverage.ecosystem, coverage.reason()))
        .collect();
    let missing = Some("there is no advisory database");
    assert_eq!(reasons, [(Ecosystem::Deb, missing), (Ecosystem::PyPi, missing)]);

    let database = pypi(&[osv("P-1", "", "a", r#"{"introduced":"0"}"#, "")]);
    let matcher = Matcher::new(Some(&database));
    let matches = matcher
        .match_all(Some(&distribution("debian", "12")), &packages)
        .unwrap();
    assert_eq!(
        matches.coverage[0].reason(),
        Some("the database has no advisories of debian")
    );
    assert!(matches.coverage[1].is_complete());
    let matches = matcher.match_all(None, &packages[1..]).unwrap();
    assert_eq!(
        matches.coverage[0].reason(),
        Some("the image does not say which distribution it is")
    );
    assert!(matcher.match_all(None, &[]).unwrap().coverage.is_empty());
}

#[test]
fn the_demo_set_is_never_the_whole_truth() {
    let packages = [python("Flask", "2.3.0"), python("click", "8.1.3")];
    let matches = Matcher::new(Some(builtin::database()))
        .match_all(None, &packages)
        .unwrap();
    assert_eq!(ids(&matches), ["CVE-2023-30861"]);
    let found = &matches.vulnerabilities[0];
    assert_eq!((found.severity, &found.fix), (Severity::High, &fixed("2.3.2")));
    assert_eq!(
        (found.feed.id.as_str(), found.feed.name.as_str()),
        ("builtin-demo", "Plimsoll built-in demo set")
    );
    assert!(matches!(matches.coverage[0].state, CoverageState::Partial { .. }));
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

#[test]
fn matches_read_back() {
    let matches = Matcher::new(Some(builtin::database()))
        .match_all(None, &[python("Flask", "2.3.0")])
        .unwrap();
    let json = serde_json::to_string(&matches).unwrap();
    assert_eq!(serde_json::from_str::<Matches>(&json).unwrap(), matches);
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

/// A program that the feed does not name is not known to be fine.
#[test]
fn programs_are_assessed_where_the_feed_knows_them() {
    let record = r#"{"id":"BIT-nginx-2024-1","aliases":["CVE-2024-1"],"affected":[{"package":{"ecosystem":"Bitnami","name":"nginx"},
        "ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.25.4"}]}]}]}"#;
    let database = database(|root| write(root, "osv/Bitnami/all.zip", zip(&[record]))).0;
    let assess = |names: &[&str]| {
        let program = |name: &&str| package(Ecosystem::Generic, name, "1.25.3", None);
        let programs: Vec<_> = names.iter().map(program).collect();
        Matcher::new(Some(&database)).match_all(None, &programs).unwrap()
    };
    let known = assess(&["nginx"]);
    assert_eq!(
        (ids(&known), known.coverage[0].is_complete()),
        (vec!["CVE-2024-1"], true)
    );
    let unknown = assess(&["nginx", "busybox"]);
    assert_eq!(
        unknown.coverage[0].reason(),
        Some("the feed has nothing on: busybox")
    );
    assert!(matches!(unknown.coverage[0].state, CoverageState::Partial { .. }));
    let none = assess(&["busybox"]);
    assert!(matches!(
        none.coverage[0].state,
        CoverageState::NotAssessed { .. }
    ));
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
