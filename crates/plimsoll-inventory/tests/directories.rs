//! Root file systems in directories, which must hold what the same files in an image hold.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests say what fails and what they skip"
)]

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use plimsoll_core::{Finding, Origin, Package, Place};
use plimsoll_image::{FileTree, Layer};
use plimsoll_inventory::Inventory;

mod support;
use support::{F, H, S, dpkg, inventory, layer, metadata, shared, unzipped};

const STATUS: &str = "var/lib/dpkg/status";

fn of(root: &Path) -> Inventory {
    Inventory::of_tree(&FileTree::open(root).unwrap(), false).unwrap()
}

/// Packages without what a directory cannot say of them.
fn without_layers(inventory: &Inventory) -> Vec<Package> {
    let without = |package: &Package| Package {
        layer: None,
        origin: Origin::Unknown,
        ..package.clone()
    };
    inventory.packages.iter().map(without).collect()
}

/// The secrets' checks, files and lines.
fn secrets(inventory: &Inventory) -> Vec<(String, String, String)> {
    let shown = |found: &Finding| match &found.place {
        Place::Layer { path, .. } | Place::File { path, .. } => {
            (found.check.clone(), path.clone(), found.message.clone())
        }
        other => panic!("{other:?} is no file"),
    };
    inventory.secrets.iter().map(shown).collect()
}

/// Unpacks the tar and compares what is found in the directory with what is found in the tar.
fn assert_same(tar: &Path) {
    let root = tempfile::tempdir().unwrap();
    let mut command = Command::new("tar");
    command
        .args(["-x", "--no-same-owner", "--exclude=./dev", "--exclude=dev", "-C"])
        .arg(root.path())
        .arg("-f")
        .arg(tar);
    match command.status() {
        Ok(status) => assert!(status.success(), "{} cannot be unpacked", tar.display()),
        Err(error) => return eprintln!("skipped: there is no tar: {error}"),
    }
    let (image, directory) = (inventory(vec![Layer::from_tar(tar).unwrap()]), of(root.path()));
    assert!(!image.packages.is_empty() || image.distribution.is_none());
    assert_eq!(without_layers(&image), directory.packages, "{}", tar.display());
    assert!(directory.packages.iter().all(|package| package.layer.is_none()));
    assert_eq!(image.dependencies, directory.dependencies);
    assert_eq!(image.distribution, directory.distribution);
    assert_eq!(image.release, directory.release);
    assert_eq!(image.uncatalogued, directory.uncatalogued);
    assert_eq!(image.secret_scope, directory.secret_scope);
    assert_eq!(secrets(&image), secrets(&directory));
    assert_eq!(image.warnings, directory.warnings);
}

#[test]
fn a_directory_holds_what_its_tar_holds() {
    let dir = tempfile::tempdir().unwrap();
    let token = format!("TOKEN={}R4nd0mT3stV4lu3Th4tIsN0tR34l0123456a\n", "ghp_");
    let made = [
        F("etc/os-release", b"ID=debian\nVERSION_ID=\"12\"\n"),
        F(STATUS, &dpkg(&[("libc6", "2.36-9"), ("python3-six", "1.16.0-4")])),
        F(
            "var/lib/dpkg/info/python3-six.list",
            b"/.\n/usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO\n/usr/share/owned.conf\n",
        ),
        F(
            "usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO",
            &metadata("six", "1.16.0"),
        ),
        F("usr/share/owned.conf", token.as_bytes()),
        F("usr/share/unowned.conf", token.as_bytes()),
        F("app/.env", token.as_bytes()),
        F("cache/blob", &metadata("linked", "1")),
        H("srv/linked.dist-info/METADATA", "cache/blob"),
        S("srv/elsewhere", "/etc"),
        F(
            "app/node_modules/x/package.json",
            br#"{"name":"x","version":"1.0.0"}"#,
        ),
    ];
    let tar = layer(dir.path(), &made);
    assert_eq!(inventory(vec![tar]).packages.len(), 4);
    let tar = fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
    assert_same(&tar);
}

#[test]
fn real_root_file_systems() {
    let Some(roots) = shared("images/rootfs") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(roots).unwrap() {
        let path = entry.unwrap().path();
        let tar = dir.path().join("plain.tar");
        fs::write(&tar, unzipped(&fs::read(&path).unwrap())).unwrap();
        assert_same(&tar);
    }
}

#[test]
fn nothing_outside_is_found() {
    let outside = tempfile::tempdir().unwrap();
    fs::create_dir_all(outside.path().join("a.dist-info")).unwrap();
    fs::write(outside.path().join("a.dist-info/METADATA"), metadata("a", "1")).unwrap();
    fs::write(outside.path().join("status"), dpkg(&[("b", "1")])).unwrap();
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("var/lib/dpkg")).unwrap();
    symlink(outside.path(), root.path().join("site-packages")).unwrap();
    symlink(outside.path().join("status"), root.path().join(STATUS)).unwrap();
    symlink("/", root.path().join("all")).unwrap();
    assert_eq!(of(root.path()).packages, []);
}

#[test]
fn what_may_not_be_read_is_told() {
    if may_read_all() {
        eprintln!("skipped: root may read everything");
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let status = root.path().join(STATUS);
    fs::create_dir_all(status.parent().unwrap()).unwrap();
    fs::create_dir_all(root.path().join("closed")).unwrap();
    fs::write(&status, dpkg(&[("a", "1")])).unwrap();
    for path in [&status, &root.path().join("closed")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
    }
    let found = of(root.path());
    let paths: Vec<&str> = found
        .warnings
        .iter()
        .map(|warning| warning.path.as_str())
        .collect();
    assert_eq!(paths, [STATUS, "closed"]);
    // The first of them names packages, which are missing now.
    assert_eq!(found.unread.len(), 1);
    fs::set_permissions(root.path().join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
}

/// Whether the tests are run by a user who may read every file.
fn may_read_all() -> bool {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o000)).unwrap();
    File::open(file.path()).is_ok()
}

#[test]
fn no_directory_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    File::create(&file).unwrap();
    for path in [&file, &dir.path().join("none")] {
        let error = FileTree::open(path).unwrap_err().to_string();
        assert!(error.contains("cannot open the directory"), "{error}");
    }
}

/// dpkg lists directories without saying that they are some.
#[test]
fn empty_directories_are_no_files_of_packages() {
    let root = tempfile::tempdir().unwrap();
    let at = |path: &str| root.path().join(path);
    for directory in ["boot", "etc/conf.d", "var/lib/dpkg/info"] {
        fs::create_dir_all(at(directory)).unwrap();
    }
    fs::write(at(STATUS), "Package: base-files\nVersion: 1\n").unwrap();
    let list = "/.\n/boot\n/etc\n/etc/conf.d\n/etc/issue\n";
    fs::write(at("var/lib/dpkg/info/base-files.list"), list).unwrap();
    let found = Inventory::of_tree(&FileTree::open(root.path()).unwrap(), true).unwrap();
    assert_eq!(found.packages[0].files, ["etc/issue"]);
}
