//! The audit of one image: scan, probe, matrix, report.

use std::path::Path;

use plimsoll_advisory::decisions::{Decisions, Kind};
use plimsoll_audit::probe::{Probed, probe};
use plimsoll_audit::{ContextSecrets, Gate, Policy, Subject};
use plimsoll_core::{Finding, Line, SeverityCounts};
use plimsoll_image::{Image, Store};
use plimsoll_report::{AuditReport, Measurements, PolicyOverride, SchemaVersion};
use plimsoll_sandbox::Engine;

use super::{Advisories, artifact, decide, image_summary, now, scan, tool};

/// What is to be audited, and how.
pub(crate) struct AuditRequest<'a> {
    /// The image.
    pub(crate) image: &'a Image,
    /// What the user called it.
    pub(crate) name: &'a str,
    /// What looks like a secret in the build context; `None` where no context is known.
    pub(crate) context: Option<&'a [Finding]>,
    /// How it was built, if this run built it.
    pub(crate) built: Option<&'a str>,
    /// The line that is asked for.
    pub(crate) line: Line,
    /// What the result decides.
    pub(crate) gate: Gate,
    /// The policy, and the file that it was read from.
    pub(crate) policy: &'a Policy,
    pub(crate) policy_file: Option<&'a Path>,
    /// What people decided beforehand.
    pub(crate) decisions: &'a Decisions,
    /// Why the image is not to be run; `None` to run it.
    pub(crate) without_probe: Option<&'a str>,
}

/// Audits an image that is in `store`.
pub(crate) fn audit(
    store: &Store,
    known: &Advisories,
    request: &AuditRequest<'_>,
) -> anyhow::Result<AuditReport> {
    let image = request.image;
    let mut scanned = scan(image, store, known)?;
    let decided = decide(
        request.decisions,
        &artifact(image, request.name, &scanned.inventory)?,
        &[Kind::Vulnerability, Kind::Secret],
        std::mem::take(&mut scanned.matches.vulnerabilities),
        std::mem::take(&mut scanned.inventory.secrets),
        None,
    );
    scanned.matches.vulnerabilities = decided.vulnerabilities.counted;
    scanned.inventory.secrets = decided.secrets.counted;
    let scanned = scanned;
    let probed = match request.without_probe {
        Some(reason) => Probed::NotRun(reason.to_owned()),
        None => probe(&Engine::new(store), image, &request.policy.probe)?,
    };
    let summary = image_summary(image, request.name, scanned.inventory.distribution.as_ref())?;
    let unassessed = scanned.unassessed();
    let secret_scope = scanned.inventory.secret_scope.to_string();
    let vulnerabilities = &scanned.matches.vulnerabilities;
    let subject = Subject {
        image,
        size_bytes: summary.size_bytes,
        empty_layers: summary.layers.iter().filter(|layer| layer.empty).count(),
        vulnerabilities,
        unassessed: &unassessed,
        knows_exploited: known.knows_exploited(),
        secrets: &scanned.inventory.secrets,
        secret_scope: &secret_scope,
        context: request
            .context
            .map_or(ContextSecrets::NotGiven, ContextSecrets::Scanned),
        probed: &probed,
        gate: request.gate.clone(),
    };
    let matrix = plimsoll_audit::assess(&subject, request.policy);
    let checklist = plimsoll_audit::checklist(&subject, request.policy, request.built);
    let counts: SeverityCounts = vulnerabilities.iter().map(|found| found.severity).collect();
    let findings = scanned
        .inventory
        .secrets
        .iter()
        .chain(request.context.unwrap_or_default())
        .cloned();
    Ok(AuditReport {
        schema_version: SchemaVersion::default(),
        generated_at: now(),
        tool: tool(),
        verdict: matrix.verdict(request.line),
        matrix,
        gate: match &request.gate {
            Gate::Enforced(how) => Some(how.clone()),
            Gate::Advisory => None,
        },
        checklist,
        coverage: scanned.coverage(),
        database: Some(known.summary()),
        vulnerability_counts: counts,
        vulnerabilities: vulnerabilities.clone(),
        suppressed: decided.vulnerabilities.suppressed,
        suppressed_secrets: decided.secrets.suppressed,
        findings: findings.collect(),
        measurements: measurements(&probed),
        overrides: overrides(request),
        packages: scanned.inventory.packages.clone(),
        warnings: scanned.warnings().into_iter().chain(decided.remarks).collect(),
        subject: summary,
    })
}

fn measurements(probed: &Probed) -> Measurements {
    let measured = probed.measured();
    Measurements {
        start_ms: measured.start_ms,
        healthy_ms: measured.healthy_ms,
        first_answer_ms: measured.first_answer_ms,
        stop_ms: measured.stop_ms,
        memory_bytes: measured.memory_bytes,
        pids: measured.pids,
    }
}

fn overrides(request: &AuditRequest<'_>) -> Vec<PolicyOverride> {
    let source = request
        .policy_file
        .map(|file| file.display().to_string())
        .unwrap_or_default();
    let shown = request.policy.overrides.iter().map(|change| {
        let (criterion, line) = change.key.split_once('.').unwrap_or((&change.key, ""));
        PolicyOverride {
            criterion: plimsoll_core::Criterion::ALL
                .into_iter()
                .find(|known| known.as_str() == criterion),
            line: line.parse().ok(),
            setting: change.key.clone(),
            default: change.default.clone(),
            value: change.value.clone(),
            source: source.clone(),
        }
    });
    shown.collect()
}
