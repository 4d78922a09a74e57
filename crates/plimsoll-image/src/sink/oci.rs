//! The OCI image layout, as a directory and as a tar of one.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use flate2::write::GzEncoder;
use plimsoll_core::{Digest, Sha256};

use super::{BUFFER, LayerCompression, put_layer};
use crate::manifest::{CONFIG, Descriptor, Index, LAYER, LAYER_GZIP, LAYOUT, MANIFEST, Manifest, to_vec};
use crate::tar::Writer;
use crate::{Error, Image, Layer, Result};

/// Writes `images` into the directory `path`, which is made if it is not there; images that are in it already stay.
///
/// # Errors
/// When a layer cannot be read or a file cannot be written.
pub fn write_dir(images: &[Image], path: &Path, compression: LayerCompression) -> Result<()> {
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
    for (image, descriptor) in images.iter().zip(put_images(images, compression, &mut target)?) {
        index.add(&descriptor, &image.references);
    }
    target.put("oci-layout", LAYOUT.as_bytes())?;
    target.put("index.json", &to_vec(&index))
}

/// Writes `images` as a tar of an OCI image layout; the same images always give the same bytes. Compressed layers
/// are spooled to `temporary_directory`, in files without a name.
///
/// # Errors
/// When a layer cannot be read, and [`Error::Write`] when `out` fails.
pub fn write_archive(
    images: &[Image],
    out: &mut dyn Write,
    compression: LayerCompression,
    temporary_directory: &Path,
) -> Result<()> {
    let mut tar = Writer::new(io::BufWriter::with_capacity(BUFFER, out));
    // Who unpacks the archive without being root could not make these as root's, as implied ones are.
    for directory in ["blobs", "blobs/sha256"] {
        tar.directory(directory).map_err(Error::Write)?;
    }
    tar.file("oci-layout", LAYOUT.as_bytes()).map_err(Error::Write)?;
    let mut target = Archive {
        tar,
        written: Vec::new(),
        temporary_directory,
    };
    let mut index = Index::default();
    for (image, descriptor) in images.iter().zip(put_images(images, compression, &mut target)?) {
        index.add(&descriptor, &image.references);
    }
    let mut tar = target.tar;
    tar.file("index.json", &to_vec(&index)).map_err(Error::Write)?;
    let (mut out, _) = tar.finish().map_err(Error::Write)?;
    out.flush().map_err(Error::Write)
}

/// What blobs are written to.
trait Target {
    /// A blob whose bytes are at hand.
    fn put_blob(&mut self, bytes: &[u8]) -> Result<Digest>;
    /// A layer as it is.
    fn put_plain(&mut self, layer: &Layer) -> Result<Descriptor>;
    /// A layer with gzip.
    fn put_gzip(&mut self, layer: &Layer) -> Result<Descriptor>;
}

/// Writes all blobs of the images; gives the manifests' descriptors in the order of the images.
fn put_images(
    images: &[Image],
    compression: LayerCompression,
    target: &mut dyn Target,
) -> Result<Vec<Descriptor>> {
    let mut layers: HashMap<Digest, Descriptor> = HashMap::new();
    let mut manifests = Vec::new();
    for image in images {
        let mut own = Vec::new();
        for layer in &image.layers {
            let descriptor = match layers.get(&layer.diff_id) {
                Some(descriptor) => descriptor.clone(),
                None => match compression {
                    LayerCompression::None => target.put_plain(layer)?,
                    LayerCompression::Gzip => target.put_gzip(layer)?,
                },
            };
            layers.insert(layer.diff_id, descriptor.clone());
            own.push(descriptor);
        }
        let config = target.put_blob(&image.config_bytes)?;
        let config = Descriptor::new(CONFIG, config, image.config_bytes.len() as u64);
        let manifest = to_vec(&Manifest::new(config, own));
        let digest = target.put_blob(&manifest)?;
        let mut descriptor = Descriptor::new(MANIFEST, digest, manifest.len() as u64);
        if !image.config.architecture.is_empty() && !image.config.os.is_empty() {
            descriptor.platform = Some(image.config.platform());
        }
        manifests.push(descriptor);
    }
    Ok(manifests)
}

