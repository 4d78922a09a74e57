//! Tars that want to get out of the tree, or to break what reads them.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use plimsoll_image::{EntryKind, Error};
use proptest::prelude::*;

use crate::support::{Tar, entries, import, is_root, leftovers, store, written};

#[test]
fn what_leads_out_is_refused_and_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let outside = directory.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "secret").unwrap();
    let out = outside.to_str().unwrap();
    let good = Tar::new().file("good", b"good");
    let cases = [
        ("../x", good.clone().file("../x", b"x")),
        ("a/../../x", good.clone().file("a/../../x", b"x")),
        ("a/..", good.clone().dir("a/..")),
        ("link/x", good.clone().symlink("link", out).file("link/x", b"x")),
        (
            "link/x",
            good.clone().symlink("link", "../../../..").dir("link/x"),
        ),
        (
            "deep/link/x",
            good.clone().symlink("deep/link", out).symlink("deep/link/x", "y"),
        ),
        (
            "link/.wh.secret",
            good.clone().symlink("link", out).file("link/.wh.secret", b""),
        ),
        (
            "link/.wh..wh..opq",
            good.clone().symlink("link", out).file("link/.wh..wh..opq", b""),
        ),
        ("hard", good.clone().hard_link("hard", "../../outside/secret")),
        ("hard", good.clone().hard_link("hard", &format!("{out}/secret"))),
        (
            "hard",
            good.clone().symlink("link", out).hard_link("hard", "link/secret"),
        ),
        ("hard", good.clone().dir("d").hard_link("hard", "d")),
        ("hard", good.clone().hard_link("hard", "none")),
        ("null", good.clone().raw(b"null", b'3', b"", b"", (0, 0))),
        (".wh...", good.clone().file(".wh...", b"")),
        (".wh..", good.clone().file(".wh..", b"")),
        (".wh.x/y", good.clone().file(".wh.x/y", b"")),
        ("good/x", good.clone().file("good/x", b"x")),
        ("odd", good.clone().raw(b"odd", b'Q', b"", b"", (0, 0))),
    ];
    let store = store(directory.path());
    for (name, tar) in cases {
        match import(&store, &tar.end()) {
            Err(Error::Entry {
                path, entry, layer, ..
            }) => {
                assert_eq!(
                    (path.to_str(), entry.as_str(), layer.as_str()),
                    (Some("test.tar"), name, "1")
                );
            }
            other => panic!("`{name}` gave {other:?}"),
        }
        assert_eq!(leftovers(&store), [] as [std::path::PathBuf; 0], "after `{name}`");
    }
    let names: Vec<_> = fs::read_dir(&outside)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["secret"]);
    assert_eq!(fs::metadata(outside.join("secret")).unwrap().nlink(), 1);
}

#[test]
fn absolute_names_are_taken_as_docker_does() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let tar = Tar::new()
        .file("/etc/a", b"a")
        .file("./etc/b", b"b")
        .hard_link("//c", "/etc/a")
        .end();
    let image = import(&store, &tar).unwrap();
    let tree = image.layers[0].tree().unwrap();
    assert_eq!(fs::read(tree.join("etc/b")).unwrap(), b"b");
    assert_eq!(
        fs::metadata(tree.join("c")).unwrap().ino(),
        fs::metadata(tree.join("etc/a")).unwrap().ino()
    );
    assert_eq!(written(&image.layers[0]), tar);
}

