//! What goes into a database, and what happens when it cannot.

use std::fs;
use std::path::Path;

use plimsoll_advisory::{Database, Error, Matcher};
use plimsoll_core::Ecosystem;

use crate::{database, distribution, package, python, query, write, zip};

const RECORD: &str = r#"{"id":"PYSEC-1","modified":"2024-05-01T00:00:00Z","aliases":["CVE-2024-1"],"affected":[
    {"package":{"ecosystem":"PyPI","name":"flask"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2"}]}]}]}"#;
const WITHDRAWN: &str =
    r#"{"id":"PYSEC-2","modified":"2024-06-01T00:00:00Z","withdrawn":"2024-06-01T00:00:00Z"}"#;
const TRACKER: &str = r#"{"curl":{"CVE-2024-2":{"releases":{"bookworm":{"status":"resolved","fixed_version":"8.0-1","urgency":"low"}}}}}"#;
const OSV_DEBIAN: &str = r#"{"id":"DSA-1-1","modified":"2020-01-01T00:00:00Z","upstream":["CVE-2020-1"],"affected":[
    {"package":{"ecosystem":"Debian:12","name":"curl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"9"}]}]},
    {"package":{"ecosystem":"Debian:9","name":"curl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"7"}]}]}]}"#;
const SECDB: &str = r#"{"distroversion":"v3.20","packages":[{"pkg":{"name":"curl","secfixes":{"8.0-r1":["CVE-2024-3"],"x":["CVE-2024-4"]}}}]}"#;
const KEV: &str = r#"{"dateReleased":"2025-01-01T00:00:00Z","vulnerabilities":[{"cveID":"CVE-2024-1"}]}"#;
const EPSS: &str = "#model_version:v4,score_date:2025-02-01T00:00:00Z\ncve,epss,percentile\nCVE-2024-1,0.25,0.5\nCVE-1999-1,0.1,0.1\n";

#[test]
fn everything_that_is_there_is_in_the_summary() {
    let (database, summary) = database(|root| {
        write(root, "osv/PyPI/all.zip", zip(&[RECORD, WITHDRAWN]));
        write(root, "osv/Debian/all.zip", zip(&[OSV_DEBIAN]));
        write(root, "osv/Hex/all.zip", b"not even a zip");
        write(root, "debian/tracker.json", TRACKER);
        write(root, "alpine/v3.20/main.json", SECDB);
        write(root, "kev/known_exploited_vulnerabilities.json", KEV);
        write(root, "epss/epss_scores-2025-02-01.csv", EPSS);
        write(root, "ghsa/feed.json", "{}");
    });
    let status = database.status();
    assert_eq!(*status, summary.status);
    let feeds: Vec<(&str, u64, Option<&str>)> = status
        .feeds
        .iter()
        .map(|f| (f.feed.id.as_str(), f.records, f.newest.as_deref()))
        .collect();
    assert_eq!(
        feeds,
        [
            ("debian-tracker", 1, None),
            ("alpine-secdb", 2, None),
            ("osv-debian", 1, Some("2020-01-01T00:00:00Z")),
            ("osv-pypi", 1, Some("2024-05-01T00:00:00Z")),
            ("cisa-kev", 1, Some("2025-01-01T00:00:00Z")),
            ("first-epss", 2, Some("2025-02-01T00:00:00Z")),
        ]
    );
    let releases: Vec<(&str, &str, u64)> = status
        .releases
        .iter()
        .map(|r| (r.name.as_str(), r.feed.as_str(), r.advisories))
        .collect();
    assert_eq!(
        releases,
        [
            ("alpine:v3.20", "alpine-secdb", 2),
            ("debian:12", "debian-tracker", 1),
            ("debian:9", "osv-debian", 1),
            ("pypi", "osv-pypi", 1),
        ]
    );
    let unused: Vec<&str> = status.unused.iter().map(|unused| unused.path.as_str()).collect();
    assert_eq!(unused, ["ghsa", "osv/Hex/all.zip"]);
    assert_eq!((summary.withdrawn, summary.superseded), (1, 1));
    assert_eq!(summary.warnings, ["alpine:v3.20: `x` is no version of curl"]);
    let pypi = &status.feeds[3].files[0];
    assert_eq!(
        (pypi.path.as_str(), pypi.size),
        ("osv/PyPI/all.zip", zip(&[RECORD, WITHDRAWN]).len() as u64)
    );
    assert_eq!(pypi.digest, plimsoll_core::Digest::of(&zip(&[RECORD, WITHDRAWN])));
    let prediction = database.exploit_prediction("CVE-2024-1").unwrap().unwrap();
    assert_eq!((prediction.probability, prediction.percentile), (0.25, 0.5));
    assert_eq!(database.exploit_prediction("CVE-1999-1").unwrap(), None);
    assert!(status.age(jiff::Timestamp::now()) < jiff::SignedDuration::from_hours(1));
}

#[test]
fn an_error_names_file_and_record_and_leaves_the_old_database() {
    let folder = tempfile::tempdir().unwrap();
    let (root, out) = (folder.path().join("feeds"), folder.path().join("advisories.redb"));
    write(&root, "osv/PyPI/all.zip", zip(&[RECORD]));
    Database::build(&root, &out, &()).unwrap();
    let before = fs::read(&out).unwrap();
    let reader = Database::open_read_only(&out).unwrap();

    let mut broken = zip(&[RECORD]);
    broken.truncate(broken.len() / 2);
    let long = zip(&[&RECORD.repeat(100)]);
    let mut damaged = long.clone();
    damaged[100] ^= 0xff;
    for (path, content, record) in [
        ("osv/PyPI/all.zip", zip(&[RECORD, "{\"id\":7}"]), Some("R-1.json")),
        ("osv/PyPI/all.zip", zip(&[RECORD, ""]), Some("R-1.json")),
        ("osv/PyPI/all.zip", damaged, Some("R-0.json")),
        ("osv/PyPI/all.zip", broken, None),
        ("osv/PyPI/all.zip", b"<html>".to_vec(), None),
        (
            "debian/tracker.json",
            br#"{"curl":{"CVE-1":{"releases":[]}}}"#.to_vec(),
            Some("curl"),
        ),
        ("alpine/v3.20/main.json", b"{}".to_vec(), None),
        ("kev/known_exploited_vulnerabilities.json", b"[".to_vec(), None),
        ("epss/epss.csv", b"a,b\n".to_vec(), None),
    ] {
        let feeds = tempfile::tempdir().unwrap();
        write(feeds.path(), path, &content);
        match Database::build(feeds.path(), &out, &()) {
            Err(Error::Feed {
                file,
                record: found,
                reason,
            }) => {
                assert_eq!(file, feeds.path().join(path));
                assert_eq!(found.as_deref(), record, "{path}: {reason}");
                assert!(!reason.is_empty());
            }
            other => panic!("{path}: {other:?}"),
        }
    }
    assert_eq!(fs::read(&out).unwrap(), before);
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");

    // Who has the old one open keeps it while it is replaced, and several read at once.
    write(
        &root,
        "osv/PyPI/all.zip",
        zip(&[WITHDRAWN, &RECORD.replace("CVE-2024-1", "CVE-2024-9")]),
    );
    Database::build(&root, &out, &()).unwrap();
    let newer = Database::open_read_only(&out).unwrap();
    assert_eq!(
        (reader.query(&query("flask")).unwrap()[0].aliases[0].as_str()),
        "CVE-2024-1"
    );
    assert_eq!(
        (newer.query(&query("flask")).unwrap()[0].aliases[0].as_str()),
        "CVE-2024-9"
    );
}

#[test]
fn a_folder_without_feeds_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.redb");
    assert!(matches!(
        Database::build(folder.path(), &out, &()),
        Err(Error::NoFeeds(_))
    ));
    write(folder.path(), "kev/known_exploited_vulnerabilities.json", KEV);
    assert!(matches!(
        Database::build(folder.path(), &out, &()),
        Err(Error::NoFeeds(_))
    ));
    assert!(matches!(
        Database::build(&folder.path().join("none"), &out, &()),
        Err(Error::Io { .. })
    ));
    assert!(!out.exists());
}

#[test]
fn what_is_no_database_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("advisories.redb");
    assert!(matches!(
        Database::open_read_only(&path),
        Err(Error::NoDatabase(_))
    ));
    let whole = folder.path().join("whole.redb");
    write(&folder.path().join("feeds"), "osv/PyPI/all.zip", zip(&[RECORD]));
    Database::build(&folder.path().join("feeds"), &whole, &()).unwrap();
    let whole = fs::read(whole).unwrap();
    let half = &whole[..whole.len() / 2];
    for content in [&b""[..], b"SQLite format 3", &[0; 10_000], half, &whole[..4096]] {
        fs::write(&path, content).unwrap();
        assert!(matches!(
            Database::open_read_only(&path),
            Err(Error::Database { .. })
        ));
    }
}

#[test]
fn looking_things_up() {
    let (database, _) = database(|root| {
        write(root, "osv/PyPI/all.zip", zip(&[RECORD]));
        write(root, "debian/tracker.json", TRACKER);
        write(root, "alpine/v3.20/main.json", SECDB);
        write(root, "kev/known_exploited_vulnerabilities.json", KEV);
    });
    let found = database.query(&query("Flask")).unwrap();
    let [flask] = &found[..] else { panic!("{found:?}") };
    assert_eq!(
        (flask.id.as_str(), flask.affected.as_str(), flask.known_exploited),
        ("PYSEC-1", "(…, 2)", true)
    );
    assert_eq!(database.query(&query("cve-2024-1")).unwrap(), found);
    let curl = database.query(&query("curl")).unwrap();
    let releases: Vec<&str> = curl.iter().map(|advisory| advisory.release.as_str()).collect();
    assert_eq!(releases, ["alpine:v3.20", "alpine:v3.20", "debian:12"]);
    assert!(database.query(&query("nothing")).unwrap().is_empty());
    let count = |query: plimsoll_advisory::Query| database.query(&query).unwrap().len();
    assert_eq!(
        (
            count(query("curl").within("debian")),
            count(query("curl").within("alpine:v3.20"))
        ),
        (1, 2)
    );
    assert_eq!(
        (
            count(query("pkg:pypi/Flask@1.0")),
            count(query("pkg:pypi/Flask@2.0"))
        ),
        (1, 0)
    );
    assert_eq!(
        (
            count(query("CVE-2024-1").within("npm")),
            count(query("pkg:npm/flask"))
        ),
        (0, 0)
    );
}

/// Everything that is read of a database, or the error that it has.
fn everything(path: &Path) -> Result<String, Error> {
    let database = Database::open_read_only(path)?;
    let mut all = serde_json::to_string(database.status()).unwrap();
    for what in ["flask", "curl", "CVE-2024-1", "CVE-2024-3"] {
        all += &serde_json::to_string(&database.query(&query(what))?).unwrap();
    }
    let curl = package(Ecosystem::Deb, "curl", "1", None);
    let packages = [python("flask", "1"), curl];
    let matches = Matcher::new(Some(&database)).match_all(Some(&distribution("debian", "12")), &packages)?;
    all += &serde_json::to_string(&matches).unwrap();
    Ok(all + &format!("{:?}", database.exploit_prediction("CVE-2024-1")?))
}

#[test]
fn a_damaged_byte_anywhere_is_an_error_or_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let (feeds, path) = (folder.path().join("feeds"), folder.path().join("advisories.redb"));
    write(&feeds, "osv/PyPI/all.zip", zip(&[RECORD]));
    write(&feeds, "debian/tracker.json", TRACKER);
    write(&feeds, "alpine/v3.20/main.json", SECDB);
    write(&feeds, "kev/known_exploited_vulnerabilities.json", KEV);
    write(&feeds, "epss/epss_scores-2025-02-01.csv", EPSS);
    Database::build(&feeds, &path, &()).unwrap();
    let whole = fs::read(&path).unwrap();
    let expected = everything(&path).unwrap();
    let mut errors = 0;
    let places = (0..whole.len()).step_by(509).chain(whole.len() - 30..whole.len());
    for place in places {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x55;
        fs::write(&path, &damaged).unwrap();
        match everything(&path) {
            Ok(read) => assert!(read == expected, "byte {place} changed what is read"),
            Err(error @ Error::Database { .. }) => {
                assert!(error.hint().is_some());
                errors += 1;
            }
            Err(error) => panic!("byte {place}: {error}"),
        }
    }
    assert!(errors > 30, "{errors}");
}

#[test]
fn what_a_killed_build_left_is_removed_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let (feeds, out) = (folder.path().join("feeds"), folder.path().join("advisories.redb"));
    write(&feeds, "osv/PyPI/all.zip", zip(&[RECORD]));
    let (left, held) = (".advisories-aaaaaa.tmp", ".advisories-bbbbbb.tmp");
    for name in [left, held, ".advisories-other", "mine.tmp"] {
        fs::write(folder.path().join(name), "unfinished").unwrap();
    }
    // Its owner is still at work.
    let owner = fs::File::open(folder.path().join(held)).unwrap();
    owner.lock().unwrap();
    Database::build(&feeds, &out, &()).unwrap();
    let there = |name: &str| folder.path().join(name).exists();
    assert!(!there(left) && there(held) && there(".advisories-other") && there("mine.tmp"));
    drop(owner);
    Database::build(&feeds, &out, &()).unwrap();
    assert!(!there(held) && out.exists());
}

#[test]
fn whether_exploitation_is_known_is_said() {
    let with = |kev: bool| {
        let fill = |root: &Path| {
            write(root, "osv/PyPI/all.zip", zip(&[RECORD]));
            if kev {
                write(root, "kev/known_exploited_vulnerabilities.json", KEV);
            }
        };
        database(fill).0.has_known_exploited()
    };
    assert!(with(true) && !with(false));
    assert!(!plimsoll_advisory::builtin::database().has_known_exploited());
}
