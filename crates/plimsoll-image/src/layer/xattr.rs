//! The extended attributes that belong to a layer: file capabilities and users' own.

use std::io;
use std::os::fd::BorrowedFd;

use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fsetxattr};
use rustix::io::Errno;

/// Names and values.
pub(crate) type Xattrs = Vec<(Vec<u8>, Vec<u8>)>;

/// Whether the extended attribute `name` goes into a layer and is taken from a tar: file capabilities and `user.*` do.
/// What security modules of this machine keep does not, nor any mark of an overlay file system (`trusted.overlay.*`,
/// `user.overlay.*`): in a tar, whiteouts and opaque directories have names of their own.
pub fn belongs_to_layer(name: &[u8]) -> bool {
    name == b"security.capability" || (name.starts_with(b"user.") && !name.starts_with(b"user.overlay."))
}

/// The attributes of an open file or directory, sorted by name.
pub(crate) fn read(file: BorrowedFd<'_>) -> io::Result<Xattrs> {
    let mut names = [0_u8; 1024];
    let names = match flistxattr(file, &mut names[..]) {
        Ok(0) | Err(Errno::NOTSUP) => return Ok(Vec::new()),
        Ok(length) => names[..length].to_owned(),
        Err(Errno::RANGE) => {
            let mut names = vec![0; 64 * 1024];
            let length = flistxattr(file, &mut names[..])?;
            names.truncate(length);
            names
        }
        Err(error) => return Err(error.into()),
    };
    let mut xattrs = Xattrs::new();
    for name in names
        .split(|byte| *byte == 0)
        .filter(|name| belongs_to_layer(name))
    {
        let mut value = vec![0; 64 * 1024];
        let length = match fgetxattr(file, name, &mut value[..]) {
            Err(Errno::NODATA) => continue,
            other => other?,
        };
        value.truncate(length);
        xattrs.push((name.to_owned(), value));
    }
    xattrs.sort();
    Ok(xattrs)
}

/// Sets the attributes that belong to a layer. What the file system does not have or this user may not set is left
/// out, as Docker does.
pub(crate) fn write(file: BorrowedFd<'_>, xattrs: &[(Vec<u8>, Vec<u8>)]) -> io::Result<()> {
    for (name, value) in xattrs.iter().filter(|(name, _)| belongs_to_layer(name)) {
        match fsetxattr(file, name.as_slice(), value, XattrFlags::empty()) {
            Ok(()) | Err(Errno::NOTSUP | Errno::PERM) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
