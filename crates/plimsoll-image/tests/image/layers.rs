//! Layers: canonical tars, and the exact bytes of foreign ones.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use plimsoll_core::Digest;
use plimsoll_image::{EntryKind, Layer, Store};
use proptest::prelude::*;
use rustix::fs::{CWD, FileType, Mode, XattrFlags, makedev, mknodat};

use crate::support::{entries, has, import, is_root, leftovers, run, store, written};

/// One thing to put into a tree.
#[derive(Debug, Clone)]
enum Thing {
    File(Vec<u8>, u32),
    Dir(u32),
    Symlink(String),
    HardLink,
    Fifo,
    Whiteout,
    OpaqueDir,
    Xattr(Vec<u8>),
}

fn things() -> impl Strategy<Value = Vec<(Vec<Vec<u8>>, Thing, u32)>> {
    let name = prop_oneof![
        "[a-c]{1,2}".prop_map(String::into_bytes),
        "[a-c.!]{1,3}x".prop_map(String::into_bytes),
        Just(vec![b'n', 0xff, 0xfe]),
        "[a-z]{120,200}".prop_map(String::into_bytes),
        Just("ünïcödé".as_bytes().to_owned()),
    ];
    let thing = prop_oneof![
        (proptest::collection::vec(any::<u8>(), 0..2000), 0_u32..0o10000)
            .prop_map(|(data, mode)| Thing::File(data, mode)),
        (0o700_u32..0o2000).prop_map(|mode| Thing::Dir(mode | 0o700)),
        "[a-z/.]{1,200}".prop_map(|target| Thing::Symlink(format!("nowhere/{target}"))),
        Just(Thing::HardLink),
        Just(Thing::Fifo),
        Just(Thing::Whiteout),
        Just(Thing::OpaqueDir),
        proptest::collection::vec(any::<u8>(), 0..50).prop_map(Thing::Xattr),
    ];
    let time = prop_oneof![Just(0_u32), any::<u32>()];
    proptest::collection::vec((proptest::collection::vec(name, 1..4), thing, time), 0..20)
}

/// Puts things into a directory; what does not work (a file where a directory is needed) is left out.
fn fill(root: &Path, things: &[(Vec<Vec<u8>>, Thing, u32)], privileged: bool) {
    let mut last_file = None;
    for (components, thing, time) in things {
        let mut path = root.to_owned();
        for component in components {
            path.push(OsStr::from_bytes(component));
        }
        let mut ancestors = path.ancestors().skip(1).take(components.len());
        let blocked =
            ancestors.any(|ancestor| fs::symlink_metadata(ancestor).is_ok_and(|metadata| !metadata.is_dir()));
        if blocked || fs::symlink_metadata(&path).is_ok() {
            continue;
        }
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match thing {
            Thing::File(data, mode) => {
                fs::write(&path, data).unwrap();
                let readable = if privileged { *mode } else { *mode | 0o400 };
                fs::set_permissions(&path, fs::Permissions::from_mode(readable)).unwrap();
                last_file = Some(path.clone());
            }
            Thing::Dir(mode) => {
                fs::create_dir(&path).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).unwrap();
            }
            Thing::Symlink(target) => symlink(target, &path).unwrap(),
            Thing::HardLink => {
                if let Some(file) = &last_file {
                    fs::hard_link(file, &path).unwrap();
                }
                continue;
            }
            Thing::Fifo => mknodat(CWD, &path, FileType::Fifo, Mode::from(0o640), 0).unwrap(),
            Thing::Whiteout => {
                mknodat(
                    CWD,
                    &path,
                    FileType::CharacterDevice,
                    Mode::empty(),
                    makedev(0, 0),
                )
                .unwrap();
            }
            Thing::OpaqueDir => {
                fs::create_dir(&path).unwrap();
                let name = if privileged {
                    "trusted.overlay.opaque"
                } else {
                    "user.overlay.opaque"
                };
                rustix::fs::setxattr(&path, name, b"y", XattrFlags::empty()).unwrap();
            }
            Thing::Xattr(value) => {
                fs::write(&path, b"with an attribute").unwrap();
                // Not every file system has them.
                rustix::fs::setxattr(&path, "user.test", value, XattrFlags::empty()).ok();
                rustix::fs::setxattr(&path, "trusted.overlay.origin", b"x", XattrFlags::empty()).ok();
            }
        }
        if privileged && !matches!(thing, Thing::File(..)) {
            std::os::unix::fs::lchown(&path, Some(*time % 3_000_000), Some(7)).unwrap();
        }
        if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs((*time).into());
            if let Ok(file) = File::options().write(true).open(&path) {
                file.set_modified(time).unwrap();
            }
        }
    }
}

