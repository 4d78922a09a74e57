//! Programs that GraalVM made of Java archives (`native-image --enable-sbom`): the bill of materials in them is CycloneDX,
//! compressed with gzip, at the exported symbol `sbom`; at `sbom_length` stands how long it is.

use std::io::{self, Read};

use flate2::read::GzDecoder;

use crate::catalogers::{Listed, cyclonedx_packages};
use crate::content::{Content, read_range};
use crate::executable::{Executable, Section};

/// What a program has that cannot be taken apart.
pub(super) const UNREADABLE: &str = "GraalVM programs with a damaged or overlong bill of materials";
/// Names and symbols that a program exports take no more.
const LARGEST_TABLE: usize = 16 << 20;
/// The compressed bill of materials of some hundred archives has some 10 kB.
const LARGEST: u64 = 2 << 20;
/// The bill of materials itself.
const LONGEST: u64 = 8 << 20;
/// The bytes of a symbol of 64-bit ELF; GraalVM makes no other programs for Linux.
const SYMBOL: usize = 24;

/// The packages that the program was made of, or what is wrong with the list; `None` where it has none.
///
/// # Errors
/// When `content` cannot be read.
pub(super) fn read(
    executable: &Executable,
    content: &mut dyn Content,
) -> io::Result<Option<Result<Listed, String>>> {
    let (Some(names), Some(symbols)) = (executable.section(".dynstr"), executable.section(".dynsym")) else {
        return Ok(None);
    };
    let names = section(names, content)?;
    const LENGTH: &[u8] = b"sbom_length\0";
    if memchr::memmem::find(&names, LENGTH).is_none() {
        return Ok(None);
    }
    let symbols = section(symbols, content)?;
    let place = |name: &[u8]| {
        let is_called = |symbol: &&[u8]| {
            let at = executable.word(symbol, 0, 4).map(usize::try_from);
            at.and_then(|at| names.get(at.ok()?..))
                .is_some_and(|text| text.starts_with(name))
        };
        let symbol = symbols.chunks_exact(SYMBOL).find(is_called)?;
        Some(executable.offset_of(executable.word(symbol, 8, 8)?)?.0)
    };
    let (Some(start), Some(length)) = (place(b"sbom\0"), place(LENGTH)) else {
        return Ok(None);
    };
    let length = read_range(content, length, 8)?;
    let Some(length) = executable.word(&length, 0, 8) else {
        return Ok(Some(Err("its bill of materials has no length".to_owned())));
    };
    if length > LARGEST {
        return Ok(Some(Err(format!(
            "its bill of materials has {length} bytes; no more than {LARGEST} are read"
        ))));
    }
    let compressed = read_range(content, start, usize::try_from(length).unwrap_or(0))?;
    Ok(Some(packages(&compressed)))
}

fn section(section: &Section, content: &mut dyn Content) -> io::Result<Vec<u8>> {
    let size = usize::try_from(section.size).unwrap_or(usize::MAX);
    read_range(content, section.offset, size.min(LARGEST_TABLE))
}

fn packages(compressed: &[u8]) -> Result<Listed, String> {
    let mut json = Vec::new();
    GzDecoder::new(compressed)
        .take(LONGEST + 1)
        .read_to_end(&mut json)
        .map_err(|error| format!("its bill of materials cannot be decompressed: {error}"))?;
    if json.len() as u64 > LONGEST {
        return Err(format!("its bill of materials is longer than {LONGEST} bytes"));
    }
    cyclonedx_packages(&json).map_err(|error| format!("its bill of materials cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn of(json: &[u8]) -> Result<Listed, String> {
        let mut out = GzEncoder::new(Vec::new(), Compression::best());
        out.write_all(json).unwrap();
        packages(&out.finish().unwrap())
    }

    #[test]
    fn a_list_of_very_many_components_is_read_in_part() {
        let mut json = b"{\"components\":[{\"purl\":\"pkg:maven/a/b@1\"}".to_vec();
        json.extend(b",0".repeat(100_000));
        json.extend(b"]}");
        let listed = of(&json).unwrap();
        assert_eq!(listed.packages.len(), 1);
        assert!(listed.beyond.unwrap().starts_with("50001 more components"));
        let json = vec![b' '; usize::try_from(LONGEST).unwrap() + 1];
        assert!(of(&json).err().unwrap().contains("is longer than"));
    }
}
