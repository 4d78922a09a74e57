//! Real root file systems, and what real tools install.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::Command;

use plimsoll_core::Ecosystem;
use plimsoll_image::Layer;

use crate::support::{inventory, shared, shown};

/// The names in the apk database of a gzip-compressed tar, read without this crate.
fn apk_names(path: &Path) -> Vec<String> {
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(File::open(path).unwrap()));
    for entry in tar.entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.path().unwrap().ends_with("lib/apk/db/installed") {
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            let mut names: Vec<String> = text
                .lines()
                .filter_map(|line| line.strip_prefix("P:"))
                .map(str::to_owned)
                .collect();
            names.sort_unstable();
            return names;
        }
    }
    Vec::new()
}

#[test]
fn real_root_file_systems() {
    let Some(dir) = shared("images/rootfs") else {
        return;
    };
    let mut seen = 0;
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".tar.gz") {
            continue;
        }
        seen += 1;
        let found = inventory(vec![Layer::from_tar(&path).unwrap()]);
        assert_eq!(found.warnings, [], "{name}");
        assert_eq!(found.secrets, [], "{name}");
        let names: Vec<String> = found
            .packages
            .iter()
            .map(|package| package.name.clone())
            .collect();
        if name.starts_with("almalinux") {
            assert_eq!(names.len(), 29);
            assert_eq!(found.uncatalogued, []);
            assert_eq!(shown(&found)[2], "dbus-libs 1:1.12.20-7.el9_1 0");
            continue;
        }
        if name.starts_with("busybox") {
            // No database: the programs themselves say what they are.
            assert_eq!(names[0], "busybox");
            assert!(
                found
                    .packages
                    .iter()
                    .all(|package| package.ecosystem == Ecosystem::Generic)
            );
            assert!(found.gaps()[0].starts_with("no package database was found"));
            continue;
        }
        assert_eq!(names, apk_names(&path), "{name}");
        if let Some(version) = name.strip_prefix("alpine-minirootfs-") {
            let version = version.split('-').next().unwrap();
            assert_eq!(found.distribution.unwrap().version_id, version);
            assert_eq!(found.release.as_deref(), Some(version));
            assert!(names.len() > 10);
            assert!(
                found
                    .packages
                    .iter()
                    .all(|package| package.ecosystem == Ecosystem::Apk)
            );
        }
    }
    assert!(seen > 0);
}

#[test]
fn what_pip_installs_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let wheel = dir.path().join("sample_project-1.0rc1-py3-none-any.whl");
    let pip = |arguments: &[&Path]| {
        let status = Command::new("python3")
            .args(arguments)
            .env("PIP_NO_CACHE_DIR", "1")
            .output();
        status.is_ok_and(|output| output.status.success())
    };
    let make = Path::new(
        "import sys, zipfile\n\
         z = zipfile.ZipFile(sys.argv[1], 'w')\n\
         d = 'sample_project-1.0rc1.dist-info/'\n\
         z.writestr(d + 'METADATA', 'Metadata-Version: 2.1\\nName: Sample_Project\\nVersion: 1.0rc1\\nLicense: MIT\\n')\n\
         z.writestr(d + 'WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n\
         z.writestr(d + 'RECORD', '')\n\
         z.close()\n",
    );
    let target = dir.path().join("target");
    let install = ["-m", "pip", "install", "--no-index", "--no-deps", "--target"].map(Path::new);
    if !pip(&[Path::new("-c"), make, &wheel]) || !pip(&[&install[..], &[&target, &wheel]].concat()) {
        eprintln!("skipped: needs python3 with pip");
        return;
    }
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_dir_all("app", &target).unwrap();
    let path = dir.path().join("layer.tar");
    fs::write(&path, tar.into_inner().unwrap()).unwrap();
    let found = inventory(vec![Layer::from_tar(&path).unwrap()]);
    assert_eq!(found.packages.len(), 1, "{found:?}");
    let package = &found.packages[0];
    assert_eq!(
        package.name.replace(['-', '_'], "").to_lowercase(),
        "sampleproject"
    );
    assert_eq!(
        (package.version.as_str(), &package.licenses[..]),
        ("1.0rc1", &["MIT".to_owned()][..])
    );
}
