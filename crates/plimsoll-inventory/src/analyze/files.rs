//! Where the files that are analyzed come from.

use std::io;
use std::ops::ControlFlow;

use plimsoll_image::{Entry, FileTree, Layer, Opener, Place};

use super::tree::unread;
use super::{Unreadable, Where};
use crate::Warning;

/// Where the files come from.
#[derive(Clone, Copy)]
pub(super) enum Files<'a> {
    /// A layer, and its tree where it is unpacked. Nobody changes it.
    Layer(&'a Layer, Option<&'a FileTree>),
    /// A directory of this machine, in which files come and go, and some may not be read.
    Directory(&'a FileTree),
}

impl<'a> Files<'a> {
    /// The tree in which files can be found by their paths.
    pub(super) fn tree(self) -> Option<&'a FileTree> {
        match self {
            Self::Layer(_, tree) => tree,
            Self::Directory(tree) => Some(tree),
        }
    }

    /// Shows all files once more, until `visit` breaks.
    pub(super) fn walk(
        self,
        visit: &mut dyn FnMut(&mut Entry<'_>) -> Result<ControlFlow<()>, Unreadable>,
    ) -> Result<(), Unreadable> {
        let tree = match self {
            Self::Layer(layer, _) => return layer.walk(visit),
            Self::Directory(tree) => tree,
        };
        let mut failed = None;
        tree.walk(&mut |files| {
            let visited = files.visit(visit);
            visited.unwrap_or_else(|error| {
                failed = Some(error);
                ControlFlow::Break(())
            })
        })?;
        failed.map_or(Ok(()), Err)
    }

    /// The file `path`, which is at `place`. What opens files is kept in `opener`.
    pub(super) fn open(
        self,
        path: &str,
        place: Where,
        opener: &mut Option<Opener>,
    ) -> Result<Place, Unreadable> {
        let name = match place {
            Where::Place(place) => return Ok(place),
            Where::Tree(name) => name,
        };
        let failed = |error| Unreadable::File(path.to_owned(), error);
        let Some(tree) = self.tree() else {
            return Err(failed(io::ErrorKind::NotFound.into()));
        };
        let opener = match opener {
            Some(opener) => opener,
            none => none.insert(tree.opener().map_err(failed)?),
        };
        opener
            .open(name.as_deref().unwrap_or(path.as_bytes()))
            .map_err(failed)
    }

    /// That a file of a directory cannot be read is a warning, and that it has gone meanwhile is nothing.
    pub(super) fn or_warn(
        self,
        read: Result<(), Unreadable>,
        path: &str,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), Unreadable> {
        match (self, read) {
            (Self::Directory(_), Err(error)) => {
                warnings.extend(unread(path, &error));
                Ok(())
            }
            (_, read) => read,
        }
    }
}
