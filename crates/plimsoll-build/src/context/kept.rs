//! Files of what was found out in earlier builds: a header line, the content and a checksum of both. One that does not
//! read is as good as none, for everything in it can be found out again.

use std::io::{self, Write};
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

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[u8] = b"header\n";

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
