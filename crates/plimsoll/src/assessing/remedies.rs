//! What would make an image's vulnerabilities vanish.

use plimsoll_advisory::remedies;
use plimsoll_core::Remedies;
use plimsoll_image::Store;
use plimsoll_report::ScanReport;

use super::{Advisories, scan};
use crate::sources;

/// Other versions of packages, and other bases: the distribution's newer releases as the advisories know them, and
/// the images in `bases`, which are scanned.
pub(crate) fn advise(
    report: &ScanReport,
    known: &Advisories,
    store: Option<&Store>,
    bases: &[String],
) -> anyhow::Result<Remedies> {
    let found = &report.vulnerabilities;
    let mut remedies = remedies::remedies(known.database(), report.artifact.distribution.as_ref(), found)?;
    for base in bases {
        let Some(store) = store else { break };
        let image = sources::named(store, base, report.artifact.platform.as_ref())?;
        let other = scan(&image, store, known)?;
        remedies
            .bases
            .push(remedies::compared(base, found, &other.matches.vulnerabilities));
    }
    Ok(remedies)
}
