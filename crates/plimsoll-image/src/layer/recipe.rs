//! How to write the exact tar of a layer that came in as one, from its tree.
//!
//! A recipe is a zstd stream: a line that names the format, then records. A literal (1, length as `u32`, bytes) is
//! written as it stands; a payload (2, length of the path as `u32`, path, size as `u64`) is the content of that file in
//! the tree; 0 ends the recipe. Numbers are little-endian. A file that another entry of the same tar replaced is not in
//! the tree but, by the number of its payload record, in the directory of replaced files beside it.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::beneath::Beneath;
use super::tree::open_file;
use crate::tar::Input;

const FORMAT: &[u8] = b"plimsoll recipe 1\n";
const END: u8 = 0;
const LITERAL: u8 = 1;
const PAYLOAD: u8 = 2;
/// How many bytes a literal has at most.
const LITERAL_LIMIT: usize = 64 * 1024;
/// Headers compress well at the lowest level, and much faster than at any other.
const LEVEL: i32 = 1;

/// Writes a recipe.
pub(crate) struct RecipeWriter {
    out: zstd::Encoder<'static, BufWriter<File>>,
    literal: Vec<u8>,
    payloads: u64,
}

impl RecipeWriter {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let mut out = zstd::Encoder::new(BufWriter::new(File::create_new(path)?), LEVEL)?;
        out.write_all(FORMAT)?;
        Ok(Self {
            out,
            literal: Vec::with_capacity(LITERAL_LIMIT),
            payloads: 0,
        })
    }

    /// Adds bytes that are written as they stand.
    pub(crate) fn literal(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let count = bytes.len().min(LITERAL_LIMIT - self.literal.len());
            self.literal.extend_from_slice(&bytes[..count]);
            bytes = &bytes[count..];
            if self.literal.len() == LITERAL_LIMIT {
                self.flush_literal()?;
            }
        }
        Ok(())
    }

    /// Adds the content of a file; gives the record's number.
    pub(crate) fn payload(&mut self, path: &[u8], size: u64) -> io::Result<u64> {
        self.flush_literal()?;
        self.out.write_all(&[PAYLOAD])?;
        self.write_bytes_of(path)?;
        self.out.write_all(&size.to_le_bytes())?;
        self.payloads += 1;
        Ok(self.payloads - 1)
    }

    fn flush_literal(&mut self) -> io::Result<()> {
        if !self.literal.is_empty() {
            let literal = std::mem::take(&mut self.literal);
            self.out.write_all(&[LITERAL])?;
            self.write_bytes_of(&literal)?;
            self.literal = literal;
            self.literal.clear();
        }
        Ok(())
    }

    fn write_bytes_of(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(bytes)
    }

    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.flush_literal()?;
        self.out.write_all(&[END])?;
        self.out.finish()?.flush()
    }
}

/// Reads the tar that a recipe describes. What is skipped is not read from the tree.
pub(crate) struct RecipeReader {
    records: BufReader<zstd::Decoder<'static, BufReader<File>>>,
    tree: Beneath,
    /// Where there are any.
    replaced: Option<PathBuf>,
    current: Record,
    payloads: u64,
}

enum Record {
    /// The next one is to be read.
    None,
    /// So many bytes of it are left.
    Literal(u64),
    Payload {
        number: u64,
        path: Vec<u8>,
        size: u64,
        position: u64,
        file: Option<File>,
    },
    End,
}

impl RecipeReader {
    /// Reads the recipe in the file `path`, of the tree in `tree`, with the replaced files in `replaced`.
    pub(crate) fn open(path: &Path, tree: &Path, replaced: PathBuf) -> io::Result<Self> {
        let mut records = BufReader::with_capacity(LITERAL_LIMIT, zstd::Decoder::new(File::open(path)?)?);
        let mut format = [0; FORMAT.len()];
        records.read_exact(&mut format)?;
        if format != FORMAT {
            return Err(invalid("it is no recipe"));
        }
        Ok(Self {
            records,
            tree: Beneath::new(tree)?,
            replaced: replaced.is_dir().then_some(replaced),
            current: Record::None,
            payloads: 0,
        })
    }

