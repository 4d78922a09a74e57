//! The files below a directory of this machine, such as an unpacked root file system.

use std::collections::HashMap;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawMode, Stat, fstat, fstatfs, openat, statat};
use rustix::io::Errno;

use super::beneath::Beneath;
use super::entry::{Content, Entry, EntryKind, Place};
use super::name::join;
use super::tree::{open_directory, open_file, read_names};
use crate::{Error, Result};

/// The most directories within each other that are looked into; each of them is open meanwhile.
const DEEPEST: usize = 256;

/// The most files that are shown together.
const MOST_FILES: usize = 256;

/// The magic numbers of file systems that the kernel makes up: what is in them is no part of what is installed, and some
/// of their files never end. Those of proc, sysfs, cgroup 1 and 2, debugfs, tracefs, securityfs, bpf, devpts, mqueue,
/// pstore, efivarfs, configfs, binfmt_misc, fusectl, selinuxfs and hugetlbfs.
const VIRTUAL_FILE_SYSTEMS: [u32; 17] = [
    0x9fa0,
    0x6265_6572,
    0x0027_e0eb,
    0x6367_7270,
    0x6462_6720,
    0x7472_6163,
    0x7363_6673,
    0xcafe_4a11,
    0x1cd1,
    0x1980_0202,
    0x6165_676c,
    0xde5e_81e4,
    0x6265_6570,
    0x4249_4e4d,
    0x6573_5543,
    0xf97c_ff8c,
    0x9584_58f6,
];

/// A directory, and the files below it. Nothing outside it is read: no symbolic link is followed, also where one takes
/// the place of a directory meanwhile.
#[derive(Debug)]
pub struct FileTree {
    path: Arc<Path>,
    root: OwnedFd,
}

/// Some of the files of one directory. They can be shown on another thread.
#[derive(Debug)]
pub struct Files {
    root: Arc<Path>,
    directory: Arc<OwnedFd>,
    path: Arc<[u8]>,
    found: Vec<Found>,
    /// The names of directories beside them.
    directories: Vec<Vec<u8>>,
    unread: Vec<Unread>,
}

/// A regular file in a directory.
#[derive(Debug)]
struct Found {
    name: Vec<u8>,
    stat: Stat,
    /// The path by which the same file was found before.
    same: Option<Vec<u8>>,
}

/// Something that could not be looked into, for instance because the user may not.
#[derive(Debug)]
pub struct Unread {
    /// Its path in the tree.
    pub path: String,
    /// Why not, for people.
    pub reason: String,
}

/// A directory whose subdirectories are yet to be visited.
struct Frame {
    directory: Arc<OwnedFd>,
    device: u64,
    path: Arc<[u8]>,
    /// In reverse order, so that the next is the last.
    subdirectories: Vec<Vec<u8>>,
}

/// A visit on its way.
struct Visit<'a> {
    tree: &'a FileTree,
    frames: Vec<Frame>,
    /// The first paths of files with several names.
    links: HashMap<(u64, u64), Vec<u8>>,
    each: &'a mut dyn FnMut(Files) -> ControlFlow<()>,
}

