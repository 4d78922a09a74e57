//! Images made of small tars and of real root file systems, taken stock of as a whole.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests say what fails and what they skip"
)]

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::Command;

use plimsoll_core::{Digest, Ecosystem, Origin, Package, Place};
use plimsoll_image::Layer;
use plimsoll_inventory::{AnalysisCache, Inventory, InventoryOptions, analyze_layer};

mod support;
use support::{F, H, Put, S, dpkg, image, inventory, layer, metadata, shared, shown};

const STATUS: &str = "var/lib/dpkg/status";

#[test]
fn the_topmost_database_counts_and_each_package_knows_its_layer() {
    let dir = tempfile::tempdir().unwrap();
    let layers = vec![
        layer(
            dir.path(),
            &[F(
                STATUS,
                &dpkg(&[("base", "1"), ("gone", "1"), ("old", "1"), ("back", "1")]),
            )],
        ),
        layer(
            dir.path(),
            &[F(STATUS, &dpkg(&[("base", "1"), ("gone", "1"), ("old", "2")]))],
        ),
        layer(dir.path(), &[F("etc/motd", b"hello")]),
        layer(
            dir.path(),
            &[F(
                STATUS,
                &dpkg(&[("base", "1"), ("old", "2"), ("new", "1"), ("back", "1")]),
            )],
        ),
    ];
    let history = [
        ("ADD rootfs", false),
        ("RUN upgrade", false),
        ("CMD [\"sh\"]", true),
        ("COPY motd", false),
        ("RUN install", false),
    ];
    let found = Inventory::of(&image(layers, &history), None).unwrap();
    assert_eq!(shown(&found), ["back 1 3", "base 1 0", "new 1 3", "old 2 1"]);
    let new = found
        .packages
        .iter()
        .find(|package| package.name == "new")
        .unwrap();
    assert_eq!(new.layer.as_ref().unwrap().created_by, "RUN install");
    assert_eq!(found.base_layers, Some(2));
    assert_eq!(
        (new.origin, found.packages[1].origin),
        (Origin::App, Origin::Base)
    );
    assert_eq!(found.distribution, None);
}

#[test]
fn the_caller_may_know_where_the_base_ends() {
    let dir = tempfile::tempdir().unwrap();
    let layers = vec![
        layer(dir.path(), &[F("a.dist-info/METADATA", &metadata("a", "1"))]),
        layer(dir.path(), &[F("b.dist-info/METADATA", &metadata("b", "1"))]),
    ];
    let image = image(layers, &[]);
    let origins = |base_layers| {
        let options = InventoryOptions {
            base_layers,
            ..InventoryOptions::default()
        };
        let found = Inventory::with_options(&image, options).unwrap();
        found
            .packages
            .iter()
            .map(|package| package.origin)
            .collect::<Vec<_>>()
    };
    assert_eq!(origins(None), [Origin::Unknown, Origin::Unknown]);
    assert_eq!(origins(Some(1)), [Origin::Base, Origin::App]);
}

#[test]
fn whiteouts_and_what_stands_in_the_way_remove_packages() {
    let dir = tempfile::tempdir().unwrap();
    let site = |name: &str| format!("usr/lib/python3/site-packages/{name}-1.dist-info/METADATA");
    let (a, b, c) = (site("a"), site("b"), site("c"));
    let lower = layer(
        dir.path(),
        &[
            F(&a, &metadata("a", "1")),
            F(&b, &metadata("b", "1")),
            F(&c, &metadata("c", "1")),
            F("opt/venv/d.dist-info/METADATA", &metadata("d", "1")),
            F("opt/venv-2/e.dist-info/METADATA", &metadata("e", "1")),
            F("srv/f.egg-info/PKG-INFO", &metadata("f", "1")),
            F("srv/g.egg-info", &metadata("g", "1")),
        ],
    );
    let upper = layer(
        dir.path(),
        &[
            F("usr/lib/python3/site-packages/.wh.a-1.dist-info", b""),
            F("opt/venv/.wh..wh..opq", b""),
            F("opt/venv/h.dist-info/METADATA", &metadata("h", "1")),
            S("usr/lib/python3/site-packages/b-1.dist-info", "/elsewhere"),
            F("srv/f.egg-info", &metadata("f", "2")),
            F("srv/.wh.g.egg-info", b""),
        ],
    );
    assert_eq!(
        shown(&inventory(vec![lower.clone(), upper.clone()])),
        ["c 1 0", "e 1 0", "f 2 1", "h 1 1"]
    );
    // A layer that only touches a package's files does not bring the package.
    let touched = layer(dir.path(), &[F(&c, &metadata("c", "1"))]);
    assert!(shown(&inventory(vec![lower, upper, touched])).contains(&"c 1 0".to_owned()));
}

