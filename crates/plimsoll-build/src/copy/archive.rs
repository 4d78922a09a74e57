use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use plimsoll_image::compression;
use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, Timespec, linkat, makedev, mknodat, openat, statat, symlinkat, unlinkat,
};
use tar::EntryType;

use super::chown::Owner;
use super::target::{Target, set_mode, set_owner, set_time, set_xattrs, shown};
use crate::context::walk::{Xattrs, join};
use crate::error::{IoContext, Problem};
use crate::rooted::{Rooted, is_dir, is_symlink};

/// What the names of the PAX records start with that hold extended attributes.
const XATTR_PREFIX: &str = "SCHILY.xattr.";

/// Where the header of an entry says what kind of file it is.
const TYPE_AT: usize = 156;

/// Whether `file` is a tar archive, plain or compressed: whether a first entry can be read.
pub(crate) fn is_archive(file: &mut File) -> bool {
    let result = (|| {
        file.seek(SeekFrom::Start(0))?;
        let reader = compression::reader(Box::new(io::BufReader::new(&*file)))?;
        let mut archive = tar::Archive::new(reader);
        let found = archive.entries()?.next().transpose()?;
        io::Result::Ok(found.is_some())
    })();
    let back = file.seek(SeekFrom::Start(0));
    matches!(result, Ok(true)) && back.is_ok()
}

/// Extracts the tar archive `input`, plain or compressed and called `name`, into the directory `place` of the target. For what is in the
/// archive that directory is the root: symbolic links are followed inside it, as by Docker, which changes its root to
/// it.
pub(crate) fn extract(
    input: impl Read + Send,
    name: &Path,
    target: &Target<'_>,
    place: &Path,
    copied: &dyn Fn(u64),
) -> Result<(), Problem> {
    let top = join(target.root.path(), place);
    let root = Rooted::open(&top).doing_inside("cannot open", place)?;
    let target = &Target {
        root: &root,
        attributes: target.attributes,
    };
    let inside = |path: &Path| join(place, path);
    let reader = compression::reader(Box::new(io::BufReader::new(input))).doing("cannot extract", name)?;
    let mut archive = tar::Archive::new(reader);
    let mut directories = Vec::new();
    for entry in archive.entries().doing("cannot extract", name)? {
        let mut entry = entry.doing("cannot extract", name)?;
        let header = Header::read(&mut entry).doing("cannot extract", name)?;
        let Some(header) = header else { continue };
        let parts = normal_parts(&header.path);
        if parts.as_os_str().is_empty() {
            // The directory that is extracted into is the image's own.
            continue;
        }
        let path = target_path(target, &parts)?;
        write_entry(&mut entry, &header, &path, target).map_err(|problem| match problem {
            Failure::Archive(error) => Problem::io("cannot extract", name, error),
            Failure::Target(error) => Problem::io("cannot write", shown(&inside(&path)), error),
            Failure::Other(problem) => problem,
        })?;
        copied(header.size);
        if header.kind == EntryType::Directory {
            directories.push((path, header.mtime));
        }
    }
    for (path, mtime) in directories.iter().rev() {
        let (parent, name) = target
            .root
            .open_parent(path)
            .doing_inside("cannot set the attributes of", inside(path))?;
        set_time(&parent, name, time_of(target, *mtime))
            .doing_inside("cannot set the attributes of", inside(path))?;
    }
    Ok(())
}

/// What is needed of the header of an entry.
struct Header {
    path: PathBuf,
    link: Option<Vec<u8>>,
    kind: EntryType,
    mode: u32,
    owner: Owner,
    mtime: i64,
    size: u64,
    device: u64,
    xattrs: Xattrs,
}

impl Header {
    /// `None` for entries that are no files.
    fn read<R: Read>(entry: &mut tar::Entry<'_, R>) -> io::Result<Option<Self>> {
        let mut kind = entry.header().entry_type();
        if kind.is_pax_global_extensions() {
            return Ok(None);
        }
        let mut xattrs = Xattrs::new();
        let mut mtime = None;
        if let Some(extensions) = entry.pax_extensions()? {
            for extension in extensions {
                let extension = extension?;
                let Ok(key) = extension.key() else { continue };
                if let Some(name) = key.strip_prefix(XATTR_PREFIX) {
                    xattrs.push((name.as_bytes().to_vec(), extension.value_bytes().to_vec()));
                } else if key == "mtime" {
                    let seconds = extension.value().unwrap_or_default().split('.').next();
                    mtime = seconds.and_then(|seconds| seconds.parse::<i64>().ok());
                }
            }
        }
        xattrs.retain(|(name, _)| plimsoll_image::layer::belongs_to_layer(name));
        let number =
            |value: u64| u32::try_from(value).map_err(|_| io::Error::other("an owner's number is too large"));
        let header = entry.header();
        // Some archivers leave these fields of other entries blank.
        let device = if kind.is_character_special() || kind.is_block_special() {
            makedev(
                header.device_major()?.unwrap_or(0),
                header.device_minor()?.unwrap_or(0),
            )
        } else {
            0
        };
        let mtime = match mtime {
            Some(mtime) => mtime,
            None => i64::try_from(filled(&header.as_old().mtime, || header.mtime())?).unwrap_or(i64::MAX),
        };
        let path = entry.path_bytes().into_owned();
        // Before there was a type for them, directories were files with a slash at the end of their names.
        if entry.header().as_bytes()[TYPE_AT] == 0 && path.ends_with(b"/") {
            kind = EntryType::Directory;
        }
        let fields = header.as_old();
        let mode = filled(&fields.mode, || header.mode())? & 0o7777;
        let (uid, gid) = (
            filled(&fields.uid, || header.uid())?,
            filled(&fields.gid, || header.gid())?,
        );
        Ok(Some(Self {
            path: PathBuf::from(OsString::from_vec(path)),
            link: entry.link_name_bytes().map(std::borrow::Cow::into_owned),
            kind,
            mode,
            owner: Owner {
                uid: number(uid)?,
                gid: number(gid)?,
            },
            mtime,
            size: entry.size(),
            device,
            xattrs,
        }))
    }
}

