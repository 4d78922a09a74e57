//! The report documents.

mod audit;
mod comparison;
mod coverage;
mod image;
mod scan;
mod schema;

pub use audit::{AuditReport, Measurements, PolicyOverride};
pub use comparison::{Changed, Compared, Comparison, PackageDifferences, Side, VulnerabilityDifferences};
pub use coverage::{Coverage, CoverageStatus, DatabaseSummary, FeedSummary};
pub use image::{HealthcheckSummary, ImageSummary, LayerSummary};
pub use scan::{Artifact, ArtifactKind, LeftOut, ScanReport, Subject, SubjectKind};
pub use schema::{Document, SchemaVersion, Tool};
