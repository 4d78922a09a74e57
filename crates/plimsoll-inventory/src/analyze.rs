use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, Read};
use std::ops::ControlFlow;

use plimsoll_image::{Entry, EntryKind, Layer, Place};

use crate::catalogers::{
    Cataloger, PieceCataloger, Warnings, cataloger_of, cataloger_set, is_well_known, piece_cataloger_of,
};
use crate::content::{Content, Spooled};
use crate::owned::Owned;
use crate::secrets::{self, Choice, FileScan};
use crate::{Error, EvidenceFile, FileSecret, LayerAnalysis, Result, SecretScope, Warning};

/// The number of the form of [`LayerAnalysis`]; raised with every change that an older reader would misread.
pub(crate) const SCHEMA: u32 = 4;

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
    analyze(layer, false)
}

/// As [`analyze_layer`]; `files` asks for the files of every package.
pub(crate) fn analyze(layer: &Layer, files: bool) -> Result<LayerAnalysis> {
    let mut analyzer = Analyzer {
        files,
        ..Analyzer::default()
    };
    let walked = layer.walk_verified(|entry| analyzer.entry(entry, layer));
    walked
        .and_then(|()| analyzer.read_linked(layer))
        .and_then(|()| analyzer.read_amended(layer))
        .and_then(|()| analyzer.search_unowned(layer))
        .map_err(|error| match error {
            Unreadable::Layer(source) => Error::Layer {
                diff_id: layer.diff_id,
                source: Box::new(source),
            },
            Unreadable::File(path, source) => Error::File {
                diff_id: layer.diff_id,
                path,
                source,
            },
        })?;
    Ok(analyzer.finish(layer))
}

/// Why a layer cannot be read to its end.
enum Unreadable {
    Layer(plimsoll_image::Error),
    File(String, io::Error),
}

impl From<plimsoll_image::Error> for Unreadable {
    fn from(error: plimsoll_image::Error) -> Self {
        Self::Layer(error)
    }
}

/// What has been seen of a layer. Everything is kept by path, because a tar may have a path twice and the later
/// entry counts.
#[derive(Default)]
struct Analyzer {
    /// Whether the files of every package are asked for.
    files: bool,
    evidence: BTreeMap<String, (EvidenceFile, Vec<Warning>)>,
    secrets: BTreeMap<String, Vec<FileSecret>>,
    removed: Vec<String>,
    opaque: Vec<String>,
    replaced: Vec<String>,
    /// Evidence that is another name of a file, with that file's path.
    linked: BTreeMap<String, String>,
    /// Files that other ones hold changes of, with the path of these.
    amended: BTreeMap<String, String>,
    /// What the distribution's packages own. The lists may come after the files.
    owned: Owned,
    /// Files that are searched unless a package owns them.
    ownable: HashMap<String, Ownable>,
    scope: SecretScope,
}

/// How a file comes to be searched, or read in pieces, once it is known that no package owns it.
enum Ownable {
    /// It is searched where it is.
    Place(Place),
    /// It is no text, and what it proves is read where it is.
    Pieces(&'static dyn PieceCataloger, Place),
    /// The layer is walked again.
    Walk,
    /// It was searched when it came by, for it does so only once.
    Searched(Search),
}

/// What the search of a file for secrets gave.
enum Search {
    NoText,
    Found(Vec<FileSecret>),
}

impl Analyzer {
    fn entry(&mut self, entry: &mut Entry<'_>, layer: &Layer) -> Result<(), Unreadable> {
        let path = entry.path_lossy().into_owned();
        match &entry.kind {
            EntryKind::Whiteout => self.removed.push(path),
            EntryKind::Opaque => self.opaque.push(path),
            EntryKind::Directory => self.forget(&path),
            EntryKind::File => {
                self.forget(&path);
                self.file(path, entry, layer)?;
            }
            EntryKind::HardLink(target) => {
                self.forget(&path);
                if cataloger_of(&path).is_some() || is_well_known(&path) {
                    self.linked
                        .insert(path, String::from_utf8_lossy(target).into_owned());
                }
            }
            EntryKind::Symlink(_)
            | EntryKind::CharDevice { .. }
            | EntryKind::BlockDevice { .. }
            | EntryKind::Fifo => {
                self.forget(&path);
                self.replaced.push(path);
            }
        }
        Ok(())
    }

