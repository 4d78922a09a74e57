//! Zip archives (PKWARE's APPNOTE.TXT), read member by member: the list of the members is never held as a whole, so a
//! hostile one costs no memory. What is before the archive, such as the script of a self-starting jar, is skipped.

use std::io::{self, BufRead, BufReader, Read};

use flate2::read::DeflateDecoder;

use crate::content::{Content, Reader, read_range};

/// The last record, with the longest comment.
const END: usize = 22 + 0xffff;
/// More members than any archive of packages has.
const MOST_MEMBERS: u64 = 1_000_000;
const BUFFER: usize = 16 << 10;
/// The names of all members that are looked at.
const MOST_NAMES: usize = 2 << 20;

/// A member of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// Its path; bytes that are not UTF-8 are replaced.
    pub(crate) name: String,
    /// The stated bytes of its content.
    pub(crate) size: u64,
    compressed_size: u64,
    method: u16,
    is_encrypted: bool,
    /// Where its header is.
    offset: u64,
}

/// Why an archive cannot be read to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ZipError {
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] io::Error),
    /// It is no archive or a damaged one.
    #[error("{0}")]
    Damaged(&'static str),
}

/// Where the list of the members is.
struct List {
    offset: u64,
    count: u64,
    /// How many bytes are before the archive.
    before: u64,
}

/// The members of an archive that `is_wanted` says yes to by their names, no more than `most` of them, and how many
/// there are beyond those.
///
/// # Errors
/// When `content` cannot be read or is no whole archive.
pub(crate) fn members(
    content: &mut dyn Content,
    most: usize,
    is_wanted: &dyn Fn(&[u8]) -> bool,
) -> Result<(Vec<Member>, usize), ZipError> {
    let list = list(content)?;
    let mut reader = BufReader::with_capacity(BUFFER, Reader::new(content, list.offset));
    let (mut wanted, mut more, mut names) = (Vec::new(), 0, 0);
    for _ in 0..list.count.min(MOST_MEMBERS) {
        if let Some(member) = member(&mut reader, list.before, is_wanted)? {
            names += member.name.len();
            match wanted.len() < most && names <= MOST_NAMES {
                true => wanted.push(member),
                false => more += 1,
            }
        }
    }
    match list.count > MOST_MEMBERS {
        true => Err(ZipError::Damaged("it has more members than are looked at")),
        false => Ok((wanted, more)),
    }
}

/// Whether a member of an archive, or an archive's end, starts in these bytes.
pub(crate) fn holds_members(bytes: &[u8]) -> bool {
    [b"PK\x03\x04", b"PK\x05\x06"]
        .iter()
        .any(|signature| memchr::memmem::find(bytes, *signature).is_some())
}

fn list(content: &mut dyn Content) -> Result<List, ZipError> {
    const SIGNATURE: &[u8] = b"PK\x05\x06";
    let size = content.size();
    let start = size.saturating_sub(END as u64);
    let tail = read_range(content, start, END)?;
    let at = memchr::memmem::rfind(&tail, SIGNATURE).ok_or(ZipError::Damaged("it is no zip archive"))?;
    let end = start + at as u64;
    let record = &tail[at..];
    let damaged = || ZipError::Damaged("its last record is damaged");
    let field = |at: usize, length: usize| number(record, at, length).ok_or_else(damaged);
    let (mut count, mut length, mut offset) = (field(10, 2)?, field(12, 4)?, field(16, 4)?);
    let mut before_end = end;
    let is_large = count == 0xffff || length == 0xffff_ffff || offset == 0xffff_ffff;
    if is_large && let Some((place, large)) = large_record(content, end)? {
        let field = |at: usize| number(&large, at, 8).ok_or_else(damaged);
        (count, length, offset) = (field(32)?, field(40)?, field(48)?);
        before_end = place;
    }
    let actual = before_end.checked_sub(length).ok_or_else(damaged)?;
    let before = actual.checked_sub(offset).ok_or_else(damaged)?;
    Ok(List {
        offset: actual,
        count,
        before,
    })
}

