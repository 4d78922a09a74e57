//! Where things are in a program: ELF (System V ABI), Mach-O (Apple's `mach-o/loader.h`) and PE (Microsoft's PE
//! format), as much as is needed to find what compilers leave in a section.

use std::io;

use crate::content::{Content, read_range};

/// More sections or segments than any program has.
const MOST_PARTS: u64 = 2048;
/// The names of an ELF file's sections take no more.
const MOST_NAMES: usize = 256 << 10;
/// Mach-O load commands take no more.
const MOST_COMMANDS: usize = 1 << 20;

/// The parts of a program.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Executable {
    pub(crate) sections: Vec<Section>,
    /// What is mapped into memory, in the order of the file.
    pub(crate) segments: Vec<Segment>,
    /// Of the PE format: the address that all others count from.
    pub(crate) base: u64,
    /// Of the PE format: the address of the resources.
    pub(crate) resources: Option<u64>,
    /// Of the PE format: whether it is for the common language runtime of .NET.
    pub(crate) is_managed: bool,
    little_endian: bool,
}

/// A named part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) offset: u64,
    pub(crate) size: u64,
}

/// A part with an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) address: u64,
    pub(crate) offset: u64,
    /// The bytes in the file.
    pub(crate) size: u64,
    /// Whether it holds data that the program may change.
    pub(crate) writable: bool,
}

/// Whether a file that starts with `head` may be a program that [`read`] knows.
pub(crate) fn is_executable(head: &[u8]) -> bool {
    const MAGIC: [&[u8]; 8] = [
        b"\x7fELF",
        b"MZ",
        b"\xfe\xed\xfa\xce",
        b"\xfe\xed\xfa\xcf",
        b"\xce\xfa\xed\xfe",
        b"\xcf\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe\0\0\0",
        b"\xca\xfe\xba\xbf\0\0\0",
    ];
    MAGIC.iter().any(|magic| head.starts_with(magic))
}

/// The parts of a program; `None` where `content` is none, or a damaged one.
///
/// # Errors
/// When `content` cannot be read.
pub(crate) fn read(content: &mut dyn Content) -> io::Result<Option<Executable>> {
    let head = read_range(content, 0, 64)?;
    Ok(match head.get(..4) {
        Some(b"\x7fELF") => elf(&head, content)?,
        Some(b"\xfe\xed\xfa\xce" | b"\xfe\xed\xfa\xcf" | b"\xce\xfa\xed\xfe" | b"\xcf\xfa\xed\xfe") => {
            mach_o(&head, 0, content)?
        }
        Some(b"\xca\xfe\xba\xbe" | b"\xca\xfe\xba\xbf") => fat_mach_o(&head, content)?,
        Some([b'M', b'Z', ..]) => pe(&head, content)?,
        _ => None,
    })
}

impl Executable {
    /// The first section that is called so.
    pub(crate) fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// Where the last part ends in the file.
    pub(crate) fn end(&self) -> u64 {
        let sections = self.sections.iter().map(|section| (section.offset, section.size));
        let segments = self.segments.iter().map(|segment| (segment.offset, segment.size));
        let ends = sections
            .chain(segments)
            .map(|(offset, size)| offset.saturating_add(size));
        ends.max().unwrap_or_default()
    }

    /// Where in the file the byte at `address` is, with the number of bytes from there to its segment's end.
    pub(crate) fn offset_of(&self, address: u64) -> Option<(u64, u64)> {
        self.segments.iter().find_map(|segment| {
            let within = address.checked_sub(segment.address)?;
            let left = segment.size.checked_sub(within).filter(|left| *left > 0)?;
            Some((segment.offset.checked_add(within)?, left))
        })
    }

    /// A number of 4 or 8 bytes at `at`.
    pub(crate) fn word(&self, bytes: &[u8], at: usize, length: usize) -> Option<u64> {
        Fields {
            bytes,
            little_endian: self.little_endian,
        }
        .number(at, length)
    }
}

/// Numbers at fixed places.
#[derive(Clone, Copy)]
struct Fields<'a> {
    bytes: &'a [u8],
    little_endian: bool,
}

impl<'a> Fields<'a> {
    fn number(&self, at: usize, length: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(length)?)?;
        let fold = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(match self.little_endian {
            true => bytes.iter().rev().fold(0, fold),
            false => bytes.iter().fold(0, fold),
        })
    }

    /// The text of `length` bytes at `at`, up to a NUL.
    fn text(&self, at: usize, length: usize) -> Option<String> {
        let bytes = self.bytes.get(at..at.checked_add(length)?)?;
        Some(until_nul(bytes))
    }

    /// The fields from `at` on.
    fn from(&self, at: usize) -> Option<Self> {
        Some(Self {
            bytes: self.bytes.get(at..)?,
            ..*self
        })
    }
}

