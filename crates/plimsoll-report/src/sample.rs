//! Reports made by hand, which the tests of all formats share.

use std::collections::BTreeMap;

use plimsoll_core::{
    AdvisoryFeed, Assessment, BaseKind, BaseRemedy, Cell, ChecklistItem, Criterion, Cvss, Decision,
    DecisionStatus, Dependencies, Digest, Distribution, Ecosystem, ExploitPrediction, Finding, FixState,
    Hint, Line, Matrix, Origin, Package, PackageLayer, PackageRemedy, Place, Platform, Remedies, Row,
    Severity, SourcePackage, Suppressed, Vulnerability,
};

use crate::*;

pub(crate) fn tool() -> Tool {
    Tool {
        name: "plimsoll".to_owned(),
        version: "0.0.0".to_owned(),
    }
}

pub(crate) fn package(ecosystem: Ecosystem, name: &str, version: &str) -> Package {
    let distribution = ecosystem.is_distribution();
    Package {
        architecture: distribution.then(|| "amd64".to_owned()),
        source: distribution.then(|| SourcePackage {
            name: format!("{name}-src"),
            version: version.to_owned(),
        }),
        licenses: vec!["MIT".to_owned()],
        evidence: if distribution {
            "var/lib/dpkg/status".to_owned()
        } else {
            format!("app/lib/{name}-{version}.dist-info/METADATA")
        },
        layer: Some(PackageLayer {
            diff_id: Digest::of(b"layer 1"),
            index: 1,
            created_by: "RUN pip install".to_owned(),
        }),
        origin: Origin::App,
        ..Package::new(ecosystem, name, version)
    }
}

pub(crate) fn vulnerability(id: &str, package: Package, severity: Severity, fix: FixState) -> Vulnerability {
    Vulnerability {
        id: id.to_owned(),
        aliases: vec![format!("ALIAS-{id}")],
        package: package.into(),
        severity,
        severity_source: Some("nvd".to_owned()),
        fix,
        fix_requires: None,
        title: "a title with a | pipe, a `tick and \u{1b}[31mcolour".to_owned(),
        description: "the whole text".to_owned(),
        references: vec!["https://example.test/advisory".to_owned()],
        published: Some("2024-05-06T00:00:00Z".to_owned()),
        modified: Some("2025-01-02T03:04:05Z".to_owned()),
        cvss: vec![
            Cvss {
                source: "nvd".to_owned(),
                vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N".to_owned(),
                score: 9.1,
            },
            Cvss {
                source: "ghsa".to_owned(),
                vector: "AV:N/AC:M/Au:N/C:P/I:P/A:P".to_owned(),
                score: 6.8,
            },
        ],
        cwes: vec!["CWE-79".to_owned()],
        exploit_prediction: (severity >= Severity::High).then_some(ExploitPrediction {
            probability: 0.25,
            percentile: 0.9,
        }),
        known_exploited: severity == Severity::Critical,
        feed: AdvisoryFeed {
            id: "sample".to_owned(),
            name: "Sample Feed".to_owned(),
            url: "https://example.test/feed".to_owned(),
        }
        .into(),
        reason: "< 3.2.11".to_owned(),
    }
}

pub(crate) fn assessed(ecosystem: Ecosystem, subject: &str) -> Coverage {
    let status = CoverageStatus::Assessed {
        feeds: vec!["Sample Feed".to_owned()],
        as_of: Some("2026-01-02".to_owned()),
    };
    Coverage {
        subject: subject.to_owned(),
        ecosystem: Some(ecosystem),
        packages: Some(2),
        status,
    }
}

pub(crate) fn not_assessed(ecosystem: Option<Ecosystem>, subject: &str, reason: &str) -> Coverage {
    let status = CoverageStatus::NotAssessed {
        reason: reason.to_owned(),
    };
    Coverage {
        subject: subject.to_owned(),
        ecosystem,
        packages: None,
        status,
    }
}

pub(crate) fn database() -> DatabaseSummary {
    DatabaseSummary {
        builtin: false,
        built_at: Some("2026-01-03T04:05:06Z".to_owned()),
        feeds: vec![FeedSummary {
            id: "sample".to_owned(),
            name: "Sample Feed".to_owned(),
            as_of: Some("2026-01-02".to_owned()),
            records: 1234,
        }],
    }
}

fn packages() -> Vec<Package> {
    vec![
        package(Ecosystem::Deb, "libssl3", "1:3.0.9-1"),
        package(Ecosystem::PyPi, "Django", "3.2.10"),
        package(Ecosystem::PyPi, "flask", "2.3.0"),
    ]
}

/// Both Python packages need the library, and one the other.
fn dependencies() -> Dependencies {
    let mut dependencies = Dependencies::default();
    dependencies.add(1, [0]);
    dependencies.add(2, [0, 1]);
    dependencies
}

