//! One header block of 512 bytes.

use std::iter::Sum;

use super::numeric;

/// The size of a tar block in bytes.
pub(crate) const BLOCK: usize = 512;

/// How many bytes of zeros follow a payload of `size` bytes.
pub(crate) fn padding(size: u64) -> u64 {
    let block = BLOCK as u64;
    (block - size % block) % block
}

/// What a header stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    HardLink,
    Symlink,
    CharDevice,
    BlockDevice,
    Directory,
    Fifo,
    /// A regular file with holes, in the old GNU form.
    GnuSparse,
    /// PAX records for the next member.
    Pax,
    /// PAX records for all that follow.
    PaxGlobal,
    /// The next member's name.
    GnuLongName,
    /// The next member's link target.
    GnuLongLink,
    /// A volume label; it stands for nothing.
    VolumeLabel,
    Other(u8),
}

impl Kind {
    fn of(typeflag: u8) -> Self {
        match typeflag {
            0 | b'0' | b'7' => Self::File,
            b'1' => Self::HardLink,
            b'2' => Self::Symlink,
            b'3' => Self::CharDevice,
            b'4' => Self::BlockDevice,
            b'5' => Self::Directory,
            b'6' => Self::Fifo,
            b'S' => Self::GnuSparse,
            b'x' | b'X' => Self::Pax,
            b'g' => Self::PaxGlobal,
            b'L' => Self::GnuLongName,
            b'K' => Self::GnuLongLink,
            b'V' => Self::VolumeLabel,
            other => Self::Other(other),
        }
    }

    /// Whether no payload follows, whatever size the header states.
    pub(crate) fn is_header_only(self) -> bool {
        matches!(
            self,
            Self::HardLink
                | Self::Symlink
                | Self::CharDevice
                | Self::BlockDevice
                | Self::Directory
                | Self::Fifo
                | Self::VolumeLabel
        )
    }
}

/// A header block's fields, by name.
pub(crate) struct Block<'a>(pub(crate) &'a [u8; BLOCK]);

impl Block<'_> {
    pub(crate) fn is_zero(&self) -> bool {
        self.0[0] == 0 && self.0.iter().all(|byte| *byte == 0)
    }

    /// Whether the stated checksum is that of the block, its bytes taken as unsigned or, as some old programs did,
    /// as signed.
    pub(crate) fn checksum_holds(&self) -> bool {
        let Some(stated) = numeric::parse(&self.0[148..156]) else {
            return false;
        };
        // A row's sum fits into 16 bits, of which a processor adds many at a time.
        let rows = self.0.as_chunks::<64>().0.iter();
        let all: u32 = rows.map(|row| u32::from(sum::<u16>(row))).sum();
        // The field itself counts as blanks.
        let unsigned = i64::from(all - sum::<u32>(&self.0[148..156]) + 8 * u32::from(b' '));
        stated == unsigned || {
            let high = self.0.iter().filter(|byte| !byte.is_ascii()).count();
            let in_field = self.0[148..156].iter().filter(|byte| !byte.is_ascii()).count();
            i64::try_from(high - in_field).is_ok_and(|high| stated == unsigned - 256 * high)
        }
    }

    /// The kind of the member, whose name is `path` where an extended header has it: then the name here may be cut off
    /// anywhere.
    pub(crate) fn kind(&self, path: Option<&[u8]>) -> Kind {
        let kind = Kind::of(self.0[156]);
        // Before POSIX, a directory was a file whose name ends with a slash.
        if kind == Kind::File && path.unwrap_or_else(|| self.name_field()).ends_with(b"/") {
            return Kind::Directory;
        }
        kind
    }

    fn name_field(&self) -> &[u8] {
        until_nul(&self.0[..100])
    }

    /// The name, with the prefix where the format has one.
    pub(crate) fn name(&self) -> Vec<u8> {
        let name = self.name_field();
        let posix = &self.0[257..263] == b"ustar\0";
        let prefix = match posix {
            // The star format has times behind a shorter prefix.
            true if &self.0[508..] == b"tar\0" => until_nul(&self.0[345..476]),
            true => until_nul(&self.0[345..500]),
            false => &[],
        };
        match prefix {
            [] => name.to_owned(),
            prefix => [prefix, b"/", name].concat(),
        }
    }

    pub(crate) fn link(&self) -> &[u8] {
        until_nul(&self.0[157..257])
    }

    pub(crate) fn mode(&self) -> Option<i64> {
        numeric::parse(&self.0[100..108])
    }

    pub(crate) fn uid(&self) -> Option<i64> {
        numeric::parse(&self.0[108..116])
    }

    pub(crate) fn gid(&self) -> Option<i64> {
        numeric::parse(&self.0[116..124])
    }

    pub(crate) fn size(&self) -> Option<i64> {
        numeric::parse(&self.0[124..136])
    }

    pub(crate) fn mtime(&self) -> Option<i64> {
        numeric::parse(&self.0[136..148])
    }

    pub(crate) fn device(&self) -> Option<(i64, i64)> {
        if &self.0[257..262] != b"ustar" {
            return Some((0, 0));
        }
        Some((
            numeric::parse(&self.0[329..337])?,
            numeric::parse(&self.0[337..345])?,
        ))
    }
}

fn sum<T: From<u8> + Sum>(bytes: &[u8]) -> T {
    bytes.iter().map(|byte| T::from(*byte)).sum()
}

/// What is before the first NUL.
pub(super) fn until_nul(field: &[u8]) -> &[u8] {
    match field {
        // As the fields of most headers are.
        [0, ..] => &[],
        field => &field[..memchr::memchr(0, field).unwrap_or(field.len())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_fills_the_block() {
        assert_eq!([0, 1, 511, 512, 513].map(padding), [0, 511, 1, 0, 511]);
    }
}