#[test]
fn later_entries_win_and_the_bytes_stay() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let tar = Tar::new()
        .file("same", b"first")
        .hard_link("link-to-first", "same")
        .file("same", b"second, and longer")
        .file("same", b"third")
        .dir("dir")
        .file("dir/inner", b"inner")
        .file("dir/sub/inner", b"inner of sub")
        .file("dir!", b"beside")
        .file("dir", b"now a file")
        .file("file", b"a file first")
        .dir("file")
        .file("file/in-it", b"in it")
        .symlink("to-replace", "/etc")
        .dir("to-replace")
        .file("to-replace/x", b"x")
        .file("both", b"file")
        .symlink("both", "same")
        .end();
    let image = import(&store, &tar).unwrap();
    let layer = &image.layers[0];
    let tree = layer.tree().unwrap();
    let read = |name: &str| String::from_utf8(fs::read(tree.join(name)).unwrap()).unwrap();
    assert_eq!(read("same"), "third");
    assert_eq!(read("link-to-first"), "first");
    assert_eq!(read("dir"), "now a file");
    assert_eq!(read("dir!"), "beside");
    assert_eq!(read("file/in-it"), "in it");
    assert_eq!(read("to-replace/x"), "x");
    assert_eq!(read("both"), "third");
    assert_eq!(written(layer), tar);
    let contents: Vec<_> = entries(layer)
        .into_iter()
        .filter(|entry| entry.0 == "same")
        .map(|entry| String::from_utf8(entry.5).unwrap())
        .collect();
    assert_eq!(contents, ["first", "second, and longer", "third"]);
}

#[test]
fn whiteouts_become_what_an_overlay_understands() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let tar = Tar::new()
        .file("etc/.wh.gone", b"")
        .file("etc/.wh.replaced", b"")
        .file("etc/replaced", b"new")
        .file("etc/.wh.newdir", b"")
        .dir("etc/newdir")
        .dir("var")
        .file("var/.wh..wh..opq", b"")
        .file(".wh..wh.plnk/1.2", b"aufs")
        .file("opt/x", b"x")
        .file(".wh.opt", b"")
        .end();
    let image = import(&store, &tar).unwrap();
    let layer = &image.layers[0];
    let tree = layer.tree().unwrap();
    let gone = fs::symlink_metadata(tree.join("etc/gone")).unwrap();
    assert!(gone.file_type().is_char_device() && gone.rdev() == 0);
    assert_eq!(fs::read(tree.join("etc/replaced")).unwrap(), b"new");
    let opaque = |name: &str| {
        let mut value = [0_u8; 8];
        ["trusted.overlay.opaque", "user.overlay.opaque"]
            .iter()
            .any(|xattr| rustix::fs::getxattr(tree.join(name), *xattr, &mut value[..]) == Ok(1))
    };
    assert!(opaque("var") && opaque("etc/newdir") && opaque("opt") && !opaque("etc"));
    assert!(!tree.join(".wh..wh.plnk").exists());
    assert_eq!(written(layer), tar);
    let kinds: Vec<_> = entries(layer)
        .into_iter()
        .map(|entry| (entry.0, entry.1))
        .collect();
    assert_eq!(kinds[0], ("etc/gone".to_owned(), EntryKind::Whiteout));
    assert!(kinds.contains(&("var".to_owned(), EntryKind::Opaque)));
    assert!(kinds.iter().all(|(path, _)| !path.contains(".wh.")));
}

/// A tar whose directories bear extended attributes, by PAX records.
fn tar_with_marks(marks: &[(&str, &str)]) -> Vec<u8> {
    let mut records = Vec::new();
    for (name, value) in marks {
        let rest = format!(" SCHILY.xattr.{name}={value}\n");
        // The length counts its own digits.
        let length = (rest.len()..).find(|length| length.to_string().len() + rest.len() == *length);
        records.extend(format!("{}{rest}", length.unwrap()).into_bytes());
    }
    Tar::new()
        .raw(b"pax", b'x', b"", &records, (0, 0))
        .dir("lib/apk/db")
        .raw(b"pax", b'x', b"", &records, (0, 0))
        .file("lib/apk/file", b"x")
        .end()
}

