//! Reads the tables of an open database.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt::Display;
use std::fs::File;
use std::hash::Hash;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use plimsoll_core::AdvisoryFeed;
use redb::{ReadOnlyTable, ReadableDatabase, ReadableTable};

use super::file::Sealed;
use super::schema::{
    self, Affected, EPSS, EXPLOITED, FORMAT, FORMAT_KEY, IDS, META, PACKAGES, RECORDS, Record, SAID,
    STATUS_KEY, Said,
};
use super::status::Status;
use super::write::damaged;
use crate::feeds::{self, nvd};
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

    pub(super) fn reader(&self, path: &Path, status: &Status, decoded: Decoded) -> Result<Reader> {
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
            has_nvd: status.has(nvd::ID),
            has_epss: status.has_exploit_predictions(),
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
    has_epss: bool,
    decoded: Decoded,
}

/// What was read lately. Packages of one source share most of their records, as do images of one base.
#[derive(Clone, Default)]
pub(super) struct Decoded {
    records: Kept<u32, Record>,
    packages: Kept<String, Vec<Affected>>,
    said: Kept<String, Said>,
    exploited: Kept<String, bool>,
    feeds: Kept<String, AdvisoryFeed>,
}

/// So many values of a table are kept: some 16 MB of records.
const MAX_KEPT: usize = 8192;

/// Values of one table, shared by all who read the database.
struct Kept<K, V>(Arc<RwLock<HashMap<K, Arc<V>>>>);

impl<K, V> Clone for Kept<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash, V> Kept<K, V> {
    fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<Arc<V>>
    where
        K: Borrow<Q>,
    {
        self.0.read().ok()?.get(key).cloned()
    }

    fn keep(&self, key: K, value: V) -> Arc<V> {
        let value = Arc::new(value);
        // A poisoned lock only means that nothing is kept any more.
        if let Ok(mut kept) = self.0.write() {
            if kept.len() >= MAX_KEPT {
                kept.clear();
            }
            kept.insert(key, Arc::clone(&value));
        }
        value
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
    pub(crate) fn package(&self, release: &str, name: &str) -> Result<Arc<Vec<Affected>>> {
        let key = schema::package_key(release, name);
        if let Some(known) = self.decoded.packages.get(key.as_str()) {
            return Ok(known);
        }
        let value = self
            .packages
            .get(key.as_str())
            .map_err(|error| self.failed(error))?;
        let statements = match value {
            None => Vec::new(),
            Some(value) => schema::decode(value.value())
                .ok_or_else(|| self.failed(format_args!("the entry of `{key}` is damaged")))?,
        };
        Ok(self.decoded.packages.keep(key, statements))
    }

    pub(crate) fn record(&self, number: u32) -> Result<Arc<Record>> {
        if let Some(known) = self.decoded.records.get(&number) {
            return Ok(known);
        }
        let value = self.records.get(number).map_err(|error| self.failed(error))?;
        let record = value
            .and_then(|value| schema::decode_record(value.value()))
            .ok_or_else(|| self.failed(format_args!("record {number} is damaged")))?;
        Ok(self.decoded.records.keep(number, record))
    }

    /// What all feeds together say of a CVE.
    pub(crate) fn said(&self, cve: &str) -> Result<Arc<Said>> {
        if let Some(known) = self.decoded.said.get(cve) {
            return Ok(known);
        }
        let value = self.said.get(cve).map_err(|error| self.failed(error))?;
        let said = match value {
            None => Said::default(),
            Some(value) => schema::decode(value.value())
                .ok_or_else(|| self.failed(format_args!("what is said of `{cve}` is damaged")))?,
        };
        Ok(self.decoded.said.keep(cve.to_owned(), said))
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

    /// What is known about a feed beside its records.
    pub(crate) fn feed(&self, id: &str) -> Arc<AdvisoryFeed> {
        let known = self.decoded.feeds.get(id);
        known.unwrap_or_else(|| self.decoded.feeds.keep(id.to_owned(), feeds::describe(id)))
    }

    pub(crate) fn is_exploited(&self, id: &str) -> Result<bool> {
        if let Some(known) = self.decoded.exploited.get(id) {
            return Ok(*known);
        }
        let value = self.exploited.get(id).map_err(|error| self.failed(error))?;
        Ok(*self.decoded.exploited.keep(id.to_owned(), value.is_some()))
    }

    /// Probability and percentile.
    pub(crate) fn epss(&self, cve: &str) -> Result<Option<(f32, f32)>> {
        if !self.has_epss {
            return Ok(None);
        }
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
