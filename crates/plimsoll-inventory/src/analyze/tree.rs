//! The analysis of a directory, on all processors.

use std::io;
use std::ops::ControlFlow;
use std::sync::mpsc::sync_channel;
use std::thread;

use plimsoll_image::{FileTree, layer};
use rayon::iter::{ParallelBridge as _, ParallelIterator as _};

use super::files::Files;
use super::{Analyzer, Unreadable};
use crate::{Error, LayerAnalysis, Result, Warning};

/// How many parts of the tree wait to be read; a directory stays open for each.
const WAITING: usize = 64;

/// How many of the files and directories that cannot be read are named.
const NAMED: usize = 10;

/// Says what the directory `tree` holds; `files` asks for the files of every package. What cannot be read there is told
/// in the warnings.
///
/// # Errors
/// [`Error::Directory`] when the directory itself cannot be read.
pub(crate) fn analyze_tree(tree: &FileTree, files: bool) -> Result<LayerAnalysis> {
    let failed = |source| Error::Directory {
        path: tree.path().to_owned(),
        source: Box::new(source),
    };
    let from = Files::Directory(tree);
    let (sender, receiver) = sync_channel::<layer::Files>(WAITING);
    let (walked, parts) = thread::scope(|scope| {
        let walk = move || {
            tree.walk(&mut |files| match sender.send(files) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            })
        };
        let walking = scope.spawn(walk);
        let parts: Vec<Analyzer> = receiver
            .into_iter()
            .par_bridge()
            .fold(|| Analyzer::new(files), |part, some| part.directory(&some, from))
            .collect();
        (walking.join(), parts)
    });
    walked
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        .map_err(failed)?;
    let mut analyzer = Analyzer::new(files);
    parts.into_iter().for_each(|part| analyzer.add(part));
    analyzer.read_later(from).map_err(|error| match error {
        Unreadable::Layer(source) => failed(source),
        Unreadable::File(path, source) => Error::ReadFile {
            path: tree.path().join(path),
            source,
        },
    })?;
    analyzer.unread = few(std::mem::take(&mut analyzer.unread));
    Ok(analyzer.finish(None))
}

/// The warnings in the order of the paths; of many, those about files that are no evidence are only counted.
fn few(mut warnings: Vec<Warning>) -> Vec<Warning> {
    warnings.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    if warnings.len() > NAMED {
        let more = warnings.len() - NAMED;
        warnings.truncate(NAMED);
        if let Some(last) = warnings.last_mut() {
            last.message.push_str(&format!("; so it is with {more} more"));
        }
    }
    warnings
}

impl Analyzer {
    /// Adds some files of a directory.
    fn directory(mut self, files: &layer::Files, from: Files<'_>) -> Self {
        for one in files.unread() {
            self.unread.push(Warning {
                path: one.path.clone(),
                message: one.reason.clone(),
            });
        }
        if self.files {
            self.directories.extend(files.directories());
        }
        let shown = files.visit(&mut |entry| {
            let path = entry.path_lossy();
            if let Err(error) = self.entry(entry, from)
                && let Some(warning) = unread(&path, &error)
            {
                self.unreadable(warning);
            }
            Ok::<_, std::convert::Infallible>(ControlFlow::Continue(()))
        });
        let Ok(_) = shown;
        self
    }

    /// Adds what was seen of other files.
    pub(super) fn add(&mut self, other: Self) {
        let Self {
            files: _,
            evidence,
            secrets,
            removed,
            opaque,
            replaced,
            directories,
            linked,
            amended,
            owned,
            ownable,
            scope,
            unread,
        } = other;
        self.evidence.extend(evidence);
        self.secrets.extend(secrets);
        self.removed.extend(removed);
        self.opaque.extend(opaque);
        self.replaced.extend(replaced);
        self.directories.extend(directories);
        self.linked.extend(linked);
        self.amended.extend(amended);
        self.owned.extend(owned);
        self.ownable.extend(ownable);
        self.scope += scope;
        self.unread.extend(unread);
    }
}

/// What is said of a file that cannot be read; nothing of one that has gone meanwhile.
pub(super) fn unread(path: &str, error: &Unreadable) -> Option<Warning> {
    let reason = match error {
        Unreadable::Layer(plimsoll_image::Error::Io { source, .. }) | Unreadable::File(_, source) => {
            if source.kind() == io::ErrorKind::NotFound {
                return None;
            }
            source.to_string()
        }
        Unreadable::Layer(other) => other.to_string(),
    };
    Some(Warning {
        path: path.to_owned(),
        message: format!("it cannot be read: {reason}"),
    })
}
