//! Image archives: every form that other tools write is read, damage is told, and what is written is read again.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use plimsoll_core::{Digest, Platform};
use plimsoll_image::sink::{self, Annotations, LayerCompression, WriteOptions};
use plimsoll_image::source::{self, Options, Source};
use plimsoll_image::{Error, Image, Store};

use crate::support::{Tar, entries, leftovers, store, written};

pub(crate) fn layers() -> [Vec<u8>; 2] {
    [
        Tar::new()
            .dir("etc")
            .file("etc/os-release", b"ID=test\n")
            .file("big", &[3; 70_000])
            .end(),
        Tar::new()
            .file("etc/.wh.os-release", b"")
            .file("app", b"app")
            .end(),
    ]
}

pub(crate) fn config(layers: &[Vec<u8>]) -> Vec<u8> {
    let ids: Vec<String> = layers
        .iter()
        .map(|layer| format!("\"{}\"", Digest::of(layer)))
        .collect();
    let ids = ids.join(",");
    let fields = r#""architecture":"amd64","os":"linux","config":{"Env":["A=b"],"Odd":1}"#;
    format!(r#"{{{fields},"rootfs":{{"type":"layers","diff_ids":[{ids}]}}}}"#).into_bytes()
}

/// The format of Docker before 25: a directory for each layer, and a link for one that is there already.
pub(crate) fn old_docker(layers: &[Vec<u8>], tags: &str) -> Tar {
    let config = config(layers);
    let id = Digest::of(&config).hex();
    let mut tar = Tar::new();
    let mut names = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let name = format!(
            "{}/layer.tar",
            Digest::of(&[b'0' + u8::try_from(index).unwrap()]).hex()
        );
        tar = tar.dir(name.trim_end_matches("layer.tar"));
        tar = match layers[..index].iter().position(|known| known == layer) {
            Some(first) => {
                let first: &String = &names[first];
                tar.symlink(&name, &format!("../{first}"))
            }
            None => tar.file(&name, layer),
        };
        names.push(name);
    }
    let list: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let manifest = format!(
        r#"[{{"Config":"{id}.json","RepoTags":{tags},"Layers":[{}]}}]"#,
        list.join(",")
    );
    tar.file(&format!("{id}.json"), &config)
        .file("manifest.json", manifest.as_bytes())
}

pub(crate) type Compress = fn(&[u8]) -> Vec<u8>;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

pub(crate) fn descriptor(kind: &str, bytes: &[u8], more: &str) -> String {
    format!(
        r#"{{"mediaType":"application/vnd.oci.image.{kind}","digest":"{}","size":{}{more}}}"#,
        Digest::of(bytes),
        bytes.len()
    )
}

