//! Layers laid over each other, as an overlay mount lays them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use plimsoll_core::Ecosystem;

use crate::{EvidenceFile, FoundPackage, LayerAnalysis};

/// What a container would see of the evidence in all layers.
#[derive(Debug, Default)]
pub(crate) struct Merged<'a> {
    visible: BTreeMap<&'a str, Visible<'a>>,
    /// The first layer of every package that is there now, without a gap since.
    first: HashMap<Key<'a>, usize>,
}

/// A file of a container, and the layer that it comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visible<'a> {
    pub(crate) layer: usize,
    pub(crate) file: &'a EvidenceFile,
}

/// What makes two packages in the databases of two layers the same one.
type Key<'a> = (&'a str, &'a str, &'a str, Option<&'a str>);

fn key<'a>(file: &'a EvidenceFile, package: &'a FoundPackage) -> Key<'a> {
    (
        &file.path,
        &package.name,
        &package.version,
        package.architecture.as_deref(),
    )
}

/// A package of the merged image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MergedPackage<'a> {
    pub(crate) ecosystem: Ecosystem,
    pub(crate) file: &'a EvidenceFile,
    pub(crate) package: &'a FoundPackage,
    /// The layer that brought it.
    pub(crate) layer: usize,
}

impl<'a> Merged<'a> {
    /// Lays the layers over each other, the lowest first.
    pub(crate) fn of(layers: &'a [LayerAnalysis]) -> Self {
        let mut merged = Self::default();
        for (index, layer) in layers.iter().enumerate() {
            merged.lay(index, layer);
        }
        merged
    }

    fn lay(&mut self, index: usize, layer: &'a LayerAnalysis) {
        for path in &layer.opaque {
            self.remove_below(path);
        }
        let files = layer.evidence.iter().map(|file| &file.path);
        for path in layer.removed.iter().chain(&layer.replaced).chain(files) {
            self.visible.remove(path.as_str());
            self.remove_below(path);
        }
        for file in &layer.evidence {
            self.visible.insert(&file.path, Visible { layer: index, file });
        }
        let before = std::mem::take(&mut self.first);
        let packages = self.visible.values().flat_map(|visible| {
            let keys = visible
                .file
                .packages
                .iter()
                .map(|package| key(visible.file, package));
            keys.collect::<Vec<_>>()
        });
        self.first = packages
            .map(|key| (key, before.get(&key).copied().unwrap_or(index)))
            .collect();
    }

    /// Removes what is in the directory `path`; the root is the empty path.
    fn remove_below(&mut self, path: &str) {
        if path.is_empty() {
            return self.visible.clear();
        }
        let prefix = format!("{path}/");
        let range = self.visible.range(prefix.as_str()..);
        let below: Vec<&str> = range
            .map(|(path, _)| *path)
            .take_while(|path| path.starts_with(&prefix))
            .collect();
        for path in below {
            self.visible.remove(path);
        }
    }

    /// The evidence at `path`.
    pub(crate) fn file(&self, path: &str) -> Option<Visible<'a>> {
        self.visible.get(path).copied()
    }

    /// All evidence that is there, in the order of the paths.
    pub(crate) fn files(&self) -> impl Iterator<Item = Visible<'a>> {
        self.visible.values().copied()
    }

    /// The files that the distribution's packages own.
    pub(crate) fn owned(&self) -> BTreeSet<&'a str> {
        self.files()
            .flat_map(|visible| &visible.file.owns)
            .map(String::as_str)
            .collect()
    }

    /// The packages that are there: no Python package that a distribution's package brought, and none twice in the
    /// distribution's databases.
    pub(crate) fn packages(&self) -> Vec<MergedPackage<'a>> {
        let owned = self.owned();
        let mut told = BTreeSet::new();
        let mut packages = Vec::new();
        for Visible { file, .. } in self.files() {
            let ecosystem = match file.cataloger.as_str() {
                "dpkg" => Ecosystem::Deb,
                "apk" => Ecosystem::Apk,
                "python" if !owned.contains(file.path.as_str()) => Ecosystem::PyPi,
                _ => continue,
            };
            for package in &file.packages {
                let layer = self.first.get(&key(file, package)).copied().unwrap_or_default();
                let place = if ecosystem.is_distribution() {
                    ""
                } else {
                    file.path.as_str()
                };
                let (_, name, version, architecture) = key(file, package);
                if told.insert((ecosystem, place, name, version, architecture)) {
                    packages.push(MergedPackage {
                        ecosystem,
                        file,
                        package,
                        layer,
                    });
                }
            }
        }
        packages
    }
}
