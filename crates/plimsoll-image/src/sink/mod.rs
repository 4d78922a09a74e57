//! Where images are written to.

mod compress;
pub mod docker_archive;
pub mod oci;
mod spool;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use crate::tar::Writer;
use crate::{Error, Layer, Result};

/// How much is written at a time.
const BUFFER: usize = 256 * 1024;

/// How layers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LayerCompression {
    /// As they are.
    #[default]
    None,
    /// With gzip.
    Gzip {
        /// From 0 (stored) to 9 (smallest).
        level: u32,
    },
    /// With zstd.
    Zstd {
        /// From 1 (fastest) to 22 (smallest).
        level: i32,
    },
}

impl LayerCompression {
    /// gzip at its usual level.
    pub const GZIP: Self = Self::Gzip { level: 6 };
    /// zstd at its usual level.
    pub const ZSTD: Self = Self::Zstd { level: 3 };

    /// The same with another level; `None` where the form has no such level.
    pub fn with_level(self, level: i32) -> Option<Self> {
        match self {
            Self::None => None,
            Self::Gzip { .. } => match u32::try_from(level) {
                Ok(level @ 0..=9) => Some(Self::Gzip { level }),
                _ => None,
            },
            Self::Zstd { .. } => (1..=22).contains(&level).then_some(Self::Zstd { level }),
        }
    }
}

/// Keys and values that say something of an image beside its configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Annotations {
    /// In the image's manifest, over those that it has.
    pub manifest: BTreeMap<String, String>,
    /// In the index that the image stands in.
    pub index: BTreeMap<String, String>,
    /// At the place in the index that leads to the manifest.
    pub manifest_descriptor: BTreeMap<String, String>,
}

/// How images are written.
#[derive(Debug, Clone)]
pub struct WriteOptions<'a> {
    /// How their layers are compressed, on several threads at once.
    pub compression: LayerCompression,
    /// What is written beside the configuration, where the form has a place for it.
    pub annotations: Annotations,
    /// Compressed layers of an archive are spooled here, in files without a name.
    pub temporary_directory: &'a Path,
}

impl<'a> WriteOptions<'a> {
    /// Layers as they are, nothing else.
    pub fn new(temporary_directory: &'a Path) -> Self {
        Self {
            compression: LayerCompression::None,
            annotations: Annotations::default(),
            temporary_directory,
        }
    }
}

/// Writes a layer's tar as a member of another tar.
fn put_layer<W: Write>(tar: &mut Writer<W>, path: &str, layer: &Layer) -> Result<()> {
    let size = layer.tar_size()?;
    tar.file_header(path, size).map_err(Error::Write)?;
    layer.write_tar(&mut Payload(tar))?;
    tar.pad(size).map_err(Error::Write)
}

/// The payload of a tar's current member.
struct Payload<'a, W>(&'a mut Writer<W>);

impl<W: Write> Write for Payload<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.data(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