fn until_nul(bytes: &[u8]) -> String {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// A table of `count` entries of `size` bytes each; fewer where the file ends before.
fn table(content: &mut dyn Content, offset: u64, size: u64, count: u64) -> io::Result<Vec<u8>> {
    let length = size
        .saturating_mul(count.min(MOST_PARTS))
        .min(MOST_COMMANDS as u64);
    read_range(content, offset, usize::try_from(length).unwrap_or(0))
}

fn elf(head: &[u8], content: &mut dyn Content) -> io::Result<Option<Executable>> {
    const LOAD: u64 = 1;
    const WRITE: u64 = 2;
    const NO_BITS: u64 = 8;
    let (wide, little_endian) = match head.get(4..6) {
        Some([class @ 1..=2, data @ 1..=2]) => (*class == 2, *data == 1),
        _ => return Ok(None),
    };
    let fields = Fields {
        bytes: head,
        little_endian,
    };
    let word = if wide { 8 } else { 4 };
    // Where the tables are, and the sizes and counts of their entries.
    let header = || {
        let places = if wide { [0x20, 0x28] } else { [0x1c, 0x20] };
        let counts = if wide { 0x36 } else { 0x2a };
        let count = |index: usize| fields.number(counts + 2 * index, 2);
        Some((
            (fields.number(places[0], word)?, count(0)?, count(1)?),
            (fields.number(places[1], word)?, count(2)?, count(3)?),
            count(4)?,
        ))
    };
    let Some((programs, sections, names_index)) = header() else {
        return Ok(None);
    };
    let segments = table(content, programs.0, programs.1, programs.2)?;
    let segments = entries(&segments, programs.1, little_endian).filter_map(|entry| {
        let (flags, offset, address, size) = if wide { (4, 8, 16, 32) } else { (24, 4, 8, 16) };
        let segment = Segment {
            address: entry.number(address, word)?,
            offset: entry.number(offset, word)?,
            size: entry.number(size, word)?,
            writable: entry.number(flags, 4)? & WRITE != 0,
        };
        (entry.number(0, 4)? == LOAD).then_some(segment)
    });
    let segments: Vec<Segment> = segments.collect();
    let table = table(content, sections.0, sections.1, sections.2)?;
    let raw = entries(&table, sections.1, little_endian).filter_map(|entry| {
        let (offset, size) = if wide { (0x18, 0x20) } else { (0x10, 0x14) };
        let kind = entry.number(4, 4)?;
        Some((
            entry.number(0, 4)?,
            entry.number(offset, word)?,
            entry.number(size, word)?,
            kind,
        ))
    });
    let raw: Vec<(u64, u64, u64, u64)> = raw.collect();
    let names = match usize::try_from(names_index).ok().and_then(|index| raw.get(index)) {
        Some((_, offset, size, _)) => {
            let size = usize::try_from(*size).unwrap_or(usize::MAX).min(MOST_NAMES);
            read_range(content, *offset, size)?
        }
        None => Vec::new(),
    };
    let named = raw.into_iter().filter(|(.., kind)| *kind != NO_BITS);
    let sections = named.map(|(name, offset, size, _)| {
        let name = usize::try_from(name).ok().and_then(|at| names.get(at..));
        Section {
            name: name.map(until_nul).unwrap_or_default(),
            offset,
            size,
        }
    });
    Ok(Some(Executable {
        sections: sections.collect(),
        segments,
        little_endian,
        ..Executable::default()
    }))
}

/// The entries of a table.
fn entries(table: &[u8], size: u64, little_endian: bool) -> impl Iterator<Item = Fields<'_>> {
    let size = usize::try_from(size).unwrap_or(0).max(1);
    table
        .chunks_exact(size)
        .map(move |bytes| Fields { bytes, little_endian })
}

/// The first program of a file for several processors.
fn fat_mach_o(head: &[u8], content: &mut dyn Content) -> io::Result<Option<Executable>> {
    let fields = Fields {
        bytes: head,
        little_endian: false,
    };
    let offset = match head.get(3) {
        Some(0xbf) => fields.number(16, 8),
        _ => fields.number(16, 4),
    };
    // Java classes have the same first bytes; there are not so many processors.
    let count = fields.number(4, 4).unwrap_or(0);
    let Some(offset) = offset.filter(|_| (1..32).contains(&count)) else {
        return Ok(None);
    };
    let inner = read_range(content, offset, 64)?;
    mach_o(&inner, offset, content)
}