#[test]
fn python_packages_of_the_distribution_are_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = "usr/lib/python3/dist-packages/six-1.16.0.egg-info";
    let list = format!("/.\n/usr\n/{path}\n");
    let base = layer(
        dir.path(),
        &[
            F(STATUS, &dpkg(&[("python3-six", "1.16.0-4")])),
            F("var/lib/dpkg/info/python3-six.list", list.as_bytes()),
            F(path, &metadata("six", "1.16.0")),
            F(
                "usr/local/lib/python3.11/dist-packages/six-1.17.0.dist-info/METADATA",
                &metadata("six", "1.17.0"),
            ),
        ],
    );
    assert_eq!(
        shown(&inventory(vec![base.clone()])),
        ["python3-six 1.16.0-4 0", "six 1.17.0 0"]
    );
    let removed = layer(dir.path(), &[F("var/lib/dpkg/info/.wh.python3-six.list", b"")]);
    assert_eq!(shown(&inventory(vec![base, removed])).len(), 3);
}

#[test]
fn what_has_metadata_of_its_own_is_told_by_them() {
    let dir = tempfile::tempdir().unwrap();
    let site = "opt/conda/envs/a/lib/python3.11/site-packages";
    let record =
        |name: &str, version: &str| format!("{{\"name\":\"{name}\",\"version\":\"{version}\"}}").into_bytes();
    let image = layer(
        dir.path(),
        &[
            F(
                "opt/conda/envs/a/conda-meta/num-py-1.json",
                &record("num-py", "1"),
            ),
            F("opt/conda/envs/a/conda-meta/zlib-2.json", &record("zlib", "2")),
            F("opt/conda/conda-meta/num-py-1.json", &record("num-py", "1.1")),
            F(
                &format!("{site}/Num.Py-1.dist-info/METADATA"),
                &metadata("Num.Py", "1"),
            ),
            F(
                &format!("{site}/pip/_vendor/vendor.txt"),
                b"idna==3.4\nurllib3==1.26.15\n",
            ),
            F(
                &format!("{site}/pip/_vendor/idna-3.4.dist-info/METADATA"),
                &metadata("idna", "3.4"),
            ),
            F(
                "app/urllib3-1.26.15.dist-info/METADATA",
                &metadata("urllib3", "1.26.15"),
            ),
        ],
    );
    assert_eq!(
        shown(&inventory(vec![image])),
        [
            "Num.Py 1 0",
            "idna 3.4 0",
            "urllib3 1.26.15 0",
            "urllib3 1.26.15 0",
            "num-py 1.1 0",
            "zlib 2 0"
        ]
    );
}

#[test]
fn hard_links_are_read_by_their_targets() {
    let dir = tempfile::tempdir().unwrap();
    let linked = layer(
        dir.path(),
        &[
            F("cache/blob", &metadata("a", "1")),
            H("app/a.dist-info/METADATA", "cache/blob"),
            F("cache/b.dist-info/METADATA", &metadata("b", "1")),
            H("app/b.dist-info/METADATA", "cache/b.dist-info/METADATA"),
        ],
    );
    assert_eq!(shown(&inventory(vec![linked])), ["a 1 0", "b 1 0", "b 1 0"]);
}

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
fn secrets_stay_in_the_layers_below_a_whiteout() {
    let dir = tempfile::tempdir().unwrap();
    let key = format!(
        "-----BEGIN {}-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf\n",
        "PRIVATE KEY"
    );
    let lower = layer(
        dir.path(),
        &[
            F("app/.env", b"DEBUG=1\nDB_PASSWORD=hunter2\n"),
            F("root/.ssh/id_rsa", key.as_bytes()),
            F("usr/lib/python3/dist-packages/x/key.pem", key.as_bytes()),
            F("app/blob", &[b"\0".as_slice(), key.as_bytes()].concat()),
        ],
    );
    let upper = layer(dir.path(), &[F("app/.wh..env", b"")]);
    let mut image = image(vec![lower, upper], &[]);
    image.config.config.env.push("API_KEY=abcdef".to_owned());
    let found = Inventory::of(&image, None).unwrap().secrets;
    let shown = found.iter().map(|finding| {
        let place = match &finding.place {
            Place::Layer { path, .. } => path.clone(),
            other => format!("{other:?}"),
        };
        format!("{place}: {}: {}", finding.message, finding.evidence)
    });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            "Config { field: \"Env\" }: `API_KEY` has a value in the image's configuration: API_KEY=********",
            "app/.env: value of `DB_PASSWORD` in line 2, which a later layer deletes and the image still holds: \
             DB_PASSWORD=********",
            "root/.ssh/id_rsa: private key in line 1: -----BEGIN PRIVATE KEY-----",
        ]
    );
}

