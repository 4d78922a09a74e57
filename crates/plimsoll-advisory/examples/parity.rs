//! Compares matching with Trivy's, finding by finding, on the packages that Trivy found.
//!
//! ```sh
//! trivy image --input IMAGE.tar --scanners vuln --list-all-pkgs --format json -o IMAGE.json …
//! cargo run -p plimsoll-advisory --example parity -- DATABASE IMAGE.json...
//! ```
//!
//! With `--time N` before the database, each report's packages are matched N times instead, and the processor time that
//! one time takes is printed; the first, with nothing read yet, apart.
//!
//! Both are to be made of the same feeds. Every difference is printed under the kind that it is of; the kinds are
//! explained in `docs/advisories.md`. One of a kind that is not makes the exit code 1.

#![allow(clippy::print_stdout, reason = "a program for people")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::Duration;

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
    let mut arguments = std::env::args().skip(1).peekable();
    let times: Option<u32> = match arguments.next_if_eq("--time") {
        Some(_) => Some(arguments.next().ok_or("`--time` needs a number")?.parse()?),
        None => None,
    };
    let path = arguments
        .next()
        .ok_or("usage: parity [--time N] DATABASE TRIVY-REPORT...")?;
    if let Some(times) = times {
        return arguments
            .try_for_each(|file| time(&path, &file, times))
            .map(|()| ExitCode::SUCCESS);
    }
    let database = Database::open_read_only(path.as_ref())?;
    let mut unexplained = 0;
    for file in arguments {
        let report: Report = serde_json::from_slice(&std::fs::read(&file)?)?;
        println!("== {file}");
        unexplained += compare(&database, &report)?;
    }
    println!("{unexplained} differences without an explanation");
    Ok(ExitCode::from(u8::from(unexplained > 0)))
}

/// Prints what matching the packages of a report takes.
fn time(path: &str, file: &str, times: u32) -> Outcome<()> {
    let report: Report = serde_json::from_slice(&std::fs::read(file)?)?;
    let distribution = distribution(&report);
    let packages: Vec<Package> = report
        .results
        .iter()
        .filter_map(|section| Some((ecosystem(&section.kind)?, section)))
        .flat_map(|(ecosystem, section)| {
            section
                .packages
                .iter()
                .map(move |found| package(ecosystem, found))
        })
        .collect();
    let start = processor_time()?;
    let database = Database::open_read_only(path.as_ref())?;
    let matcher = Matcher::new(Some(&database));
    let found = matcher
        .match_all(distribution.as_ref(), &packages)?
        .vulnerabilities
        .len();
    let first = processor_time()? - start;
    for _ in 0..times {
        matcher.match_all(distribution.as_ref(), &packages)?;
    }
    let each = (processor_time()? - start - first) / times.max(1);
    println!(
        "{file}: {} packages, {found} findings: first {first:?}, then {each:?} each",
        packages.len()
    );
    Ok(())
}

/// The processor time of all threads of this process so far, from Linux's `/proc`, in steps of 10 ms.
fn processor_time() -> Outcome<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name in parentheses may hold blanks.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |at: usize| {
        fields
            .get(at)
            .and_then(|field| field.parse::<u64>().ok())
            .ok_or("no times")
    };
    Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 10))
}

fn distribution(report: &Report) -> Option<Distribution> {
    report.metadata.os.as_ref().map(|os| Distribution {
        id: os.family.replace("alma", "almalinux"),
        version_id: os.name.clone(),
        codename: None,
        pretty_name: None,
    })
}

fn compare(database: &Database, report: &Report) -> Outcome<usize> {
    let distribution = distribution(report);
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

/// CVEs that Go's records give for Windows alone; Trivy's database does not carry that over.
const OF_WINDOWS: [&str; 4] = [
    "CVE-2022-41722",
    "CVE-2023-45283",
    "CVE-2025-0913",
    "CVE-2026-39824",
];

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
            if OF_WINDOWS.contains(&key.2) {
                note(true, "Go's record names only Windows (`goos`)", line);
                continue;
            }
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
