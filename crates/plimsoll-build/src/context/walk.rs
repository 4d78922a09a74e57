use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use plimsoll_core::Digest;
use rayon::prelude::*;

use crate::error::{IoContext, Problem};

/// The largest value of an extended attribute that Linux has.
const MAX_XATTR: usize = 1 << 16;

/// What is read of a file besides its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) size: u64,
    pub(crate) mtime: Time,
    pub(crate) ctime: Time,
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) links: u64,
    /// Of a device file: which device.
    pub(crate) special: u64,
}

/// A time of a file: seconds since 1970 and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time {
    pub(crate) seconds: i64,
    pub(crate) nanoseconds: u32,
}

impl From<&std::fs::Metadata> for Metadata {
    fn from(metadata: &std::fs::Metadata) -> Self {
        let time = |seconds, nanoseconds| Time {
            seconds,
            nanoseconds: u32::try_from(nanoseconds).unwrap_or(0),
        };
        Self {
            mode: metadata.mode() & 0o7777,
            uid: metadata.uid(),
            gid: metadata.gid(),
            size: metadata.size(),
            mtime: time(metadata.mtime(), metadata.mtime_nsec()),
            ctime: time(metadata.ctime(), metadata.ctime_nsec()),
            device: metadata.dev(),
            inode: metadata.ino(),
            links: metadata.nlink(),
            special: metadata.rdev(),
        }
    }
}

/// What kind of file an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A regular file; the digest of its content once it was hashed.
    File(Option<Digest>),
    Directory,
    Symlink(PathBuf),
    CharDevice,
    BlockDevice,
    Fifo,
}

/// Extended attributes, sorted by name.
pub(crate) type Xattrs = Vec<(Vec<u8>, Vec<u8>)>;

/// One file of a tree that is to be copied.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Its path below the top of the tree; empty for the top itself.
    pub(crate) path: PathBuf,
    pub(crate) kind: Kind,
    pub(crate) metadata: Metadata,
    pub(crate) xattrs: Xattrs,
}

/// What a walk leaves out: called with paths from the root of the context.
pub(crate) trait Filter: Sync {
    /// Whether the file itself is left out.
    fn excludes(&self, path: &Path) -> bool;
    /// Whether nothing below the directory, which is left out itself, can be wanted.
    fn excludes_all_below(&self, path: &Path) -> bool;
}

/// Leaves out nothing.
pub(crate) struct Everything;

impl Filter for Everything {
    fn excludes(&self, _path: &Path) -> bool {
        false
    }

    fn excludes_all_below(&self, _path: &Path) -> bool {
        false
    }
}

/// Everything in the tree whose top is `top`, a path without symbolic links below the directory `root`: parents
/// before what is in them, otherwise sorted by name. Symbolic links are entries, they are not followed. Sockets
/// are left out, as they cannot be in a layer.
pub(crate) fn walk(root: &Path, top: &Path, filter: &dyn Filter) -> Result<Vec<Entry>, Problem> {
    let mut wanted = Vec::new();
    // What is still to be looked at, the next one last, and the directories that stand only if something is in them.
    let mut todo = vec![Place {
        path: PathBuf::new(),
        may_be_directory: true,
    }];
    let mut pending: Vec<Found> = Vec::new();
    while let Some(place) = todo.pop() {
        let in_root = join(top, &place.path);
        pending.retain(|directory| place.path.starts_with(directory.path()));
        let excluded = !in_root.as_os_str().is_empty() && filter.excludes(&in_root);
        if excluded && (!place.may_be_directory || filter.excludes_all_below(&in_root)) {
            continue;
        }
        let found = if place.may_be_directory {
            match read(root, top, place.path)? {
                Some(entry) => Found::Read(entry),
                None => continue,
            }
        } else {
            Found::Place(place.path)
        };
        if let Found::Read(entry) = &found
            && entry.kind == Kind::Directory
        {
            let mut inside = list(&join(root, &in_root), &in_root, &entry.path)?;
            inside.sort_unstable_by(|a, b| b.path.as_os_str().cmp(a.path.as_os_str()));
            todo.extend(inside);
        } else if excluded {
            continue;
        }
        if excluded {
            pending.push(found);
        } else {
            wanted.append(&mut pending);
            wanted.push(found);
        }
    }
    let read = |found: Found| match found {
        Found::Read(entry) => Ok(Some(entry)),
        Found::Place(path) => read(root, top, path),
    };
    let entries: Result<Vec<Option<Entry>>, Problem> = match wanted.len() {
        0..SEVERAL => wanted.into_iter().map(read).collect(),
        _ => wanted.into_par_iter().map(read).collect(),
    };
    Ok(entries?.into_iter().flatten().collect())
}

/// From how many files on several are looked at at the same time.
const SEVERAL: usize = 64;

/// A path to be looked at.
struct Place {
    path: PathBuf,
    /// Whether the directory that it is in does not say it is something else.
    may_be_directory: bool,
}

/// A file that is wanted.
enum Found {
    Read(Entry),
    /// It is read later, together with others.
    Place(PathBuf),
}

impl Found {
    fn path(&self) -> &Path {
        match self {
            Self::Read(entry) => &entry.path,
            Self::Place(path) => path,
        }
    }
}

