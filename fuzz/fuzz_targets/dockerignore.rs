#![no_main]
//! Reads an ignore file and asks it for paths.

use libfuzzer_sys::fuzz_target;
use plimsoll_dockerfile::DockerIgnore;

fuzz_target!(|input: (&str, &str)| {
    let (text, path) = input;
    if let Ok(ignore) = DockerIgnore::parse(text) {
        let _ = ignore.matches(path);
    }
});
