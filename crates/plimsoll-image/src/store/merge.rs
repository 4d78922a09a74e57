//! Several layers made into one.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, Timespec, Timestamps, futimens, linkat, openat};
use rustix::io::Errno;

use super::{NewLayer, Store};
use crate::layer::merged::{Merged, Node, NodeKind};
use crate::layer::{Stored, whiteout, xattr};
use crate::{Error, Layer, Result};

impl Store {
    /// The changes of `layers`, the lowest first, in one tree that is to be a layer over `beneath`: laid over it,
    /// it shows what they show. Without `beneath`, it is the whole tree of an image. What need not be removed from
    /// `beneath` is not mentioned. The files are those of the layers, by further names, so nothing in it may be
    /// changed.
    ///
    /// # Errors
    /// When a layer is not unpacked in this store, or cannot be read, or the store cannot be written.
    pub fn merge_layers(&self, beneath: &[Layer], layers: &[Layer]) -> Result<NewLayer> {
        let all: Vec<&Stored> = beneath
            .iter()
            .chain(layers)
            .map(|layer| self.unpacked(layer))
            .collect::<Result<_>>()?;
        let mut below = Merged::default();
        let mut merged = Merged::default();
        for (place, stored) in all.iter().enumerate() {
            let target = match place < beneath.len() {
                true => &mut below,
                false => &mut merged,
            };
            target.apply(stored, place)?;
        }
        merged.simplify(&below);
        let trees: Vec<&Path> = all.iter().map(|stored| stored.tree()).collect();
        let mut new = self.new_layer()?;
        new.share_files();
        write(&merged, &below, &trees, new.fs())?;
        Ok(new)
    }

    fn unpacked<'a>(&self, layer: &'a Layer) -> Result<&'a Stored> {
        layer.as_stored().ok_or_else(|| Error::Unsupported {
            path: self.root().to_owned(),
            what: format!(
                "merging layer {}, which is not in the store,",
                layer.diff_id.short()
            ),
        })
    }
}

/// Makes the tree in the empty directory `root`.
fn write(merged: &Merged, below: &Merged, trees: &[&Path], root: &Path) -> Result<()> {
    let mut directories: Vec<(PathBuf, PathBuf, bool)> = Vec::new();
    for (path, node) in &merged.nodes {
        let place = root.join(OsStr::from_bytes(path));
        let failed = |error| Error::io("write", &place)(error);
        let source = trees[node.layer].join(OsStr::from_bytes(path));
        match node.kind {
            NodeKind::Directory { opaque, .. } => {
                DirBuilder::new().mode(0o700).create(&place).map_err(failed)?;
                let like = like(path, node, below, trees).unwrap_or(source);
                directories.push((place, like, opaque));
            }
            NodeKind::Whiteout => {
                let name = place.file_name().unwrap_or_default().as_bytes();
                let parent = place.parent().unwrap_or(root);
                open_directory(parent)
                    .and_then(|parent| whiteout::make(parent.as_fd(), name))
                    .map_err(failed)?;
            }
            NodeKind::Other => link(&source, &place).map_err(failed)?,
        }
    }
    if merged.is_opaque {
        open_directory(root)
            .and_then(|root| whiteout::set_opaque(root.as_fd()))
            .map_err(Error::io("write", root))?;
    }
    // What is put into a directory changes its time, so the innermost come first, and all of them last.
    for (place, like, opaque) in directories.iter().rev() {
        set_attributes(place, like, *opaque).map_err(Error::io("write", place))?;
    }
    Ok(())
}

/// The directory that an implied one has its owner and mode from.
fn like(path: &[u8], node: &Node, below: &Merged, trees: &[&Path]) -> Option<PathBuf> {
    let is_implied = matches!(
        node.kind,
        NodeKind::Directory {
            implied: true,
            opaque: false
        }
    );
    let there = below.directory_at(path).filter(|_| is_implied)?;
    Some(trees[there.layer].join(OsStr::from_bytes(path)))
}

/// Gives a file another name. A file that has as many as the file system allows is copied.
fn link(source: &Path, place: &Path) -> io::Result<()> {
    match linkat(CWD, source, CWD, place, AtFlags::empty()) {
        Err(Errno::MLINK) if source.symlink_metadata()?.is_file() => {}
        other => return Ok(other?),
    }
    let from = File::open(source)?;
    let metadata = from.metadata()?;
    fs::copy(source, place)?;
    let to = File::options().write(true).open(place)?;
    fchown(&to, Some(metadata.uid()), Some(metadata.gid()))?;
    to.set_permissions(fs::Permissions::from_mode(metadata.mode() & 0o7777))?;
    xattr::write(to.as_fd(), &xattr::read(from.as_fd())?)?;
    set_time(&to, &metadata)
}

fn set_attributes(place: &Path, like: &Path, opaque: bool) -> io::Result<()> {
    let from = open_directory(like)?;
    let to = open_directory(place)?;
    let metadata = from.metadata()?;
    fchown(&to, Some(metadata.uid()), Some(metadata.gid()))?;
    to.set_permissions(fs::Permissions::from_mode(metadata.mode() & 0o7777))?;
    xattr::write(to.as_fd(), &xattr::read(from.as_fd())?)?;
    if opaque {
        whiteout::set_opaque(to.as_fd())?;
    }
    set_time(&to, &metadata)
}

fn set_time(file: &File, metadata: &fs::Metadata) -> io::Result<()> {
    let time = |tv_sec, tv_nsec| Timespec { tv_sec, tv_nsec };
    let times = Timestamps {
        last_access: time(0, rustix::fs::UTIME_OMIT),
        last_modification: time(metadata.mtime(), metadata.mtime_nsec()),
    };
    Ok(futimens(file, &times)?)
}

fn open_directory(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(File::from(openat(CWD, path, flags, Mode::empty())?))
}
