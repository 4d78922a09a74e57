//! What is inside a container image: its packages, each with the layer that brought it, its distribution, and
//! the secrets left in it.
//!
//! Every layer is read once by [`analyze_layer`], which depends on nothing but the layer; [`Inventory::of`] lays
//! the analyses over each other, with whiteouts, as a container would see them.

mod analysis;
mod analyze;
mod cache;
mod catalogers;
mod content;
mod dependencies;
mod directories;
mod distribution;
mod edges;
mod end_of_life;
mod error;
mod executable;
mod fields;
mod gaps;
mod history;
mod inventory;
mod lines;
mod merge;
mod owned;
mod paths;
mod programs;
mod secrets;
mod told_once;
mod zip;

pub use analysis::{DistributionFacts, EvidenceFile, FileSecret, FoundPackage, LayerAnalysis, Warning};
pub use analyze::analyze_layer;
pub use cache::AnalysisCache;
pub use end_of_life::end_of_life;
pub use error::{Error, Result};
pub use inventory::{Inventory, InventoryOptions, UncataloguedPackages};
pub use secrets::{Redaction, SecretScope, secrets_in_file};
