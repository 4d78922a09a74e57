use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;

use plimsoll_core::Ecosystem;
use serde::Deserialize;

use super::json::{Maybe, Text};
use super::{Cataloger, Clue, Warnings};
use crate::{EvidenceFile, FoundPackage};

/// Ubuntu's packages of which slices were installed: `var/lib/chisel/manifest.wall`, a JSON object a line, compressed with zstd
/// (Chisel's documentation, "Manifest").
pub(super) struct Chisel;

/// What the manifest does not say, and Ubuntu's advisories are about.
pub(crate) const SOURCES: &str = "the source packages of Ubuntu's slices";
/// No manifest says more: the largest images have some ten thousand files.
const LARGEST: u64 = 64 << 20;
/// No line is longer, nor has a manifest more packages: it takes little for one that is compressed to have any number.
const LONGEST_LINE: usize = 1 << 20;
const MOST_PACKAGES: usize = 50_000;
/// The most memory that decompression may ask for, as a power of two: 16 MiB. Chisel's need 8 MiB at most.
const WINDOW_LOG: u32 = 24;

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
        2
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

    /// The manifest may also stand there uncompressed.
    fn plain<'a>(&self, content: &'a [u8], warnings: &mut Warnings) -> Cow<'a, [u8]> {
        if content.first() == Some(&b'{') {
            return Cow::Borrowed(content);
        }
        let mut text = Vec::new();
        if let Err(problem) = decompress(content, &mut text) {
            warnings.add(problem);
        }
        Cow::Owned(text)
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        let read = each_line(content, &mut |number, line| {
            let line = match line {
                Ok(line) => line,
                Err(error) => {
                    warnings.add(format!("line {number} is no part of a manifest: {error}"));
                    return Ok(());
                }
            };
            if line.kind.text().as_deref() != Some("package") {
                return Ok(());
            }
            match (line.name.text(), line.version.text()) {
                (Some(_), Some(_)) if evidence.packages.len() == MOST_PACKAGES => {
                    return Err(format!("it has more than {MOST_PACKAGES} packages"));
                }
                (Some(name), Some(version)) => evidence.packages.push(FoundPackage {
                    name,
                    version,
                    architecture: line.arch.text(),
                    ..FoundPackage::default()
                }),
                _ => warnings.add(format!("the package at line {number} has no name or no version")),
            }
            Ok(())
        });
        if let Err(problem) = read {
            warnings.add(problem);
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
    let _ = each_line(content, &mut |_, line| {
        if let Ok(line) = line {
            let is_path = line.kind.text().as_deref() == Some("path");
            if let Some(path) = line.path.text().filter(|path| is_path && !path.ends_with('/')) {
                visit(&path, &line.slices.get().unwrap_or_default());
            }
        }
        Ok(())
    });
}

/// Decompresses a manifest: where that fails, the lines up to there.
///
/// # Errors
/// A fragment for people.
fn decompress(content: &[u8], text: &mut Vec<u8>) -> Result<(), String> {
    let decoder = zstd::Decoder::new(content).and_then(|mut decoder| {
        decoder.window_log_max(WINDOW_LOG)?;
        Ok(decoder)
    });
    let read = decoder.and_then(|decoder| decoder.take(LARGEST + 1).read_to_end(text));
    let problem = match read {
        Ok(length) if length as u64 <= LARGEST => return Ok(()),
        Ok(_) => format!("it has more than {LARGEST} bytes"),
        Err(error) => format!("it cannot be decompressed: {error}"),
    };
    let whole = text.iter().rposition(|byte| *byte == b'\n');
    text.truncate(whole.map_or(0, |end| end + 1));
    Err(problem)
}

/// Gives the lines of the manifest with their numbers, from 1, until `visit` fails.
///
/// # Errors
/// A fragment for people: what `visit` says, or where the manifest cannot be read to its end.
fn each_line(
    content: &[u8],
    visit: &mut dyn FnMut(usize, serde_json::Result<Line>) -> Result<(), String>,
) -> Result<(), String> {
    for (line, number) in content.split(|byte| *byte == b'\n').zip(1..) {
        if line.len() > LONGEST_LINE {
            return Err(format!("line {number} has more than {LONGEST_LINE} bytes"));
        }
        if !line.trim_ascii().is_empty() {
            visit(number, serde_json::from_str(&String::from_utf8_lossy(line)))?;
        }
    }
    Ok(())
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
            let plain = Chisel.plain(content, &mut Warnings::of(PATH));
            Chisel.files(&plain, &mut evidence);
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
            let mut owned = 0;
            Chisel.owned(PATH, &plain, &mut |_| owned += 1);
            assert_eq!(owned, 2);
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

    /// It is decompressed once, for all that reads it.
    #[test]
    fn only_the_plain_text_is_read() {
        let compressed = zstd::encode_all(TEXT.as_bytes(), 1).unwrap();
        assert_eq!(
            *Chisel.plain(&compressed, &mut Warnings::of(PATH)),
            *TEXT.as_bytes()
        );
        Chisel.owned(PATH, &compressed, &mut |path| panic!("{path:?}"));
    }

    /// What stands before the damage counts.
    #[test]
    fn a_manifest_that_breaks_off_is_read_to_there() {
        let mut compressed = Vec::new();
        for part in [TEXT, "{\"kind\":\"package\""] {
            compressed.extend(zstd::encode_all(part.as_bytes(), 1).unwrap());
        }
        compressed.truncate(compressed.len() - 1);
        let (evidence, warnings) = catalog(PATH, &compressed);
        assert_eq!(evidence.packages.len(), 2);
        assert!(
            matches!(&warnings[..], [one] if one.to_string().contains("cannot be decompressed")),
            "{warnings:?}"
        );
    }

    #[test]
    fn bombs_are_refused() {
        let told = |text: &[u8], window: u32| {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            encoder.window_log(window).unwrap();
            std::io::Write::write_all(&mut encoder, text).unwrap();
            let (evidence, warnings) = catalog(PATH, &encoder.finish().unwrap());
            (evidence.packages.len(), format!("{warnings:?}"))
        };
        let (count, said) = told(TEXT.as_bytes(), 23);
        assert_eq!((count, said.as_str()), (2, "[]"));
        let (count, said) = told(TEXT.as_bytes(), 27);
        assert_eq!(count, 0);
        assert!(said.contains("cannot be decompressed"), "{said}");
        let (_, said) = told(&vec![b' '; 2 << 20], 20);
        assert!(said.contains("line 1 has more than 1048576 bytes"), "{said}");
        let (_, said) = told(&b"         \n".repeat(7 << 20), 20);
        assert!(said.contains("it has more than 67108864 bytes"), "{said}");
        let package = b"{\"kind\":\"package\",\"name\":\"a\",\"version\":\"1\"}\n";
        let (count, said) = told(&package.repeat(MOST_PACKAGES + 1), 20);
        assert_eq!(count, MOST_PACKAGES);
        assert!(said.contains("it has more than 50000 packages"), "{said}");
    }
}
