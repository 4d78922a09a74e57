//! How an overlay's tree says what a tar says by `.wh.` names.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::OnceLock;

use rustix::fs::{
    FileType, Mode, RawMode, Stat, XattrFlags, fgetxattr, fsetxattr, major, makedev, minor, mknodat,
};
use rustix::io::Errno;
use rustix::thread::{CapabilitySet, capabilities};

use crate::user_namespace;

/// The extended attribute that marks an opaque directory in the trees that this process makes, mounts and reads. The
/// kernel heeds one of the two, so the other means nothing: a file of an image may bear it.
fn opaque_mark() -> &'static str {
    static MARK: OnceLock<&str> = OnceLock::new();
    MARK.get_or_init(|| match may_trust() {
        true => "trusted.overlay.opaque",
        false => "user.overlay.opaque",
    })
}

/// Whether this process may set `trusted.*` attributes, which needs CAP_SYS_ADMIN in the first user namespace. Others
/// mount overlays with `userxattr`.
fn may_trust() -> bool {
    let capable = capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_ADMIN));
    capable && user_namespace::is_first()
}

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
    let mut value = [0; 4];
    match fgetxattr(directory, opaque_mark(), &mut value[..]) {
        Ok(length) => Ok(length == 1 && value[0] == b'y'),
        Err(Errno::NODATA | Errno::NOTSUP | Errno::RANGE) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Makes an open directory hide what the layers below have in it.
pub(crate) fn set_opaque(directory: BorrowedFd<'_>) -> io::Result<()> {
    Ok(fsetxattr(directory, opaque_mark(), b"y", XattrFlags::empty())?)
}
