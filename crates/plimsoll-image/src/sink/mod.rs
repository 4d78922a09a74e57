//! Where images are written to.

pub mod docker_archive;
pub mod oci;

use std::io::{self, Write};

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
    Gzip,
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
