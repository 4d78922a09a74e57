//! Analyses that are kept.

use std::fs::{self, File};
use std::path::Path;

use plimsoll_core::Digest;
use plimsoll_inventory::{AnalysisCache, Inventory, analyze_layer};

use crate::STATUS;
use crate::support::{F, dpkg, layer, metadata, shown};

#[test]
fn kept_analyses_are_used_and_bad_ones_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let one = layer(dir.path(), &[F("a.egg-info", &metadata("a", "1"))]);
    let expected = analyze_layer(&one).unwrap();
    let cache_dir = dir.path().join("analyses");
    let cache = AnalysisCache::new(&cache_dir);
    let file = cache_dir.join(format!("{}.json", one.diff_id.hex()));
    assert_eq!(cache.analyze(&one).unwrap(), expected);

    // What is kept is what is given.
    let kept = fs::read_to_string(&file).unwrap();
    let with_checksum = |json: &str| format!("{}\n{json}", Digest::of(json.as_bytes()).hex());
    let changed = |from: &str, to: &str| with_checksum(&kept[65..].replace(from, to));
    fs::write(&file, changed("\"1\"", "\"2\"")).unwrap();
    assert_eq!(cache.analyze(&one).unwrap().evidence[0].packages[0].version, "2");

    for bad in [
        "",
        "{",
        &kept[..kept.len() / 2],
        &kept.replace("\"1\"", "\"2\""),
        &changed("\"schema\":", "\"schema\":9"),
        &changed("dpkg/", "dpkg/0"),
    ] {
        fs::write(&file, bad).unwrap();
        assert_eq!(cache.analyze(&one).unwrap(), expected);
        assert_eq!(fs::read_to_string(&file).unwrap(), kept);
    }

    // A cache that cannot be written is a warning, not a failure.
    let blocked = dir.path().join("file");
    fs::write(&blocked, "").unwrap();
    let analysis = AnalysisCache::new(&blocked).analyze(&one).unwrap();
    assert_eq!(analysis.evidence, expected.evidence);
    assert!(
        analysis.warnings[0]
            .message
            .starts_with("the analysis of a layer cannot be kept")
    );
}

/// A docker-archive with one layer that has one file.
fn archive(path: &Path, content: &[u8]) {
    let layer = {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, STATUS, content).unwrap();
        tar.into_inner().unwrap()
    };
    let diff_id = Digest::of(&layer);
    let config = format!(r#"{{"rootfs":{{"type":"layers","diff_ids":["{diff_id}"]}}}}"#);
    let manifest = br#"[{"Config":"config.json","Layers":["layer.tar"]}]"#;
    let mut tar = tar::Builder::new(File::create(path).unwrap());
    for (name, bytes) in [
        ("layer.tar", layer.as_slice()),
        ("config.json", config.as_bytes()),
        ("manifest.json", manifest),
    ] {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, name, bytes).unwrap();
    }
    tar.into_inner().unwrap();
}

#[test]
fn a_file_that_is_written_to_is_hashed_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("image.tar");
    archive(&path, &dpkg(&[("a", "1")]));
    let cache = AnalysisCache::new(dir.path().join("analyses"));
    let scan = || {
        let images = plimsoll_image::source::open_archive(&path, &Default::default()).unwrap();
        Inventory::of(&images[0], Some(&cache))
    };
    let stamps = || {
        let kept = fs::read_dir(dir.path().join("analyses")).unwrap();
        let names = kept.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".verified")).count()
    };
    // What was written just now may be written again in the same tick of the clock.
    assert_eq!(shown(&scan().unwrap()), ["a 1 0"]);
    assert_eq!(stamps(), 0);
    std::thread::sleep(std::time::Duration::from_millis(3100));
    assert_eq!(shown(&scan().unwrap()), ["a 1 0"]);
    if stamps() == 0 {
        eprintln!("skipped: the file system for temporary files is not a local one");
        return;
    }
    assert_eq!(shown(&scan().unwrap()), ["a 1 0"]);
    // Other bytes with the old times: the time of change cannot be set.
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let version = bytes.windows(10).position(|part| part == b"Version: 1").unwrap();
    bytes[version + 9] = b'2';
    fs::write(&path, &bytes).unwrap();
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(before)
        .unwrap();
    let error = scan().unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("has the digest"), "{cause}");
}
