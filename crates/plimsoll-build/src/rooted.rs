use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, Stat, openat2, readlinkat, statat};
use rustix::io::Errno;

/// As many symbolic links as the kernel follows in one path, and a few more.
const MAX_LINKS: usize = 255;

/// A directory that is taken for `/`: the root of an image, a stage or a context. No symbolic link in it leads
/// out of it.
#[derive(Debug)]
pub(crate) struct Rooted {
    fd: OwnedFd,
    path: PathBuf,
}

impl Rooted {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(path, flags, Mode::empty())?;
        Ok(Self {
            fd,
            path: path.to_owned(),
        })
    }

    /// Where the directory is in the host's file system.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What `path` means in here: every symbolic link on the way is followed, the last one too, and what does
    /// not exist stands as it is. The result is relative and has no `.`, `..` or symbolic link in it; it is
    /// empty for the root itself.
    pub(crate) fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        self.walk(path, true)
    }

    /// As [`Rooted::resolve`], but a symbolic link that the path ends in is not followed.
    pub(crate) fn resolve_parent(&self, path: &Path) -> io::Result<PathBuf> {
        self.walk(path, false)
    }

    fn walk(&self, path: &Path, follow_last: bool) -> io::Result<PathBuf> {
        let mut todo: VecDeque<OsString> = VecDeque::new();
        push_front(&mut todo, path);
        let mut done: Vec<OsString> = Vec::new();
        let mut links = 0;
        while let Some(name) = todo.pop_front() {
            if name == ".." {
                done.pop();
                continue;
            }
            done.push(name);
            if todo.is_empty() && !follow_last {
                break;
            }
            let here: PathBuf = done.iter().collect();
            let Some(stat) = self.stat(&here)? else { continue };
            if !is_symlink(&stat) {
                continue;
            }
            links += 1;
            if links > MAX_LINKS {
                return Err(Errno::LOOP.into());
            }
            let target = self.read_link(&here)?;
            done.pop();
            if target.is_absolute() {
                done.clear();
            }
            push_front(&mut todo, &target);
        }
        Ok(done.iter().collect())
    }

    /// Status of `rel` itself, even if it is a symbolic link; `None` if it does not exist. `rel` is a path that
    /// [`Rooted::resolve`] gave, or one below a directory that it gave.
    pub(crate) fn stat(&self, rel: &Path) -> io::Result<Option<Stat>> {
        let (parent, name) = match self.open_parent(rel) {
            Ok(found) => found,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        match statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Where the symbolic link `rel` points to, as it is written.
    pub(crate) fn read_link(&self, rel: &Path) -> io::Result<PathBuf> {
        let (parent, name) = self.open_parent(rel)?;
        let target = readlinkat(&parent, name, Vec::new())?;
        Ok(PathBuf::from(OsString::from_vec(target.into_bytes())))
    }

    /// The directory `rel`, to be used in `*at` calls.
    pub(crate) fn open_dir(&self, rel: &Path) -> io::Result<OwnedFd> {
        self.open_with(rel, OFlags::PATH | OFlags::DIRECTORY)
    }

    /// The file `rel`, for reading; a symbolic link is not followed. It does not block on a pipe.
    pub(crate) fn open_file(&self, rel: &Path) -> io::Result<std::fs::File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        self.open_with(rel, flags).map(Into::into)
    }

    /// The directory that `rel` is in, and its name there.
    pub(crate) fn open_parent<'a>(&self, rel: &'a Path) -> io::Result<(OwnedFd, &'a OsStr)> {
        match (rel.parent(), rel.file_name()) {
            (Some(parent), Some(name)) => Ok((self.open_dir(parent)?, name)),
            _ => Ok((self.open_dir(Path::new(""))?, OsStr::from_bytes(b"."))),
        }
    }

    fn open_with(&self, rel: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let rel = if rel.as_os_str().is_empty() {
            Path::new(".")
        } else {
            rel
        };
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        Ok(openat2(
            &self.fd,
            rel,
            flags | OFlags::CLOEXEC,
            Mode::empty(),
            resolve,
        )?)
    }
}

impl AsFd for Rooted {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Puts the parts of `path` before what is still to be walked.
fn push_front(todo: &mut VecDeque<OsString>, path: &Path) {
    for component in path.components().rev() {
        match component {
            Component::Normal(name) => todo.push_front(name.to_owned()),
            Component::ParentDir => todo.push_front(OsString::from("..")),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

pub(crate) fn file_type(stat: &Stat) -> rustix::fs::FileType {
    rustix::fs::FileType::from_raw_mode(stat.st_mode)
}

pub(crate) fn is_symlink(stat: &Stat) -> bool {
    file_type(stat).is_symlink()
}

pub(crate) fn is_dir(stat: &Stat) -> bool {
    file_type(stat).is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn symbolic_links_stay_inside() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::fs::write(root.join("a/b/f"), "x").unwrap();
        symlink("/a/b", root.join("absolute")).unwrap();
        symlink("../../../../a", root.join("up")).unwrap();
        symlink("b/f", root.join("a/file")).unwrap();
        symlink("/nowhere/x", root.join("dangling")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        let rooted = Rooted::open(root).unwrap();
        for (path, expected) in [
            ("/", ""),
            ("..", ""),
            ("/../a/./b/", "a/b"),
            ("absolute/f", "a/b/f"),
            ("absolute/../file", "a/b/f"),
            ("up/b/f", "a/b/f"),
            ("dangling/y", "nowhere/x/y"),
            ("a/b/f/../g", "a/b/g"),
        ] {
            assert_eq!(
                rooted.resolve(Path::new(path)).unwrap(),
                Path::new(expected),
                "{path}"
            );
        }
        assert_eq!(
            rooted.resolve_parent(Path::new("absolute/../file")).unwrap(),
            Path::new("a/file")
        );
        assert_eq!(
            rooted.resolve(Path::new("loop")).unwrap_err().raw_os_error(),
            Some(Errno::LOOP.raw_os_error())
        );
        assert!(rooted.stat(Path::new("a/b/f/none")).unwrap().is_none());
        assert!(is_dir(&rooted.stat(Path::new("")).unwrap().unwrap()));
    }
}
