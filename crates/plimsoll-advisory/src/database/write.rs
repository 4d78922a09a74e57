//! Writes the tables to a file that appears whole or not at all.

use std::fmt::Display;
use std::fs::File;
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

use super::build::Tables;
use super::file::{self, Unsealed};
use super::schema::{EPSS, EXPLOITED, FORMAT, FORMAT_KEY, IDS, META, PACKAGES, RECORDS, SAID, STATUS_KEY};
use crate::{Error, Result};

/// Writes the tables to a temporary file beside `out`, syncs it and puts it in the place of `out`. Returns
/// its size.
pub(super) fn replace(out: &Path, tables: &Tables) -> Result<u64> {
    let folder = out
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    sweep(folder).map_err(Error::io("read", folder))?;
    let temporary = temporary(folder).map_err(Error::io("create", folder))?;

    let failed = |error: &dyn Display| damaged(out, error);
    let file = temporary.as_file();
    let unsealed = Unsealed(file.try_clone().map_err(Error::io("write", out))?);
    let mut database = redb::Builder::new()
        .set_cache_size(64 << 20)
        .create_with_backend(unsealed)
        .map_err(|error| failed(&error))?;
    fill(&database, tables).map_err(|error| failed(&error))?;
    // The file grows in steps while it is written; this gives the rest back.
    database.compact().map_err(|error| failed(&error))?;
    database.close().map_err(|error| failed(&error))?;
    file::seal(file).map_err(Error::io("write", out))?;

    temporary.as_file().sync_all().map_err(Error::io("write", out))?;
    let file = temporary
        .persist(out)
        .map_err(|error| Error::io("replace", out)(error.error))?;
    #[cfg(unix)]
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(Error::io("write", folder))?;
    Ok(file.metadata().map_err(Error::io("read", out))?.len())
}

const PREFIX: &str = ".advisories-";
const SUFFIX: &str = ".tmp";

/// A new file in `folder`, locked as long as its owner is at work.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut name = tempfile::Builder::new();
    name.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    name.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    loop {
        let temporary = name.tempfile_in(folder)?;
        temporary.as_file().lock()?;
        // Before it was locked, another process may have taken it for one that was left.
        if temporary.path().exists() {
            return Ok(temporary);
        }
    }
}

/// Removes the unfinished files of builds that were killed: nobody holds their locks any more.
fn sweep(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let ours = name
            .to_str()
            .is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        if !ours || !entry.file_type()?.is_file() {
            continue;
        }
        // One that is gone meanwhile was its owner's, and so is one that may not be opened.
        let Ok(file) = File::open(entry.path()) else {
            continue;
        };
        if file.try_lock().is_ok() {
            match std::fs::remove_file(entry.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Writes the tables in one transaction.
pub(crate) fn fill(database: &redb::Database, tables: &Tables) -> std::result::Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut packages = transaction.open_table(PACKAGES)?;
        for (key, value) in &tables.packages {
            packages.insert(key.as_str(), value.as_slice())?;
        }
        let mut records = transaction.open_table(RECORDS)?;
        for (number, value) in (0..).zip(&tables.records) {
            records.insert(number, value.as_slice())?;
        }
        let mut ids = transaction.open_table(IDS)?;
        for (id, value) in &tables.ids {
            ids.insert(id.as_str(), value.as_slice())?;
        }
        let mut said = transaction.open_table(SAID)?;
        for (cve, value) in &tables.said {
            said.insert(cve.as_str(), value.as_slice())?;
        }
        let mut exploited = transaction.open_table(EXPLOITED)?;
        for id in &tables.exploited {
            exploited.insert(id.as_str(), ())?;
        }
        let mut scores = transaction.open_table(EPSS)?;
        for score in &tables.scores {
            scores.insert(score.cve.as_str(), (score.probability, score.percentile))?;
        }
        let mut meta = transaction.open_table(META)?;
        let status = serde_json::to_vec(&tables.status).map_err(std::io::Error::other)?;
        meta.insert(STATUS_KEY, status.as_slice())?;
        meta.insert(FORMAT_KEY, FORMAT.to_le_bytes().as_slice())?;
    }
    transaction.commit()?;
    Ok(())
}

/// The error that a database file cannot be used.
pub(super) fn damaged(path: &Path, reason: impl Display) -> Error {
    Error::Database {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}
