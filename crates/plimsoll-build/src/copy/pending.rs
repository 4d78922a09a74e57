//! Files on their way into a layer.
//!
//! What a copy means is worked out in the mounted file system of a step, where symbolic links and the layers below are
//! seen as the image has them. The content of files is put into the layer's own directory afterwards: there each file
//! takes half the time, several can be written at once, and one that an earlier layer has can be linked.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use plimsoll_core::Digest;
use rayon::prelude::*;

use super::donor::Donor;
use super::sources::{Source, SourceTree};
use super::target::{Attributes, Shape, Target};
use super::writer::FileWriter;
use crate::context::walk::{Entry, Kind};
use crate::error::{IoContext, Problem};
use crate::rooted::Rooted;

/// How many files are written by one thread before it looks for others.
const BATCH: usize = 64;

/// A regular file of a source.
pub(super) struct PendingFile<'a> {
    pub(super) tree: &'a SourceTree<'a>,
    pub(super) source: &'a Source,
    pub(super) entry: &'a Entry,
    /// Where it goes.
    pub(super) path: PathBuf,
    /// Its further names.
    links: Vec<PathBuf>,
}

impl PendingFile<'_> {
    /// The digest of its content, where the layer's file can serve a later layer: it has one name and nothing besides
    /// the content that would have to be compared byte by byte.
    pub(super) fn reusable(&self) -> Option<Digest> {
        match self.entry.kind {
            Kind::File(digest) if self.links.is_empty() && self.entry.xattrs.is_empty() => digest,
            _ => None,
        }
    }
}

/// What is still to be written of the sources of an instruction.
pub(crate) struct Pending<'a> {
    /// Nothing stands where another source took a file's place.
    files: Vec<Option<PendingFile<'a>>>,
    /// Every name of every file, and which file it is. A single source never has two of one name, so for that it is not
    /// kept.
    names: Option<HashMap<OsString, usize>>,
    /// Directories whose attributes are to be set when everything is in them.
    directories: Vec<(PathBuf, &'a Entry)>,
}

/// What was written.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Whether a file of a source was changed since it was looked at.
    pub(crate) changed: bool,
    /// The content of the files that may serve again, by their paths.
    pub(crate) contents: Vec<(PathBuf, Digest)>,
}

impl<'a> Pending<'a> {
    /// For one source.
    pub(crate) fn of_one() -> Self {
        Self {
            files: Vec::new(),
            names: None,
            directories: Vec::new(),
        }
    }

    /// For several sources.
    pub(crate) fn of_several() -> Self {
        Self {
            names: Some(HashMap::new()),
            ..Self::of_one()
        }
    }

    /// Whether another source's file is to be written to `path`.
    pub(super) fn has(&self, path: &Path) -> bool {
        self.names
            .as_ref()
            .is_some_and(|names| names.contains_key(path.as_os_str()))
    }

    /// Adds a file; gives its number.
    pub(super) fn add(
        &mut self,
        tree: &'a SourceTree<'a>,
        source: &'a Source,
        entry: &'a Entry,
        path: &Path,
    ) -> usize {
        let number = self.files.len();
        self.files.push(Some(PendingFile {
            tree,
            source,
            entry,
            path: path.to_owned(),
            links: Vec::new(),
        }));
        self.name(path, number);
        number
    }

    /// Gives the file with this number another name. `false` if it has none any more.
    pub(super) fn link(&mut self, number: usize, path: &Path) -> bool {
        let Some(Some(file)) = self.files.get_mut(number) else {
            return false;
        };
        file.links.push(path.to_owned());
        self.name(path, number);
        true
    }

    fn name(&mut self, path: &Path, number: usize) {
        if let Some(names) = &mut self.names {
            names.insert(path.into(), number);
        }
    }

    /// Something else comes to `path`.
    pub(super) fn forget(&mut self, path: &Path) {
        let Some(number) = self
            .names
            .as_mut()
            .and_then(|names| names.remove(path.as_os_str()))
        else {
            return;
        };
        let Some(file) = &mut self.files[number] else {
            return;
        };
        if file.path != path {
            file.links.retain(|link| link != path);
        } else if file.links.is_empty() {
            self.files[number] = None;
        } else {
            file.path = file.links.remove(0);
        }
    }

    /// The attributes of a directory are set when everything else is done.
    pub(super) fn directory(&mut self, path: &Path, entry: &'a Entry) {
        self.directories.push((path.to_owned(), entry));
    }

    /// Writes everything to `root`, in which the directories are. What stands in a file's place there is replaced.
    /// `copied` is told the bytes of content as they are copied; those of `donor` need not be.
    pub(crate) fn write(
        self,
        root: &Rooted,
        attributes: &Attributes,
        donor: Option<&Donor>,
        copied: &(dyn Fn(u64) + Sync),
    ) -> Result<Written, Problem> {
        let files: Vec<PendingFile<'_>> = self.files.into_iter().flatten().collect();
        let changed = AtomicBool::new(false);
        files.par_chunks(BATCH).try_for_each(|batch| {
            let mut writer = FileWriter::new(root, attributes, donor, copied);
            for file in batch {
                if writer.write(file)? {
                    changed.store(true, Ordering::Relaxed);
                }
            }
            Ok::<(), Problem>(())
        })?;
        let mut writer = FileWriter::new(root, attributes, None, copied);
        for file in &files {
            for link in &file.links {
                writer.link(&file.path, link)?;
            }
        }
        set_directories(&self.directories, &Target { root, attributes })?;
        Ok(Written {
            changed: changed.into_inner(),
            contents: files
                .into_iter()
                .filter_map(|file| file.reusable().map(|digest| (file.path, digest)))
                .collect(),
        })
    }
}

/// What is put into a directory changes its time, so the innermost come first. Where several sources have a directory,
/// the last one says what it is like.
fn set_directories(directories: &[(PathBuf, &Entry)], target: &Target<'_>) -> Result<(), Problem> {
    let mut done = HashSet::new();
    for (path, entry) in directories.iter().rev() {
        if !done.insert(path) {
            continue;
        }
        let (parent, name) = target
            .root
            .open_parent(path)
            .doing_inside("cannot set the attributes of", path)?;
        target
            .set_metadata(&parent, name, &entry.metadata, &entry.xattrs, Shape::Directory)
            .doing_inside("cannot set the attributes of", path)?;
    }
    Ok(())
}
