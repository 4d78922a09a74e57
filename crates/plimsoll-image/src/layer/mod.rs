//! One filesystem change set, as an unpacked tree or as a tar in a file.

mod archived;
mod beneath;
pub(crate) mod canonical;
mod entry;
mod file_tree;
pub(crate) mod merged;
pub(crate) mod name;
mod origin;
mod pieces;
mod recipe;
mod stored;
mod tree;
pub(crate) mod unpack;
mod verification;
mod walk;
pub(crate) mod whiteout;
pub(crate) mod xattr;

pub(crate) use archived::Archived;
pub use entry::{Entry, EntryKind, Place};
pub use file_tree::{FileTree, Files, Opener, Unread};
pub(crate) use origin::Origin;
pub(crate) use stored::{Meta, Stored, TarKind, write_implied};
pub use verification::Verification;
pub use xattr::belongs_to_layer;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use archived::ToEnd;
use pieces::Pieces;
use plimsoll_core::Digest;

use crate::beside::BesideHash;
use crate::compression::{self, Compression};
use crate::tar::{Input, Reader};
use crate::{Error, Limits, Result};

/// How much is read at a time.
const BUFFER: usize = 256 * 1024;

/// One filesystem change set. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Layer {
    /// The digest of its uncompressed tar.
    pub diff_id: Digest,
    data: Data,
    known: Arc<Known>,
}

#[derive(Debug, Clone)]
enum Data {
    Stored(Arc<Stored>),
    Archived(Arc<Archived>),
}

/// What was found out about a layer in an archive.
#[derive(Debug, Default)]
struct Known {
    size: OnceLock<u64>,
    tar_size: OnceLock<u64>,
    verified: OnceLock<()>,
}