    /// Makes sure that there is a record with something left, or the end.
    fn advance(&mut self) -> io::Result<()> {
        loop {
            match &self.current {
                Record::Literal(left) if *left > 0 => return Ok(()),
                Record::Payload { size, position, .. } if position < size => return Ok(()),
                Record::End => return Ok(()),
                Record::None | Record::Literal(_) | Record::Payload { .. } => {}
            }
            let mut tag = [0];
            self.records.read_exact(&mut tag)?;
            self.current = match tag[0] {
                END => Record::End,
                LITERAL => Record::Literal(self.length()?.into()),
                PAYLOAD => {
                    let length = self.length()?;
                    if length > 8192 {
                        return Err(invalid("a path is too long"));
                    }
                    let mut path = vec![0; length as usize];
                    self.records.read_exact(&mut path)?;
                    let mut size = [0; 8];
                    self.records.read_exact(&mut size)?;
                    self.payloads += 1;
                    Record::Payload {
                        number: self.payloads - 1,
                        path,
                        size: u64::from_le_bytes(size),
                        position: 0,
                        file: None,
                    }
                }
                _ => return Err(invalid("a record is of no known kind")),
            };
        }
    }

    fn length(&mut self) -> io::Result<u32> {
        let mut length = [0; 4];
        self.records.read_exact(&mut length)?;
        Ok(u32::from_le_bytes(length))
    }
}

impl Read for RecipeReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.advance()?;
        match &mut self.current {
            Record::None | Record::End => Ok(0),
            Record::Literal(left) => {
                let wanted = buffer.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                let count = self.records.read(&mut buffer[..wanted])?;
                if count == 0 {
                    return Err(invalid("it ends too early"));
                }
                *left -= count as u64;
                Ok(count)
            }
            Record::Payload {
                number,
                path,
                size,
                position,
                file,
            } => {
                let file = match file {
                    Some(file) => file,
                    None => file.insert(open_payload(
                        &mut self.tree,
                        self.replaced.as_deref(),
                        *number,
                        path,
                        *size,
                    )?),
                };
                let left = usize::try_from(*size - *position).unwrap_or(usize::MAX);
                let wanted = buffer.len().min(left);
                let count = file.read_at(&mut buffer[..wanted], *position)?;
                if count == 0 {
                    return Err(changed(path));
                }
                *position += count as u64;
                Ok(count)
            }
        }
    }
}

impl Input for RecipeReader {
    fn skip(&mut self, mut count: u64) -> io::Result<()> {
        while count > 0 {
            self.advance()?;
            match &mut self.current {
                Record::None | Record::End => return Err(io::ErrorKind::UnexpectedEof.into()),
                Record::Literal(left) => {
                    let skipped = count.min(*left);
                    let copied = io::copy(&mut (&mut self.records).take(skipped), &mut io::sink())?;
                    if copied != skipped {
                        return Err(invalid("it ends too early"));
                    }
                    *left -= skipped;
                    count -= skipped;
                }
                Record::Payload { size, position, .. } => {
                    let skipped = count.min(*size - *position);
                    *position += skipped;
                    count -= skipped;
                }
            }
        }
        Ok(())
    }
}

fn open_payload(
    tree: &mut Beneath,
    replaced: Option<&Path>,
    number: u64,
    path: &[u8],
    size: u64,
) -> io::Result<File> {
    let was_replaced = replaced
        .map(|directory| directory.join(number.to_string()))
        .filter(|file| file.exists());
    let file = if let Some(path) = was_replaced {
        File::open(path)?
    } else {
        let (directory, name) = tree.parent(path).map_err(|_| changed(path))?;
        open_file(directory, name).map_err(|_| changed(path))?
    };
    let metadata = file.metadata()?;
    match metadata.is_file() && metadata.len() == size {
        true => Ok(file),
        false => Err(changed(path)),
    }
}

fn changed(path: &[u8]) -> io::Error {
    let path = String::from_utf8_lossy(path);
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("`{path}` is not what it was when the layer came in"),
    )
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the recipe is damaged: {reason}"),
    )
}
