use plimsoll_core::Ecosystem;

use super::super::{Cataloger, Clue, Warnings};
use crate::EvidenceFile;

/// Texts of licences beside the metadata of Python distributions, for those whose metadata state none:
/// `*.dist-info/LICENSE`, `*.dist-info/licenses/LICENSE` (PEP 639).
pub(in crate::catalogers) struct LicenseText;

/// How such files are called, in the order in which they are asked.
const NAMES: [&str; 9] = [
    "LICENSE",
    "LICENSE.txt",
    "LICENSE.md",
    "LICENSE.rst",
    "LICENCE",
    "LICENCE.txt",
    "LICENCE.md",
    "COPYING",
    "COPYING.txt",
];

/// Where the text of the licence may be of the distribution that `evidence` names.
pub(crate) fn license_files(evidence: &str) -> Vec<String> {
    let Some(directory) = evidence
        .strip_suffix("/METADATA")
        .or_else(|| evidence.strip_suffix("/PKG-INFO"))
    else {
        return Vec::new();
    };
    let beside = NAMES.iter().map(|name| format!("{directory}/{name}"));
    let below = NAMES.iter().map(|name| format!("{directory}/licenses/{name}"));
    beside.chain(below).collect()
}

impl Cataloger for LicenseText {
    fn name(&self) -> &'static str {
        "python-license"
    }

    fn version(&self) -> u32 {
        1
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        None
    }

    fn clues(&self) -> &'static [Clue] {
        &[
            Clue::End("LICENSE"),
            Clue::End("LICENSE.txt"),
            Clue::End("LICENSE.md"),
            Clue::End("LICENSE.rst"),
            Clue::End("LICENCE"),
            Clue::End("LICENCE.txt"),
            Clue::End("LICENCE.md"),
            Clue::End("COPYING"),
            Clue::End("COPYING.txt"),
        ]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        let (directory, name) = path.rsplit_once('/')?;
        let directory = directory.strip_suffix("/licenses").unwrap_or(directory);
        let is_metadata = directory.ends_with(".dist-info") || directory.ends_with(".egg-info");
        (is_metadata && NAMES.contains(&name)).then_some(1 << 20)
    }

    fn names_packages(&self, _path: &str) -> bool {
        false
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, _warnings: &mut Warnings) {
        let license = plimsoll_license::recognized(&String::from_utf8_lossy(content));
        evidence.licenses = license.map(str::to_owned).into_iter().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::catalog;
    use super::*;

    #[test]
    fn texts_beside_the_metadata() {
        let text = b"Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated \
            documentation files\nThe above copyright notice and this permission notice shall be included\nTHE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND";
        for path in ["a/x-1.dist-info/LICENSE", "a/x-1.dist-info/licenses/LICENSE"] {
            assert_eq!(catalog(path, text).0.licenses, ["MIT"]);
            assert!(license_files("a/x-1.dist-info/METADATA").contains(&path.to_owned()));
        }
        assert!(catalog("a/x-1.dist-info/COPYING", b"mine").0.licenses.is_empty());
        assert!(LicenseText.limit("a/LICENSE").is_none());
        assert!(license_files("a/x.egg-info").is_empty());
    }
}