    fn forget(&mut self, path: &str) {
        self.evidence.remove(path);
        self.secrets.remove(path);
        self.linked.remove(path);
        self.ownable.remove(path);
        self.amended.retain(|_, amendment| amendment != path);
    }

    fn file(&mut self, path: String, entry: &mut Entry<'_>, layer: &Layer) -> Result<(), Unreadable> {
        if let Some((cataloger, _)) = cataloger_of(&path) {
            if let Some(amended) = cataloger.amends(&path).filter(|_| entry.size > 0) {
                self.amended.insert(amended, path);
                return Ok(());
            }
            let found = evidence(&path, entry, &mut self.owned, self.files)?;
            self.evidence.insert(path, found);
            return Ok(());
        }
        let choice = secrets::choose(&path, entry.size);
        if let Choice::Skip(why) = choice {
            self.scope.skip(why);
        }
        if let Some(cataloger) = piece_cataloger_of(&path, entry.mode, entry.size) {
            let mut head = Vec::new();
            let reader = entry.reader()?;
            reader
                .take(FileScan::HEAD)
                .read_to_end(&mut head)
                .map_err(|error| Unreadable::File(path.clone(), error))?;
            if cataloger.is(&head) {
                // Programs and archives are no text.
                self.scope.no_text += usize::from(!matches!(choice, Choice::Skip(_)));
                let Some(place) = entry.place().cloned() else {
                    if let Some(mut place) = entry.open()? {
                        return self.pieces(cataloger, path, &mut place);
                    }
                    let size = entry.size;
                    let mut content = Spooled::new(head, entry.reader()?, size);
                    return self.pieces(cataloger, path, &mut content);
                };
                // Most programs are owned, and then nobody asks what they are made of.
                self.ownable.insert(path, Ownable::Pieces(cataloger, place));
                return Ok(());
            }
            if choice == Choice::Search {
                let found = search(&path, head, entry.reader()?)?;
                self.searched(path, found);
                return Ok(());
            }
        }
        match choice {
            Choice::Search => {
                let found = search(&path, Vec::new(), entry.reader()?)?;
                self.searched(path, found);
            }
            Choice::SearchUnlessOwned => {
                let ownable = match entry.place() {
                    Some(place) => Ownable::Place(place.clone()),
                    None if layer.tree().is_some() => Ownable::Walk,
                    None => Ownable::Searched(search(&path, Vec::new(), entry.reader()?)?),
                };
                self.ownable.insert(path, ownable);
            }
            Choice::Skip(_) => {}
        }
        Ok(())
    }

    /// Notes what a file proves that is not read whole.
    fn pieces(
        &mut self,
        cataloger: &dyn PieceCataloger,
        path: String,
        content: &mut dyn Content,
    ) -> Result<(), Unreadable> {
        let mut evidence = EvidenceFile {
            path: path.clone(),
            cataloger: cataloger.name().to_owned(),
            ..EvidenceFile::default()
        };
        let mut warnings = Warnings::of(&path);
        let read = cataloger.catalog(content, &mut evidence, &mut warnings);
        read.map_err(|error| Unreadable::File(path.clone(), error))?;
        let warnings = warnings.into_vec();
        if !evidence.packages.is_empty() || evidence.uncatalogued.is_some() || !warnings.is_empty() {
            self.evidence.insert(path, (evidence, warnings));
        }
        Ok(())
    }

    fn searched(&mut self, path: String, search: Search) {
        match search {
            Search::NoText => self.scope.no_text += 1,
            Search::Found(found) => {
                self.scope.searched += 1;
                if !found.is_empty() {
                    self.secrets.insert(path, found);
                }
            }
        }
    }

