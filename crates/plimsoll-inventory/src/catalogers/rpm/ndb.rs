//! RPM's own database, as SUSE uses it: `Packages.db`. Pages of slots at the start say where each package's header
//! stands, in blocks of 16 bytes; all numbers are little-endian.

const HEADER_MAGIC: &[u8] = b"RpmP";
const SLOT_MAGIC: &[u8] = b"Slot";
const BLOB_MAGIC: &[u8] = b"BlbS";
const PAGE: usize = 4096;
const BLOCK: usize = 16;
/// The header takes the place of the first two slots.
const HEADER: usize = 2 * BLOCK;

/// Gives each package's header to `visit`.
///
/// # Errors
/// A fragment for people at the first damaged place; packages before it have been visited.
pub(super) fn headers(bytes: &[u8], visit: &mut dyn FnMut(&[u8])) -> Result<(), String> {
    if !bytes.starts_with(HEADER_MAGIC) {
        return Err("it is not an RPM package database".to_owned());
    }
    if number(bytes, 4) != Some(0) {
        return Err("it is an RPM package database of an unknown version".to_owned());
    }
    let cut = || "its table of packages is cut off".to_owned();
    let pages = number(bytes, 12).ok_or_else(cut)?;
    let slots = pages
        .checked_mul(PAGE)
        .and_then(|end| bytes.get(HEADER..end))
        .ok_or_else(cut)?;
    // No two packages share their bytes, so all together are no longer than the file.
    let mut left = bytes.len();
    for slot in slots.chunks_exact(BLOCK) {
        let damaged = || "its table of packages is damaged".to_owned();
        if !slot.starts_with(SLOT_MAGIC) {
            return Err(damaged());
        }
        let (package, offset) = number(slot, 4).zip(number(slot, 8)).ok_or_else(damaged)?;
        if offset == 0 {
            continue;
        }
        let damaged = || format!("package {package} is damaged");
        let blob = blob(bytes, package, offset).ok_or_else(damaged)?;
        left = left.checked_sub(blob.len()).ok_or_else(damaged)?;
        visit(blob);
    }
    Ok(())
}

/// The header of a package at block `offset`: magic, the package's number, a generation, the length, the header.
fn blob(bytes: &[u8], package: usize, offset: usize) -> Option<&[u8]> {
    let blob = bytes.get(offset.checked_mul(BLOCK)?..)?;
    let good = blob.starts_with(BLOB_MAGIC) && number(blob, 4) == Some(package);
    let length = number(blob, 12)?;
    blob.get(BLOCK..BLOCK.checked_add(length)?).filter(|_| good)
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(bytes)).ok()
}
