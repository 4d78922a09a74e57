//! Layers laid over each other without a mount: which of them each path comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::{EntryKind, Stored, walk};
use crate::{Error, Result};

/// What some layers have at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    /// The place of the layer that it comes from; of a directory, the one that says its owner and mode.
    pub(crate) layer: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeKind {
    Directory {
        /// Whether it hides what is below the layers.
        opaque: bool,
        /// Whether no tar has an entry for it, so that its owner and mode are those that it has below.
        implied: bool,
    },
    /// The path is removed from what is below the layers.
    Whiteout,
    /// A file, a link, a device.
    Other,
}

/// The paths of some layers, parents before what is in them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Merged {
    pub(crate) nodes: BTreeMap<Vec<u8>, Node>,
    /// Whether the root hides what is below.
    pub(crate) is_opaque: bool,
}

impl Merged {
    /// Lays the layer `stored` over those so far; `layer` is its place.
    pub(crate) fn apply(&mut self, stored: &Stored, layer: usize) -> Result<()> {
        let implied: BTreeSet<Vec<u8>> = stored.implied()?.into_iter().collect();
        walk::tree::<Error>(stored.tree(), &mut |entry| {
            match entry.kind {
                EntryKind::Opaque => self.hide_all_below(entry.path),
                EntryKind::Whiteout => self.replace(entry.path, NodeKind::Whiteout, layer),
                EntryKind::Directory => self.directory(entry.path, implied.contains(entry.path), layer),
                _ => self.replace(entry.path, NodeKind::Other, layer),
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    fn directory(&mut self, path: &[u8], implied: bool, layer: usize) {
        match self.nodes.get_mut(path) {
            Some(node) => {
                let kind = match node.kind {
                    NodeKind::Directory {
                        opaque,
                        implied: true,
                    } => NodeKind::Directory { opaque, implied },
                    NodeKind::Directory { .. } if implied => return,
                    NodeKind::Directory { opaque, .. } => NodeKind::Directory { opaque, implied },
                    // What was there hid everything below, and still does.
                    NodeKind::Whiteout | NodeKind::Other => NodeKind::Directory {
                        opaque: true,
                        implied,
                    },
                };
                *node = Node { kind, layer };
            }
            None => {
                let kind = NodeKind::Directory {
                    opaque: false,
                    implied,
                };
                self.nodes.insert(path.to_owned(), Node { kind, layer });
            }
        }
    }

    fn replace(&mut self, path: &[u8], kind: NodeKind, layer: usize) {
        self.remove_below(path);
        self.nodes.insert(path.to_owned(), Node { kind, layer });
    }

    /// An opaque directory is shown before what its own layer has in it.
    fn hide_all_below(&mut self, path: &[u8]) {
        if path.is_empty() {
            self.nodes.clear();
            self.is_opaque = true;
            return;
        }
        self.remove_below(path);
        if let Some(Node {
            kind: NodeKind::Directory { opaque, .. },
            ..
        }) = self.nodes.get_mut(path)
        {
            *opaque = true;
        }
    }

    fn remove_below(&mut self, path: &[u8]) {
        let start = [path, b"/"].concat();
        let below = self.nodes.range(start.clone()..);
        let below: Vec<Vec<u8>> = below
            .map(|(path, _)| path)
            .take_while(|path| path.starts_with(&start))
            .cloned()
            .collect();
        for path in below {
            self.nodes.remove(&path);
        }
    }

    /// The directory that is seen at `path`.
    pub(crate) fn directory_at(&self, path: &[u8]) -> Option<Node> {
        let node = self.nodes.get(path)?;
        matches!(node.kind, NodeKind::Directory { .. }).then_some(*node)
    }

    /// Takes out the whiteouts and marks that hide nothing of `beneath`.
    pub(crate) fn simplify(&mut self, beneath: &Self) {
        let mut hidden: Option<Vec<u8>> = self.is_opaque.then(Vec::new);
        self.is_opaque &= !beneath.nodes.is_empty();
        let is_there = |path: &[u8]| {
            let node = beneath.nodes.get(path);
            node.is_some_and(|node| node.kind != NodeKind::Whiteout)
        };
        self.nodes.retain(|path, node| {
            let is_hidden = match &hidden {
                Some(prefix) if path.starts_with(prefix) => true,
                _ => {
                    hidden = None;
                    false
                }
            };
            match &mut node.kind {
                NodeKind::Whiteout => !is_hidden && is_there(path),
                NodeKind::Directory { opaque, .. } => {
                    if *opaque && !is_hidden {
                        hidden = Some([path.as_slice(), b"/"].concat());
                    }
                    *opaque &= !is_hidden && beneath.directory_at(path).is_some();
                    true
                }
                NodeKind::Other => true,
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(merged: &Merged) -> Vec<String> {
        let text = |(path, node): (&Vec<u8>, &Node)| {
            let mark = match node.kind {
                NodeKind::Directory { opaque: true, .. } => "/!",
                NodeKind::Directory { .. } => "/",
                NodeKind::Whiteout => "-",
                NodeKind::Other => "",
            };
            format!("{}{mark} {}", String::from_utf8_lossy(path), node.layer)
        };
        merged.nodes.iter().map(text).collect()
    }

    #[test]
    fn what_hides_something_stays_and_what_hides_nothing_goes() {
        let mut beneath = Merged::default();
        beneath.directory(b"d", false, 0);
        beneath.replace(b"d/x", NodeKind::Other, 0);
        beneath.directory(b"e", false, 0);
        let mut merged = Merged::default();
        // One layer removes, the next makes something else of it.
        merged.replace(b"d", NodeKind::Whiteout, 1);
        merged.directory(b"d", false, 2);
        merged.replace(b"d/x", NodeKind::Whiteout, 3);
        merged.replace(b"e", NodeKind::Other, 1);
        merged.replace(b"none", NodeKind::Whiteout, 1);
        merged.directory(b"new", false, 1);
        merged.hide_all_below(b"new");
        merged.replace(b"new/a", NodeKind::Other, 1);
        assert_eq!(
            shown(&merged),
            ["d/! 2", "d/x- 3", "e 1", "new/! 1", "new/a 1", "none- 1"]
        );
        merged.simplify(&beneath);
        assert_eq!(shown(&merged), ["d/! 2", "e 1", "new/ 1", "new/a 1"]);
    }

    #[test]
    fn a_directory_that_no_tar_names_takes_nothing_from_one_that_is_named() {
        let mut merged = Merged::default();
        merged.directory(b"d", false, 0);
        merged.directory(b"d", true, 1);
        assert_eq!(shown(&merged), ["d/ 0"]);
        merged.directory(b"d", false, 2);
        assert_eq!(shown(&merged), ["d/ 2"]);
        merged.replace(b"d/f", NodeKind::Other, 2);
        merged.replace(b"d-e", NodeKind::Other, 2);
        merged.replace(b"d", NodeKind::Other, 3);
        assert_eq!(shown(&merged), ["d 3", "d-e 2"]);
    }
}
