//! The OCI image layout, as a directory and as a tar of one.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use plimsoll_core::Digest;

use super::spool::{self, AT_ONCE, Compressor, Spool, Spooled};
use super::{BUFFER, LayerCompression, WriteOptions, put_layer};
use crate::manifest::{
    CONFIG, Descriptor, Index, LAYER, LAYER_GZIP, LAYER_ZSTD, LAYOUT, MANIFEST, Manifest, to_vec,
};
use crate::tar::Writer;
use crate::{Error, Image, Layer, Result};

/// What leads to an image that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The digest of its manifest, which depends on the compression.
    pub manifest_digest: Digest,
    /// The manifest's length in bytes.
    pub manifest_size: u64,
}

/// Writes `images` into the directory `path`, which is made if it is not there; images that are in it already stay.
/// Gives what leads to each of them.
///
/// # Errors
/// When a layer cannot be read or a file cannot be written.
pub fn write_dir(images: &[Image], path: &Path, options: &WriteOptions<'_>) -> Result<Vec<Written>> {
    let blobs = path.join("blobs/sha256");
    fs::create_dir_all(&blobs).map_err(Error::io("create", &blobs))?;
    let mut target = Directory { path, blobs: &blobs };
    let index_path = path.join("index.json");
    let mut index = match fs::read(&index_path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Index::default(),
        Err(error) => return Err(Error::io("read", &index_path)(error)),
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| Error::Document {
            path: path.to_owned(),
            member: "index.json".to_owned(),
            reason: error.to_string(),
        })?,
    };
    let written = put_images(images, options, &mut target, &mut index)?;
    target.put("oci-layout", LAYOUT.as_bytes())?;
    target.put("index.json", &to_vec(&index))?;
    Ok(written)
}

/// Writes `images` as a tar of an OCI image layout; the same images always give the same bytes. Gives what leads to
/// each of them.
///
/// # Errors
/// When a layer cannot be read, and [`Error::Write`] when `out` fails.
pub fn write_archive(
    images: &[Image],
    out: &mut dyn Write,
    options: &WriteOptions<'_>,
) -> Result<Vec<Written>> {
    let mut tar = Writer::new(io::BufWriter::with_capacity(BUFFER, out));
    // Who unpacks the archive without being root could not make these as root's, as implied ones are.
    for directory in ["blobs", "blobs/sha256"] {
        tar.directory(directory).map_err(Error::Write)?;
    }
    tar.file("oci-layout", LAYOUT.as_bytes()).map_err(Error::Write)?;
    let mut target = Archive {
        tar,
        written: HashSet::new(),
        temporary_directory: options.temporary_directory,
    };
    let mut index = Index::default();
    let written = put_images(images, options, &mut target, &mut index)?;
    let mut tar = target.tar;
    tar.file("index.json", &to_vec(&index)).map_err(Error::Write)?;
    let (mut out, _) = tar.finish().map_err(Error::Write)?;
    out.flush().map_err(Error::Write)?;
    Ok(written)
}

/// What blobs are written to.
trait Target {
    type Spool: Spool;
    /// A blob whose bytes are at hand.
    fn put_blob(&mut self, bytes: &[u8]) -> Result<Digest>;
    /// A layer as it is.
    fn put_plain(&mut self, layer: &Layer) -> Result<Descriptor>;
    /// A file that a layer is compressed into before it is written.
    fn new_spool(&self) -> Result<Self::Spool>;
    /// A layer that was compressed.
    fn put_spooled(&mut self, spooled: Spooled<Self::Spool>) -> Result<()>;
}

/// Writes all blobs of the images and puts them into the index.
fn put_images<T: Target>(
    images: &[Image],
    options: &WriteOptions<'_>,
    target: &mut T,
    index: &mut Index,
) -> Result<Vec<Written>> {
    let layers = put_layers(images, options.compression, target)?;
    let mut written = Vec::new();
    for image in images {
        let own = image.layers.iter().filter_map(|layer| layers.get(&layer.diff_id));
        let own: Vec<Descriptor> = own.cloned().collect();
        let config = target.put_blob(&image.config_bytes)?;
        let config = Descriptor::new(CONFIG, config, image.config_bytes.len() as u64);
        let mut manifest = Manifest::new(config, own);
        manifest.annotations.clone_from(&image.annotations);
        manifest.annotations.extend(options.annotations.manifest.clone());
        let manifest = to_vec(&manifest);
        let digest = target.put_blob(&manifest)?;
        let mut descriptor = Descriptor::new(MANIFEST, digest, manifest.len() as u64);
        descriptor
            .annotations
            .clone_from(&options.annotations.manifest_descriptor);
        if !image.config.architecture.is_empty() && !image.config.os.is_empty() {
            descriptor.platform = Some(image.config.platform());
        }
        index.add(&descriptor, &image.references);
        written.push(Written {
            manifest_digest: digest,
            manifest_size: manifest.len() as u64,
        });
    }
    index.annotations.extend(options.annotations.index.clone());
    Ok(written)
}

