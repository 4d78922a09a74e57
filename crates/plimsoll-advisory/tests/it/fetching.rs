//! Updates over HTTP, from a server in this process.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use plimsoll_advisory::{Database, Error, FetchOptions, Mirror};

use crate::{query, write, zip};

const RECORD: &str =
    r#"{"id":"P-1","affected":[{"package":{"ecosystem":"PyPI","name":"a"},"versions":["1"]}]}"#;

/// Serves files with an ETag, and remembers what it answered.
#[derive(Clone, Default)]
struct Server {
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    answers: Arc<Mutex<Vec<(String, u16)>>>,
    /// Claims more bytes than it sends.
    breaks: Arc<Mutex<bool>>,
    /// Sends no more bytes of one body than this, once.
    cut: Arc<Mutex<Option<usize>>>,
    /// Another header.
    header: Arc<Mutex<String>>,
    address: String,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/feeds", listener.local_addr().unwrap());
        let server = Self {
            address,
            ..Self::default()
        };
        let serving = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serving = serving.clone();
                std::thread::spawn(move || serving.answer(stream));
            }
        });
        server
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut lines = BufReader::new(stream.try_clone().unwrap())
            .lines()
            .map_while(Result::ok);
        let Some(request) = lines.next() else { return };
        let path = request
            .split(' ')
            .nth(1)
            .unwrap()
            .trim_start_matches("/feeds/")
            .to_owned();
        let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        let file = self.files.lock().unwrap().get(&path).cloned();
        let etag = file
            .as_ref()
            .map(|bytes| format!("\"{}\"", plimsoll_core::Digest::of(bytes).short()));
        let header = |wanted: &str| {
            headers.iter().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case(wanted).then(|| value.to_owned())
            })
        };
        let asked = header("if-none-match");
        let from: Option<usize> = header("range")
            .filter(|_| header("if-range") == etag)
            .map(|range| {
                let start = range.strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap();
                start.parse().unwrap()
            });
        let mut more = self.header.lock().unwrap().clone();
        let (status, mut body) = match (file, from) {
            (None, _) => (404, Vec::new()),
            (Some(_), _) if asked == etag => (304, Vec::new()),
            (Some(body), Some(from)) => {
                more += &format!(
                    "Content-Range: bytes {from}-{}/{}\r\n",
                    body.len() - 1,
                    body.len()
                );
                (206, body[from..].to_vec())
            }
            (Some(body), None) => (200, body),
        };
        self.answers.lock().unwrap().push((path, status));
        let whole = body.len();
        if status != 404 {
            body.truncate(self.cut.lock().unwrap().take().unwrap_or(whole));
        }
        let length = whole + if *self.breaks.lock().unwrap() { 10 } else { 0 };
        let head = format!(
            "HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nETag: {}\r\nLast-Modified: Wed, 01 May 2024 10:00:00 GMT\r\nConnection: close\r\n{more}\r\n",
            etag.unwrap_or_default()
        );
        let _ = stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(&body));
    }

    fn serve(&self, path: &str, content: impl Into<Vec<u8>>) {
        self.files.lock().unwrap().insert(path.to_owned(), content.into());
    }

    fn answered(&self, status: u16) -> Vec<String> {
        let answers = std::mem::take(&mut *self.answers.lock().unwrap());
        let mut paths: Vec<String> = answers
            .into_iter()
            .filter(|(_, s)| *s == status)
            .map(|(path, _)| path)
            .collect();
        paths.sort();
        paths
    }
}

#[test]
fn only_what_has_changed_is_fetched() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let (cache, out) = (folder.path().join("cache"), folder.path().join("advisories.redb"));
    let mirror: Mirror = server.address.parse().unwrap();
    let update = || Database::update(&mirror, &cache, &out, &FetchOptions::default(), &());

    let secdb =
        r#"{"distroversion":"v3.23","packages":[{"pkg":{"name":"x","secfixes":{"1-r0":["CVE-2024-1"]}}}]}"#;
    server.serve("osv/PyPI/all.zip", zip(&[RECORD]));
    server.serve("alpine/v3.23/main.json", secdb);
    let summary = update().unwrap();
    assert_eq!(
        server.answered(200),
        ["alpine/v3.23/main.json", "osv/PyPI/all.zip"]
    );
    let releases: Vec<&str> = summary
        .status
        .releases
        .iter()
        .map(|release| release.name.as_str())
        .collect();
    assert_eq!(releases, ["alpine:v3.23", "pypi"]);
    // The publisher's date, not that of the fetch.
    assert_eq!(summary.status.releases[0].as_of, "2024-05-01T10:00:00Z");

    update().unwrap();
    assert_eq!(
        server.answered(304),
        ["alpine/v3.23/main.json", "osv/PyPI/all.zip"]
    );

    server.serve("osv/PyPI/all.zip", zip(&[RECORD, &RECORD.replace("P-1", "P-2")]));
    server.files.lock().unwrap().remove("alpine/v3.23/main.json");
    let summary = update().unwrap();
    assert_eq!(server.answered(200), ["osv/PyPI/all.zip"]);
    assert_eq!(summary.status.releases.len(), 1);
    assert_eq!(summary.status.releases[0].advisories, 2);
}

