//! The crate as others use it: feeds in, one file, matches out.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test says why it fails or is skipped"
)]

mod build;
mod fetching;
mod matching;
mod shared;

use std::fs;
use std::io::Write;
use std::path::Path;

use plimsoll_advisory::{Database, Query, Summary};
use plimsoll_core::{Distribution, Ecosystem, Package, SourcePackage};

/// Writes a file of a feed.
fn write(root: &Path, path: &str, content: impl AsRef<[u8]>) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// An `all.zip` of OSV records, each under its number.
fn zip(records: &[&str]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (number, record) in records.iter().enumerate() {
        zip.start_file(
            format!("R-{number}.json"),
            zip::write::SimpleFileOptions::default(),
        )
        .unwrap();
        zip.write_all(record.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A database of what `fill` writes into a folder.
fn database(fill: impl Fn(&Path)) -> (Database, Summary) {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let out = folder.path().join("out/advisories.redb");
    let summary = Database::build(folder.path(), &out, &()).unwrap();
    (Database::open_read_only(&out).unwrap(), summary)
}

fn query(text: &str) -> Query {
    Query::new(text).unwrap()
}

fn distribution(id: &str, version_id: &str) -> Distribution {
    Distribution {
        id: id.to_owned(),
        version_id: version_id.to_owned(),
        codename: None,
        pretty_name: None,
    }
}

fn package(ecosystem: Ecosystem, name: &str, version: &str, source: Option<(&str, &str)>) -> Package {
    Package {
        source: source.map(|(name, version)| SourcePackage {
            name: name.to_owned(),
            version: version.to_owned(),
        }),
        evidence: "some/file".to_owned(),
        ..Package::new(ecosystem, name, version)
    }
}

fn python(name: &str, version: &str) -> Package {
    package(Ecosystem::PyPi, name, version, None)
}