/// Where, and what kind.
fn secret_places(found: &Inventory) -> Vec<String> {
    let place = |finding: &plimsoll_core::Finding| match &finding.place {
        Place::Layer { path, .. } => path.clone(),
        other => format!("{other:?}"),
    };
    found.secrets.iter().map(place).collect()
}

#[test]
fn secrets_in_package_directories_count_unless_a_package_owns_them() {
    let dir = tempfile::tempdir().unwrap();
    let key = format!(
        "-----BEGIN {}-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf\n",
        "PRIVATE KEY"
    );
    let key = key.as_bytes();
    let large = [vec![b'\n'; 2 << 20], key.to_vec()].concat();
    let mixed = layer(
        dir.path(),
        &[
            F("app/dump.sql", &large),
            F("app/huge.sql", &vec![b'\n'; 9 << 20]),
            F("app/logo.png", b"\x89PNG"),
            F("app/tool", b"\0\0"),
            F("usr/lib/ssl/sample.key", key),
            F("usr/lib/x/owned.txt", key),
            F("usr/lib/python3/dist-packages/t/test.key", key),
            F("usr/share/app/.npmrc", b"//r.test/:_password=aHVudGVyMg==\n"),
            F("usr/share/app/settings.py", key),
            F("usr/share/doc/x/key.pem", key),
            F("var/cache/app/.env", b"DB_PASSWORD=hunter2\n"),
            F(
                "var/lib/dpkg/info/x.list",
                b"/.\n/usr\n/usr/share/doc/x/key.pem\n/lib/x/owned.txt\n",
            ),
        ],
    );
    let found = inventory(vec![mixed]);
    assert_eq!(
        secret_places(&found),
        [
            "app/dump.sql",
            "usr/lib/ssl/sample.key",
            "usr/share/app/.npmrc",
            "usr/share/app/settings.py",
            "var/cache/app/.env",
        ]
    );
    assert_eq!(
        found.secret_scope.to_string(),
        "5 files searched; not: 2 owned by the distribution's packages, 1 of languages' packages and runtimes, \
         2 that are no text, 1 larger than 8 MiB"
    );
    // Alpine names directories and files apart.
    let alpine = layer(
        dir.path(),
        &[
            F("lib/apk/db/installed", b"P:x\nV:1\nF:usr/share/x\nR:key.pem\n\n"),
            F("usr/share/x/key.pem", key),
            F("usr/share/x/other.pem", key),
        ],
    );
    assert_eq!(secret_places(&inventory(vec![alpine])), ["usr/share/x/other.pem"]);
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
fn kept_analyses_are_used_and_bad_ones_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let one = layer(dir.path(), &[F("a.egg-info", &metadata("a", "1"))]);
    let expected = analyze_layer(&one).unwrap();
    let cache_dir = dir.path().join("analyses");
    let cache = AnalysisCache::new(&cache_dir);
    let file = cache_dir.join(format!("{}.json", one.diff_id.hex()));
    assert_eq!(cache.analyze(&one).unwrap(), expected);

    // What is kept is what is given.
    let kept = fs::read_to_string(&file).unwrap();
    let with_checksum = |json: &str| format!("{}\n{json}", Digest::of(json.as_bytes()).hex());
    let changed = |from: &str, to: &str| with_checksum(&kept[65..].replace(from, to));
    fs::write(&file, changed("\"1\"", "\"2\"")).unwrap();
    assert_eq!(cache.analyze(&one).unwrap().evidence[0].packages[0].version, "2");

    for bad in [
        "",
        "{",
        &kept[..kept.len() / 2],
        &kept.replace("\"1\"", "\"2\""),
        &changed("\"schema\":", "\"schema\":9"),
        &changed("dpkg/", "dpkg/0"),
    ] {
        fs::write(&file, bad).unwrap();
        assert_eq!(cache.analyze(&one).unwrap(), expected);
        assert_eq!(fs::read_to_string(&file).unwrap(), kept);
    }

    // A cache that cannot be written is a warning, not a failure.
    let blocked = dir.path().join("file");
    fs::write(&blocked, "").unwrap();
    let analysis = AnalysisCache::new(&blocked).analyze(&one).unwrap();
    assert_eq!(analysis.evidence, expected.evidence);
    assert!(
        analysis.warnings[0]
            .message
            .starts_with("the analysis of a layer cannot be kept")
    );
}

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