#[test]
fn exploit_predictions_are_fetched_compressed_or_not() {
    let csv = "#model_version:v4,score_date:2025-02-01T00:00:00Z\ncve,epss,percentile\nCVE-2024-1,0.25,0.5\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(csv.as_bytes()).unwrap();
    let record = RECORD.replace(r#""id":"P-1""#, r#""id":"P-1","aliases":["CVE-2024-1"]"#);
    // A server may say that the compression is that of the transfer, and then it is gone.
    for content in [gzip.finish().unwrap(), csv.as_bytes().to_vec()] {
        let server = Server::start();
        let folder = tempfile::tempdir().unwrap();
        let (cache, out) = (folder.path().join("cache"), folder.path().join("advisories.redb"));
        server.serve("osv/PyPI/all.zip", zip(&[&record]));
        server.serve("epss/epss_scores-current.csv.gz", content);
        let mirror: Mirror = server.address.parse().unwrap();
        let summary = Database::update(&mirror, &cache, &out, &FetchOptions::default(), &()).unwrap();
        assert!(summary.status.has_exploit_predictions());
        let database = Database::open_read_only(&out).unwrap();
        let prediction = database.exploit_prediction("CVE-2024-1").unwrap().unwrap();
        assert_eq!(prediction.probability, 0.25);
    }
}

#[test]
fn errors_name_the_address_and_leave_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, out) = (folder.path().join("cache"), folder.path().join("advisories.redb"));
    let update = |mirror: &str| {
        Database::update(
            &mirror.parse().unwrap(),
            &cache,
            &out,
            &FetchOptions::default(),
            &(),
        )
    };
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let unreachable = format!("http://{closed}");
    match update(&unreachable) {
        Err(error @ Error::Fetch { .. }) => {
            assert!(
                error
                    .to_string()
                    .starts_with(&format!("cannot fetch `{unreachable}/")),
                "{error}"
            );
            assert!(error.hint().unwrap().to_string().contains("--mirror"));
        }
        other => panic!("{other:?}"),
    }
    let server = Server::start();
    let Err(Error::Fetch { reason, .. }) = update(&server.address) else {
        panic!()
    };
    assert_eq!(reason, "none of the feeds is there");

    server.serve("osv/PyPI/all.zip", zip(&[RECORD]));
    update(&server.address).unwrap();
    *server.breaks.lock().unwrap() = true;
    server.serve("osv/PyPI/all.zip", zip(&[RECORD, RECORD]));
    let Err(Error::Fetch { reason, .. }) = update(&server.address) else {
        panic!()
    };
    assert!(reason.starts_with("the connection broke after "), "{reason}");
    assert_eq!(
        Database::open_read_only(&out)
            .unwrap()
            .query(&query("a"))
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_broken_transfer_goes_on_where_it_broke() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let (cache, out) = (folder.path().join("cache"), folder.path().join("advisories.redb"));
    let mirror: Mirror = server.address.parse().unwrap();
    let options = FetchOptions {
        ecosystems: vec!["npm".to_owned()],
        ..FetchOptions::default()
    };
    let update = || Database::update(&mirror, &cache, &out, &options, &());
    let record = RECORD.replace("PyPI", "npm");
    let content = zip(&[&record, &record.replace("P-1", "P-2")]);
    server.serve("osv/npm/all.zip", content.clone());
    *server.cut.lock().unwrap() = Some(100);
    // The kind of server that ignores `Range` sends the whole again; this one sends the rest.
    let summary = update().unwrap();
    assert_eq!(summary.status.releases[0].advisories, 2);
    assert_eq!((server.answered(206).len(), out.exists()), (1, true));

    // What is there at the mirror may have changed meanwhile: then it begins anew.
    let changed = zip(&[&record]);
    server.serve("osv/npm/all.zip", content);
    *server.breaks.lock().unwrap() = true;
    std::fs::remove_dir_all(&cache).unwrap();
    assert!(update().is_err());
    *server.breaks.lock().unwrap() = false;
    server.serve("osv/npm/all.zip", changed);
    server.answered(200);
    assert_eq!(update().unwrap().status.releases[0].advisories, 1);
    assert_eq!(server.answered(200), ["osv/npm/all.zip"]);
    let left: Vec<String> = walk(&cache);
    assert!(!left.iter().any(|name| name.contains(".part")), "{left:?}");
}

fn walk(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .flat_map(|entry| match entry.file_type().unwrap().is_dir() {
            true => walk(&entry.path()),
            false => vec![entry.path().display().to_string()],
        })
        .collect()
}