fn new_layer(store: &Store, fill: impl FnOnce(&Path)) -> Layer {
    let new = store.new_layer().unwrap();
    fill(new.fs());
    new.commit().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// A tree's canonical tar, unpacked, has the same canonical tar, and shows the same entries.
    #[test]
    fn canonical_tars_survive_unpacking(things in things()) {
        let directory = tempfile::tempdir().unwrap();
        let privileged = rustix::process::geteuid().is_root();
        let built_store = Store::open(&directory.path().join("built")).unwrap();
        let built = new_layer(&built_store, |root| fill(root, &things, privileged));
        let tar = written(&built);

        let tar_path = directory.path().join("layer.tar");
        fs::write(&tar_path, &tar).unwrap();
        let archived = Layer::from_tar(&tar_path).unwrap();
        prop_assert_eq!(archived.diff_id, built.diff_id);
        prop_assert_eq!(entries(&archived), entries(&built));
        prop_assert_eq!(archived.size().unwrap(), built.size().unwrap());
        prop_assert_eq!(archived.is_empty().unwrap(), built.is_empty().unwrap());

        let other = Store::open(&directory.path().join("unpacked")).unwrap();
        let image = import(&other, &tar).unwrap();
        let unpacked = &image.layers[0];
        prop_assert_eq!(unpacked.diff_id, built.diff_id);
        prop_assert_eq!(entries(unpacked), entries(&built));
        prop_assert_eq!(unpacked.size().unwrap(), built.size().unwrap());
        prop_assert_eq!(&written(unpacked), &tar);

        // The unpacked tree, taken as a built one, has the very same tar.
        let again = built_store.new_layer().unwrap();
        let copied = Command::new("cp").arg("-a").arg(unpacked.tree().unwrap().join(".")).arg(again.fs()).status();
        if privileged && copied.is_ok_and(|status| status.success()) {
            prop_assert_eq!(again.commit().unwrap().diff_id, built.diff_id);
        }
    }
}

#[test]
fn an_empty_tree_is_a_layer() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let layer = new_layer(&store, |_| ());
    assert!(layer.is_empty().unwrap());
    assert_eq!(layer.size().unwrap(), 0);
    // The digest of two blocks of zeros, as Docker's empty layers have it.
    assert_eq!(layer.diff_id, Digest::of(&[0; 1024]));
    let same = new_layer(&store, |_| ());
    assert_eq!(same.tree(), layer.tree());
}