/// A layer's tar through gzip, without a name or time in the header. Gives the digest and size of what was written.
fn gzip(layer: &Layer, out: &mut File) -> Result<(Digest, u64)> {
    let counted = Counted {
        out,
        hash: Sha256::new(),
        count: 0,
    };
    let mut encoder = GzEncoder::new(io::BufWriter::new(counted), flate2::Compression::default());
    layer.write_tar(&mut encoder)?;
    let mut buffered = encoder.finish().map_err(Error::Write)?;
    buffered.flush().map_err(Error::Write)?;
    let counted = buffered
        .into_inner()
        .map_err(|error| Error::Write(error.into_error()))?;
    Ok((counted.hash.finish(), counted.count))
}

struct Counted<'a> {
    out: &'a mut File,
    hash: Sha256,
    count: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.hash.update(&bytes[..count]);
        self.count += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

struct Directory<'a> {
    path: &'a Path,
    blobs: &'a Path,
}

impl Directory<'_> {
    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path.join(name);
        let mut file = self.temporary()?;
        file.write_all(bytes).map_err(Error::io("write", &path))?;
        persist(file, &path)
    }

    fn temporary(&self) -> Result<tempfile::NamedTempFile> {
        tempfile::NamedTempFile::new_in(self.path).map_err(Error::io("write", self.path))
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
    fn put_blob(&mut self, bytes: &[u8]) -> Result<Digest> {
        let digest = Digest::of(bytes);
        self.put(&format!("blobs/sha256/{}", digest.hex()), bytes)?;
        Ok(digest)
    }

    fn put_plain(&mut self, layer: &Layer) -> Result<Descriptor> {
        let path = self.blobs.join(layer.diff_id.hex());
        if !path.is_file() {
            let file = self.temporary()?;
            let mut buffered = io::BufWriter::with_capacity(BUFFER, file);
            layer.write_tar(&mut buffered)?;
            let file = buffered
                .into_inner()
                .map_err(|error| Error::Write(error.into_error()))?;
            persist(file, &path)?;
        }
        Ok(Descriptor::new(LAYER, layer.diff_id, layer.tar_size()?))
    }

    fn put_gzip(&mut self, layer: &Layer) -> Result<Descriptor> {
        let mut file = self.temporary()?;
        let (digest, size) = gzip(layer, file.as_file_mut())?;
        persist(file, &self.blobs.join(digest.hex()))?;
        Ok(Descriptor::new(LAYER_GZIP, digest, size))
    }
}

struct Archive<'a, W> {
    tar: Writer<W>,
    written: Vec<Digest>,
    temporary_directory: &'a Path,
}

impl<W> Archive<'_, W> {
    /// The member of a blob, unless it was written before.
    fn member(&mut self, digest: Digest) -> Option<String> {
        let is_new = !self.written.contains(&digest);
        is_new.then(|| {
            self.written.push(digest);
            format!("blobs/sha256/{}", digest.hex())
        })
    }
}

impl<W: Write> Target for Archive<'_, W> {
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

    fn put_gzip(&mut self, layer: &Layer) -> Result<Descriptor> {
        let failed = |error| Error::io("write", self.temporary_directory)(error);
        let mut spool = tempfile::tempfile_in(self.temporary_directory).map_err(failed)?;
        let (digest, size) = gzip(layer, &mut spool)?;
        if let Some(path) = self.member(digest) {
            let failed = |error| Error::io("read", self.temporary_directory)(error);
            spool.rewind().map_err(failed)?;
            self.tar.file_header(&path, size).map_err(Error::Write)?;
            let mut buffer = vec![0; BUFFER];
            loop {
                match spool.read(&mut buffer).map_err(failed)? {
                    0 => break,
                    count => self.tar.data(&buffer[..count]).map_err(Error::Write)?,
                }
            }
            self.tar.pad(size).map_err(Error::Write)?;
        }
        Ok(Descriptor::new(LAYER_GZIP, digest, size))
    }
}