#[test]
fn marks_of_an_overlay_are_not_taken_from_a_tar() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let marks = [
        ("trusted.overlay.opaque", "y"),
        ("trusted.overlay.metacopy", ""),
        ("trusted.overlay.redirect", "/etc"),
        ("user.overlay.opaque", "y"),
        ("user.overlay.redirect", "/etc"),
        ("user.kept", "1"),
    ];
    let tar = tar_with_marks(&marks);
    let image = import(&store, &tar).unwrap();
    let layer = &image.layers[0];
    let tree = layer.tree().unwrap();
    for path in ["lib/apk/db", "lib/apk/file"] {
        let mut names = [0_u8; 4096];
        match rustix::fs::listxattr(tree.join(path), &mut names[..]) {
            Ok(length) => {
                let names = String::from_utf8_lossy(&names[..length]);
                assert!(!names.contains("overlay"), "{path}: {names}");
            }
            Err(error) => assert_eq!(error, rustix::io::Errno::NOTSUP),
        }
    }
    assert!(entries(layer).iter().all(|entry| entry.1 != EntryKind::Opaque));
    assert_eq!(written(layer), tar);
}

#[test]
fn a_mark_that_no_mount_heeds_makes_nothing_opaque() {
    if !is_root("another mark than the mounts'") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let fill = |marked: bool| {
        let new = store.new_layer().unwrap();
        let db = new.fs().join("lib/apk/db");
        fs::create_dir_all(&db).unwrap();
        fs::write(db.join("installed"), "P:a\nV:1\n").unwrap();
        for path in ["lib", "lib/apk", "lib/apk/db", "lib/apk/db/installed"] {
            if marked {
                let flags = rustix::fs::XattrFlags::empty();
                rustix::fs::setxattr(new.fs().join(path), "user.overlay.opaque", b"y", flags).ok();
            }
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1);
            let file = fs::File::open(new.fs().join(path)).unwrap();
            file.set_modified(time).unwrap();
        }
        let layer = new.commit().unwrap();
        assert!(entries(&layer).iter().all(|entry| entry.1 != EntryKind::Opaque));
        written(&layer)
    };
    let plain = fill(false);
    assert_eq!(fill(true), plain);
}

#[test]
fn a_long_name_that_is_cut_behind_a_slash_is_that_of_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let path = format!("{}/file", "d".repeat(99));
    let long = |name: &str| {
        Tar::new().raw(
            b"././@LongLink",
            b'L',
            b"",
            format!("{name}\0").as_bytes(),
            (0, 0),
        )
    };
    let tar = long(&path)
        .file(&path[..100], b"content")
        .file("behind", b"x")
        .end();
    let image = import(&store, &tar).unwrap();
    let found = entries(&image.layers[0]);
    assert_eq!(found.len(), 2);
    assert_eq!(
        (&found[0].0, &found[0].1, &found[0].5[..]),
        (&path, &EntryKind::File, &b"content"[..])
    );
    assert_eq!(written(&image.layers[0]), tar);
    // Before POSIX, a name that ends with a slash was that of a directory.
    let path = format!("{}/dir/", "d".repeat(99));
    let image = import(&store, &long(&path).file(&path[..100], b"").end()).unwrap();
    assert_eq!(entries(&image.layers[0])[0].1, EntryKind::Directory);
}

#[test]
fn damaged_tars_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let tar = Tar::new().file("a", &[7; 3000]).file("b", b"b").end();
    for length in [700, 512 + 2999, 512 + 3000, 512 + 3072 + 100, 512 + 3072 + 512] {
        let error = import(&store, &tar[..length]).unwrap_err();
        assert!(matches!(error, Error::Truncated { .. }), "{length}: {error}");
    }
    let mut damaged = tar.clone();
    damaged[3] = b'x';
    assert!(matches!(import(&store, &damaged), Err(Error::Layer { .. })));
    let mut huge = tar;
    huge[124..136].fill(b'7');
    assert!(matches!(
        import(&store, &huge),
        Err(Error::Layer { .. } | Error::Truncated { .. })
    ));
    assert!(matches!(
        import(&store, b"no tar at all, but more than nothing"),
        Err(Error::Truncated { .. })
    ));
    assert!(leftovers(&store).is_empty());
    // An end without the two blocks of zeros is one that Go's reader, too, accepts.
    assert!(import(&store, &Tar::new().file("a", b"a").end()[..1024]).is_ok());
}

