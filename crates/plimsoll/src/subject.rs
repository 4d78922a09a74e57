//! What `scan` and `sbom` look into: an image, or a directory.

use std::path::Path;

use plimsoll_core::Platform;
use plimsoll_image::{FileTree, Image, Store};
use plimsoll_inventory::InventoryOptions;
use plimsoll_report::ScanReport;

use crate::assessing::{directory_report, inventory, inventory_report};
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::sources;

/// How a subject was named on the command line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named<'a> {
    /// The positional argument.
    pub(crate) image: Option<&'a str>,
    /// `--input`: an archive.
    pub(crate) input: Option<&'a Path>,
    /// `--rootfs`: a directory.
    pub(crate) rootfs: Option<&'a Path>,
    pub(crate) platform: Option<&'a Platform>,
    /// Whether what later layers removed is asked for.
    pub(crate) all_layers: bool,
    /// Whether the files of packages are asked for.
    pub(crate) files: bool,
}

/// What is looked into.
enum Subject {
    Image(Box<Image>, Store),
    Directory(FileTree),
}

impl Named<'_> {
    /// Whether it is a directory, for which no store is needed.
    pub(crate) fn is_directory(&self) -> bool {
        self.directory_path().is_some()
    }

    fn directory_path(&self) -> Option<&Path> {
        let named = self.image.and_then(|name| {
            let path = name.strip_prefix("rootfs:").or_else(|| name.strip_prefix("dir:"));
            path.map(Path::new)
        });
        self.rootfs.or(named)
    }

    /// The directory that is meant, if it is one.
    fn directory(&self) -> Result<Option<&Path>, Failure> {
        let Some(path) = self.directory_path() else {
            return Ok(None);
        };
        let option = if self.platform.is_some() {
            "`--platform` chooses among the images of a name"
        } else if self.all_layers {
            "`--all-layers` asks for what the layers of an image hold"
        } else if path.as_os_str().is_empty() {
            "the name of a directory is missing behind the colon"
        } else {
            return Ok(Some(path));
        };
        Err(Failure::usage(format!("a directory is no image: {option}")))
    }

    /// What is meant, and what to call it.
    fn open(&self, invocation: &Invocation) -> anyhow::Result<(Subject, String)> {
        if let Some(path) = self.directory()? {
            let name = path.display().to_string();
            return Ok((Subject::Directory(FileTree::open(path)?), name));
        }
        let store = invocation.store()?;
        let (image, name) = match (self.input, self.image) {
            (Some(path), _) if path == Path::new("-") => {
                let images = sources::of_standard_input(&store, self.platform)?;
                (sources::one(images, "-")?, "-".to_owned())
            }
            (Some(path), _) => {
                let name = path.display().to_string();
                (sources::archived(&store, path, &name, self.platform)?, name)
            }
            (None, Some(name)) => (sources::named(&store, name, self.platform)?, name.to_owned()),
            (None, None) => {
                return Err(Failure::usage("name an image, or an archive with `--input`").into());
            }
        };
        Ok((Subject::Image(Box::new(image), store), name))
    }

    /// Gives what is in it, and nothing more, to `use_it`, with the store where that was needed. An image is checked
    /// meanwhile, so nothing is to be said of it before this returns: with what there is to be warned of beside.
    pub(crate) fn report<T>(
        &self,
        invocation: &Invocation,
        use_it: impl FnOnce(ScanReport, Option<&Store>) -> anyhow::Result<T>,
    ) -> anyhow::Result<(T, Vec<String>)> {
        match self.open(invocation)? {
            (Subject::Directory(tree), name) => {
                let report = directory_report(&tree, &name, self.files)?;
                Ok((use_it(report, None)?, Vec::new()))
            }
            (Subject::Image(image, store), name) => {
                let options = InventoryOptions {
                    all_layers: self.all_layers,
                    files: self.files,
                    ..InventoryOptions::default()
                };
                inventory(&image, &store, options, |inventory| {
                    use_it(inventory_report(&image, &name, inventory)?, Some(&store))
                })
            }
        }
    }
}
