#![no_main]
//! Reads a bill of materials.

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let is_one = plimsoll_report::sbom::is_sbom(bytes);
    let read = plimsoll_report::sbom::read(bytes, "input");
    assert!(is_one || read.is_err());
});
