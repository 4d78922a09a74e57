//! Unpacks a layer's tar into a tree that is ready to be a lower directory of an overlay mount.
//!
//! Nothing outside of the tree is touched whatever the tar says: every directory on the way to an entry is opened
//! without following symbolic links, files are only ever created anew, and hard links lead to files of the same tree.

mod failure;
mod owners;
mod place;
mod tee;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, RawMode, Timespec, Timestamps, Uid, chownat, fchmod, fchown,
    futimens, linkat, makedev, mknodat, openat, statat, symlinkat, utimensat,
};
use rustix::io::Errno;

use failure::Failure;
use tee::Tee;

use crate::beside::BesideHash;
use crate::layer::beneath::Beneath;
use crate::layer::name::{self, Name, split};
use crate::layer::origin::Origin;
use crate::layer::recipe::RecipeWriter;
use crate::layer::{whiteout, xattr};
use crate::tar::{Kind, Member, Reader};
use crate::{Error, Result};

const BUFFER: usize = 256 * 1024;

/// What came of unpacking a layer.
#[derive(Debug)]
pub(crate) struct Unpacked {
    /// The digest of everything that was read.
    pub(crate) diff_id: plimsoll_core::Digest,
    /// How many bytes that was.
    pub(crate) tar_size: u64,
    /// The bytes of content of the tree's files.
    pub(crate) size: u64,
    /// How many entries the tar has.
    pub(crate) entries: u64,
    /// The directories that the tar has no entry for. The root is one of them if it is empty.
    pub(crate) implied: Vec<Vec<u8>>,
}

/// Where a layer is unpacked to: the tree, which must be an empty directory, the recipe, which must not be there, and
/// the directory of replaced files, which is made when it is needed.
pub(crate) struct Destination {
    pub(crate) tree: PathBuf,
    pub(crate) recipe: PathBuf,
    pub(crate) replaced: PathBuf,
}

/// Unpacks the uncompressed tar `input`, reading it to its end.
pub(crate) fn unpack(input: &mut dyn Read, destination: &Destination, origin: &Origin) -> Result<Unpacked> {
    let written = |path: &Path| Error::io("write", path);
    let recipe = RecipeWriter::create(&destination.recipe).map_err(written(&destination.recipe))?;
    let tee = Tee {
        input,
        hash: BesideHash::new(),
        count: 0,
        recipe,
        literal: true,
        recipe_error: None,
    };
    let mut reader = Reader::new(tee);
    let mut unpacker = Unpacker::new(destination, origin)?;
    let result = unpacker.members(&mut reader);
    let mut tee = reader.into_input();
    if let Some(error) = tee.recipe_error.take() {
        return Err(written(&destination.recipe)(error));
    }
    result?;
    // Behind the end mark there is padding, and it belongs to the digest.
    tee.rest().map_err(|error| origin.io(error))?;
    if let Some(error) = tee.recipe_error.take() {
        return Err(written(&destination.recipe)(error));
    }
    tee.recipe.finish().map_err(written(&destination.recipe))?;
    let implied = unpacker.finish()?;
    Ok(Unpacked {
        diff_id: tee.hash.finish(),
        tar_size: tee.count,
        size: unpacker.size,
        entries: unpacker.entries,
        implied,
    })
}

/// What is done to a directory when everything in it is there.
#[derive(Default)]
struct Directory {
    /// Whether the tar has an entry for it.
    explicit: bool,
    mode: u32,
    mtime: i64,
}

struct Unpacker<'a> {
    destination: &'a Destination,
    origin: &'a Origin,
    tree: Beneath,
    directories: BTreeMap<Vec<u8>, Directory>,
    /// The number of each file's payload record.
    payloads: BTreeMap<Vec<u8>, u64>,
    /// Whether owners can be set.
    root: bool,
    buffer: Vec<u8>,
    size: u64,
    entries: u64,
}

impl<'a> Unpacker<'a> {
    fn new(destination: &'a Destination, origin: &'a Origin) -> Result<Self> {
        let implied = Directory {
            mode: 0o755,
            ..Directory::default()
        };
        Ok(Self {
            destination,
            origin,
            tree: Beneath::new(&destination.tree).map_err(Error::io("open", &destination.tree))?,
            directories: BTreeMap::from([(Vec::new(), implied)]),
            payloads: BTreeMap::new(),
            root: rustix::process::geteuid().is_root(),
            buffer: vec![0; BUFFER],
            size: 0,
            entries: 0,
        })
    }

    fn members(&mut self, reader: &mut Reader<Tee<'_>>) -> Result<()> {
        while let Some(member) = reader.next_member().map_err(|error| self.origin.tar(error))? {
            self.entries += 1;
            match self.member(reader, &member) {
                Ok(()) => {}
                Err(Failure::Refused(reason)) => return Err(self.origin.entry(&member.path, reason)),
                Err(Failure::Tar(error)) => return Err(self.origin.tar(error)),
                Err(Failure::Io(error)) => return Err(self.write_error(&member.path, error)),
            }
        }
        Ok(())
    }