/// Writes the layers of all images, each once.
fn put_layers<T: Target>(
    images: &[Image],
    compression: LayerCompression,
    target: &mut T,
) -> Result<HashMap<Digest, Descriptor>> {
    let mut seen = HashSet::new();
    let layers = images.iter().flat_map(|image| &image.layers);
    let layers: Vec<&Layer> = layers.filter(|layer| seen.insert(layer.diff_id)).collect();
    let mut descriptors = HashMap::new();
    let media_type = match compression {
        LayerCompression::None => {
            for layer in layers {
                descriptors.insert(layer.diff_id, target.put_plain(layer)?);
            }
            return Ok(descriptors);
        }
        LayerCompression::Gzip { .. } => LAYER_GZIP,
        LayerCompression::Zstd { .. } => LAYER_ZSTD,
    };
    let compressor = Compressor::new(compression)?;
    for some in layers.chunks(AT_ONCE) {
        let new = some.iter().map(|layer| Ok((*layer, target.new_spool()?)));
        let spooled = compressor.spool(new.collect::<Result<_>>()?)?;
        for (layer, spooled) in some.iter().zip(spooled) {
            let descriptor = Descriptor::new(media_type, spooled.digest, spooled.size);
            descriptors.insert(layer.diff_id, descriptor);
            target.put_spooled(spooled)?;
        }
    }
    Ok(descriptors)
}

struct Directory<'a> {
    path: &'a Path,
    blobs: &'a Path,
}

impl Directory<'_> {
    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path.join(name);
        let mut file = self.new_spool()?;
        file.write_all(bytes).map_err(Error::io("write", &path))?;
        persist(file, &path)
    }
}

/// Gives a finished file its name, and the rights that an ordinary file has.
fn persist(file: tempfile::NamedTempFile, path: &Path) -> Result<()> {
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file()
        .set_permissions(readable)
        .map_err(Error::io("write", path))?;
    file.as_file().sync_all().map_err(Error::io("write", path))?;
    match file.persist(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::io("write", path)(error.error)),
    }
}

impl Target for Directory<'_> {
    type Spool = tempfile::NamedTempFile;

    fn put_blob(&mut self, bytes: &[u8]) -> Result<Digest> {
        let digest = Digest::of(bytes);
        self.put(&format!("blobs/sha256/{}", digest.hex()), bytes)?;
        Ok(digest)
    }

    fn put_plain(&mut self, layer: &Layer) -> Result<Descriptor> {
        let path = self.blobs.join(layer.diff_id.hex());
        if !path.is_file() {
            let file = self.new_spool()?;
            let mut buffered = io::BufWriter::with_capacity(BUFFER, file);
            layer.write_tar(&mut buffered)?;
            let file = buffered
                .into_inner()
                .map_err(|error| Error::Write(error.into_error()))?;
            persist(file, &path)?;
        }
        Ok(Descriptor::new(LAYER, layer.diff_id, layer.tar_size()?))
    }

    fn new_spool(&self) -> Result<Self::Spool> {
        tempfile::NamedTempFile::new_in(self.path).map_err(Error::io("write", self.path))
    }

    fn put_spooled(&mut self, spooled: Spooled<Self::Spool>) -> Result<()> {
        persist(spooled.spool, &self.blobs.join(spooled.digest.hex()))
    }
}

struct Archive<'a, W> {
    tar: Writer<W>,
    written: HashSet<Digest>,
    temporary_directory: &'a Path,
}

impl<W> Archive<'_, W> {
    /// The member of a blob, unless it was written before.
    fn member(&mut self, digest: Digest) -> Option<String> {
        let is_new = self.written.insert(digest);
        is_new.then(|| format!("blobs/sha256/{}", digest.hex()))
    }
}

impl<W: Write> Target for Archive<'_, W> {
    type Spool = File;

    fn put_blob(&mut self, bytes: &[u8]) -> Result<Digest> {
        let digest = Digest::of(bytes);
        if let Some(path) = self.member(digest) {
            self.tar.file(&path, bytes).map_err(Error::Write)?;
        }
        Ok(digest)
    }

    fn put_plain(&mut self, layer: &Layer) -> Result<Descriptor> {
        if let Some(path) = self.member(layer.diff_id) {
            put_layer(&mut self.tar, &path, layer)?;
        }
        Ok(Descriptor::new(LAYER, layer.diff_id, layer.tar_size()?))
    }

    fn new_spool(&self) -> Result<Self::Spool> {
        tempfile::tempfile_in(self.temporary_directory).map_err(Error::io("write", self.temporary_directory))
    }

    fn put_spooled(&mut self, spooled: Spooled<Self::Spool>) -> Result<()> {
        match self.member(spooled.digest) {
            Some(path) => spool::copy_into(&mut self.tar, &path, spooled, self.temporary_directory),
            None => Ok(()),
        }
    }
}
