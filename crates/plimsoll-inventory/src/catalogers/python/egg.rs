use std::io;

use bstr::ByteSlice as _;
use plimsoll_core::Ecosystem;

use super::super::{Cataloger as _, PieceCataloger, Warnings};
use super::{Python, distribution};
use crate::content::Content;
use crate::zip::{ZipError, holds_members, members};
use crate::{EvidenceFile, FoundPackage};

/// Its metadata have the long description in them.
const LARGEST: u64 = 8 << 20;

/// Distributions in one application; real ones have some hundred.
const MOST: usize = 5000;
/// All metadata in one application.
const MOST_BYTES: u64 = 256 << 20;

/// Python distributions in one file (setuptools' documentation, "The Internal Structure of Python Eggs"), and applications
/// with all their distributions in one file (PEP 441), which Python runs as they are.
pub(in crate::catalogers) struct Egg;

impl PieceCataloger for Egg {
    fn name(&self) -> &'static str {
        "egg"
    }

    fn version(&self) -> u32 {
        4
    }

    fn may_be(&self, path: &str, _mode: u32, size: u64) -> bool {
        size > 0 && is_archive(path)
    }

    fn is(&self, head: &[u8]) -> bool {
        // What starts an application stands before the archive: a line that names the interpreter, or a script.
        head.starts_with(b"PK") || head.starts_with(b"#!") && holds_members(head)
    }

    fn may_start_with_script(&self) -> bool {
        true
    }

    fn catalog(
        &self,
        content: &mut dyn Content,
        evidence: &mut EvidenceFile,
        warnings: &mut Warnings,
    ) -> io::Result<()> {
        let added = match evidence.path.ends_with(".egg") {
            true => egg(content, evidence, warnings),
            false => application(content, evidence, warnings),
        };
        match added {
            Ok(()) => Ok(()),
            Err(ZipError::Damaged(why)) => {
                warnings.add(why);
                Ok(())
            }
            Err(ZipError::Source(error)) => Err(error),
        }
    }
}

/// Whether a file is called as such archives are.
pub(in crate::catalogers) fn is_archive(path: &str) -> bool {
    [".egg", ".pyz", ".pyzw", ".pex"]
        .iter()
        .any(|end| path.ends_with(end))
}

fn egg(
    content: &mut dyn Content,
    evidence: &mut EvidenceFile,
    warnings: &mut Warnings,
) -> Result<(), ZipError> {
    let (found, _) = members(content, 1, &|name| name == b"EGG-INFO/PKG-INFO")?;
    let metadata = found.first().map(|member| member.read(content, LARGEST));
    match metadata.transpose()?.flatten() {
        Some(metadata) => add(&metadata, evidence, warnings),
        None => warnings.add("it has no metadata that can be read"),
    }
    Ok(())
}

fn application(
    content: &mut dyn Content,
    evidence: &mut EvidenceFile,
    warnings: &mut Warnings,
) -> Result<(), ZipError> {
    let is_metadata = |name: &[u8]| name.ends_with(b"METADATA") || name.ends_with(b"-INFO");
    let is_metadata = |name: &[u8]| is_metadata(name) && Python.limit(&name.to_str_lossy()).is_some();
    let (found, more) = members(content, MOST, &is_metadata)?;
    if more > 0 {
        warnings.add(format!("{more} more distributions in it are not looked at"));
    }
    let mut left = MOST_BYTES;
    for member in found {
        match member.read(content, LARGEST.min(left))? {
            Some(metadata) => {
                left -= metadata.len() as u64;
                add(&metadata, evidence, warnings);
            }
            None => warnings.add(format!("`{}` in it is too large", member.name)),
        }
    }
    Ok(())
}

fn add(metadata: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
    let package = distribution(metadata, warnings);
    evidence.packages.extend(package.map(|package| FoundPackage {
        ecosystem: Some(Ecosystem::PyPi),
        ..package
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zip::tests::archive;

    fn read(content: &[u8]) -> (EvidenceFile, usize) {
        read_as("a.egg", content)
    }

    fn read_as(path: &str, content: &[u8]) -> (EvidenceFile, usize) {
        let mut evidence = EvidenceFile {
            path: path.to_owned(),
            ..EvidenceFile::default()
        };
        let mut warnings = Warnings::of(path);
        Egg.catalog(&mut &*content, &mut evidence, &mut warnings).unwrap();
        (evidence, warnings.into_vec().len())
    }

    #[test]
    fn the_metadata_in_it_are_read() {
        let metadata = b"Metadata-Version: 1.1\nName: sample\nVersion: 1.0\nLicense: MIT\n";
        let (evidence, warnings) = read(&archive(&[
            ("x.py", b"", false),
            ("EGG-INFO/PKG-INFO", metadata, true),
        ]));
        let package = &evidence.packages[0];
        assert_eq!(
            (package.name.as_str(), package.version.as_str(), warnings),
            ("sample", "1.0", 0)
        );
        assert_eq!(package.ecosystem, Some(Ecosystem::PyPi));
    }

    #[test]
    fn all_distributions_of_an_application_are_read() {
        let metadata =
            |name: &str| format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n").into_bytes();
        let (a, b) = (metadata("a"), metadata("b"));
        let archive = archive(&[
            ("__main__.py", b"", false),
            ("a-1.0.dist-info/METADATA", &a, true),
            (".deps/b-1.0-py3-none-any.whl/b-1.0.dist-info/METADATA", &b, true),
            ("a/docs/METADATA", b"", false),
        ]);
        let script = [b"#!/usr/bin/env python3\n", archive.as_slice()].concat();
        for content in [&archive, &script] {
            let (evidence, warnings) = read_as("app.pyz", content);
            let names: Vec<_> = evidence
                .packages
                .iter()
                .map(|package| package.name.as_str())
                .collect();
            assert_eq!((names, warnings), (vec!["a", "b"], 0));
        }
        // One that needs nothing.
        assert_eq!(read_as("app.pex", &archive_of_nothing()).1, 0);
    }

    fn archive_of_nothing() -> Vec<u8> {
        archive(&[("__main__.py", b"", false)])
    }

    #[test]
    fn a_script_without_an_archive_is_none() {
        let archive = archive_of_nothing();
        let script = b"#!/bin/sh\nexec x\n".as_slice();
        assert!(Egg.is(&archive) && Egg.is(&[script, &archive].concat()));
        assert!(!Egg.is(script) && !Egg.is(b"\x7fELF"));
    }

    #[test]
    fn what_has_none_is_noted() {
        assert_eq!(read(&archive(&[("x.py", b"", false)])).1, 1);
        assert_eq!(read(b"PK").1, 1);
    }
}
