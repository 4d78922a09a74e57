//! The names of a layer's entries: what they mean and which are refused.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memmem, memrchr};

/// The most bytes that a path may have; Linux opens none that is longer.
const PATH_LIMIT: usize = 4096;

const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";
/// What the AUFS storage of old Docker versions left in layers; it stands for nothing.
const AUFS: &[u8] = b".wh..wh.";

/// What an entry's name says, its path normalized: relative, without empty, `.` and `..` components.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Name<'a> {
    /// The root itself.
    Root,
    /// This path.
    Path(Cow<'a, [u8]>),
    /// This path is removed from the layers below.
    Whiteout(Cow<'a, [u8]>),
    /// This directory, empty for the root, hides what the layers below have in it.
    Opaque(Cow<'a, [u8]>),
    /// Nothing.
    Ignored,
}

/// Reads the name of an entry. Leading slashes are dropped, as Docker does.
pub(crate) fn parse(raw: &[u8]) -> Result<Name<'_>, &'static str> {
    if let Some(path) = plain(raw) {
        return Ok(Name::Path(Cow::Borrowed(path)));
    }
    let path = joined(raw)?;
    let (parent, base) = split(&path);
    if path.is_empty() {
        return Ok(Name::Root);
    }
    if memmem::find(&path, WHITEOUT).is_none() {
        return Ok(Name::Path(Cow::Owned(path)));
    }
    if parent
        .split(|byte| *byte == b'/')
        .any(|component| component.starts_with(AUFS))
    {
        return Ok(Name::Ignored);
    }
    if parent
        .split(|byte| *byte == b'/')
        .any(|component| component.starts_with(WHITEOUT))
    {
        return Err("a directory cannot have the name of a whiteout");
    }
    if base == OPAQUE {
        return Ok(Name::Opaque(Cow::Owned(parent.to_owned())));
    }
    if base.starts_with(AUFS) {
        return Ok(Name::Ignored);
    }
    match base.strip_prefix(WHITEOUT) {
        None => Ok(Name::Path(Cow::Owned(path))),
        Some(b"" | b"." | b"..") => Err("a whiteout must name what it removes"),
        Some(removed) => Ok(Name::Whiteout(Cow::Owned(join(parent, removed)))),
    }
}

/// The path that `raw` is but for what stands before and behind it, if no name in it is empty or begins with a point: then
/// it is as it should be, and no whiteout. Nearly all are so.
fn plain(raw: &[u8]) -> Option<&[u8]> {
    let path = raw.strip_prefix(b".").unwrap_or(raw);
    let path = path.strip_prefix(b"/").unwrap_or(raw);
    let path = path.strip_suffix(b"/").unwrap_or(path);
    let (first, last) = (*path.first()?, *path.last()?);
    // Of two bytes beside each other. All pairs are looked at, as a processor does with many at a time.
    let is_odd = |first, second| (first == 0) | (first == b'/') & ((second == b'/') | (second == b'.'));
    let pairs = path.iter().zip(&path[1..]);
    let odd = pairs.fold(false, |odd, (first, second)| odd | is_odd(*first, *second));
    let is_plain =
        !odd && path.len() <= PATH_LIMIT && !matches!(first, b'/' | b'.') && !matches!(last, b'/' | 0);
    is_plain.then_some(path)
}

/// A path without leading slashes and empty or `.` components.
pub(crate) fn normalize(raw: &[u8]) -> Result<Cow<'_, [u8]>, &'static str> {
    match plain(raw) {
        Some(path) => Ok(Cow::Borrowed(path)),
        None => joined(raw).map(Cow::Owned),
    }
}

/// The same of a path that is not plain.
fn joined(raw: &[u8]) -> Result<Vec<u8>, &'static str> {
    if memchr(0, raw).is_some() {
        return Err("the path has a NUL");
    }
    let mut path = Vec::with_capacity(raw.len());
    let mut start = 0;
    for end in memchr_iter(b'/', raw).chain([raw.len()]) {
        match &raw[start..end] {
            b"" | b"." => {}
            b".." => return Err("the path goes upwards by `..`"),
            component => {
                if !path.is_empty() {
                    path.push(b'/');
                }
                path.extend_from_slice(component);
            }
        }
        start = end + 1;
    }
    match path.len() {
        ..=PATH_LIMIT => Ok(path),
        _ => Err("the path has more than 4096 bytes"),
    }
}

/// The directory and the name in it; no directory for a name in the root.
pub(crate) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match memrchr(b'/', path) {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (&[], path),
    }
}

