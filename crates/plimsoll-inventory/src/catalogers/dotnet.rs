use plimsoll_core::Ecosystem;
use serde::Deserialize;

use super::json::{Entries, HasEntries, Object, Text};
use super::{Cataloger, Clue, Listed, Warnings};
use crate::dependencies::bounded;
use crate::{EvidenceFile, FoundPackage};

/// .NET packages of an application: `NAME.deps.json`, which the SDK writes beside what it builds and the runtime reads
/// (dotnet/sdk, "Runtime Configuration Files").
pub(super) struct DotNet;

/// The packages of one application that are looked at; real ones have some hundred.
const MOST: usize = 50_000;
/// The targets that an application is built for.
const MOST_TARGETS: usize = 20;
/// What one package needs.
const MOST_NEEDED: usize = 1000;

#[derive(Deserialize)]
struct Dependencies {
    #[serde(default, rename = "runtimeTarget")]
    runtime_target: RuntimeTarget,
    #[serde(default)]
    targets: Entries<Entries<Library, MOST>, MOST_TARGETS>,
    #[serde(default)]
    libraries: Entries<Kind, MOST>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RuntimeTarget {
    name: String,
}

#[derive(Deserialize)]
struct Kind {
    #[serde(default)]
    r#type: String,
}

/// What a package has for a target.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Library {
    runtime: HasEntries,
    runtime_targets: HasEntries,
    native: HasEntries,
    /// Names and versions.
    dependencies: Object<Entries<Text, MOST_NEEDED>>,
}

impl Cataloger for DotNet {
    fn name(&self) -> &'static str {
        "dotnet"
    }

    fn version(&self) -> u32 {
        3
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::NuGet)
    }

    fn clues(&self) -> &'static [Clue] {
        &[Clue::End(".deps.json")]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        path.ends_with(".deps.json").then_some(8 << 20)
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        match dotnet_packages(content) {
            Ok(listed) => {
                listed.beyond.into_iter().for_each(|more| warnings.add(more));
                evidence.packages.extend(listed.packages);
            }
            Err(error) => warnings.add(format!("it is no list of .NET packages: {error}")),
        }
    }
}

/// The packages of the application that a `deps.json` with this content is of.
pub(crate) fn dotnet_packages(content: &[u8]) -> serde_json::Result<Listed> {
    let content = content.strip_prefix("\u{feff}".as_bytes()).unwrap_or(content);
    let dependencies: Dependencies = serde_json::from_slice(content)?;
    let targets = &dependencies.targets;
    let of_targets: usize = targets.items.values().map(|target| target.more).sum();
    let more = dependencies.libraries.more + targets.more + of_targets;
    Ok(Listed {
        packages: packages(&dependencies),
        beyond: (more > 0).then(|| format!("{more} more entries in its list of packages are not looked at")),
    })
}

/// The packages that bring something to run: others are there for the compiler alone and are not installed.
fn packages(dependencies: &Dependencies) -> Vec<FoundPackage> {
    let target = dependencies.targets.items.get(&dependencies.runtime_target.name);
    let runs = |key: &str| {
        let library = target.and_then(|target| target.items.get(key));
        library.is_none_or(|library| library.runtime.0 || library.runtime_targets.0 || library.native.0)
    };
    let libraries = dependencies.libraries.items.iter();
    let installed = libraries.filter(|(key, library)| is_package(&library.r#type) && runs(key));
    let named = installed.filter_map(|(key, _)| key.split_once('/'));
    let needed = |name: &str, version: &str| {
        let library = target.and_then(|target| target.items.get(&format!("{name}/{version}")));
        let needed = library.and_then(|library| library.dependencies.0.as_ref());
        let needed = needed.into_iter().flat_map(|needed| &needed.items);
        needed
            .filter_map(|(name, version)| Some((name, version.as_str()?)))
            .map(|(name, version)| format!("{}@{version}", without_prefix(name)))
            .collect::<Vec<_>>()
    };
    named
        .map(|(name, version)| FoundPackage {
            name: without_prefix(name).to_owned(),
            version: version.to_owned(),
            ecosystem: Some(Ecosystem::NuGet),
            requires: bounded(needed(name, version)),
            ..FoundPackage::default()
        })
        .filter(|package| !package.name.is_empty() && !package.version.is_empty())
        .collect()
}

/// The runtime that comes with a self-contained application is a package without the prefix.
fn without_prefix(name: &str) -> &str {
    name.strip_prefix("runtimepack.").unwrap_or(name)
}

fn is_package(kind: &str) -> bool {
    ["package", "project", "runtimepack"]
        .iter()
        .any(|known| kind.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::super::catalog;

    #[test]
    fn what_runs_is_told() {
        let json = r#"{
          "runtimeTarget": {"name": ".NETCoreApp,Version=v6.0/linux-x64", "signature": ""},
          "targets": {".NETCoreApp,Version=v6.0": {}, ".NETCoreApp,Version=v6.0/linux-x64": {
            "App/1.0.0": {"dependencies": {"Newtonsoft.Json": "13.0.1"}, "runtime": {"App.dll": {}}},
            "Newtonsoft.Json/13.0.1": {"runtime": {"lib/netstandard2.0/Newtonsoft.Json.dll": {"fileVersion": "13"}}},
            "Analyzer/1.0.0": {},
            "SQLite/1.0.1": {"native": {"x.so": {}}},
            "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/6.0.1": {"runtime": {"System.dll": {}}}}},
          "libraries": {
            "App/1.0.0": {"type": "project", "serviceable": false, "sha512": ""},
            "Newtonsoft.Json/13.0.1": {"type": "package"},
            "Analyzer/1.0.0": {"type": "package"},
            "SQLite/1.0.1": {"type": "Package"},
            "Other/2.0.0": {"type": "package"},
            "Local/1.0.0.0": {"type": "reference"},
            "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/6.0.1": {"type": "runtimepack"}}}"#;
        let (evidence, warnings) = catalog("app/App.deps.json", json.as_bytes());
        assert!(warnings.is_empty(), "{warnings:?}");
        let shown: Vec<_> = evidence
            .packages
            .iter()
            .map(|package| format!("{} {}", package.name, package.version))
            .collect();
        assert_eq!(
            shown,
            [
                "App 1.0.0",
                "Newtonsoft.Json 13.0.1",
                "Other 2.0.0",
                "SQLite 1.0.1",
                "Microsoft.NETCore.App.Runtime.linux-x64 6.0.1",
            ]
        );
    }

    #[test]
    fn without_a_target_every_package_is_told() {
        let json = br#"{"libraries":{"A/1":{"type":"package"},"B":{"type":"package"}}}"#;
        assert_eq!(catalog("A.deps.json", json).0.packages.len(), 1);
        assert_eq!(catalog("A.deps.json", b"[").1.len(), 1);
    }

    #[test]
    fn packages_beyond_the_bound_are_told() {
        let entries: Vec<String> = (0..50_010).map(|at| format!(r#""P{at}/1":{{}}"#)).collect();
        let entries = entries.join(",");
        let json = format!(r#"{{"targets":{{"t":{{{entries}}}}},"libraries":{{{entries}}}}}"#);
        let (_, warnings) = catalog("A.deps.json", json.as_bytes());
        assert_eq!(
            warnings[0].message,
            "20 more entries in its list of packages are not looked at"
        );
    }
}