    /// Searches the files in packages' directories that no package owns. Only now is every list of the layer read.
    fn search_unowned(&mut self, layer: &Layer) -> Result<(), Unreadable> {
        let owned = &self.owned;
        self.evidence
            .retain(|path, (file, _)| !is_read_in_pieces(file) || !owned.contains(path));
        let mut unread = HashSet::new();
        for (path, ownable) in std::mem::take(&mut self.ownable) {
            if self.owned.contains(&path) {
                self.scope.owned += usize::from(!matches!(ownable, Ownable::Pieces(..)));
                continue;
            }
            let found = match ownable {
                Ownable::Pieces(cataloger, mut place) => {
                    self.pieces(cataloger, path, &mut place)?;
                    continue;
                }
                Ownable::Place(place) => search(&path, Vec::new(), &mut place.reader())?,
                Ownable::Searched(found) => found,
                Ownable::Walk => {
                    unread.insert(path);
                    continue;
                }
            };
            self.searched(path, found);
        }
        if unread.is_empty() {
            return Ok(());
        }
        layer.walk(|entry| -> Result<ControlFlow<()>, Unreadable> {
            if entry.kind == EntryKind::File
                && let Some(path) = unread.take(&*entry.path_lossy())
            {
                let found = search(&path, Vec::new(), entry.reader()?)?;
                self.searched(path, found);
            }
            Ok(match unread.is_empty() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            })
        })
    }

