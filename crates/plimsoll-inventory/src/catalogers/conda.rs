use plimsoll_core::Ecosystem;
use serde::Deserialize;

use super::json::{Maybe, Text};
use super::{Cataloger, Clue, Warnings};
use crate::dependencies::bounded;
use crate::{EvidenceFile, FoundPackage};

/// Installed Conda packages: `conda-meta/NAME-VERSION-BUILD.json` in every environment. Of a package that is a Python
/// distribution, too, the distribution is told: advisories are about that.
pub(super) struct Conda;

#[derive(Deserialize)]
struct Record {
    name: String,
    version: String,
    #[serde(default)]
    license: Text,
    #[serde(default)]
    subdir: Text,
    #[serde(default)]
    depends: Maybe<Vec<String>>,
}

impl Cataloger for Conda {
    fn name(&self) -> &'static str {
        "conda"
    }

    fn version(&self) -> u32 {
        3
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::Conda)
    }

    fn clues(&self) -> &'static [Clue] {
        &[Clue::End(".json")]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        let (directory, name) = path.rsplit_once('/')?;
        let is_meta = directory == "conda-meta" || directory.ends_with("/conda-meta");
        // The record names every file.
        (is_meta && name.ends_with(".json")).then_some(16 << 20)
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        match serde_json::from_slice::<Record>(content) {
            Ok(record) if !record.name.is_empty() && !record.version.is_empty() => {
                let depends = record.depends.get().unwrap_or_default();
                evidence.packages.push(FoundPackage {
                    name: record.name,
                    version: record.version,
                    architecture: record.subdir.text(),
                    licenses: record.license.text().into_iter().collect(),
                    requires: bounded(depends.iter().filter_map(|one| needed(one))),
                    ..FoundPackage::default()
                });
            }
            Ok(_) => warnings.add("it names no Conda package"),
            Err(error) => warnings.add(format!("it is no record of a Conda package: {error}")),
        }
    }
}

/// The name in `name version build`; there may be no space before the version.
fn needed(spec: &str) -> Option<&str> {
    spec.split([' ', '[', '=', '<', '>', '~', '!']).next()
}

#[cfg(test)]
mod tests {
    use super::super::catalog;

    #[test]
    fn records() {
        let json = br#"{"build":"py311h64a7726_0","name":"numpy","version":"1.26.0","license":"BSD-3-Clause",
            "subdir":"linux-64","files":["lib/x"],"paths_data":{"paths":[]}}"#;
        let (evidence, warnings) = catalog(
            "opt/conda/envs/a/conda-meta/numpy-1.26.0-py311h64a7726_0.json",
            json,
        );
        assert!(warnings.is_empty(), "{warnings:?}");
        let package = &evidence.packages[0];
        assert_eq!(
            (package.name.as_str(), package.version.as_str()),
            ("numpy", "1.26.0")
        );
        assert_eq!(package.licenses, ["BSD-3-Clause"]);
        assert_eq!(catalog("conda-meta/a.json", b"{}").1.len(), 1);
    }
}
