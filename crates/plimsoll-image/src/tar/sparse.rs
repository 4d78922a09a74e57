//! Files with holes: the old GNU form and GNU's PAX forms 0.0, 0.1 and 1.0.

use std::io::{self, Read};

use super::numeric::decimal;
use super::reader::SparseError;

/// The most pieces of data that one file may have.
const PIECES_LIMIT: usize = 1 << 20;

/// Where the stored data of a file goes.
#[derive(Debug, Clone)]
pub(crate) struct SparseMap {
    size: u64,
    /// Offset and length, in order, without overlaps.
    pieces: Vec<(u64, u64)>,
}

impl SparseMap {
    /// `None` when the pieces are not in order or not within the file.
    pub(crate) fn new(size: u64, pieces: Vec<(u64, u64)>) -> Option<Self> {
        let mut end = 0;
        for (offset, length) in &pieces {
            if *offset < end {
                return None;
            }
            end = offset.checked_add(*length)?;
        }
        (end <= size && i64::try_from(size).is_ok()).then_some(Self { size, pieces })
    }

    /// The size with the holes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The size without the holes.
    pub(crate) fn stored(&self) -> u64 {
        self.pieces.iter().map(|(_, length)| length).sum()
    }
}

/// The `GNU.sparse.` records of one member.
#[derive(Default)]
pub(crate) struct PaxSparse {
    name: Option<Vec<u8>>,
    major: u64,
    size: Option<u64>,
    /// Offsets and lengths in turn (0.0 and 0.1).
    numbers: Vec<u64>,
    seen: bool,
}

impl PaxSparse {
    pub(crate) fn add(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        let number = |digits: &[u8]| -> Result<u64, &'static str> {
            decimal(digits).ok_or("a sparse file's record has a wrong number")
        };
        match key {
            b"name" if value.contains(&0) => return Err("a PAX record has a name with a NUL"),
            b"name" => self.name = Some(value.to_owned()),
            b"major" => self.major = number(value)?,
            b"size" | b"realsize" => self.size = Some(number(value)?),
            b"offset" | b"numbytes" => self.numbers.push(number(value)?),
            b"map" => {
                self.numbers = value
                    .split(|byte| *byte == b',')
                    .filter(|digits| !digits.is_empty())
                    .map(number)
                    .collect::<Result<_, _>>()?;
            }
            _ => return Ok(()),
        }
        self.seen = true;
        match self.numbers.len() / 2 > PIECES_LIMIT {
            true => Err("a sparse file has too many pieces"),
            false => Ok(()),
        }
    }

    /// The file's own name; the member's is made up.
    pub(crate) fn take_name(&mut self) -> Option<Vec<u8>> {
        self.name.take().filter(|name| !name.is_empty())
    }

    /// The map, if there is one. `line` gives the numbers at the start of the payload, where format 1.0 has it.
    pub(crate) fn into_map(
        mut self,
        mut line: impl FnMut() -> Result<u64, SparseError>,
    ) -> Result<Option<SparseMap>, SparseError> {
        let wrong = SparseError::Invalid("a sparse file's map is damaged");
        if !self.seen {
            return Ok(None);
        }
        let Some(size) = self.size else {
            return Err(wrong);
        };
        if self.major >= 1 {
            let pieces = line()?;
            if pieces > PIECES_LIMIT as u64 {
                return Err(SparseError::Invalid("a sparse file has too many pieces"));
            }
            self.numbers.clear();
            for _ in 0..pieces * 2 {
                self.numbers.push(line()?);
            }
        }
        if !self.numbers.len().is_multiple_of(2) {
            return Err(wrong);
        }
        let pieces = self
            .numbers
            .chunks_exact(2)
            .map(|pair| (pair[0], pair[1]))
            .collect();
        SparseMap::new(size, pieces).map(Some).ok_or(wrong)
    }
}

/// Reads a file with its holes as zeros; without a map, as it is stored.
pub(crate) struct SparseReader<'a, R> {
    stored: &'a mut R,
    map: Option<&'a SparseMap>,
    position: u64,
    /// The piece that `position` is before or in.
    piece: usize,
}

impl<'a, R> SparseReader<'a, R> {
    pub(crate) fn new(stored: &'a mut R, map: Option<&'a SparseMap>) -> Self {
        Self {
            stored,
            map,
            position: 0,
            piece: 0,
        }
    }
}

impl<R: Read> Read for SparseReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(map) = self.map else {
            return self.stored.read(buffer);
        };
        while let Some((offset, length)) = map.pieces.get(self.piece)
            && self.position >= offset + length
        {
            self.piece += 1;
        }
        let (next, data_end) = match map.pieces.get(self.piece) {
            Some((offset, length)) => (*offset, offset + length),
            None => (map.size, map.size),
        };
        let in_hole = self.position < next;
        let end = if in_hole { next } else { data_end };
        let left = usize::try_from(end - self.position).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let count = if in_hole {
            buffer[..wanted].fill(0);
            wanted
        } else {
            self.stored.read(&mut buffer[..wanted])?
        };
        self.position += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_zeros() {
        let map = SparseMap::new(10, vec![(2, 3), (8, 1), (10, 0)]).unwrap();
        assert_eq!(map.stored(), 4);
        let mut content = Vec::new();
        SparseReader::new(&mut &b"abcd"[..], Some(&map))
            .read_to_end(&mut content)
            .unwrap();
        assert_eq!(content, b"\0\0abc\0\0\0d\0");
    }

    #[test]
    fn maps_out_of_order_or_range_are_refused() {
        assert!(SparseMap::new(10, vec![(5, 2), (4, 1)]).is_none());
        assert!(SparseMap::new(10, vec![(5, 6)]).is_none());
        assert!(SparseMap::new(10, vec![(u64::MAX, 2)]).is_none());
    }
}
