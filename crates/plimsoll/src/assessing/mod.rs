//! From an image to what is said about it: inventory, matched advisories, matrix, report documents.

mod advisories;
mod audit;
mod context;
mod scan;
mod summary;

pub(crate) use advisories::{Advisories, AgeLimit};
pub(crate) use audit::{AuditRequest, audit};
pub(crate) use context::secrets_in_context;
pub(crate) use scan::{scan, scan_layers, scan_report};
pub(crate) use summary::{compared, compared_report, comparison, image_summary};

use plimsoll_report::Tool;

/// This program, as reports name it.
pub(crate) fn tool() -> Tool {
    Tool {
        name: "plimsoll".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// The time in whole seconds, as reports say when they were made.
pub(crate) fn now() -> String {
    let now = jiff::Timestamp::now();
    let whole = jiff::Timestamp::from_second(now.as_second()).unwrap_or(now);
    whole.to_string()
}
