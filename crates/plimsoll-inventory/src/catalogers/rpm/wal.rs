//! SQLite's write-ahead log: pages that have been committed and not yet been written to the database itself (SQLite's
//! database file format, section 4).

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// Writes the committed pages of `log` into the database, as SQLite would at the next chance. A log without any, as
/// every orderly end leaves it, changes nothing.
pub(super) fn apply(database: &mut Vec<u8>, log: &[u8]) {
    let Some((page_size, pages)) = committed(log) else {
        return;
    };
    // Pages may be new, but none is left out on the way.
    let most = database.len() + pages.len() * page_size;
    for (number, page) in pages {
        let end = usize::try_from(number)
            .ok()
            .and_then(|number| number.checked_mul(page_size));
        let Some(end) = end.filter(|end| (page_size..=most).contains(end)) else {
            continue;
        };
        if database.len() < end {
            database.resize(end, 0);
        }
        database[end - page_size..end].copy_from_slice(page);
    }
}

/// The number of a page, from 1, and its content.
type Page<'a> = (u32, &'a [u8]);

/// The size of a page, and the committed pages, the oldest first.
fn committed(log: &[u8]) -> Option<(usize, Vec<Page<'_>>)> {
    let little = match be32(log, 0)? {
        0x377f_0682 => true,
        0x377f_0683 => false,
        _ => return None,
    };
    let page_size = usize::try_from(be32(log, 8)?).ok()?;
    if !(512..=65536).contains(&page_size) || !page_size.is_power_of_two() {
        return None;
    }
    let salt = log.get(16..24)?;
    let mut checksum = Checksum { little, sums: (0, 0) };
    checksum.add(log.get(..24)?);
    if !checksum.is(log, 24) {
        return None;
    }
    let (mut pages, mut complete) = (Vec::new(), 0);
    for frame in log.get(HEADER..)?.chunks_exact(FRAME_HEADER + page_size) {
        checksum.add(&frame[..8]);
        checksum.add(&frame[FRAME_HEADER..]);
        // Behind the last frame may stand those of an earlier round.
        if &frame[8..16] != salt || !checksum.is(frame, 16) {
            break;
        }
        pages.push((be32(frame, 0)?, &frame[FRAME_HEADER..]));
        let is_commit = be32(frame, 4)? != 0;
        if is_commit {
            complete = pages.len();
        }
    }
    pages.truncate(complete);
    Some((page_size, pages))
}

/// The running checksum over the header and all frames, in words of the byte order that the log's magic number says.
struct Checksum {
    little: bool,
    sums: (u32, u32),
}

impl Checksum {
    fn add(&mut self, bytes: &[u8]) {
        let word = |bytes: &[u8]| {
            let bytes = bytes.try_into().unwrap_or_default();
            match self.little {
                true => u32::from_le_bytes(bytes),
                false => u32::from_be_bytes(bytes),
            }
        };
        let (mut first, mut second) = self.sums;
        for pair in bytes.chunks_exact(8) {
            first = first.wrapping_add(word(&pair[..4])).wrapping_add(second);
            second = second.wrapping_add(word(&pair[4..])).wrapping_add(first);
        }
        self.sums = (first, second);
    }

    /// Whether it is the one that stands at `at`.
    fn is(&self, bytes: &[u8], at: usize) -> bool {
        be32(bytes, at).zip(be32(bytes, at + 4)) == Some(self.sums)
    }
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    bytes.try_into().ok().map(u32::from_be_bytes)
}
