//! Reads the members of a tar, one after the other.

use std::io::{self, Read};

use super::header::{BLOCK, Block, Kind, padding, until_nul};
use super::input::Input;
use super::sparse::{SparseMap, SparseReader};
use super::{numeric, pax};

/// The most bytes of PAX records and GNU long names that one member may have.
const EXTENSION_LIMIT: u64 = 1 << 20;
/// The most members; the largest real layers have some hundred thousand.
const MEMBERS_LIMIT: u64 = 4_000_000;
/// The most bytes that the holes of sparse files may stand for: they take no space in a tar, and all of it when
/// they are written.
const HOLES_LIMIT: u64 = 16 << 30;

/// Why a tar cannot be read.
#[derive(Debug)]
pub(crate) enum TarError {
    /// The input failed.
    Io(io::Error),
    /// The input ended within a member.
    Truncated {
        /// How many bytes there were.
        offset: u64,
    },
    /// The bytes are no tar.
    Invalid {
        /// Where the header in question begins.
        offset: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// One member, its names and attributes put together from all headers that speak of it.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// The name as it is written.
    pub(crate) path: Vec<u8>,
    /// The target of a link.
    pub(crate) link: Vec<u8>,
    pub(crate) kind: Kind,
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    pub(crate) mtime: i64,
    /// The bytes of content, holes included.
    pub(crate) size: u64,
    /// Major and minor number.
    pub(crate) device: (u32, u32),
    pub(crate) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// Where the data of a file with holes is.
    pub(crate) sparse: Option<SparseMap>,
}

/// What headers before a member's own say about it.
#[derive(Default)]
struct Overrides {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    uid: Option<u64>,
    gid: Option<u64>,
    mtime: Option<i64>,
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    sparse: super::sparse::PaxSparse,
}

impl Overrides {
    fn add(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        let number = |value: &[u8]| -> Result<Option<u64>, &'static str> {
            match value {
                [] => Ok(None),
                digits => numeric::decimal(digits)
                    .filter(|number| i64::try_from(*number).is_ok())
                    .map(Some)
                    .ok_or("a PAX record has a wrong number"),
            }
        };
        let name = |value: &[u8]| match value {
            [] => Ok(None),
            name if name.contains(&0) => Err("a PAX record has a name with a NUL"),
            name => Ok(Some(name.to_owned())),
        };
        match key {
            b"path" => self.path = name(value)?,
            b"linkpath" => self.link = name(value)?,
            b"size" => self.size = number(value)?,
            b"uid" => self.uid = number(value)?,
            b"gid" => self.gid = number(value)?,
            b"mtime" if value.is_empty() => self.mtime = None,
            b"mtime" => self.mtime = Some(pax::seconds(value).ok_or("a PAX record has a wrong time")?),
            _ => {
                if let Some(xattr) = key.strip_prefix(b"SCHILY.xattr.") {
                    self.xattrs.retain(|(known, _)| known != xattr);
                    self.xattrs.push((xattr.to_owned(), value.to_owned()));
                } else if let Some(key) = key.strip_prefix(b"GNU.sparse.") {
                    self.sparse.add(key, value)?;
                }
            }
        }
        Ok(())
    }
}

/// Reads the members of a tar.
pub(crate) struct Reader<I> {
    input: I,
    /// How many bytes of the input were taken.
    offset: u64,
    /// What is left of the current member's payload.
    payload: u64,
    /// The zeros behind it.
    padding: u64,
    /// How many more members there may be.
    members_left: u64,
    /// How many more bytes may be in holes.
    holes_left: u64,
    /// The payload of the extended header that was read last.
    extension: Vec<u8>,
}

impl<I: Input> Reader<I> {
    pub(crate) fn new(input: I) -> Self {
        Self {
            input,
            offset: 0,
            payload: 0,
            padding: 0,
            members_left: MEMBERS_LIMIT,
            holes_left: HOLES_LIMIT,
            extension: Vec::new(),
        }
    }

    /// Accepts fewer members.
    pub(crate) fn at_most(mut self, members: u64) -> Self {
        self.members_left = members;
        self
    }

