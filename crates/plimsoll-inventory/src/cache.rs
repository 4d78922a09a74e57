use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use plimsoll_core::Digest;
use plimsoll_image::Layer;

use crate::analyze::{SCHEMA, analyze, analyzer_set};
use crate::{Error, LayerAnalysis, Result, Warning};

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
    /// [`Error::Layer`] and [`Error::File`] when the layer cannot be read or does not have its DiffID.
    pub fn analyze(&self, layer: &Layer) -> Result<LayerAnalysis> {
        self.analyze_with(layer, false)
    }

    /// As [`AnalysisCache::analyze`]; `files` asks for the files of every package.
    pub(crate) fn analyze_with(&self, layer: &Layer, files: bool) -> Result<LayerAnalysis> {
        let stamp = layer.stamp();
        if let Some(kept) = self.get(&layer.diff_id, files) {
            if stamp.is_none() || self.stamp(&layer.diff_id) != stamp {
                layer.verify().map_err(|source| Error::Layer {
                    diff_id: layer.diff_id,
                    source: Box::new(source),
                })?;
                self.put_stamp(layer, stamp);
            }
            if let Some(size) = kept.content_size {
                layer.set_size(size);
            }
            return Ok(kept);
        }
        let mut analysis = analyze(layer, files)?;
        match self.put(&layer.diff_id, &analysis) {
            Ok(()) => self.put_stamp(layer, stamp),
            Err(error) => {
                let path = self.file(&layer.diff_id).display().to_string();
                let message = format!("the analysis of a layer cannot be kept: {error}");
                analysis.warnings.push(Warning { path, message });
            }
        }
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

    fn put(&self, diff_id: &Digest, analysis: &LayerAnalysis) -> io::Result<()> {
        std::fs::create_dir_all(&self.dir)?;
        let json = serde_json::to_vec(analysis)?;
        let content = [checksum_of(&json).as_bytes(), &json].concat();
        write_whole(&self.dir, &self.file(diff_id), &content)
    }
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