/// The path of `base` in the directory `parent`, which is empty for the root.
pub(crate) fn join(parent: &[u8], base: &[u8]) -> Vec<u8> {
    match parent {
        [] => base.to_owned(),
        parent => [parent, b"/", base].concat(),
    }
}

/// The name that removes `base` from the layers below.
pub(crate) fn whiteout(base: &[u8]) -> Vec<u8> {
    [WHITEOUT, base].concat()
}

/// The name that hides what the layers below have in its directory.
pub(crate) fn opaque() -> &'static [u8] {
    OPAQUE
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_mean() {
        let path = |text: &'static str| Ok(Name::Path(text.as_bytes().into()));
        assert_eq!(parse(b"./etc//x/"), path("etc/x"));
        assert_eq!(parse(b"///etc/x"), path("etc/x"));
        assert_eq!(parse(b"./"), Ok(Name::Root));
        assert_eq!(parse(b"a/.wh.b"), Ok(Name::Whiteout(b"a/b".as_slice().into())));
        assert_eq!(parse(b".wh.b"), Ok(Name::Whiteout(b"b".as_slice().into())));
        assert_eq!(parse(b"a/.wh..wh..opq"), Ok(Name::Opaque(b"a".as_slice().into())));
        assert_eq!(parse(b".wh..wh..opq"), Ok(Name::Opaque(b"".as_slice().into())));
        assert_eq!(parse(b".wh..wh.plnk/1.2"), Ok(Name::Ignored));
        assert_eq!(parse(b".wh..wh.aufs"), Ok(Name::Ignored));
        assert_eq!(parse(b"a.wh.b"), path("a.wh.b"));
        assert_eq!(parse(b"..a/b.."), path("..a/b.."));
    }

    #[test]
    fn hostile_names_are_refused() {
        for raw in [
            &b"../x"[..],
            b"a/../../x",
            b"/..",
            b"a/..",
            b".wh...",
            b".wh..",
            b".wh.",
            b"a/.wh.../",
            b".wh.a/b",
        ] {
            assert!(
                parse(raw).is_err(),
                "{:?} was accepted",
                String::from_utf8_lossy(raw)
            );
        }
        assert!(parse(&[b'a'; 5000]).is_err());
    }

    proptest! {
        #[test]
        fn a_plain_name_is_read_as_any_other(raw in "(a|b|\\.wh|[.]{1,2}|/|\0|~|-){0,9}") {
            let raw = raw.as_bytes();
            let expected = joined(raw);
            if let Some(path) = plain(raw) {
                prop_assert_eq!(expected.as_deref(), Ok(path));
                prop_assert!(!path.is_empty() && !path.windows(4).any(|part| part == b"/.wh"));
            }
            prop_assert_eq!(normalize(raw).map(Cow::into_owned), expected);
        }

        #[test]
        fn what_is_accepted_stays_inside(raw in "(\\.wh\\.|\\.wh\\.\\.wh\\.|\\.\\.|\\.|/|a|b){0,8}") {
            if let Ok(Name::Path(path) | Name::Whiteout(path)) = parse(raw.as_bytes()) {
                prop_assert!(!path.is_empty());
                let inside = path.split(|byte| *byte == b'/').all(|component| !matches!(component, b"" | b"." | b".."));
                prop_assert!(inside);
            }
        }
    }
}
