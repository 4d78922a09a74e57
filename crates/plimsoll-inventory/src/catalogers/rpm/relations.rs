//! Which packages of an RPM database need which others. A package says what it needs of others (`libc.so.6()(64bit)`,
//! `/bin/sh`, `config(x)`), and each what it has for others.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::header::Header;
use crate::FoundPackage;
use crate::dependencies::bounded;

/// No database has more in practice: some thousand packages, some dozens each.
const MOST: usize = 2_000_000;

/// Names are kept by their hashes, with the place of the package among those of the database.
#[derive(Default)]
pub(super) struct Relations {
    latest: u32,
    required: Vec<(u32, u64)>,
    provided: HashMap<u64, u32>,
}

impl Relations {
    /// Takes what the header of the package at `place` says.
    pub(super) fn add(&mut self, place: usize, header: &Header<'_>) {
        let Ok(place) = u32::try_from(place) else {
            return;
        };
        self.latest = place;
        // What RPM itself must be able to do, and conditions such as `(a if b)`, are no names.
        let is_name = |name: &&[u8]| !name.starts_with(b"rpmlib(") && !name.starts_with(b"(");
        for name in header.required().filter(is_name) {
            if self.required.len() < MOST {
                self.required.push((place, hash(name)));
            }
        }
        header.provided().for_each(|name| self.provide(name));
    }

    /// Takes a file of the latest package. Only programs and configuration are needed as files.
    pub(super) fn add_file(&mut self, path: &[u8]) {
        let directory = path
            .iter()
            .rposition(|byte| *byte == b'/')
            .map_or(path, |at| &path[..at]);
        let is_needed = directory.starts_with(b"/etc")
            || [b"/bin".as_slice(), b"/sbin", b"/libexec"]
                .iter()
                .any(|end| directory.ends_with(end));
        if is_needed {
            self.provide(path);
        }
    }

    /// The first that has it counts.
    fn provide(&mut self, name: &[u8]) {
        if self.provided.len() < MOST {
            self.provided.entry(hash(name)).or_insert(self.latest);
        }
    }

    /// Tells each of `packages` the names of those that it needs.
    pub(super) fn tell(self, packages: &mut [FoundPackage]) {
        let name = |place: u32| Some(packages.get(usize::try_from(place).ok()?)?.name.clone());
        let mut needed: Vec<Vec<String>> = vec![Vec::new(); packages.len()];
        let mut known: Vec<(u32, u32)> = Vec::new();
        for (package, hash) in self.required {
            known.extend(self.provided.get(&hash).map(|by| (package, *by)));
        }
        known.sort_unstable();
        known.dedup();
        for (package, by) in known.into_iter().filter(|(package, by)| package != by) {
            let of_package = usize::try_from(package)
                .ok()
                .and_then(|place| needed.get_mut(place));
            if let Some(of_package) = of_package {
                of_package.extend(name(by));
            }
        }
        for (package, needed) in packages.iter_mut().zip(needed) {
            package.requires = bounded(needed);
        }
    }
}

fn hash(name: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::super::header::tests::related;
    use super::*;

    #[test]
    fn by_name_library_and_file() {
        let mut relations = Relations::default();
        let mut packages = Vec::new();
        let mut add = |name: &str, required: &[&str], provided: &[&str], files: &[&str]| {
            let blob = related(name, required, provided);
            relations.add(packages.len(), &Header::parse(&blob).unwrap());
            files.iter().for_each(|path| relations.add_file(path.as_bytes()));
            packages.push(FoundPackage {
                name: name.to_owned(),
                ..FoundPackage::default()
            });
        };
        add(
            "glibc",
            &["rpmlib(FileDigests)", "glibc-common"],
            &["glibc", "libc.so.6()(64bit)"],
            &[],
        );
        add(
            "bash",
            &["libc.so.6()(64bit)", "bash", "gone"],
            &["bash"],
            &["/usr/bin/bash", "/usr/share/x"],
        );
        let needed = [
            "/usr/bin/bash",
            "/usr/share/x",
            "(glibc if bash)",
            "libc.so.6()(64bit)",
            "bash",
        ];
        add("tool", &needed, &["tool"], &[]);
        relations.tell(&mut packages);
        let shown: Vec<String> = packages.iter().map(|one| one.requires.join(" ")).collect();
        assert_eq!(shown, ["", "glibc", "bash glibc"]);
    }
}
