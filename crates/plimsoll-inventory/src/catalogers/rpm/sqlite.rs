//! The rows of a table in an SQLite database, read from its bytes (SQLite's database file format, version 3): table
//! b-trees with their overflow pages. Indexes, freed pages and text encodings other than UTF-8 are not needed.

use std::borrow::Cow;
use std::collections::HashSet;

const MAGIC: &[u8] = b"SQLite format 3\0";
/// The first page begins with the database's own header.
const FILE_HEADER: usize = 100;
/// Table b-trees are not deeper in practice; each level holds many times the pages of the one above.
const MAX_DEPTH: usize = 20;

pub(super) struct Database<'a> {
    bytes: &'a [u8],
    page_size: usize,
    /// The bytes of a page that hold content.
    usable: usize,
}

/// One column of a row.
enum Value<'r> {
    Integer(i64),
    /// Text and blobs.
    Bytes(&'r [u8]),
    /// Null and floating point numbers.
    Other,
}

impl<'a> Database<'a> {
    /// The database in `bytes`.
    ///
    /// # Errors
    /// A fragment for people when it is none.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, String> {
        if !bytes.starts_with(MAGIC) || bytes.len() < FILE_HEADER {
            return Err("it is not an SQLite database".to_owned());
        }
        let page_size = match be(bytes, 16, 2) {
            Some(1) => 65536,
            Some(size) if size >= 512 && size.is_power_of_two() => size,
            _ => return Err("it has no page size that SQLite uses".to_owned()),
        };
        let usable = page_size - usize::from(bytes[20]);
        if usable < 480 {
            return Err("its pages have too little space for content".to_owned());
        }
        Ok(Self {
            bytes,
            page_size,
            usable,
        })
    }

    /// Page `number`, from 1.
    fn page(&self, number: usize) -> Result<&'a [u8], String> {
        let start = number
            .checked_sub(1)
            .and_then(|index| index.checked_mul(self.page_size));
        let range = start.and_then(|start| Some(start..start.checked_add(self.page_size)?));
        range
            .and_then(|range| self.bytes.get(range))
            .ok_or_else(|| format!("page {number} is behind the end of the file"))
    }

    /// The first page of the table called `name`.
    ///
    /// # Errors
    /// A fragment for people when there is none, or the list of tables is damaged.
    pub(super) fn table(&self, name: &str) -> Result<usize, String> {
        let mut root = None;
        // `sqlite_schema`: type, name, table name, first page, SQL text.
        self.rows(1, &mut |row| {
            let columns = columns(row);
            if let [
                Value::Bytes(b"table"),
                Value::Bytes(found),
                _,
                Value::Integer(page),
                ..,
            ] = columns[..]
                && found == name.as_bytes()
            {
                root = usize::try_from(page).ok();
            }
        })?;
        root.ok_or_else(|| format!("it has no table `{name}`"))
    }

    /// Gives the first blob or text of each row of the table at page `root` to `visit`.
    ///
    /// # Errors
    /// A fragment for people at the first damaged page; rows before it have been visited.
    pub(super) fn blobs(&self, root: usize, visit: &mut dyn FnMut(&[u8])) -> Result<(), String> {
        self.rows(root, &mut |row| {
            for column in columns(row) {
                if let Value::Bytes(bytes) = column {
                    return visit(bytes);
                }
            }
        })
    }

    /// Gives each row's record to `visit`, in the order of the row ids.
    fn rows(&self, root: usize, visit: &mut dyn FnMut(&[u8])) -> Result<(), String> {
        let mut seen = HashSet::new();
        self.walk(root, 0, &mut seen, visit)
    }

    fn walk(
        &self,
        number: usize,
        depth: usize,
        seen: &mut HashSet<usize>,
        visit: &mut dyn FnMut(&[u8]),
    ) -> Result<(), String> {
        const LEAF: u8 = 13;
        const INTERIOR: u8 = 5;
        let damaged = || format!("page {number} is damaged");
        if depth > MAX_DEPTH || !seen.insert(number) {
            return Err(damaged());
        }
        let page = self.page(number)?;
        let start = if number == 1 { FILE_HEADER } else { 0 };
        let kind = page[start];
        let cells = be(page, start + 3, 2).ok_or_else(damaged)?;
        let pointers = start + if kind == LEAF { 8 } else { 12 };
        for index in 0..cells {
            let cell = be(page, pointers + 2 * index, 2).ok_or_else(damaged)?;
            match kind {
                LEAF => visit(&self.payload(page, cell, number, seen)?),
                INTERIOR => {
                    let child = be(page, cell, 4).ok_or_else(damaged)?;
                    self.walk(child, depth + 1, seen, visit)?;
                }
                _ => return Err(damaged()),
            }
        }
        match kind {
            LEAF => Ok(()),
            INTERIOR => self.walk(
                be(page, start + 8, 4).ok_or_else(damaged)?,
                depth + 1,
                seen,
                visit,
            ),
            _ => Err(damaged()),
        }
    }

    /// The record in the cell at `offset` of a leaf, put together from its overflow pages.
    fn payload(
        &self,
        page: &'a [u8],
        offset: usize,
        number: usize,
        seen: &mut HashSet<usize>,
    ) -> Result<Cow<'a, [u8]>, String> {
        let damaged = || format!("a row of page {number} is damaged");
        let cell = page.get(offset..self.usable).ok_or_else(damaged)?;
        let (length, cell) = varint(cell).ok_or_else(damaged)?;
        let (_row_id, cell) = varint(cell).ok_or_else(damaged)?;
        let length = usize::try_from(length).map_err(|_| damaged())?;
        let local = self.local(length);
        let content = cell.get(..local).ok_or_else(damaged)?;
        if local == length {
            return Ok(Cow::Borrowed(content));
        }
        let mut all = content.to_vec();
        let mut next = be(cell, local, 4).ok_or_else(damaged)?;
        while all.len() < length {
            if !seen.insert(next) {
                return Err(damaged());
            }
            let page = self.page(next)?;
            let wanted = (length - all.len()).min(self.usable - 4);
            all.extend_from_slice(&page[4..4 + wanted]);
            next = be(page, 0, 4).ok_or_else(damaged)?;
        }
        Ok(Cow::Owned(all))
    }

    /// How many bytes of a row of `length` bytes stand in its leaf; the others are in overflow pages.
    fn local(&self, length: usize) -> usize {
        let most = self.usable - 35;
        if length <= most {
            return length;
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let local = least + (length - least) % (self.usable - 4);
        if local <= most { local } else { least }
    }
}

