//! Whether enough of what was scanned could be compared with advisories for a gate to let it pass.

use plimsoll_report::{Coverage, CoverageStatus, ScanReport};

use crate::failure::Failure;
use crate::printer::Printer;

/// How much must have been assessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Nothing: the scan finds, and does not judge.
    None,
    /// Something: a result about nothing is none.
    Something,
    /// Everything.
    Everything,
}

impl Gate {
    /// Fails where less was assessed than must be; warns where the gate lets pass what nobody looked at.
    pub(crate) fn assessed(self, report: &ScanReport, printer: Printer) -> Result<(), Failure> {
        let short: Vec<&Coverage> = report.coverage.iter().filter(|one| !one.is_assessed()).collect();
        let (Some(first), false) = (short.first(), self == Self::None) else {
            return Ok(());
        };
        let reason = first.shortfall().unwrap_or_default();
        let more = match short.len() {
            1 => String::new(),
            many => format!(" (and {} more)", many - 1),
        };
        let example = format!("{}: {reason}{more}", first.subject);
        let is_left_out = |one: &Coverage| matches!(one.status, CoverageStatus::NotAssessed { .. });
        if report.coverage.iter().all(is_left_out) {
            return Err(Failure::new(format!("nothing could be assessed: {example}")).with_hint(
                "`plimsoll db status` lists what the database covers, and `plimsoll db update` may bring more; without a \
                 feed, `--scanners secret,license` is a gate for the rest",
            ));
        }
        if self == Self::Everything {
            return Err(Failure::new(format!(
                "not everything could be assessed, as `--require-assessed` asks: {example}"
            ))
            .with_hint("`plimsoll db status` lists what the database covers"));
        }
        printer.warn(&format!(
            "not everything was assessed, and `--exit-code` speaks of the rest only: {example}; \
             `--require-assessed` makes that an error"
        ));
        Ok(())
    }
}