#[test]
fn gnu_tar_and_python_read_what_is_written() {
    if !is_root("unpacking with owners") || !has("tar") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let long = "d".repeat(150);
    let layer = new_layer(&store, |root| {
        fs::create_dir_all(root.join(&long).join("sub")).unwrap();
        fs::write(root.join(&long).join("sub").join("f".repeat(200)), "long").unwrap();
        fs::write(root.join("owned"), "x").unwrap();
        std::os::unix::fs::chown(root.join("owned"), Some(4_000_000), Some(3)).unwrap();
        fs::hard_link(root.join("owned"), root.join("z-link")).unwrap();
        symlink("t".repeat(150), root.join("symlink")).unwrap();
        fs::write(root.join(OsStr::from_bytes(b"n\xff")), "bytes").unwrap();
    });
    let tar_path = directory.path().join("layer.tar");
    fs::write(&tar_path, written(&layer)).unwrap();
    let target = directory.path().join("gnu");
    fs::create_dir(&target).unwrap();
    run(Command::new("tar")
        .args(["--numeric-owner", "-xpf"])
        .arg(&tar_path)
        .arg("-C")
        .arg(&target));
    let again = store.new_layer().unwrap();
    run(Command::new("cp").arg("-a").arg(target.join(".")).arg(again.fs()));
    assert_eq!(again.commit().unwrap().diff_id, layer.diff_id);
    if has("python3") {
        let script = "import sys,tarfile\nfor m in tarfile.open(sys.argv[1]): print(len(m.name), m.uid, len(m.linkname))";
        let listed = run(Command::new("python3").args(["-c", script]).arg(&tar_path));
        assert_eq!(listed.lines().count(), 7);
        assert!(
            listed.contains("1 0 0") || listed.contains("5 4000000 0"),
            "{listed}"
        );
    }
}

/// The tree that foreign tools make tars of.
fn sample(root: &Path) {
    fs::create_dir_all(root.join("usr/share/a")).unwrap();
    fs::write(root.join("usr/share/a/empty"), "").unwrap();
    fs::write(root.join("usr/share/a/block"), [1; 512]).unwrap();
    fs::write(root.join("usr/share/a/more"), vec![2; 100_000]).unwrap();
    fs::hard_link(root.join("usr/share/a/more"), root.join("usr/share/link")).unwrap();
    symlink("a/more", root.join("usr/share/symlink")).unwrap();
    let long = root.join("l".repeat(200)).join("m".repeat(200));
    fs::create_dir_all(&long).unwrap();
    fs::write(long.join("n".repeat(200)), "a long name").unwrap();
    symlink("s".repeat(300), long.join("symlink")).unwrap();
    let sparse = File::create(root.join("sparse")).unwrap();
    sparse.set_len(3 << 20).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&sparse, b"middle", 1 << 20).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&sparse, &[9; 5000], 2 << 20).unwrap();
    fs::set_permissions(root.join("usr/share/a/block"), fs::Permissions::from_mode(0o4755)).unwrap();
}

fn assert_exact(store: &Store, tar: &[u8], what: &str) -> Layer {
    let image = import(store, tar).unwrap_or_else(|error| panic!("{what}: {error}"));
    let layer = image.layers[0].clone();
    assert_eq!(layer.diff_id, Digest::of(tar), "{what}");
    assert!(written(&layer) == tar, "{what}: other bytes");
    layer
}

#[test]
fn recipes_give_the_exact_bytes_of_foreign_tars() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let root = directory.path().join("root");
    fs::create_dir(&root).unwrap();
    sample(&root);
    let mut contents = None;
    let mut check = |tar: &[u8], what: &str| {
        let layer = assert_exact(&store, tar, what);
        let mut found: Vec<(String, EntryKind, Vec<u8>)> = entries(&layer)
            .into_iter()
            .filter(|entry| entry.1 == EntryKind::File)
            .map(|entry| (entry.0, entry.1, entry.5))
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        // Whichever of two names of one file comes first has the content.
        found.retain(|entry| !entry.0.starts_with("usr/share/link") && !entry.0.ends_with("/more"));
        match &contents {
            None => contents = Some(found),
            Some(contents) => assert!(*contents == found, "{what}: other contents"),
        }
    };
    if has("tar") {
        for format in ["gnu", "oldgnu", "pax", "posix"] {
            for more in [
                &[][..],
                &["--sparse"],
                &["--sparse", "--sparse-version=0.0"],
                &["--sparse", "--sparse-version=0.1"],
                &["-b", "1"],
            ] {
                let output = Command::new("tar")
                    .args(["-C", root.to_str().unwrap(), "--format", format, "-cf", "-"])
                    .args(more)
                    .arg(".")
                    .output()
                    .unwrap();
                assert!(output.status.success());
                check(&output.stdout, &format!("GNU tar {format} {more:?}"));
            }
        }
        for format in ["ustar", "v7"] {
            let output = Command::new("tar")
                .args([
                    "-C",
                    root.to_str().unwrap(),
                    "--format",
                    format,
                    "-cf",
                    "-",
                    "usr",
                ])
                .output()
                .unwrap();
            assert_exact(&store, &output.stdout, format);
        }
    }
    if has("python3") {
        let script = "import sys,tarfile\nt=tarfile.open(fileobj=sys.stdout.buffer,mode='w|',format=getattr(tarfile,sys.argv[2]))\nt.add(sys.argv[1],arcname='')\nt.close()";
        for format in ["GNU_FORMAT", "PAX_FORMAT"] {
            let output = Command::new("python3")
                .args(["-c", script, root.to_str().unwrap(), format])
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            check(&output.stdout, &format!("python {format}"));
        }
    }
}

