#![no_main]
//! Opens archives whose documents are the input: what says where layers are and what they must be.

use libfuzzer_sys::fuzz_target;
use plimsoll_image::source::{self, Options};

fuzz_target!(|input: (&[u8], &[u8], &[u8])| {
    let (first, second, layer) = input;
    for members in [
        [("manifest.json", first), ("config.json", second), ("layer.tar", layer)],
        [("index.json", first), ("oci-layout", second), ("blobs/sha256/a", layer)],
    ] {
        let file = plimsoll_fuzz::file(&plimsoll_fuzz::tar(&members));
        if let Ok(images) = source::open_archive(file.path(), &Options::default()) {
            plimsoll_fuzz::read_all(&images);
        }
    }
});
