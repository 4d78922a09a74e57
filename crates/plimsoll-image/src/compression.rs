//! Compression, told by the first bytes.

use std::io::{self, BufRead, BufReader, Cursor, Read};

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

/// Decompresses `input`, whatever its first bytes say it is.
///
/// # Errors
/// When the first bytes cannot be read.
pub fn reader<'a>(input: Box<dyn Read + Send + 'a>) -> io::Result<Box<dyn Read + Send + 'a>> {
    let (_, reader) = detect_and_read(input)?;
    Ok(reader)
}

/// The same, with what the compression is.
pub(crate) fn detect_and_read<'a>(
    mut input: Box<dyn Read + Send + 'a>,
) -> io::Result<(Compression, Box<dyn Read + Send + 'a>)> {
    let mut start = Vec::with_capacity(Compression::MAGIC_LENGTH);
    (&mut input)
        .take(Compression::MAGIC_LENGTH as u64)
        .read_to_end(&mut start)?;
    let compression = Compression::detect(&start);
    let whole = Cursor::new(start).chain(input);
    Ok((compression, decoder(compression, whole)?))
}

/// Decompresses `input`, which is compressed as `compression` says.
pub(crate) fn decoder<'a>(
    compression: Compression,
    input: impl Read + Send + 'a,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    buffered_decoder(compression, BufReader::with_capacity(BUFFER, input))
}

/// The same, of an input with a buffer of its own.
pub(crate) fn buffered_decoder<'a>(
    compression: Compression,
    buffered: impl BufRead + Send + 'a,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    Ok(match compression {
        Compression::Plain => Box::new(buffered),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(buffered)),
        Compression::Zstd => Box::new(zstd::Decoder::with_buffer(buffered)?),
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(buffered)),
        Compression::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(buffered, true, XZ_MEMORY)),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn decompressed(bytes: Vec<u8>) -> io::Result<(Compression, Vec<u8>)> {
        let (compression, mut reader) = detect_and_read(Box::new(Cursor::new(bytes)))?;
        let mut content = Vec::new();
        reader.read_to_end(&mut content)?;
        Ok((compression, content))
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
