//! The parts of paths.

/// The directory and the name in it; no directory for a name in the root.
pub(crate) fn split(path: &str) -> (&str, &str) {
    match memchr::memrchr(b'/', path.as_bytes()) {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => ("", path),
    }
}

/// The name of the file, or of the directory.
pub(crate) fn name(path: &str) -> &str {
    split(path).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_paths() {
        for (path, parts) in [
            ("usr/lib/a.so.1", ("usr/lib", "a.so.1")),
            ("é/ü", ("é", "ü")),
            ("a/", ("a", "")),
            ("a", ("", "a")),
            ("", ("", "")),
        ] {
            assert_eq!((split(path), name(path)), (parts, parts.1), "{path}");
        }
    }
}
