//! The advisory database: one file, built whole from feeds and read by any number of processes.

pub(crate) mod build;
mod file;
mod query;
mod read;
mod said;
pub(crate) mod schema;
mod sources;
mod status;
mod write;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
pub use query::{PackageAdvisory, Query};
pub(crate) use read::Reader;
use read::{Decoded, Handle};
pub use status::{FeedFile, FeedStatus, ReleaseStatus, Status, Summary, UnusedFeed};

use plimsoll_core::ExploitPrediction;

use crate::{Error, FetchOptions, Mirror, Progress, Result, fetch};

/// An open advisory database. It never changes: a new one replaces the file, and who has the old one
/// open keeps it.
pub struct Database {
    handle: Handle,
    path: PathBuf,
    status: Status,
    decoded: Decoded,
}

impl Database {
    /// Builds a database from a folder of feeds in their publishers' layout and puts it at `out`, replacing
    /// what is there in one step: whoever reads the old file goes on with it, and an error leaves it in place.
    ///
    /// # Errors
    /// [`Error::NoFeeds`], [`Error::Feed`] naming file and record, [`Error::Io`] and [`Error::Database`].
    pub fn build(from: &Path, out: &Path, progress: &dyn Progress) -> Result<Summary> {
        let mut builder = build::Builder::default();
        sources::read_all(from, &mut builder, progress)?;
        if builder.is_empty() {
            return Err(Error::NoFeeds(from.to_owned()));
        }
        let (withdrawn, superseded) = (builder.withdrawn, builder.superseded);
        progress.writing();
        let tables = builder.finish(sources::whole_seconds(Timestamp::now()), None);
        let size = write::replace(out, &tables)?;
        Ok(Summary {
            path: out.to_owned(),
            size,
            status: tables.status,
            withdrawn,
            superseded,
            warnings: tables.warnings,
        })
    }

    /// Takes the feeds from a mirror or their publishers and builds a database from them. What is fetched
    /// stays in `cache_dir`, and is fetched again only when it has changed.
    ///
    /// # Errors
    /// As [`Database::build`], and [`Error::Fetch`].
    pub fn update(
        mirror: &Mirror,
        cache_dir: &Path,
        out: &Path,
        options: &FetchOptions,
        progress: &dyn Progress,
    ) -> Result<Summary> {
        match mirror {
            Mirror::Directory(folder) => Self::build(folder, out, progress),
            Mirror::Url(_) | Mirror::Publishers => {
                let folder = fetch::fetch_all(mirror, cache_dir, options, progress)?;
                Self::build(&folder, out, progress)
            }
        }
    }

    /// Opens a database to read. No reader waits for another, nor for one who builds a new database.
    ///
    /// # Errors
    /// [`Error::NoDatabase`], [`Error::Format`], or [`Error::Database`].
    pub fn open_read_only(path: &Path) -> Result<Self> {
        let handle = Handle::open(path)?;
        let status = handle.status(path)?;
        Ok(Self {
            handle,
            path: path.to_owned(),
            status,
            decoded: Decoded::default(),
        })
    }

    /// A database in memory. `name` stands for the path in messages.
    pub(crate) fn in_memory(name: &str, tables: &build::Tables) -> Result<Self> {
        let path = PathBuf::from(name);
        let database = redb::Builder::new()
            .create_with_backend(redb::backends::InMemoryBackend::new())
            .map_err(|error| write::damaged(&path, error))?;
        write::fill(&database, tables).map_err(|error| write::damaged(&path, error))?;
        Ok(Self {
            handle: Handle::Memory(database),
            path,
            status: tables.status.clone(),
            decoded: Decoded::default(),
        })
    }

    /// What is in it and how old it is.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Whether it can tell what is exploited in the wild: [`Status::has_known_exploited`].
    pub fn has_known_exploited(&self) -> bool {
        self.status.has_known_exploited()
    }

    /// FIRST's prediction for a CVE that the database knows, where it was built with an EPSS file.
    ///
    /// # Errors
    /// [`Error::Database`] when the file cannot be read.
    pub fn exploit_prediction(&self, cve: &str) -> Result<Option<ExploitPrediction>> {
        let scores = self.reader()?.epss(cve)?;
        Ok(scores.map(|(probability, percentile)| ExploitPrediction {
            probability,
            percentile,
        }))
    }

    pub(crate) fn reader(&self) -> Result<Reader> {
        self.handle.reader(&self.path, &self.status, self.decoded.clone())
    }
}
