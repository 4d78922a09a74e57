//! Real root file systems, and tools that read what is written and write what is read.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_core::Digest;
use plimsoll_image::sink::{self, LayerCompression, WriteOptions};
use plimsoll_image::source::{self, Options, Source};
use plimsoll_image::{Image, ImageConfig, Store};

use crate::support::{entries, has, run, shared, store, written};

fn skopeo(arguments: &[&str]) -> String {
    run(Command::new("skopeo").arg("--insecure-policy").args(arguments))
}

/// An image with two layers, one of them built, and its archive.
fn archive(directory: &Path, store: &Store) -> (Image, PathBuf) {
    let config = ImageConfig {
        architecture: "amd64".to_owned(),
        os: "linux".to_owned(),
        created: Some("2024-05-06T07:08:09Z".to_owned()),
        ..ImageConfig::default()
    };
    let tar = crate::support::Tar::new()
        .dir("etc")
        .file("etc/a", b"a")
        .hard_link("b", "etc/a")
        .end();
    let base = store.import(
        Box::new(&tar[..]),
        Path::new("base.tar"),
        &config,
        &[],
        Some("imported"),
    );
    let new = store.new_layer().unwrap();
    fs::create_dir(new.fs().join("d")).unwrap();
    fs::write(new.fs().join("d").join("f".repeat(120)), "x").unwrap();
    let layers = [base.unwrap().layers[0].clone(), new.commit().unwrap()];
    let image = store
        .commit(&config, &layers, &["localhost/made:1".parse().unwrap()])
        .unwrap();
    let path = directory.join("made.tar");
    let mut file = File::create(&path).unwrap();
    sink::docker_archive::write(std::slice::from_ref(&image), &mut file).unwrap();
    (image, path)
}

fn only(images: Vec<Image>) -> Image {
    let [image] = <[Image; 1]>::try_from(images).unwrap();
    image
}

#[test]
fn root_file_systems_keep_their_digests() {
    let (Some(rootfs), Some(script)) = (shared("images/rootfs"), shared("images/mkimage.py")) else {
        return;
    };
    if !has("python3") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    for entry in fs::read_dir(rootfs).unwrap() {
        let rootfs = entry.unwrap().path();
        let name = rootfs.file_name().unwrap().to_str().unwrap().to_owned();
        let out = directory.path().join("image.tar");
        let reference = format!("{}:1", name.trim_end_matches(".tar.gz"));
        run(Command::new("python3")
            .arg(&script)
            .arg("rootfs")
            .arg(&out)
            .arg(&reference)
            .arg(&rootfs));
        let image = only(source::open_archive(&out, &Options::default()).unwrap());
        image.layers[0].verify().unwrap();
        let added = store.add(&image, &image.references).unwrap();
        assert_eq!(added.id, image.id, "{name}");
        assert_eq!(entries(&added.layers[0]), entries(&image.layers[0]), "{name}");
        assert_eq!(added.size().unwrap(), image.size().unwrap(), "{name}");
        assert_eq!(written(&added.layers[0]), written(&image.layers[0]), "{name}");
        let imported = store.import(
            Box::new(File::open(&rootfs).unwrap()),
            &rootfs,
            &ImageConfig::default(),
            &[],
            None,
        );
        assert_eq!(
            imported.unwrap().layers[0].diff_id,
            image.layers[0].diff_id,
            "{name}"
        );

        // The unpacked tree, taken as a built one, has the same files.
        let built = store.new_layer().unwrap();
        run(Command::new("cp")
            .arg("-a")
            .arg(added.layers[0].tree().unwrap().join("."))
            .arg(built.fs()));
        let built = built.commit().unwrap();
        let sorted = |layer| {
            let mut paths: Vec<String> = entries(layer).into_iter().map(|entry| entry.0).collect();
            paths.sort();
            paths
        };
        assert_eq!(sorted(&built), sorted(&added.layers[0]), "{name}");
        assert_eq!(built.size().unwrap(), added.size().unwrap(), "{name}");
    }
}

