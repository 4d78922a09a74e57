//! The lower directories of an overlay mount.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use plimsoll_core::Digest;
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, RawMode, Stat, Timespec, Timestamps, lstat, openat, utimensat,
};

use super::Store;
use super::prune::digests_in;
use crate::layer::whiteout;
use crate::{Error, Layer, Result};

/// One layer of a chain.
struct Link<'a> {
    tree: &'a Path,
    implied: BTreeSet<Vec<u8>>,
}

/// What a layer has at a path.
enum Seen {
    /// Nothing, neither there nor at a directory on the way.
    Nothing,
    /// Something by which the layers below are not seen.
    End,
    /// A directory, and whether it hides what is below.
    Directory { stat: Stat, opaque: bool },
    /// Nothing, but a directory on the way hides what is below.
    Hidden,
}

impl Store {
    /// The directories to give to an overlay mount as its lower ones, the topmost first.
    ///
    /// A layer's tar may leave out the parents of its entries. In its tree they are there, with an owner and mode of
    /// nobody's choosing, and would hide those of the layers below; where that makes a difference, a directory with
    /// the right ones is put on top. Layers below one whose root is opaque are left out.
    ///
    /// # Errors
    /// When a layer is not unpacked or the store cannot be written.
    pub fn mount_layers(&self, layers: &[Layer]) -> Result<Vec<PathBuf>> {
        let mut chain = Vec::new();
        for layer in layers.iter().rev() {
            let Some(stored) = layer.as_stored() else {
                return Err(Error::Unsupported {
                    path: self.root().to_owned(),
                    what: format!(
                        "mounting layer {}, which is not in the store,",
                        layer.diff_id.short()
                    ),
                });
            };
            let link = Link {
                tree: stored.tree(),
                implied: stored.implied()?.into_iter().collect(),
            };
            let seen = look(&link, b"").map_err(Error::io("read", stored.tree()))?;
            chain.push(link);
            if matches!(seen, Seen::Directory { opaque: true, .. }) {
                break;
            }
        }
        let mut directories: Vec<PathBuf> = chain.iter().map(|link| link.tree.to_owned()).collect();
        let wrong = wrong_directories(&chain)?;
        if !wrong.is_empty() {
            directories.insert(0, self.right_directories(layers, &chain, &wrong)?);
        }
        Ok(directories)
    }

