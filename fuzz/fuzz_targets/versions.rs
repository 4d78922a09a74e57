#![no_main]
//! Compares versions: an order is the same from both sides.

use libfuzzer_sys::fuzz_target;
use plimsoll_advisory::versions;
use plimsoll_core::Ecosystem;

fuzz_target!(|input: (&str, &str)| {
    let (a, b) = input;
    for ecosystem in Ecosystem::ALL {
        let forward = versions::compare(ecosystem, a, b);
        assert_eq!(forward, versions::compare(ecosystem, b, a).reverse(), "{ecosystem:?}");
        assert!(versions::compare(ecosystem, a, a).is_eq(), "{ecosystem:?}");
        drop(versions::validate(ecosystem, a));
    }
});
