//! The report documents and one renderer per output format.
//!
//! A document ([`ScanReport`], [`AuditReport`], [`Comparison`]) is a plain value that can be written as JSON
//! and read back ([`json`]); the other modules turn it into something for a person or another program.
//! Nothing here reads a file, a clock or the environment: times, widths and colours are given.

mod borrowed;
mod compare;
pub mod cyclonedx;
mod error;
mod facts;
#[cfg(test)]
mod format_tests;
pub mod github;
pub mod gitlab;
mod identity;
mod indented;
pub mod json;
pub mod junit;
pub mod markdown;
mod model;
pub mod openvex;
mod purl;
#[cfg(test)]
mod sample;
pub mod sarif;
pub mod sbom;
mod shown;
pub mod spdx;
pub mod table;
mod targets;
mod text;
mod trivy;
pub mod trivy_json;

pub use error::{Error, Result};
pub use model::{
    Artifact, ArtifactKind, AuditReport, Changed, Compared, Comparison, Coverage, CoverageStatus,
    DatabaseSummary, Document, FeedSummary, HealthcheckSummary, ImageSummary, LayerSummary, LeftOut,
    Measurements, PackageDifferences, PolicyOverride, ScanReport, SchemaVersion, Side, Subject, SubjectKind,
    Tool, VulnerabilityDifferences,
};
pub use purl::{image_purls, purl};
