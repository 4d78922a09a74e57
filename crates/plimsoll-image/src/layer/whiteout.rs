//! How an overlay's tree says what a tar says by `.wh.` names.

use std::io;
use std::os::fd::BorrowedFd;

use rustix::fs::{
    FileType, Mode, RawMode, Stat, XattrFlags, fgetxattr, fsetxattr, major, makedev, minor, mknodat,
};
use rustix::io::Errno;

/// The extended attributes that mark an opaque directory: of a mount by root, and of one by another user.
const OPAQUE: [&str; 2] = ["trusted.overlay.opaque", "user.overlay.opaque"];

/// Whether a file is a whiteout: a character device 0:0.
pub(crate) fn is_whiteout(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode as RawMode) == FileType::CharacterDevice
        && (major(stat.st_rdev), minor(stat.st_rdev)) == (0, 0)
}

/// Makes a whiteout.
pub(crate) fn make(directory: BorrowedFd<'_>, name: &[u8]) -> io::Result<()> {
    Ok(mknodat(
        directory,
        name,
        FileType::CharacterDevice,
        Mode::empty(),
        makedev(0, 0),
    )?)
}

/// Whether an open directory hides what the layers below have in it.
pub(crate) fn is_opaque(directory: BorrowedFd<'_>) -> io::Result<bool> {
    for name in OPAQUE {
        let mut value = [0; 4];
        match fgetxattr(directory, name, &mut value[..]) {
            Ok(1) if value[0] == b'y' => return Ok(true),
            Ok(_) | Err(Errno::NODATA | Errno::NOTSUP | Errno::RANGE) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}

/// Makes an open directory hide what the layers below have in it.
pub(crate) fn set_opaque(directory: BorrowedFd<'_>) -> io::Result<()> {
    match fsetxattr(directory, OPAQUE[0], b"y", XattrFlags::empty()) {
        Err(Errno::PERM) => Ok(fsetxattr(directory, OPAQUE[1], b"y", XattrFlags::empty())?),
        other => Ok(other?),
    }
}