    /// Makes the directory with the right owners and modes, unless it was made before.
    fn right_directories(
        &self,
        layers: &[Layer],
        chain: &[Link<'_>],
        wrong: &BTreeSet<Vec<u8>>,
    ) -> Result<PathBuf> {
        let target = self.layout().implied().join(chain_id(layers).hex());
        if target.is_dir() {
            return Ok(target.join("fs"));
        }
        let temporary = self.session()?.path();
        let tree = temporary.join("fs");
        let failed = |error| Error::io("write", &temporary)(error);
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(&tree)
            .map_err(failed)?;
        // Every directory on the way is on top as well, and has to be right.
        let mut paths = BTreeSet::from([Vec::new()]);
        for path in wrong {
            let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
            paths.extend(slashes.map(|(end, _)| path[..end].to_owned()));
            paths.insert(path.clone());
        }
        for path in &paths {
            if let Some((_, stat)) = effective(chain, path).map_err(failed)? {
                let place = tree.join(OsStr::from_bytes(path));
                if !path.is_empty() {
                    fs::create_dir(&place).map_err(failed)?;
                }
                set_attributes(&place, &stat).map_err(failed)?;
            }
        }
        for path in paths.iter().rev() {
            if let Some((_, stat)) = effective(chain, path).map_err(failed)? {
                set_time(&tree.join(OsStr::from_bytes(path)), &stat).map_err(failed)?;
            }
        }
        let diff_ids: Vec<Digest> = layers.iter().map(|layer| layer.diff_id).collect();
        let list = serde_json::to_vec(&diff_ids).map_err(|error| failed(error.into()))?;
        fs::write(temporary.join("layers"), list).map_err(failed)?;
        match fs::rename(&temporary, &target) {
            Ok(()) => {}
            // Another process was faster.
            Err(_) if target.is_dir() => fs::remove_dir_all(&temporary).map_err(failed)?,
            Err(error) => return Err(Error::io("write", &target)(error)),
        }
        Ok(target.join("fs"))
    }

    /// Removes those whose layers are gone.
    pub(super) fn prune_chains(&self) -> Result<()> {
        let directory = self.layout().implied();
        for chain in digests_in(&directory)? {
            let path = directory.join(chain.hex());
            let list = fs::read(path.join("layers")).unwrap_or_default();
            let layers: Vec<Digest> = serde_json::from_slice(&list).unwrap_or_default();
            let complete =
                !layers.is_empty() && layers.iter().all(|layer| self.layout().layer(layer).is_dir());
            if !complete {
                drop(self.session_to_remove()?.take_out(&path)?);
            }
        }
        Ok(())
    }
}

/// The digest of a chain of layers (OCI image specification, `config.md`).
fn chain_id(layers: &[Layer]) -> Digest {
    let mut ids = layers.iter().map(|layer| layer.diff_id);
    let first = ids.next().unwrap_or_else(|| Digest::of(b""));
    ids.fold(first, |chain, id| Digest::of(format!("{chain} {id}").as_bytes()))
}

/// The implied directories that are seen in the mount with another owner or mode than they have below.
fn wrong_directories(chain: &[Link<'_>]) -> Result<BTreeSet<Vec<u8>>> {
    let mut wrong = BTreeSet::new();
    let paths: BTreeSet<&Vec<u8>> = chain.iter().flat_map(|link| &link.implied).collect();
    for path in paths {
        let failed = Error::io("read", &chain[0].tree.join(OsStr::from_bytes(path)));
        if let Some((shown, right)) = effective(chain, path).map_err(failed)?
            && (shown.st_mode, shown.st_uid, shown.st_gid) != (right.st_mode, right.st_uid, right.st_gid)
        {
            wrong.insert(path.clone());
        }
    }
    Ok(wrong)
}

/// The directory that a mount of the chain shows at `path`, and the one that it ought to show: the topmost that a tar
/// has an entry for. `None` when there is no directory to be seen.
fn effective(chain: &[Link<'_>], path: &[u8]) -> io::Result<Option<(Stat, Stat)>> {
    let mut shown = None;
    for link in chain {
        match look(link, path)? {
            Seen::Nothing => {}
            Seen::End | Seen::Hidden => break,
            Seen::Directory { stat, opaque } => {
                let shown = shown.get_or_insert(stat);
                if !link.implied.contains(path) {
                    return Ok(Some((*shown, stat)));
                }
                if opaque {
                    break;
                }
            }
        }
    }
    Ok(shown.map(|shown| (shown, shown)))
}

/// What one layer has at `path`.
fn look(link: &Link<'_>, path: &[u8]) -> io::Result<Seen> {
    let components = path
        .split(|byte| *byte == b'/')
        .filter(|component| !component.is_empty());
    let mut place = link.tree.to_owned();
    let mut stat = lstat(&place)?;
    let mut opaque = is_opaque(&place)?;
    for component in components {
        place.push(OsStr::from_bytes(component));
        stat = match lstat(&place) {
            Ok(stat) => stat,
            Err(rustix::io::Errno::NOENT) if opaque => return Ok(Seen::Hidden),
            Err(rustix::io::Errno::NOENT) => return Ok(Seen::Nothing),
            Err(error) => return Err(error.into()),
        };
        if FileType::from_raw_mode(stat.st_mode as RawMode) != FileType::Directory {
            return Ok(Seen::End);
        }
        opaque |= is_opaque(&place)?;
    }
    Ok(Seen::Directory { stat, opaque })
}

fn is_opaque(directory: &Path) -> io::Result<bool> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = openat(CWD, directory, flags, Mode::empty())?;
    whiteout::is_opaque(std::os::fd::AsFd::as_fd(&directory))
}

fn set_attributes(path: &Path, stat: &Stat) -> io::Result<()> {
    if rustix::process::geteuid().is_root() {
        chown(path, Some(stat.st_uid), Some(stat.st_gid))?;
    }
    fs::set_permissions(path, Permissions::from_mode(stat.st_mode & 0o7777))
}

fn set_time(path: &Path, stat: &Stat) -> io::Result<()> {
    let time = Timespec {
        tv_sec: stat.st_mtime,
        tv_nsec: 0,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    Ok(utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}