#[test]
fn what_later_layers_removed_is_told_where_all_layers_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let site = |name: &str| format!("usr/lib/python3/dist-packages/{name}.dist-info/METADATA");
    let (six, pip) = (site("six"), site("pip"));
    let list = format!("/{six}\n");
    let layers = vec![
        layer(
            dir.path(),
            &[
                F(STATUS, &dpkg(&[("a", "1"), ("b", "1"), ("python3-six", "1")])),
                F("var/lib/dpkg/info/python3-six.list", list.as_bytes()),
                F(&six, &metadata("six", "1")),
                F(&pip, &metadata("pip", "9")),
            ],
        ),
        layer(
            dir.path(),
            &[
                F(STATUS, &dpkg(&[("a", "2")])),
                F("var/lib/dpkg/info/.wh.python3-six.list", b""),
                F("usr/lib/python3/.wh.dist-packages", b""),
            ],
        ),
        layer(dir.path(), &[F(STATUS, &dpkg(&[("a", "2"), ("b", "1")]))]),
    ];
    let history = [("ADD rootfs", false), ("RUN remove", false), ("RUN again", false)];
    let image = image(layers, &history);
    assert_eq!(shown(&Inventory::of(&image, None).unwrap()), ["a 2 1", "b 1 2"]);
    let options = InventoryOptions {
        all_layers: true,
        ..InventoryOptions::default()
    };
    let found = Inventory::with_options(&image, options).unwrap();
    let removed = found.packages.iter().filter_map(|package| {
        let by = package.removed_by.as_ref()?;
        let layer = package.layer.as_ref()?.index;
        Some(format!(
            "{} {} {layer} {} {}",
            package.name, package.version, by.index, by.created_by
        ))
    });
    // `b` is there again, and the distribution's `python3-six` stands for `six`.
    assert_eq!(
        removed.collect::<Vec<_>>(),
        [
            "a 1 0 1 RUN remove",
            "python3-six 1 0 1 RUN remove",
            "pip 9 0 1 RUN remove"
        ]
    );
    assert_eq!(found.packages.len(), 5);
}

#[test]
fn packages_have_their_files_where_they_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let base = layer(
        dir.path(),
        &[
            F(STATUS, &dpkg(&[("libc6", "1"), ("bash", "1")])),
            F(
                "var/lib/dpkg/info/libc6:amd64.list",
                b"/.\n/lib\n/lib/libc.so.6\n",
            ),
            F("var/lib/dpkg/info/bash.list", b"/.\n/bin/bash\n"),
            F("var/lib/dpkg/status.d/tzdata", b"Package: tzdata\nVersion: 1\n"),
            F(
                "var/lib/dpkg/status.d/tzdata.md5sums",
                b"d41d8cd98f00b204e9800998ecf8427e  usr/share/zoneinfo/UTC\n",
            ),
            F(
                "lib/apk/db/installed",
                b"P:musl\nV:1\nF:lib\nR:ld-musl.so\nF:\nR:init\n\nP:no\nV:1\n",
            ),
            F("app/a.dist-info/METADATA", &metadata("a", "1")),
        ],
    );
    let image = image(vec![base], &[]);
    let cache = AnalysisCache::new(dir.path().join("cache"));
    let files = |files| {
        let options = InventoryOptions {
            files,
            cache: Some(&cache),
            ..InventoryOptions::default()
        };
        let found = Inventory::with_options(&image, options).unwrap();
        let shown = |package: &Package| format!("{}: {}", package.name, package.files.join(" "));
        found.packages.iter().map(shown).collect::<Vec<_>>()
    };
    assert!(files(false).iter().all(|line| line.ends_with(": ")));
    // An analysis without files is kept now, and is not enough.
    assert_eq!(
        files(true),
        [
            "bash: bin/bash",
            "libc6: lib/libc.so.6",
            "tzdata: usr/share/zoneinfo/UTC",
            "musl: lib/ld-musl.so init",
            "no: ",
            "a: app/a.dist-info/METADATA",
        ]
    );
    assert!(files(false).iter().all(|line| line.ends_with(": ")));
}

