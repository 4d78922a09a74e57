//! Files that layers made by the same instruction share, and what several sources make of one name.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::{Duration, SystemTime};

use plimsoll_image::EntryKind;

use crate::Test;
use crate::fixture::{Built, Fixture};

pub(crate) const TESTS: &[Test] = &[
    ("shared::what_did_not_change", what_did_not_change),
    ("shared::never_written_to", never_written_to),
    ("shared::hard_links_of_the_context", hard_links_of_the_context),
    ("shared::the_last_source_counts", the_last_source_counts),
];

/// The inode of a file in the topmost layer that has it.
fn inode(built: &Built, path: &str) -> u64 {
    let layers = built.image().layers.iter().rev();
    let mut found = layers.filter_map(|layer| layer.tree()?.join(path).symlink_metadata().ok());
    found.next().unwrap().ino()
}

fn what_did_not_change() {
    let fixture = Fixture::new();
    for name in ["same", "content", "mode", "touched", "sub/same"] {
        fixture.file(&format!("d/{name}"), "1");
    }
    let dockerfile = "FROM scratch\nCOPY d /d\n";
    let first = fixture.build(dockerfile);
    let path = |name: &str| fixture.context().join("d").join(name);
    fixture.file("d/content", "2").file("d/new", "3");
    std::fs::set_permissions(path("mode"), PermissionsExt::from_mode(0o600)).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(77);
    let touched = std::fs::File::open(path("touched")).unwrap();
    touched.set_modified(time).unwrap();
    let second = fixture.build(dockerfile);
    for (name, shared) in [
        ("d/same", true),
        ("d/sub/same", true),
        ("d/content", false),
        ("d/mode", false),
        ("d/touched", false),
    ] {
        assert_eq!(inode(&first, name) == inode(&second, name), shared, "{name}");
    }
    assert_eq!(second.tree.content("d/content"), "2");
    assert_eq!(second.tree.get("d/mode").mode, 0o600);
    assert_eq!(second.tree.get("d/touched").mtime, 77);
    assert_eq!(first.tree.content("d/content"), "1");
    let anew = fixture.build_with(dockerfile, |options| options.no_cache = true);
    assert_eq!(anew.image().layers[0].diff_id, second.image().layers[0].diff_id);
    let elsewhere = fixture.build("FROM scratch\nCOPY d /e\n");
    assert_ne!(inode(&elsewhere, "e/same"), inode(&second, "d/same"));
}

fn never_written_to() {
    let fixture = Fixture::new();
    fixture.file("d/a", "1").file("d/b", "1");
    let dockerfile = "FROM busybox\nCOPY d /d\nRUN echo more >> /d/a; chmod 700 /d/a; stat -c %h /d/a\n";
    let first = fixture.build(dockerfile);
    fixture.file("d/b", "2");
    let second = fixture.build(dockerfile);
    assert_eq!(second.log.output(), ["1"], "it was copied before it was changed");
    for built in [&first, &second] {
        assert_eq!(built.tree.content("d/a"), "1more\n");
        let copied = &built.image().layers[built.image().layers.len() - 2];
        copied.verify().unwrap();
        let file = copied.tree().unwrap().join("d/a");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "1");
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o644);
    }
}

fn hard_links_of_the_context() {
    let fixture = Fixture::new();
    fixture.file("d/a", "1").file("d/c", "1");
    let path = |name: &str| fixture.context().join("d").join(name);
    std::fs::hard_link(path("a"), path("b")).unwrap();
    let dockerfile = "FROM scratch\nCOPY d /d\n";
    fixture.build(dockerfile);
    fixture.file("d/c", "2");
    let linked = fixture.build(dockerfile);
    assert_eq!(linked.tree.get("d/b").kind, EntryKind::HardLink(b"d/a".to_vec()));
    // Of the same content, but not one file any more.
    std::fs::remove_file(path("b")).unwrap();
    std::fs::copy(path("a"), path("b")).unwrap();
    let parted = fixture.build(dockerfile);
    assert_eq!(parted.tree.get("d/b").kind, EntryKind::File);
    assert_ne!(inode(&parted, "d/a"), inode(&parted, "d/b"));
}

fn the_last_source_counts() {
    let fixture = Fixture::new();
    fixture.file("one/a", "1").file("one/c", "1").file("two/a", "2");
    let path = |name: &str| fixture.context().join(name);
    std::fs::hard_link(path("one/a"), path("one/b")).unwrap();
    fixture.link("two/c", "a");
    std::fs::set_permissions(path("two"), PermissionsExt::from_mode(0o711)).unwrap();
    for top in ["one", "two"] {
        fixture.directory(&format!("{top}/sub"));
    }
    std::fs::set_permissions(path("two/sub"), PermissionsExt::from_mode(0o700)).unwrap();
    let built = fixture.build("FROM scratch\nCOPY one two /d/\n");
    assert_eq!(built.tree.content("d/a"), "2");
    assert_eq!(
        built.tree.content("d/b"),
        "1",
        "the other name keeps the first source's"
    );
    assert_eq!(built.tree.get("d/c").kind, EntryKind::Symlink(b"a".to_vec()));
    assert_eq!(built.tree.get("d/sub").mode, 0o700);
    let built = fixture.build("FROM scratch\nCOPY two one /d/\n");
    assert_eq!(built.tree.get("d/b").kind, EntryKind::HardLink(b"d/a".to_vec()));
    assert_eq!(built.tree.content("d/c"), "1");
    assert_eq!(built.tree.get("d/sub").mode, 0o755);
    fixture.file("three/a/x", "3");
    let error = fixture.fail("FROM scratch\nCOPY one three /d/\n");
    assert!(
        error
            .to_string()
            .contains("`/d/a` in the image is not a directory"),
        "{error}"
    );
}
