//! What Go's linker leaves in a program: the version of Go and the modules that it is made of, after Go's
//! `debug/buildinfo` and `runtime/debug`.

use std::io;

use crate::content::{Content, read_range};
use crate::executable::Executable;

/// The blob starts with this, on an address that 16 divides.
const MAGIC: &[u8] = b"\xff Go buildinf:";
const ALIGNMENT: usize = 16;
const HEADER: usize = 32;
/// So much of the section or of the data is searched for it.
const SEARCHED: usize = 1 << 20;
/// A version with its experiments is no longer.
const LONGEST_VERSION: u64 = 4 << 10;
/// The largest programs have a few thousand modules of some 100 bytes.
const LONGEST_MODULES: u64 = 2 << 20;
/// Stand before and behind the modules' text.
const SENTINEL: usize = 16;

/// The two texts of the blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BuildInfo {
    /// `go1.22.3`, maybe with experiments behind it.
    pub(super) go_version: String,
    /// Lines of `path`, `mod`, `dep`, `=>` and `build`; empty where the program was not built from modules.
    pub(super) modules: String,
}

/// The build information of a program; `None` where it has none or a damaged one.
///
/// # Errors
/// When `content` cannot be read.
pub(super) fn read(executable: &Executable, content: &mut dyn Content) -> io::Result<Option<BuildInfo>> {
    for (offset, size) in places(executable) {
        let length = usize::try_from(size).unwrap_or(usize::MAX).min(SEARCHED);
        let data = read_range(content, offset, length)?;
        if let Some(at) = find(&data) {
            return blob(&data[at..], offset + at as u64, executable, content);
        }
    }
    Ok(None)
}

/// Where the blob may be: its own section, else wherever there are data.
fn places(executable: &Executable) -> Vec<(u64, u64)> {
    let own = [".go.buildinfo", "__go_buildinfo"];
    let named = own.iter().find_map(|name| executable.section(name));
    let named = named.map(|section| (section.offset, section.size));
    let writable = executable.segments.iter().filter(|segment| segment.writable);
    let data = writable.map(|segment| (segment.offset, segment.size));
    named.into_iter().chain(data).take(4).collect()
}

fn find(data: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(data, MAGIC).find(|at| at % ALIGNMENT == 0)
}

fn blob(
    data: &[u8],
    offset: u64,
    executable: &Executable,
    content: &mut dyn Content,
) -> io::Result<Option<BuildInfo>> {
    let (Some(&pointer_size), Some(&flags)) = (data.get(14), data.get(15)) else {
        return Ok(None);
    };
    let texts = match flags & 2 != 0 {
        // Since Go 1.18 both texts follow the header, each with its length before it.
        true => {
            let after = offset + HEADER as u64;
            match counted(content, after, LONGEST_VERSION)? {
                Some((version, end)) => (
                    version,
                    counted(content, end, LONGEST_MODULES)?.map(|(text, _)| text),
                ),
                None => return Ok(None),
            }
        }
        false => {
            let size = usize::from(pointer_size);
            if size != 4 && size != 8 {
                return Ok(None);
            }
            let mut text = |at, longest| pointed(data, at, size, longest, executable, content);
            match text(16, LONGEST_VERSION)? {
                Some(version) => (version, text(16 + size, LONGEST_MODULES)?),
                None => return Ok(None),
            }
        }
    };
    let (version, modules) = texts;
    let go_version = String::from_utf8_lossy(&version).into_owned();
    let modules = modules.as_deref().and_then(between_sentinels).unwrap_or_default();
    Ok((!go_version.is_empty()).then_some(BuildInfo { go_version, modules }))
}

/// A text with its length before it (a varint), and where it ends.
fn counted(content: &mut dyn Content, offset: u64, longest: u64) -> io::Result<Option<(Vec<u8>, u64)>> {
    let prefix = read_range(content, offset, 10)?;
    let mut length = 0_u64;
    for (index, byte) in prefix.iter().enumerate().take(9) {
        length |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            let start = offset + index as u64 + 1;
            return exactly(content, start, length, longest).map(|text| Some((text?, start + length)));
        }
    }
    Ok(None)
}

/// A text that a pointer to a Go string points to.
fn pointed(
    data: &[u8],
    at: usize,
    size: usize,
    longest: u64,
    executable: &Executable,
    content: &mut dyn Content,
) -> io::Result<Option<Vec<u8>>> {
    let place = |address: Option<u64>| address.and_then(|address| executable.offset_of(address));
    let Some((header_at, _)) = place(executable.word(data, at, size)) else {
        return Ok(None);
    };
    let header = read_range(content, header_at, 2 * size)?;
    let Some(length) = executable.word(&header, size, size) else {
        return Ok(None);
    };
    match place(executable.word(&header, 0, size)) {
        Some((text_at, left)) if length <= left => exactly(content, text_at, length, longest),
        _ => Ok(None),
    }
}

fn exactly(content: &mut dyn Content, offset: u64, length: u64, longest: u64) -> io::Result<Option<Vec<u8>>> {
    if length > longest {
        return Ok(None);
    }
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let text = read_range(content, offset, length)?;
    Ok((text.len() == length).then_some(text))
}

fn between_sentinels(text: &[u8]) -> Option<String> {
    let inner = text.get(SENTINEL..text.len().checked_sub(SENTINEL)?)?;
    inner
        .ends_with(b"\n")
        .then(|| String::from_utf8_lossy(inner).into_owned())
}

#[cfg(test)]
#[path = "go_build_info_tests.rs"]
mod tests;
