//! Overlay mounts that only one mount namespace sees.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use plimsoll_image::user_namespace;
use rustix::fs::CWD;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MoveMountFlags, fsconfig_create,
    fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, mount, move_mount,
};

use crate::error::{Error, Result};
use crate::sys;

/// Options that every overlay gets, so that an upper directory holds nothing but whiteouts, opaque marks
/// and whole files.
const OPTIONS: [MountOption; 3] = [
    ("redirect_dir", Some("off")),
    ("metacopy", Some("off")),
    ("index", Some("off")),
];

/// Their counterpart in a user namespace, where `trusted.*` attributes cannot be set. `userxattr` alone turns the rest off.
const USER_OPTIONS: [MountOption; 2] = [("userxattr", None), ("index", Some("off"))];

fn options() -> &'static [MountOption] {
    match user_namespace::is_first() {
        true => &OPTIONS,
        false => &USER_OPTIONS,
    }
}

/// The name of an option and its value; a flag has none.
type MountOption = (&'static str, Option<&'static str>);

/// Mounts an overlay of `lowers` (topmost first, at least one), `upper` and `work` on `target`, with
/// `redirect_dir`, `metacopy` and `index` off, in the caller's mount namespace. Devices in it cannot be
/// opened.
///
/// # Errors
/// What the kernel says, `EINVAL` also for a lower or upper directory that is itself an overlay.
pub fn mount_overlay(lowers: &[&Path], upper: &Path, work: &Path, target: &Path) -> Result<()> {
    mount_with(lowers, upper, work, target, options())
}

/// As [`mount_overlay`], but nothing written in it is awaited: neither `fsync` in it nor unmounting it waits for
/// the disk, so that whoever needs `upper` after a crash of the machine has to sync it. The kernel marks `work` and
/// refuses to mount it again until what is in it is removed. Kernels before 5.10 mount an ordinary one.
///
/// # Errors
/// As [`mount_overlay`].
pub fn mount_volatile_overlay(lowers: &[&Path], upper: &Path, work: &Path, target: &Path) -> Result<()> {
    let volatile = [options(), &[("volatile", None)]].concat();
    match mount_with(lowers, upper, work, target, &volatile) {
        Err(Error::System { source, .. }) if source.raw_os_error() == Some(libc::EINVAL) => {
            mount_overlay(lowers, upper, work, target)
        }
        mounted => mounted,
    }
}

fn mount_with(
    lowers: &[&Path],
    upper: &Path,
    work: &Path,
    target: &Path,
    options: &[MountOption],
) -> Result<()> {
    let failed =
        |source: io::Error| Error::system(format!("mount an overlay on `{}`", target.display()), source);
    let lowers = &topmost(lowers);
    match configure(lowers, upper, work, options) {
        Ok(overlay) => move_mount(&overlay, "", CWD, target, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
            .map_err(|error| failed(error.into())),
        Err(new) => match classic(lowers, upper, work, target, options) {
            Ok(()) => Ok(()),
            // The classic call cannot take many layers; then what the new one said is the reason.
            Err(classic) => Err(failed(if classic.raw_os_error() == Some(libc::E2BIG) {
                new
            } else {
                classic
            })),
        },
    }
}

/// Each directory once, where it is topmost: it hides all that it could add further down, and the kernel refuses
/// to have one twice. Images have a layer twice when two steps made the same change.
fn topmost<'a>(lowers: &[&'a Path]) -> Vec<&'a Path> {
    let mut seen = HashSet::new();
    lowers
        .iter()
        .copied()
        .filter(|lower| seen.insert(*lower))
        .collect()
}

fn configure(lowers: &[&Path], upper: &Path, work: &Path, options: &[MountOption]) -> io::Result<OwnedFd> {
    let context = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
    for lower in lowers {
        fsconfig_set_string(&context, "lowerdir+", *lower)?;
    }
    fsconfig_set_string(&context, "upperdir", upper)?;
    fsconfig_set_string(&context, "workdir", work)?;
    for (key, value) in options {
        match value {
            Some(value) => fsconfig_set_string(&context, *key, *value)?,
            None => fsconfig_set_flag(&context, *key)?,
        }
    }
    fsconfig_create(&context)?;
    let flags = MountAttrFlags::MOUNT_ATTR_NODEV;
    Ok(fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, flags)?)
}

/// `mount(2)` with one option string, for kernels before 6.5. The string must fit in a page.
fn classic(
    lowers: &[&Path],
    upper: &Path,
    work: &Path,
    target: &Path,
    settings: &[MountOption],
) -> io::Result<()> {
    let mut options = OsString::new();
    let mut push = |key: &str, path: &Path, first: bool| {
        if first {
            options.push(key);
        } else {
            options.push(":");
        }
        options.push(escape(path));
    };
    for (index, lower) in lowers.iter().enumerate() {
        push("lowerdir=", lower, index == 0);
    }
    push(",upperdir=", upper, true);
    push(",workdir=", work, true);
    for (key, value) in settings {
        options.push(",");
        options.push(key);
        if let Some(value) = value {
            options.push("=");
            options.push(value);
        }
    }
    if options.len() >= rustix::param::page_size() {
        return Err(io::Error::from_raw_os_error(libc::E2BIG));
    }
    let options = std::ffi::CString::new(options.as_bytes())?;
    Ok(mount(
        "overlay",
        target,
        "overlay",
        MountFlags::NODEV,
        Some(options.as_c_str()),
    )?)
}

/// The path with the characters escaped that mean something in overlay options.
fn escape(path: &Path) -> OsString {
    use std::os::unix::ffi::OsStringExt;
    let mut escaped = Vec::new();
    for byte in path.as_os_str().as_bytes() {
        if matches!(byte, b':' | b',' | b'\\') {
            escaped.push(b'\\');
        }
        escaped.push(*byte);
    }
    OsString::from_vec(escaped)
}

/// Gives the process a mount namespace of its own that nothing leaves, so that what it mounts vanishes with
/// it. Call it once, before other threads exist.
///
/// # Errors
/// What the kernel says; `EPERM` without `CAP_SYS_ADMIN`.
pub fn private_mount_namespace() -> Result<()> {
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNS)
        .map_err(|error| Error::system("make a mount namespace", error))?;
    make_private()
}

/// Keeps mounts made here from other namespaces, and the other way round.
pub(crate) fn make_private() -> Result<()> {
    let attributes = sys::MountAttributes {
        propagation: libc::MS_PRIVATE,
        ..Default::default()
    };
    sys::mount_setattr(CWD, c"/", true, &attributes)
        .map_err(|error| Error::system("make the mounts private", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_that_comes_twice_counts_where_it_is_topmost() {
        let [a, b] = ["/a", "/b"].map(Path::new);
        assert_eq!(topmost(&[a, b, a, a]), [a, b]);
    }

    #[test]
    fn paths_are_escaped() {
        assert_eq!(escape(Path::new("/a:b,c\\d")), "/a\\:b\\,c\\\\d");
    }
}
