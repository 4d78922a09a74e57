//! What is in an image or an SBOM, compared with advisories.

use std::collections::BTreeMap;

use plimsoll_advisory::decisions::Kind;
use plimsoll_advisory::{Matcher, Matches};
use plimsoll_core::{Dependencies, Ecosystem, Package, Place, Remedies};
use plimsoll_image::{FileTree, Image, Layer, Store};
use plimsoll_inventory::{AnalysisCache, Inventory, InventoryOptions, Redaction, end_of_life};
use plimsoll_report::sbom::Sbom;
use plimsoll_report::{Artifact, ArtifactKind, Coverage, CoverageStatus, ScanReport, SchemaVersion};

use super::advisories::{self, Advisories};
use super::{created_at, tool};

/// An image with its inventory and the advisories that match it.
pub(crate) struct Scanned {
    pub(crate) inventory: Inventory,
    pub(crate) matches: Matches,
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scanners {
    pub(crate) vulnerabilities: bool,
    /// Secrets in layers, configuration and history.
    pub(crate) secrets: bool,
    pub(crate) licenses: bool,
    /// What is wrong in the configuration and the history.
    pub(crate) configuration: bool,
}

impl Default for Scanners {
    fn default() -> Self {
        Self {
            vulnerabilities: true,
            secrets: true,
            licenses: false,
            configuration: false,
        }
    }
}

impl Scanners {
    /// The kinds of findings that are looked for in an artifact of this kind, all of each. An SBOM does not tell of secrets.
    pub(crate) fn sought(&self, artifact: ArtifactKind) -> Vec<Kind> {
        let is_sbom = matches!(artifact, ArtifactKind::Cyclonedx | ArtifactKind::Spdx);
        let kinds = [
            (self.vulnerabilities, Kind::Vulnerability),
            (self.secrets && !is_sbom, Kind::Secret),
            (self.licenses, Kind::License),
        ];
        let asked = kinds.into_iter().filter(|(asked, _)| *asked);
        asked.map(|(_, kind)| kind).collect()
    }
}

/// Takes stock of `image` and goes on to `use_it` while the image is checked, before which nothing counts; with what is
/// to be warned of then. Analyses of layers are kept in `store`.
pub(crate) fn inventory<T>(
    image: &Image,
    store: &Store,
    options: InventoryOptions<'_>,
    use_it: impl FnOnce(Inventory) -> anyhow::Result<T>,
) -> anyhow::Result<(T, Vec<String>)> {
    let cache = AnalysisCache::new(store.analyses_dir());
    let options = InventoryOptions {
        cache: Some(&cache),
        ..options
    };
    let (used, warnings) = Inventory::while_checked(image, options, use_it)?;
    Ok((used?, warnings.iter().map(ToString::to_string).collect()))
}

/// Takes stock of `image` and compares it with `known`. Analyses of layers are kept in `store`.
pub(crate) fn scan(image: &Image, store: &Store, known: &Advisories) -> anyhow::Result<Scanned> {
    let cache = AnalysisCache::new(store.analyses_dir());
    let inventory = Inventory::of(image, Some(&cache))?;
    let matcher = Matcher::new(Some(known.database()));
    let matches = matcher.match_all(inventory.distribution.as_ref(), &inventory.packages)?;
    Ok(Scanned { inventory, matches })
}

impl Scanned {
    /// What could be assessed and what not, packages that no cataloger reads among it.
    pub(crate) fn coverage(&self) -> Vec<Coverage> {
        let known = self.matches.coverage.iter().map(advisories::coverage);
        known.chain(uncatalogued(&self.inventory)).collect()
    }

