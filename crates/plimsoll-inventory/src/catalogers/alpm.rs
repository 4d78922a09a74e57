use plimsoll_core::{Ecosystem, SourcePackage};

use super::{Cataloger, Clue, Warnings, supplier};
use crate::dependencies::bounded;
use crate::{EvidenceFile, FoundPackage};

/// Packages of Arch Linux and its derivatives: `var/lib/pacman/local/NAME-VERSION/desc`, and the list of files beside it
/// (alpm-db-desc(5), alpm-db-files(5)). A section is a line between percent signs and the lines up to a blank one.
pub(super) struct Alpm;

enum File {
    Description,
    List,
}

impl File {
    fn at(path: &str) -> Option<Self> {
        let (package, name) = path.strip_prefix("var/lib/pacman/local/")?.split_once('/')?;
        match name {
            _ if package.is_empty() => None,
            "desc" => Some(Self::Description),
            "files" => Some(Self::List),
            _ => None,
        }
    }
}

/// Where the files of the package are listed that `evidence` names.
pub(crate) fn file_list(evidence: &str) -> Option<String> {
    Some(format!("{}/files", evidence.strip_suffix("/desc")?))
}

impl Cataloger for Alpm {
    fn name(&self) -> &'static str {
        "alpm"
    }

    fn version(&self) -> u32 {
        1
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::Alpm)
    }

    fn clues(&self) -> &'static [Clue] {
        &[Clue::Start("var/lib/pacman/local/")]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        File::at(path).map(|file| match file {
            File::Description => 1 << 20,
            File::List => 32 << 20,
        })
    }

    fn names_packages(&self, path: &str) -> bool {
        matches!(File::at(path), Some(File::Description))
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        let path = evidence.path.clone();
        match File::at(&path) {
            Some(File::Description) => match package(&String::from_utf8_lossy(content)) {
                Ok(package) => evidence.packages.push(package),
                Err(missing) => warnings.add(format!("there is no `{missing}`")),
            },
            Some(File::List) | None => {}
        }
    }

    fn files(&self, content: &[u8], evidence: &mut EvidenceFile) {
        let path = evidence.path.clone();
        self.owned(&path, content, &mut |path| {
            evidence.files.push(String::from_utf8_lossy(path).into_owned());
        });
    }

    fn owned(&self, path: &str, content: &[u8], sink: &mut dyn FnMut(&[u8])) {
        if !matches!(File::at(path), Some(File::List)) {
            return;
        }
        let mut is_list = false;
        for line in content.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end) {
            match line {
                b"%FILES%" => is_list = true,
                b"" => is_list = false,
                // A directory.
                _ if line.ends_with(b"/") => {}
                _ if is_list => sink(line),
                _ => {}
            }
        }
    }
}

/// The package, or the section that it has to have and has not.
fn package(text: &str) -> Result<FoundPackage, &'static str> {
    let section = |title: &'static str| {
        let lines = text.lines().map(str::trim).skip_while(move |line| *line != title);
        lines.skip(1).take_while(|line| !line.is_empty())
    };
    let one = |title| section(title).next().map(str::to_owned);
    let name = one("%NAME%").ok_or("%NAME%")?;
    let version = one("%VERSION%").ok_or("%VERSION%")?;
    let source = one("%BASE%").map(|name| SourcePackage {
        name,
        version: version.clone(),
    });
    Ok(FoundPackage {
        architecture: one("%ARCH%"),
        source,
        licenses: section("%LICENSE%").take(50).map(str::to_owned).collect(),
        supplier: supplier(&one("%PACKAGER%").unwrap_or_default()),
        requires: bounded(section("%DEPENDS%").map(needed)),
        provides: bounded(section("%PROVIDES%").flat_map(|one| [one, needed(one), bare(one)])),
        name,
        version,
        ..FoundPackage::default()
    })
}

/// `glibc>=2.38` needs a package of any version that is here; `libtree-sitter.so=0-64` that version of the library.
fn needed(relation: &str) -> &str {
    match relation.contains(".so=") {
        true => relation,
        false => bare(relation),
    }
}

fn bare(relation: &str) -> &str {
    let ends = |c: char| matches!(c, '=' | '<' | '>' | ':') || c.is_whitespace();
    relation.split(ends).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::catalog;
    use super::*;

    #[test]
    fn descriptions() {
        let text = "%NAME%\ngmp\n\n%VERSION%\n1:6.2.1-2\n\n%BASE%\ngmp-base\n\n%DESC%\n%NAME%\n\n%ARCH%\nx86_64\n\n\
            %PACKAGER%\nA <a@example.org>\n\n%LICENSE%\nLGPL3\nGPL\n\n%DEPENDS%\ngcc-libs>=12\nsh\nlibx.so=1-64\n\n\
            %PROVIDES%\nlibgmp.so=10-64\n";
        let (evidence, warnings) = catalog("var/lib/pacman/local/gmp-6.2.1-2/desc", text.as_bytes());
        assert!(warnings.is_empty(), "{warnings:?}");
        let gmp = &evidence.packages[0];
        assert_eq!((gmp.name.as_str(), gmp.version.as_str()), ("gmp", "1:6.2.1-2"));
        assert_eq!(gmp.source.as_ref().unwrap().name, "gmp-base");
        assert_eq!(gmp.architecture.as_deref(), Some("x86_64"));
        assert_eq!(gmp.licenses, ["LGPL3", "GPL"]);
        assert_eq!(gmp.supplier.as_deref(), Some("A <a@example.org>"));
        assert_eq!(gmp.requires, ["gcc-libs", "libx.so=1-64", "sh"]);
        assert_eq!(gmp.provides, ["libgmp.so", "libgmp.so=10-64"]);
        let (evidence, warnings) = catalog("var/lib/pacman/local/a-1/desc", b"%NAME%\na\n");
        assert!(evidence.packages.is_empty());
        assert_eq!(warnings[0].message, "there is no `%VERSION%`");
    }

    #[test]
    fn lists_say_what_is_owned() {
        let list = b"%FILES%\nusr/\nusr/bin/\nusr/bin/pip\nusr/lib/python3/site-packages/a-1.dist-info/METADATA\nusr/share/x\n\n\
            %BACKUP%\netc/os-release\t0\n";
        let path = "var/lib/pacman/local/python-pip-1-1/files";
        let (mut evidence, _) = catalog(path, list);
        assert_eq!(
            evidence.owns,
            [
                "usr/bin/pip",
                "usr/lib/python3/site-packages/a-1.dist-info/METADATA"
            ]
        );
        Alpm.files(list, &mut evidence);
        assert_eq!(evidence.files.len(), 3);
        let lists = file_list("var/lib/pacman/local/a-1/desc");
        assert_eq!(lists.as_deref(), Some("var/lib/pacman/local/a-1/files"));
        for other in [
            "var/lib/pacman/local/ALPM_DB_VERSION",
            "var/lib/pacman/sync/a/desc",
            "desc",
        ] {
            assert!(Alpm.limit(other).is_none(), "{other}");
        }
    }
}
