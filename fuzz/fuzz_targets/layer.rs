#![no_main]
//! Walks a layer whose tar, plain or compressed, is the input.

use libfuzzer_sys::fuzz_target;
use plimsoll_image::Layer;

fuzz_target!(|bytes: &[u8]| {
    let file = plimsoll_fuzz::file(bytes);
    if let Ok(layer) = Layer::from_tar(file.path()) {
        plimsoll_fuzz::read(&layer);
    }
});
