//! Go programs, told from their first bytes: no cataloger reads what is built into them, and nobody is to take that for
//! absence from the image.

use std::io::{self, Read};

/// The kind of package, for people.
pub(crate) const KIND: &str = "Go binaries";
/// Raised when the same file would give something else.
pub(crate) const VERSION: u32 = 1;

/// No Go program is smaller: its runtime alone takes more.
const SMALLEST: u64 = 500 << 10;
/// Before the modules and the version that a program was built from (Go's `debug/buildinfo`).
const BUILD_INFO: &[u8] = b"\xff Go buildinf:";
/// The type and owner of the ELF note with a program's build ID, in both byte orders.
const BUILD_ID_NOTES: [&[u8]; 2] = [b"\x04\0\0\0Go\0\0", b"\0\0\0\x04Go\0\0"];
/// So much of the data segment is searched, as `debug/buildinfo` does.
const SEARCHED: u64 = 64 << 10;
/// A program's code is no larger.
const FURTHEST: u64 = 512 << 20;

/// Whether a file may be a Go program, going by its size and its right to be executed.
pub(crate) fn is_candidate(path: &str, mode: u32, size: u64) -> bool {
    size >= SMALLEST && mode & 0o111 != 0 && !path.ends_with(".so") && !path.contains(".so.")
}

/// Whether a program is made by Go. `head` is its beginning, `rest` what follows.
pub(crate) fn is_go_program(head: &[u8], rest: &mut dyn Read) -> io::Result<bool> {
    if !head.starts_with(b"\x7fELF") {
        return Ok(false);
    }
    if contains(head, BUILD_INFO) || BUILD_ID_NOTES.iter().any(|note| contains(head, note)) {
        return Ok(true);
    }
    // Without a build ID the build information is left, at the start of the data.
    let Some(offset) = data_segment(head).filter(|offset| *offset <= FURTHEST) else {
        return Ok(false);
    };
    let between = offset.saturating_sub(head.len() as u64);
    io::copy(&mut rest.take(between), &mut io::sink())?;
    let mut data = Vec::new();
    rest.take(SEARCHED).read_to_end(&mut data)?;
    Ok(contains(&data, BUILD_INFO))
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(bytes, wanted).is_some()
}

/// Where the first segment that can be written is in an ELF file (System V ABI, chapters 4 and 5).
fn data_segment(head: &[u8]) -> Option<u64> {
    const LOAD: u64 = 1;
    const WRITE: u64 = 2;
    let wide = match head.get(4)? {
        1 => false,
        2 => true,
        _ => return None,
    };
    let little = *head.get(5)? == 1;
    let number = |at: usize, length: usize| -> Option<u64> {
        let bytes = head.get(at..at.checked_add(length)?)?;
        let fold = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(match little {
            true => bytes.iter().rev().fold(0, fold),
            false => bytes.iter().fold(0, fold),
        })
    };
    let word = if wide { 8 } else { 4 };
    let (table, size_at, count_at) = match wide {
        true => (number(0x20, word)?, 0x36, 0x38),
        false => (number(0x1c, word)?, 0x2a, 0x2c),
    };
    let (size, count) = (number(size_at, 2)?, number(count_at, 2)?);
    (0..count).find_map(|index| {
        let at = usize::try_from(table.checked_add(index * size)?).ok()?;
        let (flags, offset) = match wide {
            true => (at.checked_add(4)?, at.checked_add(8)?),
            false => (at.checked_add(0x18)?, at.checked_add(4)?),
        };
        let is_data = number(at, 4)? == LOAD && number(flags, 4)? & WRITE != 0;
        is_data.then(|| number(offset, word)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A 64-bit file with one data segment at `offset`.
    fn elf(offset: u64) -> Vec<u8> {
        let mut file = vec![0; 8192];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        file[0x20..0x28].copy_from_slice(&64_u64.to_le_bytes());
        file[0x36..0x38].copy_from_slice(&56_u16.to_le_bytes());
        file[0x38..0x3a].copy_from_slice(&2_u16.to_le_bytes());
        for (at, flags, start) in [(64, 5_u32, 0), (120, 6, offset)] {
            file[at..at + 4].copy_from_slice(&1_u32.to_le_bytes());
            file[at + 4..at + 8].copy_from_slice(&flags.to_le_bytes());
            file[at + 8..at + 16].copy_from_slice(&u64::to_le_bytes(start));
        }
        file
    }

    fn is_go(file: &[u8]) -> bool {
        let head = file.len().min(8192);
        is_go_program(&file[..head], &mut &file[head..]).unwrap()
    }

    #[test]
    fn programs_are_told_by_their_note_or_their_build_information() {
        let plain = elf(20_000);
        assert!(!is_go(&plain));
        let mut noted = plain.clone();
        noted[4000..4016].copy_from_slice(b"\x04\0\0\0\x53\0\0\0\x04\0\0\0Go\0\0");
        assert!(is_go(&noted));
        let mut informed = plain.clone();
        informed.resize(20_016, 0);
        informed.extend(BUILD_INFO);
        assert!(is_go(&informed));
        let mut script = b"#!/bin/sh\n".to_vec();
        script.extend(BUILD_INFO);
        assert!(!is_go(&script));
    }

    #[test]
    fn only_large_programs_are_looked_at() {
        assert!(is_candidate("usr/local/bin/app", 0o755, 2 << 20));
        for (path, mode, size) in [
            ("a", 0o644, 2 << 20),
            ("a", 0o755, 1000),
            ("usr/lib/libc.so.6", 0o755, 2 << 20),
        ] {
            assert!(!is_candidate(path, mode, size), "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(mut head in prop::collection::vec(any::<u8>(), 0..300), class in 0..4_u8) {
            let start = b"\x7fELF";
            let length = head.len().min(start.len());
            head[..length].copy_from_slice(&start[..length]);
            if let Some(byte) = head.get_mut(4) {
                *byte = class;
            }
            is_go_program(&head, &mut io::empty()).unwrap();
        }
    }
}