    /// The operating system refused what an entry asks for: because of the entry, or for a reason of its own.
    fn write_error(&self, path: &[u8], error: io::Error) -> Error {
        match error.raw_os_error().map(Errno::from_raw_os_error) {
            Some(
                Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::INVAL | Errno::NAMETOOLONG | Errno::MLINK,
            ) => self.origin.entry(path, error.to_string()),
            _ => {
                let path = self.destination.tree.join(std::ffi::OsStr::from_bytes(path));
                Error::io("write", &path)(error)
            }
        }
    }

    fn member(&mut self, reader: &mut Reader<Tee<'_>>, member: &Member) -> Result<(), Failure> {
        match name::parse(&member.path).map_err(Failure::refused)? {
            Name::Ignored => Ok(()),
            Name::Root if member.kind == Kind::Directory => self.directory(&[], member),
            Name::Root => Err(Failure::refused("only a directory can be the root")),
            Name::Whiteout(path) => self.whiteout(&path),
            Name::Opaque(path) => {
                self.ensure_directory(&path)?;
                self.set_opaque(&path)
            }
            Name::Path(path) => match member.kind {
                Kind::File => self.file(&path, reader, member),
                Kind::Directory => self.directory(&path, member),
                Kind::HardLink => self.hard_link(&path, member),
                Kind::Symlink => self.symlink(&path, member),
                Kind::CharDevice | Kind::BlockDevice | Kind::Fifo => self.special(&path, member),
                Kind::VolumeLabel => Ok(()),
                kind => Err(Failure::Refused(format!(
                    "{kind:?} is no kind of file that a layer can hold"
                ))),
            },
        }
    }

