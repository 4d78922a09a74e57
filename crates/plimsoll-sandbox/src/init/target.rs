//! Paths inside an untrusted root: no symbolic link in it leads out of it.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, Stat, Timestamps};
use rustix::io::Errno;

/// What a mount point must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetKind {
    File,
    Directory,
}

/// Something that was made so that a mount has a place.
#[derive(Debug)]
pub(crate) struct Created {
    parent: OwnedFd,
    name: PathBuf,
    kind: TargetKind,
    inode: u64,
    /// Where it is, without symbolic links that were followed on the way.
    pub(crate) path: PathBuf,
}

/// As many symbolic links as the kernel follows.
const MOST_LINKS: usize = 40;

/// Opens `path` inside `root`, following symbolic links as if `root` were `/`.
pub(crate) fn open(root: impl AsFd, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    loop {
        match rustix::fs::openat2(&root, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve) {
            // The kernel asks for another try when something was renamed meanwhile.
            Err(Errno::AGAIN) => {}
            result => return result,
        }
    }
}

/// Opens a mount point inside `root`, and makes it and the directories above it where they are missing;
/// what was made is added to `created`.
pub(crate) fn open_or_create(
    root: &OwnedFd,
    path: &Path,
    kind: TargetKind,
    created: &mut Vec<Created>,
) -> io::Result<OwnedFd> {
    create(root, path, kind, created, 0)?;
    Ok(open(root, path, OFlags::PATH)?)
}

/// Makes a directory and those above it, as root's, with mode 0755, where they are missing.
pub(crate) fn make_directory(root: &OwnedFd, path: &str) -> io::Result<()> {
    create(root, Path::new(path), TargetKind::Directory, &mut Vec::new(), 0)
}

fn create(
    root: &OwnedFd,
    path: &Path,
    kind: TargetKind,
    created: &mut Vec<Created>,
    links: usize,
) -> io::Result<()> {
    match open(root, path, OFlags::PATH) {
        Ok(_) => return Ok(()),
        Err(Errno::NOENT) if links < MOST_LINKS => {}
        Err(Errno::NOENT) => return Err(Errno::LOOP.into()),
        Err(error) => return Err(error.into()),
    }
    let path = normal(path);
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Errno::NOENT.into());
    };
    create(root, parent, TargetKind::Directory, created, links + 1)?;
    let parent_fd = open(root, parent, OFlags::PATH | OFlags::DIRECTORY)?;
    if let Ok(link) = rustix::fs::readlinkat(&parent_fd, name, Vec::new()) {
        // A link to something that is not there: make that.
        let link = Path::new(OsStr::from_bytes(link.as_bytes())).to_owned();
        let target = if link.is_absolute() {
            link
        } else {
            parent.join(link)
        };
        return create(root, &target, kind, created, links + 1);
    }
    let before = rustix::fs::statat(&parent_fd, "", AtFlags::EMPTY_PATH)?;
    match kind {
        TargetKind::Directory => rustix::fs::mkdirat(&parent_fd, name, Mode::from_raw_mode(0o755))?,
        TargetKind::File => {
            let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::WRONLY | OFlags::CLOEXEC;
            rustix::fs::openat(&parent_fd, name, flags, Mode::from_raw_mode(0o644))?;
        }
    }
    restore_times(&parent_fd, &before);
    let made = rustix::fs::statat(&parent_fd, name, AtFlags::SYMLINK_NOFOLLOW)?;
    created.push(Created {
        parent: parent_fd,
        name: name.into(),
        kind,
        inode: made.st_ino,
        path,
    });
    Ok(())
}