/// The blobs of an OCI layout for two platforms, in an index that `index.json` points to, with an attestation.
pub(crate) fn oci_blobs(compress: Compress) -> Vec<(String, Vec<u8>)> {
    let mut blobs = Vec::new();
    let mut put = |bytes: &[u8]| {
        blobs.push((
            format!("blobs/sha256/{}", Digest::of(bytes).hex()),
            bytes.to_owned(),
        ));
    };
    let mut manifests = Vec::new();
    for architecture in ["amd64", "arm64"] {
        let layers = layers();
        let config = String::from_utf8(config(&layers))
            .unwrap()
            .replace("amd64", architecture)
            .into_bytes();
        let compressed: Vec<Vec<u8>> = layers.iter().map(|layer| compress(layer)).collect();
        let list: Vec<String> = compressed
            .iter()
            .map(|layer| descriptor("layer.v1.tar+gzip", layer, ""))
            .collect();
        let manifest = format!(
            r#"{{"schemaVersion":2,"config":{},"layers":[{}]}}"#,
            descriptor("config.v1+json", &config, ""),
            list.join(",")
        );
        compressed.iter().for_each(|layer| put(layer));
        put(&config);
        put(manifest.as_bytes());
        let platform = format!(r#","platform":{{"os":"linux","architecture":"{architecture}"}}"#);
        manifests.push(descriptor("manifest.v1+json", manifest.as_bytes(), &platform));
    }
    manifests.push(descriptor(
        "manifest.v1+json",
        b"attestation",
        r#","platform":{"os":"unknown","architecture":"unknown"}"#,
    ));
    let nested = format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, manifests.join(","));
    put(nested.as_bytes());
    let name = r#","annotations":{"org.opencontainers.image.ref.name":"1","io.containerd.image.name":"docker.io/library/multi:1"}"#;
    let top = descriptor("index.v1+json", nested.as_bytes(), name);
    blobs.push((
        "index.json".to_owned(),
        format!(r#"{{"schemaVersion":2,"manifests":[{top}]}}"#).into_bytes(),
    ));
    blobs.push((
        "oci-layout".to_owned(),
        br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
    ));
    blobs
}

/// The blobs as an archive.
pub(crate) fn oci_archive(blobs: &[(String, Vec<u8>)]) -> Vec<u8> {
    let add = |tar: Tar, (name, bytes): &(String, Vec<u8>)| tar.file(name, bytes);
    blobs.iter().fold(Tar::new(), add).end()
}

fn write(directory: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

fn open(path: &Path) -> Result<Vec<Image>, Error> {
    source::open_archive(path, &Options::default())
}

pub(crate) fn assert_same(image: &Image, store: &Store) {
    let expected = layers();
    assert_eq!(image.layers.len(), 2);
    let added = store.add(image, &image.references).unwrap();
    for ((own, stored), tar) in image.layers.iter().zip(&added.layers).zip(&expected) {
        own.verify().unwrap();
        assert_eq!(written(own), *tar);
        assert_eq!(written(stored), *tar);
        assert_eq!(entries(own), entries(stored));
    }
    assert_eq!((added.id, &added.config_bytes), (image.id, &image.config_bytes));
    assert_eq!(image.size().unwrap(), added.size().unwrap());
    assert_eq!(image.size().unwrap(), 70_000 + 8 + 3);
}

#[test]
fn docker_archives_are_read_plain_and_compressed() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let plain = old_docker(&layers(), r#"["a/b:1","localhost:5000/c:2"]"#).end();
    let zstd = zstd::encode_all(&plain[..], 1).unwrap();
    for (name, bytes) in [
        ("plain.tar", plain.clone()),
        ("x.tar.gz", gzip(&plain)),
        ("x.tar.zst", zstd),
    ] {
        let images = open(&write(directory.path(), name, &bytes)).unwrap();
        let [image] = &images[..] else {
            panic!("{} images", images.len())
        };
        let names: Vec<String> = image.references.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["a/b:1", "localhost:5000/c:2"]);
        assert_eq!(image.config.other.len() + image.config.config.other.len(), 1);
        assert_same(image, &store);
    }
    assert_eq!(store.images().unwrap().len(), 1);
    let source: Source = format!(
        "docker-archive:{}:a/b:1",
        directory.path().join("plain.tar").display()
    )
    .parse()
    .unwrap();
    assert_eq!(
        source::open(&source, &store, &Options::default()).unwrap().len(),
        1
    );
    let source: Source = format!(
        "docker-archive:{}:other",
        directory.path().join("plain.tar").display()
    )
    .parse()
    .unwrap();
    let missing = source::open(&source, &store, &Options::default()).unwrap_err();
    assert!(matches!(missing, Error::NotInSource { .. }), "{missing}");
    assert!(
        missing.hint().unwrap().0.starts_with("the names in it are `"),
        "{missing:?}"
    );
}

#[test]
fn a_layer_may_stand_twice_and_be_a_link() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let [first, second] = layers();
    let tar = old_docker(&[first.clone(), second, first], "null").end();
    let image = open(&write(directory.path(), "x.tar", &tar)).unwrap().remove(0);
    assert!(image.references.is_empty());
    let added = store.add(&image, &[]).unwrap();
    assert_eq!(added.layers[0].diff_id, added.layers[2].diff_id);
    assert_eq!(store.images().unwrap()[0].layers.len(), 3);
}

