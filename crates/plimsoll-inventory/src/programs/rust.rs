//! Rust programs that were built with `cargo auditable`, which leaves the list of crates in the section `.dep-v0`
//! (rust-secure-code/cargo-auditable, `PARSING.md`).

use std::io::{self, Read};

use flate2::read::ZlibDecoder;
use plimsoll_core::Ecosystem;
use serde::Deserialize;

use crate::FoundPackage;
use crate::content::{Content, read_range};
use crate::dependencies::bounded;
use crate::executable::Executable;

/// What a program has that cannot be taken apart.
pub(super) const UNREADABLE: &str = "Rust binaries with a damaged list of crates";
/// The compressed list of some thousand crates has some 10 kB.
const LARGEST: usize = 1 << 20;
/// The list itself.
const LONGEST_LIST: u64 = 4 << 20;

#[derive(Deserialize)]
struct List {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    #[serde(default)]
    kind: Kind,
    /// The places in the list of the crates that it needs.
    #[serde(default)]
    dependencies: Vec<usize>,
}

/// Whether a crate's code is in the program or only took part in building it.
#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Runtime,
    Build,
    #[serde(other)]
    Other,
}

/// The crates whose code is in the program, or what is wrong with the list; `None` where it has none.
///
/// # Errors
/// When `content` cannot be read.
pub(super) fn read(
    executable: &Executable,
    content: &mut dyn Content,
) -> io::Result<Option<Result<Vec<FoundPackage>, String>>> {
    let Some(section) = executable.section(".dep-v0") else {
        return Ok(None);
    };
    let size = usize::try_from(section.size).unwrap_or(usize::MAX);
    if size > LARGEST {
        return Ok(Some(Err(format!(
            "its list of crates has {size} bytes; no more than {LARGEST} are read"
        ))));
    }
    let compressed = read_range(content, section.offset, size)?;
    Ok(Some(crates(&compressed)))
}

fn crates(compressed: &[u8]) -> Result<Vec<FoundPackage>, String> {
    let mut json = Vec::new();
    ZlibDecoder::new(compressed)
        .take(LONGEST_LIST + 1)
        .read_to_end(&mut json)
        .map_err(|error| format!("its list of crates cannot be decompressed: {error}"))?;
    if json.len() as u64 > LONGEST_LIST {
        return Err(format!("its list of crates is longer than {LONGEST_LIST} bytes"));
    }
    let list: List = serde_json::from_slice(&json)
        .map_err(|error| format!("its list of crates cannot be read: {error}"))?;
    let needed = |one: &Crate| {
        let needed = one
            .dependencies
            .iter()
            .filter_map(|place| list.packages.get(*place));
        bounded(needed.map(|one| format!("{}@{}", one.name, one.version)))
    };
    let runtime = list.packages.iter().filter(|one| one.kind == Kind::Runtime);
    let named = runtime.filter(|one| !one.name.is_empty() && !one.version.is_empty());
    let packages = named.map(|one| FoundPackage {
        name: one.name.clone(),
        version: one.version.clone(),
        ecosystem: Some(Ecosystem::Cargo),
        requires: needed(one),
        ..FoundPackage::default()
    });
    Ok(packages.collect())
}

#[cfg(test)]
mod tests {
    use super::super::Programs;
    use super::*;
    use crate::catalogers::{PieceCataloger, Warnings};
    use flate2::Compression;
    use flate2::read::ZlibEncoder;

    fn compressed(json: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        ZlibEncoder::new(json, Compression::fast())
            .read_to_end(&mut bytes)
            .unwrap();
        bytes
    }

    #[test]
    fn crates_that_only_took_part_in_building_are_left_out() {
        let json = br#"{"packages":[{"name":"app","version":"0.1.0","source":"local","dependencies":[1,2],"root":true},
            {"name":"cc","version":"1.0.1","source":"crates.io","kind":"build"},
            {"name":"libc","version":"0.2.150","source":"crates.io"}],"format":1}"#;
        let found = crates(&compressed(json)).unwrap();
        let shown: Vec<_> = found
            .iter()
            .map(|one| (one.name.as_str(), one.version.as_str()))
            .collect();
        assert_eq!(shown, [("app", "0.1.0"), ("libc", "0.2.150")]);
        assert_eq!(found[0].requires, ["cc@1.0.1", "libc@0.2.150"]);
    }

    #[test]
    fn the_list_is_found_in_its_section() {
        let json = br#"{"packages":[{"name":"app","version":"0.1.0","source":"local","root":true}]}"#;
        let program = crate::executable::tests::elf(".dep-v0", &compressed(json), true, true);
        let told = |program: &[u8]| {
            let executable = crate::executable::read(&mut &*program).unwrap().unwrap();
            read(&executable, &mut &*program).unwrap()
        };
        assert_eq!(told(&program).unwrap().unwrap()[0].name, "app");
        let without = crate::executable::tests::elf(".text", b"x", true, true);
        assert!(told(&without).is_none());
        // The section is longer than the file.
        assert!(told(&program[..program.len() - 30]).unwrap().is_err());
    }

    #[test]
    fn a_damaged_list_is_a_gap() {
        let program = crate::executable::tests::elf(".dep-v0", b"no list", true, true);
        let mut evidence = crate::EvidenceFile::default();
        let mut warnings = Warnings::of("app");
        Programs
            .catalog(&mut program.as_slice(), &mut evidence, &mut warnings)
            .unwrap();
        assert_eq!(evidence.uncatalogued.as_deref(), Some(UNREADABLE));
        assert_eq!(warnings.into_vec().len(), 1);
    }

    #[test]
    fn what_is_not_a_list_is_said() {
        assert!(crates(b"x").unwrap_err().contains("cannot be decompressed"));
        assert!(crates(&compressed(b"[]")).unwrap_err().contains("cannot be read"));
        let bomb = vec![b' '; LONGEST_LIST as usize + 10];
        assert!(crates(&compressed(&bomb)).unwrap_err().contains("longer than"));
    }
}
