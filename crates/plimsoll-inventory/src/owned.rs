//! The files that the distribution's packages own, after the lists in one layer.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

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
        // Where `/lib` leads to `/usr/lib`, packages may still speak of `/lib`.
        let merged = [b"bin/".as_slice(), b"sbin/", b"lib/", b"lib32/", b"lib64/"];
        if merged.iter().any(|directory| path.starts_with(directory)) {
            self.0.insert(hash(&[b"usr/", path].concat()));
        }
    }

    pub(crate) fn contains(&self, path: &str) -> bool {
        self.0.contains(&hash(path.as_bytes()))
    }
}

fn hash(path: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_known_in_every_form() {
        let mut owned = Owned::default();
        for path in [b"/.".as_slice(), b"/usr/share/x", b"/lib/y", b"etc/z", b""] {
            owned.add(path);
        }
        for path in ["usr/share/x", "lib/y", "usr/lib/y", "etc/z"] {
            assert!(owned.contains(path), "{path}");
        }
        assert!(!owned.contains("usr/share") && !owned.contains(""));
    }
}
