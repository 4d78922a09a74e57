//! Mounts made by descriptor, so that no path is looked at twice.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

use oci_spec::runtime::{Mount, Spec};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags, fsconfig_create,
    fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, move_mount, open_tree, unmount,
};

use super::target::{self, TargetKind};
use crate::error::{Error, Result};
use crate::sys::{self, MountAttributes};

/// The devices that every container may open: Docker's list.
const DEVICES: [(&str, u32, u32); 6] = [
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
    ("tty", 5, 0),
];

/// The links of `/dev`.
const DEVICE_LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

/// A copy of the mount at `path` that is attached nowhere yet.
pub(crate) fn clone_tree(
    directory: impl AsFd,
    path: impl AsRef<Path>,
    recursive: bool,
) -> io::Result<OwnedFd> {
    let mut flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    if recursive {
        flags |= OpenTreeFlags::AT_RECURSIVE;
    }
    if path.as_ref().as_os_str().is_empty() {
        flags |= OpenTreeFlags::AT_EMPTY_PATH;
    }
    Ok(open_tree(directory, path.as_ref(), flags)?)
}

/// Attaches a mount at the file or directory that `target` refers to.
pub(crate) fn attach(mount: &OwnedFd, target: &OwnedFd) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    Ok(move_mount(mount, "", target, "", flags)?)
}

/// Mount options sorted into attributes of the mount and options of the file system.
struct Options<'a> {
    attributes: u64,
    data: Vec<(&'a str, Option<&'a str>)>,
}

impl<'a> Options<'a> {
    fn of(options: impl IntoIterator<Item = &'a str>) -> Self {
        let mut sorted = Self {
            attributes: 0,
            data: Vec::new(),
        };
        for option in options {
            sorted.attributes |= match option {
                "ro" | "rro" => MountAttrFlags::MOUNT_ATTR_RDONLY.bits().into(),
                "nosuid" => MountAttrFlags::MOUNT_ATTR_NOSUID.bits().into(),
                "nodev" => MountAttrFlags::MOUNT_ATTR_NODEV.bits().into(),
                "noexec" => MountAttrFlags::MOUNT_ATTR_NOEXEC.bits().into(),
                "noatime" => MountAttrFlags::MOUNT_ATTR_NOATIME.bits().into(),
                "strictatime" => MountAttrFlags::MOUNT_ATTR_STRICTATIME.bits().into(),
                // What the kernel or this engine does anyway.
                "rw" | "bind" | "rbind" | "rprivate" | "private" | "relatime" | "exec" | "suid" | "dev" => 0,
                _ => {
                    sorted.data.push(match option.split_once('=') {
                        Some((key, value)) => (key, Some(value)),
                        None => (option, None),
                    });
                    0
                }
            };
        }
        sorted
    }
}

/// The attributes that these mount options stand for, to be set on a mount that exists.
pub(crate) fn attributes(options: &[&str]) -> MountAttributes {
    MountAttributes {
        set: Options::of(options.iter().copied()).attributes,
        ..MountAttributes::default()
    }
}

/// A new file system that is attached nowhere yet.
fn new_file_system(kind: &str, source: Option<&str>, options: &Options<'_>) -> Result<OwnedFd, Errno> {
    let context = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
    if let Some(source) = source {
        fsconfig_set_string(&context, "source", source)?;
    }
    for (key, value) in &options.data {
        match value {
            Some(value) => fsconfig_set_string(&context, *key, *value)?,
            None => fsconfig_set_flag(&context, *key)?,
        }
    }
    fsconfig_create(&context)?;
    let attributes = MountAttrFlags::from_bits_retain(options.attributes as u32);
    fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)
}

