//! Small programs made by hand, each with one section of data.

use super::*;

/// The section's bytes are here in the file, and here in memory.
const OFFSET: u64 = 1024;
const ADDRESS: u64 = 0x40_0000;

/// Writes numbers of the byte order at places of a file.
struct Writer {
    file: Vec<u8>,
    little: bool,
}

impl Writer {
    fn new(magic: &[u8], little: bool) -> Self {
        let mut file = magic.to_vec();
        file.resize(OFFSET as usize, 0);
        Self { file, little }
    }

    fn number(&mut self, at: usize, value: u64, length: usize) {
        let mut bytes = value.to_le_bytes()[..length].to_vec();
        if !self.little {
            bytes.reverse();
        }
        self.text(at, &bytes);
    }

    fn text(&mut self, at: usize, text: &[u8]) {
        self.file[at..at + text.len()].copy_from_slice(text);
    }

    fn with(mut self, data: &[u8]) -> Vec<u8> {
        self.file.extend(data);
        self.file
    }
}

/// An ELF file: a section without bytes, the section `name` with `data`, and their names.
pub(crate) fn elf(name: &str, data: &[u8], wide: bool, little: bool) -> Vec<u8> {
    let class = [if wide { 2 } else { 1 }, if little { 1 } else { 2 }];
    let mut file = Writer::new(&[b"\x7fELF", &class[..]].concat(), little);
    let word = if wide { 8 } else { 4 };
    let (table, counts, size) = if wide { (0x28, 0x3a, 64) } else { (0x20, 0x2e, 40) };
    file.number(table, 256, word);
    for (index, value) in [size, 3, 2].into_iter().enumerate() {
        file.number(counts + 2 * index, value, 2);
    }
    let (offset_at, size_at) = if wide { (0x18, 0x20) } else { (0x10, 0x14) };
    for (index, (kind, offset, length)) in [(8, 0, 1 << 30), (1, OFFSET, data.len() as u64), (3, 900, 100)]
        .into_iter()
        .enumerate()
    {
        let at = 256 + index * size as usize;
        file.number(at, index as u64, 4);
        file.number(at + 4, kind, 4);
        file.number(at + offset_at, offset, word);
        file.number(at + size_at, length, word);
    }
    file.text(901, name.as_bytes());
    file.with(data)
}

fn pe(name: &str, data: &[u8]) -> Vec<u8> {
    let mut file = Writer::new(b"MZ", true);
    file.number(0x3c, 128, 4);
    file.text(128, b"PE\0\0");
    file.number(128 + 6, 1, 2);
    file.number(128 + 20, 240, 2);
    file.number(128 + 24, 0x20b, 2);
    file.number(128 + 48, ADDRESS - 0x1000, 8);
    let section = 128 + 24 + 240;
    file.text(section, name.as_bytes());
    for (at, value) in [
        (12, 0x1000),
        (16, data.len() as u64),
        (20, OFFSET),
        (36, 0xc000_0040),
    ] {
        file.number(section + at, value, 4);
    }
    file.with(data)
}

fn mach_o(name: &str, data: &[u8], wide: bool, little: bool) -> Vec<u8> {
    let mut magic = if wide {
        vec![0xfe, 0xed, 0xfa, 0xcf]
    } else {
        vec![0xfe, 0xed, 0xfa, 0xce]
    };
    if little {
        magic.reverse();
    }
    let mut file = Writer::new(&magic, little);
    let word = if wide { 8 } else { 4 };
    let start = if wide { 32 } else { 28 };
    file.number(16, 2, 4);
    file.number(20, 600, 4);
    // A command that is not looked at comes first.
    file.number(start, 2, 4);
    file.number(start + 4, 24, 4);
    let at = start + 24;
    file.number(at, if wide { 0x19 } else { 1 }, 4);
    file.number(at + 4, 300, 4);
    for (index, value) in [ADDRESS, 4096, OFFSET, data.len() as u64].into_iter().enumerate() {
        file.number(at + 24 + index * word, value, word);
    }
    let after = at + 24 + 4 * word;
    file.number(after + 4, 3, 4);
    file.number(after + 8, 1, 4);
    let section = after + 16;
    file.text(section, name.as_bytes());
    file.number(section + 32 + word, data.len() as u64, word);
    file.number(section + 32 + 2 * word, OFFSET, 4);
    file.with(data)
}

fn section(name: &str, size: u64) -> Section {
    Section {
        name: name.to_owned(),
        offset: OFFSET,
        size,
    }
}

#[test]
fn sections_of_elf_files() {
    for (wide, little) in [(true, true), (true, false), (false, true), (false, false)] {
        let file = elf(".dep-v0", b"data", wide, little);
        let found = read(&mut file.as_slice()).unwrap().unwrap();
        assert_eq!(
            found.section(".dep-v0"),
            Some(&section(".dep-v0", 4)),
            "{wide} {little}"
        );
        // Sections without bytes in the file are left out.
        assert_eq!(found.sections.len(), 2);
    }
}

#[test]
fn sections_and_segments_of_other_files() {
    let files = [
        pe("section", b"data"),
        mach_o("section", b"data", true, true),
        mach_o("section", b"data", true, false),
        mach_o("section", b"data", false, true),
    ];
    for file in files {
        let found = read(&mut file.as_slice()).unwrap().unwrap();
        assert_eq!(found.sections, [section("section", 4)]);
        assert!(found.segments[0].writable);
        assert_eq!(found.offset_of(ADDRESS + 1), Some((OFFSET + 1, 3)));
        assert_eq!(
            (found.offset_of(ADDRESS + 4), found.offset_of(ADDRESS - 1)),
            (None, None)
        );
    }
}

#[test]
fn a_file_for_several_processors_is_read_as_the_first() {
    let inner = mach_o("section", b"data", true, true);
    let mut file = b"\xca\xfe\xba\xbe\0\0\0\x02".to_vec();
    file.resize(512, 0);
    file[16..20].copy_from_slice(&512_u32.to_be_bytes());
    file.extend(&inner);
    let found = read(&mut file.as_slice()).unwrap().unwrap();
    assert_eq!(found.sections[0].offset, 512 + OFFSET);
    // A Java class starts with the same bytes.
    let class = [b"\xca\xfe\xba\xbe\0\0\0\x41".as_slice(), &[0; 100]].concat();
    assert!(!is_executable(&class) || read(&mut class.as_slice()).unwrap().is_none());
}

#[test]
fn what_is_no_program_has_no_parts() {
    for file in [
        b"".as_slice(),
        b"MZ",
        b"\x7fELF",
        b"#!/bin/sh",
        b"\x7fELF\x03\x01aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        assert_eq!(read(&mut &*file).unwrap(), None);
    }
}
