//! Secrets left in an image: in its configuration, its history, and the files of every layer, those that a later
//! layer deletes included. What is found is shown redacted.

mod config;
mod credentials;
mod files;
mod names;
mod places;
mod redaction;
mod rules;
mod scope;
mod utf16;

pub(crate) use config::in_config;
pub(crate) use files::FileScan;
use files::line_of;
pub use files::secrets_in_file;
pub(crate) use places::{Choice, MAX_FILE, choose};
pub use redaction::Redaction;
pub use scope::SecretScope;

/// Raised when the same file would give something else.
pub(crate) const RULES_VERSION: u32 = 15;