impl FileTree {
    /// The tree below the directory `path`; a symbolic link to a directory stands for it.
    ///
    /// # Errors
    /// When there is no such directory, or it cannot be opened.
    pub fn open(path: &Path) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = openat(CWD, path, flags, Mode::empty())
            .map_err(|error| Error::io("open the directory", path)(error.into()))?;
        Ok(Self {
            path: Arc::from(path),
            root,
        })
    }

    /// The directory as it was named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives all regular files of the tree to `each`, some of a directory at a time, until it breaks. Links and special
    /// files are left out, and so are file systems that the kernel makes up, such as `/proc`. What cannot be looked into
    /// is told beside the files.
    ///
    /// # Errors
    /// When the directory itself cannot be read.
    pub fn walk(&self, each: &mut dyn FnMut(Files) -> ControlFlow<()>) -> Result<()> {
        let failed = |error: io::Error| Error::io("read", &self.path)(error);
        let directory = open_directory(self.root.as_fd(), b".").map_err(failed)?;
        let device = fstat(&directory).map_err(|error| failed(error.into()))?.st_dev;
        let names = read_names(&directory).map_err(failed)?;
        let mut visit = Visit {
            tree: self,
            frames: Vec::new(),
            links: HashMap::new(),
            each,
        };
        if visit
            .enter(directory, device, Arc::from(&b""[..]), names)
            .is_break()
        {
            return Ok(());
        }
        while let Some(frame) = visit.frames.last_mut() {
            let Some(name) = frame.subdirectories.pop() else {
                visit.frames.pop();
                continue;
            };
            if visit.descend(&name).is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// What opens files of the tree by their paths.
    ///
    /// # Errors
    /// When the system refuses another descriptor.
    pub fn opener(&self) -> io::Result<Opener> {
        Ok(Opener(Beneath::within(self.root.try_clone()?)))
    }
}

impl Visit<'_> {
    /// Visits the directory `name` in the one that is visited.
    fn descend(&mut self, name: &[u8]) -> ControlFlow<()> {
        let Some(parent) = self.frames.last() else {
            return ControlFlow::Continue(());
        };
        let path: Arc<[u8]> = join(&parent.path, name).into();
        let directory = Arc::clone(&parent.directory);
        if self.frames.len() >= DEEPEST {
            let reason =
                format!("it is in {DEEPEST} directories within each other; nothing in it was looked at");
            return self.unread(&directory, &path, reason);
        }
        let opened = open_directory(directory.as_fd(), name)
            .and_then(|opened| Ok((fstat(&opened)?.st_dev, opened)))
            .and_then(|(device, opened)| {
                let is_virtual = device != parent.device && is_virtual(&opened);
                let names = if is_virtual {
                    Vec::new()
                } else {
                    read_names(&opened)?
                };
                Ok((device, opened, names))
            });
        match opened {
            Ok((device, opened, names)) => self.enter(opened, device, path, names),
            Err(error) if is_gone(&error) => ControlFlow::Continue(()),
            Err(error) => {
                let reason = format!("it cannot be opened: {error}; nothing in it was looked at");
                self.unread(&directory, &path, reason)
            }
        }
    }

    /// Shows the files among `names` and keeps the directories for later.
    fn enter(
        &mut self,
        directory: OwnedFd,
        device: u64,
        path: Arc<[u8]>,
        mut names: Vec<Vec<u8>>,
    ) -> ControlFlow<()> {
        let directory = Arc::new(directory);
        let mut subdirectories = Vec::new();
        let mut files = self.files(&directory, &path);
        while let Some(name) = names.pop() {
            let stat = match statat(&directory, name.as_slice(), AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                Err(error) => {
                    let error = error.into();
                    if !is_gone(&error) {
                        files
                            .unread
                            .push(Unread::new(&join(&path, &name), error.to_string()));
                    }
                    continue;
                }
            };
            match FileType::from_raw_mode(stat.st_mode as RawMode) {
                FileType::Directory => {
                    files.directories.push(name.clone());
                    subdirectories.push(name);
                }
                FileType::RegularFile => {
                    let same = self.same(&stat, &path, &name);
                    files.found.push(Found { name, stat, same });
                }
                _ => {}
            }
            if files.found.len() >= MOST_FILES {
                let next = self.files(&directory, &path);
                (self.each)(std::mem::replace(&mut files, next))?;
            }
        }
        subdirectories.reverse();
        if !files.found.is_empty() || !files.directories.is_empty() || !files.unread.is_empty() {
            (self.each)(files)?;
        }
        self.frames.push(Frame {
            directory,
            device,
            path,
            subdirectories,
        });
        ControlFlow::Continue(())
    }

    /// The path by which a file with several names was found before.
    fn same(&mut self, stat: &Stat, directory: &[u8], name: &[u8]) -> Option<Vec<u8>> {
        if stat.st_nlink < 2 {
            return None;
        }
        let inode = (stat.st_dev, stat.st_ino);
        let known = self.links.get(&inode).cloned();
        if known.is_none() {
            self.links.insert(inode, join(directory, name));
        }
        known
    }

    fn files(&self, directory: &Arc<OwnedFd>, path: &Arc<[u8]>) -> Files {
        Files {
            root: Arc::clone(&self.tree.path),
            directory: Arc::clone(directory),
            path: Arc::clone(path),
            found: Vec::new(),
            directories: Vec::new(),
            unread: Vec::new(),
        }
    }

    fn unread(&mut self, directory: &Arc<OwnedFd>, path: &Arc<[u8]>, reason: String) -> ControlFlow<()> {
        let mut files = self.files(directory, path);
        files.unread.push(Unread::new(path, reason));
        (self.each)(files)
    }
}