#[test]
fn a_changed_tree_is_told_and_not_written() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let tar = crate::support::Tar::new()
        .file("a", b"abc")
        .file("b", b"def")
        .end();
    let image = import(&store, &tar).unwrap();
    let layer = &image.layers[0];
    let file = layer.tree().unwrap().join("b");
    for changed in [&b"longer"[..], b"xyz"] {
        fs::write(&file, changed).unwrap();
        let mut out = Vec::new();
        let error = layer.write_tar(&mut out).unwrap_err();
        let told = error.to_string();
        assert!(told.contains("`b`") || told.contains("digest"), "{told}");
    }
}

#[test]
fn compressed_layers_are_read_and_checked() {
    let directory = tempfile::tempdir().unwrap();
    let tar = crate::support::Tar::new().file("a", &[5; 10_000]).end();
    let path = directory.path().join("layer.tar.gz");
    let mut gzip =
        flate2::write::GzEncoder::new(File::create(&path).unwrap(), flate2::Compression::default());
    gzip.write_all(&tar).unwrap();
    gzip.finish().unwrap();
    let layer = Layer::from_tar(&path).unwrap();
    assert_eq!(layer.diff_id, Digest::of(&tar));
    assert_eq!(layer.size().unwrap(), 10_000);
    assert_eq!(written(&layer), tar);
    let store = store(directory.path());
    let image = store.import(
        Box::new(File::open(&path).unwrap()),
        &path,
        &plimsoll_image::ImageConfig::default(),
        &[],
        None,
    );
    assert_eq!(image.unwrap().layers[0].diff_id, layer.diff_id);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 20]).unwrap();
    assert!(Layer::from_tar(&path).is_err());
    let before = leftovers(&store).len();
    assert!(
        store
            .import(
                Box::new(File::open(&path).unwrap()),
                &path,
                &plimsoll_image::ImageConfig::default(),
                &[],
                None
            )
            .is_err()
    );
    assert_eq!(leftovers(&store).len(), before);
}

#[test]
fn times_are_clamped_in_the_tree_too() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let digests: Vec<Digest> = (0..2)
        .map(|round| {
            let mut new = store.new_layer().unwrap();
            fs::create_dir(new.fs().join("d")).unwrap();
            fs::write(new.fs().join("d/f"), "x").unwrap();
            let time = std::time::SystemTime::now() + std::time::Duration::from_secs(round * 100);
            File::open(new.fs().join("d/f"))
                .unwrap()
                .set_modified(time)
                .unwrap();
            new.clamp_mtime(1_000_000);
            let layer = new.commit().unwrap();
            assert!(entries(&layer).iter().all(|entry| entry.4 == 1_000_000));
            written(&layer);
            layer.diff_id
        })
        .collect();
    assert_eq!(digests[0], digests[1]);
}
