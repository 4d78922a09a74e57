//! Shows the entries of a tree and of a tar in the same way.

use std::ffi::OsStr;
use std::fs::File;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{FileType, major, minor, readlinkat};

use super::entry::{Content, Entry, EntryKind, Place};
use super::name::{self, Name};
use super::origin::Origin;
use super::tree::{self, Links, Node};
use super::whiteout;
use crate::tar::{Input, Kind, Member, Reader};
use crate::{Error, Result};

/// Shows the entries of the tar that `reader` is at the start of. Tells whether `visit` let it come to the end. Where
/// the tar's bytes are those of a file, `within` is it and where they begin.
pub(crate) fn tar<I: Input, E: From<Error>>(
    reader: &mut Reader<I>,
    origin: &Origin,
    within: Option<(&Arc<File>, u64)>,
    visit: &mut dyn FnMut(&mut Entry<'_>) -> Result<ControlFlow<()>, E>,
) -> Result<bool, E> {
    while let Some(member) = reader.next_member().map_err(|error| origin.tar(error))? {
        let refused = |reason| origin.entry(&member.path, reason);
        let (path, kind) = match name::parse(&member.path).map_err(|reason| refused(reason.to_owned()))? {
            Name::Root | Name::Ignored => continue,
            Name::Whiteout(path) => (path, EntryKind::Whiteout),
            Name::Opaque(path) => (path, EntryKind::Opaque),
            Name::Path(path) => match kind(&member).map_err(refused)? {
                Some(kind) => (path, kind),
                None => continue,
            },
        };
        let is_file = kind == EntryKind::File;
        let place = within
            .filter(|_| is_file && member.sparse.is_none())
            .map(|(file, start)| Place {
                file: file.clone(),
                offset: start + reader.offset(),
                size: member.size,
            });
        let mut content = reader.content(&member);
        let mut entry = Entry {
            path: &path,
            size: if is_file { member.size } else { 0 },
            content: match is_file {
                true => Content::Stream(&mut content),
                false => Content::Empty(std::io::empty()),
            },
            place,
            kind,
            mode: member.mode,
            uid: member.uid,
            gid: member.gid,
            mtime: member.mtime,
            origin: &origin.path,
        };
        if visit(&mut entry)?.is_break() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn kind(member: &Member) -> Result<Option<EntryKind>, String> {
    let (major, minor) = member.device;
    Ok(Some(match member.kind {
        Kind::File => EntryKind::File,
        Kind::Directory => EntryKind::Directory,
        Kind::Symlink => EntryKind::Symlink(member.link.clone()),
        Kind::HardLink => EntryKind::HardLink(name::normalize(&member.link)?.into_owned()),
        Kind::CharDevice => EntryKind::CharDevice { major, minor },
        Kind::BlockDevice => EntryKind::BlockDevice { major, minor },
        Kind::Fifo => EntryKind::Fifo,
        Kind::VolumeLabel => return Ok(None),
        Kind::Other(flag) => {
            let flag = char::from(flag).escape_default();
            return Err(format!("type `{flag}` is no kind of file that a layer can hold"));
        }
        kind => return Err(format!("{kind:?} is no kind of file that a layer can hold")),
    }))
}

/// Shows the entries of a tree: those that its canonical tar has.
pub(crate) fn tree<E: From<Error>>(
    root: &Path,
    visit: &mut dyn FnMut(&mut Entry<'_>) -> Result<ControlFlow<()>, E>,
) -> Result<(), E> {
    let mut links = Links::default();
    tree::visit(root, &mut |node| {
        let failed = |error| Error::io("read", &root.join(OsStr::from_bytes(node.path)))(error);
        let Some(kind) = node_kind(node, &mut links).map_err(failed)? else {
            return Ok(ControlFlow::Continue(()));
        };
        let mut entry = entry(root, node, kind);
        let is_directory = entry.kind == EntryKind::Directory;
        if !node.path.is_empty() && visit(&mut entry)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let Some(directory) = node.directory.filter(|_| is_directory) else {
            return Ok(ControlFlow::Continue(()));
        };
        match whiteout::is_opaque(directory).map_err(failed)? {
            true => visit(&mut self::entry(root, node, EntryKind::Opaque)),
            false => Ok(ControlFlow::Continue(())),
        }
    })
}

fn entry<'a>(root: &'a Path, node: &Node<'a>, kind: EntryKind) -> Entry<'a> {
    let is_file = kind == EntryKind::File;
    // What removes something has no owner, mode or time of its own.
    let is_marker = matches!(kind, EntryKind::Whiteout | EntryKind::Opaque);
    let own = |value: u32| if is_marker { 0 } else { value };
    Entry {
        path: node.path,
        mode: own(node.stat.st_mode & 0o7777),
        uid: own(node.stat.st_uid).into(),
        gid: own(node.stat.st_gid).into(),
        mtime: if is_marker { 0 } else { node.stat.st_mtime },
        size: match is_file {
            true => u64::try_from(node.stat.st_size).unwrap_or(0),
            false => 0,
        },
        content: match is_file {
            true => Content::File(None, node.place.0, node.place.1),
            false => Content::Empty(std::io::empty()),
        },
        place: None,
        kind,
        origin: root,
    }
}

/// `None` for what is not in a tar.
fn node_kind(node: &Node<'_>, links: &mut Links) -> std::io::Result<Option<EntryKind>> {
    if let Some(first) = links.earlier(node) {
        return Ok(Some(EntryKind::HardLink(first)));
    }
    let device = node.stat.st_rdev;
    let (major, minor) = (major(device), minor(device));
    Ok(Some(match node.file_type() {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Directory,
        FileType::Symlink => {
            let (directory, name) = node.place;
            EntryKind::Symlink(readlinkat(directory, name, Vec::new())?.into_bytes())
        }
        FileType::CharacterDevice if whiteout::is_whiteout(node.stat) => EntryKind::Whiteout,
        FileType::CharacterDevice => EntryKind::CharDevice { major, minor },
        FileType::BlockDevice => EntryKind::BlockDevice { major, minor },
        FileType::Fifo => EntryKind::Fifo,
        FileType::Socket | FileType::Unknown => return Ok(None),
    }))
}