/// The columns of a record; those behind a damaged place are missing.
fn columns(record: &[u8]) -> Vec<Value<'_>> {
    let mut all = Vec::new();
    let header = varint(record).and_then(|(length, types)| {
        let taken = record.len() - types.len();
        let length = usize::try_from(length).ok()?;
        Some((record.get(taken..length)?, record.get(length..)?))
    });
    let Some((mut types, mut values)) = header else {
        return all;
    };
    while let Some((kind, rest)) = varint(types) {
        types = rest;
        let length = match kind {
            0 | 8..=11 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            _ => (kind - 12) / 2,
        };
        let Some((value, rest)) = usize::try_from(length)
            .ok()
            .and_then(|length| values.split_at_checked(length))
        else {
            return all;
        };
        values = rest;
        all.push(match kind {
            1..=6 => Value::Integer(signed(value)),
            8 | 9 => Value::Integer(i64::from(kind == 9)),
            12.. => Value::Bytes(value),
            _ => Value::Other,
        });
    }
    all
}

/// A big-endian number in two's complement.
fn signed(bytes: &[u8]) -> i64 {
    let negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let start = if negative { -1 } else { 0 };
    bytes
        .iter()
        .fold(start, |number: i64, byte| number << 8 | i64::from(*byte))
}

/// A number of `length` big-endian bytes at `at`.
fn be(bytes: &[u8], at: usize, length: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    Some(
        bytes
            .iter()
            .fold(0, |number, byte| number << 8 | usize::from(*byte)),
    )
}

/// A number of one to nine bytes, seven bits in each but the ninth, and what follows it.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    for (index, byte) in bytes.iter().enumerate().take(9) {
        if index == 8 {
            return Some((number << 8 | u64::from(*byte), &bytes[9..]));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[index + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length() {
        assert_eq!(varint(&[0x7f, 9]), Some((127, &[9][..])));
        assert_eq!(varint(&[0x81, 0x00]), Some((128, &[][..])));
        assert_eq!(varint(&[0xff; 9]), Some((u64::MAX, &[][..])));
        assert_eq!((varint(&[0x80]), varint(&[])), (None, None));
        assert_eq!(
            (signed(&[0xff, 0xfe]), signed(&[1, 0]), signed(&[])),
            (-2, 256, 0)
        );
    }

    #[test]
    fn what_is_no_database_is_told() {
        let open = |bytes: &[u8]| Database::open(bytes).map(|_| ()).unwrap_err();
        assert_eq!(open(b""), "it is not an SQLite database");
        let mut header = MAGIC.to_vec();
        header.resize(FILE_HEADER, 0);
        assert_eq!(open(&header), "it has no page size that SQLite uses");
        header[16] = 2;
        header[20] = 100;
        assert_eq!(open(&header), "its pages have too little space for content");
        header[20] = 0;
        let database = Database::open(&header).unwrap();
        assert_eq!(
            database.table("Packages"),
            Err("page 1 is behind the end of the file".to_owned())
        );
    }

    #[test]
    fn pages_that_lead_to_themselves_are_an_error() {
        let mut bytes = MAGIC.to_vec();
        bytes.resize(512, 0);
        bytes[16] = 2;
        bytes[FILE_HEADER] = 5;
        bytes[FILE_HEADER + 11] = 1;
        let database = Database::open(&bytes).unwrap();
        assert_eq!(database.table("Packages"), Err("page 1 is damaged".to_owned()));
    }
}
