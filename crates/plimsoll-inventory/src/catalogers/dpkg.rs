use plimsoll_core::{Ecosystem, SourcePackage};

use super::{Cataloger, Clue, Warnings, supplier};
use crate::dependencies::bounded;
use crate::fields::{Field, Paragraph, paragraphs};
use crate::lines::lines;
use crate::{EvidenceFile, FoundPackage};

/// Debian packages: `var/lib/dpkg/status`, the one-package files in `var/lib/dpkg/status.d` of images made without
/// dpkg, the lists of files that packages own, and the licences of machine-readable copyright files.
pub(crate) struct Dpkg;

/// The files that a package may bring for dpkg beside its paragraph (Debian policy, chapters 5 to 8).
const CONTROL_FILES: [&str; 10] = [
    "conffiles",
    "config",
    "postinst",
    "postrm",
    "preinst",
    "prerm",
    "shlibs",
    "symbols",
    "templates",
    "triggers",
];

enum File {
    /// Paragraphs of packages.
    Status,
    /// One owned path a line.
    List,
    /// An MD5 sum and an owned path a line.
    Sums,
    /// The copyright file of a package.
    Copyright,
}

impl File {
    fn at(path: &str) -> Option<Self> {
        if let Some(rest) = path.strip_prefix("usr/share/doc/") {
            let package = rest.strip_suffix("/copyright")?;
            return (!package.contains('/')).then_some(Self::Copyright);
        }
        let rest = path.strip_prefix("var/lib/dpkg/")?;
        if rest == "status" {
            return Some(Self::Status);
        }
        let (directory, name) = rest.split_once('/')?;
        let extension = name.rsplit_once('.').map(|(_, extension)| extension);
        match (directory, extension) {
            ("info" | "status.d", Some("md5sums")) => Some(Self::Sums),
            ("info" | "status.d", Some("list")) => Some(Self::List),
            // What else a package brings for dpkg may stand there, too.
            ("status.d", Some(extension)) if CONTROL_FILES.contains(&extension) => None,
            ("status.d", _) => Some(Self::Status),
            _ => None,
        }
    }
}

impl Cataloger for Dpkg {
    fn name(&self) -> &'static str {
        "dpkg"
    }

    fn version(&self) -> u32 {
        6
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::Deb)
    }

    fn clues(&self) -> &'static [Clue] {
        &[Clue::Start("var/lib/dpkg/"), Clue::End("/copyright")]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        File::at(path).map(|file| match file {
            File::Status => 64 << 20,
            File::List | File::Sums => 32 << 20,
            File::Copyright => 4 << 20,
        })
    }

    fn names_packages(&self, path: &str) -> bool {
        matches!(File::at(path), Some(File::Status))
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        let path = evidence.path.clone();
        match File::at(&path) {
            Some(File::Status) => status(content, evidence, warnings),
            Some(File::Copyright) => evidence.licenses = licenses(content),
            Some(File::List | File::Sums) | None => {}
        }
    }

    fn files(&self, content: &[u8], evidence: &mut EvidenceFile) {
        let path = evidence.path.clone();
        self.owned(&path, content, &mut |bytes| {
            let path = String::from_utf8_lossy(bytes.strip_prefix(b"/").unwrap_or(bytes));
            if !matches!(&*path, "" | ".") {
                evidence.files.push(path.into_owned());
            }
        });
    }

    fn owned(&self, path: &str, content: &[u8], sink: &mut dyn FnMut(&[u8])) {
        let lines = lines(content);
        match File::at(path) {
            Some(File::List) => lines.for_each(sink),
            Some(File::Sums) => lines.filter_map(|line| line.get(34..)).for_each(sink),
            Some(File::Status | File::Copyright) | None => {}
        }
    }
}

/// Where the files of a package may be listed that `evidence` names. Packages that can be installed for several
/// architectures at once have theirs in the name.
pub(crate) fn file_lists(evidence: &str, name: &str, architecture: Option<&str>) -> Vec<String> {
    if evidence.starts_with("var/lib/dpkg/status.d/") {
        return vec![format!("{evidence}.md5sums")];
    }
    let qualified = architecture.map(|architecture| format!("var/lib/dpkg/info/{name}:{architecture}.list"));
    let plain = format!("var/lib/dpkg/info/{name}.list");
    qualified.into_iter().chain([plain]).collect()
}

/// Adds the packages in a file of paragraphs.
pub(super) fn status(content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
    for paragraph in paragraphs(content) {
        for problem in &paragraph.problems {
            warnings.add(problem);
        }
        match package(&paragraph) {
            Ok(Some(package)) => evidence.packages.push(package),
            Ok(None) => {}
            Err(problem) => warnings.add(problem),
        }
    }
}

