//! The files of an image, without its layers.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use plimsoll_image::{Image, Store};

use crate::context::walk::{Everything, walk};
use crate::copy::chown::Owner;
use crate::copy::pending::Pending;
use crate::copy::sources::{Source, SourceTree};
use crate::copy::target::{Attributes, Target};
use crate::copy::tree;
use crate::error::{Error, IoContext, Problem, Result};
use crate::rooted::Rooted;

/// Copies the files of `image`, whose layers are in `store`, into the directory `to`, which is made if it is not there.
/// What is in it already stays where the image has nothing. Owners are kept as far as this process may set them: for
/// all but root, everything belongs to who calls. Gives the bytes of content that were copied.
///
/// # Errors
/// [`Error::Export`].
pub fn to_directory(store: &Store, image: &Image, to: &Path) -> Result<u64> {
    copy(store, image, to).map_err(|problem| Error::Export {
        place: to.to_owned(),
        problem: Box::new(problem),
    })
}

fn copy(store: &Store, image: &Image, to: &Path) -> Result<u64, Problem> {
    let merged = store.merge_layers(&[], &image.layers)?;
    std::fs::create_dir_all(to).doing("cannot make", to)?;
    let tree = SourceTree {
        root: Rooted::open(merged.fs()).doing("cannot open", merged.fs())?,
        place: "the image".to_owned(),
        filter: &Everything,
        owner: None,
        cache: None,
    };
    let source = Source {
        name: Default::default(),
        top: PathBuf::new(),
        entries: walk(merged.fs(), Path::new(""), &Everything)?,
    };
    let root = Rooted::open(to).doing("cannot open", to)?;
    let user = (rustix::process::geteuid(), rustix::process::getegid());
    let owner = (!user.0.is_root()).then(|| Owner {
        uid: user.0.as_raw(),
        gid: user.1.as_raw(),
    });
    let attributes = Attributes::owned_by(owner);
    let target = Target {
        root: &root,
        attributes: &attributes,
    };
    let mut pending = Pending::of_one();
    tree::copy(&tree, &source, &target, Path::new(""), &mut pending)?;
    let bytes = AtomicU64::new(0);
    let copied = |more| _ = bytes.fetch_add(more, Ordering::Relaxed);
    pending.write(&root, &attributes, None, &copied)?;
    Ok(bytes.into_inner())
}

/// Writes the files of `image`, whose layers are in `store`, as one tar: sorted, with numbers for owners, always with
/// the same bytes.
///
/// # Errors
/// When the store cannot be read or written, or `out` fails.
pub fn to_tar(store: &Store, image: &Image, out: &mut dyn Write) -> Result<()> {
    let mut buffered = std::io::BufWriter::with_capacity(1 << 18, out);
    store.merge_layers(&[], &image.layers)?.write_tar(&mut buffered)?;
    buffered.flush().map_err(plimsoll_image::Error::Write)?;
    Ok(())
}
