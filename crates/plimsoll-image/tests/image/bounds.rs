//! Archives that lie, swell or have no end: whoever reads them, to scan or to load them, refuses them with a reason or
//! takes no harm. The limits are those of `docs/limits.md`.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use plimsoll_core::Digest;
use plimsoll_image::source::{self, Options};
use plimsoll_image::{Error, Image, Limits, Store};

use crate::archives::{config, descriptor, layers, oci_archive, oci_blobs, old_docker};
use crate::support::{Tar, leftovers, store};

/// What becomes of an archive.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    Taken,
    /// With an error that has this in it.
    Refused(&'static str),
}
use Outcome::{Refused, Taken};

struct Case {
    name: &'static str,
    archive: Vec<u8>,
    scan: Outcome,
    load: Outcome,
}

fn case(name: &'static str, archive: Vec<u8>, both: Outcome) -> Case {
    Case {
        name,
        archive,
        scan: both,
        load: both,
    }
}

/// An archive with this layer.
fn with_layer(layer: Vec<u8>) -> Vec<u8> {
    old_docker(&[layer], "[]").end()
}

/// A PAX header with these records.
fn pax(tar: Tar, records: &[(&str, &str)]) -> Tar {
    let record = |(key, value): &(&str, &str)| {
        let rest = key.len() + value.len() + 3;
        let mut length = rest + 1;
        while length != rest + length.to_string().len() {
            length = rest + length.to_string().len();
        }
        format!("{length} {key}={value}\n")
    };
    let payload: String = records.iter().map(record).collect();
    tar.raw(b"PaxHeaders/x", b'x', b"", payload.as_bytes(), (0, 0))
}

/// The whole layer, as a scan reads it.
fn scan(image: &Image) -> Result<(), Error> {
    for layer in &image.layers {
        let verification = layer.start_verifying();
        layer.walk(|entry| {
            if entry.size <= 1 << 20 {
                entry.read(1 << 20)?;
            }
            Ok::<_, Error>(ControlFlow::Continue(()))
        })?;
        verification.finish()?;
    }
    Ok(())
}

fn load(image: &Image, store: &Store) -> Result<(), Error> {
    store.add(image, &[]).map(|_| ())
}

fn assert_outcome(name: &str, how: &str, expected: Outcome, result: Result<(), Error>) {
    match (expected, result) {
        (Taken, Ok(())) => {}
        (Refused(reason), Err(error)) if error.to_string().contains(reason) => {}
        (expected, result) => panic!("{name}, to {how}: {expected:?} is expected, but {result:?}"),
    }
}

fn check(cases: Vec<Case>) {
    let directory = tempfile::tempdir().unwrap();
    let outside = directory.path().join("outside");
    fs::write(&outside, "untouched").unwrap();
    let options = Options {
        temporary_directory: directory.path().to_owned(),
        limits: Limits {
            uncompressed: 1 << 30,
            ..Limits::default()
        },
        ..Options::default()
    };
    for case in cases {
        let store = store(directory.path());
        let path = directory.path().join("archive.tar");
        fs::write(&path, &case.archive).unwrap();
        let images = || source::open_archive(&path, &options);
        let of_all = |use_image: &dyn Fn(&Image) -> Result<(), Error>| {
            images().and_then(|images| images.iter().try_for_each(use_image))
        };
        assert_outcome(case.name, "scan", case.scan, of_all(&scan));
        assert_outcome(case.name, "load", case.load, of_all(&|image| load(image, &store)));
        if let Refused(_) = case.load {
            assert_eq!(
                leftovers(&store),
                [] as [std::path::PathBuf; 0],
                "after `{}`",
                case.name
            );
        }
        assert_eq!(
            fs::read_to_string(&outside).unwrap(),
            "untouched",
            "after `{}`",
            case.name
        );
        fs::remove_dir_all(store.root()).unwrap();
    }
}