/// Reads what is known of a file; nothing if it is gone, or of a kind that is left out.
fn read(root: &Path, top: &Path, path: PathBuf) -> Result<Option<Entry>, Problem> {
    let in_root = join(top, &path);
    let host = join(root, &in_root);
    let metadata = match std::fs::symlink_metadata(&host) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.as_os_str().is_empty() => {
            return Ok(None);
        }
        Err(error) => return Err(Problem::io("cannot read", &in_root, error)),
    };
    let Some(kind) = kind_of(&host, &in_root, &metadata)? else {
        return Ok(None);
    };
    Ok(Some(Entry {
        xattrs: read_xattrs(&host, &in_root)?,
        metadata: (&metadata).into(),
        path,
        kind,
    }))
}

fn kind_of(host: &Path, shown: &Path, metadata: &std::fs::Metadata) -> Result<Option<Kind>, Problem> {
    use std::os::unix::fs::FileTypeExt;
    let file_type = metadata.file_type();
    Ok(Some(if file_type.is_file() {
        Kind::File(None)
    } else if file_type.is_dir() {
        Kind::Directory
    } else if file_type.is_symlink() {
        Kind::Symlink(std::fs::read_link(host).doing("cannot read", shown)?)
    } else if file_type.is_char_device() {
        Kind::CharDevice
    } else if file_type.is_block_device() {
        Kind::BlockDevice
    } else if file_type.is_fifo() {
        Kind::Fifo
    } else {
        return Ok(None);
    }))
}

/// What is in the directory `host`, whose path below the top is `path`.
fn list(host: &Path, shown: &Path, path: &Path) -> Result<Vec<Place>, Problem> {
    use std::os::unix::fs::FileTypeExt;
    let mut places = Vec::new();
    for entry in std::fs::read_dir(host).doing("cannot list", shown)? {
        let entry = entry.doing("cannot list", shown)?;
        // Where the directory does not say, the file is asked, which may be gone.
        let file_type = entry.file_type().ok();
        if file_type.is_some_and(|kind| kind.is_socket()) {
            continue;
        }
        places.push(Place {
            path: join(path, Path::new(&entry.file_name())),
            may_be_directory: file_type.is_none_or(|kind| kind.is_dir()),
        });
    }
    Ok(places)
}

/// The attributes that belong to a file and not to the place where it is: `user.*` and file capabilities.
fn read_xattrs(host: &Path, shown: &Path) -> Result<Xattrs, Problem> {
    use rustix::io::Errno;
    // Nearly no file has any, and then no memory is needed.
    let length = match rustix::fs::llistxattr_query(host) {
        Ok(0) | Err(Errno::NOTSUP | Errno::NOSYS) => return Ok(Vec::new()),
        Ok(length) => length,
        Err(error) => {
            return Err(Problem::io(
                "cannot read the extended attributes of",
                shown,
                error,
            ));
        }
    };
    let mut list = vec![0_u8; length.saturating_add(1024)];
    let length =
        rustix::fs::llistxattr(host, &mut list[..]).doing("cannot read the extended attributes of", shown)?;
    list.truncate(length);
    let mut found = Vec::new();
    let names = list.split(|byte| *byte == 0);
    for name in names.filter(|name| plimsoll_image::layer::belongs_to_layer(name)) {
        let mut value = vec![0_u8; MAX_XATTR];
        match rustix::fs::lgetxattr(host, name, &mut value[..]) {
            Ok(length) => value.truncate(length),
            Err(Errno::NODATA) => continue,
            Err(error) => {
                return Err(Problem::io(
                    "cannot read the extended attributes of",
                    shown,
                    error,
                ));
            }
        }
        found.push((name.to_vec(), value));
    }
    found.sort_unstable();
    Ok(found)
}

/// As [`Path::join`], but an empty path adds nothing.
pub(crate) fn join(base: &Path, path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() {
        return base.to_owned();
    }
    if base.as_os_str().is_empty() {
        return path.to_owned();
    }
    let mut bytes = base.as_os_str().as_bytes().to_vec();
    bytes.push(b'/');
    bytes.extend_from_slice(path.as_os_str().as_bytes());
    PathBuf::from(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    struct Except;

    impl Filter for Except {
        fn excludes(&self, path: &Path) -> bool {
            path.starts_with("out") && path != Path::new("out/in/kept")
        }

        fn excludes_all_below(&self, path: &Path) -> bool {
            path.starts_with("out/other")
        }
    }

    #[test]
    fn parents_come_first_and_what_is_left_out_stays_out() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for path in ["b", "a/x", "out/in", "out/other", "out/empty"] {
            std::fs::create_dir_all(root.join(path)).unwrap();
        }
        for path in [
            "b/f",
            "a.txt",
            "out/in/kept",
            "out/in/gone",
            "out/other/f",
            "a/x/f",
        ] {
            std::fs::write(root.join(path), path).unwrap();
        }
        symlink("b", root.join("link")).unwrap();
        let paths = |top: &str, filter: &dyn Filter| -> Vec<String> {
            walk(root, Path::new(top), filter)
                .unwrap()
                .iter()
                .map(|entry| entry.path.display().to_string())
                .collect()
        };
        assert_eq!(
            paths("", &Except),
            [
                "",
                "a",
                "a/x",
                "a/x/f",
                "a.txt",
                "b",
                "b/f",
                "link",
                "out",
                "out/in",
                "out/in/kept"
            ]
        );
        assert_eq!(paths("out/other", &Except), [""; 0]);
        assert_eq!(paths("out/other", &Everything), ["", "f"]);
        assert!(walk(root, Path::new("none"), &Everything).is_err());
    }
}
