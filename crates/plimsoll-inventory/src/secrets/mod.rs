//! Secrets left in an image: in its configuration, its history, and the files of every layer, those that a later
//! layer deletes included. What is found is shown redacted.

mod config;
mod files;
mod names;
mod rules;

pub(crate) use config::in_config;
pub use files::secrets_in_file;
pub(crate) use files::{FileScan, MAX_FILE, is_candidate};

/// Raised when the same file would give something else.
pub(crate) const RULES_VERSION: u32 = 2;