/// The path without `.` and with `..` taken back lexically: mount points are named plainly.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::from("/");
    for component in path.components() {
        match component {
            Component::Normal(name) => normal.push(name),
            Component::ParentDir => {
                normal.pop();
            }
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    normal
}

impl Created {
    /// Removes it if it is still what was made and still empty, and leaves no trace in its parent.
    pub(crate) fn remove(&self) {
        let Ok(now) = rustix::fs::statat(&self.parent, &self.name, AtFlags::SYMLINK_NOFOLLOW) else {
            return;
        };
        let Ok(parent) = rustix::fs::statat(&self.parent, "", AtFlags::EMPTY_PATH) else {
            return;
        };
        if now.st_ino != self.inode {
            return;
        }
        let removed = match self.kind {
            TargetKind::File if now.st_size == 0 => {
                rustix::fs::unlinkat(&self.parent, &self.name, AtFlags::empty())
            }
            TargetKind::File => return,
            TargetKind::Directory => rustix::fs::unlinkat(&self.parent, &self.name, AtFlags::REMOVEDIR),
        };
        if removed.is_ok() {
            restore_times(&self.parent, &parent);
        }
    }
}

/// Gives a directory back the times that it had.
fn restore_times(directory: &OwnedFd, before: &Stat) {
    use std::os::fd::AsRawFd;
    let time = |seconds: i64, nanoseconds: u64| rustix::fs::Timespec {
        tv_sec: seconds,
        tv_nsec: i64::try_from(nanoseconds).unwrap_or(0),
    };
    let times = Timestamps {
        last_access: time(before.st_atime, before.st_atime_nsec),
        last_modification: time(before.st_mtime, before.st_mtime_nsec),
    };
    // The descriptor is a mere path, which the call takes only by way of /proc.
    let path = format!("/proc/self/fd/{}", directory.as_raw_fd());
    let _ = rustix::fs::utimensat(rustix::fs::CWD, path, &times, AtFlags::empty());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{MetadataExt, symlink};

    fn root() -> (tempfile::TempDir, OwnedFd) {
        let directory = tempfile::tempdir().unwrap();
        let fd = crate::init::open_directory(directory.path()).unwrap();
        (directory, fd)
    }

    #[test]
    fn links_do_not_lead_out() {
        let (directory, fd) = root();
        let outside = tempfile::tempdir().unwrap();
        symlink(outside.path(), directory.path().join("out")).unwrap();
        symlink("../../../../../../..", directory.path().join("up")).unwrap();
        let mut created = Vec::new();
        open_or_create(&fd, Path::new("/out/file"), TargetKind::File, &mut created).unwrap();
        open_or_create(&fd, Path::new("/up/dir"), TargetKind::Directory, &mut created).unwrap();
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
        assert!(directory.path().join("dir").is_dir());
        assert!(
            directory
                .path()
                .join(outside.path().strip_prefix("/").unwrap())
                .join("file")
                .is_file()
        );
    }

    #[test]
    fn a_dangling_link_is_followed_inside() {
        let (directory, fd) = root();
        fs::create_dir(directory.path().join("etc")).unwrap();
        symlink("../run/resolv.conf", directory.path().join("etc/resolv.conf")).unwrap();
        let mut created = Vec::new();
        open_or_create(&fd, Path::new("/etc/resolv.conf"), TargetKind::File, &mut created).unwrap();
        assert!(directory.path().join("run/resolv.conf").is_file());
        symlink("loop", directory.path().join("loop")).unwrap();
        assert!(open_or_create(&fd, Path::new("/loop/x"), TargetKind::File, &mut created).is_err());
    }

    #[test]
    fn what_was_made_goes_without_a_trace() {
        let (directory, fd) = root();
        let etc = directory.path().join("etc");
        fs::create_dir(&etc).unwrap();
        let before = etc.metadata().unwrap();
        let mut created = Vec::new();
        open_or_create(&fd, Path::new("/etc/a/b/file"), TargetKind::File, &mut created).unwrap();
        open_or_create(&fd, Path::new("/etc/kept"), TargetKind::File, &mut created).unwrap();
        assert_eq!(created.len(), 4);
        let middle = etc.metadata().unwrap();
        assert_eq!(
            (before.mtime(), before.mtime_nsec()),
            (middle.mtime(), middle.mtime_nsec())
        );
        fs::write(etc.join("kept"), "content").unwrap();
        for entry in created.iter().rev() {
            entry.remove();
        }
        assert!(!etc.join("a").exists() && etc.join("kept").exists());
        let after = etc.metadata().unwrap();
        assert_eq!(
            (before.mtime(), before.mtime_nsec()),
            (after.mtime(), after.mtime_nsec())
        );
    }
}
