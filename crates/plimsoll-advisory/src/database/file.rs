//! The file that the redb database lies in. The checksums of its blocks follow it, and each block is checked whenever
//! it is read: redb takes the bytes of a file to be those that it wrote, and may panic or give something else where
//! they are not.
//!
//! Layout: the database, the CRC-32 of each of its blocks, and a trailer of 20 bytes: the length of the database
//! (8 bytes), the CRC-32 of the checksums (4 bytes) and [`MAGIC`]. Numbers are little-endian.

use std::fs::File;
use std::io;
#[cfg(unix)]
use std::os::unix::fs::FileExt;
#[cfg(windows)]
use std::os::windows::fs::FileExt;

use redb::StorageBackend;

/// A page of redb has this size or a multiple of it, so little is read in vain.
const BLOCK: usize = 4096;
const MAGIC: &[u8] = b"PLIMADV1";
const TRAILER: usize = 20;

/// A database in the making: the file as it is, with no lock on it. Nobody else knows its name.
#[derive(Debug)]
pub(super) struct Unsealed(pub(super) File);

impl StorageBackend for Unsealed {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        read_at(&self.0, offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        write_at(&self.0, offset, data)
    }
}

/// Appends the checksums to a finished database.
pub(super) fn seal(file: &File) -> io::Result<()> {
    let length = file.metadata()?.len();
    let mut tail = Vec::new();
    let mut block = [0; BLOCK];
    let mut offset = 0;
    while offset < length {
        let block = &mut block[..block_length(length - offset)];
        read_at(file, offset, block)?;
        tail.extend(crc32fast::hash(block).to_le_bytes());
        offset += block.len() as u64;
    }
    let sums = crc32fast::hash(&tail);
    tail.extend(length.to_le_bytes());
    tail.extend(sums.to_le_bytes());
    tail.extend(MAGIC);
    write_at(file, length, &tail)
}

fn block_length(left: u64) -> usize {
    usize::try_from(left).unwrap_or(BLOCK).min(BLOCK)
}

/// A finished database.
#[derive(Debug)]
pub(super) struct Sealed {
    file: File,
    length: u64,
    /// The checksum of each block.
    sums: Vec<u32>,
}

impl Sealed {
    /// Reads the checksums, which takes a thousandth of the time that reading everything would.
    ///
    /// # Errors
    /// `InvalidData` when the file is not such a database, not whole, or has damaged checksums.
    pub(super) fn open(file: File) -> io::Result<Self> {
        let incomplete = || damaged("it is not an advisory database, or not whole");
        let all = file.metadata()?.len();
        let end = all.checked_sub(TRAILER as u64).ok_or_else(incomplete)?;
        let mut trailer = [0; TRAILER];
        read_at(&file, end, &mut trailer)?;
        let Some((length, rest)) = trailer.split_first_chunk::<8>() else {
            return Err(incomplete());
        };
        let Some((sum, MAGIC)) = rest.split_first_chunk::<4>() else {
            return Err(incomplete());
        };
        let length = u64::from_le_bytes(*length);
        let blocks = length.div_ceil(BLOCK as u64);
        let size = blocks
            .checked_mul(4)
            .filter(|size| length.checked_add(*size) == Some(end));
        let size = size
            .and_then(|size| usize::try_from(size).ok())
            .ok_or_else(incomplete)?;
        let mut sums = vec![0; size];
        read_at(&file, length, &mut sums)?;
        if crc32fast::hash(&sums) != u32::from_le_bytes(*sum) {
            return Err(damaged("its checksums are damaged"));
        }
        let (sums, _) = sums.as_chunks::<4>();
        Ok(Self {
            file,
            length,
            sums: sums.iter().map(|sum| u32::from_le_bytes(*sum)).collect(),
        })
    }