    fn file(&mut self, path: &[u8], reader: &mut Reader<Tee<'_>>, member: &Member) -> Result<(), Failure> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = self.create(path, |directory, name| {
            Ok(File::from(openat(directory, name, flags, Mode::from(0o600))?))
        })?;
        // The holes of a sparse file cannot be told from its zeros again, so such a payload is kept as it is.
        let literal = member.sparse.is_some();
        reader.input_mut().literal = literal;
        let mut left = member.size;
        let mut content = reader.content(member);
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffer.len());
            let count = match content.read(&mut self.buffer[..wanted]) {
                Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other,
            };
            let count = match count {
                Ok(count) => count,
                Err(error) => return Err(Failure::Tar(reader.input_error(error))),
            };
            file.write_all(&self.buffer[..count])?;
            left -= count as u64;
        }
        let tee = reader.input_mut();
        tee.literal = true;
        if !literal && member.size > 0 {
            match tee.recipe.payload(path, member.size) {
                Ok(number) => _ = self.payloads.insert(path.to_owned(), number),
                Err(error) => {
                    tee.recipe_error = Some(error);
                    return Err(Failure::refused("the recipe cannot be written"));
                }
            }
        }
        self.size += member.size;
        let (owner, group) = owners(member)?;
        if self.root {
            owners::settled(fchown(&file, Some(owner), Some(group)))?;
        }
        fchmod(&file, Mode::from_raw_mode(member.mode as RawMode))?;
        xattr::write(file.as_fd(), &member.xattrs)?;
        Ok(futimens(&file, &times(member.mtime))?)
    }

    fn directory(&mut self, path: &[u8], member: &Member) -> Result<(), Failure> {
        let (owner, group) = owners(member)?;
        if !path.is_empty() {
            self.ensure_directory(split(path).0)?;
            self.make_directory(path, false)?;
        }
        let root = self.root;
        let directory = self.open_directory(path)?;
        if root {
            owners::settled(fchown(&directory, Some(owner), Some(group)))?;
        }
        xattr::write(directory.as_fd(), &member.xattrs)?;
        let made = Directory {
            explicit: true,
            mode: member.mode,
            mtime: member.mtime,
        };
        self.directories.insert(path.to_owned(), made);
        Ok(())
    }

    fn symlink(&mut self, path: &[u8], member: &Member) -> Result<(), Failure> {
        let owners = self.settable_owners(member)?;
        self.create(path, |directory, name| {
            symlinkat(member.link.as_slice(), directory, name)?;
            set_owners_and_time(directory, name, owners, member.mtime)
        })
    }

    fn hard_link(&mut self, path: &[u8], member: &Member) -> Result<(), Failure> {
        let shown = String::from_utf8_lossy(&member.link);
        let target = match name::parse(&member.link) {
            Ok(Name::Path(target)) => target,
            Ok(_) => {
                return Err(Failure::Refused(format!(
                    "it is a hard link to `{shown}`, which is no file"
                )));
            }
            Err(reason) => {
                return Err(Failure::Refused(format!(
                    "it is a hard link to `{shown}`: {reason}"
                )));
            }
        };
        if *target == *path {
            return Ok(());
        }
        let missing = || {
            Failure::Refused(format!(
                "it is a hard link to `{shown}`, which is not in the layer"
            ))
        };
        let (directory, base) = self.tree.parent(&target).map_err(|_| missing())?;
        let stat = statat(directory, base, AtFlags::SYMLINK_NOFOLLOW).map_err(|_| missing())?;
        if is_directory(stat.st_mode as RawMode) || whiteout::is_whiteout(&stat) {
            return Err(Failure::Refused(format!(
                "it is a hard link to `{shown}`, which is no file"
            )));
        }
        let source = rustix::io::fcntl_dupfd_cloexec(directory, 0)?;
        let link =
            |directory: BorrowedFd<'_>, name: &[u8]| linkat(&source, base, directory, name, AtFlags::empty());
        self.create(path, |directory, name| Ok(link(directory, name)?))
    }

    fn special(&mut self, path: &[u8], member: &Member) -> Result<(), Failure> {
        let owners = self.settable_owners(member)?;
        let kind = match member.kind {
            Kind::Fifo => FileType::Fifo,
            Kind::BlockDevice => FileType::BlockDevice,
            _ if member.device == (0, 0) => {
                return Err(Failure::refused("a character device 0:0 is a hidden whiteout"));
            }
            _ => FileType::CharacterDevice,
        };
        let (major, minor) = member.device;
        let mode = Mode::from_raw_mode(member.mode as RawMode);
        self.create(path, |directory, name| {
            match mknodat(directory, name, kind, mode, makedev(major, minor)) {
                // Nobody makes devices in a user namespace, and no container could open them there.
                Err(Errno::PERM) if kind != FileType::Fifo && !crate::user_namespace::is_first() => {
                    return Ok(());
                }
                other => other?,
            }
            set_owners_and_time(directory, name, owners, member.mtime)?;
            // The mode that a file is made with is less what the umask takes away, and a change of owner takes more. It
            // was made just now and is no symbolic link.
            Ok(rustix::fs::chmodat(directory, name, mode, AtFlags::empty())?)
        })
    }

    /// The owner and group that an entry is to have, where this user may set them.
    fn settable_owners(&self, member: &Member) -> Result<Option<(Uid, Gid)>, Failure> {
        let owners = owners(member)?;
        Ok(self.root.then_some(owners))
    }

    /// Gives the directories their modes and times, now that nothing changes in them any more. Those that the tar has
    /// no entry for are listed.
    fn finish(&mut self) -> Result<Vec<Vec<u8>>> {
        let mut implied = Vec::new();
        // From the deepest up: a mode may take the right to enter.
        for (path, made) in std::mem::take(&mut self.directories).into_iter().rev() {
            let result = self.open_directory(&path).and_then(|directory| {
                fchmod(&directory, Mode::from_raw_mode(made.mode as RawMode))?;
                Ok(futimens(&directory, &times(made.mtime))?)
            });
            match result {
                Ok(()) => {}
                Err(Failure::Io(error)) => return Err(self.write_error(&path, error)),
                Err(_) => return Err(self.origin.entry(&path, "the directory is gone")),
            }
            if !made.explicit {
                implied.push(path);
            }
        }
        implied.reverse();
        Ok(implied)
    }
}

/// The owner and group; -1 would mean to leave them.
fn owners(member: &Member) -> Result<(Uid, Gid), Failure> {
    let id = |id: u64| u32::try_from(id).ok().filter(|id| *id != u32::MAX);
    match (id(member.uid), id(member.gid)) {
        (Some(uid), Some(gid)) => Ok((Uid::from_raw(uid), Gid::from_raw(gid))),
        _ => Err(Failure::refused("its owner or group is not a number of 32 bits")),
    }
}

/// Of a file that cannot be opened.
fn set_owners_and_time(
    directory: BorrowedFd<'_>,
    name: &[u8],
    owners: Option<(Uid, Gid)>,
    mtime: i64,
) -> io::Result<()> {
    let flags = AtFlags::SYMLINK_NOFOLLOW;
    if let Some((owner, group)) = owners {
        owners::settled(chownat(directory, name, Some(owner), Some(group), flags))?;
    }
    Ok(utimensat(directory, name, &times(mtime), flags)?)
}

fn times(mtime: i64) -> Timestamps {
    let time = Timespec {
        tv_sec: mtime,
        tv_nsec: 0,
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}

fn is_directory(mode: RawMode) -> bool {
    FileType::from_raw_mode(mode) == FileType::Directory
}