impl Layer {
    /// The layer whose tar is in the file `path`, plain or compressed. Its DiffID is computed.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn from_tar(path: &Path) -> Result<Self> {
        let failed = |error| Error::io("read", path)(error);
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let origin = Origin {
            path: path.to_owned(),
            layer: "1".to_owned(),
        };
        let archived = Archived::detect(Arc::new(file), 0, length, None, origin, Limits::default())?;
        let (diff_id, tar_size) = archived.with_tar(|tar| hash(tar, &archived.origin))?;
        let layer = Self::archived(diff_id, archived);
        layer.known.tar_size.get_or_init(|| tar_size);
        layer.known.verified.get_or_init(|| ());
        Ok(layer)
    }

    pub(crate) fn archived(diff_id: Digest, archived: Archived) -> Self {
        Self {
            diff_id,
            data: Data::Archived(Arc::new(archived)),
            known: Arc::default(),
        }
    }

    pub(crate) fn stored(diff_id: Digest, stored: Arc<Stored>) -> Self {
        Self {
            diff_id,
            data: Data::Stored(stored),
            known: Arc::default(),
        }
    }

    pub(crate) fn as_stored(&self) -> Option<&Stored> {
        match &self.data {
            Data::Stored(stored) => Some(stored),
            Data::Archived(_) => None,
        }
    }

    pub(crate) fn as_archived(&self) -> Option<&Archived> {
        match &self.data {
            Data::Stored(_) => None,
            Data::Archived(archived) => Some(archived),
        }
    }

    /// The layer's tree, ready to be a lower directory of an overlay mount, if it is unpacked.
    pub fn tree(&self) -> Option<&Path> {
        self.as_stored().map(Stored::tree)
    }

    /// The bytes of content of its files; hard links count once.
    ///
    /// # Errors
    /// When the layer cannot be read: a tar is walked for it, once.
    pub fn size(&self) -> Result<u64> {
        if let Data::Stored(stored) = &self.data {
            return Ok(stored.meta()?.size);
        }
        if let Some(size) = self.known.size.get() {
            return Ok(*size);
        }
        let mut size = 0_u64;
        self.walk::<Error, _>(|entry| {
            size = size.saturating_add(entry.size);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(*self.known.size.get_or_init(|| size))
    }

    /// Tells the layer its size, which was found out before for a layer with its DiffID, so that it is not walked again.
    pub fn set_size(&self, size: u64) {
        self.known.size.get_or_init(|| size);
    }

    /// The same of the length of its tar, as [`Layer::tar_size`] gives it.
    pub fn set_tar_size(&self, size: u64) {
        self.known.tar_size.get_or_init(|| size);
    }

    /// What tells a layer in a file from any other and changes whenever that file is written to: the file's device,
    /// inode, length and times, and the place in it. As long as it is the same, so are the bytes. `None` for a layer in
    /// the store, and for a file that was changed just now, has no name, or is on a file system that may not
    /// keep the time of change itself.
    pub fn stamp(&self) -> Option<String> {
        self.as_archived().and_then(Archived::stamp)
    }

    /// How many bytes there are to be read of it where it is; a guess at how long reading takes.
    pub fn length_in_source(&self) -> u64 {
        match &self.data {
            Data::Stored(stored) => stored.meta().map_or(0, |meta| meta.size),
            Data::Archived(archived) => archived.length,
        }
    }

    /// The length of its uncompressed tar in bytes.
    ///
    /// # Errors
    /// When the layer cannot be read: a compressed tar is decompressed for it, once.
    pub fn tar_size(&self) -> Result<u64> {
        match &self.data {
            Data::Stored(stored) => Ok(stored.meta()?.tar_size),
            Data::Archived(archived) if archived.compression == Compression::Plain => Ok(archived.length),
            Data::Archived(_) => {
                if self.known.tar_size.get().is_none() {
                    self.read_whole()?;
                }
                Ok(self.known.tar_size.get().copied().unwrap_or_default())
            }
        }
    }

    /// Whether it changes nothing.
    ///
    /// # Errors
    /// When the layer cannot be read.
    pub fn is_empty(&self) -> Result<bool> {
        if let Data::Stored(stored) = &self.data {
            return Ok(stored.meta()?.entries == 0);
        }
        let mut empty = true;
        self.walk::<Error, _>(|_| {
            empty = false;
            Ok(ControlFlow::Break(()))
        })?;
        Ok(empty)
    }

    /// Checks that a layer in an archive has the bytes that its DiffID states; nothing is done for one that was
    /// checked before, as layers in the store were. What is kept by DiffID (cached analyses) needs this first.
    ///
    /// # Errors
    /// See [`Verification::finish`].
    pub fn verify(&self) -> Result<()> {
        self.start_verifying().finish()
    }

    /// Begins what [`Layer::verify`] does: others read and hash a plain tar from now on. A compressed one is checked
    /// while it is walked, or in the end if it is not.
    pub fn start_verifying(&self) -> Verification {
        match &self.data {
            Data::Archived(_) if self.is_verified() => self.start_watching(),
            Data::Archived(archived) => Verification::start(self, archived.clone()),
            Data::Stored(_) => Verification::done(),
        }
    }

    /// As [`Layer::start_verifying`] for a layer whose file is known to have its digest, as long as nobody writes to it:
    /// that is what is checked.
    pub fn start_watching(&self) -> Verification {
        match &self.data {
            Data::Archived(archived) => Verification::watch(self, archived.clone()),
            Data::Stored(_) => Verification::done(),
        }
    }

    fn is_verified(&self) -> bool {
        self.known.verified.get().is_some()
    }

    /// Reads the whole tar of a layer in an archive and checks its digests.
    fn read_whole(&self) -> Result<()> {
        match &self.data {
            Data::Archived(archived) => self.read_pieces(archived, &mut |_| Ok(true)),
            Data::Stored(_) => Ok(()),
        }
    }

    /// The whole tar was read and has the digest `actual`.
    fn verified(&self, archived: &Archived, actual: Digest) -> Result<()> {
        archived.expect("layer", self.diff_id, actual)?;
        self.known.verified.get_or_init(|| ());
        Ok(())
    }

    /// Shows every entry to `visit`, in the order of the tar or tree, until it breaks. Trees and tars show the same
    /// entries: no entry for the root itself, none for parent directories that a tar only implies. A tar may
    /// have two entries of one path; the later counts.
    ///
    /// The payloads of a plain tar are skipped where `visit` does not read them, so its digest is not checked; that of a
    /// compressed one is, when it is walked to its end. With [`Layer::start_verifying`] before, what `visit` was shown
    /// is to be trusted only when [`Verification::finish`] has succeeded.
    ///
    /// # Errors
    /// When the layer cannot be read, and what `visit` returns.
    pub fn walk<E, F>(&self, mut visit: F) -> Result<(), E>
    where
        E: From<Error>,
        F: FnMut(&mut Entry<'_>) -> Result<ControlFlow<()>, E>,
    {
        match &self.data {
            Data::Stored(stored) => match stored.meta()?.kind {
                TarKind::Canonical => walk::tree(stored.tree(), &mut visit),
                TarKind::Recipe => {
                    let mut reader = Reader::new(stored.recipe()?);
                    walk::tar(&mut reader, &self.store_origin(stored), None, &mut visit).map(|_| ())
                }
            },
            Data::Archived(archived) => self.walk_archived(archived, &mut visit),
        }
    }

    fn walk_archived<E: From<Error>>(
        &self,
        archived: &Archived,
        visit: &mut dyn FnMut(&mut Entry<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        if archived.compression != Compression::Plain {
            return self.walk_whole(archived, visit);
        }
        let mut size = 0_u64;
        let mut visit = |entry: &mut Entry<'_>| {
            size = size.saturating_add(entry.size);
            visit(entry)
        };
        let mut reader = Reader::new(archived.range());
        if walk::tar(&mut reader, &archived.origin, archived.plain(), &mut visit)? {
            self.known.size.get_or_init(|| size);
        }
        Ok(())
    }

    /// Shows the entries and, unless `visit` breaks, checks the digests.
    fn walk_whole<E: From<Error>>(
        &self,
        archived: &Archived,
        visit: &mut dyn FnMut(&mut Entry<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let mut size = 0_u64;
        let mut visit = |entry: &mut Entry<'_>| {
            size = size.saturating_add(entry.size);
            visit(entry)
        };
        let mut complete = false;
        self.read_pieces(archived, &mut |tar| {
            complete = walk::tar(
                &mut Reader::new(tar),
                &archived.origin,
                archived.plain(),
                &mut visit,
            )?;
            Ok::<bool, E>(complete)
        })?;
        if complete {
            self.known.size.get_or_init(|| size);
        }
        Ok(())
    }

    /// Lets `read` read of the tar what it wants. Where that gives `true`, reads the rest and checks the digests.
    fn read_pieces<E: From<Error>>(
        &self,
        archived: &Archived,
        read: &mut dyn FnMut(&mut dyn Input) -> Result<bool, E>,
    ) -> Result<(), E> {
        let failed = |error| archived.origin.io(error);
        let range = ToEnd(archived.range());
        let mut all = |tar: &mut Pieces<Box<dyn Read + Send + '_>>| -> Result<bool, E> {
            let complete = read(tar)?;
            if complete {
                let (actual, count) = tar.finish().map_err(failed)?;
                self.verified(archived, actual)?;
                self.known.tar_size.get_or_init(|| count);
            }
            Ok(complete)
        };
        let decoder = |raw| compression::decoder(archived.compression, raw, archived.limits);
        // The bytes as they are in the file are hashed only where their digest is stated.
        let Some(expected) = archived.digest else {
            let raw: Box<dyn BufRead + Send> = Box::new(BufReader::with_capacity(BUFFER, range));
            all(&mut Pieces::new(decoder(raw).map_err(failed)?))?;
            return Ok(());
        };
        let mut raw = Pieces::new(range);
        let tar = decoder(Box::new(&mut raw)).map_err(failed)?;
        if all(&mut Pieces::new(tar))? {
            let (actual, _) = raw.finish().map_err(failed)?;
            archived.expect("the compressed layer", expected, actual)?;
        }
        Ok(())
    }

    /// Writes the exact bytes whose digest is the DiffID, and checks that they are.
    ///
    /// # Errors
    /// When the layer cannot be read or its bytes do not have the digest, and [`Error::Write`] when `out` fails.
    pub fn write_tar(&self, out: &mut dyn Write) -> Result<()> {
        let mut out = HashingWriter {
            out,
            hash: BesideHash::new(),
        };
        match &self.data {
            Data::Archived(archived) => {
                archived.with_tar(|tar| copy(tar, &mut out, &archived.origin))?;
                self.verified(archived, out.hash.finish())
            }
            Data::Stored(stored) => {
                let origin = self.store_origin(stored);
                match stored.meta()?.kind {
                    TarKind::Canonical => _ = canonical::write(stored.tree(), None, &mut out)?,
                    TarKind::Recipe => copy(&mut stored.recipe()?, &mut out, &origin)?,
                }
                match out.hash.finish() {
                    actual if actual == self.diff_id => Ok(()),
                    actual => Err(Error::DigestMismatch {
                        path: origin.path,
                        what: format!("layer {}", origin.layer),
                        expected: self.diff_id,
                        actual,
                    }),
                }
            }
        }
    }

    fn store_origin(&self, stored: &Stored) -> Origin {
        Origin {
            path: stored.tree().to_owned(),
            layer: self.diff_id.short(),
        }
    }
}

/// The digest and length of everything that `input` gives.
fn hash(input: &mut dyn Read, origin: &Origin) -> Result<(Digest, u64)> {
    let mut hash = BesideHash::new();
    let mut count = 0;
    each_piece(input, origin, &mut |bytes| {
        hash.update(bytes);
        count += bytes.len() as u64;
        Ok(())
    })?;
    Ok((hash.finish(), count))
}

fn copy(input: &mut dyn Read, out: &mut dyn Write, origin: &Origin) -> Result<()> {
    each_piece(input, origin, &mut |bytes| {
        out.write_all(bytes).map_err(Error::Write)
    })
}

fn each_piece(
    input: &mut dyn Read,
    origin: &Origin,
    take: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => take(&buffer[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(origin.io(error)),
        }
    }
}

struct HashingWriter<'a> {
    out: &'a mut dyn Write,
    hash: BesideHash,
}

impl Write for HashingWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.hash.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
