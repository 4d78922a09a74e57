use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::thread;

use foldhash::HashMap;
use plimsoll_core::{
    Dependencies, Digest, Distribution, Ecosystem, EndOfLife, Finding, Hint, Origin, Package, PackageLayer,
    Place,
};
use plimsoll_image::{FileTree, Image, Layer};

use crate::analyze::analyze_tree;
use crate::cache::{Check, Work};
use crate::catalogers::{alpm, chisel, dpkg, opkg, portage, python};
use crate::directories::Directories;
use crate::history::{base_layers, created_by};
use crate::merge::{Merged, MergedPackage};
use crate::told_once::once;
use crate::{
    AnalysisCache, FileSecret, LayerAnalysis, Result, SecretScope, Warning, catalogers, dependencies,
    distribution, end_of_life, secrets,
};

/// How an image is taken stock of.
#[derive(Debug, Clone, Copy, Default)]
pub struct InventoryOptions<'a> {
    /// Where analyses of layers are kept; without it every layer is read.
    pub cache: Option<&'a AnalysisCache>,
    /// How many layers the base image has; `None` to tell it from the history where that is possible.
    pub base_layers: Option<usize>,
    /// Whether packages that a layer had and a later one removed are told, too, with
    /// [`Package::removed_by`](plimsoll_core::Package::removed_by): an image still holds them.
    pub all_layers: bool,
    /// Whether packages are told with their files.
    pub files: bool,
}

/// What is inside an image, as a container of it would see it, or in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// The operating system; `None` where the image has no release file.
    pub distribution: Option<Distribution>,
    /// The point release, such as `12.5` or `3.20.3`, from `debian_version`, `alpine-release` or their kin.
    pub release: Option<String>,
    /// Whether the image is set up for security updates beyond those for everybody, as Ubuntu Pro brings them.
    pub extended_support: bool,
    /// The packages, by ecosystem, name, version and file.
    pub packages: Vec<Package>,
    /// Which of the packages need which others, as far as their metadata say.
    pub dependencies: Dependencies,
    /// Kinds of packages that are there and that no cataloger reads.
    pub uncatalogued: Vec<UncataloguedPackages>,
    /// Secrets in the configuration, the history and every layer, redacted.
    pub secrets: Vec<Finding>,
    /// How many files were searched for secrets, and why others were not.
    pub secret_scope: SecretScope,
    /// What could not be read as it should be.
    pub warnings: Vec<Warning>,
    /// Those of the warnings that are about files which name packages or the distribution: what they name may be
    /// missing from the inventory.
    pub unread: Vec<Warning>,
    /// How many layers the base image has, where that is known.
    pub base_layers: Option<usize>,
}

/// A kind of packages that is in the image and that no cataloger reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UncataloguedPackages {
    /// Which kind: `npm packages`.
    pub kind: String,
    /// How many files point to it.
    pub files: usize,
    /// One of them.
    pub example: String,
}

impl Inventory {
    /// Until when the image's distribution gets security updates; `None` where that is not known or has no end.
    pub fn end_of_life(&self) -> Option<EndOfLife> {
        let end = end_of_life(self.distribution.as_ref()?)?;
        Some(EndOfLife {
            is_extended: self.extended_support,
            ..end
        })
    }

    /// What is inside `image`.
    ///
    /// # Errors
    /// When a layer cannot be read.
    pub fn of(image: &Image, cache: Option<&AnalysisCache>) -> Result<Self> {
        let options = InventoryOptions {
            cache,
            ..InventoryOptions::default()
        };
        Self::with_options(image, options)
    }

    /// What is inside `image`, with more to say about how.
    ///
    /// # Errors
    /// When a layer cannot be read.
    pub fn with_options(image: &Image, options: InventoryOptions<'_>) -> Result<Self> {
        let (mut found, warnings) = Self::while_checked(image, options, |found| found)?;
        found.warnings.extend(warnings);
        Ok(found)
    }

