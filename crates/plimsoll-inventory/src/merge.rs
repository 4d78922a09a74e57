//! Layers laid over each other, as an overlay mount lays them.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashSet};
use plimsoll_core::Ecosystem;

use crate::{EvidenceFile, FoundPackage, LayerAnalysis};

/// What a container would see of the evidence in all layers.
#[derive(Debug, Default)]
pub(crate) struct Merged<'a> {
    visible: BTreeMap<&'a str, Visible<'a>>,
    /// The packages that the visible evidence names, with the first layer that has them without a gap since.
    present: BTreeMap<Key<'a>, MergedPackage<'a>>,
    /// The packages that a layer had and a later one has not.
    removed: Vec<(Key<'a>, MergedPackage<'a>)>,
}

/// A file of a container, and the layer that it comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visible<'a> {
    pub(crate) layer: usize,
    pub(crate) file: &'a EvidenceFile,
}

/// What makes two packages the same one: what they are, the file that proves it, name, version, architecture. A
/// distribution's package is the same in whichever of its databases it stands.
type Key<'a> = (Ecosystem, &'a str, &'a str, &'a str, Option<&'a str>);

fn key<'a>(ecosystem: Ecosystem, file: &'a EvidenceFile, package: &'a FoundPackage) -> Key<'a> {
    let place = match ecosystem.is_distribution() {
        true => "",
        false => file.path.as_str(),
    };
    let architecture = package.architecture.as_deref();
    (ecosystem, place, &package.name, &package.version, architecture)
}

/// A package of the merged image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MergedPackage<'a> {
    pub(crate) ecosystem: Ecosystem,
    pub(crate) file: &'a EvidenceFile,
    pub(crate) package: &'a FoundPackage,
    /// The layer that brought it.
    pub(crate) layer: usize,
    /// The layer that removed it again.
    pub(crate) removed_by: Option<usize>,
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
        let mut hidden = Vec::new();
        for path in &layer.opaque {
            self.hide_below(path, &mut hidden);
        }
        let files = layer.evidence.iter().map(|file| &file.path);
        for path in layer.removed.iter().chain(&layer.replaced).chain(files) {
            hidden.extend(self.visible.remove(path.as_str()));
            self.hide_below(path, &mut hidden);
        }
        for file in &layer.evidence {
            self.visible.insert(&file.path, Visible { layer: index, file });
        }
        let mut touched = hidden.iter().map(|hidden| hidden.file).chain(&layer.evidence);
        if touched.any(|file| !file.packages.is_empty()) {
            self.take_stock(index, &hidden);
        }
    }

    /// Tells the packages anew after layer `index` hid the files in `hidden`.
    fn take_stock(&mut self, index: usize, hidden: &[Visible<'a>]) {
        let mut before = std::mem::take(&mut self.present);
        for Visible { file, .. } in self.visible.values() {
            for package in &file.packages {
                let Some(ecosystem) = package.ecosystem.or(file.ecosystem) else {
                    continue;
                };
                let key = key(ecosystem, file, package);
                let layer = before.remove(&key).map_or(index, |known| known.layer);
                let found = MergedPackage {
                    ecosystem,
                    file,
                    package,
                    layer,
                    removed_by: None,
                };
                let known = self.present.entry(key).or_insert(found);
                // Of two databases with the same package, the one that says more counts.
                if known.package.source.is_none() && package.source.is_some() {
                    *known = MergedPackage {
                        layer: layer.min(known.layer),
                        ..found
                    };
                }
            }
        }
        if before.is_empty() {
            return;
        }
        // What a distribution's package owned when both were there was no package of its own.
        let stayed = self.visible.values().filter(|visible| visible.layer != index);
        let owned = owned_by(stayed.chain(hidden));
        for (key, package) in before {
            if !is_left_out(&package, &owned) {
                let removed_by = Some(index);
                self.removed.push((
                    key,
                    MergedPackage {
                        removed_by,
                        ..package
                    },
                ));
            }
        }
    }

    /// Removes what is in the directory `path`; the root is the empty path.
    fn hide_below(&mut self, path: &str, hidden: &mut Vec<Visible<'a>>) {
        if path.is_empty() {
            return hidden.extend(std::mem::take(&mut self.visible).into_values());
        }
        if self.visible.is_empty() {
            return;
        }
        let prefix = format!("{path}/");
        let range = self.visible.range(prefix.as_str()..);
        let below: Vec<&str> = range
            .map(|(path, _)| *path)
            .take_while(|path| path.starts_with(&prefix))
            .collect();
        hidden.extend(below.into_iter().filter_map(|path| self.visible.remove(path)));
    }

    /// The evidence at `path`.
    pub(crate) fn file(&self, path: &str) -> Option<Visible<'a>> {
        self.visible.get(path).copied()
    }

    /// All evidence that is there, in the order of the paths.
    pub(crate) fn files(&self) -> impl Iterator<Item = Visible<'a>> {
        self.visible.values().copied()
    }

    /// The evidence files that the distribution's packages own.
    pub(crate) fn owned(&self) -> HashSet<&'a str> {
        owned_by(self.visible.values())
    }

    /// The packages that are there: none whose file a distribution's package owns.
    pub(crate) fn packages(&self) -> Vec<MergedPackage<'a>> {
        let owned = self.owned();
        let packages = self.present.values();
        packages
            .filter(|package| !is_left_out(package, &owned))
            .copied()
            .collect()
    }

    /// The names of the packages that are there, by that of their source package.
    pub(crate) fn names_by_source(&self) -> HashMap<&'a str, Vec<&'a str>> {
        let mut names: HashMap<&str, Vec<&str>> = HashMap::default();
        for MergedPackage { package, .. } in self.present.values() {
            if let Some(source) = &package.source {
                names.entry(&source.name).or_default().push(&package.name);
            }
        }
        names
    }

    /// The packages that a layer had and that are not there any more, each once: as it was last removed.
    pub(crate) fn removed(&self) -> Vec<MergedPackage<'a>> {
        let gone = self
            .removed
            .iter()
            .filter(|(key, _)| !self.present.contains_key(key));
        let last: BTreeMap<&Key<'a>, MergedPackage<'a>> =
            gone.map(|(key, package)| (key, *package)).collect();
        last.into_values().collect()
    }
}

fn owned_by<'a, 'm>(files: impl Iterator<Item = &'m Visible<'a>>) -> HashSet<&'a str>
where
    'a: 'm,
{
    files
        .flat_map(|visible| &visible.file.owns)
        .map(String::as_str)
        .collect()
}

fn is_left_out(package: &MergedPackage<'_>, owned: &HashSet<&str>) -> bool {
    !package.ecosystem.is_distribution() && owned.contains(package.file.path.as_str())
}
