//! .NET assemblies: programs and libraries in the PE format that have a header of the common language runtime (ECMA-335,
//! II.25), by the version that stands in their resources (Microsoft, "VS_VERSIONINFO").

use std::io;

use plimsoll_core::Ecosystem;

use crate::content::{Content, read_range};
use crate::executable::Executable;
use crate::{FoundPackage, paths};

/// Resources of the kind `RT_VERSION`.
const VERSION: u64 = 16;
/// The entries of one directory of resources that are looked at.
const MOST_ENTRIES: usize = 256;
/// What tells the version takes no more.
const LARGEST: usize = 64 << 10;

/// The package that an assembly at `path` is most likely of. The runtime finds assemblies by their file's name, and NuGet's
/// packages are called as their assemblies are.
///
/// # Errors
/// When `content` cannot be read.
pub(super) fn read(
    path: &str,
    executable: &Executable,
    content: &mut dyn Content,
) -> io::Result<Option<FoundPackage>> {
    let Some(resources) = executable.resources.filter(|_| executable.is_managed) else {
        return Ok(None);
    };
    let Some(name) = name(path) else {
        return Ok(None);
    };
    // Kind, name and language.
    let mut directory = 0;
    for wanted in [Some(VERSION), None, None] {
        match entry(executable, content, resources, directory, wanted)? {
            Some(offset) => directory = offset,
            None => return Ok(None),
        }
    }
    let Some((at, _)) = executable.offset_of(resources.saturating_add(directory)) else {
        return Ok(None);
    };
    let leaf = read_range(content, at, 8)?;
    let (Some(address), Some(size)) = (executable.word(&leaf, 0, 4), executable.word(&leaf, 4, 4)) else {
        return Ok(None);
    };
    let Some((at, left)) = executable.offset_of(executable.base.saturating_add(address)) else {
        return Ok(None);
    };
    let size = usize::try_from(size.min(left)).map_or(LARGEST, |size| size.min(LARGEST));
    let texts = read_range(content, at, size)?;
    let units = texts
        .chunks_exact(2)
        .map(|two| u16::from_le_bytes([two[0], two[1]]));
    let units: Vec<u16> = units.collect();
    let stated = ["ProductVersion", "FileVersion"].iter();
    let version = stated
        .filter_map(|key| value(&units, key))
        .find_map(|text| version(&text));
    Ok(version.map(|version| FoundPackage {
        name,
        version,
        ecosystem: Some(Ecosystem::NuGet),
        ..FoundPackage::default()
    }))
}

/// The file's name without its ending; none for the translations of another assembly.
fn name(path: &str) -> Option<String> {
    let file = paths::name(path);
    let (stem, _) = file.rsplit_once('.')?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let is_name = !stem.is_empty() && stem.bytes().all(is_plain) && !stem.ends_with(".resources");
    is_name.then(|| stem.to_owned())
}

/// Where the entry `wanted`, or the first one, of the directory of resources leads to: an offset from the resources' begin.
fn entry(
    executable: &Executable,
    content: &mut dyn Content,
    resources: u64,
    directory: u64,
    wanted: Option<u64>,
) -> io::Result<Option<u64>> {
    let Some((at, _)) = executable.offset_of(resources.saturating_add(directory)) else {
        return Ok(None);
    };
    let table = read_range(content, at, 16 + 8 * MOST_ENTRIES)?;
    let number = |at, length| executable.word(&table, at, length);
    let (Some(named), Some(numbered)) = (number(12, 2), number(14, 2)) else {
        return Ok(None);
    };
    let count = usize::try_from(named + numbered).map_or(MOST_ENTRIES, |count| count.min(MOST_ENTRIES));
    let found = (0..count).find_map(|index| {
        let id = number(16 + 8 * index, 4)?;
        let is_it = wanted.is_none_or(|wanted| wanted == id);
        is_it.then(|| number(20 + 8 * index, 4))?
    });
    // The highest bit says that it is a directory again.
    Ok(found.map(|offset| offset & 0x7fff_ffff))
}

/// The text under `key`: before the key stand the lengths of all and of the value and the value's kind, and zeros may stand
/// behind it.
fn value(units: &[u16], key: &str) -> Option<String> {
    let mut wanted: Vec<u16> = key.encode_utf16().collect();
    wanted.push(0);
    let at = units.windows(wanted.len()).position(|part| part == wanted)?;
    let length = usize::from(*units.get(at.checked_sub(2)?)?);
    let rest = units.get(at + wanted.len()..)?;
    let start = rest
        .iter()
        .position(|unit| *unit != 0)
        .filter(|start| *start < 4)?;
    let text = rest[start..].iter().take(length).take_while(|unit| **unit != 0);
    Some(String::from_utf16_lossy(&text.copied().collect::<Vec<_>>()))
}

