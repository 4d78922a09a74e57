//! Files of what was found out in earlier builds: a header line, the content and a checksum of both. One that does not
//! read is as good as none, for everything in it can be found out again.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use plimsoll_core::{Digest, Sha256};

/// How many bytes a checksum has.
const CHECKSUM: usize = 64;

/// The content of such a file, if it is there and undamaged.
pub(crate) fn read(file: &Path, header: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = std::fs::read(file).ok()?;
    let length = check(&bytes, header)?;
    bytes.truncate(header.len() + length);
    bytes.drain(..header.len());
    Some(bytes)
}

/// How many bytes of content there are.
fn check(bytes: &[u8], header: &[u8]) -> Option<usize> {
    let (checked, checksum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM)?)?;
    let content = checked.strip_prefix(header)?;
    (Digest::of(checked).hex().as_bytes() == checksum).then_some(content.len())
}

/// Writes such a file. It appears whole; `temporary` is a directory on the same file system.
pub(crate) fn write(file: &Path, header: &[u8], content: &[u8], temporary: &Path) -> io::Result<()> {
    let mut checksum = Sha256::new();
    checksum.update(header);
    checksum.update(content);
    std::fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    let mut out = tempfile::NamedTempFile::new_in(temporary)?;
    for part in [header, content, checksum.finish().hex().as_bytes()] {
        out.write_all(part)?;
    }
    out.persist(file)?;
    Ok(())
}

/// What is known of files, by their paths: sorted records of a path with its length before it, and `N` bytes. They are
/// looked up where they are, as there may be very many.
#[derive(Debug, Default)]
pub(crate) struct Records<const N: usize> {
    bytes: Vec<u8>,
    /// Where each record starts.
    starts: Vec<usize>,
}

impl<const N: usize> Records<N> {
    /// Records that were put together by [`push_record`]; `None` when they are not in order.
    pub(crate) fn new(bytes: Vec<u8>) -> Option<Self> {
        let mut starts = Vec::new();
        let mut last: &[u8] = &[];
        let mut start = 0;
        while start < bytes.len() {
            let (path, fields) = record::<N>(&bytes, start)?;
            let path = &bytes[path];
            if !starts.is_empty() && last >= path {
                return None;
            }
            last = path;
            starts.push(start);
            start = fields.end;
        }
        Some(Self { bytes, starts })
    }

    /// The number of the record of `path`, and what it says.
    pub(crate) fn get(&self, path: &OsStr) -> Option<(usize, &[u8; N])> {
        let key = |start: &usize| record::<N>(&self.bytes, *start).map(|(path, _)| &self.bytes[path]);
        let number = self
            .starts
            .binary_search_by(|start| key(start).cmp(&Some(path.as_bytes())))
            .ok()?;
        Some((number, self.at(number)?.1))
    }

    /// The path and the bytes of a record.
    pub(crate) fn at(&self, number: usize) -> Option<(&OsStr, &[u8; N])> {
        let (path, fields) = record::<N>(&self.bytes, *self.starts.get(number)?)?;
        Some((
            OsStr::from_bytes(&self.bytes[path]),
            self.bytes[fields].first_chunk()?,
        ))
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }
}

/// Adds a record. A path that is too long for one is left out.
pub(crate) fn push_record<const N: usize>(bytes: &mut Vec<u8>, path: &OsStr, fields: &[u8; N]) {
    if let Ok(length) = u32::try_from(path.len()) {
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(path.as_bytes());
        bytes.extend_from_slice(fields);
    }
}

/// Where the path of the record at `start` is, and where its bytes are.
fn record<const N: usize>(bytes: &[u8], start: usize) -> Option<(Range<usize>, Range<usize>)> {
    let (length, _) = bytes.get(start..)?.split_first_chunk()?;
    let path = start + size_of::<u32>();
    let fields = path.checked_add(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    let end = fields.checked_add(N)?;
    (end <= bytes.len()).then_some((path..fields, fields..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const HEADER: &[u8] = b"header\n";

    proptest! {
        #[test]
        fn records_are_found_again(known in proptest::collection::btree_map("[a-c/]{0,4}", any::<u16>(), 0..20)) {
            let mut bytes = Vec::new();
            for (path, value) in &known {
                push_record(&mut bytes, OsStr::new(path), &value.to_le_bytes());
            }
            let records = Records::<2>::new(bytes.clone()).unwrap();
            let all: BTreeMap<String, u16> = (0..records.len())
                .filter_map(|number| records.at(number))
                .map(|(path, value)| (path.to_string_lossy().into_owned(), u16::from_le_bytes(*value)))
                .collect();
            prop_assert_eq!(&all, &known);
            for path in ["", "a", "b/", "abcc", "d"] {
                let found = records.get(OsStr::new(path)).map(|(_, value)| u16::from_le_bytes(*value));
                prop_assert_eq!(found, known.get(path).copied());
            }
            if !bytes.is_empty() {
                bytes.pop();
                prop_assert!(Records::<2>::new(bytes).is_none());
            }
        }

        #[test]
        fn no_records_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Some(records) = Records::<3>::new(bytes) {
                records.get(OsStr::new("a"));
            }
        }
    }

    #[test]
    fn records_out_of_order_are_none() {
        let mut bytes = Vec::new();
        push_record(&mut bytes, OsStr::new("b"), b"1");
        push_record(&mut bytes, OsStr::new("a"), b"2");
        assert!(Records::<1>::new(bytes).is_none());
    }

    #[test]
    fn a_damaged_file_is_as_good_as_none() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("made/f");
        write(&file, HEADER, b"content", dir.path()).unwrap();
        assert_eq!(read(&file, HEADER).unwrap(), b"content");
        assert_eq!(read(&file, b"other\n"), None);
        let bytes = std::fs::read(&file).unwrap();
        for end in 0..bytes.len() {
            assert_eq!(check(&bytes[..end], HEADER), None);
        }
        let mut flipped = bytes.clone();
        flipped[HEADER.len()] ^= 1;
        assert_eq!(check(&flipped, HEADER), None);
    }
}
