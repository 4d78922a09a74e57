//! Making room for entries: their parents, and what stands in their place.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawMode, mkdirat, openat, statat, unlinkat};
use rustix::io::Errno;

use super::{Directory, Failure, Unpacker, is_directory};
use crate::layer::name::split;
use crate::layer::whiteout;

impl Unpacker<'_> {
    /// What this layer itself puts at the path stays: a whiteout is about the layers below.
    pub(super) fn whiteout(&mut self, path: &[u8]) -> Result<(), Failure> {
        let (parent, base) = split(path);
        self.ensure_directory(parent)?;
        let (directory, _) = self.tree.parent(path)?;
        match statat(directory, base, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => Ok(whiteout::make(directory, base)?),
            Err(error) => Err(error.into()),
            Ok(stat) if is_directory(stat.st_mode as RawMode) => self.set_opaque(path),
            Ok(_) => Ok(()),
        }
    }

    pub(super) fn set_opaque(&mut self, path: &[u8]) -> Result<(), Failure> {
        let directory = self.open_directory(path)?;
        Ok(whiteout::set_opaque(directory.as_fd())?)
    }

    /// Opens a directory that is there, to change its attributes.
    pub(super) fn open_directory(&mut self, path: &[u8]) -> Result<File, Failure> {
        let directory = self.tree.directory(path).map_err(|failed| failed.error)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(openat(directory, ".", flags, Mode::empty())?))
    }

    /// Makes the directories of `path` that are not there yet.
    pub(super) fn ensure_directory(&mut self, path: &[u8]) -> Result<(), Failure> {
        let Err(failed) = self.tree.directory(path) else {
            return Ok(());
        };
        // From the first that could not be opened on, each is made below the one before.
        let ends = (failed.length..=path.len()).filter(|end| path.get(*end).is_none_or(|byte| *byte == b'/'));
        for end in ends {
            self.make_directory(&path[..end], true)?;
        }
        Ok(())
    }

    /// Makes one directory, whose parent is there, unless it is there already. For a parent that is only `implied` by
    /// an entry below it, other files do not give way.
    pub(super) fn make_directory(&mut self, path: &[u8], implied: bool) -> Result<(), Failure> {
        let (directory, base) = self.tree.parent(path)?;
        let mut replaces_whiteout = false;
        match mkdirat(directory, base, Mode::from(0o700)) {
            Ok(()) => {}
            Err(Errno::EXIST) => {
                let stat = statat(directory, base, AtFlags::SYMLINK_NOFOLLOW)?;
                if is_directory(stat.st_mode as RawMode) {
                    return Ok(());
                }
                replaces_whiteout = whiteout::is_whiteout(&stat);
                if implied && !replaces_whiteout {
                    return Err(Failure::Refused(format!(
                        "its parent `{}` is no directory{}",
                        String::from_utf8_lossy(path),
                        match FileType::from_raw_mode(stat.st_mode as RawMode) {
                            FileType::Symlink => " but a symbolic link",
                            _ => "",
                        }
                    )));
                }
                self.displace(path)?;
                let (directory, base) = self.tree.parent(path)?;
                mkdirat(directory, base, Mode::from(0o700))?;
            }
            Err(error) => return Err(error.into()),
        }
        if implied {
            let made = Directory {
                explicit: false,
                mode: 0o755,
                mtime: 0,
            };
            self.directories.insert(path.to_owned(), made);
        }
        match replaces_whiteout {
            true => self.set_opaque(path),
            false => Ok(()),
        }
    }

    /// Creates a file that is no directory at `path`; what stands there gives way.
    pub(super) fn create<T>(
        &mut self,
        path: &[u8],
        make: impl Fn(BorrowedFd<'_>, &[u8]) -> io::Result<T>,
    ) -> Result<T, Failure> {
        self.ensure_directory(split(path).0)?;
        let (directory, base) = self.tree.parent(path)?;
        match make(directory, base) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.displace(path)?;
                let (directory, base) = self.tree.parent(path)?;
                Ok(make(directory, base)?)
            }
            other => Ok(other?),
        }
    }

    /// Takes away what stands at `path`. Content that the recipe refers to is kept beside the tree.
    pub(super) fn displace(&mut self, path: &[u8]) -> Result<(), Failure> {
        let (directory, base) = self.tree.parent(path)?;
        let stat = statat(directory, base, AtFlags::SYMLINK_NOFOLLOW)?;
        if !is_directory(stat.st_mode as RawMode) {
            return self.displace_file(path);
        }
        let below = |known: &[u8]| known.starts_with(path) && known.get(path.len()) == Some(&b'/');
        let files: Vec<Vec<u8>> = self
            .payloads
            .range(path.to_owned()..)
            .map(|(file, _)| file)
            .skip_while(|file| !below(file))
            .take_while(|file| file.starts_with(path))
            .filter(|file| below(file))
            .cloned()
            .collect();
        for file in files {
            self.displace_file(&file)?;
        }
        self.directories.retain(|known, _| known != path && !below(known));
        self.tree.forget();
        let path = self.destination.tree.join(std::ffi::OsStr::from_bytes(path));
        Ok(fs::remove_dir_all(path)?)
    }

    pub(super) fn displace_file(&mut self, path: &[u8]) -> Result<(), Failure> {
        let payload = self.payloads.remove(path);
        let (directory, base) = self.tree.parent(path)?;
        let Some(number) = payload else {
            return Ok(unlinkat(directory, base, AtFlags::empty())?);
        };
        let stat = statat(directory, base, AtFlags::SYMLINK_NOFOLLOW)?;
        if stat.st_nlink == 1 {
            self.size -= u64::try_from(stat.st_size).unwrap_or(0).min(self.size);
        }
        let replaced = &self.destination.replaced;
        match fs::create_dir(replaced) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error.into()),
            _ => {}
        }
        let kept = replaced.join(number.to_string());
        Ok(rustix::fs::renameat(directory, base, rustix::fs::CWD, &kept)?)
    }
}
