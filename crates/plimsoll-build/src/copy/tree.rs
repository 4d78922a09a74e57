use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, linkat, mkdirat, mknodat, openat, statat, symlinkat, unlinkat,
};
use rustix::io::Errno;

use super::content::ContentCopier;
use super::sources::{Source, SourceTree};
use super::target::{Shape, Target, shown};
use crate::context::walk::{Entry, Kind, Metadata, join};
use crate::error::{IoContext, Problem};
use crate::rooted::file_type;

/// Copies `source` to `place`, a path without symbolic links in the target whose parent exists. `copied` is told
/// the bytes of content as they are copied. Gives whether a file of the source was changed since it was looked
/// at.
pub(crate) fn copy(
    tree: &SourceTree<'_>,
    source: &Source,
    target: &Target<'_>,
    place: &Path,
    copied: &dyn Fn(u64),
) -> Result<bool, Problem> {
    let mut copier = Copier {
        tree,
        source,
        target,
        copied,
        parent: None,
        links: HashMap::new(),
        content: ContentCopier::default(),
        directories: Vec::new(),
        changed: false,
    };
    for entry in &source.entries {
        copier.copy(entry, &join(place, &entry.path))?;
    }
    // What is put into a directory changes its time, so the innermost come first, and all of them last.
    while let Some((path, entry)) = copier.directories.pop() {
        copier.set_metadata(&path, entry)?;
    }
    Ok(copier.changed)
}

struct Copier<'a> {
    tree: &'a SourceTree<'a>,
    source: &'a Source,
    target: &'a Target<'a>,
    copied: &'a dyn Fn(u64),
    /// The directory of the target that was written to last.
    parent: Option<(PathBuf, Rc<OwnedFd>)>,
    /// What was copied of files that have several names: device and inode to path.
    links: HashMap<(u64, u64), PathBuf>,
    content: ContentCopier,
    /// Directories whose attributes are still to be set.
    directories: Vec<(PathBuf, &'a Entry)>,
    changed: bool,
}

impl<'a> Copier<'a> {
    fn copy(&mut self, entry: &'a Entry, path: &Path) -> Result<(), Problem> {
        let (parent, name) = self.parent_of(path)?;
        let there = match statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Some(file_type(&stat)),
            Err(Errno::NOENT) => None,
            Err(error) => return Err(Problem::io("cannot write", shown(path), error)),
        };
        if entry.kind == Kind::Directory {
            return self.copy_directory(entry, path, there);
        }
        match there {
            Some(kind) if kind.is_dir() => {
                return Err(Problem::invalid(format!(
                    "`{}` is a directory in the image and cannot be replaced by a file",
                    shown(path).display()
                )));
            }
            Some(_) => unlinkat(&parent, name, AtFlags::empty()).doing_inside("cannot write", path)?,
            None => {}
        }
        match &entry.kind {
            Kind::File(_) => self.copy_file(entry, path)?,
            Kind::Symlink(link) => symlinkat(link, &parent, name).doing_inside("cannot write", path)?,
            kind => make_node(&parent, name, kind, &entry.metadata).doing_inside("cannot write", path)?,
        }
        self.set_metadata(path, entry)
    }

    /// The top of a source that is copied onto a directory leaves its attributes alone, those below it do not.
    fn copy_directory(
        &mut self,
        entry: &'a Entry,
        path: &Path,
        there: Option<FileType>,
    ) -> Result<(), Problem> {
        match there {
            Some(kind) if kind.is_dir() => {
                if entry.path.as_os_str().is_empty() {
                    return Ok(());
                }
            }
            Some(_) => {
                return Err(Problem::invalid(format!(
                    "`{}` in the image is not a directory and cannot be replaced by one",
                    shown(path).display()
                )));
            }
            None => {
                let (parent, name) = self.parent_of(path)?;
                mkdirat(&parent, name, Mode::RWXU).doing_inside("cannot make the directory", path)?;
            }
        }
        self.directories.push((path.to_owned(), entry));
        Ok(())
    }

    fn copy_file(&mut self, entry: &Entry, path: &Path) -> Result<(), Problem> {
        let (parent, name) = self.parent_of(path)?;
        let inode = (entry.metadata.device, entry.metadata.inode);
        if entry.metadata.links > 1 {
            if let Some(first) = self.links.get(&inode) {
                let (first_parent, first_name) = self
                    .target
                    .root
                    .open_parent(first)
                    .doing_inside("cannot write", path)?;
                return linkat(&first_parent, first_name, &parent, name, AtFlags::empty())
                    .doing_inside("cannot write", path);
            }
            self.links.insert(inode, path.to_owned());
        }
        let from = join(&self.source.top, &entry.path);
        let input = self.tree.root.open_file(&from).doing("cannot read", &from)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let output =
            openat(&parent, name, flags, Mode::RUSR | Mode::WUSR).doing_inside("cannot write", path)?;
        let output = File::from(output);
        self.content
            .copy(&input, &output, entry.metadata.size, self.copied)
            .doing_inside("cannot write", path)?;
        let now = input.metadata().doing("cannot read", &from)?;
        let now = Metadata::from(&now);
        let before = &entry.metadata;
        self.changed |= (now.size, now.mtime, now.ctime) != (before.size, before.mtime, before.ctime);
        Ok(())
    }

    fn set_metadata(&mut self, path: &Path, entry: &Entry) -> Result<(), Problem> {
        let shape = match entry.kind {
            Kind::Directory => Shape::Directory,
            Kind::Symlink(_) => Shape::Symlink,
            _ => Shape::Other,
        };
        let (parent, name) = self.parent_of(path)?;
        self.target
            .set_metadata(&parent, name, &entry.metadata, &entry.xattrs, shape)
            .doing_inside("cannot set the attributes of", path)
    }

    /// The directory that `path` is in, and its name there. Files of one directory come one after the other, so
    /// the last one is kept. A directory that is not there was left out of the copy itself.
    fn parent_of<'p>(&mut self, path: &'p Path) -> Result<(Rc<OwnedFd>, &'p OsStr), Problem> {
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
            let (parent, name) = self
                .target
                .root
                .open_parent(path)
                .doing_inside("cannot open", path)?;
            return Ok((Rc::new(parent), name));
        };
        if let Some((last, fd)) = &self.parent
            && last == directory
        {
            return Ok((Rc::clone(fd), name));
        }
        let fd = match self.target.root.open_dir(directory) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.target.make_dirs(directory)?;
                self.target.root.open_dir(directory)
            }
            opened => opened,
        };
        let fd = Rc::new(fd.doing_inside("cannot open", path)?);
        self.parent = Some((directory.to_owned(), Rc::clone(&fd)));
        Ok((fd, name))
    }
}

fn make_node(parent: &OwnedFd, name: &OsStr, kind: &Kind, metadata: &Metadata) -> rustix::io::Result<()> {
    let kind = match kind {
        Kind::CharDevice => FileType::CharacterDevice,
        Kind::BlockDevice => FileType::BlockDevice,
        _ => FileType::Fifo,
    };
    mknodat(parent, name, kind, Mode::RUSR | Mode::WUSR, metadata.special)
}
