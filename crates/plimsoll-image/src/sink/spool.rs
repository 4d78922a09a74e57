//! Layers that are compressed before they are written, several at a time.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use plimsoll_core::{Digest, Sha256};

use super::compress::Pool;
use super::{BUFFER, LayerCompression};
use crate::tar::Writer;
use crate::{Error, Layer, Result};

/// How many layers are compressed at once. All share the threads, so two are enough to keep these at work while a
/// short layer begins or ends.
pub(super) const AT_ONCE: usize = 2;

/// What a layer is spooled into.
pub(super) trait Spool: Send {
    fn file(&mut self) -> &mut File;
}

impl Spool for File {
    fn file(&mut self) -> &mut File {
        self
    }
}

impl Spool for tempfile::NamedTempFile {
    fn file(&mut self) -> &mut File {
        self.as_file_mut()
    }
}

/// A compressed layer in a file.
pub(super) struct Spooled<S> {
    pub(super) spool: S,
    /// The digest and length of the compressed bytes.
    pub(super) digest: Digest,
    pub(super) size: u64,
}

/// Compresses layers.
pub(super) struct Compressor {
    pool: Pool,
}

impl Compressor {
    pub(super) fn new(compression: LayerCompression) -> Result<Self> {
        let pool = Pool::new(compression).map_err(Error::Write)?;
        Ok(Self { pool })
    }

    /// Compresses layers at the same time, each into its own file.
    pub(super) fn spool<S: Spool>(&self, layers: Vec<(&Layer, S)>) -> Result<Vec<Spooled<S>>> {
        std::thread::scope(|scope| {
            let threads: Vec<_> = layers
                .into_iter()
                .map(|(layer, spool)| scope.spawn(|| self.one(layer, spool)))
                .collect();
            let joined = threads.into_iter().map(|thread| {
                let result = thread.join();
                result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            joined.collect()
        })
    }

    fn one<S: Spool>(&self, layer: &Layer, mut spool: S) -> Result<Spooled<S>> {
        let (digest, size) = self.compress(layer, spool.file())?;
        Ok(Spooled { spool, digest, size })
    }

    /// Gives the digest and length of what was written.
    fn compress(&self, layer: &Layer, out: &mut File) -> Result<(Digest, u64)> {
        let counted = Counted {
            out: io::BufWriter::with_capacity(BUFFER, out),
            hash: Sha256::new(),
            count: 0,
        };
        let mut stream = self.pool.stream(counted).map_err(Error::Write)?;
        layer.write_tar(&mut stream)?;
        let mut counted = stream.finish().map_err(Error::Write)?;
        counted.out.flush().map_err(Error::Write)?;
        Ok((counted.hash.finish(), counted.count))
    }
}

/// Copies a spooled layer into a tar as its member `path`.
pub(super) fn copy_into<W: Write>(
    tar: &mut Writer<W>,
    path: &str,
    mut spooled: Spooled<File>,
    temporary_directory: &Path,
) -> Result<()> {
    let failed = |error| Error::io("read", temporary_directory)(error);
    spooled.spool.rewind().map_err(failed)?;
    tar.file_header(path, spooled.size).map_err(Error::Write)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        match spooled.spool.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => tar.data(&buffer[..count]).map_err(Error::Write)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    tar.pad(spooled.size).map_err(Error::Write)
}

struct Counted<W> {
    out: W,
    hash: Sha256,
    count: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write_all(bytes)?;
        self.hash.update(bytes);
        self.count += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