    /// Goes on to `use_it` while the last bytes of the layers are hashed. What that makes of the inventory counts only
    /// when all layers have their digests; then it is returned, with what is to be warned of beside.
    ///
    /// # Errors
    /// When a layer cannot be read or does not have its digest.
    pub fn while_checked<T>(
        image: &Image,
        options: InventoryOptions<'_>,
        use_it: impl FnOnce(Self) -> T,
    ) -> Result<(T, Vec<Warning>)> {
        let (layers, checks) = analyses(&image.layers, options)?;
        let history = &image.config.history;
        let base_layers = options.base_layers.or_else(|| base_layers(history, layers.len()));
        let (mut secrets, redaction) = secrets::in_config(&image.config);
        let made_by = created_by(history, layers.len()).into_iter();
        let image_facts = ImageFacts {
            diff_ids: image.layers.iter().map(|layer| layer.diff_id).collect(),
            created_by: made_by.map(|line| redaction.text(&line)).collect(),
            base_layers,
        };
        let found = Self::merged(&layers, image_facts, options);
        secrets.extend(found.secrets);
        let used = use_it(Self { secrets, ..found });
        let mut warnings = Vec::new();
        for check in checks {
            warnings.extend(check.finish()?);
        }
        Ok((used, warnings))
    }

    /// What is inside the root file system in a directory, or in any other directory. Packages have neither layer nor
    /// origin there. `files` asks for the files of every package.
    ///
    /// # Errors
    /// When the directory cannot be read. Files and directories in it that cannot be read are warnings.
    pub fn of_tree(tree: &FileTree, files: bool) -> Result<Self> {
        let options = InventoryOptions {
            files,
            ..InventoryOptions::default()
        };
        let analysis = analyze_tree(tree, files)?;
        Ok(Self::merged(&[analysis], ImageFacts::default(), options))
    }

    /// What is in `layers`, laid over each other.
    fn merged(layers: &[LayerAnalysis], image: ImageFacts, options: InventoryOptions<'_>) -> Self {
        let merged = Merged::of(layers);
        let found = distribution::Found::of(&merged);
        let warnings = warnings(layers, &merged);
        let base_layers = image.base_layers;
        let context = Context {
            merged: &merged,
            image,
            files: options.files,
            directories: match options.files {
                true => Directories::of(layers),
                false => Directories::default(),
            },
            by_source: merged.names_by_source(),
        };
        let packages = context.found(options.all_layers);
        Self {
            distribution: found.distribution,
            release: found.release,
            extended_support: found.extended_support,
            dependencies: dependencies::resolve(&packages),
            packages: packages.iter().map(|found| context.package(found)).collect(),
            uncatalogued: uncatalogued(&merged),
            secrets: in_layers(layers),
            secret_scope: layers.iter().fold(SecretScope::default(), |mut all, layer| {
                all += layer.secret_scope;
                all
            }),
            unread: unread(&warnings, &merged),
            warnings,
            base_layers,
        }
    }
}

/// The analyses of layers, made at the same time; the longest layer first, so that none is left alone at the end. All
/// layers are checked meanwhile, and what was found counts only when they are.
fn analyses<'a>(
    layers: &'a [Layer],
    options: InventoryOptions<'a>,
) -> Result<(Vec<LayerAnalysis>, Vec<Check<'a>>)> {
    let started = layers.iter().map(|layer| Work::start(options.cache, layer));
    let mut work: Vec<_> = started.enumerate().collect();
    work.sort_by_key(|(index, _)| Reverse(layers[*index].length_in_source()));
    let beside = work.iter().map(|(_, work)| work.threads_beside()).max();
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = processors
        .saturating_sub(beside.unwrap_or_default())
        .min(work.len());
    let work = Mutex::new(work.into_iter());
    let next = || work.lock().unwrap_or_else(PoisonError::into_inner).next();
    let analyzed = Mutex::new(Vec::with_capacity(layers.len()));
    let analyze = || {
        while let Some((index, work)) = next() {
            let analysis = work.analyze(options.files);
            let mut analyzed = analyzed.lock().unwrap_or_else(PoisonError::into_inner);
            analyzed.push((index, analysis));
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            // Without it, there is one less.
            let builder = thread::Builder::new().name("layer".to_owned());
            drop(builder.spawn_scoped(scope, analyze));
        }
        analyze();
    });
    let mut analyzed = analyzed.into_inner().unwrap_or_else(PoisonError::into_inner);
    analyzed.sort_by_key(|(index, _)| *index);
    analyzed.into_iter().map(|(_, analysis)| analysis).collect()
}

