use std::collections::{HashMap, HashSet};

use plimsoll_core::{Ecosystem, SourcePackage};

use super::{Cataloger, Clue, Warnings, supplier};
use crate::dependencies::bounded;
use crate::lines::lines;
use crate::{EvidenceFile, FoundPackage};

/// Alpine packages: `lib/apk/db/installed`, also below `usr` where the two are one. A paragraph a package, a
/// letter a field: `P` name, `V` version, `A` architecture, `L` licence, `o` origin, `F` directory, `R` file in it.
pub(super) struct Apk;

/// No line of the database is longer in practice; dependencies and provides may take some thousands.
const MAX_LINE: usize = 1 << 20;

impl Cataloger for Apk {
    fn name(&self) -> &'static str {
        "apk"
    }

    fn version(&self) -> u32 {
        5
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::Apk)
    }

    fn clues(&self) -> &'static [Clue] {
        &[Clue::End("/installed")]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        matches!(path, "lib/apk/db/installed" | "usr/lib/apk/db/installed").then_some(128 << 20)
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        let mut entry = Entry::default();
        for (index, line) in lines(content).enumerate() {
            let number = index + 1;
            let line = line.trim_ascii_end();
            if line.is_empty() {
                std::mem::take(&mut entry).finish(evidence, warnings);
            } else if line.len() > MAX_LINE {
                warnings.add(format!("line {number} is too long to be read"));
            } else if line.get(1) != Some(&b':') {
                warnings.add(format!("line {number} is not a field"));
            } else {
                entry.add(number, line[0], &line[2..], warnings);
            }
        }
        entry.finish(evidence, warnings);
        relate(content, &mut evidence.packages);
    }

    fn files(&self, content: &[u8], evidence: &mut EvidenceFile) {
        let lines = lines(content);
        let (mut package, mut directory) = (Vec::new(), String::new());
        let mut by_name: HashMap<String, Vec<String>> = HashMap::new();
        let mut name = String::new();
        for line in lines.chain([&b""[..]]) {
            match line.trim_ascii_end() {
                [b'P', b':', value @ ..] => name = String::from_utf8_lossy(value).into_owned(),
                [b'F', b':', value @ ..] => directory = String::from_utf8_lossy(value).into_owned(),
                [b'R', b':', value @ ..] => package.push(in_directory(&directory, value)),
                [] => {
                    by_name.insert(std::mem::take(&mut name), std::mem::take(&mut package));
                    directory.clear();
                }
                _ => {}
            }
        }
        for package in &mut evidence.packages {
            package.files = by_name.remove(&package.name).unwrap_or_default();
        }
    }

    fn owned(&self, _path: &str, content: &[u8], sink: &mut dyn FnMut(&[u8])) {
        let mut directory: &[u8] = &[];
        for line in lines(content) {
            match line.trim_ascii_end() {
                [b'F', b':', path @ ..] => directory = path,
                [b'R', b':', name @ ..] => sink(&[directory, b"/", name].concat()),
                [] => directory = &[],
                _ => {}
            }
        }
    }
}

/// Tells of each package which others it needs. The database names what it needs of them (`so:libc.musl-x86_64.so.1`,
/// `cmd:sh`, `/bin/sh`) and what each has for others, both maybe with a version.
fn relate(content: &[u8], packages: &mut [FoundPackage]) {
    let (mut needed, mut provided) = (HashMap::new(), HashMap::new());
    let mut name = "";
    for line in lines(content) {
        let Ok(line) = std::str::from_utf8(line.trim_ascii_end()) else {
            continue;
        };
        match line.split_at_checked(2) {
            Some(("P:", value)) => name = value,
            Some(("D:", value)) => _ = needed.insert(name, value),
            Some(("p:", value)) => provided.extend(value.split(' ').map(|one| (bare_name(one), name))),
            _ if line.is_empty() => name = "",
            _ => {}
        }
    }
    let names: HashSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    // A name with `!` before it is of what must not be there.
    let package_of = |relation: &str| {
        let name = bare_name(relation);
        names.get(name).copied().or_else(|| provided.get(name).copied())
    };
    let related = packages.iter().map(|package| {
        let needed = needed.get(package.name.as_str()).copied().unwrap_or_default();
        bounded(needed.split(' ').filter_map(package_of))
    });
    let related: Vec<Vec<String>> = related.collect();
    for (package, requires) in packages.iter_mut().zip(related) {
        package.requires = requires;
    }
}

/// A relation without its version and without the repository that it is pinned to.
fn bare_name(relation: &str) -> &str {
    relation
        .split(['=', '<', '>', '~', '@'])
        .next()
        .unwrap_or_default()
}

