//! Shows a file's bytes where they are in the page cache, so that nobody has to copy them.
//!
//! Whoever uses the bytes of a mapped file is killed (`SIGBUS`) when the file becomes shorter meanwhile, or when the disk
//! fails. Here neither can be:
//!
//! - A read lease (`fcntl(2)`, `F_SETLEASE`) is taken first. There is none for a file that is open for writing, and from then
//!   on the kernel lets everybody wait who would write to the file or truncate it, for `/proc/sys/fs/lease-break-time`
//!   seconds at most, which are 45. A window is in use for some milliseconds, and none is opened any more as soon as somebody
//!   waits.
//! - A window shows only what is in memory already (`cachestat`, Linux 6.5). Everything else has to be read, which has an
//!   error for what cannot be.

use std::fs::File;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;

use libc::{c_int, c_long, c_uint};
use memmap2::{Mmap, MmapOptions};
use rustix::param::page_size;

use crate::file_system;

/// How much is mapped at a time: a huge page, at whose multiples windows begin.
const WINDOW: u64 = 2 << 20;

/// `F_SETSIG` of `fcntl(2)`: which signal tells that a lease is to be broken.
const F_SETSIG: c_int = 10;

/// The number of the system call, which is the same on all processors.
const SYS_CACHESTAT: c_long = 451;

/// A file to which nobody writes without waiting.
#[derive(Debug)]
pub(crate) struct Leased {
    file: File,
    length: u64,
}

/// A part of a file that is mapped.
struct Window {
    map: Mmap,
    start: u64,
}

/// Shows a file from somewhere on, a window after the other.
pub(crate) struct View {
    leased: Option<Arc<Leased>>,
    window: Option<Window>,
    /// Where the next window begins that may be opened: one that could not be has to be read.
    refused: u64,
}

impl Leased {
    /// Takes a lease of `file`, where one can be had: not where it is written to, belongs to another user, or is on a
    /// file system where others than this kernel may write to it.
    pub(crate) fn take(file: &File) -> Option<Self> {
        if !file_system::is_local(file) {
            return None;
        }
        // A description of its own, so that the lease ends with this, and not with the last copy of `file`.
        let file = File::open(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()?;
        // Nothing is done about the signal, and the usual one would be the end of the process.
        fcntl(&file, F_SETSIG, libc::SIGURG)?;
        fcntl(&file, libc::F_SETLEASE, libc::F_RDLCK)?;
        let length = file.metadata().ok()?.len();
        Some(Self { file, length })
    }

    /// The window around `position`. `None` when somebody waits for the lease to be given back, behind the end of the
    /// file, and for what is not in memory.
    fn window(&self, position: u64) -> Option<Window> {
        if position >= self.length || fcntl(&self.file, libc::F_GETLEASE, 0)? != libc::F_RDLCK {
            return None;
        }
        let start = position - position % WINDOW;
        // Behind the end of the file, the rest of its last page would be zeros.
        let length = WINDOW.min(self.length - start);
        if !self.is_in_memory(start, length)? {
            return None;
        }
        let mut options = MmapOptions::new();
        options.offset(start).len(usize::try_from(length).ok()?);
        // SAFETY: the bytes stay as they are, and there, while the lease holds, and it does for long enough (above).
        #[allow(unsafe_code)]
        let map = unsafe { options.map(&self.file) }.ok()?;
        Some(Window { map, start })
    }

    fn is_in_memory(&self, start: u64, length: u64) -> Option<bool> {
        /// `struct cachestat_range` of `linux/mman.h`.
        #[repr(C)]
        struct Range {
            offset: u64,
            length: u64,
        }
        /// `struct cachestat` of `linux/mman.h`.
        #[repr(C)]
        #[derive(Default)]
        struct Statistics {
            cached: u64,
            dirty: u64,
            written_back: u64,
            evicted: u64,
            recently_evicted: u64,
        }
        let range = Range {
            offset: start,
            length,
        };
        let mut statistics = Statistics::default();
        let flags: c_uint = 0;
        // SAFETY: both structures are those of the call, and live while it lasts.
        #[allow(unsafe_code)]
        let result = unsafe {
            libc::syscall(
                SYS_CACHESTAT,
                self.file.as_raw_fd(),
                &raw const range,
                &raw mut statistics,
                flags,
            )
        };
        (result == 0).then(|| statistics.cached >= length.div_ceil(page_size() as u64))
    }
}

impl View {
    /// Shows nothing without a lease.
    pub(crate) fn new(leased: Option<Arc<Leased>>) -> Self {
        Self {
            leased,
            window: None,
            refused: 0,
        }
    }

