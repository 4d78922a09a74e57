mod files;
mod later;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::ops::ControlFlow;

use files::Files;
use foldhash::HashMap;
use plimsoll_core::Digest;
use plimsoll_image::{Entry, EntryKind, FileTree, Layer, Place};
pub(crate) use tree::analyze_tree;

use crate::catalogers;
use crate::catalogers::{
    Cataloger, PieceCataloger, Warnings, cataloger_of, cataloger_set, is_well_known, piece_catalogers_of,
};
use crate::content::{Content, Spooled};
use crate::owned::Owned;
use crate::secrets::{self, Choice, FileScan};
use crate::{Error, EvidenceFile, FileSecret, LayerAnalysis, Result, SecretScope, Warning};

/// The number of the form of [`LayerAnalysis`]; raised with every change that an older reader would misread.
pub(crate) const SCHEMA: u32 = 8;

/// Everything beside the layer that decides what an analysis says.
pub(crate) fn analyzer_set() -> String {
    format!("{} secrets/{}", cataloger_set(), secrets::RULES_VERSION)
}

/// Reads `layer` once and says what it holds.
///
/// # Errors
/// [`Error::Layer`] and [`Error::File`] when the layer itself cannot be read. Damaged files in it are warnings of
/// the analysis.
pub fn analyze_layer(layer: &Layer) -> Result<LayerAnalysis> {
    let verification = layer.start_verifying();
    let analysis = analyze(layer, false)?;
    verification
        .finish()
        .map_err(|source| unreadable(layer, source))?;
    Ok(analysis)
}

/// What it means for a layer's analysis that the layer cannot be read.
pub(crate) fn unreadable(layer: &Layer, source: plimsoll_image::Error) -> Error {
    Error::Layer {
        diff_id: layer.diff_id,
        source: Box::new(source),
    }
}

/// As [`analyze_layer`], but for the check of the layer's digest. `files` asks for the files of every package.
pub(crate) fn analyze(layer: &Layer, files: bool) -> Result<LayerAnalysis> {
    let failed = |error| match error {
        Unreadable::Layer(source) => unreadable(layer, source),
        Unreadable::File(path, source) => Error::File {
            diff_id: layer.diff_id,
            path,
            source,
        },
    };
    let tree = layer.tree().map(FileTree::open).transpose();
    let tree = tree.map_err(|error| failed(error.into()))?;
    let from = Files::Layer(layer, tree.as_ref());
    let mut analyzer = Analyzer::new(files);
    let walked = layer.walk(|entry| analyzer.entry(entry, from).map(ControlFlow::Continue));
    walked.and_then(|()| analyzer.read_later(from)).map_err(failed)?;
    Ok(LayerAnalysis {
        // Known now, for the layer was walked to its end.
        content_size: layer.size().ok(),
        tar_size: layer.tar_size().ok(),
        ..analyzer.finish(Some(layer.diff_id))
    })
}

/// Why something cannot be read to its end.
enum Unreadable {
    Layer(plimsoll_image::Error),
    File(String, io::Error),
}

impl From<plimsoll_image::Error> for Unreadable {
    fn from(error: plimsoll_image::Error) -> Self {
        Self::Layer(error)
    }
}

/// What has been seen of a layer or a directory. Everything is kept by path, because a tar may have a path twice and the
/// later entry counts.
#[derive(Default)]
struct Analyzer {
    /// Whether the files of every package are asked for.
    files: bool,
    evidence: HashMap<String, (EvidenceFile, Vec<Warning>)>,
    secrets: BTreeMap<String, Vec<FileSecret>>,
    removed: Vec<String>,
    opaque: Vec<String>,
    replaced: BTreeSet<String>,
    /// Where the files of packages are asked for.
    directories: Vec<String>,
    /// Evidence that is another name of a file, with that file's path.
    linked: BTreeMap<String, String>,
    /// Files that other ones hold changes of, with the path of these.
    amended: BTreeMap<String, String>,
    /// What the distribution's packages own. The lists may come after the files.
    owned: Owned,
    /// Files that are searched unless a package owns them.
    ownable: HashMap<String, Ownable>,
    scope: SecretScope,
    /// What could not be looked into.
    unread: Vec<Warning>,
}