#[test]
fn a_wrong_checksum_is_an_error_and_a_right_one_is_not() {
    let content = zip(&[RECORD]);
    let digest = plimsoll_core::Digest::of(&content).to_string();
    let hex = digest.strip_prefix("sha256:").unwrap();
    for (header, beside, right) in [
        ("x-goog-hash: crc32c=AAAAAA==\r\n", None, false),
        (
            "x-goog-hash: md5=AAAA\r\n",
            Some(format!("{hex}  all.zip\n")),
            true,
        ),
        ("", Some(format!("{}  all.zip\n", "0".repeat(64))), false),
        ("", None, true),
    ] {
        let server = Server::start();
        let folder = tempfile::tempdir().unwrap();
        let (cache, out) = (folder.path().join("cache"), folder.path().join("advisories.redb"));
        server.serve("osv/PyPI/all.zip", content.clone());
        header.clone_into(&mut server.header.lock().unwrap());
        if let Some(text) = beside {
            server.serve("osv/PyPI/all.zip.sha256", text);
        }
        let mirror: Mirror = server.address.parse().unwrap();
        let updated = Database::update(&mirror, &cache, &out, &FetchOptions::default(), &());
        match updated {
            Ok(_) => assert!(right, "{header}"),
            Err(Error::Fetch { url, reason }) => {
                assert!(
                    !right && url.ends_with("all.zip") && reason.contains("checksum"),
                    "{reason}"
                );
                assert!(!out.exists());
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn only_the_wanted_ecosystems_are_fetched_and_kept() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let (cache, out) = (folder.path().join("cache"), folder.path().join("advisories.redb"));
    let mirror: Mirror = server.address.parse().unwrap();
    server.serve("osv/PyPI/all.zip", zip(&[RECORD]));
    server.serve("osv/npm/all.zip", zip(&[&RECORD.replace("PyPI", "npm")]));
    let update = |ecosystems: &[&str]| {
        let options = FetchOptions {
            ecosystems: ecosystems.iter().map(|name| (*name).to_owned()).collect(),
            ..FetchOptions::default()
        };
        Database::update(&mirror, &cache, &out, &options, &())
    };
    assert_eq!(update(&[]).unwrap().status.releases.len(), 2);
    let summary = update(&["npm"]).unwrap();
    let names: Vec<&str> = summary
        .status
        .releases
        .iter()
        .map(|release| release.name.as_str())
        .collect();
    assert_eq!(names, ["npm"]);
    let Err(error @ Error::Ecosystem(_)) = update(&["pip"]) else {
        panic!()
    };
    assert!(error.hint().unwrap().to_string().contains("PyPI"));
}

#[test]
fn one_updates_at_a_time() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let (cache, out) = (folder.path().join("cache"), folder.path().join("advisories.redb"));
    server.serve("osv/PyPI/all.zip", zip(&[RECORD]));
    let mirror: Mirror = server.address.parse().unwrap();
    std::thread::scope(|scope| {
        let updates: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| Database::update(&mirror, &cache, &out, &FetchOptions::default(), &())))
            .collect();
        for update in updates {
            update.join().unwrap().unwrap();
        }
    });
    assert_eq!(server.answered(200), ["osv/PyPI/all.zip"]);
}

#[test]
fn a_folder_is_a_mirror_too() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "osv/PyPI/all.zip", zip(&[RECORD]));
    let out = folder.path().join("out.redb");
    let path = folder.path().to_str().unwrap();
    for mirror in [
        path.to_owned(),
        format!("file://{path}"),
        format!("file://localhost{path}"),
    ] {
        let mirror: Mirror = mirror.parse().unwrap();
        assert_eq!(mirror, Mirror::Directory(folder.path().to_owned()));
        Database::update(
            &mirror,
            &folder.path().join("cache"),
            &out,
            &FetchOptions::default(),
            &(),
        )
        .unwrap();
    }
    for wrong in ["", "ftp://host/", "file://host/path", "http://"] {
        assert!(
            matches!(wrong.parse::<Mirror>(), Err(Error::Mirror(_))),
            "{wrong:?} was accepted"
        );
    }
}

#[test]
fn wrong_options_are_said() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "roots.pem", "nothing");
    let update = |options: FetchOptions| {
        let mirror = Mirror::Url("http://127.0.0.1:9".to_owned());
        Database::update(&mirror, folder.path(), &folder.path().join("out"), &options, &())
    };
    let roots = Some(folder.path().join("roots.pem"));
    assert!(matches!(
        update(FetchOptions {
            root_certificates: roots,
            ..Default::default()
        }),
        Err(Error::Io { .. })
    ));
    let proxy = Some("::".to_owned());
    assert!(matches!(
        update(FetchOptions {
            proxy,
            ..Default::default()
        }),
        Err(Error::Fetch { .. })
    ));
}
