//! The distributions' packages of real images, compared with what Trivy and Syft find. Peers and images that are not there
//! are skipped aloud. A few small images are compared always, all that are at hand and the docker-archives in a folder
//! with `PLIMSOLL_PARITY_IMAGES=DIR cargo test -p plimsoll-inventory --test parity -- --nocapture`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests say what fails and what they skip"
)]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_core::{Ecosystem, Package};
use plimsoll_image::{Image, Layer, sink, source};
use plimsoll_inventory::Inventory;
use serde_json::Value;

mod support;
use support::{F, Put, image, layer, shared, unzipped};

/// `deb NAME VERSION ARCHITECTURE`; of Trivy and Plimsoll with the source package behind it.
type Packages = BTreeSet<String>;

/// Images without a package manager, in the forms that their makers leave: name, files.
const MADE: &[(&str, &[(&str, &str)])] = &[
    (
        "distroless",
        &[
            ("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"),
            ("etc/debian_version", "12.8\n"),
            (
                "var/lib/dpkg/status.d/libssl3",
                "Package: libssl3\nSource: openssl\nVersion: 3.0.15-1~deb12u1\nArchitecture: amd64\n",
            ),
            (
                "var/lib/dpkg/status.d/libssl3.md5sums",
                "d41d8cd98f00b204e9800998ecf8427e  usr/lib/x86_64-linux-gnu/libssl.so.3\n",
            ),
            (
                "var/lib/dpkg/status.d/tzdata",
                "Package: tzdata\nVersion: 2024b-0+deb12u1\nArchitecture: all\n",
            ),
        ],
    ),
    (
        "wolfi",
        &[
            ("etc/os-release", "ID=wolfi\nVERSION_ID=\"20230201\"\n"),
            (
                "usr/lib/apk/db/installed",
                "C:Q1x=\nP:libcrypto3\nV:3.4.1-r0\nA:x86_64\nL:Apache-2.0\no:openssl\nF:usr\nF:usr/lib\nR:libcrypto.so.3\n\n\
                 C:Q1y=\nP:glibc\nV:2.41-r1\nA:x86_64\nL:LGPL-2.1-or-later\no:glibc\n\n",
            ),
        ],
    ),
    (
        "azurelinux-distroless",
        &[
            ("etc/os-release", "ID=azurelinux\nVERSION_ID=\"3.0\"\n"),
            (
                "var/lib/rpmmanifest/container-manifest-2",
                "tzdata\t2024a-1.azl3\t1712\t1711\tMicrosoft Corporation\t(none)\t100\tnoarch\t0\t\
                 tzdata-2024a-1.azl3.src.rpm\nopenssl-libs\t3.3.0-1.azl3\t1712\t1711\tMicrosoft Corporation\t(none)\t\
                 100\tx86_64\t0\topenssl-3.3.0-1.azl3.src.rpm\n",
            ),
        ],
    ),
];

const KINDS: [Ecosystem; 3] = [Ecosystem::Deb, Ecosystem::Apk, Ecosystem::Rpm];

fn of_plimsoll(image: &Image, with_source: bool) -> Packages {
    let found = Inventory::of(image, None).unwrap();
    let show = |package: &Package| {
        let source = package.source.as_ref().filter(|_| with_source);
        line(
            package.ecosystem.purl_type(),
            &package.name,
            &package.version,
            package.architecture.as_deref().unwrap_or_default(),
            source.map(|source| (source.name.as_str(), source.version.as_str())),
        )
    };
    let kinds = found.packages.iter().filter(|one| KINDS.contains(&one.ecosystem));
    kinds.map(show).collect()
}

fn line(kind: &str, name: &str, version: &str, architecture: &str, source: Option<(&str, &str)>) -> String {
    // An epoch of 0 is the same as none.
    let version = version.strip_prefix("0:").unwrap_or(version);
    match source {
        Some((source, version_of)) => {
            // Of an RPM source, Trivy takes the epoch of each binary package, and Plimsoll that of the source's namesake.
            let version_of = match kind {
                "rpm" => version_of.rsplit(':').next().unwrap_or(version_of),
                _ => version_of.strip_prefix("0:").unwrap_or(version_of),
            };
            format!("{kind} {name} {version} {architecture} <- {source} {version_of}")
        }
        None => format!("{kind} {name} {version} {architecture}"),
    }
}