    /// Some of the bytes from `position` on, none of them from `end` on. `None` where there are none, and where they have
    /// to be read.
    pub(crate) fn bytes(&mut self, position: u64, end: u64) -> Option<&[u8]> {
        let leased = self.leased.as_ref()?;
        let is_open = |window: &Window| window.bytes(position).is_some();
        if !self.window.as_ref().is_some_and(is_open) {
            if position < self.refused {
                return None;
            }
            self.window = leased.window(position);
            if self.window.is_none() {
                self.refused = (position - position % WINDOW).saturating_add(WINDOW);
            }
        }
        let bytes = self.window.as_ref()?.bytes(position)?;
        let left = usize::try_from(end.saturating_sub(position)).unwrap_or(usize::MAX);
        Some(&bytes[..left.min(bytes.len())]).filter(|bytes| !bytes.is_empty())
    }

    /// Closes the window, which is opened again when it is wanted.
    pub(crate) fn close(&mut self) {
        self.window = None;
    }
}

impl Window {
    /// The bytes from `position` on.
    fn bytes(&self, position: u64) -> Option<&[u8]> {
        let start = usize::try_from(position.checked_sub(self.start)?).ok()?;
        self.map.get(start..).filter(|bytes| !bytes.is_empty())
    }
}

fn fcntl(file: &File, command: c_int, argument: c_int) -> Option<c_int> {
    let file: RawFd = file.as_raw_fd();
    // SAFETY: these commands take a number, and touch no memory of the process.
    #[allow(unsafe_code)]
    let result = unsafe { libc::fcntl(file, command, argument) };
    (result != -1).then_some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::fs::OpenOptions;
    use std::io;
    use std::os::unix::fs::OpenOptionsExt;

    use tempfile::TempPath;

    /// A file that nobody writes to, and a view of it.
    fn shown(bytes: &[u8]) -> Option<(TempPath, View)> {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&path, bytes).unwrap();
        let leased = Leased::take(&File::open(&path).unwrap());
        if leased.as_ref().is_none_or(|leased| leased.window(0).is_none()) {
            eprintln!("skipped: files in {} cannot be shown here", path.display());
            return None;
        }
        Some((path, View::new(leased.map(Arc::new))))
    }

    fn writer(path: &TempPath) -> io::Result<File> {
        let flags = libc::O_NONBLOCK;
        OpenOptions::new().write(true).custom_flags(flags).open(path)
    }

    #[test]
    fn the_bytes_of_the_file_are_shown_up_to_the_end_of_each_window() {
        let window = WINDOW as usize;
        let bytes: Vec<u8> = (0..window * 2 + 5).map(|at| (at / 7 % 251) as u8).collect();
        let Some((_path, mut view)) = shown(&bytes) else {
            return;
        };
        let length = bytes.len() as u64;
        for (position, end) in [
            (0, window),
            (window - 1, window),
            (window, 2 * window),
            (1, window),
            (2 * window, 2 * window + 5),
            (2 * window + 4, 2 * window + 5),
        ] {
            assert_eq!(
                view.bytes(position as u64, length),
                Some(&bytes[position..end]),
                "{position}"
            );
            view.close();
            assert_eq!(
                view.bytes(position as u64, position as u64 + 1),
                Some(&bytes[position..=position])
            );
        }
        for position in [0, length] {
            assert_eq!(view.bytes(position, position), None);
        }
    }

    #[test]
    fn behind_the_end_of_a_file_there_is_nothing() {
        let Some((_path, mut view)) = shown(b"short") else {
            return;
        };
        assert_eq!(view.bytes(3, WINDOW), Some(&b"rt"[..]));
        assert_eq!(view.bytes(5, WINDOW), None);
        assert_eq!(view.bytes(WINDOW, 2 * WINDOW), None);
        assert_eq!(view.bytes(u64::MAX - 1, u64::MAX), None);
    }

    #[test]
    fn whoever_would_write_waits_and_no_window_is_opened_meanwhile() {
        let Some((path, mut view)) = shown(b"as it was") else {
            return;
        };
        assert!(view.bytes(0, 9).is_some());
        assert_eq!(writer(&path).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert!(view.bytes(0, 9).is_some(), "it is open");
        view.close();
        assert_eq!(view.bytes(0, 9), None);
        drop(view);
        assert!(writer(&path).is_ok());
    }

    #[test]
    fn there_is_no_lease_of_what_is_written_to() {
        let Some((path, view)) = shown(b"as it was") else {
            return;
        };
        drop(view);
        let writer = writer(&path).unwrap();
        assert!(Leased::take(&File::open(&path).unwrap()).is_none());
        drop(writer);
        assert!(Leased::take(&File::open(&path).unwrap()).is_some());
    }
}