/// The package of one paragraph; `None` for one that is not installed.
fn package(paragraph: &Paragraph<'_>) -> Result<Option<FoundPackage>, String> {
    let missing = |field| format!("the paragraph at line {} has no `{field}`", paragraph.line);
    if !is_installed(paragraph.text("Status")?) {
        return Ok(None);
    }
    let name = paragraph.text("Package")?.ok_or_else(|| missing("Package"))?;
    let version = paragraph.text("Version")?.ok_or_else(|| missing("Version"))?;
    let architecture = paragraph.text("Architecture")?;
    let source = source(paragraph.text("Source")?, name, version);
    let listed = |field| paragraph.field(field).and_then(Field::whole).unwrap_or_default();
    let requires = ["Pre-Depends", "Depends"].map(listed);
    Ok(Some(FoundPackage {
        requires: bounded(
            requires
                .iter()
                .flat_map(|field| field.split(','))
                .map(alternatives),
        ),
        provides: bounded(listed("Provides").split(',').map(bare_name)),
        name: name.to_owned(),
        version: version.to_owned(),
        architecture: architecture.map(str::to_owned),
        supplier: supplier(listed("Maintainer").lines().next().unwrap_or_default()),
        // Debian's policy knows no such field; others who make such packages fill it.
        licenses: paragraph
            .text("License")?
            .filter(|license| license.len() <= 200)
            .map(str::to_owned)
            .into_iter()
            .collect(),
        source: Some(source),
        ..FoundPackage::default()
    }))
}

/// The names in `a (>= 1) | b:any [amd64]`, between bars.
fn alternatives(relation: &str) -> String {
    relation.split('|').map(bare_name).collect::<Vec<_>>().join("|")
}

/// A package's name without the versions, processors and architectures that it is needed in.
fn bare_name(relation: &str) -> &str {
    let relation = relation.trim_start();
    let ends = |c: char| c.is_whitespace() || matches!(c, ':' | '(' | '[' | '<');
    relation.split(ends).next().unwrap_or_default()
}

/// `Status` is what is wanted, an error flag, and the state: `install ok installed`. The state alone counts: a package
/// that is wanted gone is still there, and one that is installed by half has files, too. Nothing but configuration files
/// is no package. Images made without dpkg leave the field out.
fn is_installed(status: Option<&str>) -> bool {
    let state = status.and_then(|status| status.split_ascii_whitespace().nth(2));
    !matches!(state, Some("config-files" | "not-installed"))
}

/// `Source: name (version)`; both are the binary package's own where they are left out.
fn source(field: Option<&str>, name: &str, version: &str) -> SourcePackage {
    let field = field.unwrap_or(name);
    let (source, rest) = field.split_once('(').unwrap_or((field, ""));
    let stated = rest.trim_end().trim_end_matches(')').trim();
    SourcePackage {
        name: source.trim().to_owned(),
        version: if stated.is_empty() { version } else { stated }.to_owned(),
    }
}

/// The short names of the licences in a copyright file: the first line of every `License` field if it is
/// machine-readable (DEP 5), else what stands behind `License:` at the beginning of a line, if that is a short name, and
/// the names of the common licences that it refers to.
fn licenses(content: &[u8]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        // Some files have nothing in them that could have a licence.
        let is_one = !name.is_empty() && name.len() <= 100 && !name.eq_ignore_ascii_case("none");
        if is_one && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    };
    let mut all = paragraphs(content);
    match all.next().filter(|header| header.field("Format").is_some()) {
        Some(header) => {
            for paragraph in std::iter::once(header).chain(all) {
                paragraph
                    .all("License")
                    .filter_map(Field::text)
                    .for_each(&mut add);
            }
        }
        None => {
            let lines = lines(content);
            let stated = lines.filter_map(|line| line.strip_prefix(b"License:"));
            let stated = stated.filter_map(|name| std::str::from_utf8(name.trim_ascii()).ok());
            stated.filter(|name| is_short_name(name)).for_each(&mut add);
            common_licenses(content).for_each(add);
        }
    }
    names
}

/// Whether it is a name such as `GPLv2+`, `MIT` or `Apache-2.0`, and not the beginning of a sentence.
fn is_short_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._/".contains(&byte);
    let letters = text.bytes().filter(u8::is_ascii_uppercase).count();
    text.bytes().all(is_part)
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && (letters > 1 || text.bytes().any(|byte| byte.is_ascii_digit()))
}

/// The names behind `/usr/share/common-licenses/`, where Debian keeps the texts that many packages share.
fn common_licenses(content: &[u8]) -> impl Iterator<Item = &str> {
    const DIRECTORY: &[u8] = b"/usr/share/common-licenses/";
    memchr::memmem::find_iter(content, DIRECTORY).filter_map(|at| {
        let rest = &content[at + DIRECTORY.len()..];
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-._".contains(byte);
        let length = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        let name = std::str::from_utf8(&rest[..length]).ok()?;
        // A full stop may end the sentence.
        Some(name.trim_end_matches(['.', '-', '_']))
    })
}

#[cfg(test)]
mod tests {
    use super::super::catalog;
    use super::*;