#[test]
fn names_that_are_not_text_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let tar = Tar::new().raw(b"a\xff\xfe/\x01", b'0', b"", b"x", (0, 0)).end();
    let image = import(&store, &tar).unwrap();
    assert_eq!(written(&image.layers[0]), tar);
}

/// Any members in any order, many of them in each other's way.
fn members() -> impl Strategy<Value = Vec<(String, u8, String, Vec<u8>)>> {
    let name = || "(\\./|/)?((a|b|c|\\.wh\\.a|\\.wh\\.b|\\.wh\\.\\.wh\\.opq)/){0,2}(a|b|c|\\.wh\\.a|\\.wh\\.\\.wh\\.opq)";
    let hostile =
        prop_oneof![Just("../a"), Just("a/../../b"), Just("/.."), Just("a/.wh..")].prop_map(str::to_owned);
    let kind =
        prop_oneof![3 => Just(b'0'), 3 => Just(b'5'), 2 => Just(b'2'), 2 => Just(b'1'), 1 => Just(b'6')];
    let link = prop_oneof![name(), Just("../../outside".to_owned()), Just("/".to_owned())];
    let member = (
        prop_oneof![40 => name(), 1 => hostile],
        kind,
        link,
        proptest::collection::vec(any::<u8>(), 0..1500),
    );
    proptest::collection::vec(member, 0..14)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the members: nothing outside is touched, and what is taken in is given back to the byte.
    #[test]
    fn any_members_are_refused_or_kept_exactly(members in members()) {
        let directory = tempfile::tempdir().unwrap();
        let outside = directory.path().join("outside");
        fs::write(&outside, "as it was").unwrap();
        let store = store(directory.path());
        let mut tar = Tar::new();
        for (name, kind, link, data) in &members {
            let data = if *kind == b'0' { &data[..] } else { &[] };
            tar = tar.raw(name.as_bytes(), *kind, link.as_bytes(), data, (0, 0));
        }
        let tar = tar.end();
        match import(&store, &tar) {
            Ok(image) => {
                let layer = &image.layers[0];
                prop_assert!(written(layer) == tar);
                let path = directory.path().join("layer.tar");
                fs::write(&path, &tar).unwrap();
                let archived = plimsoll_image::Layer::from_tar(&path).unwrap();
                prop_assert_eq!(entries(&archived), entries(layer));
                // What the tree says now, as a layer of its own, can be written and read, too.
                let mut paths = std::collections::BTreeSet::new();
                for (path, kind, ..) in entries(layer) {
                    if matches!(kind, EntryKind::File | EntryKind::Directory) {
                        paths.insert(path);
                    }
                }
                for path in paths {
                    let found = fs::symlink_metadata(layer.tree().unwrap().join(&path));
                    // It may have been replaced, together with its parents, but not by nothing at all.
                    let first = path.split('/').next().unwrap();
                    prop_assert!(found.is_ok() || layer.tree().unwrap().join(first).symlink_metadata().is_ok());
                }
            }
            Err(Error::Entry { .. }) => prop_assert!(leftovers(&store).is_empty()),
            Err(other) => prop_assert!(false, "{}", other),
        }
        prop_assert_eq!(fs::read(&outside).unwrap(), b"as it was");
        prop_assert_eq!(fs::metadata(&outside).unwrap().nlink(), 1);
        prop_assert_eq!(fs::read_dir(directory.path()).unwrap().filter(|entry| entry.as_ref().unwrap().file_name() != "layer.tar").count(), 2);
    }

    /// Any bytes in place of some of a tar's are an error or another tar, never a panic.
    #[test]
    fn damaged_bytes_never_panic(changes in proptest::collection::vec((0_usize..4096, any::<u8>()), 1..8)) {
        let directory = tempfile::tempdir().unwrap();
        let store = store(directory.path());
        let mut tar = Tar::new().file("a", &[7; 600]).dir("d").symlink("s", "a").hard_link("h", "a").end();
        for (place, value) in changes {
            let length = tar.len();
            tar[place % length] = value;
        }
        if let Ok(image) = import(&store, &tar) {
            prop_assert!(written(&image.layers[0]) == tar);
        }
    }
}
