//! What `--build-context` brings in.

use plimsoll_core::{Platform, Reference};
use plimsoll_image::Image;

use crate::build::{BaseImages, read_ignore_of};
use crate::context::ignore::IgnoreFilter;
use crate::copy::chown::Owner;
use crate::copy::sources::SourceTree;
use crate::error::{Error, ForeignError, IoContext, Result};
use crate::options::{NamedContext, NamedSource};
use crate::rooted::Rooted;

/// The named contexts of a build, found by the names that a Dockerfile uses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NamedContexts<'a>(&'a [NamedContext]);

/// What a name stands for instead of what it usually would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named<'a> {
    /// Files: the index of the context.
    Files(usize),
    /// An image, which is found by the name.
    Image,
    /// A stage.
    Stage(&'a str),
}

impl<'a> NamedContexts<'a> {
    pub(crate) fn new(contexts: &'a [NamedContext]) -> Self {
        Self(contexts)
    }

    /// What the name stands for, if a context has it. The last of a name counts.
    pub(crate) fn find(self, name: &str) -> Option<Named<'a>> {
        let wanted = normal(name);
        let index = self
            .0
            .iter()
            .rposition(|context| normal(&context.name) == wanted)?;
        Some(match &self.0[index].source {
            NamedSource::Files(_) => Named::Files(index),
            NamedSource::Reference(_) | NamedSource::Image(_) => Named::Image,
            NamedSource::Stage(stage) => Named::Stage(stage),
        })
    }

    /// The name of the context with this index.
    pub(crate) fn name(self, index: usize) -> &'a str {
        &self.0[index].name
    }

    fn image(self, reference: &Reference) -> Option<&'a NamedSource> {
        let wanted = normal(&reference.to_string());
        let found = self.0.iter().rev().find(|context| {
            let name = normal(&context.name);
            name == wanted || name == normal(&reference.full())
        })?;
        Some(&found.source)
    }
}

/// A name without the tag that says nothing; names of stages and images are compared without regard to case.
fn normal(name: &str) -> String {
    let name = name
        .strip_prefix("docker.io/library/")
        .or_else(|| name.strip_prefix("docker.io/"))
        .unwrap_or(name);
    name.strip_suffix(":latest").unwrap_or(name).to_ascii_lowercase()
}

/// The images of a build: those that contexts name, and else the others.
pub(crate) struct NamedImages<'a> {
    pub(crate) contexts: NamedContexts<'a>,
    pub(crate) others: &'a dyn BaseImages,
}

impl BaseImages for NamedImages<'_> {
    fn resolve(&self, reference: &Reference, platform: &Platform) -> Result<Image, ForeignError> {
        match self.contexts.image(reference) {
            Some(NamedSource::Reference(other)) => self.others.resolve(other, platform),
            Some(NamedSource::Image(image)) => Ok((**image).clone()),
            _ => self.others.resolve(reference, platform),
        }
    }
}

/// A context of files, open for a build, less what its own ignore file leaves out.
pub(crate) struct OpenContext {
    filter: IgnoreFilter,
    root: Rooted,
    place: String,
    owner: Option<Owner>,
}

impl OpenContext {
    /// The contexts in their order; `None` for one that is no files.
    pub(crate) fn all(contexts: &[NamedContext]) -> Result<Vec<Option<Self>>> {
        contexts
            .iter()
            .map(|context| match &context.source {
                NamedSource::Files(files) => Ok(Some(Self {
                    filter: read_ignore_of(files)?,
                    root: Rooted::open(files.root())
                        .doing("cannot open", files.root())
                        .map_err(|problem| Error::Context { problem })?,
                    place: format!("the context `{}`", context.name),
                    owner: files.owner(),
                })),
                _ => Ok(None),
            })
            .collect()
    }

    pub(crate) fn tree(&self) -> Result<SourceTree<'_>, crate::error::Problem> {
        Ok(SourceTree {
            root: Rooted::open(self.root.path()).doing("cannot open", self.root.path())?,
            place: self.place.clone(),
            filter: &self.filter,
            owner: self.owner,
            cache: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_with_and_without_their_tag() {
        let context = |name: &str| NamedContext {
            name: name.to_owned(),
            source: NamedSource::Stage("s".to_owned()),
        };
        let contexts = [context("alpine"), context("app:1"), context("quay.io/x/y")];
        let contexts = NamedContexts::new(&contexts);
        for name in [
            "alpine",
            "alpine:latest",
            "Alpine",
            "docker.io/library/alpine",
            "app:1",
            "quay.io/x/y:latest",
        ] {
            assert!(contexts.find(name).is_some(), "{name}");
        }
        for name in ["alpine:3", "app", "y", ""] {
            assert!(contexts.find(name).is_none(), "{name}");
        }
    }
}
