//! Writes tars: ustar headers, with PAX records where those are too small.

use std::io::{self, Write};

use super::header::{BLOCK, padding};
use super::{numeric, pax};

/// What a header says about a member.
#[derive(Debug, Clone, Default)]
pub(crate) struct Metadata<'a> {
    /// The name; a directory's without a slash at its end.
    pub(crate) path: &'a [u8],
    /// The target of a link.
    pub(crate) link: &'a [u8],
    /// The type flag of the ustar format: `0` file, `1` hard link, `2` symbolic link, `3` character device, `4` block
    /// device, `5` directory, `6` pipe.
    pub(crate) typeflag: u8,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mtime: i64,
    /// The bytes of payload that follow.
    pub(crate) size: u64,
    /// Major and minor number.
    pub(crate) device: (u32, u32),
    /// In the order in which they are written.
    pub(crate) xattrs: &'a [(Vec<u8>, Vec<u8>)],
}

/// Writes the members of a tar. The same members always give the same bytes.
pub(crate) struct Writer<W> {
    out: W,
    written: u64,
    /// Reused for names and records.
    name: Vec<u8>,
    records: Vec<u8>,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(out: W) -> Self {
        Self {
            out,
            written: 0,
            name: Vec::new(),
            records: Vec::new(),
        }
    }