/// The record for archives that are too large for the last one, and where it is.
fn large_record(content: &mut dyn Content, end: u64) -> io::Result<Option<(u64, Vec<u8>)>> {
    const LOCATOR: u64 = 20;
    const SIZE: usize = 56;
    let Some(locator_at) = end.checked_sub(LOCATOR) else {
        return Ok(None);
    };
    let locator = read_range(content, locator_at, 20)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok(None);
    }
    // What is before the archive is not counted in the stated place; the record is right before the locator.
    let stated = number(&locator, 8, 8);
    let places = [locator_at.checked_sub(SIZE as u64), stated];
    for place in places.into_iter().flatten() {
        let record = read_range(content, place, SIZE)?;
        if record.starts_with(b"PK\x06\x06") && record.len() == SIZE {
            return Ok(Some((place, record)));
        }
    }
    Ok(None)
}

fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)),
    )
}

/// The next member of the list, if it is wanted.
fn member(
    reader: &mut impl BufRead,
    before: u64,
    is_wanted: &dyn Fn(&[u8]) -> bool,
) -> Result<Option<Member>, ZipError> {
    let damaged = || ZipError::Damaged("its list of members is damaged");
    let mut header = [0; 46];
    exactly(reader, &mut header)?;
    if !header.starts_with(b"PK\x01\x02") {
        return Err(damaged());
    }
    let field = |at: usize, length: usize| number(&header, at, length).unwrap_or_default();
    let length = |at: usize| usize::try_from(field(at, 2)).unwrap_or(0);
    let mut name = vec![0; length(28)];
    exactly(reader, &mut name)?;
    let rest = length(30) + length(32);
    if !is_wanted(&name) {
        let skipped = io::copy(&mut reader.take(rest as u64), &mut io::sink())?;
        return match skipped == rest as u64 {
            true => Ok(None),
            false => Err(damaged()),
        };
    }
    let mut extra = vec![0; rest];
    exactly(reader, &mut extra)?;
    extra.truncate(length(30));
    let mut large = large_fields(&extra).into_iter();
    let mut wide = |value: u64| match value {
        0xffff_ffff => large.next().unwrap_or(value),
        value => value,
    };
    let size = wide(field(24, 4));
    let compressed_size = wide(field(20, 4));
    let offset = wide(field(42, 4));
    Ok(Some(Member {
        name: String::from_utf8_lossy(&name).into_owned(),
        size,
        compressed_size,
        method: u16::try_from(field(10, 2)).unwrap_or(u16::MAX),
        is_encrypted: field(8, 2) & 1 != 0,
        offset: before.checked_add(offset).ok_or_else(damaged)?,
    }))
}

fn exactly(reader: &mut impl Read, buffer: &mut [u8]) -> Result<(), ZipError> {
    reader.read_exact(buffer).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => ZipError::Damaged("its list of members ends early"),
        _ => ZipError::Source(error),
    })
}

/// The numbers that do not fit in 32 bits.
fn large_fields(extra: &[u8]) -> Vec<u64> {
    let mut rest = extra;
    while let (Some(id), Some(length)) = (number(rest, 0, 2), number(rest, 2, 2)) {
        let length = usize::try_from(length).unwrap_or(0);
        let Some(data) = rest.get(4..4 + length) else {
            break;
        };
        if id == 1 {
            return data
                .chunks_exact(8)
                .filter_map(|bytes| number(bytes, 0, 8))
                .collect();
        }
        rest = &rest[4 + length..];
    }
    Vec::new()
}

/// Where a member's bytes are in the archive, as they are there.
pub(crate) struct Place {
    pub(crate) offset: u64,
    pub(crate) size: u64,
    /// Whether they are the content itself.
    pub(crate) is_stored: bool,
}

impl Place {
    /// The content of a member that is not stored, which ends early where it is damaged.
    pub(crate) fn inflated<'a>(&self, content: &'a mut dyn Content) -> impl Read + use<'a> {
        let raw = Reader::new(content, self.offset).take(self.size);
        UntilDamage(DeflateDecoder::new(raw))
    }
}

/// Ends where the decompressor cannot go on.
struct UntilDamage<R>(R);

