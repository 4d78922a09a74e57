#![no_main]
//! Opens an image archive and reads its layers. The input is the archive itself.

use libfuzzer_sys::fuzz_target;
use plimsoll_image::source::{self, Options};

fuzz_target!(|bytes: &[u8]| {
    let file = plimsoll_fuzz::file(bytes);
    if let Ok(images) = source::open_archive(file.path(), &Options::default()) {
        plimsoll_fuzz::read_all(&images);
    }
});
