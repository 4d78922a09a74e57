//! Images and audits as reports show them.

use plimsoll_core::Distribution;
use plimsoll_image::{Healthcheck, Image};
use plimsoll_inventory::Redaction;
use plimsoll_report::{
    AuditReport, Compared, Comparison, HealthcheckSummary, ImageSummary, LayerSummary, Side,
};

use super::{now, scan::Scanned, tool};

/// What an image says about itself. `name` is what the user called it.
pub(crate) fn image_summary(
    image: &Image,
    name: &str,
    distribution: Option<&Distribution>,
) -> anyhow::Result<ImageSummary> {
    let config = &image.config.config;
    let redaction = Redaction::of(&image.config);
    let mut makers = image.config.history.iter().filter(|entry| !entry.empty_layer);
    let mut layers = Vec::new();
    for layer in &image.layers {
        let created_by = makers.next().and_then(|entry| entry.created_by.clone());
        layers.push(LayerSummary {
            diff_id: layer.diff_id,
            created_by: redaction.text(&created_by.unwrap_or_default()),
            size_bytes: layer.size()?,
            empty: layer.is_empty()?,
        });
    }
    Ok(ImageSummary {
        name: name.to_owned(),
        id: image.id,
        manifest_digest: image.manifest_digest,
        references: image.references.clone(),
        platform: image.config.platform(),
        created: image.config.created.clone(),
        size_bytes: image.size()?,
        layers,
        user: config.user.clone(),
        healthcheck: config
            .healthcheck
            .as_ref()
            .filter(|check| check.is_active())
            .map(|check| healthcheck(check, &redaction)),
        labels: config
            .labels
            .iter()
            .map(|(name, value)| (name.clone(), redaction.text(value)))
            .collect(),
        exposed_ports: config.exposed_ports.keys().cloned().collect(),
        base: config.labels.get("org.opencontainers.image.base.name").cloned(),
        distribution: distribution.cloned(),
    })
}

fn healthcheck(check: &Healthcheck, redaction: &Redaction) -> HealthcheckSummary {
    HealthcheckSummary {
        test: check.test.iter().map(|word| redaction.text(word)).collect(),
        interval: check.interval,
        timeout: check.timeout,
        start_period: check.start_period,
        start_interval: check.start_interval,
        retries: check.retries,
    }
}

/// A scanned image as one side of a comparison.
pub(crate) fn compared(image: &Image, name: &str, scanned: &Scanned) -> anyhow::Result<Compared> {
    let vulnerabilities = scanned.matches.vulnerabilities.clone();
    Ok(Compared {
        side: Side {
            summary: image_summary(image, name, scanned.inventory.distribution.as_ref())?,
            packages: scanned.inventory.packages.len(),
            coverage: scanned.coverage(),
            vulnerability_counts: vulnerabilities.iter().map(|found| found.severity).collect(),
            matrix: None,
            verdict: None,
            measurements: None,
        },
        packages: scanned.inventory.packages.clone(),
        vulnerabilities,
    })
}

/// An audited image as one side of a comparison.
pub(crate) fn compared_report(report: AuditReport) -> Compared {
    Compared {
        side: Side {
            summary: report.subject,
            packages: report.packages.len(),
            coverage: report.coverage,
            vulnerability_counts: report.vulnerability_counts,
            matrix: Some(report.matrix),
            verdict: Some(report.verdict),
            measurements: Some(report.measurements),
        },
        packages: report.packages,
        vulnerabilities: report.vulnerabilities,
    }
}

/// The comparison of two sides.
pub(crate) fn comparison(before: Compared, after: Compared) -> Comparison {
    Comparison::of(before, after, now(), tool())
}
