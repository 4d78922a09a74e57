//! From an image to what is said about it: inventory, matched advisories, matrix, report documents.

mod advisories;
mod audit;
mod context;
mod decisions;
mod gate;
mod remedies;
mod scan;
mod summary;

pub(crate) use advisories::{Advisories, AgeLimit};
pub(crate) use audit::{AuditRequest, audit};
pub(crate) use context::secrets_in_context;
pub(crate) use decisions::{DecisionArgs, decide};
pub(crate) use gate::Gate;
pub(crate) use remedies::advise;
pub(crate) use scan::{
    Scanners, artifact, assess, directory_report, inventory, inventory_report, sbom_report, scan, scan_report,
};
pub(crate) use summary::{compared, compared_report, comparison, image_summary};

use plimsoll_report::Tool;

/// This program, as reports name it.
pub(crate) fn tool() -> Tool {
    Tool {
        name: "plimsoll".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// When a report says that it was made: `SOURCE_DATE_EPOCH` where that is set, so that a report made again is the same
/// one, else now.
pub(crate) fn created_at() -> anyhow::Result<String> {
    match crate::settings::source_date_epoch()? {
        None => Ok(now()),
        Some(seconds) => match jiff::Timestamp::from_second(seconds) {
            Ok(stated) => Ok(stated.to_string()),
            Err(_) => Err(crate::failure::Failure::usage(format!(
                "SOURCE_DATE_EPOCH is `{seconds}`, which no date has"
            ))
            .into()),
        },
    }
}

/// The time in whole seconds, as reports say when they were made.
pub(crate) fn now() -> String {
    let now = jiff::Timestamp::now();
    let whole = jiff::Timestamp::from_second(now.as_second()).unwrap_or(now);
    whole.to_string()
}