#[test]
fn skopeo_reads_what_is_written() {
    if !has("skopeo") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let (image, path) = archive(directory.path(), &store);
    let inspected = skopeo(&["inspect", &format!("docker-archive:{}", path.display())]);
    for layer in &image.layers {
        assert!(inspected.contains(&layer.diff_id.to_string()), "{inspected}");
    }
    let here = |name: &str| directory.path().join(name).display().to_string();
    let compressions = [
        LayerCompression::None,
        LayerCompression::GZIP,
        LayerCompression::ZSTD,
    ];
    for (number, compression) in compressions.into_iter().enumerate() {
        let options = WriteOptions {
            compression,
            ..WriteOptions::new(directory.path())
        };
        let layout = here(&format!("layout-{number}"));
        sink::oci::write_dir(std::slice::from_ref(&image), Path::new(&layout), &options).unwrap();
        let config = skopeo(&["inspect", "--config", "--raw", &format!("oci:{layout}:1")]);
        assert_eq!(config.as_bytes(), &*image.config_bytes);
        let tar = here("oci.tar");
        let mut file = File::create(&tar).unwrap();
        sink::oci::write_archive(std::slice::from_ref(&image), &mut file, &options).unwrap();
        let copy = here(&format!("copy-{number}"));
        skopeo(&[
            "copy",
            "-q",
            &format!("oci-archive:{tar}"),
            &format!("dir:{copy}"),
        ]);
    }
}

#[test]
fn what_skopeo_writes_is_read() {
    if !has("skopeo") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let (image, path) = archive(directory.path(), &store);
    let here = |name: &str| directory.path().join(name).display().to_string();
    let from = format!("docker-archive:{}", path.display());
    let other = Store::open(&directory.path().join("other")).unwrap();
    let targets = [
        (
            format!("oci:{}:tag", here("layout")),
            format!("oci:{}:tag", here("layout")),
        ),
        (
            format!("oci-archive:{}:tag", here("oci.tar")),
            format!("oci-archive:{}", here("oci.tar")),
        ),
        (
            format!("docker-archive:{}:x/y:z", here("d.tar")),
            format!("docker-archive:{}", here("d.tar")),
        ),
    ];
    for (target, source) in targets {
        skopeo(&["copy", "-q", &from, &target]);
        let source: Source = source.parse().unwrap();
        let read = only(source::open(&source, &other, &Options::default()).unwrap());
        let ids = |image: &Image| {
            image
                .layers
                .iter()
                .map(|layer| layer.diff_id)
                .collect::<Vec<Digest>>()
        };
        assert_eq!(ids(&read), ids(&image), "{target}");
        let added = other.add(&read, &[]).unwrap();
        for (own, original) in added.layers.iter().zip(&image.layers) {
            assert_eq!(written(own), written(original), "{target}");
        }
    }
}

/// Loads into Docker and saves from it, where a daemon answers.
#[test]
fn docker_loads_and_saves() {
    let answers = Command::new("docker")
        .arg("info")
        .output()
        .is_ok_and(|output| output.status.success());
    if !answers {
        eprintln!("skipped: needs a Docker daemon");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let (image, path) = archive(directory.path(), &store);
    run(Command::new("docker").args(["load", "-i"]).arg(&path));
    let saved = directory.path().join("saved.tar");
    run(Command::new("docker")
        .args(["save", "-o"])
        .arg(&saved)
        .arg("localhost/made:1"));
    run(Command::new("docker").args(["rmi", "localhost/made:1"]));
    let read = only(source::open_archive(&saved, &Options::default()).unwrap());
    for (own, original) in read.layers.iter().zip(&image.layers) {
        assert_eq!(own.diff_id, original.diff_id);
        own.verify().unwrap();
    }
}