    /// How many bytes of the input were taken.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    pub(crate) fn input_mut(&mut self) -> &mut I {
        &mut self.input
    }

    pub(crate) fn into_input(self) -> I {
        self.input
    }

    /// The next member; what is left of the one before is skipped. `None` at the end mark, or where the input ends
    /// between two members.
    pub(crate) fn next_member(&mut self) -> Result<Option<Member>, TarError> {
        let mut overrides = Overrides::default();
        let mut extended = false;
        let mut extension_left = EXTENSION_LIMIT;
        let mut bytes = [0; BLOCK];
        loop {
            self.skip_rest()?;
            let start = self.offset;
            let invalid = |reason| TarError::Invalid {
                offset: start,
                reason,
            };
            if !self.block(&mut bytes, !extended)? {
                return Ok(None);
            }
            if Block(&bytes).is_zero() {
                return match self.block(&mut bytes, true)? {
                    true if !Block(&bytes).is_zero() => {
                        Err(invalid("a block of zeros is not followed by another"))
                    }
                    _ if extended => Err(invalid("the member that an extended header speaks of is missing")),
                    _ => Ok(None),
                };
            }
            let block = Block(&bytes);
            if !block.checksum_holds() {
                return Err(invalid("the header's checksum is wrong"));
            }
            let kind = block.kind(overrides.path.as_deref());
            let size = block.size().and_then(|size| u64::try_from(size).ok());
            let size = size.ok_or_else(|| invalid("the header's size is wrong"))?;
            self.payload = if kind.is_header_only() { 0 } else { size };
            self.padding = padding(self.payload);
            if matches!(kind, Kind::Pax | Kind::GnuLongName | Kind::GnuLongLink) {
                extension_left = extension_left
                    .checked_sub(self.payload)
                    .ok_or_else(|| invalid("the extended headers of a member have more than 1 MiB"))?;
            }
            match kind {
                Kind::Pax => {
                    for record in pax::records(self.extension()?) {
                        let (key, value) = record.ok_or_else(|| invalid("the PAX records are damaged"))?;
                        overrides.add(key, value).map_err(invalid)?;
                    }
                    extended = true;
                }
                // Docker, too, heeds no global records: they are comments in practice.
                Kind::PaxGlobal => {}
                Kind::GnuLongName | Kind::GnuLongLink => {
                    let name = until_nul(self.extension()?).to_owned();
                    match kind {
                        Kind::GnuLongName => overrides.path = Some(name),
                        _ => overrides.link = Some(name),
                    }
                    extended = true;
                }
                _ => {
                    self.members_left = self
                        .members_left
                        .checked_sub(1)
                        .ok_or_else(|| invalid("there are more members than any real image has"))?;
                    return self.member(kind, &block, start, overrides).map(Some);
                }
            }
        }
    }

    fn member(
        &mut self,
        kind: Kind,
        block: &Block<'_>,
        start: u64,
        mut overrides: Overrides,
    ) -> Result<Member, TarError> {
        let invalid = |reason| TarError::Invalid {
            offset: start,
            reason,
        };
        let unsigned = |value: Option<i64>, reason| {
            let value = value.and_then(|value| u64::try_from(value).ok());
            value.ok_or_else(|| invalid(reason))
        };
        if let Some(size) = overrides.size.filter(|_| !kind.is_header_only()) {
            self.payload = size;
            self.padding = padding(size);
        }
        let mut member = Member {
            path: overrides.path.unwrap_or_else(|| block.name()),
            link: overrides.link.unwrap_or_else(|| block.link().to_owned()),
            kind,
            mode: u32::try_from(unsigned(block.mode(), "the header's mode is wrong")? & 0o7777).unwrap_or(0),
            uid: match overrides.uid {
                Some(uid) => uid,
                None => unsigned(block.uid(), "the header's owner is wrong")?,
            },
            gid: match overrides.gid {
                Some(gid) => gid,
                None => unsigned(block.gid(), "the header's group is wrong")?,
            },
            mtime: match overrides.mtime {
                Some(mtime) => mtime,
                None => block
                    .mtime()
                    .ok_or_else(|| invalid("the header's time is wrong"))?,
            },
            size: self.payload,
            device: (0, 0),
            xattrs: overrides.xattrs,
            sparse: None,
        };
        match kind {
            Kind::CharDevice | Kind::BlockDevice => {
                let device = block.device().and_then(|(major, minor)| {
                    Some((u32::try_from(major).ok()?, u32::try_from(minor).ok()?))
                });
                member.device = device.ok_or_else(|| invalid("the header's device number is wrong"))?;
            }
            Kind::File => {
                if let Some(path) = overrides.sparse.take_name() {
                    member.path = path;
                }
                let sparse =
                    overrides
                        .sparse
                        .into_map(|| self.sparse_line())
                        .map_err(|error| match error {
                            SparseError::Invalid(reason) => invalid(reason),
                            SparseError::Tar(error) => error,
                        })?;
                if let Some(sparse) = sparse {
                    // The map at the start of the payload fills whole blocks.
                    self.skip_to_block()?;
                    member.size = sparse.size();
                    member.sparse = Some(sparse);
                }
            }
            Kind::GnuSparse => {
                let sparse = self.gnu_sparse(block).map_err(|error| match error {
                    SparseError::Invalid(reason) => invalid(reason),
                    SparseError::Tar(error) => error,
                })?;
                member.kind = Kind::File;
                member.size = sparse.size();
                member.sparse = Some(sparse);
            }
            _ => {}
        }
        if let Some(sparse) = &member.sparse {
            if sparse.stored() > self.payload {
                return Err(invalid("a sparse file's map says more than there is"));
            }
            self.holes_left = self
                .holes_left
                .checked_sub(sparse.size() - sparse.stored())
                .ok_or_else(|| invalid("the holes of sparse files stand for more than 16 GiB"))?;
        }
        Ok(member)
    }

    /// The content of the current member, holes included.
    pub(crate) fn content<'a>(&'a mut self, member: &'a Member) -> SparseReader<'a, Self> {
        SparseReader::new(self, member.sparse.as_ref())
    }

    /// Goes behind the current member's payload and padding.
    pub(crate) fn skip_rest(&mut self) -> Result<(), TarError> {
        let rest = self.payload + self.padding;
        if rest > 0 {
            self.input.skip(rest).map_err(|error| self.input_error(error))?;
            self.offset += rest;
            (self.payload, self.padding) = (0, 0);
        }
        Ok(())
    }

    /// Reads one block; `false` when the input ends before it, where that is allowed.
    fn block(&mut self, block: &mut [u8; BLOCK], may_end: bool) -> Result<bool, TarError> {
        let mut filled = 0;
        while filled < BLOCK {
            match self.input.read(&mut block[filled..]) {
                Ok(0) if filled == 0 && may_end => return Ok(false),
                Ok(0) => {
                    return Err(TarError::Truncated {
                        offset: self.offset + filled as u64,
                    });
                }
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.input_error(error)),
            }
        }
        self.offset += BLOCK as u64;
        Ok(true)
    }

    /// The payload of an extended header, whose size is checked.
    fn extension(&mut self) -> Result<&[u8], TarError> {
        let mut payload = std::mem::take(&mut self.extension);
        payload.clear();
        payload.resize(usize::try_from(self.payload).unwrap_or(usize::MAX), 0);
        self.read_exact(&mut payload)
            .map_err(|error| self.input_error(error))?;
        self.extension = payload;
        Ok(&self.extension)
    }

    /// One number of the map at the start of a payload (GNU sparse format 1.0): decimal digits and a line feed.
    fn sparse_line(&mut self) -> Result<u64, SparseError> {
        let wrong = SparseError::Invalid("a sparse file's map is damaged");
        let mut value = 0_u64;
        for digits in 0..20 {
            let mut byte = [0];
            self.read_exact(&mut byte)
                .map_err(|error| SparseError::Tar(self.input_error(error)))?;
            value = match byte[0] {
                b'\n' if digits > 0 => return Ok(value),
                digit @ b'0'..=b'9' => match value
                    .checked_mul(10)
                    .and_then(|value| value.checked_add(u64::from(digit - b'0')))
                {
                    Some(value) => value,
                    None => return Err(wrong),
                },
                _ => return Err(wrong),
            };
        }
        Err(wrong)
    }

    /// Behind the block of the payload that was read in part. The payload's start is a block's start.
    fn skip_to_block(&mut self) -> Result<(), TarError> {
        let rest = padding(self.offset).min(self.payload);
        self.input.skip(rest).map_err(|error| self.input_error(error))?;
        self.offset += rest;
        self.payload -= rest;
        Ok(())
    }

    /// The map in an old GNU header and the blocks that continue it.
    fn gnu_sparse(&mut self, block: &Block<'_>) -> Result<SparseMap, SparseError> {
        let wrong = SparseError::Invalid("a sparse file's map is damaged");
        let number = |field: &[u8]| numeric::parse(field).and_then(|value| u64::try_from(value).ok());
        let mut pieces = Vec::new();
        let mut add = |fields: &[u8]| {
            for field in fields.chunks_exact(24).take_while(|field| field[0] != 0) {
                let (offset, length) = field.split_at(12);
                pieces.push((number(offset)?, number(length)?));
            }
            Some(())
        };
        let Some(size) = number(&block.0[483..495]) else {
            return Err(wrong);
        };
        let mut complete = add(&block.0[386..482]);
        let mut more = block.0[482] != 0;
        let mut blocks = 0;
        let mut next = [0; BLOCK];
        while more && complete.is_some() {
            if !self.block(&mut next, false).map_err(SparseError::Tar)? {
                return Err(wrong);
            }
            blocks += 1;
            complete = add(&next[..504]).filter(|()| blocks <= 4096);
            more = next[504] != 0;
        }
        match complete.and_then(|()| SparseMap::new(size, pieces)) {
            Some(map) => Ok(map),
            None => Err(wrong),
        }
    }

    pub(crate) fn input_error(&self, error: io::Error) -> TarError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => TarError::Truncated { offset: self.offset },
            _ => TarError::Io(error),
        }
    }
}

/// Why a sparse file's map cannot be read.
pub(crate) enum SparseError {
    Invalid(&'static str),
    Tar(TarError),
}

/// Reads the current member's payload as it is stored.
impl<I: Input> Read for Reader<I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.payload).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        if wanted == 0 {
            return Ok(0);
        }
        let count = self.input.read(&mut buffer[..wanted])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.offset += count as u64;
        self.payload -= count as u64;
        Ok(count)
    }
}
