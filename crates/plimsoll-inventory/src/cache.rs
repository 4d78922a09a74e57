use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use plimsoll_core::Digest;
use plimsoll_image::{Layer, Verification};

use crate::analyze::{SCHEMA, analyze, analyzer_set, unreadable};
use crate::{LayerAnalysis, Result, Warning};

/// No analysis is longer in practice; a file that is has been damaged.
const MAX_ANALYSIS: u64 = 512 << 20;

/// No stamp is longer.
const MAX_STAMP: u64 = 4096;

/// The analyses of layers that were made before, one file for each DiffID: a checksum, and JSON.
///
/// A layer in an archive is hashed before what is kept by its DiffID is taken for its own. Beside an analysis stands the
/// stamp of the file that was last hashed: as long as a file has the same, it has not been written to since, and
/// is not hashed again.
#[derive(Debug, Clone)]
pub struct AnalysisCache {
    dir: PathBuf,
}

impl AnalysisCache {
    /// The cache in `dir`, which is made when the first analysis is kept.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The analysis of `layer`: the kept one if it is whole and was made by the same catalogers, else a new one,
    /// which is kept for the next time. Where it cannot be kept, a warning in it says so.
    ///
    /// # Errors
    /// [`Error::Layer`](crate::Error::Layer) and [`Error::File`](crate::Error::File) when the layer cannot be read or does not have its DiffID.
    pub fn analyze(&self, layer: &Layer) -> Result<LayerAnalysis> {
        let (mut analysis, check) = Work::start(Some(self), layer).analyze(false)?;
        analysis.warnings.extend(check.finish()?);
        Ok(analysis)
    }

    fn stamp_file(&self, diff_id: &Digest) -> PathBuf {
        self.dir.join(format!("{}.verified", diff_id.hex()))
    }

    /// The stamp of the file that was last found to have the layer's digest.
    fn stamp(&self, diff_id: &Digest) -> Option<String> {
        let mut stamp = String::new();
        let file = File::open(self.stamp_file(diff_id)).ok()?;
        file.take(MAX_STAMP).read_to_string(&mut stamp).ok()?;
        Some(stamp)
    }

    /// Notes that a file with this stamp has the layer's digest, unless it was changed while it was read. That it
    /// cannot be noted does no harm: the digest is computed again.
    fn put_stamp(&self, layer: &Layer, stamp: Option<String>) {
        if let Some(stamp) = stamp
            && layer.stamp().as_ref() == Some(&stamp)
        {
            let _ = write_whole(&self.dir, &self.stamp_file(&layer.diff_id), stamp.as_bytes());
        }
    }

    fn file(&self, diff_id: &Digest) -> PathBuf {
        self.dir.join(format!("{}.json", diff_id.hex()))
    }

    /// The kept analysis; a missing, damaged or older one is none, and one without `files` that are asked for.
    fn get(&self, diff_id: &Digest, files: bool) -> Option<LayerAnalysis> {
        let mut kept = Vec::new();
        File::open(self.file(diff_id))
            .ok()?
            .take(MAX_ANALYSIS)
            .read_to_end(&mut kept)
            .ok()?;
        let (checksum, json) = kept.split_at_checked(CHECKSUM)?;
        if checksum != checksum_of(json).as_bytes() {
            return None;
        }
        let analysis: LayerAnalysis = serde_json::from_slice(json).ok()?;
        let good = analysis.schema == SCHEMA
            && analysis.catalogers == analyzer_set()
            && analysis.diff_id == Some(*diff_id)
            && (analysis.files || !files);
        good.then_some(analysis)
    }

    fn put(&self, diff_id: &Digest, content: &[u8]) -> io::Result<()> {
        std::fs::create_dir_all(&self.dir)?;
        write_whole(&self.dir, &self.file(diff_id), content)
    }
}

/// A layer that is going to be analyzed, and is being checked already.
pub(crate) struct Work<'a> {
    layer: &'a Layer,
    cache: Option<&'a AnalysisCache>,
    /// That of the file, before it is read.
    stamp: Option<String>,
    verification: Verification,
}

impl<'a> Work<'a> {
    /// Begins to check `layer`, unless `cache` knows its file.
    pub(crate) fn start(cache: Option<&'a AnalysisCache>, layer: &'a Layer) -> Self {
        let stamp = cache.and_then(|_| layer.stamp());
        let is_known = stamp.is_some() && cache.and_then(|cache| cache.stamp(&layer.diff_id)) == stamp;
        Self {
            layer,
            cache,
            stamp,
            verification: match is_known {
                true => layer.start_watching(),
                false => layer.start_verifying(),
            },
        }
    }

    /// How many threads check layers beside.
    pub(crate) fn threads_beside(&self) -> usize {
        self.verification.threads()
    }

    /// The analysis, kept or new, with the files of every package if `files` asks for them.
    ///
    /// # Errors
    /// As [`AnalysisCache::analyze`], but for the check of the digest.
    pub(crate) fn analyze(self, files: bool) -> Result<(LayerAnalysis, Check<'a>)> {
        let Self { layer, cache, .. } = self;
        let kept = cache.and_then(|cache| cache.get(&layer.diff_id, files));
        if let Some(size) = kept.as_ref().and_then(|kept| kept.content_size) {
            layer.set_size(size);
        }
        if let Some(size) = kept.as_ref().and_then(|kept| kept.tar_size) {
            layer.set_tar_size(size);
        }
        let is_new = kept.is_none();
        let analysis = kept.map_or_else(|| analyze(layer, files), Ok)?;
        let content = (is_new && cache.is_some()).then(|| content_of(&analysis));
        Ok((analysis, Check { work: self, content }))
    }
}

/// What is left to be done before an analysis counts.
#[must_use]
pub(crate) struct Check<'a> {
    work: Work<'a>,
    /// The content of the cache's file, if it is to be written.
    content: Option<io::Result<Vec<u8>>>,
}

impl Check<'_> {
    /// Waits until the layer is checked. Then a new analysis is kept for the next time; where it cannot be kept, a warning
    /// says so.
    ///
    /// # Errors
    /// [`Error::Layer`](crate::Error::Layer) when the layer cannot be read or does not have its DiffID.
    pub(crate) fn finish(self) -> Result<Option<Warning>> {
        let Work {
            layer,
            cache,
            stamp,
            verification,
        } = self.work;
        verification
            .finish()
            .map_err(|source| unreadable(layer, source))?;
        let Some(cache) = cache else {
            return Ok(None);
        };
        let put = self.content.map(|content| cache.put(&layer.diff_id, &content?));
        let Err(error) = put.transpose() else {
            cache.put_stamp(layer, stamp);
            return Ok(None);
        };
        let path = cache.file(&layer.diff_id).display().to_string();
        let message = format!("the analysis of a layer cannot be kept: {error}");
        Ok(Some(Warning { path, message }))
    }
}

/// What the cache's file of an analysis holds.
fn content_of(analysis: &LayerAnalysis) -> io::Result<Vec<u8>> {
    let json = serde_json::to_vec(analysis)?;
    Ok([checksum_of(&json).as_bytes(), &json].concat())
}

/// The bytes of the checksum before an analysis, with its line feed.
const CHECKSUM: usize = 65;

fn checksum_of(json: &[u8]) -> String {
    format!("{}\n", Digest::of(json).hex())
}

/// Makes the file appear whole or not at all. It is not synced: what a crash leaves of it has not its checksum, or is no
/// stamp, and is made again.
fn write_whole(dir: &Path, path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(content)?;
    file.persist(path)?;
    Ok(())
}
