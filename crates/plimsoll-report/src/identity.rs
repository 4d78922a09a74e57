//! Names for packages and documents that are the same for the same content.

use std::collections::HashMap;

use plimsoll_core::{Digest, Package};

use crate::{Artifact, ScanReport, purl};

/// A short name of a package that tells it from every other one of an image: 16 hexadecimal digits made of its kind,
/// name, version, architecture and the file that proves it.
pub(crate) fn uid(package: &Package) -> String {
    let parts = [
        package.ecosystem.purl_type(),
        &package.name,
        &package.version,
        package.architecture.as_deref().unwrap_or_default(),
        &package.evidence,
    ];
    short(&parts)
}

/// 16 hexadecimal digits that stand for `parts`.
pub(crate) fn short(parts: &[&str]) -> String {
    let digest = Digest::of(parts.join("\0").as_bytes());
    digest.hex().chars().take(16).collect()
}

/// A UUID (RFC 9562, version 8) that stands for what a document says of an artifact and for when it was made.
pub(crate) fn uuid(report: &ScanReport, kind: &str) -> String {
    let artifact = &report.artifact;
    let id = artifact.image_id.map(|id| id.to_string()).unwrap_or_default();
    let mut parts = vec![
        kind,
        &report.tool.version,
        &report.created_at,
        &artifact.name,
        &id,
    ];
    let uids: Vec<String> = report.packages.iter().map(uid).collect();
    parts.extend(uids.iter().map(String::as_str));
    parts.extend(report.vulnerabilities.iter().map(|one| one.id.as_str()));
    let hex = Digest::of(parts.join("\0").as_bytes()).hex();
    format!(
        "{}-{}-8{}-8{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..32]
    )
}

/// A reference for each of `packages`, in their order: the package URL where only one package has it, else one made of
/// its [`uid`].
pub(crate) fn references(packages: &[Package], artifact: &Artifact) -> Vec<String> {
    let purls: Vec<String> = packages
        .iter()
        .map(|package| purl_in(package, artifact))
        .collect();
    let mut count: HashMap<&str, usize> = HashMap::new();
    for purl in &purls {
        *count.entry(purl).or_default() += 1;
    }
    let shared: Vec<bool> = purls.iter().map(|purl| count[purl.as_str()] > 1).collect();
    let mut taken: HashMap<String, usize> = HashMap::new();
    let all = purls.into_iter().zip(shared).zip(packages);
    all.map(|((purl, shared), package)| {
        if !shared {
            return purl;
        }
        let reference = format!("package:{}", uid(package));
        let number = taken.entry(reference.clone()).or_default();
        *number += 1;
        match *number {
            1 => reference,
            number => format!("{reference}-{number}"),
        }
    })
    .collect()
}

/// The package's URL as a package of `artifact`.
pub(crate) fn purl_in(package: &Package, artifact: &Artifact) -> String {
    purl(
        package,
        artifact.distribution.as_ref(),
        artifact.release.as_deref(),
    )
}
