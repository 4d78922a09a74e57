//! What every format makes of the same reports.

use std::sync::Arc;

use crate::table::Style;
use crate::{
    LeftOut, ScanReport, cyclonedx, github, gitlab, json, junit, markdown, sample, sarif, spdx, table,
    trivy_json,
};

/// What a renderer writes.
pub(crate) fn written(write: impl FnOnce(&mut dyn std::io::Write) -> crate::Result<()>) -> String {
    crate::indented::text(write).unwrap()
}

const WIDE: Style = Style {
    width: None,
    color: false,
};
const NARROW: Style = Style {
    width: Some(80),
    color: false,
};

#[test]
fn tables() {
    insta::assert_snapshot!("table_scan", table::scan(&sample::scan(), WIDE));
    insta::assert_snapshot!("table_scan_80_columns", table::scan(&sample::scan(), NARROW));
    insta::assert_snapshot!("table_audit", table::audit(&sample::audit(), WIDE));
    insta::assert_snapshot!("table_comparison", table::comparison(&sample::comparison(), WIDE));
}

#[test]
fn markdown() {
    insta::assert_snapshot!("markdown_scan", markdown::scan(&sample::scan()));
    insta::assert_snapshot!("markdown_audit", markdown::audit(&sample::audit()));
    insta::assert_snapshot!("markdown_comparison", markdown::comparison(&sample::comparison()));
}

#[test]
fn jsons() {
    insta::assert_snapshot!("json_scan", json::render(&sample::scan()).unwrap());
    insta::assert_snapshot!("json_audit", json::render(&sample::audit()).unwrap());
    insta::assert_snapshot!(
        "trivy_json",
        written(|out| trivy_json::write(&sample::scan(), out))
    );
}

