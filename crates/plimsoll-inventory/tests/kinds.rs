//! Packages of less common kinds, as they lie in images: what owns what, licences and files from other files, layers.

#![allow(clippy::unwrap_used, reason = "tests say what fails")]

mod support;

use plimsoll_core::{Finding, Package, Place};
use plimsoll_inventory::{Inventory, InventoryOptions};
use support::{F, Put, S, image, layer};

/// `kind name version layer`, with licences and files where there are any.
fn shown(inventory: &Inventory) -> Vec<String> {
    let show = |package: &Package| {
        let layer = package.layer.as_ref().unwrap().index;
        let kind = package.ecosystem.purl_type();
        format!(
            "{kind} {} {} in {layer}, {:?}, {:?}",
            package.name, package.version, package.licenses, package.files
        )
    };
    inventory.packages.iter().map(show).collect()
}

#[test]
fn distributions_of_other_kinds_own_their_files() {
    let dir = tempfile::tempdir().unwrap();
    let metadata = b"Name: pip\nVersion: 24.0\n";
    let site = "usr/lib/python3.12/site-packages/pip-24.0.dist-info/METADATA";
    let arch = layer(
        dir.path(),
        &[
            F("etc/os-release", b"ID=arch\nPRETTY_NAME=\"Arch Linux\"\n"),
            F(
                "var/lib/pacman/local/python-pip-24.0-1/desc",
                b"%NAME%\npython-pip\n\n%VERSION%\n24.0-1\n\n%LICENSE%\nMIT\n",
            ),
            F(
                "var/lib/pacman/local/python-pip-24.0-1/files",
                format!("%FILES%\nusr/\n{site}\n").as_bytes(),
            ),
            F(site, metadata),
        ],
    );
    let gentoo = layer(
        dir.path(),
        &[
            F(
                "var/db/pkg/app-misc/tool-1.0-r1/CONTENTS",
                b"dir /usr\nobj /opt/x-1.egg-info d41d 1\n",
            ),
            F("var/db/pkg/app-misc/tool-1.0-r1/LICENSE", b"MIT BSD\n"),
            F("opt/x-1.egg-info", metadata),
            F("usr/lib/opkg/status", b"Package: busybox\nVersion: 1.36-1\n"),
            F("usr/lib/opkg/info/busybox.list", b"/bin/busybox\n"),
        ],
    );
    let image = image(vec![arch, gentoo], &[]);
    let options = InventoryOptions {
        files: true,
        ..InventoryOptions::default()
    };
    let found = Inventory::with_options(&image, options).unwrap();
    assert!(found.warnings.is_empty(), "{:?}", found.warnings);
    assert!(found.uncatalogued.is_empty());
    assert_eq!(
        shown(&found),
        [
            format!("alpm python-pip 24.0-1 in 0, [\"MIT\"], [{site:?}]"),
            "ebuild app-misc/tool 1.0-r1 in 1, [\"MIT\", \"BSD\"], [\"opt/x-1.egg-info\"]".to_owned(),
            "opkg busybox 1.36-1 in 1, [], [\"bin/busybox\"]".to_owned(),
        ]
    );
    assert!(found.missing_database().is_none());
}

#[test]
fn languages_of_other_kinds_are_told_where_nobody_owns_them() {
    let dir = tempfile::tempdir().unwrap();
    let token = format!("$key = '{}_{}';", "ghp", "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8");
    let plugin = format!("<?php\n/* Plugin Name: My Plugin\n * Version: 1.2\n */\n{token}\n");
    let description = b"Package: stats\nVersion: 4.3.0\nLicense: GPL-2\nBuilt: R 4.3.0\n";
    let files = layer(
        dir.path(),
        &[
            F("var/lib/dpkg/status", b"Package: r-base-core\nVersion: 4.3.0-1\n"),
            F(
                "var/lib/dpkg/info/r-base-core.list",
                b"/usr/lib/R/library/stats/DESCRIPTION\n",
            ),
            F("usr/lib/R/library/stats/DESCRIPTION", description),
            F("usr/local/lib/R/site-library/mine/DESCRIPTION", description),
            F(
                "usr/local/lib/luarocks/rocks-5.1/lpeg/1.0-1/lpeg-1.0-1.rockspec",
                b"package = 'LPeg'\nversion = '1.0-1'\n",
            ),
            F(
                "opt/app/lib/cowboy-2.9.0/ebin/cowboy.app",
                b"{application,cowboy,[{vsn,\"2.9.0\"},{applications,[kernel,ranch]}]}.",
            ),
            F(
                "opt/app/lib/ranch-1.8.0/ebin/ranch.app",
                b"{application,ranch,[{vsn,\"1.8.0\"}]}.",
            ),
            F(
                "usr/local/lib/php/.registry/pear.reg",
                br#"a:2:{s:4:"name";s:4:"PEAR";s:7:"version";s:6:"1.10.1";}"#,
            ),
            F("srv/wp-content/plugins/mine/mine.php", plugin.as_bytes()),
        ],
    );
    let found = Inventory::of(&image(vec![files], &[]), None).unwrap();
    assert!(found.warnings.is_empty(), "{:?}", found.warnings);
    let names: Vec<String> = found
        .packages
        .iter()
        .map(|one| format!("{} {} {}", one.ecosystem.purl_type(), one.name, one.version))
        .collect();
    assert_eq!(
        names,
        [
            "deb r-base-core 4.3.0-1",
            "cran stats 4.3.0",
            "luarocks LPeg 1.0-1",
            "otp cowboy 2.9.0",
            "otp ranch 1.8.0",
            "pear PEAR 1.10.1",
            "wordpress My Plugin 1.2",
        ]
    );
    assert_eq!(found.dependencies.of(3), [4]);
    assert_eq!(
        found.packages[1].evidence,
        "usr/local/lib/R/site-library/mine/DESCRIPTION"
    );
    // A plugin's file may hold more than its name.
    assert_eq!(found.secrets.len(), 1, "{:?}", found.secrets);
}

