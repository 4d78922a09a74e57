//! Package databases of distributions, in images made of small tars.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests say what fails and what they skip"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

use plimsoll_core::{Ecosystem, Package};
use plimsoll_inventory::{Inventory, InventoryOptions};

mod support;
use support::{F, image, inventory, layer, metadata, shown, unzipped};

/// Each format's path in an image, and a database of the same three packages that `rpm/make-databases.sh` made.
const DATABASES: [(&str, &[u8]); 3] = [
    ("var/lib/rpm/rpmdb.sqlite", include_bytes!("rpm/rpmdb.sqlite.gz")),
    (
        "usr/lib/sysimage/rpm/Packages.db",
        include_bytes!("rpm/Packages.db.gz"),
    ),
    ("var/lib/rpm/Packages", include_bytes!("rpm/Packages.gz")),
];

/// Everything about a package that its database says.
fn told(package: &Package) -> String {
    let source = package.source.as_ref().unwrap();
    format!(
        "{} {} {} {} <- {} {} {}",
        package.name,
        package.version,
        package.architecture.as_deref().unwrap_or("-"),
        package.licenses.join(", "),
        source.name,
        source.version,
        package.module.as_deref().unwrap_or("-")
    )
}

#[test]
fn rpm_databases_of_every_format_name_the_same_packages() {
    let dir = tempfile::tempdir().unwrap();
    let python = "usr/lib/python3.9/site-packages/plain-1.0.dist-info/METADATA";
    for (path, database) in DATABASES {
        let layers = vec![layer(
            dir.path(),
            &[F(path, &unzipped(database)), F(python, &metadata("plain", "1.0"))],
        )];
        let options = InventoryOptions {
            files: true,
            ..InventoryOptions::default()
        };
        let found = Inventory::with_options(&image(layers, &[]), options).unwrap();
        assert!(found.warnings.is_empty(), "{path}: {:?}", found.warnings);
        let all: Vec<_> = found.packages.iter().map(told).collect();
        let expected = [
            "many 1.0-1.el9 x86_64 MIT AND Apache-2.0 <- plain 1.0-1.el9 -",
            "plain 1.0-1.el9 x86_64 MIT AND Apache-2.0 <- plain 1.0-1.el9 -",
            "stream 2:18.20.2-1.module+el9 x86_64 MIT AND Apache-2.0 <- plain 1.0-1.el9 nodejs:18",
        ];
        assert_eq!(all, expected, "{path}");
        assert_eq!(found.packages[0].files.len(), 60, "{path}");
        assert_eq!(found.packages[1].files, ["usr/bin/plain", python], "{path}");
        assert!(
            found
                .packages
                .iter()
                .all(|package| package.ecosystem == Ecosystem::Rpm)
        );
    }
}

#[test]
fn damaged_rpm_databases_are_noted() {
    let dir = tempfile::tempdir().unwrap();
    for (path, database) in DATABASES {
        let whole = unzipped(database);
        for length in (0..whole.len()).step_by(whole.len() / 40) {
            let found = inventory(vec![layer(dir.path(), &[F(path, &whole[..length])])]);
            // What is cut off may be indexes only.
            assert!(
                !found.unread.is_empty() || found.packages.len() == 3,
                "{path} cut at {length}"
            );
        }
        for place in (0..whole.len()).step_by(whole.len() / 200) {
            let mut bytes = whole.clone();
            bytes[place..].iter_mut().take(16).for_each(|byte| *byte = 0xff);
            inventory(vec![layer(dir.path(), &[F(path, &bytes)])]);
        }
    }
}

#[test]
fn changes_in_a_write_ahead_log_count() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rpmdb.sqlite");
    fs::write(&path, unzipped(DATABASES[0].1)).unwrap();
    // A reader that never ends keeps the log from being written back.
    let script = "PRAGMA journal_mode=WAL;\nPRAGMA wal_autocheckpoint=0;\n\
        DELETE FROM Packages WHERE hnum = (SELECT min(hnum) FROM Packages);\n\
        .shell cp rpmdb.sqlite db; cp rpmdb.sqlite-wal wal\n";
    let made = Command::new("sqlite3")
        .arg("rpmdb.sqlite")
        .arg("-cmd")
        .arg(".bail on")
        .current_dir(dir.path())
        .stdin({
            let file = dir.path().join("script");
            fs::write(&file, script).unwrap();
            fs::File::open(file).unwrap()
        })
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        return eprintln!("skipped: there is no sqlite3");
    }
    let read = |name: &str| fs::read(dir.path().join(name)).unwrap();
    let (database, log) = (read("db"), read("wal"));
    assert!(!log.is_empty());
    let path = "var/lib/rpm/rpmdb.sqlite";
    let alone = layer(dir.path(), &[F(path, &database)]);
    assert_eq!(inventory(vec![alone.clone()]).packages.len(), 3);
    let log_path = "var/lib/rpm/rpmdb.sqlite-wal";
    let both = layer(dir.path(), &[F(path, &database), F(log_path, &log)]);
    let found = inventory(vec![both]);
    assert_eq!((found.packages.len(), found.warnings.len()), (2, 0));
    // What is not committed does not count.
    let cut = layer(
        dir.path(),
        &[F(path, &database), F(log_path, &log[..log.len() - 1])],
    );
    assert_eq!(inventory(vec![cut]).packages.len(), 3);
    let apart = inventory(vec![alone, layer(dir.path(), &[F(log_path, &log)])]);
    assert_eq!(
        apart.gaps().last().unwrap(),
        "`var/lib/rpm/rpmdb.sqlite-wal` could not be read whole: it holds changes of `var/lib/rpm/rpmdb.sqlite`, \
         which cannot be read with them"
    );
}

