//! Reads the tables of an open database.

use std::collections::HashMap;
use std::fmt::Display;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use redb::{ReadOnlyTable, ReadableDatabase, ReadableTable};

use super::file::Sealed;
use super::schema::{
    self, Affected, EPSS, EXPLOITED, FORMAT, FORMAT_KEY, IDS, META, PACKAGES, RECORDS, Record, SAID,
    STATUS_KEY, Said,
};
use super::status::Status;
use super::write::damaged;
use crate::{Error, Result};

/// Where the tables are.
pub(super) enum Handle {
    File(redb::ReadOnlyDatabase),
    Memory(redb::Database),
}

impl Handle {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Error::NoDatabase(path.to_owned()));
            }
            file => file.map_err(Error::io("read", path))?,
        };
        let sealed = Sealed::open(file).map_err(|error| damaged(path, error))?;
        redb::Builder::new()
            .set_cache_size(64 << 20)
            .open_read_only_with_backend(sealed)
            .map(Self::File)
            .map_err(|error| damaged(path, error))
    }

    fn begin(&self) -> std::result::Result<redb::ReadTransaction, redb::TransactionError> {
        match self {
            Self::File(database) => database.begin_read(),
            Self::Memory(database) => database.begin_read(),
        }
    }

    /// Reads format and status.
    pub(super) fn status(&self, path: &Path) -> Result<Status> {
        let transaction = self.begin().map_err(|error| damaged(path, error))?;
        let meta = transaction
            .open_table(META)
            .map_err(|error| damaged(path, error))?;
        let get = |key| meta.get(key).map_err(|error| damaged(path, error));
        let format = get(FORMAT_KEY)?
            .and_then(|bytes| bytes.value().try_into().ok().map(u32::from_le_bytes))
            .ok_or_else(|| damaged(path, "it does not say its format"))?;
        if format != FORMAT {
            return Err(Error::Format {
                path: path.to_owned(),
                found: format,
                expected: FORMAT,
            });
        }
        let status = get(STATUS_KEY)?.ok_or_else(|| damaged(path, "it has no status"))?;
        serde_json::from_slice(status.value()).map_err(|error| damaged(path, error))
    }

    pub(super) fn reader(&self, path: &Path, has_nvd: bool, decoded: Decoded) -> Result<Reader> {
        let failed = |error: &dyn Display| damaged(path, error);
        let transaction = self.begin().map_err(|error| failed(&error))?;
        Ok(Reader {
            packages: transaction.open_table(PACKAGES).map_err(|error| failed(&error))?,
            records: transaction.open_table(RECORDS).map_err(|error| failed(&error))?,
            ids: transaction.open_table(IDS).map_err(|error| failed(&error))?,
            exploited: transaction
                .open_table(EXPLOITED)
                .map_err(|error| failed(&error))?,
            epss: transaction.open_table(EPSS).map_err(|error| failed(&error))?,
            said: transaction.open_table(SAID).map_err(|error| failed(&error))?,
            path: path.to_owned(),
            has_nvd,
            decoded,
        })
    }
}

/// The tables as they are at one moment, which is for ever.
pub(crate) struct Reader {
    packages: ReadOnlyTable<&'static str, &'static [u8]>,
    records: ReadOnlyTable<u32, &'static [u8]>,
    ids: ReadOnlyTable<&'static str, &'static [u8]>,
    exploited: ReadOnlyTable<&'static str, ()>,
    epss: ReadOnlyTable<&'static str, (f32, f32)>,
    said: ReadOnlyTable<&'static str, &'static [u8]>,
    path: PathBuf,
    has_nvd: bool,
    decoded: Decoded,
}

/// The records that were read lately. Packages of one source share most of theirs, as do images of one base.
#[derive(Clone, Default)]
pub(super) struct Decoded(Arc<RwLock<HashMap<u32, Arc<Record>>>>);

/// So many are kept: some 16 MB.
const MAX_DECODED: usize = 8192;

impl Decoded {
    fn get(&self, number: u32) -> Option<Arc<Record>> {
        self.0.read().ok()?.get(&number).cloned()
    }

    fn insert(&self, number: u32, record: &Arc<Record>) {
        // A poisoned lock only means that nothing is kept any more.
        if let Ok(mut records) = self.0.write() {
            if records.len() >= MAX_DECODED {
                records.clear();
            }
            records.insert(number, Arc::clone(record));
        }
    }
}

impl Reader {
    fn failed(&self, error: impl Display) -> Error {
        damaged(&self.path, error)
    }

    /// Whether NVD's records are in it.
    pub(crate) fn has_nvd(&self) -> bool {
        self.has_nvd
    }

    /// What is said of a package.
    pub(crate) fn package(&self, release: &str, name: &str) -> Result<Vec<Affected>> {
        let key = schema::package_key(release, name);
        let value = self
            .packages
            .get(key.as_str())
            .map_err(|error| self.failed(error))?;
        match value {
            None => Ok(Vec::new()),
            Some(value) => schema::decode(value.value())
                .ok_or_else(|| self.failed(format_args!("the entry of `{key}` is damaged"))),
        }
    }

    pub(crate) fn record(&self, number: u32) -> Result<Arc<Record>> {
        if let Some(record) = self.decoded.get(number) {
            return Ok(record);
        }
        let value = self.records.get(number).map_err(|error| self.failed(error))?;
        let record = value
            .and_then(|value| schema::decode_record(value.value()))
            .ok_or_else(|| self.failed(format_args!("record {number} is damaged")))?;
        let record = Arc::new(record);
        self.decoded.insert(number, &record);
        Ok(record)
    }

    /// What all feeds together say of a CVE.
    pub(crate) fn said(&self, cve: &str) -> Result<Said> {
        let value = self.said.get(cve).map_err(|error| self.failed(error))?;
        match value {
            None => Ok(Said::default()),
            Some(value) => schema::decode(value.value())
                .ok_or_else(|| self.failed(format_args!("what is said of `{cve}` is damaged"))),
        }
    }

    /// The numbers of the records that bear an id.
    pub(crate) fn bearing(&self, id: &str) -> Result<Vec<u32>> {
        let value = self.ids.get(id).map_err(|error| self.failed(error))?;
        match value {
            None => Ok(Vec::new()),
            Some(value) => schema::decode(value.value())
                .ok_or_else(|| self.failed(format_args!("the entry of `{id}` is damaged"))),
        }
    }

    pub(crate) fn is_exploited(&self, id: &str) -> Result<bool> {
        let value = self.exploited.get(id).map_err(|error| self.failed(error))?;
        Ok(value.is_some())
    }

    /// Probability and percentile.
    pub(crate) fn epss(&self, cve: &str) -> Result<Option<(f32, f32)>> {
        let value = self.epss.get(cve).map_err(|error| self.failed(error))?;
        Ok(value.map(|value| value.value()))
    }

    /// Gives every package with what is said of it to `visit`: release, name, statements.
    pub(crate) fn each_package(&self, mut visit: impl FnMut(&str, &str, Vec<Affected>)) -> Result<()> {
        for entry in self.packages.iter().map_err(|error| self.failed(error))? {
            let (key, value) = entry.map_err(|error| self.failed(error))?;
            let affected = schema::decode(value.value())
                .ok_or_else(|| self.failed(format_args!("the entry of `{}` is damaged", key.value())))?;
            if let Some((release, name)) = key.value().split_once('/') {
                visit(release, name, affected);
            }
        }
        Ok(())
    }
}
