//! Where a built image goes besides the store, and what is told of it.

pub(crate) mod annotation;
mod cache;
pub(crate) mod fields;
mod metadata;
mod parse;

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use anyhow::Context as _;
use plimsoll_build::export;
use plimsoll_core::Reference;
use plimsoll_image::sink::{self, Annotations, LayerCompression, WriteOptions, oci::Written};
use plimsoll_image::{Image, Store};

pub(crate) use cache::CacheArgs;

use crate::commands::save;
use crate::failure::Failure;
use annotation::Annotation;

/// The options of `build` that say what becomes of the image.
#[derive(Debug, clap::Args)]
pub(crate) struct OutputArgs {
    /// Also write the image, as buildx does: `DIR` or `type=local,dest=DIR` for its files, `-` or
    /// `type=tar[,dest=FILE]` for a tar of them, `type=docker|oci,dest=FILE` for an archive that Docker, Podman and
    /// skopeo load, `type=oci,tar=false,dest=DIR` for an OCI layout, `type=image,name=NAME` for a further name in the
    /// store; with `compression=gzip|zstd|uncompressed`, `compression-level=N`, `name=NAME`, `annotation.KEY=VALUE`
    #[arg(long, short, value_name = "OUTPUT")]
    output: Vec<String>,
    /// Put the image into the store, as is always done
    #[arg(long)]
    load: bool,
    /// Annotate the image's manifest, or its place: `[manifest:|index:|manifest-descriptor:]KEY=VALUE`
    #[arg(long, value_name = "ANNOTATION", value_parser = annotation::parse)]
    annotation: Vec<Annotation>,
    /// Write the image's ID to a file
    #[arg(long, value_name = "FILE")]
    iidfile: Option<PathBuf>,
    /// Write what was built to a file, as JSON with buildx's keys
    #[arg(long, value_name = "FILE")]
    metadata_file: Option<PathBuf>,
}

/// What becomes of the image, understood and checked.
#[derive(Debug)]
pub(crate) struct Outputs {
    outputs: Vec<Output>,
    annotations: Annotations,
    iidfile: Option<PathBuf>,
    metadata_file: Option<PathBuf>,
}

/// One place that an image is written to.
#[derive(Debug)]
struct Output {
    kind: Kind,
    /// Names for the image instead of those that the build gives it.
    names: Vec<Reference>,
    compression: LayerCompression,
    annotations: Annotations,
    /// Whether times are to be those of `SOURCE_DATE_EPOCH`, so that there must be one.
    needs_epoch: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// The store alone.
    Store,
    /// The files of the image, into a folder.
    Local(PathBuf),
    /// The files of the image, as a tar.
    Tar(Destination),
    DockerArchive(Destination),
    OciArchive(Destination),
    OciDirectory(PathBuf),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Destination {
    Stdout,
    File(PathBuf),
}

impl OutputArgs {
    /// Reads the options; `epoch` says whether the build sets all times.
    pub(crate) fn check(&self, epoch: Option<i64>) -> Result<Outputs, Failure> {
        let outputs = self.output.iter().map(|text| Output::parse(text));
        let outputs: Vec<Output> = outputs.collect::<Result<_, _>>()?;
        if epoch.is_none() && outputs.iter().any(|output| output.needs_epoch) {
            return Err(Failure::usage("`rewrite-timestamp=true` needs a time to set")
                .with_hint("set `SOURCE_DATE_EPOCH`, or use `--reproducible`"));
        }
        let to_stdout = outputs.iter().filter(|output| output.is_to_stdout()).count();
        if to_stdout > 1 {
            return Err(Failure::usage("several outputs are for standard output"));
        }
        if to_stdout == 1 && io::stdout().is_terminal() {
            return Err(Failure::usage("an archive is not written to a terminal")
                .with_hint("use `dest=FILE`, or a pipe"));
        }
        let mut annotations = Annotations::default();
        parse::add(&mut annotations, &self.annotation);
        Ok(Outputs {
            outputs,
            annotations,
            iidfile: self.iidfile.clone(),
            metadata_file: self.metadata_file.clone(),
        })
    }
}

impl Outputs {
    /// The names that the outputs give the image in the store.
    pub(crate) fn names(&self) -> Vec<Reference> {
        let store = self.outputs.iter().filter(|output| output.kind == Kind::Store);
        store.flat_map(|output| output.names.clone()).collect()
    }