#[test]
fn manifests_of_distroless_images() {
    let dir = tempfile::tempdir().unwrap();
    let manifest = "tzdata\t2024a-1.azl3\t1712\t1711\tMicrosoft Corporation\t(none)\t100\tnoarch\t0\t\
        tzdata-2024a-1.azl3.src.rpm\nopenssl-libs\t3.3.0-1.azl3\t1712\t1711\tMicrosoft Corporation\t1\t100\tx86_64\t1\t\
        openssl-3.3.0-1.azl3.src.rpm\nbroken\n";
    let found = inventory(vec![layer(
        dir.path(),
        &[F("var/lib/rpmmanifest/container-manifest-2", manifest.as_bytes())],
    )]);
    assert_eq!(
        shown(&found),
        ["openssl-libs 1:3.3.0-1.azl3 0", "tzdata 2024a-1.azl3 0"]
    );
    assert_eq!(found.packages[0].source.as_ref().unwrap().name, "openssl");
    assert_eq!(found.unread.len(), 1);
}

/// RPM itself is asked what a database holds that it has just made.
#[test]
fn rpm_and_the_inventory_agree() {
    let dir = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rpm/make-databases.sh");
    let made = Command::new(script).arg(dir.path()).output().unwrap();
    if !made.status.success() {
        let why = String::from_utf8_lossy(&made.stderr);
        return eprintln!("skipped: no databases can be made: {}", why.trim_end());
    }
    let rpm = Command::new("rpm")
        .arg("--dbpath")
        .arg(dir.path())
        .args([
            "-qa",
            "--qf",
            "%{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE} 0\\n",
        ])
        .output()
        .unwrap();
    let mut expected: Vec<_> = String::from_utf8(rpm.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    expected.sort();
    for (path, _) in DATABASES {
        let name = path.rsplit('/').next().unwrap();
        let database = fs::read(dir.path().join(name)).unwrap();
        let found = inventory(vec![layer(dir.path(), &[F(path, &database)])]);
        assert_eq!(shown(&found), expected, "{path}");
    }
}

#[test]
fn the_distribution_is_told_from_what_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let told = |files: &[(&str, &str)]| {
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| F(path, text.as_bytes()))
            .collect();
        let found = inventory(vec![layer(dir.path(), &files)]);
        let distribution = found.distribution.map(|one| one.to_string());
        format!(
            "{}; {}",
            distribution.unwrap_or_default(),
            found.release.unwrap_or_default()
        )
    };
    let centos = "ID=\"centos\"\nVERSION_ID=\"7\"\nPRETTY_NAME=\"CentOS Linux 7 (Core)\"\n";
    let release = "CentOS Linux release 7.9.2009 (Core)\n";
    for (files, expected) in [
        (
            vec![("etc/os-release", centos), ("etc/centos-release", release)],
            "centos 7; 7.9.2009",
        ),
        (vec![("etc/redhat-release", release)], "centos 7; 7.9.2009"),
        (
            vec![
                (
                    "etc/redhat-release",
                    "Red Hat Enterprise Linux release 8.9 (Ootpa)\n",
                ),
                ("etc/oracle-release", "Oracle Linux Server release 8.9\n"),
            ],
            "ol 8.9; 8.9",
        ),
        (
            vec![
                ("etc/os-release", "ID=\"ol\"\nVERSION_ID=\"8.9\"\n"),
                (
                    "etc/redhat-release",
                    "Red Hat Enterprise Linux release 8.9 (Ootpa)\n",
                ),
            ],
            "ol 8.9; ",
        ),
        (
            vec![
                ("etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=12.04\n"),
                ("etc/debian_version", "wheezy/sid\n"),
            ],
            "ubuntu 12.04; ",
        ),
        (
            vec![
                ("usr/lib/os-release", "ID=debian\nVERSION_ID=\"12\"\n"),
                ("etc/debian_version", "12.11\n"),
            ],
            "debian 12; 12.11",
        ),
        (
            vec![("etc/os-release", "ID=wolfi\nVERSION_ID=\"20230201\"\n")],
            "wolfi 20230201; ",
        ),
        (
            vec![
                (
                    "etc/os-release",
                    "NAME=\"Amazon Linux\"\nID=\"amzn\"\nVERSION_ID=\"2023\"\n",
                ),
                (
                    "etc/system-release",
                    "Amazon Linux release 2023.5.20240701 (Amazon Linux)\n",
                ),
            ],
            "amzn 2023; 2023.5.20240701",
        ),
        (vec![("etc/os-release", "NAME=x\n")], "; "),
    ] {
        assert_eq!(told(&files), expected, "{files:?}");
    }
}