/// Who reads of a fix is told what it takes to get it; a field for a version holds nothing but the version.
#[test]
fn what_a_fix_requires_is_told() {
    let mut report = sample::scan();
    for found in &mut report.vulnerabilities {
        found.fix = plimsoll_core::FixState::Fixed("3.2.11+esm1".to_owned());
        found.fix_requires = Some("Ubuntu Pro".to_owned());
    }
    report.remedies.packages[0].requires = Some("Ubuntu Pro".to_owned());
    let told = "3.2.11+esm1 (Ubuntu Pro)";
    let remedy = "3.2.11 (Ubuntu Pro)";
    for text in [table::scan(&report, WIDE), markdown::scan(&report)] {
        assert!(text.contains(told) && text.contains(remedy), "{text}");
    }
    for text in [
        written(|out| sarif::write(&report, out)),
        written(|out| gitlab::write(&report, out)),
        written(|out| cyclonedx::write(&report, out)),
        junit::render(&report),
    ] {
        assert!(text.contains(told), "{text}");
    }
    let trivy = written(|out| trivy_json::write(&report, out));
    assert!(trivy.contains(r#""FixedVersion": "3.2.11+esm1""#), "{trivy}");
    let read: ScanReport = json::read(json::render(&report).unwrap().as_bytes()).unwrap();
    assert_eq!(
        read.vulnerabilities[0].fix_requires.as_deref(),
        Some("Ubuntu Pro")
    );
}

/// A report of a distribution that is past its end, with a package that a later layer removed.
#[test]
fn what_is_over_and_what_is_gone_is_told() {
    let mut report = sample::scan();
    report.artifact.end_of_life = Some(plimsoll_core::EndOfLife {
        date: "2025-12-31".to_owned(),
        extended: Some("2028-06-30".to_owned()),
        is_extended: false,
    });
    let removed_by = report.packages[0].layer.clone();
    assert!(removed_by.is_some());
    let name = report.packages[0].name.clone();
    for package in &mut report.packages {
        if package.name == name {
            package.removed_by.clone_from(&removed_by);
        }
    }
    for found in &mut report.vulnerabilities {
        Arc::make_mut(&mut found.package)
            .removed_by
            .clone_from(&removed_by);
    }
    let over = "debian 12 has had no security updates since 2025-12-31; those who pay or enrol for more get them until \
                2028-06-30";
    let table = table::scan(&report, WIDE);
    assert!(table.contains(&format!("end of life: {over}")), "{table}");
    assert!(table.contains("1 of them removed by a later layer"), "{table}");
    assert!(table.contains(" (removed) "), "{table}");
    let text = markdown::scan(&report);
    assert!(text.contains(&format!("**End of life**: {over}.")), "{text}");
    assert!(text.contains(" (removed)"), "{text}");
    assert!(written(|out| trivy_json::write(&report, out)).contains("\"EOSL\": true"));
    report.created_at = "2025-12-31T23:00:00Z".to_owned();
    assert!(!table::scan(&report, WIDE).contains("end of life"));
    assert!(!written(|out| trivy_json::write(&report, out)).contains("EOSL"));
}

#[test]
fn documents_for_other_programs() {
    let report = sample::scan();
    insta::assert_snapshot!("cyclonedx", written(|out| cyclonedx::write(&report, out)));
    insta::assert_snapshot!("spdx_json", written(|out| spdx::write(&report, out)));
    insta::assert_snapshot!("spdx_tag_value", spdx::render_tag_value(&report));
    insta::assert_snapshot!("sarif", written(|out| sarif::write(&report, out)));
    insta::assert_snapshot!("gitlab", written(|out| gitlab::write(&report, out)));
    insta::assert_snapshot!("junit", junit::render(&report));
    let job = github::Job {
        id: "12".to_owned(),
        correlator: "build_scan".to_owned(),
        sha: "0123456789abcdef0123456789abcdef01234567".to_owned(),
        reference: "refs/heads/main".to_owned(),
    };
    insta::assert_snapshot!("github", written(|out| github::write(&report, &job, out)));
}

#[test]
fn sarif_results_point_to_their_rules_and_keep_their_fingerprints() {
    let mut report = sample::scan();
    let prints = |report: &ScanReport| -> Vec<String> {
        let log: serde_json::Value = serde_json::from_str(&written(|out| sarif::write(report, out))).unwrap();
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        for result in results {
            let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
        }
        let print =
            |result: &serde_json::Value| result["partialFingerprints"]["plimsollFinding/v1"].to_string();
        let mut prints: Vec<String> = results.iter().map(print).collect();
        let all = prints.len();
        prints.sort();
        prints.dedup();
        assert_eq!(prints.len(), all);
        prints
    };
    let before = prints(&report);
    // Another version of the package that is still vulnerable is the same finding.
    for found in &mut report.vulnerabilities {
        let package = Arc::make_mut(&mut found.package);
        package.evidence = package.evidence.replace("3.2.10", "3.2.9");
        package.version = "3.2.9".to_owned();
    }
    assert_eq!(prints(&report), before);
}

#[test]
fn tables_are_no_wider_than_the_terminal() {
    for width in [80, 100, 132] {
        let style = Style {
            width: Some(width),
            color: false,
        };
        for text in [
            table::scan(&sample::scan(), style),
            table::comparison(&sample::comparison(), style),
        ] {
            let rows = text
                .lines()
                .filter(|line| line.starts_with(['│', '┌', '└', '├', '╞']));
            for row in rows {
                assert!(row.chars().count() <= usize::from(width), "{width}: {row}");
            }
        }
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let plain = table::audit(&sample::audit(), WIDE);
    let coloured = table::audit(&sample::audit(), Style { color: true, ..WIDE });
    assert!(coloured.contains("\x1b[1;31mCRITICAL\x1b[0m"));
    let mut stripped = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\x1b') {
        stripped.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    stripped.push_str(rest);
    assert_eq!(stripped, plain);
}

#[test]
fn nothing_assessed_is_never_shown_as_nothing_found() {
    let mut report = sample::scan();
    report.vulnerabilities.clear();
    report.coverage.retain(|one| !one.is_assessed());
    for text in [table::scan(&report, WIDE), markdown::scan(&report)] {
        assert!(text.contains("vulnerabilities: not assessed"), "{text}");
        assert!(!text.contains("none known"), "{text}");
    }
    report.packages.clear();
    report.coverage.clear();
    report.artifact.distribution = None;
    for text in [table::scan(&report, WIDE), markdown::scan(&report)] {
        assert!(text.contains("no packages of a known kind were found"), "{text}");
    }
    let json = written(|out| trivy_json::write(&report, out));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(json["Results"].is_array());
}

/// A distribution whose packages cannot be read is in no entry of its own, and other kinds were assessed.
#[test]
fn a_distribution_without_packages_is_not_clean() {
    let mut report = sample::scan();
    report.vulnerabilities.clear();
    report.suppressed.clear();
    report
        .packages
        .retain(|one| one.ecosystem == plimsoll_core::Ecosystem::PyPi);
    report.coverage = vec![
        sample::assessed(plimsoll_core::Ecosystem::PyPi, "Python packages"),
        sample::not_assessed(
            None,
            "packages of the distribution",
            "there is no package database",
        ),
    ];
    let (table, markdown) = (table::scan(&report, WIDE), markdown::scan(&report));
    for text in [&table, &markdown] {
        assert!(
            text.contains("0 packages; vulnerabilities: not assessed"),
            "{text}"
        );
        assert!(text.contains("2 packages; vulnerabilities: none known"), "{text}");
    }
    let row = |text: &str| {
        let rows = text.lines().filter(|line| line.contains("(debian 12.5)"));
        rows.map(|line| line.matches('?').count()).max()
    };
    assert_eq!((row(&table), row(&markdown)), (Some(5), Some(5)));
    assert!(table.contains("?: not assessed"), "{table}");
    let junit = crate::junit::render(&report);
    let suite = junit.split("<testsuite ").nth(1).unwrap();
    assert!(
        suite.contains("(debian 12.5)") && suite.contains("<skipped"),
        "{junit}"
    );
    assert!(!suite.contains("no known vulnerabilities"), "{junit}");
    for text in [
        written(|out| sarif::write(&report, out)),
        written(|out| gitlab::write(&report, out)),
        written(|out| trivy_json::write(&report, out)),
    ] {
        assert!(text.contains("there is no package database"), "{text}");
    }
}

#[test]
fn what_was_not_asked_for_is_left_out_and_not_gone() {
    let mut report = sample::scan();
    let left = report.vulnerabilities.len();
    report.vulnerabilities.clear();
    report.suppressed.clear();
    report.left_out = Some(crate::LeftOut {
        by: vec!["`--severity CRITICAL`".to_owned()],
        vulnerabilities: left,
        ..crate::LeftOut::default()
    });
    let told = format!("{left} vulnerabilities, by `--severity CRITICAL`");
    for text in [table::scan(&report, WIDE), markdown::scan(&report)] {
        assert!(text.contains(&told), "{text}");
        assert!(text.contains("of those that are shown"), "{text}");
    }
    for text in [
        written(|out| sarif::write(&report, out)),
        written(|out| gitlab::write(&report, out)),
    ] {
        assert!(text.contains(&told), "{text}");
    }
    let junit = crate::junit::render(&report);
    assert!(junit.contains("of those that are shown"), "{junit}");
    let json: serde_json::Value =
        serde_json::from_str(&written(|out| trivy_json::write(&report, out))).unwrap();
    assert_eq!(json["Plimsoll"]["LeftOut"]["vulnerabilities"], left);
}

/// That nothing was found says something only where somebody searched.
#[test]
fn secrets_that_were_not_found_and_those_not_looked_for() {
    let mut report = sample::scan();
    report.secrets.clear();
    let said = |report: &ScanReport| [table::scan(report, WIDE), markdown::scan(report)];
    for text in said(&report) {
        let expected = "none found; 120 files searched; not: 30 owned by the distribution's packages\n";
        assert!(text.contains("Secrets\n") && text.contains(expected), "{text}");
    }
    report.left_out = Some(LeftOut {
        by: vec!["`--severity LOW`".to_owned()],
        secrets: 1,
        ..LeftOut::default()
    });
    for text in said(&report) {
        assert!(text.contains("none of those that are shown; 120 files"), "{text}");
    }
    report.secret_scope = None;
    report.left_out = None;
    for text in said(&report) {
        assert!(!text.contains("Secrets") && !text.contains("searched"), "{text}");
    }
}

#[test]
fn vulnerabilities_that_were_not_asked_for() {
    let report = ScanReport {
        database: None,
        ..sample::scan()
    };
    for text in [table::scan(&report, WIDE), markdown::scan(&report)] {
        let expected = "advisories: none were looked at, for vulnerabilities were not asked for\n";
        assert!(text.contains(expected), "{text}");
    }
}