/// How a file comes to be searched, or read in pieces, once it is known that no package owns it.
enum Ownable {
    /// It is searched where it is.
    Search(Where),
    /// It is no text, and what it proves is read where it is.
    Pieces(&'static dyn PieceCataloger, Where),
    /// It was searched when it came by, for it does so only once.
    Searched(Search),
}

/// Where a file can be read later.
#[derive(Clone)]
enum Where {
    /// In a file that is open.
    Place(Place),
    /// In a tree, by this path, or the one that it is known by where that is the whole of it.
    Tree(Option<Box<[u8]>>),
}

impl Where {
    /// `None` where the file comes by only once.
    fn of(entry: &Entry<'_>, from: Files<'_>) -> Option<Self> {
        let odd = || str::from_utf8(entry.path).is_err().then(|| Box::from(entry.path));
        let place = entry.place().cloned().map(Self::Place);
        place.or_else(|| from.tree().map(|_| Self::Tree(odd())))
    }
}

/// What the search of a file for secrets gave.
enum Search {
    NoText,
    Found(Vec<FileSecret>),
}

impl Analyzer {
    /// `files` asks for the files of every package.
    fn new(files: bool) -> Self {
        Self {
            files,
            ..Self::default()
        }
    }

    fn entry(&mut self, entry: &mut Entry<'_>, from: Files<'_>) -> Result<(), Unreadable> {
        // It is a text of its own only where it is kept: nothing is kept of nearly all files.
        let path = &*entry.path_lossy();
        match &entry.kind {
            EntryKind::Whiteout => self.removed.push(path.to_owned()),
            EntryKind::Opaque => self.opaque.push(path.to_owned()),
            EntryKind::Directory => {
                self.forget(path);
                // What the layers below have in it is there again.
                self.replaced.remove(path);
                if self.files {
                    self.directories.push(path.to_owned());
                }
            }
            EntryKind::File => {
                self.forget(path);
                self.file(path, entry, from)?;
            }
            EntryKind::HardLink(target) => {
                self.forget(path);
                if cataloger_of(path).is_some() || is_well_known(path) {
                    self.linked
                        .insert(path.to_owned(), String::from_utf8_lossy(target).into_owned());
                }
            }
            EntryKind::Symlink(_)
            | EntryKind::CharDevice { .. }
            | EntryKind::BlockDevice { .. }
            | EntryKind::Fifo => {
                self.forget(path);
                self.replaced.insert(path.to_owned());
            }
        }
        Ok(())
    }

    fn forget(&mut self, path: &str) {
        self.evidence.remove(path);
        self.secrets.remove(path);
        self.linked.remove(path);
        self.ownable.remove(path);
        if !self.amended.is_empty() {
            self.amended.retain(|_, amendment| amendment != path);
        }
    }

    fn file(&mut self, path: &str, entry: &mut Entry<'_>, from: Files<'_>) -> Result<(), Unreadable> {
        let Some((cataloger, limit)) = cataloger_of(path) else {
            return self.any_file(path, entry, from);
        };
        if let Some(amended) = cataloger.amends(path).filter(|_| entry.size > 0) {
            self.amended.insert(amended, path.to_owned());
            return Ok(());
        }
        // What was at the path before is replaced in any case.
        if limit == 0 || (entry.size > limit && !cataloger.names_packages(path)) {
            // The name says it all, or is like that of evidence by chance.
            let found = match limit {
                0 => prove(cataloger, path, &[], &mut self.owned, self.files),
                _ => (empty(cataloger, path), Vec::new()),
            };
            self.evidence.insert(path.to_owned(), found);
            return self.any_file(path, entry, from);
        }
        if entry.size > limit {
            let found = evidence((cataloger, limit), path, entry, &mut self.owned, self.files)?;
            self.evidence.insert(path.to_owned(), found);
            return Ok(());
        }
        let content = entry.read(limit)?;
        let found = prove(cataloger, path, &content, &mut self.owned, self.files);
        self.evidence.insert(path.to_owned(), found);
        // It may be a program that is called like evidence.
        if let Some(programs) = piece_catalogers_of(path, entry.mode, entry.size).choose(&content) {
            return self.pieces(programs, path, &mut content.as_slice());
        }
        let choice = secrets::choose(path, entry.size);
        if cataloger.is_searched() && !matches!(choice, Choice::Skip(_)) {
            let found = search(path, content, entry.size, &mut io::empty())?;
            match choice {
                Choice::SearchUnlessOwned => {
                    self.ownable.insert(path.to_owned(), Ownable::Searched(found));
                }
                _ => self.searched(path, found),
            }
        }
        Ok(())
    }