#[test]
fn ends_of_life_count_support_that_the_image_is_set_up_for() {
    let dir = tempfile::tempdir().unwrap();
    let release = F(
        "etc/os-release",
        b"ID=ubuntu\nVERSION_ID=\"18.04\"\nVERSION_CODENAME=bionic\n",
    );
    let base = layer(dir.path(), &[release]);
    let end = inventory(vec![base.clone()]).end_of_life().unwrap();
    assert!(end.is_over("2024-01-01T00:00:00Z"));
    let status = br#"{"attached": true, "services": [{"name": "esm-infra", "status": "enabled"}]}"#;
    let pro = layer(dir.path(), &[F("var/lib/ubuntu-advantage/status.json", status)]);
    let end = inventory(vec![base, pro]).end_of_life().unwrap();
    assert!(!end.is_over("2024-01-01T00:00:00Z") && end.is_over("2028-05-01T00:00:00Z"));
    let rolling = layer(
        dir.path(),
        &[F("etc/os-release", b"ID=chainguard\nVERSION_ID=20230214\n")],
    );
    assert_eq!(inventory(vec![rolling]).end_of_life(), None);
}

#[test]
fn licences_of_debian_packages() {
    let dir = tempfile::tempdir().unwrap();
    let status = "Package: libstdc++6\nVersion: 12\nSource: gcc-12\n\nPackage: gcc-12-base\nVersion: 12\nSource: gcc-12\n\n\
        Package: bash\nVersion: 5\n";
    let found = inventory(vec![layer(
        dir.path(),
        &[
            F("var/lib/dpkg/status", status.as_bytes()),
            // The directory of `libstdc++6` is a link to that of `gcc-12-base`.
            F(
                "usr/share/doc/gcc-12-base/copyright",
                b"See /usr/share/common-licenses/GPL-3.\n",
            ),
        ],
    )]);
    let licenses: Vec<_> = found
        .packages
        .iter()
        .map(|package| format!("{}: {}", package.name, package.licenses.join(", ")))
        .collect();
    assert_eq!(licenses, ["bash: ", "gcc-12-base: GPL-3", "libstdc++6: GPL-3"]);
}

#[test]
fn owned_files_are_known_where_directories_are_merged() {
    let dir = tempfile::tempdir().unwrap();
    let (six, pip) = (
        "usr/lib/python3/dist-packages/six.dist-info/METADATA",
        "usr/lib/python3/dist-packages/pip.dist-info/METADATA",
    );
    let files = layer(
        dir.path(),
        &[F(six, &metadata("six", "1")), F(pip, &metadata("pip", "1"))],
    );
    // The package speaks of `/lib`, and its list came in another layer than its files.
    let lists = layer(
        dir.path(),
        &[
            F("var/lib/dpkg/status", b"Package: python3-six\nVersion: 1\n"),
            F(
                "var/lib/dpkg/info/python3-six.list",
                b"/.\n/lib/python3/dist-packages/six.dist-info/METADATA\n",
            ),
        ],
    );
    let found = inventory(vec![files, lists]);
    assert_eq!(shown(&found), ["python3-six 1 1", "pip 1 0"]);
}

#[test]
fn a_distribution_without_its_database_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let release = F("etc/os-release", b"ID=rhel\nVERSION_ID=9.4\n");
    let app = F("app/a.dist-info/METADATA", &metadata("a", "1"));
    let damaged = F("var/lib/rpm/rpmdb.sqlite", b"SQLite");
    let found = inventory(vec![layer(dir.path(), &[release, app, damaged])]);
    assert_eq!(shown(&found), ["a 1 0"]);
    let missing = found.missing_database().unwrap();
    assert!(
        missing.starts_with("it is of rhel 9.4, but no package"),
        "{missing}"
    );
    assert_eq!(
        found.gaps(),
        [
            missing,
            "`var/lib/rpm/rpmdb.sqlite` could not be read whole: it is not an SQLite database".to_owned()
        ]
    );
    let none = inventory(vec![layer(
        dir.path(),
        &[F("app/a.dist-info/METADATA", &metadata("a", "1"))],
    )]);
    assert_eq!(none.missing_database(), None);
}
