//! Good files that packages are read from, with a few bytes changed: nothing panics, and no package is without a name.
//! `PROPTEST_CASES` says how many are tried.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::io::Read;
use std::path::Path;

use plimsoll_inventory::analyze_layer;
use proptest::prelude::*;

mod support;
use support::{F, dpkg, layer, metadata};

/// Paths, and what stands there.
fn good() -> Vec<(&'static str, Vec<u8>)> {
    let mut files = vec![
        ("var/lib/dpkg/status", dpkg(&[("a", "1:2-3"), ("b", "2")])),
        ("var/lib/dpkg/status.d/a", dpkg(&[("a", "1")])),
        (
            "var/lib/dpkg/info/a.list",
            b"/.\n/usr\n/usr/bin\n/usr/bin/a\n".to_vec(),
        ),
        (
            "usr/share/doc/a/copyright",
            b"Format: x\n\nFiles: *\nLicense: MIT and (BSD or GPL-2+)\n".to_vec(),
        ),
        (
            "lib/apk/db/installed",
            b"P:a\nV:1.2-r0\nA:x86_64\no:b\nL:MIT\nF:usr/bin\nR:a\nZ:Q1x=\n\n".to_vec(),
        ),
        (
            "etc/os-release",
            b"ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME='a b'\n".to_vec(),
        ),
        ("a.dist-info/METADATA", metadata("a", "1.0")),
        (
            "node_modules/a/package.json",
            br#"{"name":"a","version":"1.0.0","license":{"type":"MIT"}}"#.to_vec(),
        ),
        (
            "app/vendor/composer/installed.json",
            br#"{"packages":[{"name":"a/b","version":"v1"}]}"#.to_vec(),
        ),
        (
            "app/app.deps.json",
            br#"{"libraries":{"a/1.0":{"type":"package"}}}"#.to_vec(),
        ),
        (
            "opt/conda/conda-meta/a.json",
            br#"{"name":"a","version":"1","license":"MIT"}"#.to_vec(),
        ),
        (
            "usr/lib/ruby/gems/3.1.0/specifications/a-1.gemspec",
            b"Gem::Specification.new do |s|\n  s.name = \"a\".freeze\n  s.version = \"1\"\nend\n".to_vec(),
        ),
        (
            "app/.env",
            b"export DB_PASSWORD=x\nURL=postgres://u:p@h/d\n".to_vec(),
        ),
    ];
    let rpm = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rpm");
    for (path, file) in [
        ("var/lib/rpm/rpmdb.sqlite", "rpmdb.sqlite.gz"),
        ("var/lib/rpm/Packages.db", "Packages.db.gz"),
        ("var/lib/rpm/Packages", "Packages.gz"),
    ] {
        let mut database = Vec::new();
        let packed = fs::File::open(rpm.join(file)).unwrap();
        flate2::read::GzDecoder::new(packed)
            .read_to_end(&mut database)
            .unwrap();
        files.push((path, database));
    }
    let program = std::env::current_exe().unwrap();
    let mut start = Vec::new();
    fs::File::open(program)
        .unwrap()
        .take(600 << 10)
        .read_to_end(&mut start)
        .unwrap();
    files.push(("usr/local/bin/program", start));
    files
}

/// Which change, where, and with what.
type Change = (u8, prop::sample::Index, u32);

fn mutated(good: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = good.to_owned();
    for (kind, place, value) in changes {
        let at = place.index(bytes.len().max(1)).min(bytes.len());
        let end = bytes.len().min(at + 4);
        match kind {
            0 => bytes[at..end].copy_from_slice(&value.to_be_bytes()[..end - at]),
            1 => bytes[at..end].copy_from_slice(&value.to_le_bytes()[..end - at]),
            2 => bytes[at..end].fill(0xff),
            3 => bytes.truncate(at),
            4 => drop(bytes.drain(at..end)),
            // Headers are at the beginning.
            _ => {
                let at = at % 200;
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value.to_le_bytes()[0];
                }
            }
        }
    }
    bytes
}

#[test]
fn no_change_of_a_file_panics() {
    let good = good();
    let dir = tempfile::tempdir().unwrap();
    let change = (0..6_u8, any::<prop::sample::Index>(), any::<u32>());
    let changes = prop::collection::vec(change, 1..6);
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(which in any::<prop::sample::Index>(), changes in changes)| {
        let (path, content) = which.get(&good);
        let layer = layer(dir.path(), &[F(path, &mutated(content, &changes))]);
        let analysis = analyze_layer(&layer).unwrap();
        for package in analysis.evidence.iter().flat_map(|file| &file.packages) {
            prop_assert!(!package.name.is_empty());
        }
        for file in fs::read_dir(dir.path()).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
    });
}
