use plimsoll_core::Ecosystem;

use super::super::{Cataloger, Clue, Warnings};
use crate::{EvidenceFile, FoundPackage};

/// Distributions that another one carries in itself, by the list of them: `pip/_vendor/vendor.txt`,
/// `setuptools/_vendor/vendored.txt`, `pkg_resources/_vendor/vendored.txt`.
pub(in crate::catalogers) struct Vendored;

impl Cataloger for Vendored {
    fn name(&self) -> &'static str {
        "python-vendored"
    }

    fn version(&self) -> u32 {
        1
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::PyPi)
    }

    fn clues(&self) -> &'static [Clue] {
        &[Clue::End("vendor.txt"), Clue::End("vendored.txt")]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        let (directory, name) = path.rsplit_once('/')?;
        let is_list = matches!(name, "vendor.txt" | "vendored.txt");
        (is_list && directory.ends_with("/_vendor")).then_some(64 << 10)
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, _warnings: &mut Warnings) {
        let text = String::from_utf8_lossy(content);
        // Of setuptools, pip carries no more than one module, and not the one that advisories are about.
        let is_carried = |package: &FoundPackage| package.name != "setuptools";
        evidence
            .packages
            .extend(text.lines().filter_map(pinned).filter(is_carried));
    }
}

/// `name==version`, maybe with extras, a marker or a comment.
fn pinned(line: &str) -> Option<FoundPackage> {
    let line = line.split(['#', ';']).next()?;
    let (name, version) = line.split_once("==")?;
    let name = name.split('[').next()?.trim();
    let version = version.trim();
    let is_plain = |text: &str, more: &[u8]| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || more.contains(&byte);
        !text.is_empty() && text.bytes().all(is_allowed)
    };
    (is_plain(name, b"-_.") && is_plain(version, b".!+-_")).then(|| FoundPackage {
        name: name.to_owned(),
        version: version.to_owned(),
        ..FoundPackage::default()
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::catalog;
    use super::*;

    #[test]
    fn lists_of_what_is_carried() {
        let path = "usr/local/lib/python3.11/site-packages/pip/_vendor/vendor.txt";
        let text = b"CacheControl==0.12.11  # Make sure to update the license in pyproject.toml for this.\nrequests[x]==2.28.2\n    \
            certifi==2022.12.7\ncolorama==0.4.6 ; sys_platform == 'win32'\nsetuptools==65.6.3\n# a==1\nb>=1\nc == \n";
        let (evidence, warnings) = catalog(path, text);
        assert!(warnings.is_empty());
        let shown: Vec<_> = evidence
            .packages
            .iter()
            .map(|package| format!("{} {}", package.name, package.version))
            .collect();
        assert_eq!(
            shown,
            [
                "CacheControl 0.12.11",
                "requests 2.28.2",
                "certifi 2022.12.7",
                "colorama 0.4.6"
            ]
        );
        assert!(Vendored.limit("app/vendor.txt").is_none());
    }
}
