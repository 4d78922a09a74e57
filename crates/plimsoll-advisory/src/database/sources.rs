//! Finds the feeds in a folder and reads each into the builder.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use plimsoll_core::Sha256;

use super::build::{Builder, Prepared, feed_status};
use super::schema::Record;
use super::status::{FeedFile, FeedStatus};
use crate::feeds::{debian_tracker, epss, kev, nvd, osv, secdb};
use crate::{Error, Progress, Result, release};

/// Reads all feeds below `root` in the order of their precedence.
pub(super) fn read_all(root: &Path, builder: &mut Builder, progress: &dyn Progress) -> Result<()> {
    let mut found = Found {
        root,
        builder,
        progress,
    };
    for folder in found.folders("")? {
        match folder.as_str() {
            "osv" | "debian" | "alpine" | "wolfi" | "chainguard" | "kev" | "epss" | "nvd" => {}
            _ => found.builder.unused(folder, "not a feed that is known here"),
        }
    }
    found.tracker()?;
    found.secdb()?;
    found.osv()?;
    found.kev()?;
    found.epss()?;
    found.nvd()
}

struct Found<'a> {
    root: &'a Path,
    builder: &'a mut Builder,
    progress: &'a dyn Progress,
}

/// A feed file with what is said of it in the status.
struct Source {
    path: PathBuf,
    /// Relative to the root, with slashes.
    name: String,
    changed: Timestamp,
    file: FeedFile,
}

impl Source {
    fn reader(&self) -> Result<BufReader<File>> {
        let file = File::open(&self.path).map_err(Error::io("read", &self.path))?;
        Ok(BufReader::with_capacity(256 << 10, file))
    }

    fn broken(&self, error: impl std::fmt::Display) -> Error {
        Error::Feed {
            file: self.path.clone(),
            record: None,
            reason: error.to_string(),
        }
    }
}