/// The licences in `GPL-2.0-only AND MIT`, which is one expression, or in `MIT BSD GPL2+`, as older releases have it.
fn licenses(stated: &str) -> Vec<String> {
    let is_operator = |word: &str| matches!(word, "AND" | "OR" | "WITH" | "and" | "or" | "with");
    match stated.split_ascii_whitespace().any(is_operator) || stated.contains(['(', ',']) {
        true => vec![stated.to_owned()],
        false => stated.split_ascii_whitespace().map(str::to_owned).collect(),
    }
}

fn in_directory(directory: &str, name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    match directory.is_empty() {
        true => name.into_owned(),
        false => format!("{directory}/{name}"),
    }
}

#[derive(Default)]
struct Entry {
    line: usize,
    name: String,
    version: String,
    architecture: Option<String>,
    license: Option<String>,
    origin: Option<String>,
    maintainer: String,
}

impl Entry {
    fn add(&mut self, line: usize, field: u8, value: &[u8], warnings: &mut Warnings) {
        if self.line == 0 {
            self.line = line;
        }
        match field {
            b'P' | b'V' | b'A' | b'L' | b'o' | b'm' => {
                let Ok(text) = std::str::from_utf8(value) else {
                    let field = char::from(field);
                    return warnings.add(format!("`{field}` at line {line} is not UTF-8"));
                };
                let text = text.trim().to_owned();
                match field {
                    b'P' => self.name = text,
                    b'V' => self.version = text,
                    b'A' => self.architecture = Some(text).filter(|text| !text.is_empty()),
                    b'L' => self.license = Some(text).filter(|text| !text.is_empty()),
                    b'm' => self.maintainer = text,
                    _ => self.origin = Some(text).filter(|text| !text.is_empty()),
                }
            }
            _ => {}
        }
    }

    fn finish(self, evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        if self.line == 0 {
            return;
        }
        for (field, value) in [("P", &self.name), ("V", &self.version)] {
            if value.is_empty() {
                return warnings.add(format!("the package at line {} has no `{field}`", self.line));
            }
        }
        let source = self.origin.map(|name| SourcePackage {
            name,
            version: self.version.clone(),
        });
        evidence.packages.push(FoundPackage {
            name: self.name,
            version: self.version,
            architecture: self.architecture,
            source,
            licenses: self.license.as_deref().map(licenses).unwrap_or_default(),
            supplier: supplier(&self.maintainer),
            ..FoundPackage::default()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalog;

    #[test]
    fn licences_of_older_releases_stand_side_by_side() {
        let of = |stated: &str| {
            let text = format!("P:a\nV:1\nL:{stated}\n");
            let (evidence, _) = catalog("lib/apk/db/installed", text.as_bytes());
            evidence.packages[0].licenses.clone()
        };
        assert_eq!(of("MIT BSD  GPL2+"), ["MIT", "BSD", "GPL2+"]);
        assert_eq!(
            of("MIT AND (BSD-2-Clause OR Zlib)"),
            ["MIT AND (BSD-2-Clause OR Zlib)"]
        );
        assert_eq!(of(""), [""; 0]);
    }

    #[test]
    fn packages_origins_and_owned_files() {
        let text = b"C:Q1abc=\nP:musl-utils\nV:1.2.5-r0\nA:x86_64\nL:MIT AND BSD-2-Clause\no:musl\nF:usr\n\n\
            P:py3-six\nV:1.16.0-r9\nF:usr/lib/python3.12/site-packages/six-1.16.0.dist-info\nR:METADATA\nR:RECORD\n\n\
            P:broken\n\nnonsense\n";
        let (evidence, warnings) = catalog("lib/apk/db/installed", text);
        assert_eq!(evidence.packages.len(), 2);
        let musl = &evidence.packages[0];
        assert_eq!(
            (musl.name.as_str(), musl.version.as_str()),
            ("musl-utils", "1.2.5-r0")
        );
        assert_eq!(musl.source.as_ref().unwrap().name, "musl");
        assert_eq!(musl.licenses, ["MIT AND BSD-2-Clause"]);
        assert_eq!(evidence.packages[1].source, None);
        assert_eq!(
            evidence.owns,
            ["usr/lib/python3.12/site-packages/six-1.16.0.dist-info/METADATA"]
        );
        let messages: Vec<_> = warnings.iter().map(|warning| warning.message.as_str()).collect();
        assert_eq!(
            messages,
            ["the package at line 15 has no `V`", "line 17 is not a field"]
        );
    }
}
