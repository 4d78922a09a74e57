//! Several layers made into one: the tree that a mount shows stays the same.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::process::Command;

use plimsoll_image::{Layer, Store};

use crate::support::{Tar, entries, import, is_root, run, store};

/// A small source of numbers, always the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn path(&mut self) -> String {
        let depth = 1 + self.below(3);
        let names: Vec<String> = (0..depth).map(|_| format!("n{}", self.below(3))).collect();
        names.join("/")
    }
}

/// A layer that removes, replaces and hides.
fn layer(numbers: &mut Numbers, number: u64) -> Vec<u8> {
    let mut tar = Tar::new();
    let (mut files, mut directories): (Vec<String>, Vec<String>) = Default::default();
    for _ in 0..2 + numbers.below(6) {
        let path = numbers.path();
        let is_below = |other: &String| path.starts_with(&format!("{other}/")) || *other == path;
        let is_above = |other: &String| other.starts_with(&format!("{path}/"));
        if files.iter().any(|file| is_below(file) || is_above(file)) || directories.contains(&path) {
            continue;
        }
        let (parent, name) = path
            .rsplit_once('/')
            .map_or(("", path.as_str()), |(parent, name)| (parent, name));
        let whiteout = match parent {
            "" => format!(".wh.{name}"),
            parent => format!("{parent}/.wh.{name}"),
        };
        let is_parent = directories.iter().any(is_above);
        match numbers.below(5) {
            0 | 1 if !is_parent => {
                tar = tar.file(&path, format!("{number} {path}").as_bytes());
                files.push(path);
            }
            2 if !is_parent => {
                tar = tar.file(&whiteout, b"");
                files.push(path);
            }
            3 => {
                tar = tar.dir(&path);
                directories.push(path);
            }
            _ => {
                tar = tar.dir(&path).file(&format!("{path}/.wh..wh..opq"), b"");
                directories.push(path);
            }
        }
    }
    tar.end()
}

fn listed(root: &Path, path: &Path, found: &mut Vec<String>) {
    let mut names: Vec<_> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    for path in names {
        // The kernel lists a whiteout that hides nothing, though it is not to be found.
        let Ok(metadata) = fs::symlink_metadata(&path) else {
            continue;
        };
        assert!(!metadata.file_type().is_char_device(), "{}", path.display());
        let content = if metadata.is_file() {
            fs::read_to_string(&path).unwrap()
        } else {
            String::new()
        };
        let (mode, owner) = (metadata.mode(), metadata.uid());
        let place = path.strip_prefix(root).unwrap().display();
        found.push(format!("{place} {mode:o} {owner} {content}"));
        if metadata.is_dir() {
            listed(root, &path, found);
        }
    }
}

/// What a mount of the layers shows; nothing where there are no overlay mounts.
fn shown(store: &Store, layers: &[Layer], directory: &Path) -> Option<Vec<String>> {
    let lowers = store.mount_layers(layers).unwrap();
    let lowers: Vec<String> = lowers.iter().map(|lower| lower.display().to_string()).collect();
    let empty = directory.join("empty");
    fs::create_dir_all(&empty).unwrap();
    let options = format!("lowerdir={}:{}", lowers.join(":"), empty.display());
    let target = directory.join("mount");
    fs::create_dir_all(&target).unwrap();
    let mut mount = Command::new("mount");
    let mounted = mount
        .args(["-t", "overlay", "overlay", "-o", &options])
        .arg(&target)
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("skipped: needs overlay mounts");
        return None;
    }
    let mut found = Vec::new();
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        listed(&target, &target, &mut found);
    }));
    run(Command::new("umount").arg(&target));
    result.unwrap();
    Some(found)
}

#[test]
fn whatever_is_merged_the_tree_stays_the_same() {
    if !is_root("overlay mounts") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    for seed in 0..24 {
        let mut numbers = Numbers(seed);
        let layers: Vec<Layer> = (0..5)
            .map(|number| import(&store, &layer(&mut numbers, number)).unwrap().layers[0].clone())
            .collect();
        let Some(expected) = shown(&store, &layers, directory.path()) else {
            return;
        };
        for (start, end) in [(0, 5), (0, 2), (1, 4), (3, 5)] {
            let merged = store.merge_layers(&layers[..start], &layers[start..end]).unwrap();
            let merged = merged.commit().unwrap();
            let mut chain = layers[..start].to_vec();
            chain.push(merged.clone());
            chain.extend_from_slice(&layers[end..]);
            let now = shown(&store, &chain, directory.path()).unwrap();
            assert_eq!(now, expected, "seed {seed}, {start}..{end}");
            if start == 0 {
                let marks = entries(&merged)
                    .into_iter()
                    .filter(|entry| entry.0.contains(".wh."));
                assert_eq!(marks.count(), 0);
            }
        }
        // The layers that it was made of are as they were.
        for layer in &layers {
            layer.write_tar(&mut std::io::sink()).unwrap();
        }
    }
}

#[test]
fn hard_links_and_owners_come_along() {
    if !is_root("files of other owners") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let one = Tar::new()
        .file("a", b"content")
        .hard_link("b", "a")
        .dir("d")
        .end();
    let two = Tar::new().symlink("d/l", "../a").file(".wh.none", b"").end();
    let layers: Vec<Layer> = [one, two]
        .iter()
        .map(|tar| import(&store, tar).unwrap().layers[0].clone())
        .collect();
    std::os::unix::fs::chown(layers[0].tree().unwrap().join("d"), Some(7), Some(8)).unwrap();
    let merged = store.merge_layers(&[], &layers).unwrap();
    let metadata = |name: &str| fs::symlink_metadata(merged.fs().join(name)).unwrap();
    assert_eq!(metadata("a").ino(), metadata("b").ino());
    assert_eq!((metadata("d").uid(), metadata("d").gid()), (7, 8));
    let mut tar = Vec::new();
    merged.write_tar(&mut tar).unwrap();
    let merged = merged.commit().unwrap();
    assert_eq!(plimsoll_core::Digest::of(&tar), merged.diff_id);
    let names: Vec<String> = entries(&merged).into_iter().map(|entry| entry.0).collect();
    assert_eq!(names, ["a", "b", "d", "d/l"]);
}
