//! Compares matching with Trivy's, finding by finding, on the packages that Trivy found.
//!
//! ```sh
//! trivy image --input IMAGE.tar --scanners vuln --list-all-pkgs --format json -o IMAGE.json …
//! cargo run -p plimsoll-advisory --example parity -- DATABASE IMAGE.json...
//! ```
//!
//! Both are to be made of the same feeds. Every difference is printed under the kind that it is of; the kinds are
//! explained in `docs/advisories.md`. One of a kind that is not makes the exit code 1.

#![allow(clippy::print_stdout, reason = "a program for people")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use plimsoll_advisory::{Database, Matcher};
use plimsoll_core::{Distribution, Ecosystem, Package, SourcePackage, Vulnerability};
use serde::Deserialize;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Report {
    metadata: Metadata,
    #[serde(default)]
    results: Vec<Section>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "OS")]
    os: Option<Os>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Os {
    family: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Section {
    #[serde(rename = "Type", default)]
    kind: String,
    #[serde(default)]
    packages: Vec<Found>,
    #[serde(default)]
    vulnerabilities: Vec<Finding>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Found {
    name: String,
    version: String,
    release: String,
    epoch: u32,
    src_name: String,
    src_version: String,
    src_release: String,
    src_epoch: u32,
    modularitylabel: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Finding {
    pkg_name: String,
    installed_version: String,
    #[serde(rename = "VulnerabilityID")]
    id: String,
    #[serde(default, rename = "VendorIDs")]
    vendor_ids: Vec<String>,
    #[serde(default)]
    fixed_version: String,
    severity: String,
}

fn main() -> Outcome<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let database = arguments.next().ok_or("usage: parity DATABASE TRIVY-REPORT...")?;
    let database = Database::open_read_only(database.as_ref())?;
    let mut unexplained = 0;
    for file in arguments {
        let report: Report = serde_json::from_slice(&std::fs::read(&file)?)?;
        println!("== {file}");
        unexplained += compare(&database, &report)?;
    }
    println!("{unexplained} differences without an explanation");
    Ok(ExitCode::from(u8::from(unexplained > 0)))
}

fn compare(database: &Database, report: &Report) -> Outcome<usize> {
    let distribution = report.metadata.os.as_ref().map(|os| Distribution {
        id: os.family.replace("alma", "almalinux"),
        version_id: os.name.clone(),
        codename: None,
        pretty_name: None,
    });
    let mut unexplained = 0;
    for section in &report.results {
        let Some(ecosystem) = ecosystem(&section.kind) else {
            println!("-- {}: not compared", section.kind);
            continue;
        };
        let mut packages: Vec<Package> = section
            .packages
            .iter()
            .map(|found| package(ecosystem, found))
            .collect();
        packages.dedup_by(|a, b| (&a.name, &a.version) == (&b.name, &b.version));
        let matches = Matcher::new(Some(database)).match_all(distribution.as_ref(), &packages)?;
        unexplained += differences(section, &matches.vulnerabilities, packages.len());
    }
    Ok(unexplained)
}

fn ecosystem(kind: &str) -> Option<Ecosystem> {
    Some(match kind {
        "debian" | "ubuntu" => Ecosystem::Deb,
        "alpine" | "wolfi" | "chainguard" => Ecosystem::Apk,
        "alma" | "rocky" | "redhat" | "centos" => Ecosystem::Rpm,
        "python-pkg" => Ecosystem::PyPi,
        "node-pkg" => Ecosystem::Npm,
        "gemspec" => Ecosystem::Gem,
        "jar" => Ecosystem::Maven,
        "gobinary" => Ecosystem::Go,
        "rustbinary" => Ecosystem::Cargo,
        "composer-vendor" => Ecosystem::Composer,
        "dotnet-core" => Ecosystem::NuGet,
        _ => return None,
    })
}

fn package(ecosystem: Ecosystem, found: &Found) -> Package {
    let version = |epoch: u32, version: &str, release: &str| {
        let epoch = if epoch == 0 {
            String::new()
        } else {
            format!("{epoch}:")
        };
        let release = if release.is_empty() {
            String::new()
        } else {
            format!("-{release}")
        };
        format!("{epoch}{version}{release}")
    };
    let source = SourcePackage {
        name: found.src_name.clone(),
        version: version(found.src_epoch, &found.src_version, &found.src_release),
    };
    let installed = version(found.epoch, &found.version, &found.release);
    Package {
        source: (!found.src_name.is_empty()).then_some(source),
        module: (!found.modularitylabel.is_empty()).then(|| found.modularitylabel.clone()),
        ..Package::new(ecosystem, found.name.clone(), installed)
    }
}

/// What tells findings apart: package, installed version, id.
type Key<'a> = (&'a str, &'a str, &'a str);

/// Prints how the findings of a section differ; gives the number of differences that no kind explains.
fn differences(section: &Section, ours: &[Vulnerability], packages: usize) -> usize {
    let theirs: BTreeMap<Key<'_>, &Finding> = section
        .vulnerabilities
        .iter()
        .map(|finding| {
            let key = (
                finding.pkg_name.as_str(),
                finding.installed_version.as_str(),
                finding.id.as_str(),
            );
            (key, finding)
        })
        .collect();
    let own: BTreeMap<Key<'_>, &Vulnerability> = ours
        .iter()
        .map(|found| {
            let package = &found.package;
            (
                (package.name.as_str(), package.version.as_str(), found.id.as_str()),
                found,
            )
        })
        .collect();
    let mut kinds: BTreeMap<(bool, &str), BTreeSet<String>> = BTreeMap::new();
    let mut note = |explained: bool, kind: &'static str, line: String| {
        kinds.entry((explained, kind)).or_default().insert(line);
    };
    for (key, finding) in &theirs {
        let line = format!("{} {} {} (fixed {})", key.0, key.1, key.2, finding.fixed_version);
        let Some(found) = own.get(key) else {
            let names: Vec<&str> = finding
                .vendor_ids
                .iter()
                .map(String::as_str)
                .chain([key.2])
                .collect();
            let merged = own.iter().any(|(own, found)| {
                (own.0, own.1) == (key.0, key.1)
                    && found.aliases.iter().any(|alias| names.contains(&alias.as_str()))
            });
            match merged {
                true => note(true, "one vulnerability under several ids is one finding", line),
                false => note(false, "only Trivy finds it", line),
            }
            continue;
        };
        let fixed = found.fix.fixed_version().unwrap_or_default();
        let known: Vec<&str> = finding.fixed_version.split(", ").collect();
        if !known.contains(&fixed) {
            note(
                false,
                "the fixed versions differ",
                format!("{line}, here {fixed}: {}", found.reason),
            );
        } else if known.len() > 1 {
            let kind = "the fixed version above the installed one, where Trivy lists all";
            note(true, kind, format!("{line}, here {fixed}"));
        }
        if finding.severity != found.severity.to_string() {
            let by = found.severity_source.as_deref().unwrap_or("nobody");
            note(
                false,
                "the severities differ",
                format!("{line}: {}, here {} by {by}", finding.severity, found.severity),
            );
        }
    }
    for (key, found) in own.iter().filter(|(key, _)| !theirs.contains_key(*key)) {
        let line = format!("{} {} {}: {}", key.0, key.1, key.2, found.reason);
        note(false, "only found here", line);
    }
    println!(
        "-- {}: {packages} packages, {} findings of Trivy, {} here",
        section.kind,
        theirs.len(),
        own.len()
    );
    let mut unexplained = 0;
    for ((explained, kind), lines) in kinds {
        println!("   {} {kind}", lines.len());
        if !explained {
            unexplained += lines.len();
        }
        for line in lines {
            println!("      {line}");
        }
    }
    unexplained
}