#[test]
fn oci_layouts_are_read_for_the_platform() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let zstd: Compress = |bytes| zstd::encode_all(bytes, 1).unwrap();
    let compressions: [Compress; 3] = [<[u8]>::to_vec, gzip, zstd];
    for (index, compress) in compressions.into_iter().enumerate() {
        let layout = directory.path().join(format!("layout-{index}"));
        let mut tar = Tar::new();
        for (name, bytes) in oci_blobs(compress) {
            write(&layout, &name, &bytes);
            tar = tar.file(&name, &bytes);
        }
        let archive = write(directory.path(), "x.tar", &tar.end());
        for source in [Source::Oci(layout.clone()), Source::OciArchive(archive.clone())] {
            for architecture in ["amd64", "arm64"] {
                let options = Options {
                    platform: Some(format!("linux/{architecture}").parse().unwrap()),
                    ..Options::default()
                };
                let images = source::open(&source, &store, &options).unwrap();
                assert_eq!(images.len(), 1);
                assert_eq!(images[0].config.architecture, architecture);
                assert_eq!(images[0].references[0].to_string(), "multi:1");
                assert_same(&images[0], &store);
            }
            let options = Options {
                platform: Some("linux/s390x".parse().unwrap()),
                ..Options::default()
            };
            let error = source::open(&source, &store, &options).unwrap_err();
            assert!(
                matches!(&error, Error::NoPlatform { available, .. } if available.len() == 2),
                "{error}"
            );
        }
        assert_eq!(open(&archive).unwrap()[0].config.platform(), Platform::host());
    }
    let named: Source = format!("oci:{}:1", directory.path().join("layout-0").display())
        .parse()
        .unwrap();
    assert_eq!(
        source::open(&named, &store, &Options::default()).unwrap().len(),
        1
    );
}

/// The error, and that it names the file and has a hint.
fn told(path: &Path, result: Result<Vec<Image>, Error>) -> Error {
    let error = result.unwrap_err();
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    assert!(error.hint().is_some(), "no hint for: {error}");
    error
}

