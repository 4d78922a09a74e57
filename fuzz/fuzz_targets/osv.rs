#![no_main]
//! Makes a database of one feed: an OSV record, the Debian tracker, or an Alpine secdb, as the first byte says.

use std::fs;

use libfuzzer_sys::fuzz_target;
use plimsoll_advisory::Database;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, json)) = bytes.split_first() else {
        return;
    };
    let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let directory = directory.expect("a temporary directory can be made");
    let (path, content) = match choice % 3 {
        0 => ("osv/PyPI/all.zip", plimsoll_fuzz::zip("record.json", json)),
        1 => ("debian/tracker.json", json.to_owned()),
        _ => ("alpine/v3.20/main.json", json.to_owned()),
    };
    let path = directory.path().join(path);
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder can be made");
    fs::write(path, content).expect("a file can be written");
    drop(Database::build(directory.path(), &directory.path().join("database"), &()));
});
