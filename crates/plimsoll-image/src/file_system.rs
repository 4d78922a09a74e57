//! What a file is on.

use std::fs::File;

/// The magic numbers of file systems that only this kernel writes to, and whose times it keeps itself: ext, XFS, Btrfs,
/// tmpfs, overlay, ZFS, F2FS, bcachefs. With others, such as those of a network, somebody else does.
const LOCAL: [u32; 8] = [
    0xef53,
    0x5846_5342,
    0x9123_683e,
    0x0102_1994,
    0x794c_7630,
    0x2fc1_2fc1,
    0xf2f5_2010,
    0xca45_1a4e,
];

/// Whether nobody but this kernel writes to the file system of `file`.
pub(crate) fn is_local(file: &File) -> bool {
    rustix::fs::fstatfs(file)
        .ok()
        .and_then(|file_system| u32::try_from(file_system.f_type).ok())
        .is_some_and(|magic| LOCAL.contains(&magic))
}