#[test]
fn layers_that_lead_out() {
    let good = || Tar::new().file("good", b"good");
    let out = "../../../../outside";
    check(vec![
        case(
            "traversal",
            with_layer(good().file(out, b"x").end()),
            Refused("goes upwards"),
        ),
        case(
            "absolute name",
            with_layer(good().file("/etc/os-release", b"x").end()),
            Taken,
        ),
        Case {
            name: "file behind a link",
            archive: with_layer(good().symlink("link", "/").file("link/outside", b"x").end()),
            // Nothing is written, so nothing can be followed.
            scan: Taken,
            load: Refused("link/outside"),
        },
        case(
            "hard link upwards",
            with_layer(good().hard_link("hard", out).end()),
            Refused("goes upwards"),
        ),
        case(
            "whiteout of the parent",
            with_layer(good().file(".wh...", b"").end()),
            Refused("whiteout"),
        ),
        Case {
            name: "hard link to nothing",
            archive: with_layer(good().hard_link("hard", "none").end()),
            scan: Taken,
            load: Refused("not in the layer"),
        },
        case(
            "unknown kind",
            with_layer(good().raw(b"odd", b'Q', b"", b"", (0, 0)).end()),
            Refused("no kind"),
        ),
        case(
            "name that is no text",
            with_layer(good().raw(b"\xff\xfe", b'0', b"", b"x", (0, 0)).end()),
            Taken,
        ),
        case(
            "one path three times",
            with_layer(good().file("a", b"1").dir("a").file("a", b"3").end()),
            Taken,
        ),
    ]);
}

