//! A layer whose tar is in a file, plain or compressed.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use plimsoll_core::Digest;

use super::origin::Origin;
use super::pieces::Pieces;
use crate::compression::{self, Compression};
use crate::tar::FileRange;
use crate::{Error, Limits, Result};

/// How much is read at a time of a tar that is read to its end.
const BUFFER: usize = 256 * 1024;

/// A file changed so shortly before may be changed again without another time stamp.
const SETTLED_SECONDS: u64 = 2;

/// The magic numbers of file systems where this kernel itself keeps the times: ext, XFS, Btrfs, tmpfs, overlay, ZFS,
/// F2FS, bcachefs. With others, such as those of a network, somebody else does.
const LOCAL_FILE_SYSTEMS: [u32; 8] = [
    0xef53,
    0x5846_5342,
    0x9123_683e,
    0x0102_1994,
    0x794c_7630,
    0x2fc1_2fc1,
    0xf2f5_2010,
    0xca45_1a4e,
];

/// A file as it is at one time: its length in bytes, and when it was written to and changed, in seconds and nanoseconds.
/// After a write it is another one, unless that was within one tick of the clock of the file system.
#[derive(Debug, PartialEq, Eq)]
struct Written {
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Written {
    fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            length: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

/// A range of a file that holds a layer's tar.
#[derive(Debug)]
pub(crate) struct Archived {
    pub(crate) file: Arc<File>,
    pub(crate) offset: u64,
    pub(crate) length: u64,
    pub(crate) compression: Compression,
    /// The digest of the bytes as they are in the file, where one is stated.
    pub(crate) digest: Option<Digest>,
    pub(crate) origin: Origin,
    /// How much it may become.
    pub(crate) limits: Limits,
    /// What the file was when it was opened.
    written: Written,
}

impl Archived {
    /// A layer in the range of `file`; how it is compressed is read from its first bytes.
    pub(crate) fn detect(
        file: Arc<File>,
        offset: u64,
        length: u64,
        digest: Option<Digest>,
        origin: Origin,
        limits: Limits,
    ) -> Result<Self> {
        let mut start = Vec::new();
        FileRange::new(file.clone(), offset, length)
            .take(Compression::MAGIC_LENGTH as u64)
            .read_to_end(&mut start)
            .map_err(|error| origin.io(error))?;
        Ok(Self {
            written: Written::of(&file).map_err(|error| origin.io(error))?,
            file,
            offset,
            length,
            compression: Compression::detect(&start),
            digest,
            origin,
            limits,
        })
    }

    /// See [`Layer::stamp`](super::Layer::stamp).
    pub(super) fn stamp(&self) -> Option<String> {
        let stat = rustix::fs::fstat(&self.file).ok()?;
        let file_system = rustix::fs::fstatfs(&self.file).ok()?.f_type;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
        let changed = u64::try_from(stat.st_ctime.max(stat.st_mtime)).ok()?;
        let is_settled = changed.checked_add(SETTLED_SECONDS)? <= now;
        let is_kept = LOCAL_FILE_SYSTEMS.contains(&u32::try_from(file_system).ok()?);
        (stat.st_nlink > 0 && is_settled && is_kept).then(|| {
            format!(
                "{}:{} {} {}.{} {}.{} {}+{}",
                stat.st_dev,
                stat.st_ino,
                stat.st_size,
                stat.st_mtime,
                stat.st_mtime_nsec,
                stat.st_ctime,
                stat.st_ctime_nsec,
                self.offset,
                self.length
            )
        })
    }

    /// Checks that nobody has written to the file since it was opened.
    pub(super) fn expect_unchanged(&self) -> Result<()> {
        match Written::of(&self.file).map_err(|error| self.origin.io(error))? == self.written {
            true => Ok(()),
            false => Err(Error::Changed {
                path: self.origin.path.clone(),
            }),
        }
    }

    pub(crate) fn range(&self) -> FileRange {
        FileRange::new(self.file.clone(), self.offset, self.length)
    }

    /// The file that has the tar's own bytes, and where they begin.
    pub(crate) fn plain(&self) -> Option<(&Arc<File>, u64)> {
        (self.compression == Compression::Plain).then_some((&self.file, self.offset))
    }

    /// Gives the uncompressed tar to `use_tar`, which has to read it to its end, and checks the stated digest of the
    /// bytes as they are in the file.
    pub(crate) fn with_tar<T>(&self, use_tar: impl FnOnce(&mut dyn Read) -> Result<T>) -> Result<T> {
        let failed = |error| self.origin.io(error);
        let range = ToEnd(self.range());
        if self.compression == Compression::Plain {
            // The tar's own digest is the one to check, which is up to the user.
            return use_tar(&mut BufReader::with_capacity(BUFFER, range));
        }
        let mut raw = Pieces::new(range);
        let mut tar = compression::decoder(self.compression, &mut raw, self.limits).map_err(failed)?;
        let result = use_tar(&mut tar)?;
        drop(tar);
        let (actual, _) = raw.finish().map_err(failed)?;
        if let Some(expected) = self.digest {
            self.expect("the compressed layer", expected, actual)?;
        }
        Ok(result)
    }

    /// Checks a digest of the layer.
    pub(crate) fn expect(&self, what: &str, expected: Digest, actual: Digest) -> Result<()> {
        match expected == actual {
            true => Ok(()),
            false => Err(Error::DigestMismatch {
                path: self.origin.path.clone(),
                what: format!("{what} {}", self.origin.layer),
                expected,
                actual,
            }),
        }
    }
}

/// A range of a file whose early end is an error: the file became shorter.
pub(super) struct ToEnd(pub(super) FileRange);

impl Read for ToEnd {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 if !buffer.is_empty() && !self.0.is_at_end() => Err(io::ErrorKind::UnexpectedEof.into()),
            count => Ok(count),
        }
    }
}