    /// What could not be compared with advisories, a line each; empty where everything was.
    pub(crate) fn unassessed(&self) -> Vec<String> {
        let known = self.matches.coverage.iter().map(advisories::coverage);
        let shortfalls: Vec<String> = known
            .filter_map(|one| Some(format!("{}: {}", one.subject, one.shortfall()?)))
            .collect();
        self.inventory.gaps().into_iter().chain(shortfalls).collect()
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        self.inventory.warnings.iter().map(ToString::to_string).collect()
    }
}

/// Packages of the distribution where none was found, and kinds of packages that are in the image and that no cataloger
/// reads.
fn uncatalogued(inventory: &Inventory) -> impl Iterator<Item = Coverage> {
    let missing = inventory
        .missing_database()
        .map(|reason| not_assessed("packages of the distribution".to_owned(), reason));
    let unlisted = inventory
        .nothing_listed()
        .map(|reason| not_assessed("packages".to_owned(), reason.to_owned()));
    let unread = inventory.uncatalogued.iter().map(move |unread| {
        let reason = format!(
            "there are such files, one is `{}`, and not all that is in them is known",
            unread.example
        );
        not_assessed(unread.kind.clone(), reason)
    });
    missing.into_iter().chain(unlisted).chain(unread)
}

fn not_assessed(subject: String, reason: String) -> Coverage {
    Coverage {
        subject,
        ecosystem: None,
        packages: None,
        status: CoverageStatus::NotAssessed { reason },
    }
}

/// The report of one scan. `name` is what the user called the image.
pub(crate) fn scan_report(
    image: &Image,
    name: &str,
    scanned: &Scanned,
    known: &Advisories,
) -> anyhow::Result<ScanReport> {
    let report = inventory_report(image, name, scanned.inventory.clone())?;
    Ok(ScanReport {
        coverage: scanned.coverage(),
        database: Some(known.summary()),
        vulnerabilities: scanned.matches.vulnerabilities.clone(),
        ..report
    })
}

/// What is in `image`, and nothing more: no advisories, no licences.
pub(crate) fn inventory_report(
    image: &Image,
    name: &str,
    inventory: Inventory,
) -> anyhow::Result<ScanReport> {
    stock(artifact(image, name, &inventory)?, inventory)
}

/// The report of what is in `artifact`.
fn stock(artifact: Artifact, inventory: Inventory) -> anyhow::Result<ScanReport> {
    Ok(ScanReport {
        coverage: uncatalogued(&inventory).collect(),
        dependencies: inventory.dependencies.clone(),
        secrets: inventory.secrets.clone(),
        secret_scope: Some(inventory.secret_scope.to_string()),
        warnings: inventory.warnings.iter().map(ToString::to_string).collect(),
        ..blank(artifact, inventory.packages)?
    })
}

/// What is in the directory `tree`, and nothing more. `name` is what the user called it; `files` asks for the files of
/// packages.
pub(crate) fn directory_report(tree: &FileTree, name: &str, files: bool) -> anyhow::Result<ScanReport> {
    let inventory = Inventory::of_tree(tree, files)?;
    let artifact = Artifact {
        distribution: inventory.distribution.clone(),
        release: inventory.release.clone(),
        end_of_life: inventory.end_of_life(),
        ..Artifact::new(name, ArtifactKind::Directory)
    };
    stock(artifact, inventory)
}

/// What was scanned.
pub(crate) fn artifact(image: &Image, name: &str, inventory: &Inventory) -> anyhow::Result<Artifact> {
    Ok(Artifact {
        image_id: Some(image.id),
        manifest_digest: image.manifest_digest,
        references: image.references.clone(),
        platform: Some(image.config.platform()),
        created: image.config.created.clone(),
        size_bytes: Some(image.size()?),
        diff_ids: image.layers.iter().map(|layer| layer.diff_id).collect(),
        layer_sizes: image
            .layers
            .iter()
            .map(Layer::tar_size)
            .collect::<Result<_, _>>()?,
        distribution: inventory.distribution.clone(),
        release: inventory.release.clone(),
        end_of_life: inventory.end_of_life(),
        image_config: shown_config(image),
        ..Artifact::new(name, ArtifactKind::ContainerImage)
    })
}

/// The image's configuration as it is, but for the secrets in it.
fn shown_config(image: &Image) -> Option<serde_json::Value> {
    let mut config = serde_json::from_slice(&image.config_bytes).ok()?;
    Redaction::of(&image.config).json(&mut config);
    Some(config)
}

/// What an SBOM says, in the same form.
pub(crate) fn sbom_report(mut sbom: Sbom) -> anyhow::Result<ScanReport> {
    if let (Some(distribution), None) = (&sbom.artifact.distribution, &sbom.artifact.end_of_life) {
        sbom.artifact.end_of_life = end_of_life(distribution);
    }
    let mut coverage = sbom.unread;
    if sbom.packages.is_empty() && coverage.is_empty() {
        let reason = "the SBOM lists no packages".to_owned();
        coverage.push(not_assessed("packages".to_owned(), reason));
    }
    Ok(ScanReport {
        coverage,
        dependencies: sbom.dependencies,
        warnings: sbom.warnings,
        ..blank(sbom.artifact, sbom.packages)?
    })
}

fn blank(artifact: Artifact, packages: Vec<Package>) -> anyhow::Result<ScanReport> {
    Ok(ScanReport {
        schema_version: SchemaVersion::default(),
        created_at: created_at()?,
        tool: tool(),
        artifact,
        coverage: Vec::new(),
        database: None,
        packages,
        dependencies: Dependencies::default(),
        vulnerabilities: Vec::new(),
        secrets: Vec::new(),
        secret_scope: None,
        licenses: Vec::new(),
        suppressed: Vec::new(),
        suppressed_secrets: Vec::new(),
        suppressed_licenses: Vec::new(),
        left_out: None,
        remedies: Remedies::default(),
        warnings: Vec::new(),
    })
}

/// Looks for what is asked for in what `report` lists. `known` is needed for vulnerabilities only; without it, they are
/// not assessed.
pub(crate) fn assess(
    report: &mut ScanReport,
    scanners: Scanners,
    known: Option<&Advisories>,
) -> anyhow::Result<()> {
    let unread = std::mem::take(&mut report.coverage);
    match known.filter(|_| scanners.vulnerabilities) {
        Some(known) => {
            let matcher = Matcher::new(Some(known.database()));
            let distribution = report.artifact.distribution.as_ref();
            let matches = matcher.match_all(distribution, &report.packages)?;
            report.coverage = matches.coverage.iter().map(advisories::coverage).collect();
            report.vulnerabilities = matches.vulnerabilities;
            report.database = Some(known.summary());
        }
        None => report.coverage = not_asked(report).collect(),
    }
    report.coverage.extend(unread);
    if !scanners.secrets {
        report.secret_scope = None;
        let wanted = scanners.configuration;
        report
            .secrets
            .retain(|one| wanted && matches!(one.place, Place::Config { .. }));
    }
    if scanners.licenses {
        report.licenses = plimsoll_license::findings(&report.packages);
    }
    if scanners.configuration && report.artifact.kind == ArtifactKind::ContainerImage {
        report.warnings.push(
            "of the configuration, only secrets in it and in the history are looked for; `plimsoll audit` grades the rest"
                .to_owned(),
        );
    }
    Ok(())
}

/// Vulnerabilities that nobody asked for are not assessed, and are not to be taken for none.
fn not_asked(report: &ScanReport) -> impl Iterator<Item = Coverage> + use<> {
    let mut packages: BTreeMap<Ecosystem, usize> = BTreeMap::new();
    for package in &report.packages {
        *packages.entry(package.ecosystem).or_default() += 1;
    }
    packages.into_iter().map(|(ecosystem, count)| Coverage {
        subject: format!("{ecosystem}s"),
        ecosystem: Some(ecosystem),
        packages: Some(count),
        status: CoverageStatus::NotAssessed {
            reason: "vulnerabilities were not asked for".to_owned(),
        },
    })
}