    const STATUS: &str = "\
Package: libc6
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: glibc
Version: 2.36-9+deb12u4
Description: GNU C Library
 Version: not this one

Package: gcc-12-base
Status: hold ok installed
Architecture: amd64
Source: gcc-12 (12.2.0-14)
Version: 12.2.0-14+b1

Package: removed
Status: deinstall ok config-files
Version: 1

Package: broken
Status: install ok installed

Package: half
Status: install ok half-configured
Version: 1:2-3

Package: unwanted
Status: deinstall ok installed
Version: 4

Package: never
Status: purge ok not-installed
";

    #[test]
    fn installed_packages_have_their_sources() {
        let (evidence, warnings) = catalog("var/lib/dpkg/status", STATUS.as_bytes());
        let shown = evidence.packages.iter().map(|package| {
            let source = package.source.as_ref().unwrap();
            format!(
                "{} {} <- {} {}",
                package.name, package.version, source.name, source.version
            )
        });
        assert_eq!(
            shown.collect::<Vec<_>>(),
            [
                "libc6 2.36-9+deb12u4 <- glibc 2.36-9+deb12u4",
                "gcc-12-base 12.2.0-14+b1 <- gcc-12 12.2.0-14",
                "half 1:2-3 <- half 1:2-3",
                "unwanted 4 <- unwanted 4",
            ]
        );
        assert_eq!(warnings.len(), 1);
        assert_eq!(warnings[0].message, "the paragraph at line 20 has no `Version`");
    }

    #[test]
    fn files_that_are_not_utf8_are_noted() {
        let (evidence, warnings) = catalog(
            "var/lib/dpkg/status",
            b"Package: a\nVersion: \xff\nMaintainer: \xe9\n\nPackage: b\nVersion: 1\n",
        );
        assert_eq!(evidence.packages.len(), 1);
        assert_eq!(
            warnings[0].message,
            "`Version` of the paragraph at line 1 is not UTF-8"
        );
    }

    #[test]
    fn one_package_files_need_no_status() {
        let (evidence, _) = catalog(
            "var/lib/dpkg/status.d/tzdata",
            b"Package: tzdata\nVersion: 2024a-0+deb12u1\n",
        );
        assert_eq!(evidence.packages[0].name, "tzdata");
        assert!(Dpkg.limit("var/lib/dpkg/status.d/python3.11").is_some());
        assert!(Dpkg.limit("var/lib/dpkg/status.d/python3.11.postinst").is_none());
        let sums = b"d41d8cd98f00b204e9800998ecf8427e  usr/lib/python3/dist-packages/a.egg-info\nshort\n";
        let (evidence, _) = catalog("var/lib/dpkg/status.d/a.md5sums", sums);
        assert_eq!(evidence.owns, ["usr/lib/python3/dist-packages/a.egg-info"]);
    }

    #[test]
    fn lists_keep_only_what_may_be_a_package_of_its_own() {
        let list = b"/.\n/usr\n/usr/bin/pip\n/usr/share/pip\n/usr/lib/python3/dist-packages/pip-23.0.1.dist-info/METADATA\n";
        let (evidence, _) = catalog("var/lib/dpkg/info/python3-pip.list", list);
        assert_eq!(
            evidence.owns,
            [
                "usr/bin/pip",
                "usr/lib/python3/dist-packages/pip-23.0.1.dist-info/METADATA"
            ]
        );
    }

    #[test]
    fn licences_come_from_copyright_files() {
        let text = b"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n\
            Files: *\nLicense: MIT\n\nFiles: x\nLicense: GPL-2+\n text\n\nLicense: GPL-2+\n more\n";
        assert_eq!(
            catalog("usr/share/doc/a/copyright", text).0.licenses,
            ["MIT", "GPL-2+"]
        );
        let prose =
            b"Copyright 1999 A.\nLicense: see below\n\nOn Debian systems, the text of the GPL is in\n\
            `/usr/share/common-licenses/GPL-2', that of the LGPL in /usr/share/common-licenses/LGPL-2.1.\n\
            See also /usr/share/common-licenses/GPL-2 and /usr/share/common-licenses/.\n";
        assert_eq!(
            catalog("usr/share/doc/a/copyright", prose).0.licenses,
            ["GPL-2", "LGPL-2.1"]
        );
        let stated =
            b"License: GPLv3+\n\n  License: BSD\nLicense: This\nSee /usr/share/common-licenses/GPL-3.\n";
        assert_eq!(
            catalog("usr/share/doc/a/copyright", stated).0.licenses,
            ["GPLv3+", "GPL-3"]
        );
        let none = b"Format: x\n\nFiles: a\nLicense: none\n No licence.\n\nFiles: b\nLicense: MIT\n";
        assert_eq!(catalog("usr/share/doc/a/copyright", none).0.licenses, ["MIT"]);
        assert!(Dpkg.limit("usr/share/doc/a/b/copyright").is_none());
    }
}