impl<R: Read> Read for UntilDamage<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            Err(error) if is_damage(&error) => Ok(0),
            read => read,
        }
    }
}

impl Member {
    /// Where the bytes are.
    ///
    /// # Errors
    /// When the archive cannot be read, or the member is damaged, encrypted or compressed in a way that Java does not know.
    pub(crate) fn place(&self, content: &mut dyn Content) -> Result<Place, ZipError> {
        if self.is_encrypted {
            return Err(ZipError::Damaged("a member is encrypted"));
        }
        let header = read_range(content, self.offset, 30)?;
        let lengths = number(&header, 26, 2).zip(number(&header, 28, 2));
        let Some((name, extra)) = lengths.filter(|_| header.starts_with(b"PK\x03\x04")) else {
            return Err(ZipError::Damaged("a member is not where the list says"));
        };
        Ok(Place {
            offset: self.offset + 30 + name + extra,
            size: self.compressed_size,
            is_stored: match self.method {
                0 => true,
                8 => false,
                _ => return Err(ZipError::Damaged("a member is compressed in an unknown way")),
            },
        })
    }

    /// The content, up to `limit` bytes; `None` where there is more.
    ///
    /// # Errors
    /// As [`Member::place`], and when the content cannot be decompressed.
    pub(crate) fn read(&self, content: &mut dyn Content, limit: u64) -> Result<Option<Vec<u8>>, ZipError> {
        if self.size > limit {
            return Ok(None);
        }
        let place = self.place(content)?;
        let raw = Reader::new(content, place.offset).take(place.size);
        let mut bytes = Vec::new();
        let read = match place.is_stored {
            true => BufReader::new(raw).take(limit + 1).read_to_end(&mut bytes),
            false => DeflateDecoder::new(raw).take(limit + 1).read_to_end(&mut bytes),
        };
        match read {
            Ok(_) => Ok((bytes.len() as u64 <= limit).then_some(bytes)),
            Err(error) if is_damage(&error) => Err(ZipError::Damaged("a member cannot be decompressed")),
            Err(error) => Err(ZipError::Source(error)),
        }
    }
}

