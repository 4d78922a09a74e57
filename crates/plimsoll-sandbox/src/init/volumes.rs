//! Anonymous volumes: directories beside the container, filled once with what the image has at their place.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Timespec, Timestamps};
use serde::{Deserialize, Serialize};

use super::target;
use crate::error::{Error, Result};

/// A volume and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Volume {
    /// The absolute path inside.
    pub(crate) target: String,
    /// The directory on the host; it is there exactly when the volume has been filled.
    pub(crate) data: PathBuf,
}

impl Volume {
    /// Copies what the image has at the place, with owners, modes, times and extended attributes, unless
    /// that was done before.
    pub(crate) fn fill(&self, root: &OwnedFd) -> Result<()> {
        if self.data.exists() {
            return Ok(());
        }
        let failed = |error: io::Error| Error::system(format!("fill the volume `{}`", self.target), error);
        let unfinished = self.data.with_extension("new");
        let fill = || -> io::Result<()> {
            if unfinished.exists() {
                fs::remove_dir_all(&unfinished)?;
            }
            fs::create_dir_all(&unfinished)?;
            let flags = OFlags::PATH | OFlags::DIRECTORY;
            match target::open(root, Path::new(&self.target), flags) {
                // Nothing runs in the container yet, so nothing changes under our hands.
                Ok(place) => {
                    let from = PathBuf::from(format!("/proc/self/fd/{}/.", place.as_raw_fd()));
                    copy_directory(&from, &unfinished)?;
                }
                Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => {
                    fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o755))?;
                }
                Err(error) => return Err(error.into()),
            }
            fs::rename(&unfinished, &self.data)
        };
        fill().map_err(failed)
    }
}

fn copy_directory(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            fs::create_dir(&to)?;
            copy_directory(&from, &to)?;
            continue;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&from)?, &to)?;
        } else if kind.is_file() {
            fs::copy(&from, &to)?;
        } else if !kind.is_socket() {
            let metadata = entry.metadata()?;
            let kind = FileType::from_raw_mode(metadata.mode());
            rustix::fs::mknodat(CWD, &to, kind, Mode::from_raw_mode(0o600), metadata.rdev())?;
        } else {
            continue;
        }
        copy_metadata(&from, &to)?;
    }
    copy_metadata(from, to)
}

fn copy_metadata(from: &Path, to: &Path) -> io::Result<()> {
    let metadata = from.symlink_metadata()?;
    std::os::unix::fs::lchown(to, Some(metadata.uid()), Some(metadata.gid()))?;
    if !metadata.is_symlink() {
        fs::set_permissions(to, metadata.permissions())?;
    }
    copy_attributes(from, to)?;
    let time = |seconds, nanoseconds| Timespec {
        tv_sec: seconds,
        tv_nsec: nanoseconds,
    };
    let times = Timestamps {
        last_access: time(metadata.atime(), metadata.atime_nsec()),
        last_modification: time(metadata.mtime(), metadata.mtime_nsec()),
    };
    Ok(rustix::fs::utimensat(CWD, to, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Extended attributes, the overlay's own left out.
fn copy_attributes(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{XattrFlags, lgetxattr, llistxattr, lsetxattr};
    const LONGEST: usize = 64 << 10;
    let mut names = vec![0; LONGEST];
    let length = match llistxattr(from, names.as_mut_slice()) {
        Ok(length) => length,
        Err(rustix::io::Errno::NOTSUP) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for name in names[..length]
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
    {
        if !plimsoll_image::layer::belongs_to_layer(name) {
            continue;
        }
        let mut value = vec![0; LONGEST];
        let length = lgetxattr(from, name, value.as_mut_slice())?;
        lsetxattr(to, name, &value[..length], XattrFlags::empty())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_filled_once_and_follows_no_link() {
        let directory = tempfile::tempdir().unwrap();
        let root_path = directory.path().join("root");
        fs::create_dir_all(root_path.join("data/sub")).unwrap();
        fs::write(root_path.join("data/sub/file"), "old").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", root_path.join("data/link")).unwrap();
        fs::set_permissions(root_path.join("data/sub"), fs::Permissions::from_mode(0o700)).unwrap();
        let root = crate::init::open_directory(&root_path).unwrap();
        let volume = Volume {
            target: "/data".to_owned(),
            data: directory.path().join("0"),
        };
        volume.fill(&root).unwrap();
        assert_eq!(fs::read_to_string(volume.data.join("sub/file")).unwrap(), "old");
        assert!(volume.data.join("link").is_symlink());
        assert_eq!(volume.data.join("sub").metadata().unwrap().mode() & 0o777, 0o700);
        fs::write(volume.data.join("sub/file"), "new").unwrap();
        volume.fill(&root).unwrap();
        assert_eq!(fs::read_to_string(volume.data.join("sub/file")).unwrap(), "new");
    }
}