/// Makes one mount of the specification inside `root`. Cgroup mounts are left for [`mount_cgroup`].
pub(crate) fn mount(root: &OwnedFd, mount: &Mount) -> Result<()> {
    let target = mount.destination();
    let kind = mount.typ().as_deref().unwrap_or("none");
    let options: Vec<&str> = mount.options().iter().flatten().map(String::as_str).collect();
    let sorted = Options::of(options.iter().copied());
    let bound = kind == "bind" || options.iter().any(|option| matches!(*option, "bind" | "rbind"));
    let failed = |error: io::Error| Error::system(format!("mount `{}`", target.display()), error);
    let no_place = |error: io::Error| Error::root_fs(format!("mount `{}`", target.display()), error);
    if kind == "cgroup" {
        return Ok(());
    }
    if bound {
        let source = mount.source().as_deref().unwrap_or(Path::new(""));
        let kind = match source.metadata() {
            Ok(metadata) if metadata.is_dir() => TargetKind::Directory,
            Ok(_) => TargetKind::File,
            Err(error) => return Err(Error::file("mount", source, error)),
        };
        let tree = clone_tree(CWD, source, options.contains(&"rbind")).map_err(failed)?;
        let attributes = MountAttributes {
            set: sorted.attributes,
            propagation: libc::MS_PRIVATE,
            ..MountAttributes::default()
        };
        sys::mount_setattr(tree.as_fd(), c"", true, &attributes).map_err(failed)?;
        let place = target::open_or_create(root, target, kind, &mut Vec::new()).map_err(no_place)?;
        return attach(&tree, &place).map_err(failed);
    }
    let place =
        target::open_or_create(root, target, TargetKind::Directory, &mut Vec::new()).map_err(no_place)?;
    if matches!(kind, "proc" | "sysfs") {
        // Paths below are hidden by name later on, so the names must mean what they say.
        let plain = ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS;
        rustix::fs::openat2(root, target, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), plain)
            .map_err(|error| no_place(error.into()))?;
    }
    let nodes = if target == "/dev" {
        device_nodes(root, &place)?
    } else {
        Vec::new()
    };
    let source = mount.source().as_deref().and_then(Path::to_str);
    let mounted = match new_file_system(kind, source, &sorted) {
        // Who does not own the network namespace may not mount its view of the system, but show the machine's.
        Err(Errno::PERM) if kind == "sysfs" => machine_sysfs(&options).map_err(failed)?,
        // The group of terminals exists only where the ids of the user namespace reach that far.
        Err(Errno::INVAL) if kind == "devpts" => {
            let mut without_group = Options::of(options.iter().copied());
            without_group.data.retain(|(key, _)| *key != "gid");
            new_file_system(kind, source, &without_group).map_err(|error| failed(error.into()))?
        }
        other => other.map_err(|error| failed(error.into()))?,
    };
    attach(&mounted, &place).map_err(failed)?;
    if target == "/dev" {
        fill_devices(root, &nodes)
    } else {
        Ok(())
    }
}

/// The machine's `/sys` with everything mounted in it.
fn machine_sysfs(options: &[&str]) -> io::Result<OwnedFd> {
    let tree = clone_tree(CWD, "/sys", true)?;
    let attributes = MountAttributes {
        propagation: libc::MS_PRIVATE,
        ..attributes(options)
    };
    sys::mount_setattr(tree.as_fd(), c"", true, &attributes)?;
    Ok(tree)
}

/// The device nodes as single mounts. They live in a file system of their own, since that of `/dev` is
/// mounted `nodev`: a container can make any node anywhere, and open none but these.
fn device_nodes(root: &OwnedFd, place: &OwnedFd) -> Result<Vec<OwnedFd>> {
    let make = || -> io::Result<Vec<OwnedFd>> {
        let options = Options::of(["nosuid", "noexec", "mode=755", "size=64k"]);
        attach(&new_file_system("tmpfs", Some("tmpfs"), &options)?, place)?;
        let stage = target::open(root, Path::new("/dev"), OFlags::PATH | OFlags::DIRECTORY)?;
        let mut nodes = Vec::new();
        for (name, major, minor) in DEVICES {
            let device = rustix::fs::makedev(major, minor);
            let mode = Mode::from_raw_mode(0o666);
            match rustix::fs::mknodat(&stage, name, FileType::CharacterDevice, mode, device) {
                Ok(()) => nodes.push(clone_tree(&stage, name, false)?),
                // In a user namespace nobody makes devices, but those of the machine may be shown.
                Err(Errno::PERM) => nodes.push(clone_tree(CWD, Path::new("/dev").join(name), false)?),
                Err(error) => return Err(error.into()),
            }
        }
        // The nodes keep the file system; as a place it is in the way.
        unmount(
            format!("/proc/self/fd/{}", stage.as_raw_fd()),
            UnmountFlags::DETACH,
        )?;
        Ok(nodes)
    };
    make().map_err(|error| Error::system("make the device nodes", error))
}

