//! The vocabulary that every part of Plimsoll shares.
//!
//! Nothing here does any input or output. Each module holds one idea; the names are the field's own
//! (OCI image specification, distribution references, OSV, Docker).

mod decision;
mod dependencies;
mod digest;
mod distribution;
mod end_of_life;
mod finding;
mod hint;
mod license;
mod matrix;
mod package;
mod platform;
mod purl;
mod reference;
mod remedy;
mod severity;
mod sha256;
mod source_epochs;
mod span;
mod vulnerability;

pub use decision::{Decision, DecisionStatus, Suppressed};
pub use dependencies::Dependencies;
pub use digest::{Digest, DigestError};
pub use distribution::Distribution;
pub use end_of_life::EndOfLife;
pub use finding::{Finding, Place};
pub use hint::Hint;
pub use license::{LicenseCategory, LicenseFinding};
pub use matrix::{Assessment, Cell, ChecklistItem, Criterion, Line, Matrix, ParseLineError, Row, Verdict};
pub use package::{Ecosystem, Origin, Package, PackageLayer, SourcePackage};
pub use platform::{Platform, PlatformError};
pub use purl::{Purl, PurlError};
pub use reference::{Reference, ReferenceError};
pub use remedy::{BaseKind, BaseRemedy, PackageRemedy, Remedies};
pub use severity::{ParseSeverityError, Severity, SeverityCounts};
pub use sha256::Sha256;
pub use source_epochs::SourceEpochs;
pub use span::Span;
pub use vulnerability::{AdvisoryFeed, Cvss, ExploitPrediction, FixState, Vulnerability};