impl Found<'_> {
    fn tracker(&mut self) -> Result<()> {
        let Some(source) = self.source("debian/tracker.json")? else {
            return Ok(());
        };
        let id = debian_tracker::ID;
        let builder = &mut *self.builder;
        let mut sink = |advisory| builder.push_interned(id, advisory);
        let tracked = debian_tracker::read(source.reader()?, &mut sink).map_err(|error| Error::Feed {
            file: source.path.clone(),
            record: error.package,
            reason: error.error.to_string(),
        })?;
        for release in &tracked.releases {
            self.builder.cover(release, id);
        }
        let status = feed_status(id, tracked.records, None, source.changed);
        self.done(status, [source]);
        Ok(())
    }

    fn secdb(&mut self) -> Result<()> {
        let mut files = Vec::new();
        for branch in self.folders("alpine")? {
            for repository in self.files(&format!("alpine/{branch}"))? {
                let name = format!("alpine/{branch}/{repository}");
                match repository.as_str() {
                    "main.json" | "community.json" => files.push(name),
                    _ => self.builder.unused(name, "not a repository of a released branch"),
                }
            }
        }
        self.secdb_of("alpine", files)?;
        // The distributions without releases publish one file.
        for distribution in ["wolfi", "chainguard"] {
            self.secdb_of(distribution, vec![format!("{distribution}/security.json")])?;
        }
        Ok(())
    }

    fn secdb_of(&mut self, distribution: &str, files: Vec<String>) -> Result<()> {
        let id = secdb::id(distribution);
        let (mut sources, mut total) = (Vec::new(), 0);
        let mut branches = Vec::new();
        for name in files {
            let Some(source) = self.source(&name)? else {
                continue;
            };
            let builder = &mut *self.builder;
            let mut sink = |advisory| builder.push_interned(id, advisory);
            let read = secdb::read(source.reader()?, distribution, &mut sink)
                .map_err(|error| source.broken(error))?;
            self.progress.read(&source.name, read.records);
            total += read.records;
            branches.push(read.release);
            sources.push(source);
        }
        for branch in &branches {
            self.builder.cover(branch, id);
        }
        if let Some(newest) = sources.iter().map(|source| source.changed).max() {
            let mut status = feed_status(id, total, None, newest);
            status.files = sources.into_iter().map(|source| source.file).collect();
            self.builder.feed(status);
        }
        Ok(())
    }

    fn osv(&mut self) -> Result<()> {
        for folder in self.folders("osv")? {
            let name = format!("osv/{folder}/all.zip");
            if !release::osv_folder_is_used(&folder) {
                self.builder
                    .unused(name, "packages of this ecosystem are not matched");
                continue;
            }
            let Some(source) = self.source(&name)? else {
                continue;
            };
            let id = osv::feed_id(&folder);
            let mut newest: Option<String> = None;
            let mut kept = 0;
            let builder = &mut *self.builder;
            osv::read_zip(
                &source.path,
                &id,
                |advisory| advisory.map(Prepared::new),
                |prepared| match prepared {
                    None => builder.withdrawn += 1,
                    Some(prepared) => {
                        kept += 1;
                        if prepared.modified() > newest.as_deref() {
                            newest = prepared.modified().map(str::to_owned);
                        }
                        builder.push(prepared);
                    }
                },
            )?;
            let status = feed_status(&id, kept, newest, source.changed);
            self.done(status, [source]);
        }
        Ok(())
    }

    fn kev(&mut self) -> Result<()> {
        let Some(source) = self.source("kev/known_exploited_vulnerabilities.json")? else {
            return Ok(());
        };
        let catalogue = kev::read(source.reader()?).map_err(|error| source.broken(error))?;
        let records = catalogue.vulnerabilities.len() as u64;
        self.builder.exploited(
            catalogue
                .vulnerabilities
                .into_iter()
                .map(|exploited| exploited.id),
        );
        let status = feed_status(kev::ID, records, catalogue.released, source.changed);
        self.done(status, [source]);
        Ok(())
    }

    fn epss(&mut self) -> Result<()> {
        let mut files = self.files("epss")?;
        files.retain(|name| name.ends_with(".csv") || name.ends_with(".csv.gz"));
        // Their names bear the date, or say that it is the current one, so the last is the newest.
        let Some(name) = files.pop() else { return Ok(()) };
        for older in files {
            self.builder
                .unused(format!("epss/{older}"), "there is a newer one");
        }
        let Some(source) = self.source(&format!("epss/{name}"))? else {
            return Ok(());
        };
        let mut reader = source.reader()?;
        // A server may have sent a compressed file as what it is decompressed.
        let start = reader.fill_buf().map_err(Error::io("read", &source.path))?;
        let reader: Box<dyn Read> = match start.starts_with(&[0x1f, 0x8b]) {
            true => Box::new(MultiGzDecoder::new(reader)),
            false => Box::new(reader),
        };
        let mut scores = Vec::new();
        let newest = epss::read(BufReader::new(reader), &mut |score| scores.push(score))
            .map_err(|error| source.broken(error))?;
        let status = feed_status(epss::ID, scores.len() as u64, newest, source.changed);
        self.builder.scored(scores);
        self.done(status, [source]);
        Ok(())
    }

    fn nvd(&mut self) -> Result<()> {
        let (mut sources, mut records) = (Vec::new(), 0);
        let mut newest: Option<String> = None;
        for file in self.files("nvd")? {
            let Some(source) = self.source(&format!("nvd/{file}"))? else {
                continue;
            };
            let builder = &mut *self.builder;
            let mut sink = |record: Record| {
                if record.modified > newest {
                    newest.clone_from(&record.modified);
                }
                builder.describe(&record);
            };
            let Some(read) = nvd::read_file(&source.path, &mut sink)? else {
                let unused = format!("nvd/{file}");
                self.builder
                    .unused(unused, "not a JSON file, plain or compressed");
                continue;
            };
            self.progress.read(&source.name, read);
            records += read;
            sources.push(source);
        }
        if let Some(changed) = sources.iter().map(|source| source.changed).max() {
            let mut status = feed_status(nvd::ID, records, newest, changed);
            status.files = sources.into_iter().map(|source| source.file).collect();
            self.builder.feed(status);
        }
        Ok(())
    }

    fn done<const N: usize>(&mut self, mut status: FeedStatus, sources: [Source; N]) {
        for source in sources {
            self.progress.read(&source.name, status.records);
            status.files.push(source.file);
        }
        self.builder.feed(status);
    }

    /// Opens and hashes a feed file; `None` where there is none.
    fn source(&self, name: &str) -> Result<Option<Source>> {
        let path = self.root.join(name);
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(Error::io("read", &path))?,
        };
        let metadata = file.metadata().map_err(Error::io("read", &path))?;
        let modified = metadata.modified().map_err(Error::io("read", &path))?;
        let changed = whole_seconds(Timestamp::try_from(modified).unwrap_or(Timestamp::UNIX_EPOCH));
        self.progress.reading(name, metadata.len());
        let mut hash = Sha256::new();
        let size = io::copy(&mut file, &mut hash).map_err(Error::io("read", &path))?;
        let file = FeedFile {
            path: name.to_owned(),
            digest: hash.finish(),
            size,
        };
        Ok(Some(Source {
            path,
            name: name.to_owned(),
            changed,
            file,
        }))
    }

    /// The names of the folders in a folder, sorted; none where it does not exist.
    fn folders(&self, folder: &str) -> Result<Vec<String>> {
        self.list(folder, Path::is_dir)
    }

    fn files(&self, folder: &str) -> Result<Vec<String>> {
        self.list(folder, Path::is_file)
    }

    fn list(&self, folder: &str, wanted: impl Fn(&Path) -> bool) -> Result<Vec<String>> {
        let path = self.root.join(folder);
        let entries = match std::fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !folder.is_empty() => {
                return Ok(Vec::new());
            }
            entries => entries.map_err(Error::io("read", &path))?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(Error::io("read", &path))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // What an update remembers lies beside the feeds.
            let beside = [".answer", ".part", ".part-answer", ".sha256", ".meta"];
            let is_feed = !name.starts_with('.') && !beside.iter().any(|end| name.ends_with(end));
            if is_feed && wanted(&entry.path()) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }
}

/// A time as people read it: nobody asks for the nanosecond that a file was changed at.
pub(super) fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