    /// Reads whole blocks from `offset`, which is the start of one.
    fn read_blocks(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        read_at(&self.file, offset, out)?;
        let first = usize::try_from(offset / BLOCK as u64).unwrap_or(usize::MAX);
        for (index, block) in out.chunks(BLOCK).enumerate() {
            let number = first.saturating_add(index);
            if self.sums.get(number) != Some(&crc32fast::hash(block)) {
                return Err(damaged(&format!("block {number} is damaged")));
            }
        }
        Ok(())
    }
}

impl StorageBackend for Sealed {
    fn len(&self) -> io::Result<u64> {
        Ok(self.length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let behind = || damaged("it refers to something behind its end");
        let end = offset.checked_add(out.len() as u64).ok_or_else(behind)?;
        if end > self.length {
            return Err(behind());
        }
        let block = BLOCK as u64;
        let first = offset / block * block;
        let last = end.next_multiple_of(block).min(self.length);
        if (first, last) == (offset, end) {
            return self.read_blocks(offset, out);
        }
        let mut blocks = vec![0; usize::try_from(last - first).map_err(|_| behind())?];
        self.read_blocks(first, &mut blocks)?;
        // Both fit, as `first <= offset` and `end <= last`.
        let skipped = usize::try_from(offset - first).map_err(|_| behind())?;
        out.copy_from_slice(&blocks[skipped..skipped + out.len()]);
        Ok(())
    }

    fn set_len(&self, _length: u64) -> io::Result<()> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, _offset: u64, _data: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

fn damaged(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(unix)]
fn read_at(file: &File, offset: u64, out: &mut [u8]) -> io::Result<()> {
    file.read_exact_at(out, offset)
}

#[cfg(unix)]
fn write_at(file: &File, offset: u64, data: &[u8]) -> io::Result<()> {
    file.write_all_at(data, offset)
}

#[cfg(windows)]
fn read_at(file: &File, mut offset: u64, mut out: &mut [u8]) -> io::Result<()> {
    while !out.is_empty() {
        match file.seek_read(out, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                out = &mut out[count..];
                offset += count as u64;
            }
        }
    }
    Ok(())
}

#[cfg(windows)]
fn write_at(file: &File, mut offset: u64, mut data: &[u8]) -> io::Result<()> {
    while !data.is_empty() {
        match file.seek_write(data, offset)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => {
                data = &data[count..];
                offset += count as u64;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sealed(content: &[u8]) -> File {
        let file = tempfile::tempfile().unwrap();
        write_at(&file, 0, content).unwrap();
        seal(&file).unwrap();
        file
    }

    proptest! {
        #[test]
        fn any_range_reads_back(length in 0..20_000_usize, a in 0..20_000_usize, b in 0..20_000_usize) {
            let content: Vec<u8> = (0..length).map(|index| (index / 7) as u8).collect();
            let database = Sealed::open(sealed(&content)).unwrap();
            prop_assert_eq!(database.len().unwrap(), length as u64);
            let (from, to) = (a.min(b), a.max(b));
            let mut out = vec![0; to - from];
            match database.read(from as u64, &mut out) {
                Ok(()) => prop_assert_eq!(&out, &content[from..to]),
                Err(_) => prop_assert!(to > length),
            }
        }

        #[test]
        fn a_changed_byte_is_seen(length in 1..20_000_usize, place: prop::sample::Index, change in 1..=255_u8) {
            let content = vec![7; length];
            let file = sealed(&content);
            let all = usize::try_from(file.metadata().unwrap().len()).unwrap();
            let place = place.index(all) as u64;
            let mut byte = [0];
            read_at(&file, place, &mut byte).unwrap();
            write_at(&file, place, &[byte[0] ^ change]).unwrap();
            let read = Sealed::open(file).and_then(|database| database.read(0, &mut vec![0; length]));
            prop_assert_eq!(read.unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
    }

    #[test]
    fn a_file_that_is_cut_is_not_whole() {
        let file = sealed(&[7; 10_000]);
        let all = file.metadata().unwrap().len();
        for length in [all - 1, all - 20, 10_000, 100, 19, 0] {
            file.set_len(length).unwrap();
            assert!(Sealed::open(file.try_clone().unwrap()).is_err(), "{length}");
        }
    }
}