#[test]
fn what_is_missing_or_damaged_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let good = old_docker(&layers(), "[]").end();

    let path = write(here, "empty.tar", b"");
    assert!(matches!(told(&path, open(&path)), Error::NotAnArchive { .. }));
    let path = write(here, "text.txt", &b"this is only a text ".repeat(100));
    assert!(matches!(told(&path, open(&path)), Error::NotAnArchive { .. }));
    let path = write(here, "rootfs.tar", &layers()[0]);
    assert!(matches!(told(&path, open(&path)), Error::NotAnArchive { .. }));
    assert!(matches!(told(here, open(here)), Error::NotAnArchive { .. }));
    assert!(matches!(open(&here.join("none")), Err(Error::Io { .. })));

    for length in (1..good.len() - 1024).step_by(5003).chain([good.len() - 1500]) {
        let path = write(here, "short.tar", &good[..length]);
        // Cut between two members, the manifest or what it needs is not there.
        let error = told(&path, open(&path));
        let expected = matches!(
            error,
            Error::Truncated { .. } | Error::Missing { .. } | Error::NotAnArchive { .. }
        );
        assert!(expected, "{length}: {error}");
    }
    let compressed = gzip(&good);
    let path = write(here, "short.tar.gz", &compressed[..compressed.len() / 2]);
    assert!(matches!(told(&path, open(&path)), Error::Truncated { .. }));

    let manifest = |text: &str| Tar::new().file("manifest.json", text.as_bytes()).end();
    let path = write(here, "x.tar", &manifest(r#"[{"Config":"c.json","Layers":[]}]"#));
    assert!(matches!(told(&path, open(&path)), Error::Missing { member, .. } if member == "c.json"));
    let config = config(&layers()[..1]);
    let id = Digest::of(&config).hex();
    let one = format!(r#"[{{"Config":"{id}.json","RepoTags":null,"Layers":["gone/layer.tar"]}}]"#);
    let tar = Tar::new()
        .file(&format!("{id}.json"), &config)
        .file("manifest.json", one.as_bytes());
    let path = write(here, "x.tar", &tar.end());
    assert!(matches!(told(&path, open(&path)), Error::Missing { member, .. } if member == "gone/layer.tar"));
    let tar = Tar::new()
        .file(&format!("{id}.json"), b"{}")
        .file("manifest.json", one.as_bytes());
    let path = write(here, "x.tar", &tar.end());
    assert!(matches!(told(&path, open(&path)), Error::DigestMismatch { .. }));
    for text in ["[]", "{}", "nothing"] {
        let path = write(here, "x.tar", &manifest(text));
        assert!(matches!(open(&path), Err(Error::Document { .. })), "{text}");
    }
}

#[test]
fn an_archive_that_is_written_to_while_it_is_read_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = write(directory.path(), "x.tar", &old_docker(&layers(), "[]").end());
    let image = open(&path).unwrap().remove(0);
    let verification = image.layers[0].start_verifying();
    // A time before, for clocks are not exact; the bytes are the same, and who has seen others meanwhile is not known.
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let error = verification.finish().unwrap_err();
    assert!(matches!(error, Error::Changed { .. }), "{error}");
    assert!(error.hint().is_some());
    // What is opened again is another file.
    let layer = open(&path).unwrap().remove(0).layers.remove(0);
    layer.verify().unwrap();
    // Also where the digest is known, and is not computed again.
    let watching = layer.start_watching();
    file.set_modified(std::time::SystemTime::now()).unwrap();
    assert!(matches!(watching.finish(), Err(Error::Changed { .. })));
}

#[test]
fn a_layer_with_other_bytes_is_refused_and_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let mut changed = old_docker(&layers(), "[]").end();
    let place = changed.windows(4).position(|window| window == [3; 4]).unwrap();
    changed[place] = 4;
    let image = open(&write(directory.path(), "x.tar", &changed))
        .unwrap()
        .remove(0);
    assert!(matches!(
        image.layers[0].verify(),
        Err(Error::DigestMismatch { .. })
    ));
    assert!(image.layers[1].verify().is_ok());
    let error = store.add(&image, &["x".parse().unwrap()]).unwrap_err();
    assert!(
        matches!(&error, Error::DigestMismatch { what, .. } if what.contains("layer 1")),
        "{error}"
    );
    assert!(leftovers(&store).is_empty());
    assert!(store.images().unwrap().is_empty());
    let mut out = Vec::new();
    assert!(image.layers[0].write_tar(&mut out).is_err());

    // The compressed bytes of a layer have a digest of their own.
    let blobs = oci_blobs(gzip);
    let layout = directory.path().join("layout");
    for (name, bytes) in &blobs {
        write(&layout, name, bytes);
    }
    let (name, bytes) = &blobs[0];
    let recompressed = {
        let mut bytes = bytes.clone();
        bytes[4] = 1;
        bytes
    };
    write(&layout, name, &recompressed);
    let image = source::open(&Source::Oci(layout), &store, &Options::default())
        .unwrap()
        .remove(0);
    let error = store.add(&image, &[]).unwrap_err();
    assert!(
        matches!(&error, Error::DigestMismatch { what, .. } if what.contains("compressed")),
        "{error}"
    );
    assert!(leftovers(&store).is_empty());
}

