use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustix::fs::{AtFlags, FileType, Mode, chmodat, mkdirat, mknodat, statat, symlinkat, unlinkat};
use rustix::io::Errno;

use super::pending::Pending;
use super::sources::{Source, SourceTree};
use super::target::{Shape, Target, shown};
use crate::context::walk::{Entry, Kind, Metadata, join};
use crate::error::{IoContext, Problem};
use crate::rooted::file_type;

/// Copies `source` to `place`, a path without symbolic links in the target whose parent exists. Directories, links and
/// devices are made at once; regular files are added to `pending`, with the directories whose attributes are to be set
/// after them.
pub(crate) fn copy<'a>(
    tree: &'a SourceTree<'a>,
    source: &'a Source,
    target: &Target<'_>,
    place: &Path,
    pending: &mut Pending<'a>,
) -> Result<(), Problem> {
    let mut copier = Copier {
        tree,
        source,
        target,
        pending,
        parent: None,
        links: HashMap::new(),
        made: HashSet::new(),
    };
    for entry in &source.entries {
        copier.copy(entry, &join(place, &entry.path))?;
    }
    Ok(())
}

struct Copier<'a, 'c> {
    tree: &'a SourceTree<'a>,
    source: &'a Source,
    target: &'c Target<'c>,
    pending: &'c mut Pending<'a>,
    /// The directory of the target that was written to last.
    parent: Option<(PathBuf, Rc<OwnedFd>)>,
    /// The files that have several names, by device and inode, with their numbers among those that are pending.
    links: HashMap<(u64, u64), usize>,
    /// The directories that were not there before: what is in them is of this source.
    made: HashSet<PathBuf>,
}

impl<'a> Copier<'a, '_> {
    fn copy(&mut self, entry: &'a Entry, path: &Path) -> Result<(), Problem> {
        let is_fresh = path.parent().is_some_and(|parent| self.made.contains(parent));
        let there = match is_fresh {
            true => None,
            false => self.there(path)?,
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
            Some(_) if self.pending.has(path) => self.pending.forget(path),
            Some(_) => {
                let (parent, name) = self.parent_of(path)?;
                unlinkat(&parent, name, AtFlags::empty()).doing_inside("cannot write", path)?;
            }
            None => {}
        }
        if let Kind::File(_) = entry.kind {
            if !is_fresh {
                self.raise_parent(path)?;
            }
            self.add_file(entry, path);
            return Ok(());
        }
        let (parent, name) = self.parent_of(path)?;
        match &entry.kind {
            Kind::Symlink(link) => symlinkat(link, &parent, name).doing_inside("cannot write", path)?,
            kind => make_node(&parent, name, kind, &entry.metadata).doing_inside("cannot write", path)?,
        }
        let shape = match entry.kind {
            Kind::Symlink(_) => Shape::Symlink,
            _ => Shape::Other,
        };
        self.target
            .set_metadata(&parent, name, &entry.metadata, &entry.xattrs, shape)
            .doing_inside("cannot set the attributes of", path)
    }

    /// What kind of file is at `path`, or will be.
    fn there(&mut self, path: &Path) -> Result<Option<FileType>, Problem> {
        if self.pending.has(path) {
            return Ok(Some(FileType::RegularFile));
        }
        let (parent, name) = self.parent_of(path)?;
        match statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(file_type(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(Problem::io("cannot write", shown(path), error)),
        }
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
                let (parent, name) = self.parent_of(path)?;
                raise(&parent, name).doing_inside("cannot write", path)?;
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
                self.made.insert(path.to_owned());
            }
        }
        self.pending.directory(path, entry);
        Ok(())
    }

    fn add_file(&mut self, entry: &'a Entry, path: &Path) {
        let inode = (entry.metadata.device, entry.metadata.inode);
        let several = entry.metadata.links > 1;
        if several
            && let Some(number) = self.links.get(&inode)
            && self.pending.link(*number, path)
        {
            return;
        }
        let number = self.pending.add(self.tree, self.source, entry, path);
        if several {
            self.links.insert(inode, number);
        }
    }

    fn raise_parent(&mut self, path: &Path) -> Result<(), Problem> {
        let (parent, _) = self.parent_of(path)?;
        raise(&parent, OsStr::new(".")).doing_inside("cannot write", path)
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

/// Makes an overlay have a directory in its upper directory, as it has one that is changed.
fn raise(parent: &OwnedFd, name: &OsStr) -> rustix::io::Result<()> {
    let stat = statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
    chmodat(
        parent,
        name,
        Mode::from_raw_mode(stat.st_mode & 0o7777),
        AtFlags::empty(),
    )
}