fn vulnerabilities() -> Vec<Vulnerability> {
    let django = || package(Ecosystem::PyPi, "Django", "3.2.10");
    vec![
        vulnerability(
            "CVE-2024-0001",
            django(),
            Severity::High,
            FixState::Fixed("3.2.11".to_owned()),
        ),
        vulnerability("CVE-2024-0002", django(), Severity::Critical, FixState::Affected),
        vulnerability(
            "GHSA-aaaa-bbbb-cccc",
            django(),
            Severity::Unknown,
            FixState::WontFix,
        ),
    ]
}

fn secret() -> Finding {
    Finding {
        check: "secret-github-token".to_owned(),
        severity: Severity::Critical,
        message: "GitHub token in line 3".to_owned(),
        place: Place::Layer {
            diff_id: Digest::of(b"layer 1"),
            path: "app/deploy.env".to_owned(),
            line: Some(3),
        },
        evidence: "ghp_********".to_owned(),
        remedy: Some(Hint::new("revoke it, and use `RUN --mount=type=secret`")),
    }
}

pub(crate) fn scan() -> ScanReport {
    ScanReport {
        schema_version: SchemaVersion::default(),
        created_at: "2026-01-04T00:00:00Z".to_owned(),
        tool: tool(),
        artifact: Artifact {
            name: "app:1".to_owned(),
            kind: ArtifactKind::ContainerImage,
            subject: None,
            image_id: Some(Digest::of(b"config")),
            manifest_digest: Some(Digest::of(b"manifest")),
            references: vec!["app:1".parse().unwrap()],
            platform: Some("linux/amd64".parse().unwrap()),
            created: Some("2026-01-01T00:00:00Z".to_owned()),
            size_bytes: Some(133_000_000),
            diff_ids: vec![Digest::of(b"layer 0"), Digest::of(b"layer 1")],
            layer_sizes: vec![130_000_896, 5_000_192],
            distribution: Some(debian()),
            release: Some("12.5".to_owned()),
            end_of_life: None,
            image_config: None,
        },
        coverage: vec![
            assessed(Ecosystem::PyPi, "Python packages"),
            not_assessed(
                Some(Ecosystem::Deb),
                "Debian packages (debian 12)",
                "the database has no feed for debian 12",
            ),
            not_assessed(
                None,
                "npm packages",
                "no cataloger reads them (`srv/node_modules/a/package.json`)",
            ),
        ],
        database: Some(database()),
        packages: packages(),
        dependencies: dependencies(),
        vulnerabilities: vulnerabilities(),
        secrets: vec![secret()],
        secret_scope: Some("120 files searched; not: 30 owned by the distribution's packages".to_owned()),
        licenses: plimsoll_license::findings(&packages()),
        suppressed: vec![Suppressed {
            finding: vulnerability(
                "CVE-2024-0008",
                package(Ecosystem::PyPi, "flask", "2.3.0"),
                Severity::Medium,
                FixState::Affected,
            ),
            decision: Decision {
                status: DecisionStatus::NotAffected,
                justification: Some("vulnerable_code_not_present".to_owned()),
                reason: "the `debug` server is not used".to_owned(),
                source: ".plimsollignore".to_owned(),
                expires: Some("2026-12-31".to_owned()),
            },
        }],
        suppressed_secrets: Vec::new(),
        suppressed_licenses: Vec::new(),
        left_out: None,
        remedies: Remedies {
            packages: vec![PackageRemedy {
                ecosystem: Ecosystem::PyPi,
                package: "Django".to_owned(),
                installed: "3.2.10".to_owned(),
                version: "3.2.11".to_owned(),
                requires: None,
                resolves: vec!["CVE-2024-0001".to_owned()],
                remaining: 1,
                origin: Origin::App,
            }],
            bases: vec![BaseRemedy {
                kind: BaseKind::Release,
                base: "debian 13".to_owned(),
                resolves: vec!["CVE-2024-0002".to_owned(), "CVE-2024-0003".to_owned()],
                remaining: 1,
                unknown: 3,
                added: None,
            }],
        },
        warnings: vec!["`var/lib/dpkg/status`: line 7 is not a field".to_owned()],
    }
}

fn debian() -> Distribution {
    Distribution {
        id: "debian".to_owned(),
        version_id: "12".to_owned(),
        codename: Some("bookworm".to_owned()),
        pretty_name: None,
    }
}

fn image(name: &str, size_bytes: u64) -> ImageSummary {
    let layer = |index: u64| LayerSummary {
        diff_id: Digest::of(format!("layer {index}").as_bytes()),
        created_by: format!("RUN step {index} | tee"),
        size_bytes: index * 1000,
        empty: index == 0,
    };
    ImageSummary {
        name: name.to_owned(),
        id: Digest::of(name.as_bytes()),
        manifest_digest: None,
        references: Vec::new(),
        platform: Platform {
            os: "linux".to_owned(),
            architecture: "amd64".to_owned(),
            variant: None,
        },
        created: None,
        size_bytes,
        layers: (0..3).map(layer).collect(),
        user: "1000:1000".to_owned(),
        healthcheck: Some(HealthcheckSummary {
            test: vec![
                "CMD-SHELL".to_owned(),
                "python healthcheck.py || exit 1".to_owned(),
            ],
            interval: Some(30_000_000_000),
            timeout: None,
            start_period: None,
            start_interval: None,
            retries: Some(3),
        }),
        labels: BTreeMap::from([("org.opencontainers.image.version".to_owned(), "1.0".to_owned())]),
        exposed_ports: vec!["5000/tcp".to_owned()],
        base: None,
        distribution: Some(debian()),
    }
}

