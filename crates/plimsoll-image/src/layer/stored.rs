//! A layer in the store: a directory with the tree and what is needed to write its tar.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::recipe::RecipeReader;
use crate::{Error, Result};

/// What is known of a layer in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Meta {
    /// How its tar is written.
    pub(crate) kind: TarKind,
    /// The tar's length in bytes.
    pub(crate) tar_size: u64,
    /// The bytes of content of its files.
    pub(crate) size: u64,
    /// How many entries the tar has.
    pub(crate) entries: u64,
    /// The boot of this machine in which the layer was written, as long as it may not be on the disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unsynced_boot: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TarKind {
    /// The canonical tar of the tree.
    Canonical,
    /// By the recipe.
    Recipe,
}

impl Meta {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).map_err(Error::io("read", path))?;
        serde_json::from_slice(&bytes).map_err(|error| Error::Document {
            path: path.parent().unwrap_or(path).to_owned(),
            member: "meta".to_owned(),
            reason: error.to_string(),
        })
    }

    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        fs::write(path, serde_json::to_vec(self)?)
    }
}

/// A layer's directory in the store.
#[derive(Debug)]
pub(crate) struct Stored {
    directory: PathBuf,
    tree: PathBuf,
    meta: OnceLock<Meta>,
    /// A shared lock on the directory; while it is held, the layer is not pruned.
    _lease: Option<File>,
}

impl Stored {
    pub(crate) fn new(directory: PathBuf, lease: Option<File>) -> Self {
        Self {
            tree: directory.join("fs"),
            directory,
            meta: OnceLock::new(),
            _lease: lease,
        }
    }

    pub(crate) fn tree(&self) -> &Path {
        &self.tree
    }

    pub(crate) fn meta(&self) -> Result<&Meta> {
        if let Some(meta) = self.meta.get() {
            return Ok(meta);
        }
        let meta = Meta::read(&self.directory.join("meta"))?;
        Ok(self.meta.get_or_init(|| meta))
    }

    /// The directories of the tree that the layer's tar has no entry for; the root is empty.
    pub(crate) fn implied(&self) -> Result<Vec<Vec<u8>>> {
        match self.meta()?.kind {
            // The canonical tar has everything but the root.
            TarKind::Canonical => Ok(vec![Vec::new()]),
            TarKind::Recipe => read_implied(&self.directory.join("implied")),
        }
    }

    pub(crate) fn recipe(&self) -> Result<RecipeReader> {
        let path = self.directory.join("recipe");
        let replaced = self.directory.join("replaced");
        RecipeReader::open(&path, &self.tree, replaced).map_err(Error::io("read", &path))
    }
}

/// Paths, each ended by NUL; no file stands for none.
fn read_implied(path: &Path) -> Result<Vec<Vec<u8>>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::io("read", path)(error)),
        Ok(bytes) => {
            let mut paths: Vec<Vec<u8>> = bytes.split(|byte| *byte == 0).map(<[u8]>::to_owned).collect();
            paths.pop();
            Ok(paths)
        }
    }
}

pub(crate) fn write_implied(path: &Path, implied: &[Vec<u8>]) -> io::Result<()> {
    if implied.is_empty() {
        return Ok(());
    }
    let mut bytes = implied.join(&0);
    bytes.push(0);
    fs::write(path, bytes)
}
