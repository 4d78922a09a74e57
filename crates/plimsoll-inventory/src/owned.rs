//! The files that the distribution's packages own, after the lists in one layer.

use std::hash::BuildHasher;
use std::sync::LazyLock;

use foldhash::HashSet;
use foldhash::quality::RandomState;

/// Paths without a leading slash, by their hashes: a layer may have some hundred thousand.
#[derive(Debug, Default)]
pub(crate) struct Owned(HashSet<u64>);

impl Owned {
    pub(crate) fn add(&mut self, path: &[u8]) {
        let path = path.strip_prefix(b"/").unwrap_or(path);
        if path.is_empty() || path == b"." {
            return;
        }
        self.0.insert(hash(path));
        for path in merged(path) {
            self.0.insert(hash(&path));
        }
    }

    /// Adds what other lists said.
    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn contains(&self, path: &str) -> bool {
        self.0.contains(&hash(path.as_bytes()))
    }
}

/// Where the file at `path` is, too, in a system that has merged directories: where `/lib` leads to `/usr/lib` and
/// `/usr/sbin` to `/usr/bin`, packages may still speak of the former.
pub(crate) fn merged(path: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let slash = path.iter().position(|byte| *byte == b'/');
    let directory = slash.map_or(&[][..], |slash| &path[..slash]);
    let is_link = matches!(directory, b"bin" | b"sbin" | b"lib" | b"lib32" | b"lib64");
    let below_usr = is_link.then(|| [b"usr/", path].concat());
    let program = path.strip_prefix(b"usr/").unwrap_or(path).strip_prefix(b"sbin/");
    let in_bin = program.map(|name| [b"usr/bin/", name].concat());
    below_usr.into_iter().chain(in_bin)
}

/// Nobody outside can make two paths that have the same: it is another one in each process.
fn hash(path: &[u8]) -> u64 {
    static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::default);
    STATE.hash_one(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_known_in_every_form() {
        let mut owned = Owned::default();
        for path in [
            b"/.".as_slice(),
            b"/usr/share/x",
            b"/lib/y",
            b"etc/z",
            b"",
            b"/usr/sbin/nginx",
        ] {
            owned.add(path);
        }
        for path in ["usr/share/x", "lib/y", "usr/lib/y", "etc/z", "usr/bin/nginx"] {
            assert!(owned.contains(path), "{path}");
        }
        assert!(!owned.contains("usr/share") && !owned.contains(""));
    }
}