/// `13.0.3` of `13.0.3+0a2e291c`; nothing of what is no version.
fn version(text: &str) -> Option<String> {
    let version = text.trim().split(['+', ' ']).next()?.replace(',', ".");
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    let begins = version.starts_with(|first: char| first.is_ascii_digit());
    let says_something = version.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    (begins && says_something && version.len() <= 64 && version.bytes().all(is_plain)).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executable;

    fn text(key: &str, value: &str) -> Vec<u8> {
        let mut units: Vec<u16> = vec![0, value.len() as u16 + 1, 1];
        units.extend(key.encode_utf16().chain([0]));
        if units.len() % 2 == 1 {
            units.push(0);
        }
        units.extend(value.encode_utf16().chain([0]));
        units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
    }

    /// A library with one section, which holds the resources alone.
    fn library(is_managed: bool, texts: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 0x400];
        let mut put = |at: usize, value: u32, length: usize| {
            bytes[at..at + length].copy_from_slice(&value.to_le_bytes()[..length]);
        };
        put(0, u32::from(u16::from_le_bytes(*b"MZ")), 2);
        put(0x3c, 0x40, 4);
        put(0x40, u32::from_le_bytes(*b"PE\0\0"), 4);
        put(0x46, 1, 2);
        put(0x54, 224, 2);
        put(0x58, 0x10b, 2);
        put(0x58 + 28, 0x40_0000, 4);
        put(0x58 + 92, 16, 4);
        put(0x58 + 96 + 16, 0x2000, 4);
        put(0x58 + 96 + 20, 0x200, 4);
        if is_managed {
            put(0x58 + 96 + 14 * 8, 0x1000, 4);
            put(0x58 + 96 + 14 * 8 + 4, 72, 4);
        }
        let section = 0x58 + 224;
        put(section + 12, 0x2000, 4);
        put(section + 16, 0x1000, 4);
        put(section + 20, 0x200, 4);
        for (at, id, next) in [
            (0, 16, 0x8000_0018),
            (0x18, 1, 0x8000_0030),
            (0x30, 1033, 0x48_u32),
        ] {
            put(0x200 + at + 14, 1, 2);
            put(0x200 + at + 16, id, 4);
            put(0x200 + at + 20, next, 4);
        }
        put(0x248, 0x2000 + 0x60, 4);
        put(0x24c, texts.len() as u32, 4);
        bytes[0x260..0x260 + texts.len()].copy_from_slice(texts);
        bytes.resize(0x1200, 0);
        bytes
    }

    fn shown(path: &str, bytes: &[u8]) -> Option<String> {
        let mut content = bytes;
        let executable = executable::read(&mut content).unwrap().unwrap();
        let found = read(path, &executable, &mut content).unwrap()?;
        Some(format!("{} {}", found.name, found.version))
    }

    #[test]
    fn assemblies_are_packages() {
        let texts = [
            text("FileVersion", "13.0.3.27908"),
            text("ProductVersion", "13.0.3+0a2e291c"),
        ]
        .concat();
        let path = "app/Newtonsoft.Json.dll";
        assert_eq!(
            shown(path, &library(true, &texts)).as_deref(),
            Some("Newtonsoft.Json 13.0.3")
        );
        assert_eq!(shown(path, &library(false, &texts)), None);
        assert_eq!(
            shown("app/de/Newtonsoft.Json.resources.dll", &library(true, &texts)),
            None
        );
        let without = text("FileVersion", "0.0.0.0");
        assert_eq!(shown(path, &library(true, &without)), None);
        for end in 0..0x300 {
            let mut cut = &library(true, &texts)[..end];
            if let Some(executable) = executable::read(&mut cut).unwrap() {
                read(path, &executable, &mut cut).unwrap();
            }
        }
    }

    /// What a list of an application names is not told again by the assemblies themselves.
    #[test]
    fn assemblies_beside_a_list_are_told_once() {
        let assembly = library(true, &text("ProductVersion", "13.0.3+0a2e291c"));
        let list = br#"{"runtimeTarget":{"name":"t"},"targets":{"t":{"B/1.0":{"runtime":{"B.dll":{}}}}},"libraries":{"B/1.0":{"type":"package"}}}"#;
        let mut tar = tar::Builder::new(Vec::new());
        for (path, content) in [
            ("app/A.deps.json", &list[..]),
            ("app/A.dll", &assembly),
            ("app/runtimes/unix/B.dll", &assembly),
            ("app/plugins/C.dll", &assembly),
            ("opt/B.dll", &assembly),
        ] {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, path, content).unwrap();
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("layer.tar");
        std::fs::write(&path, tar.into_inner().unwrap()).unwrap();
        let config = plimsoll_image::ImageConfig::default();
        let image = plimsoll_image::Image {
            id: plimsoll_core::Digest::of(b"test"),
            manifest_digest: None,
            config_bytes: std::sync::Arc::from(config.to_vec()),
            config,
            references: Vec::new(),
            annotations: Default::default(),
            layers: vec![plimsoll_image::Layer::from_tar(&path).unwrap()],
            name: "test".to_owned(),
        };
        let inventory = crate::Inventory::of(&image, None).unwrap();
        let mut shown: Vec<String> = inventory
            .packages
            .iter()
            .map(|one| format!("{} {} {}", one.name, one.version, one.evidence))
            .collect();
        shown.sort();
        assert_eq!(
            shown,
            [
                "B 1.0 app/A.deps.json",
                "B 13.0.3 opt/B.dll",
                "C 13.0.3 app/plugins/C.dll"
            ]
        );
    }
}
