//! What is read of a layer or a directory once all of it was seen.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

use plimsoll_image::{Entry, EntryKind, Opener};
use rayon::iter::ParallelIterator as _;
use rayon::slice::ParallelSliceMut as _;

use super::files::Files;
use super::{Analyzer, Ownable, Unreadable, evidence, prove, search};
use crate::catalogers::{cataloger_of, is_well_known, piece_catalogers_of};
use crate::content::{Content, Spooled};
use crate::{EvidenceFile, Warning};

/// How many files are searched one after the other.
const TOGETHER: usize = 64;

impl Analyzer {
    /// Reads what other files tell of: what they are another name of, what they hold changes of, and who owns them.
    pub(super) fn read_later(&mut self, from: Files<'_>) -> Result<(), Unreadable> {
        self.read_linked(from)?;
        self.read_amended(from)?;
        self.search_unowned(from)
    }

    /// Searches the files in packages' directories that no package owns. Only now is every list read.
    fn search_unowned(&mut self, from: Files<'_>) -> Result<(), Unreadable> {
        let owned = &self.owned;
        self.evidence
            .retain(|path, (file, _)| !is_read_in_pieces(file) || !owned.contains(path));
        let mut unowned = Vec::new();
        for (path, ownable) in std::mem::take(&mut self.ownable) {
            match self.owned.contains(&path) {
                true => self.scope.owned += usize::from(!matches!(ownable, Ownable::Pieces(..))),
                false => unowned.push((path, ownable)),
            }
        }
        // Files that are beside each other are found faster one after the other.
        unowned.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        if let Files::Layer(..) = from {
            // Layers are analyzed at the same time already: to wait here would be to begin with the next one.
            let mut opener = None;
            for (path, ownable) in unowned {
                self.unowned(&path, ownable, from, &mut opener)?;
            }
            return Ok(());
        }
        let found = unowned
            .par_chunks_mut(TOGETHER)
            .map(|some| -> Result<Self, Unreadable> {
                let mut part = Self::new(self.files);
                let mut opener = None;
                for (path, ownable) in some {
                    let ownable = std::mem::replace(ownable, Ownable::Searched(super::Search::NoText));
                    let read = part.unowned(path, ownable, from, &mut opener);
                    from.or_warn(read, path, &mut part.unread)?;
                }
                Ok(part)
            })
            .collect::<Result<Vec<_>, _>>()?;
        found.into_iter().for_each(|part| self.add(part));
        Ok(())
    }

    /// Searches one of them, or reads it in pieces.
    fn unowned(
        &mut self,
        path: &str,
        ownable: Ownable,
        from: Files<'_>,
        opener: &mut Option<Opener>,
    ) -> Result<(), Unreadable> {
        let found = match ownable {
            Ownable::Searched(found) => found,
            Ownable::Search(place) => {
                let place = from.open(path, place, opener)?;
                search(path, Vec::new(), place.size(), &mut place.reader())?
            }
            Ownable::Pieces(cataloger, place) => {
                let mut place = from.open(path, place, opener)?;
                return self.pieces(cataloger, path, &mut place);
            }
        };
        self.searched(path, found);
        Ok(())
    }

    /// Reads the files that evidence is another name of, where they are no evidence themselves.
    fn read_linked(&mut self, from: Files<'_>) -> Result<(), Unreadable> {
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
                    let (cataloger, place) = (*cataloger, place.clone());
                    let read = from.open(&target, place, &mut None);
                    let read = read.and_then(|mut place| self.pieces(cataloger, &path, &mut place));
                    from.or_warn(read, &target, &mut self.unread)?;
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
        from.walk(&mut |entry| {
            if entry.kind == EntryKind::File {
                for path in unread.remove(&*entry.path_lossy()).unwrap_or_default() {
                    let read = self.linked_file(&path, entry);
                    from.or_warn(read, &path, &mut self.unread)?;
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
                let message = format!("it is a hard link to `{target}`, which is not there");
                self.unreadable(Warning { path, message });
            }
        }
        Ok(())
    }

    /// Reads the evidence, or the well-known program, that `path` is another name of.
    fn linked_file(&mut self, path: &str, entry: &mut Entry<'_>) -> Result<(), Unreadable> {
        if let Some(cataloger) = cataloger_of(path) {
            let found = evidence(cataloger, path, entry, &mut self.owned, self.files)?;
            self.evidence.insert(path.to_owned(), found);
            return Ok(());
        }
        let catalogers = piece_catalogers_of(path, entry.mode, entry.size);
        let mut read = |content: &mut dyn Content| match catalogers.choose_for(content) {
            Ok(Some(cataloger)) => self.pieces(cataloger, path, content),
            Ok(None) => Ok(()),
            Err(error) => Err(Unreadable::File(path.to_owned(), error)),
        };
        if let Some(mut place) = entry.open()? {
            return read(&mut place);
        }
        let size = entry.size;
        read(&mut Spooled::new(Vec::new(), entry.reader()?, size))
    }

    /// Reads the files that others hold changes of, with these.
    fn read_amended(&mut self, from: Files<'_>) -> Result<(), Unreadable> {
        let amended = std::mem::take(&mut self.amended);
        if amended.is_empty() {
            return Ok(());
        }
        let mut contents: BTreeMap<String, Option<Vec<u8>>> = BTreeMap::new();
        let paths = amended.iter().flat_map(|(path, amendment)| [path, amendment]);
        contents.extend(paths.map(|path| (path.clone(), None)));
        from.walk(&mut |entry| {
            let path = entry.path_lossy().into_owned();
            if entry.kind == EntryKind::File
                && let Some(content) = contents.get_mut(&path)
                && let Some((_, limit)) = cataloger_of(&path)
                && entry.size <= limit
            {
                let read = entry.read(limit).map(|bytes| *content = Some(bytes));
                from.or_warn(read.map_err(Unreadable::from), &path, &mut self.unread)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        for (path, amendment) in amended {
            let mut take = |path| contents.remove(path).flatten();
            match (cataloger_of(&path), take(&path), take(&amendment)) {
                (Some((cataloger, _)), Some(mut content), Some(changes)) => {
                    cataloger.amend(&mut content, &changes);
                    let found = prove(cataloger, &path, &content, &mut self.owned, self.files);
                    self.evidence.insert(path, found);
                }
                _ => {
                    let message = format!("it holds changes of `{path}`, which cannot be read with them");
                    self.unreadable(Warning {
                        path: amendment,
                        message,
                    });
                }
            }
        }
        Ok(())
    }
}

/// Whether the evidence is no part of a distribution's database, and was read by its form and not by its name.
fn is_read_in_pieces(file: &EvidenceFile) -> bool {
    cataloger_of(&file.path).is_none_or(|(cataloger, _)| cataloger.name() != file.cataloger)
}