fn mach_o(head: &[u8], base: u64, content: &mut dyn Content) -> io::Result<Option<Executable>> {
    const SEGMENT: u64 = 1;
    const SEGMENT_64: u64 = 0x19;
    const WRITE: u64 = 2;
    let (wide, little_endian) = match head.get(..4) {
        Some(b"\xce\xfa\xed\xfe") => (false, true),
        Some(b"\xcf\xfa\xed\xfe") => (true, true),
        Some(b"\xfe\xed\xfa\xce") => (false, false),
        Some(b"\xfe\xed\xfa\xcf") => (true, false),
        _ => return Ok(None),
    };
    let fields = Fields {
        bytes: head,
        little_endian,
    };
    let (Some(count), Some(size)) = (fields.number(16, 4), fields.number(20, 4)) else {
        return Ok(None);
    };
    let size = usize::try_from(size).unwrap_or(usize::MAX).min(MOST_COMMANDS);
    let start = if wide { 32 } else { 28 };
    let commands = read_range(content, base.saturating_add(start), size)?;
    let mut found = Executable {
        little_endian,
        ..Executable::default()
    };
    let mut at = 0;
    for _ in 0..count.min(MOST_PARTS) {
        let Some(command) = (Fields {
            bytes: &commands,
            little_endian,
        })
        .from(at) else {
            break;
        };
        let (Some(kind), Some(length)) = (command.number(0, 4), command.number(4, 4)) else {
            break;
        };
        if (kind == SEGMENT_64 && wide) || (kind == SEGMENT && !wide) {
            mach_o_segment(command, wide, base, WRITE, &mut found);
        }
        match usize::try_from(length).ok().filter(|length| *length >= 8) {
            Some(length) => at = at.saturating_add(length),
            None => break,
        }
    }
    Ok(Some(found))
}

fn mach_o_segment(
    command: Fields<'_>,
    wide: bool,
    base: u64,
    write: u64,
    found: &mut Executable,
) -> Option<()> {
    let word = if wide { 8 } else { 4 };
    let place = |index: usize| command.number(24 + index * word, word);
    let (address, offset, size) = (place(0)?, place(2)?, place(3)?);
    let after = 24 + 4 * word;
    let writable = command.number(after + 4, 4)? & write != 0;
    found.segments.push(Segment {
        address,
        offset: base.checked_add(offset)?,
        size,
        writable,
    });
    let count = command.number(after + 8, 4)?.min(MOST_PARTS);
    let section_size = if wide { 80 } else { 68 };
    for index in 0..usize::try_from(count).ok()? {
        let section = command.from(after + 16 + index * section_size)?;
        let offset_at = 32 + 2 * word;
        if (found.sections.len() as u64) < MOST_PARTS {
            found.sections.push(Section {
                name: section.text(0, 16)?,
                offset: base.checked_add(section.number(offset_at, 4)?)?,
                size: section.number(32 + word, word)?,
            });
        }
    }
    Some(())
}

fn pe(head: &[u8], content: &mut dyn Content) -> io::Result<Option<Executable>> {
    const WRITE: u64 = 0x8000_0000;
    let little = |bytes| Fields {
        bytes,
        little_endian: true,
    };
    let Some(at) = little(head).number(0x3c, 4) else {
        return Ok(None);
    };
    let header = read_range(content, at, 24 + 112 + 16 * 8)?;
    let fields = little(&header);
    let (Some(count), Some(optional)) = (fields.number(6, 2), fields.number(20, 2)) else {
        return Ok(None);
    };
    if !header.starts_with(b"PE\0\0") {
        return Ok(None);
    }
    let (base, directories) = match fields.number(24, 2) {
        Some(0x20b) => (fields.number(24 + 24, 8), 24 + 112),
        _ => (fields.number(24 + 28, 4), 24 + 96),
    };
    let base = base.unwrap_or(0);
    let directory = |index: u64| {
        let place = directories + 8 * usize::try_from(index).ok()?;
        let is_there = fields.number(directories - 4, 4)? > index && 24 + optional >= place as u64 + 8;
        let address = fields.number(place, 4).filter(|address| *address > 0)?;
        is_there.then(|| base.saturating_add(address))
    };
    let sections = table(content, at + 24 + optional, 40, count)?;
    let mut found = Executable {
        little_endian: true,
        base,
        resources: directory(2),
        is_managed: directory(14).is_some(),
        ..Executable::default()
    };
    for section in entries(&sections, 40, true) {
        let number = |at| section.number(at, 4).unwrap_or(0);
        let (offset, size) = (number(20), number(16));
        found.sections.push(Section {
            name: section.text(0, 8).unwrap_or_default(),
            offset,
            size,
        });
        found.segments.push(Segment {
            address: base.saturating_add(number(12)),
            offset,
            size,
            writable: number(36) & WRITE != 0,
        });
    }
    Ok(Some(found))
}

#[cfg(test)]
#[path = "executable_tests.rs"]
pub(crate) mod tests;
