use std::collections::HashMap;
use std::io::Read as _;

use plimsoll_core::Ecosystem;
use serde::Deserialize;

use super::json::{Maybe, Text};
use super::{Cataloger, Clue, Warnings, own};
use crate::{EvidenceFile, FoundPackage};

/// Ubuntu's packages of which slices were installed: `var/lib/chisel/manifest.wall`, a JSON object a line, compressed with zstd
/// (Chisel's documentation, "Manifest").
pub(super) struct Chisel;

/// What the manifest does not say, and Ubuntu's advisories are about.
pub(crate) const SOURCES: &str = "the source packages of Ubuntu's slices";
/// No manifest says more: the largest images have some ten thousand files.
const LARGEST: u64 = 64 << 20;

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    kind: Text,
    #[serde(default)]
    name: Text,
    #[serde(default)]
    version: Text,
    #[serde(default)]
    arch: Text,
    #[serde(default)]
    path: Text,
    /// `PACKAGE_SLICE`.
    #[serde(default)]
    slices: Maybe<Vec<String>>,
}

impl Cataloger for Chisel {
    fn name(&self) -> &'static str {
        "chisel"
    }

    fn version(&self) -> u32 {
        1
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::Deb)
    }

    fn clues(&self) -> &'static [Clue] {
        &[Clue::Start("var/lib/chisel/")]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        (path == "var/lib/chisel/manifest.wall").then_some(LARGEST)
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        let text = match lines(content) {
            Ok(text) => text,
            Err(problem) => return warnings.add(problem),
        };
        for (index, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            let line: Line = match serde_json::from_str(line) {
                Ok(line) => line,
                Err(error) => {
                    warnings.add(format!("line {} is no part of a manifest: {error}", index + 1));
                    continue;
                }
            };
            match line.kind.text().as_deref() {
                Some("package") => match (line.name.text(), line.version.text()) {
                    (Some(name), Some(version)) => evidence.packages.push(FoundPackage {
                        name,
                        version,
                        architecture: line.arch.text(),
                        ..FoundPackage::default()
                    }),
                    _ => warnings.add(format!(
                        "the package at line {} has no name or no version",
                        index + 1
                    )),
                },
                Some("path") => {
                    if let Some(path) = line.path.text().filter(|path| !path.ends_with('/')) {
                        own(path.as_bytes(), evidence);
                    }
                }
                _ => {}
            }
        }
        if !evidence.packages.is_empty() {
            evidence.uncatalogued = Some(SOURCES.to_owned());
        }
    }

    fn files(&self, content: &[u8], evidence: &mut EvidenceFile) {
        let mut by_name: HashMap<String, Vec<String>> = HashMap::new();
        each_path(content, &mut |path, slices| {
            let mut names: Vec<&str> = slices
                .iter()
                .filter_map(|slice| Some(slice.split_once('_')?.0))
                .collect();
            names.dedup();
            for name in names {
                let path = path.strip_prefix('/').unwrap_or(path);
                by_name.entry(name.to_owned()).or_default().push(path.to_owned());
            }
        });
        for package in &mut evidence.packages {
            package.files = by_name.remove(&package.name).unwrap_or_default();
        }
    }

    fn owned(&self, _path: &str, content: &[u8], sink: &mut dyn FnMut(&[u8])) {
        each_path(content, &mut |path, _| sink(path.as_bytes()));
    }
}

/// Gives the paths of all files, with the slices that they are of.
fn each_path(content: &[u8], visit: &mut dyn FnMut(&str, &[String])) {
    // What is wrong with the manifest is told by `catalog`.
    let text = lines(content).unwrap_or_default();
    for line in text.lines() {
        let Ok(line) = serde_json::from_str::<Line>(line) else {
            continue;
        };
        let is_path = line.kind.text().as_deref() == Some("path");
        if let Some(path) = line.path.text().filter(|path| is_path && !path.ends_with('/')) {
            visit(&path, &line.slices.get().unwrap_or_default());
        }
    }
}

/// The text of the manifest, which may also stand there as it is.
fn lines(content: &[u8]) -> Result<String, String> {
    if content.first() == Some(&b'{') {
        return Ok(String::from_utf8_lossy(content).into_owned());
    }
    let failed = |error: std::io::Error| format!("it cannot be decompressed: {error}");
    let mut text = Vec::new();
    let decoder = zstd::Decoder::new(content).map_err(failed)?;
    decoder.take(LARGEST + 1).read_to_end(&mut text).map_err(failed)?;
    match text.len() as u64 > LARGEST {
        true => Err(format!("it has more than {LARGEST} bytes")),
        false => Ok(String::from_utf8_lossy(&text).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalog;
    use super::*;

    const PATH: &str = "var/lib/chisel/manifest.wall";
    const TEXT: &str = r#"{"jsonwall":"1.0","schema":"1.0","count":6}
{"kind":"content","slice":"libc6_libs","path":"/usr/bin/no"}
{"kind":"package","name":"libc6","version":"2.39-0ubuntu8.7","sha256":"7d","arch":"arm64"}
{"kind":"package","name":"zlib1g","version":"1:1.3.dfsg-3.1ubuntu2.1","sha256":"cb","arch":"arm64"}
{"kind":"path","path":"/run/","mode":"0755","slices":["base-files_var"]}
{"kind":"path","path":"/usr/bin/ldd","mode":"0755","slices":["libc6_bins","libc6_all"],"sha256":"39","size":1}
{"kind":"path","path":"/usr/share/doc/x","mode":"0777","slices":["zlib1g_copyright"],"link":"y"}
"#;

    #[test]
    fn packages_and_what_their_slices_own() {
        let compressed = zstd::encode_all(TEXT.as_bytes(), 1).unwrap();
        for content in [compressed.as_slice(), TEXT.as_bytes()] {
            let (mut evidence, warnings) = catalog(PATH, content);
            assert!(warnings.is_empty(), "{warnings:?}");
            Chisel.files(content, &mut evidence);
            let shown: Vec<_> = evidence
                .packages
                .iter()
                .map(|one| {
                    format!(
                        "{} {} {:?} {:?}",
                        one.name, one.version, one.architecture, one.files
                    )
                })
                .collect();
            assert_eq!(
                shown,
                [
                    "libc6 2.39-0ubuntu8.7 Some(\"arm64\") [\"usr/bin/ldd\"]",
                    "zlib1g 1:1.3.dfsg-3.1ubuntu2.1 Some(\"arm64\") [\"usr/share/doc/x\"]",
                ]
            );
            assert_eq!(evidence.owns, ["usr/bin/ldd"]);
            assert_eq!(evidence.uncatalogued.as_deref(), Some(SOURCES));
        }
    }

    #[test]
    fn what_is_no_manifest_is_noted() {
        for content in [b"".as_slice(), b"x", b"{\n", br#"{"kind":"package","name":"a"}"#] {
            let (evidence, warnings) = catalog(PATH, content);
            assert!(evidence.packages.is_empty() && evidence.uncatalogued.is_none());
            assert_eq!(warnings.len(), 1, "{content:?}");
        }
    }
}
