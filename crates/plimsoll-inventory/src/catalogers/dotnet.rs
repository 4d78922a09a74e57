use std::collections::BTreeMap;

use plimsoll_core::Ecosystem;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::json::Maybe;
use super::{Cataloger, Clue, Warnings};
use crate::dependencies::bounded;
use crate::{EvidenceFile, FoundPackage};

/// .NET packages of an application: `NAME.deps.json`, which the SDK writes beside what it builds and the runtime reads
/// (dotnet/sdk, "Runtime Configuration Files").
pub(super) struct DotNet;

#[derive(Deserialize)]
struct Dependencies {
    #[serde(default, rename = "runtimeTarget")]
    runtime_target: RuntimeTarget,
    #[serde(default)]
    targets: BTreeMap<String, BTreeMap<String, Library>>,
    #[serde(default)]
    libraries: BTreeMap<String, Kind>,
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
    runtime: BTreeMap<String, IgnoredAny>,
    runtime_targets: BTreeMap<String, IgnoredAny>,
    native: BTreeMap<String, IgnoredAny>,
    /// Names and versions.
    dependencies: Maybe<BTreeMap<String, String>>,
}

impl Cataloger for DotNet {
    fn name(&self) -> &'static str {
        "dotnet"
    }

    fn version(&self) -> u32 {
        2
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
            Ok(packages) => evidence.packages.extend(packages),
            Err(error) => warnings.add(format!("it is no list of .NET packages: {error}")),
        }
    }
}

/// The packages of the application that a `deps.json` with this content is of.
pub(crate) fn dotnet_packages(content: &[u8]) -> serde_json::Result<Vec<FoundPackage>> {
    let content = content.strip_prefix("\u{feff}".as_bytes()).unwrap_or(content);
    Ok(packages(&serde_json::from_slice(content)?))
}

/// The packages that bring something to run: others are there for the compiler alone and are not installed.
fn packages(dependencies: &Dependencies) -> Vec<FoundPackage> {
    let target = dependencies.targets.get(&dependencies.runtime_target.name);
    let runs = |key: &str| {
        let library = target.and_then(|target| target.get(key));
        library.is_none_or(|library| {
            !(library.runtime.is_empty() && library.runtime_targets.is_empty() && library.native.is_empty())
        })
    };
    let libraries = dependencies.libraries.iter();
    let installed = libraries.filter(|(key, library)| is_package(&library.r#type) && runs(key));
    let named = installed.filter_map(|(key, _)| key.split_once('/'));
    let needed = |name: &str, version: &str| {
        let library = target.and_then(|target| target.get(&format!("{name}/{version}")));
        let needed = library.map(|library| &library.dependencies);
        let needed = needed.and_then(|needed| match needed {
            Maybe::Is(needed) => Some(needed),
            Maybe::Other(_) => None,
        });
        needed
            .into_iter()
            .flatten()
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
}
