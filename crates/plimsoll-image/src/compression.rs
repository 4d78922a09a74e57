//! Compression, told by the first bytes.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use crate::limits::{Counted, Limited, Limits};

/// How a file or layer is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    Plain,
    /// RFC 1952, with any number of members.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// bzip2.
    Bzip2,
    /// The xz container.
    Xz,
}

impl Compression {
    /// How many first bytes [`Compression::detect`] looks at.
    pub const MAGIC_LENGTH: usize = 6;

    /// What the first bytes of a file say.
    pub fn detect(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A zstd file may start with a skippable frame.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            _ => Self::Plain,
        }
    }
}

/// How much is read from a compressed input at a time.
const BUFFER: usize = 128 * 1024;

/// The most memory that a compressed input may ask for, in KiB (xz).
const XZ_MEMORY: u32 = 256 * 1024;

/// Decompresses `input`, whatever its first bytes say it is, within the default [`Limits`].
///
/// # Errors
/// When the first bytes cannot be read. Reading gives [`io::ErrorKind::InvalidData`] for what is not compressed as it
/// seems to be, and where too much comes out.
pub fn reader<'a>(input: Box<dyn Read + Send + 'a>) -> io::Result<Box<dyn Read + Send + 'a>> {
    reader_within(input, Limits::default())
}

/// The same, as far as `limits` allow.
pub(crate) fn reader_within<'a>(
    mut input: Box<dyn Read + Send + 'a>,
    limits: Limits,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    let mut start = Vec::with_capacity(Compression::MAGIC_LENGTH);
    (&mut input)
        .take(Compression::MAGIC_LENGTH as u64)
        .read_to_end(&mut start)?;
    let compression = Compression::detect(&start);
    let whole = Cursor::new(start).chain(input);
    decoder(compression, BufReader::with_capacity(BUFFER, whole), limits)
}

/// Decompresses `input`, which is compressed as `compression` says, as far as `limits` allow.
pub(crate) fn decoder<'a>(
    compression: Compression,
    input: impl BufRead + Send + 'a,
    limits: Limits,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    let input = Counted::new(input);
    let count = input.count();
    let output: Box<dyn Read + Send + 'a> = match compression {
        Compression::Plain => return Ok(Box::new(input)),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
        Compression::Zstd => Box::new(zstd::Decoder::with_buffer(input)?),
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(input)),
        Compression::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(input, true, XZ_MEMORY)),
    };
    Ok(Box::new(Limited::new(output, count, limits)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn decompressed(bytes: Vec<u8>) -> io::Result<(Compression, Vec<u8>)> {
        let compression = Compression::detect(&bytes);
        let mut content = Vec::new();
        reader(Box::new(Cursor::new(bytes)))?.read_to_end(&mut content)?;
        Ok((compression, content))
    }

    #[test]
    fn bombs_are_refused() {
        let zeros = || io::repeat(0).take(300 << 20);
        let bomb = zstd::encode_all(zeros(), 1).unwrap();
        let told = |limits| {
            let mut reader = reader_within(Box::new(Cursor::new(bomb.clone())), limits).unwrap();
            let copied = io::copy(&mut reader, &mut io::sink());
            copied.err().map_or(String::new(), |error| error.to_string())
        };
        assert!(told(Limits::default()).contains("as those of a bomb do"));
        let small = Limits {
            uncompressed: 1 << 20,
            ..Limits::default()
        };
        assert_eq!(told(small), "it has more than 1048576 bytes uncompressed");
        let generous = Limits {
            expansion: u64::MAX,
            ..Limits::default()
        };
        assert_eq!(told(generous), "");
    }

    #[test]
    fn every_form_is_told_by_its_first_bytes() {
        let text = b"some text ".repeat(100);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&text).unwrap();
        let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        bzip2.write_all(&text).unwrap();
        for (expected, bytes) in [
            (Compression::Plain, text.clone()),
            (Compression::Gzip, gzip.finish().unwrap()),
            (Compression::Zstd, zstd::encode_all(&text[..], 1).unwrap()),
            (Compression::Bzip2, bzip2.finish().unwrap()),
        ] {
            let (compression, content) = decompressed(bytes.clone()).unwrap();
            assert_eq!((compression, content == text), (expected, true));
            if expected != Compression::Plain {
                let half = bytes[..bytes.len() / 2].to_owned();
                assert!(decompressed(half).is_err(), "{expected:?} was read in part");
                let twice = decompressed([bytes.clone(), bytes].concat()).unwrap().1;
                assert_eq!(twice, text.repeat(2));
            }
        }
    }

    #[test]
    fn xz_is_read() {
        // `printf 'hello\n' | xz`
        let bytes = [
            0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46,
        ];
        assert_eq!(Compression::detect(&bytes), Compression::Xz);
        assert!(decompressed(bytes.to_vec()).is_err());
    }

    #[test]
    fn nothing_is_plain() {
        assert_eq!(
            decompressed(Vec::new()).unwrap(),
            (Compression::Plain, Vec::new())
        );
    }
}