/// A docker-archive with one layer that has one file.
fn archive(path: &Path, content: &[u8]) {
    let layer = {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, STATUS, content).unwrap();
        tar.into_inner().unwrap()
    };
    let diff_id = Digest::of(&layer);
    let config = format!(r#"{{"rootfs":{{"type":"layers","diff_ids":["{diff_id}"]}}}}"#);
    let manifest = br#"[{"Config":"config.json","Layers":["layer.tar"]}]"#;
    let mut tar = tar::Builder::new(File::create(path).unwrap());
    for (name, bytes) in [
        ("layer.tar", layer.as_slice()),
        ("config.json", config.as_bytes()),
        ("manifest.json", manifest),
    ] {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, name, bytes).unwrap();
    }
    tar.into_inner().unwrap();
}

#[test]
fn a_file_that_is_written_to_is_hashed_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("image.tar");
    archive(&path, &dpkg(&[("a", "1")]));
    let cache = AnalysisCache::new(dir.path().join("analyses"));
    let scan = || {
        let images = plimsoll_image::source::open_archive(&path, &Default::default()).unwrap();
        Inventory::of(&images[0], Some(&cache))
    };
    let stamps = || {
        let kept = fs::read_dir(dir.path().join("analyses")).unwrap();
        let names = kept.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".verified")).count()
    };
    // What was written just now may be written again in the same tick of the clock.
    assert_eq!(shown(&scan().unwrap()), ["a 1 0"]);
    assert_eq!(stamps(), 0);
    std::thread::sleep(std::time::Duration::from_millis(3100));
    assert_eq!(shown(&scan().unwrap()), ["a 1 0"]);
    if stamps() == 0 {
        eprintln!("skipped: the file system for temporary files is not a local one");
        return;
    }
    assert_eq!(shown(&scan().unwrap()), ["a 1 0"]);
    // Other bytes with the old times: the time of change cannot be set.
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let version = bytes.windows(10).position(|part| part == b"Version: 1").unwrap();
    bytes[version + 9] = b'2';
    fs::write(&path, &bytes).unwrap();
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(before)
        .unwrap();
    let error = scan().unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("has the digest"), "{cause}");
}

#[test]
fn a_program_with_a_document_of_its_maker_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let document = br#"{"packages":[{"name":"apache","versionInfo":"2.4.58","externalRefs":[
        {"referenceType":"purl","referenceLocator":"pkg:bitnami/apache@2.4.58-0"}]}]}"#;
    let mut program = b"\x7fELF\x02\x01\x01".to_vec();
    program.resize(8 << 10, 0);
    program.extend(b"Apache/2.4.58 (Unix)");
    let found = inventory(vec![layer(
        dir.path(),
        &[
            F("opt/bitnami/apache/.spdx-apache.spdx", document),
            F("opt/bitnami/apache/bin/httpd", &program),
            F("srv/bin/httpd", &program),
        ],
    )]);
    assert_eq!(shown(&found), ["apache 2.4.58 0", "httpd 2.4.58 0"]);
    assert_eq!(found.packages[1].evidence, "srv/bin/httpd");
}

#[test]
fn instructions_of_packages_are_told_without_their_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let layers = vec![layer(
        dir.path(),
        &[F("var/lib/dpkg/status", &dpkg(&[("bash", "5.2-1")]))],
    )];
    let line = "RUN |1 NPM_TOKEN=s3cr3t-0f-the-registry /bin/sh -c npm ci --token s3cr3t-0f-the-registry";
    let found = Inventory::of(&image(layers, &[(line, false)]), None).unwrap();
    let made_by = &found.packages[0].layer.as_ref().unwrap().created_by;
    assert_eq!(
        made_by,
        "RUN |1 NPM_TOKEN=******** /bin/sh -c npm ci --token ********"
    );
    assert_eq!(found.secrets.len(), 1);
}