impl Unread {
    fn new(path: &[u8], reason: String) -> Self {
        Self {
            path: String::from_utf8_lossy(path).into_owned(),
            reason,
        }
    }
}

/// Whether something was removed, or replaced by something else, since its name was read.
fn is_gone(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP)
    )
}

fn is_virtual(directory: &OwnedFd) -> bool {
    let kind = fstatfs(directory)
        .ok()
        .and_then(|known| u32::try_from(known.f_type).ok());
    kind.is_some_and(|kind| VIRTUAL_FILE_SYSTEMS.contains(&kind))
}

impl Files {
    /// The paths of directories that lie beside the files; what is in them is given for itself.
    pub fn directories(&self) -> impl Iterator<Item = String> {
        let names = self.directories.iter();
        names.map(|name| String::from_utf8_lossy(&join(&self.path, name)).into_owned())
    }

    /// What could not be looked into.
    pub fn unread(&self) -> &[Unread] {
        &self.unread
    }

    /// Shows the files to `visit`, one after the other, until it breaks. They are [`EntryKind::File`]s, and
    /// [`EntryKind::HardLink`]s where the same file was given before by another name.
    ///
    /// # Errors
    /// What `visit` returns.
    pub fn visit<E>(
        &self,
        visit: &mut dyn FnMut(&mut Entry<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<ControlFlow<()>, E> {
        for Found { name, stat, same } in &self.found {
            let path = join(&self.path, name);
            let (kind, content) = match same {
                Some(same) => (EntryKind::HardLink(same.clone()), Content::Empty(io::empty())),
                None => (EntryKind::File, Content::File(None, self.directory.as_fd(), name)),
            };
            let mut entry = Entry {
                path: &path,
                size: match kind {
                    EntryKind::File => u64::try_from(stat.st_size).unwrap_or(0),
                    _ => 0,
                },
                kind,
                mode: stat.st_mode & 0o7777,
                uid: stat.st_uid.into(),
                gid: stat.st_gid.into(),
                mtime: stat.st_mtime,
                content,
                place: None,
                origin: &self.root,
            };
            if visit(&mut entry)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// Opens files of a [`FileTree`] by their paths. Directories on the way stay open, so that files that are beside each
/// other are best opened one after the other.
pub struct Opener(Beneath);

impl Opener {
    /// The content of the regular file at `path`, which is relative and without `.` and `..`.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub fn open(&mut self, path: &[u8]) -> io::Result<Place> {
        let (directory, name) = self.0.parent(path)?;
        let not_regular = || io::Error::new(io::ErrorKind::NotFound, "it is no regular file");
        let is_file = |stat: &Stat| FileType::from_raw_mode(stat.st_mode as RawMode) == FileType::RegularFile;
        // To open a device may do something to it.
        if !is_file(&statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?) {
            return Err(not_regular());
        }
        let file = open_file(directory, name)?;
        let stat = fstat(&file)?;
        if !is_file(&stat) {
            return Err(not_regular());
        }
        Ok(Place {
            file: Arc::new(file),
            offset: 0,
            size: u64::try_from(stat.st_size).unwrap_or(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Read as _;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    /// The files of a tree, `=` and the first name behind what was found before, and what was not read.
    fn shown(root: &Path) -> (Vec<String>, Vec<String>) {
        let (mut files, mut unread) = (Vec::new(), Vec::new());
        let tree = FileTree::open(root).unwrap();
        tree.walk(&mut |part| {
            unread.extend(part.unread().iter().map(|one| one.path.clone()));
            part.visit::<Error>(&mut |entry| {
                let same = match &entry.kind {
                    EntryKind::HardLink(same) => format!("={}", String::from_utf8_lossy(same)),
                    _ => String::new(),
                };
                files.push(format!("{}{same}", entry.path_lossy()));
                Ok(ControlFlow::Continue(()))
            })
            .unwrap()
        })
        .unwrap();
        (files, unread)
    }

    #[test]
    fn files_and_nothing_outside() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "x").unwrap();
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("b/c")).unwrap();
        for file in ["a", "b/c/x", "b/y"] {
            fs::write(root.path().join(file), file).unwrap();
        }
        fs::hard_link(root.path().join("a"), root.path().join("b/z")).unwrap();
        symlink(outside.path(), root.path().join("b/out")).unwrap();
        symlink(outside.path().join("secret"), root.path().join("link")).unwrap();
        rustix::fs::mknodat(CWD, root.path().join("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(root.path().join("socket")).unwrap();
        assert_eq!(shown(root.path()).0, ["a", "b/y", "b/z=a", "b/c/x"]);

        let tree = FileTree::open(root.path()).unwrap();
        let mut opener = tree.opener().unwrap();
        let mut text = String::new();
        opener
            .open(b"b/c/x")
            .unwrap()
            .reader()
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "b/c/x");
        for path in [&b"b/out/secret"[..], b"link", b"pipe", b"socket", b"b", b"none"] {
            assert!(opener.open(path).is_err(), "{}", String::from_utf8_lossy(path));
        }
        assert!(FileTree::open(&root.path().join("a")).is_err());
    }

    #[test]
    fn many_and_odd_names() {
        let root = tempfile::tempdir().unwrap();
        for number in 0..MOST_FILES * 2 + 3 {
            fs::write(root.path().join(format!("{number:05}")), "").unwrap();
        }
        let odd = std::ffi::OsStr::from_bytes(b"z\xff\n");
        fs::write(root.path().join(odd), "odd").unwrap();
        let (files, _) = shown(root.path());
        assert_eq!(files.len(), MOST_FILES * 2 + 4);
        assert!(files.is_sorted());
        let opened = FileTree::open(root.path())
            .unwrap()
            .opener()
            .unwrap()
            .open(odd.as_bytes());
        assert_eq!(opened.unwrap().size(), 3);
    }

    #[test]
    fn what_is_too_deep_is_told() {
        let root = tempfile::tempdir().unwrap();
        let mut path = root.path().to_owned();
        for _ in 0..DEEPEST + 5 {
            path.push("d");
        }
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("x"), "").unwrap();
        let (files, unread) = shown(root.path());
        assert!(files.is_empty());
        assert_eq!(unread, ["d/".repeat(DEEPEST - 1) + "d"]);
    }

    #[test]
    fn what_the_kernel_makes_up_is_left_out() {
        if !Path::new("/proc/self").exists() {
            eprintln!("skipped: there is no /proc");
            return;
        }
        let is_virtual = |path: &Path| is_virtual(&FileTree::open(path).unwrap().root);
        assert!(is_virtual(Path::new("/proc/self")));
        assert!(!is_virtual(tempfile::tempdir().unwrap().path()));
    }
}
