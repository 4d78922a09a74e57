//! What is in an image, compared with advisories.

use plimsoll_advisory::{Matcher, Matches};
use plimsoll_image::{Image, Store};
use plimsoll_inventory::{AnalysisCache, Inventory, InventoryOptions};
use plimsoll_report::{Artifact, ArtifactKind, Coverage, CoverageStatus, ScanReport, SchemaVersion};

use super::advisories::{self, Advisories};
use super::{now, tool};

/// An image with its inventory and the advisories that match it.
pub(crate) struct Scanned {
    pub(crate) inventory: Inventory,
    pub(crate) matches: Matches,
}

/// Takes stock of `image` and compares it with `known`. Analyses of layers are kept in `store`.
pub(crate) fn scan(image: &Image, store: &Store, known: &Advisories) -> anyhow::Result<Scanned> {
    scan_layers(image, store, known, false)
}

/// As [`scan`]; `all_layers` asks for what later layers removed, too.
pub(crate) fn scan_layers(
    image: &Image,
    store: &Store,
    known: &Advisories,
    all_layers: bool,
) -> anyhow::Result<Scanned> {
    let cache = AnalysisCache::new(store.analyses_dir());
    let options = InventoryOptions {
        cache: Some(&cache),
        all_layers,
        ..InventoryOptions::default()
    };
    let inventory = Inventory::with_options(image, options)?;
    let matcher = Matcher::new(Some(known.database()));
    let matches = matcher.match_all(inventory.distribution.as_ref(), &inventory.packages)?;
    Ok(Scanned { inventory, matches })
}

impl Scanned {
    /// What could be assessed and what not, packages that no cataloger reads among it.
    pub(crate) fn coverage(&self) -> Vec<Coverage> {
        let known = self.matches.coverage.iter().map(advisories::coverage);
        let unread = self.inventory.uncatalogued.iter().map(|unread| Coverage {
            subject: unread.kind.clone(),
            ecosystem: None,
            packages: None,
            status: CoverageStatus::NotAssessed {
                reason: format!("{} are not read yet; one is `{}`", unread.kind, unread.example),
            },
        });
        known.chain(unread).collect()
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

/// The report of one scan. `name` is what the user called the image.
pub(crate) fn scan_report(
    image: &Image,
    name: &str,
    scanned: &Scanned,
    known: &Advisories,
) -> anyhow::Result<ScanReport> {
    Ok(ScanReport {
        schema_version: SchemaVersion::default(),
        created_at: now(),
        tool: tool(),
        artifact: Artifact {
            name: name.to_owned(),
            kind: ArtifactKind::ContainerImage,
            image_id: Some(image.id),
            manifest_digest: image.manifest_digest,
            references: image.references.clone(),
            platform: Some(image.config.platform()),
            created: image.config.created.clone(),
            size_bytes: Some(image.size()?),
            diff_ids: image.layers.iter().map(|layer| layer.diff_id).collect(),
            distribution: scanned.inventory.distribution.clone(),
            release: scanned.inventory.release.clone(),
            end_of_life: scanned.inventory.end_of_life(),
            image_config: serde_json::from_slice(&image.config_bytes).ok(),
        },
        coverage: scanned.coverage(),
        database: Some(known.summary()),
        packages: scanned.inventory.packages.clone(),
        vulnerabilities: scanned.matches.vulnerabilities.clone(),
        secrets: scanned.inventory.secrets.clone(),
        licenses: Vec::new(),
        suppressed: Vec::new(),
        warnings: scanned.warnings(),
    })
}