#[test]
fn layers_that_swell() {
    // A layer of zeros, compressed.
    let zeros = Tar::new().file("zeros", &vec![0; 300 << 20]).end();
    let bomb = zstd::encode_all(&zeros[..], 1).unwrap();
    let config = config(&[zeros]);
    let id = Digest::of(&config).hex();
    let manifest = format!(r#"[{{"Config":"{id}.json","Layers":["layer.tar"]}}]"#);
    let bomb = Tar::new()
        .file("layer.tar", &bomb)
        .file(&format!("{id}.json"), &config)
        .file("manifest.json", manifest.as_bytes())
        .end();
    let hole = |size: &str| {
        let tar = pax(
            Tar::new(),
            &[
                ("GNU.sparse.major", "0"),
                ("GNU.sparse.minor", "1"),
                ("GNU.sparse.size", size),
                ("GNU.sparse.map", "0,1"),
            ],
        );
        with_layer(tar.file("sparse", b"x").end())
    };
    let many = (0..3).fold(Tar::new(), |tar, number| {
        let text = "x".repeat(400_000);
        pax(tar, &[(&format!("SCHILY.xattr.user.{number}"), &text)])
    });
    let long = "x".repeat(5000);
    let mut endless = Tar::new().file("file", b"x").end();
    endless[124..136].copy_from_slice(b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff");
    let sum: u32 = endless[..512].iter().map(|byte| u32::from(*byte)).sum::<u32>()
        - endless[148..156].iter().map(|byte| u32::from(*byte)).sum::<u32>()
        + 256;
    endless[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    check(vec![
        case("zstd bomb", bomb, Refused("as those of a bomb do")),
        case(
            "holes of a tebibyte",
            hole("1099511627776"),
            Refused("more than 16 GiB"),
        ),
        case("a small hole", hole("100000"), Taken),
        case(
            "extended headers without end",
            with_layer(many.file("a", b"").end()),
            Refused("more than 1 MiB"),
        ),
        case(
            "long name",
            with_layer(pax(Tar::new(), &[("path", &long)]).file("a", b"").end()),
            Refused("4096 bytes"),
        ),
        case(
            "size of nine exabytes",
            with_layer(endless),
            Refused("within an entry"),
        ),
    ]);
}

#[test]
fn documents_that_lie() {
    let good = old_docker(&layers(), "[]").end();
    let replaced = |from: &[u8], to: &[u8]| {
        let mut archive = good.clone();
        let at = archive.windows(from.len()).position(|part| part == from).unwrap();
        archive[at..at + from.len()].copy_from_slice(to);
        archive
    };
    let manifest = |text: &str| Tar::new().file("manifest.json", text.as_bytes()).end();
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
    let deep = Tar::new()
        .file("config.json", deep.as_bytes())
        .file("manifest.json", br#"[{"Config":"config.json","Layers":[]}]"#)
        .end();
    let many = vec![Tar::new().file("a", b"a").end(); 1001];
    let names = vec![r#""layer.tar""#; many.len()].join(",");
    let many = Tar::new()
        .file("layer.tar", &many[0])
        .file("config.json", &config(&many))
        .file(
            "manifest.json",
            format!(r#"[{{"Config":"config.json","Layers":[{names}]}}]"#).as_bytes(),
        )
        .end();
    let linked = Tar::new()
        .symlink("config.json", "/etc/passwd")
        .file("manifest.json", br#"[{"Config":"config.json","Layers":[]}]"#)
        .end();
    check(vec![
        case(
            "other bytes in a layer",
            replaced(b"ID=test", b"ID=tent"),
            Refused("has the digest"),
        ),
        case(
            "other bytes in the configuration",
            replaced(b"A=b", b"A=c"),
            Refused("has the digest"),
        ),
        case("deep JSON", deep, Refused("recursion limit")),
        case("no images", manifest("[]"), Refused("lists no image")),
        case(
            "other types",
            manifest(r#"{"Config":1}"#),
            Refused("cannot be read"),
        ),
        case("1001 layers", many, Refused("1001 layers")),
        case("link out of the archive", linked, Refused("has no `config.json`")),
        case(
            "cut off",
            good[..good.len() * 2 / 3].to_vec(),
            Refused("truncated"),
        ),
        case("empty", Vec::new(), Refused("it is empty")),
        case("no tar", vec![7; 4000], Refused("not an image archive")),
    ]);
    let directory = Path::new("/");
    let error = source::open_archive(directory, &Options::default()).unwrap_err();
    assert!(error.to_string().contains("is a directory"), "{error}");
}

#[test]
fn indexes_that_lie_or_have_no_end() {
    let blobs = oci_blobs(<[u8]>::to_vec);
    let changed = |wanted: fn(&str, &[u8]) -> bool, change: fn(&mut Vec<u8>)| {
        let mut blobs = blobs.clone();
        // Both platforms have the same layers.
        let meant = blobs.iter_mut().filter(|(name, bytes)| wanted(name, bytes));
        meant.for_each(|(_, bytes)| change(bytes));
        oci_archive(&blobs)
    };
    let index = |entries: &[String]| format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, entries.join(","));
    // Each index lists the one below it again and again.
    let nest = |depth: usize, width: usize| {
        let mut blobs = blobs.clone();
        let manifest = blobs
            .iter()
            .find(|(_, bytes)| bytes.starts_with(br#"{"schemaVersion":2,"config"#));
        let mut below = vec![descriptor("manifest.v1+json", &manifest.unwrap().1, ""); width];
        for _ in 0..depth {
            let text = index(&below).into_bytes();
            below = vec![descriptor("index.v1+json", &text, ""); width];
            blobs.push((format!("blobs/sha256/{}", Digest::of(&text).hex()), text));
        }
        let top = blobs.iter_mut().find(|(name, _)| name == "index.json").unwrap();
        top.1 = index(&below[..1]).into_bytes();
        oci_archive(&blobs)
    };
    check(vec![
        case("whole", oci_archive(&blobs), Taken),
        case(
            "other bytes in a layer",
            changed(|_, bytes| bytes.starts_with(b"etc"), |bytes| bytes[1030] ^= 1),
            Refused("has the digest"),
        ),
        case(
            "other bytes in a manifest",
            changed(
                |_, bytes| bytes.starts_with(br#"{"schemaVersion":2,"config"#),
                |bytes| bytes[1] = b' ',
            ),
            Refused("has the digest"),
        ),
        case(
            "another size of a layer",
            changed(
                |_, bytes| bytes.starts_with(b"etc"),
                |bytes| bytes.extend([0; 512]),
            ),
            Refused("are stated"),
        ),
        case("indexes too deep", nest(6, 1), Refused("an index in an index")),
        case(
            "indexes too wide",
            nest(3, 40),
            Refused("more than 10000 manifests"),
        ),
    ]);
}

#[test]
fn members_without_end() {
    let block = Tar::new().file("a", b"").end();
    let mut many = block[..512].repeat(100_001);
    many.extend([0; 1024]);
    check(vec![case("100001 members", many, Refused("more members"))]);
}
