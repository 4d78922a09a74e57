use plimsoll_core::Ecosystem;

use super::{Cataloger, Clue, Warnings, dpkg};
use crate::EvidenceFile;

/// Packages of OpenWrt and its kin: `usr/lib/opkg/status`, which has the form of dpkg's, and the lists of their files.
pub(super) struct Opkg;

const DIRECTORIES: [&str; 2] = ["usr/lib/opkg/", "var/lib/opkg/"];

enum File {
    Status,
    List,
}

impl File {
    fn at(path: &str) -> Option<Self> {
        let rest = DIRECTORIES.iter().find_map(|one| path.strip_prefix(one))?;
        if rest == "status" {
            return Some(Self::Status);
        }
        let name = rest.strip_prefix("info/")?.strip_suffix(".list")?;
        (!name.is_empty() && !name.contains('/')).then_some(Self::List)
    }
}

/// Where the files of the package may be listed that `evidence` names.
pub(crate) fn file_list(evidence: &str, name: &str) -> Option<String> {
    Some(format!("{}info/{name}.list", evidence.strip_suffix("status")?))
}

impl Cataloger for Opkg {
    fn name(&self) -> &'static str {
        "opkg"
    }

    fn version(&self) -> u32 {
        1
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::Opkg)
    }

    fn clues(&self) -> &'static [Clue] {
        &[Clue::Start("usr/lib/opkg/"), Clue::Start("var/lib/opkg/")]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        File::at(path).map(|_| 32 << 20)
    }

    fn names_packages(&self, path: &str) -> bool {
        matches!(File::at(path), Some(File::Status))
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        let path = evidence.path.clone();
        match File::at(&path) {
            Some(File::Status) => dpkg::status(content, evidence, warnings),
            Some(File::List) | None => {}
        }
    }

    fn files(&self, content: &[u8], evidence: &mut EvidenceFile) {
        let path = evidence.path.clone();
        self.owned(&path, content, &mut |path| {
            let path = path.strip_prefix(b"/").unwrap_or(path);
            evidence.files.push(String::from_utf8_lossy(path).into_owned());
        });
    }

    fn owned(&self, path: &str, content: &[u8], sink: &mut dyn FnMut(&[u8])) {
        if matches!(File::at(path), Some(File::List)) {
            let lines = content.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
            lines.filter(|line| !line.is_empty()).for_each(sink);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalog;
    use super::*;

    #[test]
    fn status_and_lists() {
        let text = b"Package: libz1\nVersion: 1.3.2-r0\nDepends: libc (= 1.2)\nStatus: install user installed\n\
            Architecture: x86_64\nLicense: Zlib\n\nPackage: gone\nVersion: 1\nStatus: deinstall hold not-installed\n";
        let (evidence, warnings) = catalog("usr/lib/opkg/status", text);
        assert!(warnings.is_empty(), "{warnings:?}");
        let shown: Vec<_> = evidence
            .packages
            .iter()
            .map(|one| {
                format!(
                    "{} {} {:?} {:?}",
                    one.name, one.version, one.licenses, one.requires
                )
            })
            .collect();
        assert_eq!(shown, ["libz1 1.3.2-r0 [\"Zlib\"] [\"libc\"]"]);
        let (mut evidence, _) = catalog("usr/lib/opkg/info/a.list", b"/usr/bin/x\n/etc/y\n");
        assert_eq!(evidence.owns, ["usr/bin/x"]);
        Opkg.files(b"/etc/y\n", &mut evidence);
        assert_eq!(evidence.files, ["etc/y"]);
        let list = file_list("usr/lib/opkg/status", "a");
        assert_eq!(list.as_deref(), Some("usr/lib/opkg/info/a.list"));
        assert!(Opkg.limit("usr/lib/opkg/info/a.control").is_none());
    }
}