/// A number of a header. An archiver that has none leaves the field blank, which means 0.
fn filled<T: Default>(field: &[u8], read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    match field.iter().all(|byte| matches!(byte, b' ' | 0)) {
        true => Ok(T::default()),
        false => read(),
    }
}

enum Failure {
    Archive(io::Error),
    Target(io::Error),
    Other(Problem),
}

impl From<rustix::io::Errno> for Failure {
    fn from(error: rustix::io::Errno) -> Self {
        Self::Target(error.into())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Target(error)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Other(problem)
    }
}

/// The path below the directory that is extracted into, with `.` and `..` worked out as text.
fn normal_parts(path: &Path) -> PathBuf {
    let mut parts: Vec<&OsStr> = Vec::new();
    for component in path.components() {
        match component {
            std::path::Component::Normal(name) => parts.push(name),
            std::path::Component::ParentDir => {
                parts.pop();
            }
            _ => {}
        }
    }
    parts.iter().collect()
}

/// Where an entry goes: its parent with symbolic links followed inside the target, and its name.
fn target_path(target: &Target<'_>, parts: &Path) -> Result<PathBuf, Problem> {
    target
        .root
        .resolve_parent(parts)
        .doing_inside("cannot follow the symbolic links of", parts)
}

fn write_entry<R: Read>(
    entry: &mut tar::Entry<'_, R>,
    header: &Header,
    path: &Path,
    target: &Target<'_>,
) -> Result<(), Failure> {
    target.make_dirs(path.parent().unwrap_or(Path::new("")))?;
    let there = target.root.stat(path)?;
    let (parent, name) = target.root.open_parent(path)?;
    let is_directory = header.kind == EntryType::Directory;
    match there {
        Some(stat) if is_dir(&stat) && is_directory => {}
        // Unlike a copy, an archive takes the place of what is there, whatever it is.
        Some(stat) if is_dir(&stat) => std::fs::remove_dir_all(join(target.root.path(), path))?,
        Some(_) => {
            unlinkat(&parent, name, AtFlags::empty())?;
            if is_directory {
                rustix::fs::mkdirat(&parent, name, Mode::RWXU)?;
            }
        }
        None if is_directory => rustix::fs::mkdirat(&parent, name, Mode::RWXU)?,
        None => {}
    }
    match header.kind {
        EntryType::Directory => {}
        EntryType::Symlink => symlinkat(OsStr::from_bytes(link(header)?), &parent, name)?,
        EntryType::Link => {
            let first = target_path(target, &normal_parts(Path::new(OsStr::from_bytes(link(header)?))))?;
            let (first_parent, first_name) = target.root.open_parent(&first)?;
            linkat(&first_parent, first_name, &parent, name, AtFlags::empty())?;
            let linked = statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
            if is_symlink(&linked) {
                // A mode would be given to what it points to.
                return Ok(());
            }
        }
        EntryType::Char => make_node(&parent, name, FileType::CharacterDevice, header)?,
        EntryType::Block => make_node(&parent, name, FileType::BlockDevice, header)?,
        EntryType::Fifo => make_node(&parent, name, FileType::Fifo, header)?,
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            let output = openat(&parent, name, flags, Mode::RUSR | Mode::WUSR)?;
            write_content(entry, File::from(output))?;
        }
        kind => {
            let message = format!(
                "an entry of the archive has the type {:?}, which is unknown",
                kind.as_byte()
            );
            return Err(Problem::invalid(message).into());
        }
    }
    set_attributes(target, &parent, name, header)
}

fn link(header: &Header) -> Result<&[u8], Failure> {
    let missing = || Failure::Archive(io::Error::other("a link of the archive has no target"));
    header.link.as_deref().ok_or_else(missing)
}

/// Tells errors of the archive from those of the target.
fn write_content<R: Read>(entry: &mut R, mut output: File) -> Result<(), Failure> {
    let mut buffer = vec![0_u8; 64 << 10];
    loop {
        let length = match entry.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::Archive(error)),
        };
        io::Write::write_all(&mut output, &buffer[..length])?;
    }
}

fn make_node(parent: &OwnedFd, name: &OsStr, kind: FileType, header: &Header) -> rustix::io::Result<()> {
    mknodat(parent, name, kind, Mode::RUSR | Mode::WUSR, header.device)
}

fn set_attributes(
    target: &Target<'_>,
    parent: &OwnedFd,
    name: &OsStr,
    header: &Header,
) -> Result<(), Failure> {
    set_owner(parent, name, target.attributes.owner.unwrap_or(header.owner))?;
    if header.kind != EntryType::Symlink {
        set_mode(parent, name, header.mode)?;
    }
    set_xattrs(parent, name, &header.xattrs)?;
    set_time(parent, name, time_of(target, header.mtime))?;
    Ok(())
}

fn time_of(target: &Target<'_>, mtime: i64) -> Timespec {
    Timespec {
        tv_sec: target.attributes.time.unwrap_or(mtime),
        tv_nsec: 0,
    }
}