    /// Writes the header of a member. Its payload follows by [`Writer::data`] and is ended by [`Writer::pad`].
    pub(crate) fn header(&mut self, member: &Metadata<'_>) -> io::Result<()> {
        self.name.clear();
        self.name.extend_from_slice(member.path);
        if member.typeflag == b'5' {
            self.name.push(b'/');
        }
        self.records.clear();
        let mut block = [0; BLOCK];
        let records = &mut self.records;
        if !put_name(&mut block, &self.name) {
            pax::push(records, b"path", &self.name);
        }
        if member.link.len() <= 100 {
            block[157..157 + member.link.len()].copy_from_slice(member.link);
        } else {
            pax::push(records, b"linkpath", member.link);
        }
        let mut number = |field: &mut [u8], key: &[u8], value: u64| {
            if !numeric::write_octal(field, value) {
                pax::push(records, key, value.to_string().as_bytes());
            }
        };
        number(&mut block[108..116], b"uid", member.uid.into());
        number(&mut block[116..124], b"gid", member.gid.into());
        number(&mut block[124..136], b"size", member.size);
        let fits = match u64::try_from(member.mtime) {
            Ok(mtime) => numeric::write_octal(&mut block[136..148], mtime),
            Err(_) => {
                numeric::write_octal(&mut block[136..148], 0);
                false
            }
        };
        if !fits {
            pax::push(records, b"mtime", member.mtime.to_string().as_bytes());
        }
        for (name, value) in member.xattrs {
            pax::push(records, &[b"SCHILY.xattr.", name.as_slice()].concat(), value);
        }
        numeric::write_octal(&mut block[100..108], (member.mode & 0o7777).into());
        if matches!(member.typeflag, b'3' | b'4') {
            let (major, minor) = member.device;
            let fits = numeric::write_octal(&mut block[329..337], major.into())
                & numeric::write_octal(&mut block[337..345], minor.into());
            if !fits {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "the device number does not fit a tar header",
                ));
            }
        }
        seal(&mut block, member.typeflag);
        if !self.records.is_empty() {
            self.write_records()?;
        }
        self.write(&block)
    }

    /// The extended header with what does not fit the member's own.
    fn write_records(&mut self) -> io::Result<()> {
        let mut records = std::mem::take(&mut self.records);
        if std::str::from_utf8(&self.name).is_err() && records.windows(5).any(|key| key == b"path=") {
            // PAX names are UTF-8 unless this says otherwise, and it must come first.
            let mut marked = Vec::with_capacity(records.len() + 21);
            pax::push(&mut marked, b"hdrcharset", b"BINARY");
            marked.extend_from_slice(&records);
            records = marked;
        }
        let mut block = [0; BLOCK];
        block[..13].copy_from_slice(b"PaxHeaders.0/");
        let base = self.name.strip_suffix(b"/").unwrap_or(&self.name);
        let base = base.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let length = base.len().min(87);
        block[13..13 + length].copy_from_slice(&base[..length]);
        numeric::write_octal(&mut block[100..108], 0o644);
        numeric::write_octal(&mut block[108..116], 0);
        numeric::write_octal(&mut block[116..124], 0);
        numeric::write_octal(&mut block[124..136], records.len() as u64);
        numeric::write_octal(&mut block[136..148], 0);
        seal(&mut block, b'x');
        self.write(&block)?;
        self.write(&records)?;
        self.pad(records.len() as u64)?;
        self.records = records;
        Ok(())
    }

    /// Writes bytes of the current member's payload.
    pub(crate) fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes)
    }

    /// Fills the last block of a payload of `size` bytes.
    pub(crate) fn pad(&mut self, size: u64) -> io::Result<()> {
        let zeros = usize::try_from(padding(size)).unwrap_or(0);
        self.write(&[0; BLOCK][..zeros])
    }

    /// Writes a file of these bytes, readable by everyone, of no time and owned by root.
    pub(crate) fn file(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.file_header(path, bytes.len() as u64)?;
        self.data(bytes)?;
        self.pad(bytes.len() as u64)
    }

    /// Writes the header of such a file.
    pub(crate) fn file_header(&mut self, path: &str, size: u64) -> io::Result<()> {
        self.header(&Metadata {
            path: path.as_bytes(),
            typeflag: b'0',
            mode: 0o644,
            size,
            ..Metadata::default()
        })
    }

    /// Writes a directory, of no time and owned by root.
    pub(crate) fn directory(&mut self, path: &str) -> io::Result<()> {
        self.header(&Metadata {
            path: path.as_bytes(),
            typeflag: b'5',
            mode: 0o755,
            ..Metadata::default()
        })
    }

    /// Writes the end mark; gives the output back, and how many bytes were written.
    pub(crate) fn finish(mut self) -> io::Result<(W, u64)> {
        self.write(&[0; 2 * BLOCK])?;
        Ok((self.out, self.written))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

/// Puts a name into a header, parted at a slash where it is too long for one field. `false` when it does not fit; then
/// its last bytes stand there for readers that know no PAX.
fn put_name(block: &mut [u8; BLOCK], name: &[u8]) -> bool {
    if name.len() <= 100 {
        block[..name.len()].copy_from_slice(name);
        return true;
    }
    // The slash itself is written in neither field; a directory's last slash cannot part the name.
    let earliest = name.len() - 101;
    let latest = name.len().saturating_sub(2).min(155);
    let slash = (earliest..=latest).find(|index| name.get(*index) == Some(&b'/'));
    if let Some(slash) = slash.filter(|slash| *slash > 0) {
        block[345..345 + slash].copy_from_slice(&name[..slash]);
        block[..name.len() - slash - 1].copy_from_slice(&name[slash + 1..]);
        return true;
    }
    block[..100].copy_from_slice(&name[name.len() - 100..]);
    false
}

fn seal(block: &mut [u8; BLOCK], typeflag: u8) {
    block[156] = typeflag;
    block[257..265].copy_from_slice(b"ustar\x0000");
    block[148..156].fill(b' ');
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    numeric::write_octal(&mut block[148..155], sum);
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Reader};
    use super::*;
    use proptest::prelude::*;

    fn round_trip(member: &Metadata<'_>) -> super::super::Member {
        let mut writer = Writer::new(Vec::new());
        writer.header(member).unwrap();
        let (bytes, written) = writer.finish().unwrap();
        assert_eq!(bytes.len() as u64, written);
        let mut reader = Reader::new(&bytes[..]);
        let read = reader.next_member().unwrap().unwrap();
        assert!(reader.next_member().unwrap().is_none());
        read
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            path in proptest::collection::vec(proptest::collection::vec(1_u8..=255, 1..120), 1..4),
            link in proptest::collection::vec(1_u8..=255, 0..200),
            typeflag in prop_oneof![Just(b'1'), Just(b'2'), Just(b'5')],
            mode in 0_u32..0o10000,
            uid in any::<u32>(),
            gid in any::<u32>(),
            mtime in any::<i64>(),
            xattr in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            let mut path = path.concat();
            path.retain(|byte| *byte != b'/');
            prop_assume!(!path.is_empty());
            let third = path.len() / 3;
            if third > 0 {
                path[third] = b'/';
            }
            prop_assume!(path[0] != b'/' && path[path.len() - 1] != b'/');
            let xattrs = [(b"user.x".to_vec(), xattr)];
            let member = Metadata { path: &path, link: &link, typeflag, mode, uid, gid, mtime, size: 0, device: (0, 0), xattrs: &xattrs };
            let read = round_trip(&member);
            let name = if typeflag == b'5' { [&path[..], b"/"].concat() } else { path.clone() };
            prop_assert_eq!(read.path, name);
            prop_assert_eq!(read.link, link);
            prop_assert_eq!((read.mode, read.uid, read.gid, read.mtime), (mode, uid.into(), gid.into(), mtime));
            prop_assert_eq!(&read.xattrs[..], &xattrs[..]);
        }

        #[test]
        fn no_input_panics(bytes in proptest::collection::vec(any::<u8>(), 0..2048), flips in proptest::collection::vec((0_usize..1536, any::<u8>()), 0..4)) {
            let mut reader = Reader::new(&bytes[..]);
            while let Ok(Some(_)) = reader.next_member() {}
            let mut writer = Writer::new(Vec::new());
            writer.file("a", b"x").unwrap();
            let (mut tar, _) = writer.finish().unwrap();
            for (place, value) in flips {
                tar[place] = value;
            }
            let block: &mut [u8; BLOCK] = (&mut tar[..BLOCK]).try_into().unwrap();
            let typeflag = block[156];
            seal(block, typeflag);
            let mut reader = Reader::new(&tar[..]);
            while let Ok(Some(_)) = reader.next_member() {}
        }
    }

    #[test]
    fn big_numbers_and_devices() {
        let big = Metadata {
            path: b"big",
            typeflag: b'0',
            size: 1 << 40,
            ..Metadata::default()
        };
        let mut writer = Writer::new(Vec::new());
        writer.header(&big).unwrap();
        let (bytes, _) = writer.finish().unwrap();
        let mut reader = Reader::new(&bytes[..]);
        assert_eq!(reader.next_member().unwrap().unwrap().size, 1 << 40);
        let device = Metadata {
            path: b"dev/null",
            typeflag: b'3',
            device: (1, 3),
            ..Metadata::default()
        };
        let read = round_trip(&device);
        assert_eq!((read.kind, read.device), (Kind::CharDevice, (1, 3)));
    }
}