/// What a command prints as JSON; `None`, aloud, where it is not installed.
fn json(command: &mut Command) -> Option<Value> {
    let program = command.get_program().to_string_lossy().into_owned();
    let Ok(output) = command.output() else {
        eprintln!("skipped: there is no {program}");
        return None;
    };
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {error}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn of_trivy(archive: &Path, cache: &Path) -> Option<Packages> {
    // Without vulnerabilities no database is needed, and without network none is asked for.
    let report = json(
        Command::new("trivy")
            .args([
                "image",
                "--quiet",
                "--offline-scan",
                "--skip-version-check",
                "--list-all-pkgs",
            ])
            .args(["--scanners", "license", "--format", "json", "--cache-dir"])
            .arg(cache)
            .arg("--input")
            .arg(archive),
    )?;
    let results = report["Results"].as_array().cloned().unwrap_or_default();
    let mut all = Packages::new();
    for result in results.iter().filter(|result| result["Class"] == "os-pkgs") {
        for package in result["Packages"].as_array().into_iter().flatten() {
            let text = |key: &str| package[key].as_str().unwrap_or_default();
            let version = |prefix: &str| {
                let number = |key: &str| {
                    package[format!("{prefix}{key}")]
                        .as_u64()
                        .filter(|epoch| *epoch > 0)
                };
                let epoch = number("Epoch")
                    .map(|epoch| format!("{epoch}:"))
                    .unwrap_or_default();
                let release = Some(text(&format!("{prefix}Release"))).filter(|release| !release.is_empty());
                let release = release.map(|release| format!("-{release}")).unwrap_or_default();
                format!("{epoch}{}{release}", text(&format!("{prefix}Version")))
            };
            let purl = package["Identifier"]["PURL"].as_str().unwrap_or_default();
            let kind = purl
                .trim_start_matches("pkg:")
                .split('/')
                .next()
                .unwrap_or_default();
            let source_version = version("Src");
            let source =
                Some((text("SrcName"), source_version.as_str())).filter(|(name, _)| !name.is_empty());
            all.insert(line(kind, text("Name"), &version(""), text("Arch"), source));
        }
    }
    Some(all)
}

fn of_syft(archive: &Path) -> Option<Packages> {
    let document = json(
        Command::new("syft")
            .env("SYFT_CHECK_FOR_APP_UPDATE", "false")
            .args(["scan", "-q", "-o", "json"])
            .arg(format!("docker-archive:{}", archive.display())),
    )?;
    let mut all = Packages::new();
    for package in document["artifacts"].as_array().into_iter().flatten() {
        let kind = package["type"].as_str().unwrap_or_default();
        if KINDS.iter().any(|known| known.purl_type() == kind) {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let metadata = &package["metadata"];
            let architecture = match &metadata["architecture"] {
                Value::Null => text(&metadata["arch"]),
                architecture => text(architecture),
            };
            all.insert(line(
                kind,
                &text(&package["name"]),
                &text(&package["version"]),
                &architecture,
                None,
            ));
        }
    }
    Some(all)
}

fn compare(name: &str, peer: &str, ours: &Packages, theirs: &Packages) -> usize {
    eprintln!("{name}: {} packages, {peer}: {}", ours.len(), theirs.len());
    let differences = ours.symmetric_difference(theirs).count();
    for only in ours.difference(theirs) {
        eprintln!("  only here: {only}");
    }
    for only in theirs.difference(ours) {
        eprintln!("  only {peer}: {only}");
    }
    differences
}

/// Docker-archives of the root file systems at hand and of RPM databases, and those that the environment names.
fn archives(dir: &Path) -> Vec<PathBuf> {
    let folder = std::env::var_os("PLIMSOLL_PARITY_IMAGES");
    let is_wanted = |name: &str| {
        folder.is_some() || name.starts_with("almalinux") || name.starts_with("alpine-minirootfs-3.20")
    };
    let mut images = Vec::new();
    if let Some(roots) = shared("images/rootfs") {
        for entry in fs::read_dir(roots).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.ends_with(".tar.gz") && is_wanted(&name) {
                images.push((name, Layer::from_tar(&path).unwrap()));
            }
        }
    }
    let release = F(
        "etc/os-release",
        b"ID=\"opensuse-leap\"\nVERSION_ID=\"15.6\"\nPRETTY_NAME=\"openSUSE Leap 15.6\"\n",
    );
    for (name, path, database) in [
        (
            "ndb",
            "usr/lib/sysimage/rpm/Packages.db",
            include_bytes!("rpm/Packages.db.gz").as_slice(),
        ),
        ("bdb", "var/lib/rpm/Packages", include_bytes!("rpm/Packages.gz")),
        (
            "sqlite",
            "usr/lib/sysimage/rpm/rpmdb.sqlite",
            include_bytes!("rpm/rpmdb.sqlite.gz"),
        ),
    ] {
        let database = unzipped(database);
        images.push((name.to_owned(), layer(dir, &[release, F(path, &database)])));
    }
    for (name, files) in MADE {
        // Syft looks for files in directories that the tar has.
        let above = |(path, _): &(&'static str, _)| Path::new(*path).ancestors().skip(1);
        let directories: BTreeSet<&str> = files.iter().flat_map(above).filter_map(Path::to_str).collect();
        let directories = directories.into_iter().filter(|path| !path.is_empty());
        let files = files.iter().map(|(path, text)| F(path, text.as_bytes()));
        let files: Vec<_> = directories.map(Put::Directory).chain(files).collect();
        images.push(((*name).to_owned(), layer(dir, &files)));
    }
    let mut all = Vec::new();
    for (name, layer) in images {
        let path = dir.join(format!("{name}.tar"));
        let mut one = image(vec![layer], &[("ADD rootfs", false)]);
        one.config.rootfs.diff_ids = one.layers.iter().map(|layer| layer.diff_id).collect();
        one.config.architecture = "amd64".to_owned();
        one.config.os = "linux".to_owned();
        one.config_bytes = one.config.to_vec().into();
        one.id = plimsoll_core::Digest::of(&one.config_bytes);
        sink::docker_archive::write(&[one], &mut File::create(&path).unwrap()).unwrap();
        all.push(path);
    }
    match folder {
        Some(folder) => {
            let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            all.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "tar")));
        }
        None => eprintln!("skipped: PLIMSOLL_PARITY_IMAGES names no folder of docker-archives"),
    }
    all
}

#[test]
fn trivy_and_syft_find_the_same_packages() {
    let dir = tempfile::tempdir().unwrap();
    let mut differences = 0;
    for path in archives(dir.path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let image = source::open_archive(&path, &source::Options::default())
            .unwrap()
            .remove(0);
        if let Some(theirs) = of_trivy(&path, dir.path()) {
            differences += compare(&name, "trivy", &of_plimsoll(&image, true), &theirs);
        }
        if let Some(theirs) = of_syft(&path) {
            differences += compare(&name, "syft", &of_plimsoll(&image, false), &theirs);
        }
    }
    assert_eq!(differences, 0, "see the lists above");
}
