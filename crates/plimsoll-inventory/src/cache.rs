use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use plimsoll_core::Digest;
use plimsoll_image::Layer;

use crate::analyze::{SCHEMA, analyze, analyzer_set};
use crate::{Error, LayerAnalysis, Result, Warning};

/// No analysis is longer in practice; a file that is has been damaged.
const MAX_ANALYSIS: u64 = 512 << 20;

/// The analyses of layers that were made before, one file for each DiffID.
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
        if let Some(kept) = self.get(&layer.diff_id, files) {
            layer.verify().map_err(|source| Error::Layer {
                diff_id: layer.diff_id,
                source: Box::new(source),
            })?;
            return Ok(kept);
        }
        let mut analysis = analyze(layer, files)?;
        if let Err(error) = self.put(&analysis) {
            let path = self.file(&layer.diff_id).display().to_string();
            let message = format!("the analysis of a layer cannot be kept: {error}");
            analysis.warnings.push(Warning { path, message });
        }
        Ok(analysis)
    }

    fn file(&self, diff_id: &Digest) -> PathBuf {
        self.dir.join(format!("{}.json", diff_id.hex()))
    }

    /// The kept analysis; a missing, damaged or older one is none, and one without `files` that are asked for.
    fn get(&self, diff_id: &Digest, files: bool) -> Option<LayerAnalysis> {
        let mut json = Vec::new();
        File::open(self.file(diff_id))
            .ok()?
            .take(MAX_ANALYSIS)
            .read_to_end(&mut json)
            .ok()?;
        let analysis: LayerAnalysis = serde_json::from_slice(&json).ok()?;
        let good = analysis.schema == SCHEMA
            && analysis.catalogers == analyzer_set()
            && analysis.diff_id == *diff_id
            && (analysis.files || !files);
        good.then_some(analysis)
    }

    fn put(&self, analysis: &LayerAnalysis) -> io::Result<()> {
        std::fs::create_dir_all(&self.dir)?;
        write_whole(
            &self.dir,
            &self.file(&analysis.diff_id),
            &serde_json::to_vec(analysis)?,
        )
    }
}

/// Makes the file appear whole or not at all.
fn write_whole(dir: &Path, path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
