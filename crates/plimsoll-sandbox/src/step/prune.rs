//! Directories that came into an upper directory only because a mount point was made in them.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, Stat};

use super::Overlay;

/// Takes the parents of `touched` out of the upper directory again where they are there as empty
/// directories that say nothing the layers below do not say. The overlay must not be mounted.
pub(super) fn unchanged_parents(layers: &Overlay, touched: &[PathBuf]) {
    let mut parents: Vec<&Path> = touched
        .iter()
        .flat_map(|path| path.ancestors().skip(1))
        .filter_map(|path| path.strip_prefix("/").ok())
        .filter(|path| !path.as_os_str().is_empty())
        .collect();
    // The deepest first, each once.
    parents.sort_by_key(|path| (std::cmp::Reverse(path.components().count()), *path));
    parents.dedup();
    for path in parents {
        let Some((upper, ours)) = open(&layers.upper, path) else {
            continue;
        };
        let below = layers.lowers.iter().find_map(|lower| open(lower, path));
        let Some((lower, theirs)) = below else { continue };
        if same(&ours, &theirs) && attributes(&upper) == attributes(&lower) {
            drop(upper);
            // Fails where it is not empty: then it is needed.
            let _ = std::fs::remove_dir(layers.upper.join(path));
        }
    }
}

fn open(layer: &Path, path: &Path) -> Option<(OwnedFd, Stat)> {
    let base = rustix::fs::open(layer, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    let directory = rustix::fs::openat2(base, path, flags, Mode::empty(), resolve).ok()?;
    let stat = rustix::fs::statat(&directory, "", AtFlags::EMPTY_PATH).ok()?;
    Some((directory, stat))
}

fn same(a: &Stat, b: &Stat) -> bool {
    let key = |stat: &Stat| {
        (
            stat.st_mode,
            stat.st_uid,
            stat.st_gid,
            stat.st_mtime,
            stat.st_mtime_nsec,
        )
    };
    key(a) == key(b)
}

/// The extended attributes, without those in which the overlay remembers where a copy came from.
fn attributes(directory: &OwnedFd) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    const BOOKKEEPING: [&[u8]; 2] = [b"trusted.overlay.origin", b"trusted.overlay.impure"];
    let mut names = vec![0; 64 << 10];
    let length = rustix::fs::flistxattr(directory, names.as_mut_slice()).ok()?;
    let mut attributes = Vec::new();
    for name in names[..length]
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
    {
        if BOOKKEEPING.contains(&name) {
            continue;
        }
        let mut value = vec![0; 64 << 10];
        let length = rustix::fs::fgetxattr(directory, name, value.as_mut_slice()).ok()?;
        value.truncate(length);
        attributes.push((name.to_vec(), value));
    }
    attributes.sort();
    Some(attributes)
}