    /// The annotations of the image's manifest.
    pub(crate) fn manifest_annotations(&self) -> Vec<(String, String)> {
        let annotations = self.annotations.manifest.clone();
        annotations.into_iter().collect()
    }

    /// Whether the image goes to standard output, where nothing else may be written then.
    pub(crate) fn uses_stdout(&self) -> bool {
        self.outputs.iter().any(Output::is_to_stdout)
    }

    /// Writes everything that was asked for. `names` are those that the build gives the image.
    pub(crate) fn write(&self, store: &Store, image: &Image, names: &[Reference]) -> anyhow::Result<()> {
        let mut written = None;
        for output in &self.outputs {
            if let Some(own) = output.write(store, image, names, &self.annotations)? {
                written = Some(own);
            }
        }
        if let Some(file) = &self.iidfile {
            std::fs::write(file, image.id.to_string())
                .with_context(|| format!("cannot write `{}`", file.display()))?;
        }
        if let Some(file) = &self.metadata_file {
            let text = metadata::text(image, names, written)?;
            std::fs::write(file, text).with_context(|| format!("cannot write `{}`", file.display()))?;
        }
        Ok(())
    }
}

impl Output {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            names: Vec::new(),
            compression: LayerCompression::None,
            annotations: Annotations::default(),
            needs_epoch: false,
        }
    }

    fn is_to_stdout(&self) -> bool {
        matches!(
            self.kind,
            Kind::Tar(Destination::Stdout)
                | Kind::DockerArchive(Destination::Stdout)
                | Kind::OciArchive(Destination::Stdout)
        )
    }

    /// Writes the image with the names that this build gives it, and no others that it may have had before. Gives what
    /// leads to it where that depends on how it was written.
    fn write(
        &self,
        store: &Store,
        image: &Image,
        names: &[Reference],
        annotations: &Annotations,
    ) -> anyhow::Result<Option<Written>> {
        let images = [Image {
            references: if self.names.is_empty() {
                names.to_vec()
            } else {
                self.names.clone()
            },
            ..image.clone()
        }];
        let mut all = annotations.clone();
        all.manifest.extend(self.annotations.manifest.clone());
        all.index.extend(self.annotations.index.clone());
        all.manifest_descriptor
            .extend(self.annotations.manifest_descriptor.clone());
        let options = WriteOptions {
            compression: self.compression,
            annotations: all,
            ..WriteOptions::new(store.root())
        };
        let written = match &self.kind {
            Kind::Store => return Ok(None),
            Kind::Local(directory) => {
                export::to_directory(store, image, directory)?;
                return Ok(None);
            }
            Kind::Tar(destination) => {
                destination.write(|out| Ok(export::to_tar(store, image, out)?))?;
                return Ok(None);
            }
            Kind::DockerArchive(destination) => {
                destination.write(|out| Ok(sink::docker_archive::write_with(&images, out, &options)?))?;
                return Ok(None);
            }
            Kind::OciArchive(destination) => {
                destination.write(|out| Ok(sink::oci::write_archive(&images, out, &options)?))?
            }
            Kind::OciDirectory(directory) => sink::oci::write_dir(&images, directory, &options)?,
        };
        Ok(written.first().copied())
    }
}

impl Destination {
    fn write<T>(&self, write: impl FnOnce(&mut dyn io::Write) -> anyhow::Result<T>) -> anyhow::Result<T> {
        match self {
            Self::File(path) => save::whole_file(path, write),
            Self::Stdout => save::to_stdout(write),
        }
    }
}