/// What an image says of its layers; nothing of a directory.
#[derive(Default)]
struct ImageFacts {
    diff_ids: Vec<Digest>,
    created_by: Vec<String>,
    base_layers: Option<usize>,
}

/// What is needed to make packages of the image out of what layers name.
struct Context<'a> {
    merged: &'a Merged<'a>,
    image: ImageFacts,
    files: bool,
    /// Known where files are asked for.
    directories: Directories<'a>,
    /// The names of Debian's packages, by that of their source.
    by_source: HashMap<&'a str, Vec<&'a str>>,
}

impl Context<'_> {
    /// The packages by ecosystem, name, version and file; those that are there no more if they are asked for.
    fn found(&self, all_layers: bool) -> Vec<MergedPackage<'_>> {
        let mut packages = once(self.merged.packages());
        if all_layers {
            packages.extend(self.merged.removed());
        }
        packages.sort_by(|a, b| {
            let name = a.package.name.cmp(&b.package.name);
            let version = || a.package.version.cmp(&b.package.version);
            let file = || a.file.path.cmp(&b.file.path);
            a.ecosystem
                .cmp(&b.ecosystem)
                .then(name)
                .then_with(version)
                .then_with(file)
        });
        packages
    }

    fn package(&self, found: &MergedPackage<'_>) -> Package {
        let &MergedPackage {
            ecosystem,
            file,
            package,
            layer,
            removed_by,
        } = found;
        let origin = match self.image.base_layers {
            None => Origin::Unknown,
            Some(base) if layer < base => Origin::Base,
            Some(_) => Origin::App,
        };
        Package {
            architecture: package.architecture.clone(),
            source: package.source.clone(),
            licenses: self.licenses(found),
            evidence: file.path.clone(),
            layer: self.layer(layer),
            origin,
            removed_by: removed_by.and_then(|layer| self.layer(layer)),
            module: package.module.clone(),
            supplier: package.supplier.clone(),
            files: if self.files { self.files(found) } else { Vec::new() },
            ..Package::new(ecosystem, &package.name, &package.version)
        }
    }

    fn layer(&self, index: usize) -> Option<PackageLayer> {
        self.image.diff_ids.get(index).map(|diff_id| PackageLayer {
            diff_id: *diff_id,
            index,
            created_by: self.image.created_by.get(index).cloned().unwrap_or_default(),
        })
    }

    /// The files that the database lists; of a package that is a file or a directory of its own, the file that proves it.
    fn files(&self, found: &MergedPackage<'_>) -> Vec<String> {
        let package = found.package;
        let evidence = found.file.path.as_str();
        let lists = match found.ecosystem {
            Ecosystem::Deb if package.files.is_empty() => {
                dpkg::file_lists(evidence, &package.name, package.architecture.as_deref())
            }
            Ecosystem::Alpm => alpm::file_list(evidence).into_iter().collect(),
            Ecosystem::Opkg => opkg::file_list(evidence, &package.name).into_iter().collect(),
            _ if package.files.is_empty() && !found.ecosystem.is_distribution() => {
                return vec![evidence.to_owned()];
            }
            _ => return self.directories.left_out_of(&package.files),
        };
        let list = lists.iter().find_map(|path| self.merged.file(path));
        list.map(|list| self.directories.left_out_of(&list.file.files))
            .unwrap_or_default()
    }

    /// Some databases do not have licences: Debian's stand in the package's copyright file, Gentoo's in a file of their
    /// own.
    fn licenses(&self, found: &MergedPackage<'_>) -> Vec<String> {
        let stated_in = |path: &str| {
            let file = self.merged.file(path);
            file.map(|visible| &visible.file.licenses)
                .filter(|licenses| !licenses.is_empty())
        };
        let stated = |name: &str| stated_in(&format!("usr/share/doc/{name}/copyright"));
        // A package whose directory is a link to another's has the same source.
        let of_source = || {
            let source = found.package.source.as_ref()?;
            self.by_source
                .get(source.name.as_str())?
                .iter()
                .find_map(|name| stated(name))
        };
        let licenses = match found.ecosystem {
            Ecosystem::Deb => stated(&found.package.name).or_else(of_source),
            Ecosystem::PyPi if found.package.licenses.is_empty() => {
                let texts = python::license_files(&found.file.path);
                texts.iter().find_map(|path| stated_in(path))
            }
            Ecosystem::Portage => portage::license_file(&found.file.path).and_then(|path| stated_in(&path)),
            _ => None,
        };
        licenses.unwrap_or(&found.package.licenses).clone()
    }
}

