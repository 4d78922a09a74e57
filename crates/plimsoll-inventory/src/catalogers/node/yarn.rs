use std::io;

use plimsoll_core::Ecosystem;

use super::super::{PieceCataloger, Warnings};
use super::{Manifest, is_installed, package};
use crate::content::Content;
use crate::zip::{Member, ZipError, members};
use crate::{EvidenceFile, FoundPackage};

/// One package, and what it carries along.
const MOST_PACKAGES: usize = 1000;
/// As of a manifest that stands alone.
const LARGEST: u64 = 8 << 20;

/// Node.js packages that Yarn runs from archives (Yarn's documentation, "Plug'n'Play"): in the project's cache, or in the
/// user's.
pub(in crate::catalogers) struct YarnCache;

impl PieceCataloger for YarnCache {
    fn name(&self) -> &'static str {
        "yarn-cache"
    }

    fn version(&self) -> u32 {
        1
    }

    fn may_be(&self, path: &str, _mode: u32, size: u64) -> bool {
        let directory = || path.rsplit_once('/').map_or("", |(directory, _)| directory);
        let is_cache = |known: &str| {
            let before = directory().strip_suffix(known);
            before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        size > 0 && path.ends_with(".zip") && (is_cache(".yarn/cache") || is_cache(".yarn/berry/cache"))
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
        let is_manifest = |name: &[u8]| {
            name.ends_with(b"/package.json") && std::str::from_utf8(name).is_ok_and(is_installed)
        };
        let listed = match members(content, MOST_PACKAGES, &is_manifest) {
            Ok((listed, 0)) => listed,
            Ok((listed, more)) => {
                warnings.add(format!("{more} packages in it are not looked at"));
                listed
            }
            Err(error) => return damaged(error, warnings),
        };
        for member in &listed {
            match read(member, content) {
                Ok(found) => evidence.packages.extend(found),
                Err(error) => damaged(error, warnings)?,
            }
        }
        Ok(())
    }
}

fn read(member: &Member, content: &mut dyn Content) -> Result<Option<FoundPackage>, ZipError> {
    let Some(text) = member.read(content, LARGEST)? else {
        return Ok(None);
    };
    let manifest = serde_json::from_slice::<Manifest>(&text).ok();
    Ok(manifest.and_then(package).map(|package| FoundPackage {
        ecosystem: Some(Ecosystem::Npm),
        ..package
    }))
}

fn damaged(error: ZipError, warnings: &mut Warnings) -> io::Result<()> {
    match error {
        ZipError::Source(error) => Err(error),
        ZipError::Damaged(why) => {
            warnings.add(why);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zip::tests::archive;

    #[test]
    fn packages_in_archives() {
        let path = "app/.yarn/cache/@b-a-npm-1.0.0-0a1b2c.zip";
        assert!(YarnCache.may_be(path, 0o644, 1));
        assert!(YarnCache.may_be("root/.yarn/berry/cache/a.zip", 0o644, 1));
        for other in [
            "app/cache/a.zip",
            "app/x.yarn/cache/a.zip",
            "app/.yarn/cache/a.tgz",
        ] {
            assert!(!YarnCache.may_be(other, 0o644, 1), "{other}");
        }
        let content = archive(&[
            (
                "node_modules/@b/a/package.json",
                br#"{"name":"@b/a","version":"1.0.0","license":"MIT"}"#,
                true,
            ),
            (
                "node_modules/@b/a/test/package.json",
                br#"{"name":"t","version":"1"}"#,
                true,
            ),
            (
                "node_modules/@b/a/node_modules/c/package.json",
                br#"{"name":"c","version":"2.0.0"}"#,
                false,
            ),
        ]);
        let mut evidence = EvidenceFile::default();
        let mut warnings = Warnings::of(path);
        YarnCache
            .catalog(&mut content.as_slice(), &mut evidence, &mut warnings)
            .unwrap();
        assert!(warnings.into_vec().is_empty());
        let shown: Vec<_> = evidence
            .packages
            .iter()
            .map(|one| format!("{} {}", one.name, one.version))
            .collect();
        assert_eq!(shown, ["@b/a 1.0.0", "c 2.0.0"]);
        let mut warnings = Warnings::of(path);
        YarnCache
            .catalog(&mut &b"PK"[..], &mut EvidenceFile::default(), &mut warnings)
            .unwrap();
        assert_eq!(warnings.into_vec().len(), 1);
    }
}
