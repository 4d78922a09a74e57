//! The build context: the files that `COPY` and `ADD` may take.

pub(crate) mod hash;
pub(crate) mod ignore;
pub(crate) mod kept;
pub(crate) mod remote;
pub(crate) mod stat_cache;
pub(crate) mod walk;

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::copy::archive;
use crate::copy::chown::Owner;
use crate::copy::target::{Attributes, Target};
use crate::error::{Error, IoContext, Problem, Result};
use crate::rooted::Rooted;
use crate::scratch::Scratch;

/// A Dockerfile or ignore file larger than this is not read.
const MAX_TEXT: u64 = 16 << 20;

/// A directory of files to build from.
#[derive(Debug)]
pub struct Context {
    root: PathBuf,
    /// Holds a spooled context as long as it is needed.
    spooled: Option<Scratch>,
    /// Whom the files belong to in a build, whatever the file system says.
    owner: Option<Owner>,
}

impl Context {
    /// The files of the directory `root`.
    ///
    /// # Errors
    /// [`Error::Context`], when there is no such directory.
    pub fn directory(root: &Path) -> Result<Self> {
        let root = std::fs::canonicalize(root)
            .doing("cannot read", root)
            .map_err(wrong)?;
        if !root.is_dir() {
            let message = format!("`{}` is not a directory", root.display());
            return Err(wrong(Problem::invalid(message)));
        }
        Ok(Self {
            root,
            spooled: None,
            owner: Some(Owner::ROOT),
        })
    }

    /// The files of a tar stream (plain or compressed), called `name` in messages, with the owners that they have there, spooled to a temporary
    /// directory in `scratch`, which is best the store's root: then the next build removes it, should this one be killed.
    ///
    /// # Errors
    /// [`Error::Context`], when it is not a tar archive or cannot be spooled.
    pub fn tar(stream: impl Read + Send, name: &str, scratch: &Path) -> Result<Self> {
        let spooled = Scratch::new(scratch).map_err(wrong)?;
        let directory = spooled.directory().map_err(wrong)?;
        let owner = spooled_owner();
        let unpack = || {
            let root = Rooted::open(&directory).doing("cannot open", &directory)?;
            let attributes = Attributes::owned_by(owner);
            let target = Target {
                root: &root,
                attributes: &attributes,
            };
            archive::extract(stream, Path::new(name), &target, Path::new(""), &|_| {})
        };
        unpack().map_err(wrong)?;
        Ok(Self {
            owner,
            ..Self::spooled(spooled, &directory)?
        })
    }

    /// A context without files, as a build has it that is given a Dockerfile and nothing else; its directory is made
    /// in `scratch` as by [`Context::tar`].
    ///
    /// # Errors
    /// [`Error::Context`], when the directory cannot be made.
    pub fn empty(scratch: &Path) -> Result<Self> {
        let spooled = Scratch::new(scratch).map_err(wrong)?;
        let directory = spooled.directory().map_err(wrong)?;
        Self::spooled(spooled, &directory)
    }

    fn spooled(spooled: Scratch, directory: &Path) -> Result<Self> {
        let context = Self::directory(directory)?;
        Ok(Self {
            spooled: Some(spooled),
            ..context
        })
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether it was spooled to a directory of its own, which goes away with it. Then nothing is left out of it: ignore
    /// files are for what a user's own folder holds besides, as with BuildKit.
    pub(crate) fn is_spooled(&self) -> bool {
        self.spooled.is_some()
    }

    /// Whom its files belong to in a build, if not to those that they belong to in the file system.
    pub(crate) fn owner(&self) -> Option<Owner> {
        self.owner
    }

    /// The text of a file in the context, such as `Dockerfile`; `None` if there is none. Symbolic links are
    /// followed inside the context only; what is no UTF-8 is replaced, see [`plimsoll_dockerfile::decode`].
    ///
    /// # Errors
    /// [`Error::Context`], when it cannot be read or is UTF-16.
    pub fn read_text(&self, path: &str) -> Result<Option<String>> {
        let read = || {
            let rooted = Rooted::open(&self.root)?;
            let found = rooted.resolve(Path::new(path))?;
            let is_file = rooted
                .stat(&found)?
                .is_some_and(|stat| crate::rooted::file_type(&stat).is_file());
            if !is_file {
                return Ok(None);
            }
            let mut bytes = Vec::new();
            let mut file = rooted.open_file(&found)?.take(MAX_TEXT);
            file.read_to_end(&mut bytes)?;
            if file.limit() == 0 {
                return Err(std::io::Error::other("it is too large to be read"));
            }
            let text = plimsoll_dockerfile::decode(&bytes).map_err(std::io::Error::other)?;
            Ok(Some(text))
        };
        let text: std::io::Result<Option<String>> = read();
        text.doing("cannot read", self.root.join(path)).map_err(wrong)
    }
}

/// Whom the files of an archive are given to: nobody else, unless there is nobody else.
fn spooled_owner() -> Option<Owner> {
    plimsoll_image::user_namespace::has_one_id().then_some(Owner::ROOT)
}

fn wrong(problem: Problem) -> Error {
    Error::Context { problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive() -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(4);
        header.set_mode(0o640);
        header.set_mtime(7);
        header.set_cksum();
        builder.append_data(&mut header, "d/f", &b"text"[..]).unwrap();
        builder.into_inner().unwrap()
    }

    #[test]
    fn a_tar_stream_is_spooled_and_goes_away() {
        let scratch = tempfile::tempdir().unwrap();
        let context = Context::tar(&archive()[..], "-", scratch.path()).unwrap();
        assert_eq!(context.read_text("d/f").unwrap().as_deref(), Some("text"));
        assert_eq!(context.read_text("d").unwrap(), None);
        assert_eq!(context.read_text("none").unwrap(), None);
        drop(context);
        assert_eq!(
            std::fs::read_dir(scratch.path().join("builds")).unwrap().count(),
            0
        );
        assert!(Context::tar(&b"this is no archive"[..], "-", scratch.path()).is_err());
        assert!(Context::directory(&scratch.path().join("none")).is_err());
    }

    #[test]
    fn links_do_not_lead_out_of_the_context() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "x").unwrap();
        std::fs::create_dir(outside.path().join("context")).unwrap();
        std::os::unix::fs::symlink("../secret", outside.path().join("context/Dockerfile")).unwrap();
        let context = Context::directory(&outside.path().join("context")).unwrap();
        assert_eq!(context.read_text("Dockerfile").unwrap(), None);
    }
}
