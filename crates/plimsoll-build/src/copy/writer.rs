use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, Gid, Mode, OFlags, Timestamps, Uid, fchmod, fchown, futimens, linkat, openat, unlinkat,
};
use rustix::io::Errno;

use super::content::ContentCopier;
use super::donor::Donor;
use super::pending::PendingFile;
use super::target::{Attributes, owned, set_xattrs};
use crate::context::walk::{Metadata, join};
use crate::error::{IoContext, Problem};
use crate::rooted::Rooted;

/// Writes files into a directory tree, one after the other.
pub(super) struct FileWriter<'a> {
    root: &'a Rooted,
    attributes: &'a Attributes,
    donor: Option<&'a Donor>,
    copied: &'a (dyn Fn(u64) + Sync),
    content: ContentCopier,
    /// The directory that was written to last, and the donor's: files of one directory come one after the other.
    parent: Option<Parent>,
}

struct Parent {
    path: PathBuf,
    directory: OwnedFd,
    donor: Option<OwnedFd>,
}

impl<'a> FileWriter<'a> {
    pub(super) fn new(
        root: &'a Rooted,
        attributes: &'a Attributes,
        donor: Option<&'a Donor>,
        copied: &'a (dyn Fn(u64) + Sync),
    ) -> Self {
        Self {
            root,
            attributes,
            donor,
            copied,
            content: ContentCopier::default(),
            parent: None,
        }
    }

    /// Puts a file into its place, by a link to that of the donor where it has the same. Gives whether the source was
    /// changed since it was looked at.
    pub(super) fn write(&mut self, file: &PendingFile<'_>) -> Result<bool, Problem> {
        if self.reuse(file)? {
            return Ok(false);
        }
        let entry = file.entry;
        let from = join(&file.source.top, &entry.path);
        let input = file.tree.root.open_file(&from).doing("cannot read", &from)?;
        let (parent, name) = self.parent(&file.path)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let create = || openat(&parent.directory, name, flags, Mode::RUSR | Mode::WUSR);
        let output =
            in_free_place(&parent.directory, name, create).doing_inside("cannot write", &file.path)?;
        let output = File::from(output);
        self.content
            .copy(&input, &output, entry.metadata.size, self.copied)
            .doing_inside("cannot write", &file.path)?;
        self.set_attributes(&output, file)
            .doing_inside("cannot set the attributes of", &file.path)?;
        let now = Metadata::from(&input.metadata().doing("cannot read", &from)?);
        let before = &entry.metadata;
        Ok((now.size, now.mtime, now.ctime) != (before.size, before.mtime, before.ctime))
    }

    /// Gives the file `first` another name.
    pub(super) fn link(&mut self, first: &Path, path: &Path) -> Result<(), Problem> {
        let (first_parent, first_name) = self.root.open_parent(first).doing_inside("cannot write", path)?;
        let (parent, name) = self.parent(path)?;
        let link = || {
            linkat(
                &first_parent,
                first_name,
                &parent.directory,
                name,
                AtFlags::empty(),
            )
        };
        in_free_place(&parent.directory, name, link).doing_inside("cannot write", path)
    }

    fn reuse(&mut self, file: &PendingFile<'_>) -> Result<bool, Problem> {
        let (Some(donor), Some(digest)) = (self.donor, file.reusable()) else {
            return Ok(false);
        };
        let wanted = self.attributes.of(&file.entry.metadata, false);
        let (parent, name) = self.parent(&file.path)?;
        let Some(directory) = &parent.donor else {
            return Ok(false);
        };
        let size = file.entry.metadata.size;
        if !donor.has(&file.path, &digest) || !donor.is_like(directory, name, size, &wanted) {
            return Ok(false);
        }
        let link = || linkat(directory, name, &parent.directory, name, AtFlags::empty());
        // A file has only so many names, and not every file system has links; then it is copied.
        Ok(in_free_place(&parent.directory, name, link).is_ok())
    }

    fn set_attributes(&self, output: &File, file: &PendingFile<'_>) -> io::Result<()> {
        let wanted = self.attributes.of(&file.entry.metadata, false);
        let (uid, gid) = (Uid::from_raw(wanted.owner.uid), Gid::from_raw(wanted.owner.gid));
        owned(fchown(output, Some(uid), Some(gid)), wanted.owner)?;
        fchmod(output, Mode::from_raw_mode(wanted.mode))?;
        // A change of the owner takes file capabilities away, so they come after it.
        if !file.entry.xattrs.is_empty()
            && let Some(parent) = &self.parent
            && let Some(name) = file.path.file_name()
        {
            set_xattrs(&parent.directory, name, &file.entry.xattrs)?;
        }
        let times = Timestamps {
            last_access: wanted.time,
            last_modification: wanted.time,
        };
        Ok(futimens(output, &times)?)
    }

    /// The directory of the tree that `path` is in, and its name there.
    fn parent<'p>(&mut self, path: &'p Path) -> Result<(&Parent, &'p OsStr), Problem> {
        let directory = path.parent().unwrap_or(Path::new(""));
        let known = self.parent.take().filter(|parent| parent.path == directory);
        let parent = match known {
            Some(parent) => parent,
            None => Parent {
                path: directory.to_owned(),
                directory: self
                    .root
                    .open_dir(directory)
                    .doing_inside("cannot open", directory)?,
                donor: self.donor.and_then(|donor| donor.open_dir(directory)),
            },
        };
        Ok((self.parent.insert(parent), path.file_name().unwrap_or_default()))
    }
}

/// Makes something called `name`. What stands there is taken away first: the mark of an overlay that something of the
/// layers below is not there any more.
fn in_free_place<T>(
    parent: &OwnedFd,
    name: &OsStr,
    make: impl Fn() -> rustix::io::Result<T>,
) -> rustix::io::Result<T> {
    match make() {
        Err(Errno::EXIST) => {
            unlinkat(parent, name, AtFlags::empty())?;
            make()
        }
        made => made,
    }
}