fn row(criterion: Criterion, cells: [(&str, Assessment, &str); 3]) -> Row {
    let cell = |(line, (requirement, assessment, evidence)): (Line, (&str, Assessment, &str))| Cell {
        line,
        requirement: requirement.to_owned(),
        assessment,
        evidence: evidence.to_owned(),
    };
    Row {
        criterion,
        cells: Line::ALL.into_iter().zip(cells).map(cell).collect(),
    }
}

fn matrix() -> Matrix {
    use Assessment::{Met, NotAssessed, Unmet};
    Matrix {
        rows: vec![
            row(
                Criterion::Size,
                [
                    ("< 500 MB", Met, "133 MB"),
                    ("< 300 MB", Met, "133 MB"),
                    ("< 150 MB", Met, "133 MB"),
                ],
            ),
            row(
                Criterion::Vulnerabilities,
                [
                    ("assessed", NotAssessed, "`debian` 12 is not in the database"),
                    (
                        "no fixable CRITICAL",
                        NotAssessed,
                        "`debian` 12 is not in the database",
                    ),
                    (
                        "no CRITICAL, no fixable HIGH",
                        Unmet,
                        "`CVE-2024-0002` is CRITICAL",
                    ),
                ],
            ),
        ],
    }
}

pub(crate) fn audit() -> AuditReport {
    let matrix = matrix();
    let vulnerabilities = vulnerabilities();
    AuditReport {
        schema_version: SchemaVersion::default(),
        generated_at: "2026-01-04T00:00:00Z".to_owned(),
        tool: tool(),
        subject: image("app:1", 133_000_000),
        verdict: matrix.verdict(Line::Production),
        matrix,
        gate: Some("`--line production`".to_owned()),
        checklist: vec![ChecklistItem {
            title: "health check present and active".to_owned(),
            assessment: Assessment::Met,
            evidence: "healthy after 2.1 s".to_owned(),
        }],
        coverage: scan().coverage,
        database: Some(database()),
        vulnerability_counts: vulnerabilities.iter().map(|one| one.severity).collect(),
        vulnerabilities,
        suppressed: Vec::new(),
        suppressed_secrets: Vec::new(),
        findings: vec![secret()],
        measurements: Measurements {
            start_ms: Some(27),
            healthy_ms: Some(2100),
            memory_bytes: Some(45_670_000),
            ..Measurements::default()
        },
        overrides: vec![PolicyOverride {
            criterion: Some(Criterion::Size),
            line: Some(Line::Production),
            setting: "size.production".to_owned(),
            default: "150 MB".to_owned(),
            value: "200 MB".to_owned(),
            source: "plimsoll.toml".to_owned(),
        }],
        packages: packages(),
        warnings: Vec::new(),
    }
}

fn compared(summary: ImageSummary, packages: Vec<Package>, vulnerabilities: Vec<Vulnerability>) -> Compared {
    let side = Side {
        summary,
        packages: packages.len(),
        coverage: vec![assessed(Ecosystem::PyPi, "Python packages")],
        vulnerability_counts: vulnerabilities.iter().map(|one| one.severity).collect(),
        matrix: Some(matrix()),
        verdict: None,
        measurements: None,
    };
    Compared {
        side,
        packages,
        vulnerabilities,
    }
}

/// The first image has what [`scan`] has; the second has another Django, one package less and one more, and only the
/// first vulnerability, and its Debian packages were not assessed.
pub(crate) fn sides() -> (Compared, Compared) {
    let ssl = vulnerability(
        "CVE-2024-0003",
        packages()[0].clone(),
        Severity::Low,
        FixState::EndOfLife,
    );
    let mut before = compared(image("app:bad", 1_200_000_000), packages(), vulnerabilities());
    before.vulnerabilities.push(ssl);
    let after = vec![
        package(Ecosystem::Deb, "libssl3", "1:3.0.9-1"),
        package(Ecosystem::PyPi, "Django", "3.2.11"),
        package(Ecosystem::PyPi, "gunicorn", "20.1.0"),
    ];
    let new = vulnerability(
        "CVE-2024-0009",
        after[2].clone(),
        Severity::Medium,
        FixState::Affected,
    );
    let kept = vulnerability(
        "CVE-2024-0001",
        after[1].clone(),
        Severity::High,
        FixState::Affected,
    );
    let mut after = compared(image("app:good", 133_000_000), after, vec![kept, new]);
    after.side.coverage.push(not_assessed(
        Some(Ecosystem::Deb),
        "Debian packages (debian 12)",
        "no feed",
    ));
    (before, after)
}

pub(crate) fn comparison() -> Comparison {
    let (before, after) = sides();
    Comparison::of(before, after, "2026-01-04T00:00:00Z".to_owned(), tool())
}
