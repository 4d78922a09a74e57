//! The busybox root file system that the cases run in.

use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) fn tarball() -> PathBuf {
    let shared = std::env::var_os("PLIMSOLL_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    shared.join("images/rootfs/busybox-musl.tar.gz")
}

pub(crate) fn available() -> bool {
    tarball().is_file()
}

/// Unpacks it into a new directory below `parent`.
pub(crate) fn unpack(parent: &Path) -> PathBuf {
    let root = parent.join("root");
    std::fs::create_dir(&root).unwrap();
    let status = Command::new("tar")
        .arg("-xzf")
        .arg(tarball())
        .arg("-C")
        .arg(&root)
        .status()
        .unwrap();
    assert!(status.success());
    root
}
