//! What could not be assessed, and is told.

use plimsoll_advisory::{CoverageState, Matcher, builtin};
use plimsoll_core::{Ecosystem, Severity};

use super::{fixed, ids, osv, pypi};
use crate::{database, distribution, package, python, query, write, zip};

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
