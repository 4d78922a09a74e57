//! The device cgroup, for containers that can mount: elsewhere no file system lets a device be opened, but
//! such a container can make one that does.

use std::fs;
use std::io;
use std::path::Path;

/// Docker's rules: any node can be made; these can be opened.
const ALLOWED: [&str; 12] = [
    "c *:* m",
    "b *:* m",
    "c 1:3 rwm",
    "c 1:5 rwm",
    "c 1:7 rwm",
    "c 1:8 rwm",
    "c 1:9 rwm",
    "c 5:0 rwm",
    "c 5:1 rwm",
    "c 5:2 rwm",
    "c 136:* rwm",
    "c 10:200 rwm",
];

/// Denies every device but those of Docker's list.
pub(super) fn restrict(directory: &Path) -> io::Result<()> {
    fs::write(directory.join("devices.deny"), "a")?;
    for rule in ALLOWED {
        fs::write(directory.join("devices.allow"), rule)?;
    }
    Ok(())
}
