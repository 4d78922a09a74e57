use std::io;

use plimsoll_core::Ecosystem;

use super::super::{PieceCataloger, Warnings};
use super::distribution;
use crate::content::Content;
use crate::zip::{ZipError, members};
use crate::{EvidenceFile, FoundPackage};

/// Its metadata have the long description in them.
const LARGEST: u64 = 8 << 20;

/// Python distributions in one file (setuptools' documentation, "The Internal Structure of Python Eggs").
pub(in crate::catalogers) struct Egg;

impl PieceCataloger for Egg {
    fn name(&self) -> &'static str {
        "egg"
    }

    fn version(&self) -> u32 {
        2
    }

    fn may_be(&self, path: &str, _mode: u32, size: u64) -> bool {
        size > 0 && path.ends_with(".egg")
    }

    fn is(&self, head: &[u8]) -> bool {
        head.starts_with(b"PK")
    }

    fn catalog(
        &self,
        content: &mut dyn Content,
        evidence: &mut EvidenceFile,
        warnings: &mut Warnings,
    ) -> io::Result<()> {
        match metadata(content) {
            Ok(Some(metadata)) => {
                let package = distribution(&metadata, warnings);
                evidence.packages.extend(package.map(|package| FoundPackage {
                    ecosystem: Some(Ecosystem::PyPi),
                    ..package
                }));
                Ok(())
            }
            Ok(None) => {
                warnings.add("it has no metadata that can be read");
                Ok(())
            }
            Err(ZipError::Damaged(why)) => {
                warnings.add(why);
                Ok(())
            }
            Err(ZipError::Source(error)) => Err(error),
        }
    }
}

fn metadata(content: &mut dyn Content) -> Result<Option<Vec<u8>>, ZipError> {
    let (found, _) = members(content, 1, &|name| name == b"EGG-INFO/PKG-INFO")?;
    match found.first() {
        Some(member) => member.read(content, LARGEST),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zip::tests::archive;

    fn read(content: &[u8]) -> (EvidenceFile, usize) {
        let mut evidence = EvidenceFile::default();
        let mut warnings = Warnings::of("a.egg");
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
    fn what_has_none_is_noted() {
        assert_eq!(read(&archive(&[("x.py", b"", false)])).1, 1);
        assert_eq!(read(b"PK").1, 1);
    }
}