/// Whether the decompressor says it of the bytes, and not the system of their source.
fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use proptest::prelude::*;

    use super::*;

    /// An archive of the members, compressed where the flag says so.
    pub(crate) fn archive(members: &[(&str, &[u8], bool)]) -> Vec<u8> {
        let (mut file, mut list) = (Vec::new(), Vec::new());
        for (name, content, compress) in members {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(content).unwrap();
            let data = if *compress {
                encoder.finish().unwrap()
            } else {
                content.to_vec()
            };
            let mut fields = Vec::new();
            fields.extend([20, 0, 0, 0, if *compress { 8 } else { 0 }, 0, 0, 0, 0, 0]);
            fields.extend(0_u32.to_le_bytes());
            fields.extend((data.len() as u32).to_le_bytes());
            fields.extend((content.len() as u32).to_le_bytes());
            fields.extend((name.len() as u16).to_le_bytes());
            fields.extend(0_u16.to_le_bytes());
            let offset = file.len() as u32;
            file.extend(b"PK\x03\x04");
            file.extend(&fields);
            file.extend(name.as_bytes());
            file.extend(&data);
            list.extend(b"PK\x01\x02\x14\0");
            list.extend(&fields);
            list.extend([0; 10]);
            list.extend(offset.to_le_bytes());
            list.extend(name.as_bytes());
        }
        let offset = file.len() as u32;
        let count = members.len() as u16;
        file.extend(&list);
        file.extend(b"PK\x05\x06\0\0\0\0");
        file.extend(count.to_le_bytes());
        file.extend(count.to_le_bytes());
        file.extend((list.len() as u32).to_le_bytes());
        file.extend(offset.to_le_bytes());
        file.extend([0, 0]);
        file
    }

    fn read_all(file: &[u8]) -> Vec<(String, Vec<u8>)> {
        let mut content = file;
        let (members, more) = members(&mut content, 100, &|_| true).unwrap();
        assert_eq!(more, 0);
        let read = |member: &Member| member.read(&mut &*file, 1000).unwrap().unwrap();
        members
            .iter()
            .map(|member| (member.name.clone(), read(member)))
            .collect()
    }

    #[test]
    fn members_are_read_whether_compressed_or_not_and_after_a_script() {
        let expected = [
            ("a/b".to_owned(), b"hello".to_vec()),
            ("c".to_owned(), b"world".to_vec()),
        ];
        let file = archive(&[("a/b", b"hello", true), ("c", b"world", false)]);
        assert_eq!(read_all(&file), expected);
        assert_eq!(
            read_all(&[b"#!/bin/sh\nexec java\n".as_slice(), &file].concat()),
            expected
        );
        assert_eq!(
            read_all(&[&file[..file.len() - 2], b"\x03\0end"].concat()),
            expected
        );
        let mut content = file.as_slice();
        let (wanted, more) = members(&mut content, 0, &|name| name == b"c").unwrap();
        assert_eq!((wanted.len(), more), (0, 1));
    }

    #[test]
    fn a_member_with_more_than_it_says_is_not_read_on() {
        let zeros = vec![0; 1 << 20];
        let mut file = archive(&[("a", &zeros, true)]);
        assert_eq!(
            members(&mut file.as_slice(), 1, &|_| true).unwrap().0[0]
                .read(&mut file.as_slice(), 1000)
                .unwrap(),
            None
        );
        // The list lies about the size.
        let at = file.len() - 22 - 1 - 46 + 24;
        file[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
        let (listed, _) = members(&mut file.as_slice(), 1, &|_| true).unwrap();
        assert_eq!(listed[0].size, 10);
        assert_eq!(listed[0].read(&mut file.as_slice(), 1000).unwrap(), None);
    }

    #[test]
    fn long_names_are_not_all_kept() {
        let name = "x".repeat(60_000);
        let listed: Vec<(&str, &[u8], bool)> =
            (0..100).map(|_| (name.as_str(), b"".as_slice(), false)).collect();
        let file = archive(&listed);
        let (wanted, more) = members(&mut file.as_slice(), 1000, &|_| true).unwrap();
        assert_eq!((wanted.len(), more), (34, 66));
    }

    #[test]
    fn what_is_no_archive_is_said() {
        let error = |file: &[u8]| members(&mut &*file, 1, &|_| true).unwrap_err().to_string();
        assert_eq!(error(b""), "it is no zip archive");
        let file = archive(&[("a", b"x", false)]);
        assert_eq!(error(&file[..file.len() - 10]), "its last record is damaged");
        let mut damaged = file.clone();
        damaged[32] = 0;
        assert_eq!(error(&damaged), "its list of members is damaged");
    }

    #[test]
    fn real_archives() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.zip");
        let script = "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED)\n\
            z.writestr('a/b', 'hello')\nwith z.open('c', 'w', force_zip64=True) as f: f.write(b'world')\nz.close()\n";
        let made = std::process::Command::new("python3")
            .args(["-c", script])
            .arg(&path)
            .status();
        if !made.is_ok_and(|status| status.success()) {
            eprintln!("skipped: needs python3");
            return;
        }
        let expected = [
            ("a/b".to_owned(), b"hello".to_vec()),
            ("c".to_owned(), b"world".to_vec()),
        ];
        assert_eq!(read_all(&std::fs::read(&path).unwrap()), expected);
    }

    proptest! {
        #[test]
        fn no_archive_panics(
            at in 0..300_usize, bytes in prop::collection::vec(any::<u8>(), 0..12), cut in 0..300_usize,
        ) {
            let mut file = archive(&[("META-INF/MANIFEST.MF", b"A: b\n", true), ("x.jar", b"y", false)]);
            for (index, byte) in bytes.into_iter().enumerate() {
                if let Some(place) = file.get_mut(at + index) {
                    *place = byte;
                }
            }
            file.truncate(file.len().max(cut) - cut.min(10));
            if let Ok((members, _)) = members(&mut file.as_slice(), 10, &|_| true) {
                for member in members {
                    let _ = member.read(&mut file.as_slice(), 100);
                }
            }
        }
    }
}