fn fill_devices(root: &OwnedFd, nodes: &[OwnedFd]) -> Result<()> {
    let fill = || -> io::Result<()> {
        let dev = target::open(root, Path::new("/dev"), OFlags::PATH | OFlags::DIRECTORY)?;
        for ((name, ..), node) in DEVICES.iter().zip(nodes) {
            attach(node, &new_file(&dev, name)?)?;
        }
        for (name, link) in DEVICE_LINKS {
            rustix::fs::symlinkat(link, &dev, name)?;
        }
        Ok(())
    };
    fill().map_err(|error| Error::system("fill `/dev`", error))
}

fn new_file(directory: &OwnedFd, name: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
    rustix::fs::openat(directory, name, flags, Mode::from_raw_mode(0o666))
}

/// Shows the terminal as `/dev/console`. The root must have been changed already.
pub(crate) fn mount_console(terminal: &Path) -> io::Result<()> {
    let dev = rustix::fs::open(
        "/dev",
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )?;
    attach(&clone_tree(CWD, terminal, false)?, &new_file(&dev, "console")?)
}

/// Hides and write-protects paths. The root must have been changed already. Paths that are not there are
/// fine.
pub(crate) fn protect(masked: &[String], read_only: &[String]) -> Result<()> {
    let mut empty: Option<OwnedFd> = None;
    for path in masked {
        let failed = |error: io::Error| Error::system(format!("hide `{path}`"), error);
        let Some(place) = plain(path).map_err(|error| failed(error.into()))? else {
            continue;
        };
        let stat =
            rustix::fs::statat(&place, "", AtFlags::EMPTY_PATH).map_err(|error| failed(error.into()))?;
        let cover = if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
            clone_tree(CWD, "/dev/null", false)
        } else if let Some(first) = &empty {
            clone_tree(first, "", false)
        } else {
            let options = Options::of(["ro", "nosuid", "nodev", "noexec", "size=0k", "mode=555"]);
            new_file_system("tmpfs", Some("tmpfs"), &options).map_err(io::Error::from)
        }
        .map_err(failed)?;
        attach(&cover, &place).map_err(failed)?;
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory && empty.is_none() {
            empty = plain(path).map_err(|error| failed(error.into()))?;
        }
    }
    for path in read_only {
        let failed = |error: io::Error| Error::system(format!("protect `{path}`"), error);
        let Some(place) = plain(path).map_err(|error| failed(error.into()))? else {
            continue;
        };
        let tree = clone_tree(&place, "", true).map_err(failed)?;
        sys::mount_setattr(tree.as_fd(), c"", true, &attributes(&["ro"])).map_err(failed)?;
        attach(&tree, &place).map_err(failed)?;
    }
    Ok(())
}

/// Opens an absolute path without following any symbolic link; `None` where there is nothing.
fn plain(path: &str) -> Result<Option<OwnedFd>, Errno> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    match rustix::fs::openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        Ok(place) => Ok(Some(place)),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Shows the container its own cgroup. It must be in its cgroup namespace already, and its root changed.
pub(crate) fn mount_cgroup(spec: &Spec) -> Result<()> {
    for mount in spec
        .mounts()
        .iter()
        .flatten()
        .filter(|mount| mount.typ().as_deref() == Some("cgroup"))
    {
        let target = mount.destination();
        let failed =
            |error: Errno| Error::system(format!("mount `{}`", target.display()), io::Error::from(error));
        let options = Options::of(mount.options().iter().flatten().map(String::as_str));
        let cgroup = new_file_system("cgroup2", Some("cgroup"), &options).map_err(failed)?;
        let place = target.to_str().map(plain).transpose().map_err(failed)?.flatten();
        let place = place.ok_or(Errno::NOENT).map_err(failed)?;
        attach(&cgroup, &place)
            .map_err(|error| Error::system(format!("mount `{}`", target.display()), error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_sorted() {
        let options = Options::of(["rbind", "ro", "nosuid", "mode=755", "newinstance"]);
        assert_eq!(options.attributes, 3);
        assert_eq!(options.data, [("mode", Some("755")), ("newinstance", None)]);
        assert_eq!(attributes(&["nodev", "noexec"]).set, 12);
    }
}
