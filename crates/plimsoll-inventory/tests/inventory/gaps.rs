//! Distributions, and what could not be read or looked at.

use std::fs::File;

use plimsoll_image::Layer;

use crate::STATUS;
use crate::support::{F, Put, S, dpkg, inventory, layer, metadata, shown};

#[test]
fn distributions() {
    let dir = tempfile::tempdir().unwrap();
    let debian = b"ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n";
    let base = layer(
        dir.path(),
        &[
            F("usr/lib/os-release", debian),
            S("etc/os-release", "../usr/lib/os-release"),
            F("etc/debian_version", b"12.5\n"),
        ],
    );
    let found = inventory(vec![base.clone()]);
    assert_eq!(found.distribution.unwrap().to_string(), "debian 12");
    assert_eq!(found.release.as_deref(), Some("12.5"));
    let testing = layer(dir.path(), &[F("etc/debian_version", b"trixie/sid\n")]);
    assert_eq!(inventory(vec![base.clone(), testing]).release, None);
    let other = layer(dir.path(), &[F("etc/os-release", b"ID=other\nVERSION_ID=1\n")]);
    assert_eq!(inventory(vec![base, other]).distribution.unwrap().id, "other");
    let bare = layer(dir.path(), &[F("etc/alpine-release", b"3.20.3\n")]);
    assert_eq!(
        inventory(vec![bare]).distribution.unwrap().to_string(),
        "alpine 3.20.3"
    );
}

#[test]
fn damaged_databases_are_noted_and_the_rest_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let damaged = b"Package: a\nVersion: 1\n\nnonsense\n\nPackage: b\nVersion: \xff\n".as_slice();
    let lower = layer(dir.path(), &[F(STATUS, damaged), F("x.egg-info", b"Name: x\n")]);
    let found = inventory(vec![lower.clone()]);
    assert_eq!(shown(&found), ["a 1 0"]);
    let warnings: Vec<_> = found.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "`var/lib/dpkg/status`: line 4 is not a field",
            "`var/lib/dpkg/status`: the paragraph at line 4 has no `Package`",
            "`var/lib/dpkg/status`: `Version` of the paragraph at line 6 is not UTF-8",
            "`x.egg-info`: there is no `Version`",
        ]
    );
    // What a later layer mends is no longer worth a word.
    let upper = layer(
        dir.path(),
        &[F(STATUS, &dpkg(&[("a", "1")])), F(".wh.x.egg-info", b"")],
    );
    assert!(inventory(vec![lower, upper]).warnings.is_empty());
}

#[test]
fn kinds_that_no_cataloger_reads_are_noted() {
    let dir = tempfile::tempdir().unwrap();
    let jars = layer(
        dir.path(),
        &[
            F("opt/a/pubspec.lock", b"x"),
            F("opt/b/pubspec.lock", b"x"),
            F("nix/var/nix/db/db.sqlite", b"9"),
        ],
    );
    let found = inventory(vec![jars]).uncatalogued;
    let shown: Vec<_> = found
        .iter()
        .map(|one| (one.kind.as_str(), one.files, one.example.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            ("Dart packages", 2, "opt/a/pubspec.lock"),
            ("Nix packages", 1, "nix/var/nix/db/db.sqlite"),
        ]
    );
}

#[test]
fn go_programs_that_say_nothing_are_noted_unless_a_package_owns_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut program = vec![0; 600 << 10];
    program[..6].copy_from_slice(b"\x7fELF\x02\x01");
    program[3996..4012].copy_from_slice(b"\x04\0\0\0\x53\0\0\0\x04\0\0\0Go\0\0");
    let path = dir.path().join("programs.tar");
    let mut tar = tar::Builder::new(File::create(&path).unwrap());
    for (name, content, mode) in [
        (
            "lib/apk/db/installed",
            b"P:x\nV:1\nF:usr/bin\nR:owned\n\n".as_slice(),
            0o644,
        ),
        ("app/server", &program, 0o755),
        ("app/data", &program, 0o644),
        ("usr/bin/owned", &program, 0o755),
        ("usr/bin/other", &program[..100], 0o755),
    ] {
        let mut header = tar::Header::new_ustar();
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, name, content).unwrap();
    }
    tar.into_inner().unwrap().sync_all().unwrap();
    let found = inventory(vec![Layer::from_tar(&path).unwrap()]);
    let shown: Vec<_> = found
        .uncatalogued
        .iter()
        .map(|one| (one.kind.as_str(), one.files, one.example.as_str()))
        .collect();
    let kind = "Go binaries without build information";
    assert_eq!(shown, [(kind, 1, "app/server")]);
    assert_eq!(found.gaps(), [format!("{kind} are not read: `app/server`")]);
}

#[test]
fn gaps_tell_nothing_to_compare_from_could_not_look() {
    let dir = tempfile::tempdir().unwrap();
    let release = F("etc/os-release", b"ID=debian\nVERSION_ID=\"12\"\n");
    let gaps = |entries: &[Put<'_>]| inventory(vec![layer(dir.path(), entries)]).gaps();
    assert_eq!(
        gaps(&[F("app", b"x")]),
        ["no package database was found, nor what distribution it is of"]
    );
    let none = gaps(&[release, F("app/a.dist-info/METADATA", &metadata("a", "1"))]);
    assert!(
        none.len() == 1 && none[0].starts_with("it is of debian 12, but no package"),
        "{none:?}"
    );
    let release = || F("etc/os-release", b"ID=debian\nVERSION_ID=\"12\"\n");
    assert_eq!(gaps(&[release(), F(STATUS, &dpkg(&[("a", "1")]))]), [""; 0]);
    let damaged = [dpkg(&[("a", "1")]), b"Package: b\n\nnonsense\n".to_vec()].concat();
    let found = gaps(&[release(), F(STATUS, &damaged)]);
    assert!(
        found.len() == 1 && found[0].starts_with("`var/lib/dpkg/status` could not be read whole: "),
        "{found:?}"
    );
    let large = vec![b'\n'; (64 << 20) + 1];
    let found = gaps(&[release(), F(STATUS, &large)]);
    assert!(found.len() == 2 && found[1].contains("no more than"), "{found:?}");
    let found = gaps(&[
        F("opt/a/pubspec.lock", b"x"),
        F("opt/b/pubspec.lock", b"x"),
        F("x.egg-info", &metadata("x", "1")),
    ]);
    assert_eq!(
        found,
        ["Dart packages are not read: `opt/a/pubspec.lock` and 1 more"]
    );
    // What does not name packages is no gap.
    let copyright = F("usr/share/doc/a/copyright", b"Format: x\nLicense: \xff\n");
    assert_eq!(gaps(&[F(STATUS, &dpkg(&[("a", "1")])), copyright]), [""; 0]);
}

#[test]
fn programs_that_are_called_like_archives_are_programs() {
    let dir = tempfile::tempdir().unwrap();
    let mut packed = b"\x7fELF\x02\x01".to_vec();
    packed.resize(0xe8, 0);
    packed.extend(b"\x12\x34\x56\x78UPX!\x0d\x16");
    packed.resize(8 << 10, 7);
    for name in ["a/server.pex", "a/server.pyz", "a/server.jar", "a/server.egg"] {
        let found = inventory(vec![layer(dir.path(), &[F(name, &packed)])]);
        let kinds = found
            .uncatalogued
            .iter()
            .map(|one| (one.kind.as_str(), one.example.as_str()));
        assert_eq!(kinds.collect::<Vec<_>>(), [("programs packed with UPX", name)]);
        assert!(found.warnings.is_empty(), "{:?}", found.warnings);
    }
}