    /// A file that is no evidence by its name.
    fn any_file(&mut self, path: &str, entry: &mut Entry<'_>, from: Files<'_>) -> Result<(), Unreadable> {
        let choice = secrets::choose(path, entry.size);
        if let Choice::Skip(why) = choice {
            self.scope.skip(why);
        }
        let catalogers = piece_catalogers_of(path, entry.mode, entry.size);
        let size = entry.size;
        let head = catalogers.head(size, |head, most| {
            let read = read_more(head, size, most, entry.reader()?);
            read.map_err(|error| Unreadable::File(path.to_owned(), error))
        })?;
        if let Some(cataloger) = catalogers.choose(&head) {
            // Programs and archives are no text.
            self.scope.no_text += usize::from(!matches!(choice, Choice::Skip(_)));
            let Some(place) = Where::of(entry, from) else {
                let size = entry.size;
                let mut content = Spooled::new(head, entry.reader()?, size);
                return self.pieces(cataloger, path, &mut content);
            };
            // Most programs are owned, and then nobody asks what they are made of.
            self.ownable
                .insert(path.to_owned(), Ownable::Pieces(cataloger, place));
            return Ok(());
        }
        match choice {
            Choice::Search => {
                let found = search(path, head, entry.size, entry.reader()?)?;
                self.searched(path, found);
            }
            Choice::SearchUnlessOwned => {
                let ownable = match Where::of(entry, from) {
                    Some(place) => Ownable::Search(place),
                    None => Ownable::Searched(search(path, head, entry.size, entry.reader()?)?),
                };
                self.ownable.insert(path.to_owned(), ownable);
            }
            Choice::Skip(_) => {}
        }
        Ok(())
    }

    /// Notes what a file proves that is not read whole.
    fn pieces(
        &mut self,
        cataloger: &dyn PieceCataloger,
        path: &str,
        content: &mut dyn Content,
    ) -> Result<(), Unreadable> {
        let mut evidence = EvidenceFile {
            path: path.to_owned(),
            cataloger: cataloger.name().to_owned(),
            ..EvidenceFile::default()
        };
        let mut warnings = Warnings::of(path);
        let read = cataloger.catalog(content, &mut evidence, &mut warnings);
        read.map_err(|error| Unreadable::File(path.to_owned(), error))?;
        let warnings = warnings.into_vec();
        if !evidence.packages.is_empty() || evidence.uncatalogued.is_some() || !warnings.is_empty() {
            self.evidence.insert(path.to_owned(), (evidence, warnings));
        }
        Ok(())
    }

    /// Notes why a file cannot be read, or not as it should be. Evidence is there without what it proves.
    fn unreadable(&mut self, warning: Warning) {
        match cataloger_of(&warning.path) {
            Some((cataloger, _)) => {
                let path = warning.path.clone();
                let evidence = empty(cataloger, &path);
                self.evidence.insert(path, (evidence, vec![warning]));
            }
            None => self.unread.push(warning),
        }
    }

    fn searched(&mut self, path: &str, search: Search) {
        match search {
            Search::NoText => self.scope.no_text += 1,
            Search::Found(found) => {
                self.scope.searched += 1;
                if !found.is_empty() {
                    self.secrets.insert(path.to_owned(), found);
                }
            }
        }
    }