fn uncatalogued(merged: &Merged<'_>) -> Vec<UncataloguedPackages> {
    let owned = merged.owned();
    // A database of dpkg beside it says what Chisel's manifest does not.
    let sources_are_known = merged
        .packages()
        .iter()
        .all(|found| found.ecosystem != Ecosystem::Deb || found.package.source.is_some());
    let mut kinds: BTreeMap<&str, UncataloguedPackages> = BTreeMap::new();
    for visible in merged
        .files()
        .filter(|visible| !owned.contains(visible.file.path.as_str()))
    {
        let is_known = |kind: &&String| *kind == chisel::SOURCES && sources_are_known;
        if let Some(kind) = visible.file.uncatalogued.as_ref().filter(|kind| !is_known(kind)) {
            let none = || UncataloguedPackages {
                kind: kind.clone(),
                files: 0,
                example: visible.file.path.clone(),
            };
            kinds.entry(kind).or_insert_with(none).files += 1;
        }
    }
    kinds.into_values().collect()
}

/// The secrets in the files of all layers. A file that a later layer deletes or replaces is still in the image.
fn in_layers(layers: &[LayerAnalysis]) -> Vec<Finding> {
    let finding = |(index, secret): (usize, &FileSecret)| {
        let later = layers
            .iter()
            .skip(index + 1)
            .any(|layer| removes(layer, &secret.path));
        let hidden = if later {
            ", which a later layer deletes and the image still holds"
        } else {
            ""
        };
        Finding {
            check: secret.rule.clone(),
            severity: secret.severity,
            message: format!("{} in line {}{hidden}", secret.title, secret.line),
            place: match layers[index].diff_id {
                Some(diff_id) => Place::Layer {
                    diff_id,
                    path: secret.path.clone(),
                    line: Some(secret.line),
                },
                None => Place::File {
                    path: secret.path.clone(),
                    line: Some(secret.line),
                },
            },
            evidence: secret.redacted.clone(),
            remedy: Some(Hint::new(
                "revoke it, keep the file out with `.dockerignore`, and give it at run time or to the build with \
                 `RUN --mount=type=secret`",
            )),
        }
    };
    let secrets = layers.iter().enumerate();
    secrets
        .flat_map(|(index, layer)| layer.secrets.iter().map(move |secret| (index, secret)))
        .map(finding)
        .collect()
}

/// Whether `layer` hides what the layers below have at `path`.
fn removes(layer: &LayerAnalysis, path: &str) -> bool {
    let above = |directory: &String| {
        directory.is_empty()
            || path
                .strip_prefix(directory.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
    };
    let gone = layer.removed.iter().chain(&layer.replaced);
    gone.clone().any(|removed| removed == path) || gone.chain(&layer.opaque).any(above)
}

/// The warnings about files that are still there, and those that are about no evidence.
fn warnings(layers: &[LayerAnalysis], merged: &Merged<'_>) -> Vec<Warning> {
    let mut all = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let about = |path: &str| {
            layer
                .evidence
                .binary_search_by(|file| file.path.as_str().cmp(path))
                .is_ok()
        };
        let stands = |warning: &&Warning| {
            !about(&warning.path)
                || merged
                    .file(&warning.path)
                    .is_some_and(|visible| visible.layer == index)
        };
        all.extend(layer.warnings.iter().filter(stands).cloned());
    }
    all
}

/// The warnings about files that name packages.
fn unread(warnings: &[Warning], merged: &Merged<'_>) -> Vec<Warning> {
    let names_packages = |warning: &&Warning| {
        merged
            .file(&warning.path)
            .is_some_and(|visible| catalogers::names_packages(visible.file))
    };
    warnings.iter().filter(names_packages).cloned().collect()
}