#[test]
fn files_called_like_evidence_are_read_as_what_they_are() {
    let dir = tempfile::tempdir().unwrap();
    // In two parts, so that it is no secret of this file.
    let token = format!("TOKEN={}R4nd0mT3stV4lu3Th4tIsN0tR34l0123456a\n", "ghp_");
    let paths = [
        "srv/prod.app",
        "srv/installed.json",
        "srv/x/DESCRIPTION",
        "srv/pubspec.lock",
        "srv/package.json",
        "usr/local/bin/composer",
        "app/ebin/a.app",
    ];
    let files: Vec<_> = paths.iter().map(|path| F(path, token.as_bytes())).collect();
    let found = Inventory::of(&image(vec![layer(dir.path(), &files)], &[]), None).unwrap();
    let place = |secret: &Finding| match &secret.place {
        Place::Layer { path, .. } => path.clone(),
        other => format!("{other:?}"),
    };
    let mut places: Vec<String> = found.secrets.iter().map(place).collect();
    places.sort();
    // A lock file is no place for secrets.
    let mut expected = paths.to_vec();
    expected.retain(|path| !path.ends_with(".lock"));
    expected.sort_unstable();
    assert_eq!(places, expected);

    // Tokens in what a distribution packages are anybody's, here as elsewhere.
    let owner = F("var/lib/dpkg/info/a.list", b"/usr/share/a/package.json\n");
    let status = F(
        "var/lib/dpkg/status",
        b"Package: a\nStatus: install ok installed\nVersion: 1\n",
    );
    let packaged = F("usr/share/a/package.json", token.as_bytes());
    let found = Inventory::of(
        &image(vec![layer(dir.path(), &[packaged, owner, status])], &[]),
        None,
    )
    .unwrap();
    assert_eq!(found.secrets, []);
}

#[test]
fn slices_are_told_with_what_is_not_known_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let manifest = br#"{"jsonwall":"1.0","schema":"1.0","count":2}
{"kind":"package","name":"libc6","version":"2.39-0ubuntu8","arch":"amd64"}
{"kind":"path","path":"/opt/x-1.egg-info","slices":["libc6_libs"]}
"#;
    let slices = [
        F("var/lib/chisel/manifest.wall", manifest.as_slice()),
        F("opt/x-1.egg-info", b"Name: x\nVersion: 1\n"),
        F("usr/share/doc/libc6/copyright", b"Format: x\nLicense: LGPL-2.1\n"),
    ];
    let alone = Inventory::of(&image(vec![layer(dir.path(), &slices)], &[]), None).unwrap();
    assert_eq!(
        shown(&alone),
        ["deb libc6 2.39-0ubuntu8 in 0, [\"LGPL-2.1\"], []"]
    );
    assert_eq!(
        alone.gaps(),
        ["the source packages of Ubuntu's slices are not read: `var/lib/chisel/manifest.wall`"]
    );
    // Some images have dpkg's database for others to read.
    let status = b"Package: libc6\nVersion: 2.39-0ubuntu8\nArchitecture: amd64\nSource: glibc\n";
    let upper = layer(dir.path(), &[F("var/lib/dpkg/status", status)]);
    let both = Inventory::of(&image(vec![layer(dir.path(), &slices), upper], &[]), None).unwrap();
    assert_eq!(shown(&both), shown(&alone));
    assert_eq!(both.packages[0].source.as_ref().unwrap().name, "glibc");
    assert!(both.gaps().is_empty());
}

/// dpkg lists directories without saying that they are some, empty ones among them.
#[test]
fn directories_are_no_files_of_packages() {
    let dir = tempfile::tempdir().unwrap();
    let lower = layer(
        dir.path(),
        &[Put::Directory("boot"), Put::Directory("etc/conf.d")],
    );
    let upper = layer(
        dir.path(),
        &[
            S("bin", "usr/bin"),
            F("usr/bin/sh", b"x"),
            F(
                "var/lib/dpkg/status",
                b"Package: base-files\nVersion: 1\n\nPackage: dash\nVersion: 1\n",
            ),
            F(
                "var/lib/dpkg/info/base-files.list",
                b"/.\n/bin\n/boot\n/etc\n/etc/conf.d\n/etc/issue\n",
            ),
            F("var/lib/dpkg/info/dash.list", b"/.\n/bin\n/bin/sh\n"),
        ],
    );
    let options = InventoryOptions {
        files: true,
        ..InventoryOptions::default()
    };
    let found = Inventory::with_options(&image(vec![lower, upper], &[]), options).unwrap();
    let files: Vec<_> = found.packages.iter().map(|package| &package.files[..]).collect();
    assert_eq!(files, [["etc/issue"], ["bin/sh"]]);
}
