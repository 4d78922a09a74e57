//! Good archives with a few bytes changed: whatever comes of it, nothing panics, nothing is left over, and what is taken
//! reads the same from the store. `PROPTEST_CASES` says how many are tried.

use plimsoll_image::source::{self, Options};
use plimsoll_image::{Error, Image};
use proptest::prelude::*;
use std::ops::ControlFlow;

use crate::archives::{layers, oci_archive, oci_blobs, old_docker};
use crate::support::{Tar, entries, import, leftovers, store};

/// What is done to the bytes: which change, where, and with what.
type Change = (u8, prop::sample::Index, u8);

fn changes() -> impl Strategy<Value = (Vec<Change>, bool)> {
    let change = (0..6_u8, any::<prop::sample::Index>(), any::<u8>());
    (prop::collection::vec(change, 1..6), any::<bool>())
}

/// The offsets of the header blocks of a tar, and of the tars in it.
fn headers(tar: &[u8]) -> Vec<usize> {
    let blocks = (0..tar.len() / 512).map(|block| block * 512);
    blocks.filter(|at| &tar[at + 257..at + 262] == b"ustar").collect()
}

fn mutated(tar: &[u8], changes: &[Change], mend: bool) -> Vec<u8> {
    let mut bytes = tar.to_owned();
    let headers = headers(tar);
    for (kind, place, value) in changes {
        let at = place.index(bytes.len());
        match kind {
            0 => bytes[at] = *value,
            1 => bytes[at] ^= 1 << (value % 8),
            // Most fields that matter are in headers.
            2 | 3 => {
                let field = headers[place.index(headers.len())] + usize::from(*value) * 2;
                bytes[field.min(tar.len() - 1)] = at.to_le_bytes()[0];
            }
            4 => bytes[at..tar.len().min(at + usize::from(*value))].fill(b'7'),
            _ => bytes[at..tar.len().min(at + 12)].fill(0xff),
        }
    }
    if mend {
        for at in headers {
            let block = &mut bytes[at..at + 512];
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
    if let Some((5, place, _)) = changes.first() {
        bytes.truncate(place.index(bytes.len()));
    }
    bytes
}

/// A layer with every kind of entry.
fn rich() -> Vec<u8> {
    let long = "n".repeat(150);
    Tar::new()
        .dir("etc")
        .raw(b"PaxHeaders/x", b'x', b"", b"19 path=etc/a-name\n28 SCHILY.xattr.user.a=value\n", (0, 0))
        .file("etc/short", b"content")
        .raw(b"././@LongLink", b'L', b"", format!("{long}\0").as_bytes(), (0, 0))
        .file("cut", b"x")
        .symlink("link", "etc")
        .hard_link("hard", "etc/a-name")
        .file("etc/.wh.gone", b"")
        .file("dir/.wh..wh..opq", b"")
        .raw(b"pipe", b'6', b"", b"", (0, 0))
        .raw(b"PaxHeaders/s", b'x', b"", b"22 GNU.sparse.major=0\n22 GNU.sparse.minor=1\n25 GNU.sparse.size=10000\n26 GNU.sparse.map=0,3,9,1\n", (0, 0))
        .file("sparse", b"abcd")
        .end()
}

fn read(images: &[Image]) {
    for layer in images.iter().flat_map(|image| &image.layers) {
        let verification = layer.start_verifying();
        let walked = layer.walk(|entry| {
            if entry.size < 1 << 20 {
                entry.read(1 << 20)?;
            }
            Ok::<_, Error>(ControlFlow::Continue(()))
        });
        let walked = walked.and_then(|()| verification.finish());
        // What was refused is an error, and that is all that is asked for.
        drop(walked);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn archives((changes, mend) in changes(), oci in any::<bool>()) {
        let good = match oci {
            true => oci_archive(&oci_blobs(<[u8]>::to_vec)),
            false => old_docker(&layers(), "[\"a:1\"]").end(),
        };
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("archive.tar");
        std::fs::write(&path, mutated(&good, &changes, mend)).unwrap();
        if let Ok(images) = source::open_archive(&path, &Options::default()) {
            read(&images);
        }
    }

    #[test]
    fn unpacked_layers((changes, mend) in changes()) {
        let directory = tempfile::tempdir().unwrap();
        let tar = mutated(&rich(), &changes, mend);
        let store = store(directory.path());
        match import(&store, &tar) {
            Err(_) => prop_assert_eq!(leftovers(&store), [] as [std::path::PathBuf; 0]),
            Ok(image) => {
                let path = directory.path().join("layer.tar");
                std::fs::write(&path, &tar).unwrap();
                let archived = plimsoll_image::Layer::from_tar(&path).unwrap();
                prop_assert_eq!(archived.diff_id, image.layers[0].diff_id);
                let shown = entries(&image.layers[0]);
                prop_assert_eq!(entries(&archived).len(), shown.len());
            }
        }
    }
}
