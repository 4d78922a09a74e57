//! Hash databases of Berkeley DB, as RPM before 4.16 uses them: `Packages`. Every page of the file is looked at, so
//! buckets need not be followed; a package's header that does not fit into its page stands in a chain of overflow pages.

const HASH_MAGIC: u32 = 0x0006_1561;
const PAGE_HEADER: usize = 26;
/// Page types.
const HASH_UNSORTED: u8 = 2;
const OVERFLOW: u8 = 7;
const HASH: u8 = 13;
/// Types of the items in a hash page.
const KEY_OR_DATA: u8 = 1;
const OFF_PAGE: u8 = 3;

struct Database<'a> {
    bytes: &'a [u8],
    page_size: usize,
    /// Whether numbers are little-endian: they are as the machine that wrote them has them.
    little: bool,
}

/// Gives each package's header to `visit`.
///
/// # Errors
/// A fragment for people at the first damaged place; packages before it have been visited.
pub(super) fn headers(bytes: &[u8], visit: &mut dyn FnMut(&[u8])) -> Result<(), String> {
    let database = Database::open(bytes)?;
    let pages = bytes.len() / database.page_size;
    // No two packages share an overflow page.
    let mut seen = vec![false; pages];
    for number in 1..pages {
        let page = database
            .page(number)
            .ok_or_else(|| format!("page {number} is damaged"))?;
        if matches!(page[25], HASH | HASH_UNSORTED) {
            database.hash_page(page, number, &mut seen, visit)?;
        }
    }
    let last = database.number(bytes, 32, 4).unwrap_or_default();
    match last < pages {
        true => Ok(()),
        false => Err(format!("it is cut off behind page {pages} of {}", last + 1)),
    }
}

impl<'a> Database<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let little = [true, false].into_iter().find(|little| {
            let magic = Self {
                bytes,
                page_size: 0,
                little: *little,
            };
            magic.number(bytes, 12, 4) == Some(HASH_MAGIC as usize)
        });
        let little = little.ok_or("it is not a hash database of Berkeley DB")?;
        let mut database = Self {
            bytes,
            page_size: 0,
            little,
        };
        if bytes.get(24).is_none_or(|algorithm| *algorithm != 0) {
            return Err("it is encrypted".to_owned());
        }
        let size = database.number(bytes, 20, 4).unwrap_or_default();
        if !(512..=65536).contains(&size) || !size.is_power_of_two() {
            return Err("it has no page size that Berkeley DB uses".to_owned());
        }
        database.page_size = size;
        Ok(database)
    }

    fn number(&self, bytes: &[u8], at: usize, length: usize) -> Option<usize> {
        let bytes = bytes.get(at..at.checked_add(length)?)?;
        let fold = |number: usize, byte: &u8| number << 8 | usize::from(*byte);
        Some(match self.little {
            true => bytes.iter().rev().fold(0, fold),
            false => bytes.iter().fold(0, fold),
        })
    }

    fn page(&self, number: usize) -> Option<&'a [u8]> {
        let start = number.checked_mul(self.page_size)?;
        self.bytes.get(start..start.checked_add(self.page_size)?)
    }

    /// Keys and data take turns in a page. Items fill it from its end; each ends where the one before begins.
    fn hash_page(
        &self,
        page: &'a [u8],
        number: usize,
        seen: &mut [bool],
        visit: &mut dyn FnMut(&[u8]),
    ) -> Result<(), String> {
        let damaged = || format!("page {number} is damaged");
        let entries = self.number(page, 20, 2).ok_or_else(damaged)?;
        let offset = |index: usize| self.number(page, PAGE_HEADER + 2 * index, 2).ok_or_else(damaged);
        let item = |index: usize| {
            let end = match index {
                0 => self.page_size,
                index => offset(index - 1)?,
            };
            let item = page.get(offset(index)?..end).ok_or_else(damaged)?;
            item.split_first().ok_or_else(damaged)
        };
        for index in (1..entries).step_by(2) {
            let (_, key) = item(index - 1)?;
            // Beside number 0 stands the next number.
            if key.iter().all(|byte| *byte == 0) {
                continue;
            }
            match item(index)? {
                (&KEY_OR_DATA, header) => visit(header),
                (&OFF_PAGE, place) => {
                    let first = self.number(place, 3, 4).ok_or_else(damaged)?;
                    let length = self.number(place, 7, 4).ok_or_else(damaged)?;
                    visit(&self.overflow(first, length, seen)?);
                }
                _ => return Err(damaged()),
            }
        }
        Ok(())
    }

    /// The `length` bytes in the chain of overflow pages from `first` on.
    fn overflow(&self, first: usize, length: usize, seen: &mut [bool]) -> Result<Vec<u8>, String> {
        let mut all = Vec::new();
        let mut next = first;
        while all.len() < length {
            let damaged = || format!("overflow page {next} is damaged");
            let page = self.page(next).ok_or_else(damaged)?;
            let used = self.number(page, 22, 2).ok_or_else(damaged)?;
            let content = page.get(PAGE_HEADER..PAGE_HEADER + used).ok_or_else(damaged)?;
            let again = seen
                .get_mut(next)
                .is_none_or(|seen| std::mem::replace(seen, true));
            if page[25] != OVERFLOW || content.is_empty() || again {
                return Err(damaged());
            }
            all.extend_from_slice(content);
            next = self.number(page, 16, 4).ok_or_else(damaged)?;
        }
        all.truncate(length);
        Ok(all)
    }
}
