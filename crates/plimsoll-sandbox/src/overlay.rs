//! Overlay mounts that only one mount namespace sees.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::CWD;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MoveMountFlags, fsconfig_create,
    fsconfig_set_string, fsmount, fsopen, mount, move_mount,
};

use crate::error::{Error, Result};
use crate::sys;

/// Options that every overlay gets, so that an upper directory holds nothing but whiteouts, opaque marks
/// and whole files.
const OPTIONS: [(&str, &str); 3] = [("redirect_dir", "off"), ("metacopy", "off"), ("index", "off")];

/// Mounts an overlay of `lowers` (topmost first, at least one), `upper` and `work` on `target`, with
/// `redirect_dir`, `metacopy` and `index` off, in the caller's mount namespace. Devices in it cannot be
/// opened.
///
/// # Errors
/// What the kernel says, `EINVAL` also for a lower or upper directory that is itself an overlay.
pub fn mount_overlay(lowers: &[&Path], upper: &Path, work: &Path, target: &Path) -> Result<()> {
    let failed =
        |source: io::Error| Error::system(format!("mount an overlay on `{}`", target.display()), source);
    match configure(lowers, upper, work) {
        Ok(overlay) => move_mount(&overlay, "", CWD, target, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
            .map_err(|error| failed(error.into())),
        Err(new) => match classic(lowers, upper, work, target) {
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

fn configure(lowers: &[&Path], upper: &Path, work: &Path) -> io::Result<OwnedFd> {
    let context = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
    for lower in lowers {
        fsconfig_set_string(&context, "lowerdir+", *lower)?;
    }
    fsconfig_set_string(&context, "upperdir", upper)?;
    fsconfig_set_string(&context, "workdir", work)?;
    for (key, value) in OPTIONS {
        fsconfig_set_string(&context, key, value)?;
    }
    fsconfig_create(&context)?;
    let flags = MountAttrFlags::MOUNT_ATTR_NODEV;
    Ok(fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, flags)?)
}

/// `mount(2)` with one option string, for kernels before 6.5. The string must fit in a page.
fn classic(lowers: &[&Path], upper: &Path, work: &Path, target: &Path) -> io::Result<()> {
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
    for (key, value) in OPTIONS {
        options.push(format!(",{key}={value}"));
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
    fn paths_are_escaped() {
        assert_eq!(escape(Path::new("/a:b,c\\d")), "/a\\:b\\,c\\\\d");
    }
}
