//! Space put by for removing things from a full file system: a shorter index and a place for what is on its way out need
//! some before they free any.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::layout::Layout;
use super::lock::is_full;
use crate::{Error, Result};

/// More than an index of a thousand images has.
const SIZE: usize = 512 << 10;

/// Puts the space by, where that was not done. There may be none to be had, or no right to write.
pub(super) fn keep(layout: &Layout) {
    let path = layout.reserve();
    if path.is_file() {
        return;
    }
    if let Ok(file) = File::create_new(&path)
        && allocate(&file).is_err()
    {
        fs::remove_file(&path).ok();
    }
}

#[cfg(target_os = "linux")]
fn allocate(file: &File) -> io::Result<()> {
    let flags = rustix::fs::FallocateFlags::empty();
    match rustix::fs::fallocate(file, flags, 0, SIZE as u64) {
        Err(rustix::io::Errno::NOTSUP | rustix::io::Errno::NOSYS) => write(file),
        other => Ok(other?),
    }
}

#[cfg(not(target_os = "linux"))]
fn allocate(file: &File) -> io::Result<()> {
    write(file)
}

fn write(mut file: &File) -> io::Result<()> {
    file.write_all(&vec![0; SIZE])
}

/// Does what frees space in the end, and once more with the space that was put by if there is none for it. What can be
/// made again goes next: the analyses of layers.
pub(super) fn with_reserve<T>(layout: &Layout, mut work: impl FnMut() -> Result<T>) -> Result<T> {
    let is_out_of_space = |result: &Result<T>| match result {
        Err(Error::Io { source, .. } | Error::Write(source)) => is_full(source),
        _ => false,
    };
    let mut result = work();
    if is_out_of_space(&result) && fs::remove_file(layout.reserve()).is_ok() {
        result = work();
    }
    if is_out_of_space(&result) && remove_files(&layout.root.join("analyses")).is_ok_and(|count| count > 0) {
        result = work();
    }
    result
}

fn remove_files(directory: &Path) -> io::Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(directory)? {
        count += usize::from(fs::remove_file(entry?.path()).is_ok());
    }
    Ok(count)
}
