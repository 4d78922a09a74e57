use std::path::Path;

use plimsoll_core::{Severity, Vulnerability};
use plimsoll_image::Store;
use plimsoll_report::{Coverage, CoverageStatus, LeftOut, ScanReport};

use super::Args;
use crate::assessing::{Advisories, advise, assess, decide};
use crate::exit;
use crate::failure::{self, Failure};
use crate::invocation::Invocation;
use crate::reports::{Output, write_all};

/// What a scan comes to, before anything is said of it.
pub(super) struct Conclusion {
    report: ScanReport,
    /// What is to be said about decisions.
    remarks: Vec<String>,
    /// The report as it goes to the first output, where that was made before it can be said.
    ahead: Option<Vec<u8>>,
}

impl Conclusion {
    /// Looks for what is asked for.
    pub(super) fn of(
        invocation: &Invocation,
        args: &Args,
        outputs: &[Output],
        mut report: ScanReport,
        known: Option<&Advisories>,
        store: Option<&Store>,
    ) -> anyhow::Result<Self> {
        let decisions = args.decisions.read(Path::new("."))?;
        assess(&mut report, args.scanners(), known)?;
        expect_advisories(&report)?;
        let found = std::mem::take(&mut report.vulnerabilities);
        let secrets = std::mem::take(&mut report.secrets);
        let licenses = args
            .scanners()
            .licenses
            .then(|| std::mem::take(&mut report.licenses));
        let sought = args.scanners().sought(report.artifact.kind);
        let decided = decide(&decisions, &report.artifact, &sought, found, secrets, licenses);
        (report.vulnerabilities, report.suppressed) = (
            decided.vulnerabilities.counted,
            decided.vulnerabilities.suppressed,
        );
        (report.secrets, report.suppressed_secrets) = (decided.secrets.counted, decided.secrets.suppressed);
        if let Some(licenses) = decided.licenses {
            (report.licenses, report.suppressed_licenses) = (licenses.counted, licenses.suppressed);
        }
        narrow(&mut report, args, known)?;
        if let Some(known) = known.filter(|_| outputs.iter().any(|output| output.format.shows_remedies())) {
            let opened = match store {
                None if !args.base.is_empty() => Some(invocation.store()?),
                _ => None,
            };
            report.remedies = advise(&report, known, store.or(opened.as_ref()), &args.base)?;
        }
        // Others, and the long lists of files, would take more memory than making them later takes time.
        let first = outputs.first().filter(|_| !args.files);
        Ok(Self {
            ahead: first.and_then(|output| output.rendered(invocation.printer, &report).ok()),
            remarks: decided.remarks,
            report,
        })
    }

    /// Adds to the report's warnings.
    pub(super) fn warn(&mut self, warnings: Vec<String>) {
        if !warnings.is_empty() {
            self.ahead = None;
            self.report.warnings.extend(warnings);
        }
    }

    /// Writes the report, and says what it does not.
    pub(super) fn tell(self, invocation: &Invocation, args: &Args, outputs: &[Output]) -> anyhow::Result<u8> {
        let report = &self.report;
        told(invocation, report, outputs);
        for remark in &self.remarks {
            invocation.printer.warn(remark);
        }
        write_all(outputs, invocation.printer, report, self.ahead)?;
        let nothing =
            report.vulnerabilities.is_empty() && report.secrets.is_empty() && report.licenses.is_empty();
        let assessed = args.gate().assessed(report, invocation.printer);
        match nothing || args.exit_code == exit::DONE {
            true => assessed.map(|()| exit::DONE).map_err(Into::into),
            false => {
                if let Err(failure) = assessed {
                    invocation.printer.error(&failure::message(&failure.into()));
                }
                Ok(args.exit_code)
            }
        }
    }
}

/// Leaves out what was not asked for, and notes how much that is. A database that cannot tell what is urgent is no reason
/// to show nothing.
fn narrow(report: &mut ScanReport, args: &Args, known: Option<&Advisories>) -> anyhow::Result<()> {
    let missing = |what: &str, option: &str| {
        Failure::new(format!(
            "the advisory database has no {what}, so `{option}` cannot be answered"
        ))
        .with_hint("`plimsoll db update` fetches all feeds; `plimsoll db status` lists those that are there")
    };
    let mut by = Vec::new();
    let before = [
        report.vulnerabilities.len(),
        report.secrets.len(),
        report.licenses.len(),
    ];
    if let Some(known) = known.filter(|_| args.only_kev) {
        if !known.knows_exploited() {
            return Err(missing("list of exploited vulnerabilities (KEV)", "--only-kev").into());
        }
        report.vulnerabilities.retain(|found| found.known_exploited);
        by.push("`--only-kev`".to_owned());
    }
    if let (Some(least), Some(known)) = (args.min_epss, known) {
        if !known.database().status().has_exploit_predictions() {
            return Err(missing("exploit predictions (EPSS)", "--min-epss").into());
        }
        let likely = |found: &Vulnerability| {
            found
                .exploit_prediction
                .is_some_and(|one| one.probability >= least)
        };
        report.vulnerabilities.retain(likely);
        by.push(format!("`--min-epss {least}`"));
    }
    if !args.severity.is_empty() {
        let shown = |severity: &Severity| args.severity.contains(severity);
        report.vulnerabilities.retain(|found| shown(&found.severity));
        report.secrets.retain(|found| shown(&found.severity));
        report.licenses.retain(|found| shown(&found.severity));
        let names: Vec<&str> = args.severity.iter().map(|one| one.as_str()).collect();
        by.push(format!("`--severity {}`", names.join(",")));
    }
    if args.ignore_unfixed {
        report
            .vulnerabilities
            .retain(|found| found.fix.fixed_version().is_some());
        by.push("`--ignore-unfixed`".to_owned());
    }
    if !by.is_empty() {
        let [vulnerabilities, secrets, licenses] = before;
        report.left_out = Some(LeftOut {
            by,
            vulnerabilities: vulnerabilities - report.vulnerabilities.len(),
            secrets: secrets - report.secrets.len(),
            licenses: licenses - report.licenses.len(),
        });
    }
    Ok(())
}

/// When nothing at all could be compared with advisories, there is no result to report.
fn expect_advisories(report: &ScanReport) -> Result<(), Failure> {
    let looked_at = |one: &Coverage| !matches!(one.status, CoverageStatus::NotAssessed { .. });
    if is_builtin(report) && !report.packages.is_empty() && !report.coverage.iter().any(looked_at) {
        return Err(Failure::new(
            "there is no advisory database, so nothing can be said about these packages",
        )
        .with_hint("fetch one with `plimsoll db update`, or make one with `plimsoll db build --from DIR`"));
    }
    Ok(())
}

/// Whether only the built-in set of advisories was there.
fn is_builtin(report: &ScanReport) -> bool {
    report.database.as_ref().is_some_and(|database| database.builtin)
}

/// Says on stderr what the report cannot speak of, unless the report itself says it to the same person.
fn told(invocation: &Invocation, report: &ScanReport, outputs: &[Output]) {
    let printer = invocation.printer;
    if is_builtin(report) {
        printer.warn(
            "no advisory database: only the small built-in demo set was used; see `plimsoll db update`",
        );
    }
    let reads = |output: &Output| output.file.is_none() && output.format.is_for_people();
    if outputs.iter().any(reads) {
        return;
    }
    let asked = report.database.is_some();
    for one in report.coverage.iter().filter(|_| asked) {
        if let Some(reason) = one.shortfall() {
            printer.warn(&format!("not fully assessed: {}: {reason}", one.subject));
        }
    }
    for warning in &report.warnings {
        printer.warn(warning);
    }
}