    /// Reads the files that evidence is another name of, where they are no evidence themselves.
    fn read_linked(&mut self, layer: &Layer) -> Result<(), Unreadable> {
        let mut unread: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut programs = HashSet::new();
        for (path, target) in std::mem::take(&mut self.linked) {
            let wanted = cataloger_of(&path).map(|(cataloger, _)| cataloger.name());
            if wanted.is_none() {
                // A program is told once, by its own name if that will do.
                if is_well_known(&target) || !programs.insert(target.clone()) {
                    continue;
                }
                if let Some(Ownable::Pieces(cataloger, place)) = self.ownable.get(&target) {
                    let (cataloger, mut place) = (*cataloger, place.clone());
                    self.pieces(cataloger, path, &mut place)?;
                    continue;
                }
            }
            match self.evidence.get(&target) {
                Some((found, _)) if Some(found.cataloger.as_str()) == wanted => {
                    let copy = EvidenceFile {
                        path: path.clone(),
                        ..found.clone()
                    };
                    self.evidence.insert(path, (copy, Vec::new()));
                }
                _ => unread.entry(target).or_default().push(path),
            }
        }
        if unread.is_empty() {
            return Ok(());
        }
        layer.walk(|entry| -> Result<ControlFlow<()>, Unreadable> {
            if entry.kind == EntryKind::File {
                for path in unread.remove(&*entry.path_lossy()).unwrap_or_default() {
                    if cataloger_of(&path).is_none() {
                        self.linked_program(path, entry)?;
                        continue;
                    }
                    let found = evidence(&path, entry, &mut self.owned, self.files)?;
                    self.evidence.insert(path, found);
                }
            }
            Ok(if unread.is_empty() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })?;
        for (target, paths) in unread {
            for path in paths.into_iter().filter(|path| cataloger_of(path).is_some()) {
                let message = format!("it is a hard link to `{target}`, which the layer does not have");
                let warning = Warning {
                    path: path.clone(),
                    message,
                };
                self.evidence.insert(path.clone(), (empty(&path), vec![warning]));
            }
        }
        Ok(())
    }

    /// Reads a well-known program that `path` is another name of.
    fn linked_program(&mut self, path: String, entry: &mut Entry<'_>) -> Result<(), Unreadable> {
        let Some(cataloger) = piece_cataloger_of(&path, entry.mode, entry.size) else {
            return Ok(());
        };
        if let Some(mut place) = entry.open()? {
            return self.pieces(cataloger, path, &mut place);
        }
        let size = entry.size;
        self.pieces(
            cataloger,
            path,
            &mut Spooled::new(Vec::new(), entry.reader()?, size),
        )
    }

    /// Reads the files that others hold changes of, with these.
    fn read_amended(&mut self, layer: &Layer) -> Result<(), Unreadable> {
        let amended = std::mem::take(&mut self.amended);
        if amended.is_empty() {
            return Ok(());
        }
        let mut contents: BTreeMap<String, Option<Vec<u8>>> = BTreeMap::new();
        let paths = amended.iter().flat_map(|(path, amendment)| [path, amendment]);
        contents.extend(paths.map(|path| (path.clone(), None)));
        layer.walk(|entry| -> Result<ControlFlow<()>, Unreadable> {
            let path = entry.path_lossy().into_owned();
            if entry.kind == EntryKind::File
                && let Some(content) = contents.get_mut(&path)
                && let Some((_, limit)) = cataloger_of(&path)
                && entry.size <= limit
            {
                *content = Some(entry.read(limit)?);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        for (path, amendment) in amended {
            let mut take = |path| contents.remove(path).flatten();
            let found = match (cataloger_of(&path), take(&path), take(&amendment)) {
                (Some((cataloger, _)), Some(mut content), Some(changes)) => {
                    cataloger.amend(&mut content, &changes);
                    prove(&path, &content, &mut self.owned, self.files)
                }
                _ => {
                    let message = format!("it holds changes of `{path}`, which cannot be read with them");
                    let path = amendment.clone();
                    (empty(&amendment), vec![Warning { path, message }])
                }
            };
            self.evidence.insert(found.0.path.clone(), found);
        }
        Ok(())
    }

    fn finish(self, layer: &Layer) -> LayerAnalysis {
        let (evidence, warnings): (Vec<_>, Vec<_>) = self.evidence.into_values().unzip();
        let sorted = |mut paths: Vec<String>| {
            paths.sort_unstable();
            paths.dedup();
            paths
        };
        LayerAnalysis {
            schema: SCHEMA,
            catalogers: analyzer_set(),
            diff_id: layer.diff_id,
            files: self.files,
            evidence,
            removed: sorted(self.removed),
            opaque: sorted(self.opaque),
            replaced: sorted(self.replaced),
            secrets: self.secrets.into_values().flatten().collect(),
            secret_scope: self.scope,
            // Known now, for the layer was read to its end.
            content_size: layer.size().ok(),
            warnings: warnings.into_iter().flatten().collect(),
        }
    }
}

/// Whether the evidence is no part of a distribution's database, and was read by its form and not by its name.
fn is_read_in_pieces(file: &EvidenceFile) -> bool {
    cataloger_of(&file.path).is_none()
}

/// Searches the file at `path` for secrets. `head` is what was read of it before.
fn search(path: &str, head: Vec<u8>, rest: &mut dyn Read) -> Result<Search, Unreadable> {
    let unreadable = |error| Unreadable::File(path.to_owned(), error);
    let mut scan = FileScan { content: head };
    if scan.content.is_empty() {
        let mut head = rest.take(FileScan::HEAD);
        head.read_to_end(&mut scan.content).map_err(unreadable)?;
    }
    if !scan.looks_like_text() {
        return Ok(Search::NoText);
    }
    let mut rest = rest.take(secrets::MAX_FILE);
    rest.read_to_end(&mut scan.content).map_err(unreadable)?;
    Ok(Search::Found(scan.finish(path)))
}

fn empty(path: &str) -> EvidenceFile {
    let cataloger = cataloger_of(path).map(|(cataloger, _)| cataloger);
    EvidenceFile {
        path: path.to_owned(),
        cataloger: cataloger.map_or("", |cataloger| cataloger.name()).to_owned(),
        ecosystem: cataloger.and_then(Cataloger::ecosystem),
        ..EvidenceFile::default()
    }
}

/// What the file of `entry` proves when it is called `path`, which must be evidence.
fn evidence(
    path: &str,
    entry: &mut Entry<'_>,
    owned: &mut Owned,
    files: bool,
) -> Result<(EvidenceFile, Vec<Warning>), Unreadable> {
    let limit = cataloger_of(path).map_or(0, |(_, limit)| limit);
    if limit > 0 && entry.size > limit {
        let message = format!("it has {} bytes; no more than {limit} are read", entry.size);
        let warning = Warning {
            path: path.to_owned(),
            message,
        };
        return Ok((empty(path), vec![warning]));
    }
    let content = if limit > 0 { entry.read(limit)? } else { Vec::new() };
    Ok(prove(path, &content, owned, files))
}

/// What a file with this content proves when it is called `path`.
fn prove(path: &str, content: &[u8], owned: &mut Owned, files: bool) -> (EvidenceFile, Vec<Warning>) {
    let mut evidence = empty(path);
    let mut warnings = Warnings::of(path);
    if let Some((cataloger, _)) = cataloger_of(path) {
        cataloger.catalog(content, &mut evidence, &mut warnings);
        cataloger.owned(path, content, &mut |path| owned.add(path));
        if files {
            cataloger.files(content, &mut evidence);
        }
    }
    (evidence, warnings.into_vec())
}
