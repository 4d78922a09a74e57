//! The list of images: `index.json`, with one descriptor for each name, and one for each image without a name.

use std::fs;
use std::io;

use plimsoll_core::{Digest, Reference};

use super::Store;
use super::layout::{Layout, Session};
use super::lock::Lock;
use super::reserve::with_reserve;
use crate::manifest::{Descriptor, Index, to_vec};
use crate::{Error, Result};

impl Index {
    pub(crate) fn read(layout: &Layout) -> Result<Self> {
        let path = layout.index();
        match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Error::io("read", &path)(error)),
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| Error::Document {
                path: layout.root.clone(),
                member: "index.json".to_owned(),
                reason: error.to_string(),
            }),
        }
    }

    /// Writes the index. The lock says that nobody else does.
    pub(crate) fn write(&self, layout: &Layout, session: &Session, _lock: &Lock) -> Result<()> {
        session.write_file(&layout.index(), &to_vec(self))
    }

    /// The same where something was taken out, which is to work without space on the disk.
    pub(crate) fn write_less(&self, layout: &Layout, session: &Session, lock: &Lock) -> Result<()> {
        with_reserve(layout, || self.write(layout, session, lock))
    }

    /// The manifests, each once, the last added last.
    pub(crate) fn distinct(&self) -> Vec<Descriptor> {
        let mut distinct: Vec<Descriptor> = Vec::new();
        for descriptor in &self.manifests {
            if distinct.iter().all(|known| known.digest != descriptor.digest) {
                distinct.push(descriptor.clone());
            }
        }
        distinct
    }

    /// The names of a manifest.
    pub(crate) fn references(&self, manifest: &Digest) -> Vec<Reference> {
        let own = self
            .manifests
            .iter()
            .filter(|descriptor| descriptor.digest == *manifest);
        own.filter_map(Descriptor::reference).collect()
    }

    /// Adds a manifest under names, which others lose; without any, it is in the index nevertheless.
    pub(crate) fn add(&mut self, descriptor: &Descriptor, references: &[Reference]) {
        for reference in references {
            self.untag(reference);
            self.manifests.push(descriptor.clone().named(reference));
        }
        let is_own = |known: &Descriptor| known.digest == descriptor.digest;
        match self.references(&descriptor.digest).is_empty() {
            // An image with a name needs no descriptor without one.
            false => self
                .manifests
                .retain(|known| !is_own(known) || known.reference().is_some()),
            true if self.manifests.iter().any(is_own) => {}
            true => self.manifests.push(descriptor.clone()),
        }
    }

    /// Takes a name from the manifest that has it, which stays in the index.
    pub(crate) fn untag(&mut self, reference: &Reference) {
        let is_named = |descriptor: &Descriptor| descriptor.reference().as_ref() == Some(reference);
        let Some(place) = self.manifests.iter().position(is_named) else {
            return;
        };
        let mut descriptor = self.manifests.remove(place);
        if self
            .manifests
            .iter()
            .all(|known| known.digest != descriptor.digest)
        {
            descriptor.annotations.clear();
            self.manifests.insert(place, descriptor);
        }
    }

    /// Takes a manifest out under all its names.
    pub(crate) fn remove(&mut self, manifest: &Digest) {
        self.manifests.retain(|descriptor| descriptor.digest != *manifest);
    }
}

impl Store {
    /// Reads with the index, and once more with a new one where a document that it names is gone: readers do not lock,
    /// and another process may remove an image between the two.
    pub(super) fn with_index<T>(&self, read: impl Fn(&Index) -> Result<T>) -> Result<T> {
        let mut index = Index::read(self.layout())?;
        let mut was_same = false;
        loop {
            let error = match read(&index) {
                Err(error) if is_missing(&error) => error,
                other => return other,
            };
            let now = Index::read(self.layout())?;
            // What the index names all the time is really missing.
            if now == index && was_same {
                return Err(error);
            }
            was_same = now == index;
            index = now;
        }
    }
}

fn is_missing(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::MANIFEST;

    #[test]
    fn names_move_and_images_stay() {
        let (a, b) = (
            Descriptor::new(MANIFEST, Digest::of(b"a"), 1),
            Descriptor::new(MANIFEST, Digest::of(b"b"), 1),
        );
        let names: Vec<Reference> = ["x:1", "x:2"].map(|name| name.parse().unwrap()).into();
        let mut index = Index::default();
        index.add(&a, &names);
        assert_eq!(index.references(&a.digest), names);
        index.add(&b, &names[..1]);
        assert_eq!(index.references(&a.digest), names[1..]);
        index.add(&b, &names);
        assert!(index.references(&a.digest).is_empty());
        assert_eq!(index.distinct().len(), 2);
        index.add(&a, &[]);
        assert_eq!(index.manifests.len(), 3);
        index.add(&a, &["y".parse().unwrap()]);
        assert_eq!(index.manifests.len(), 3);
        index.remove(&b.digest);
        assert_eq!(index.manifests.len(), 1);
    }
}