#[test]
fn what_is_written_is_read_again_and_always_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let tar = old_docker(&layers(), r#"["a:1","a:2"]"#).end();
    let archived = open(&write(directory.path(), "x.tar", &tar)).unwrap().remove(0);
    let stored = store.add(&archived, &archived.references).unwrap();
    let other = crate::support::import(&store, &layers()[0]).unwrap();
    let images = [stored.clone(), other.clone()];

    let docker = |images: &[Image]| {
        let mut out = Vec::new();
        sink::docker_archive::write(images, &mut out).unwrap();
        out
    };
    let first = docker(&images);
    assert!(first == docker(&images));
    assert!(docker(&[archived]) == docker(std::slice::from_ref(&stored)));
    let read = open(&write(directory.path(), "docker.tar", &first)).unwrap();
    let ids = |images: &[Image]| images.iter().map(|image| image.id).collect::<Vec<_>>();
    assert_eq!(ids(&read), ids(&images));
    assert_eq!(read[0].references, images[0].references);
    assert_same(&read[0], &store);

    for compression in [
        LayerCompression::None,
        LayerCompression::GZIP,
        LayerCompression::ZSTD,
    ] {
        let options = WriteOptions {
            compression,
            ..WriteOptions::new(directory.path())
        };
        let oci = || {
            let mut out = Vec::new();
            sink::oci::write_archive(&images, &mut out, &options).unwrap();
            out
        };
        let first = oci();
        assert!(first == oci());
        let read = open(&write(directory.path(), "oci.tar", &first)).unwrap();
        assert_eq!(ids(&read), ids(&images));
        assert_eq!(read[0].references, images[0].references);
        assert_same(&read[0], &store);

        let layout = directory.path().join(format!("{compression:?}"));
        sink::oci::write_dir(&images[..1], &layout, &options).unwrap();
        sink::oci::write_dir(&images[1..], &layout, &options).unwrap();
        let read = source::open(&Source::Oci(layout.clone()), &store, &Options::default()).unwrap();
        assert_eq!(ids(&read), ids(&images));
        assert_same(&read[0], &store);
        let names: Vec<_> = fs::read_dir(&layout)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names.len(), 3, "{names:?}");

        let mut docker = Vec::new();
        sink::docker_archive::write_with(&images, &mut docker, &options).unwrap();
        let read = open(&write(directory.path(), "docker.tar", &docker)).unwrap();
        assert_eq!(ids(&read), ids(&images));
        assert_same(&read[0], &store);
    }
}

#[test]
fn a_full_output_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let image = crate::support::import(&store, &layers()[0]).unwrap();
    let Ok(mut full) = File::options().write(true).open("/dev/full") else {
        eprintln!("skipped: needs /dev/full");
        return;
    };
    let result = sink::docker_archive::write(&[image], &mut full);
    assert!(matches!(result, Err(Error::Write(_))));
}

#[test]
fn annotations_are_written_where_they_belong_and_kept() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let mut image = crate::support::import(&store, &layers()[0]).unwrap();
    image.annotations.insert("own".into(), "1".into());
    let one = |key: &str| [(key.to_owned(), "2".to_owned())].into();
    let options = WriteOptions {
        annotations: Annotations {
            manifest: one("manifest"),
            index: one("index"),
            manifest_descriptor: one("descriptor"),
        },
        ..WriteOptions::new(directory.path())
    };
    let layout = directory.path().join("layout");
    let written = sink::oci::write_dir(&[image], &layout, &options)
        .unwrap()
        .remove(0);
    let json = |path: std::path::PathBuf| -> serde_json::Value {
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    };
    let index = json(layout.join("index.json"));
    assert_eq!(index["annotations"]["index"], "2");
    assert_eq!(index["manifests"][0]["annotations"]["descriptor"], "2");
    assert_eq!(
        index["manifests"][0]["digest"],
        written.manifest_digest.to_string()
    );
    assert_eq!(index["manifests"][0]["size"], written.manifest_size);
    let read = source::open(&Source::Oci(layout), &store, &Options::default()).unwrap();
    assert_eq!(read[0].annotations["own"], "1");
    assert_eq!(read[0].annotations["manifest"], "2");
    let added = store.add(&read[0], &[]).unwrap();
    assert_eq!(added.annotations, read[0].annotations);
}

#[test]
fn an_archive_of_the_other_form_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().join("store")).unwrap();
    for (member, named, told) in [
        ("index.json", "docker-archive", "`oci-archive:`"),
        ("manifest.json", "oci-archive", "`docker-archive:`"),
    ] {
        let path = directory.path().join("other.tar");
        std::fs::write(&path, Tar::new().file(member, b"{}").end()).unwrap();
        let source: Source = format!("{named}:{}", path.display()).parse().unwrap();
        let error = source::open(&source, &store, &Options::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains(told), "{error}");
    }
}