    fn finish(self, diff_id: Option<Digest>) -> LayerAnalysis {
        let mut evidence: Vec<_> = self.evidence.into_values().collect();
        evidence.sort_unstable_by(|(a, _), (b, _)| a.path.cmp(&b.path));
        let (evidence, warnings): (Vec<_>, Vec<_>) = evidence.into_iter().unzip();
        let sorted = |mut paths: Vec<String>| {
            paths.sort_unstable();
            paths.dedup();
            paths
        };
        LayerAnalysis {
            schema: SCHEMA,
            catalogers: analyzer_set(),
            diff_id,
            files: self.files,
            evidence,
            removed: sorted(self.removed),
            opaque: sorted(self.opaque),
            replaced: self.replaced.into_iter().collect(),
            directories: sorted(self.directories),
            secrets: self.secrets.into_values().flatten().collect(),
            secret_scope: self.scope,
            content_size: None,
            tar_size: None,
            warnings: warnings.into_iter().flatten().chain(self.unread).collect(),
        }
    }
}

/// Searches the file at `path`, which has `size` bytes, for secrets. `head` is what was read of it before.
fn search(path: &str, head: Vec<u8>, size: u64, rest: &mut dyn Read) -> Result<Search, Unreadable> {
    let unreadable = |error| Unreadable::File(path.to_owned(), error);
    let mut scan = FileScan { content: head };
    read_more(&mut scan.content, size, FileScan::HEAD, rest).map_err(unreadable)?;
    if !scan.looks_like_text() {
        return Ok(Search::NoText);
    }
    read_more(&mut scan.content, size, secrets::MAX_FILE, rest).map_err(unreadable)?;
    Ok(Search::Found(scan.finish(path)))
}

/// Reads on until `content` has the first `most` bytes of a file, or all of them. It should have `size`.
fn read_more(content: &mut Vec<u8>, size: u64, most: u64, from: &mut dyn Read) -> io::Result<()> {
    let missing = most.saturating_sub(content.len() as u64);
    let left = size.saturating_sub(content.len() as u64).min(missing);
    // One more, to see that it ends there.
    content.reserve_exact(usize::try_from(left).unwrap_or(0).saturating_add(1));
    from.take(missing).read_to_end(content).map(drop)
}

fn empty(cataloger: &dyn Cataloger, path: &str) -> EvidenceFile {
    EvidenceFile {
        path: path.to_owned(),
        cataloger: cataloger.name().to_owned(),
        ecosystem: cataloger.ecosystem(),
        ..EvidenceFile::default()
    }
}

/// What the file of `entry` proves to `cataloger`, which reads no more than `limit` bytes, when it is called `path`.
fn evidence(
    (cataloger, limit): (&dyn Cataloger, u64),
    path: &str,
    entry: &mut Entry<'_>,
    owned: &mut Owned,
    files: bool,
) -> Result<(EvidenceFile, Vec<Warning>), Unreadable> {
    if limit > 0 && entry.size > limit {
        let message = format!("it has {} bytes; no more than {limit} are read", entry.size);
        let warning = Warning {
            path: path.to_owned(),
            message,
        };
        return Ok((empty(cataloger, path), vec![warning]));
    }
    let content = if limit > 0 { entry.read(limit)? } else { Vec::new() };
    Ok(prove(cataloger, path, &content, owned, files))
}

/// What a file with this content proves to `cataloger` when it is called `path`.
fn prove(
    cataloger: &dyn Cataloger,
    path: &str,
    content: &[u8],
    owned: &mut Owned,
    files: bool,
) -> (EvidenceFile, Vec<Warning>) {
    let mut evidence = empty(cataloger, path);
    let mut warnings = Warnings::of(path);
    let content = &cataloger.plain(content, &mut warnings);
    cataloger.catalog(content, &mut evidence, &mut warnings);
    catalogers::owned(cataloger, content, &mut evidence, &mut |path| owned.add(path));
    if files {
        cataloger.files(content, &mut evidence);
    }
    (evidence, warnings.into_vec())
}
