use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, Gid, Mode, Timespec, Timestamps, Uid, chmodat, chownat, mkdirat, statat, utimensat,
};
use rustix::io::Errno;

use super::chmod::ModeChange;
use super::chown::Owner;
use crate::context::walk::{Metadata, Xattrs, join};
use crate::error::{IoContext, Problem};
use crate::rooted::{Rooted, is_dir};

/// What a copy sets otherwise than its source has it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attributes {
    /// `--chown`; directories that have to be made get it, too.
    pub(crate) owner: Option<Owner>,
    /// `--chmod`.
    pub(crate) mode: Option<ModeChange>,
    /// `SOURCE_DATE_EPOCH`: the time that everything copied gets.
    pub(crate) time: Option<i64>,
}

/// What a file gets besides its content.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) owner: Owner,
    pub(crate) mode: u32,
    pub(crate) time: Timespec,
}

impl Attributes {
    /// Everything as the source has it, but with this owner where there is one.
    pub(crate) fn owned_by(owner: Option<Owner>) -> Self {
        Self {
            owner,
            ..Self::default()
        }
    }

    /// What a file or directory of a source gets.
    pub(crate) fn of(&self, metadata: &Metadata, is_directory: bool) -> Wanted {
        Wanted {
            owner: self.owner.unwrap_or(Owner {
                uid: metadata.uid,
                gid: metadata.gid,
            }),
            mode: match &self.mode {
                Some(change) => change.apply(metadata.mode, is_directory),
                None => metadata.mode,
            },
            time: match self.time {
                Some(seconds) => Timespec {
                    tv_sec: seconds,
                    tv_nsec: 0,
                },
                None => Timespec {
                    tv_sec: metadata.mtime.seconds,
                    tv_nsec: metadata.mtime.nanoseconds.into(),
                },
            },
        }
    }
}

/// The root that is copied into.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    pub(crate) root: &'a Rooted,
    pub(crate) attributes: &'a Attributes,
}

impl Target<'_> {
    /// Where a source goes that is copied to `destination`, an absolute path that ends in a slash if it is meant
    /// as a directory. Directories that are needed for it are made.
    pub(crate) fn place(
        &self,
        destination: &str,
        is_dir_source: bool,
        name: &OsStr,
    ) -> Result<PathBuf, Problem> {
        let (parent, last) = destination.rsplit_once('/').unwrap_or(("", destination));
        let needed = if last.is_empty() || last == "." {
            destination
        } else {
            parent
        };
        self.make_dirs(&self.resolve(needed)?)?;
        let found = self.resolve(destination)?;
        let stat = self.root.stat(&found).doing_inside("cannot read", &found)?;
        match stat {
            Some(stat) if !is_dir_source && is_dir(&stat) => Ok(join(&found, Path::new(name))),
            None if is_dir_source => {
                self.make_dirs(&found)?;
                Ok(found)
            }
            None => {
                // The parent of what a dangling symbolic link names may be missing.
                self.make_dirs(found.parent().unwrap_or(Path::new("")))?;
                Ok(found)
            }
            Some(_) => Ok(found),
        }
    }

    pub(crate) fn resolve(&self, path: &str) -> Result<PathBuf, Problem> {
        let path = Path::new(path);
        self.root
            .resolve(path)
            .doing("cannot follow the symbolic links of", path)
    }

    /// Makes the directory `rel`, a path without symbolic links, and those above it, with mode 0755. Gives
    /// whether any was made.
    pub(crate) fn make_dirs(&self, rel: &Path) -> Result<bool, Problem> {
        let mut made = false;
        let mut path = PathBuf::new();
        for name in rel.components() {
            path.push(name);
            match self
                .root
                .stat(&path)
                .doing_inside("cannot make the directory", &path)?
            {
                Some(stat) if is_dir(&stat) => continue,
                Some(_) => {
                    return Err(Problem::invalid(format!(
                        "`{}` in the image is not a directory",
                        shown(&path).display()
                    )));
                }
                None => {}
            }
            let (parent, name) = self
                .root
                .open_parent(&path)
                .doing_inside("cannot make the directory", &path)?;
            mkdirat(&parent, name, Mode::from_raw_mode(0o755))
                .doing_inside("cannot make the directory", &path)?;
            if let Some(owner) = self.attributes.owner {
                set_owner(&parent, name, owner).doing_inside("cannot make the directory", &path)?;
            }
            // The umask of this process has no say in the image; the set-group-ID bit of the parent has.
            let inherited = statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW)
                .doing_inside("cannot make the directory", &path)?
                .st_mode
                & 0o2000;
            set_mode(&parent, name, 0o755 | inherited).doing_inside("cannot make the directory", &path)?;
            made = true;
        }
        Ok(made)
    }

    /// Gives a file of the target, which is `name` in the directory `parent`, what its source has.
    pub(crate) fn set_metadata(
        &self,
        parent: &OwnedFd,
        name: &OsStr,
        metadata: &Metadata,
        xattrs: &Xattrs,
        kind: Shape,
    ) -> io::Result<()> {
        let wanted = self.attributes.of(metadata, kind == Shape::Directory);
        set_owner(parent, name, wanted.owner)?;
        if kind != Shape::Symlink {
            set_mode(parent, name, wanted.mode)?;
        }
        // A change of the owner takes file capabilities away, so they come after it.
        set_xattrs(parent, name, xattrs)?;
        Ok(set_time(parent, name, wanted.time)?)
    }
}

/// What has to be known of a file to set its attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Directory,
    Symlink,
    Other,
}

/// The path as it is seen inside the image.
pub(crate) fn shown(rel: &Path) -> PathBuf {
    join(Path::new("/"), rel).components().collect()
}

pub(crate) fn set_owner(parent: &OwnedFd, name: &OsStr, owner: Owner) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(owner.uid), Gid::from_raw(owner.gid));
    owned(
        chownat(parent, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW),
        owner,
    )
}

/// What came of a change of owner: one that the user namespace of this process does not have is told of as such.
pub(crate) fn owned(changed: rustix::io::Result<()>, owner: Owner) -> io::Result<()> {
    match changed {
        Err(Errno::INVAL) => Err(io::Error::other(format!(
            "its owner {}:{} is not among the ids of this user, who needs more in `/etc/subuid` and `/etc/subgid`",
            owner.uid, owner.gid
        ))),
        other => Ok(other?),
    }
}

pub(crate) fn set_mode(parent: &OwnedFd, name: &OsStr, mode: u32) -> rustix::io::Result<()> {
    chmodat(parent, name, Mode::from_raw_mode(mode), AtFlags::empty())
}

pub(crate) fn set_time(parent: &OwnedFd, name: &OsStr, time: Timespec) -> rustix::io::Result<()> {
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    utimensat(parent, name, &times, AtFlags::SYMLINK_NOFOLLOW)
}

/// Attributes that the store's file system cannot hold are left out, as BuildKit does.
pub(crate) fn set_xattrs(parent: &OwnedFd, name: &OsStr, xattrs: &Xattrs) -> rustix::io::Result<()> {
    use rustix::fs::{XattrFlags, lsetxattr};
    use std::os::fd::AsRawFd;
    if xattrs.is_empty() {
        return Ok(());
    }
    // There is no call that takes a directory and a name in it, but this path means just that.
    let path = Path::new("/proc/self/fd")
        .join(parent.as_raw_fd().to_string())
        .join(name);
    for (key, value) in xattrs {
        match lsetxattr(&path, key.as_slice(), value, XattrFlags::empty()) {
            Ok(()) | Err(Errno::NOTSUP | Errno::PERM) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
