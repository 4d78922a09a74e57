use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use plimsoll_dockerfile::GoPattern;
use plimsoll_dockerfile::glob::contains_wildcards;

use super::chown::Owner;
use crate::context::hash::hash_files;
use crate::context::stat_cache::StatCache;
use crate::context::walk::{Entry, Everything, Filter, Kind, join, walk};
use crate::error::{IoContext, Problem};
use crate::rooted::{Rooted, is_dir, is_symlink};

/// Where files are copied from: the context, or the root of a stage or image.
pub(crate) struct SourceTree<'a> {
    pub(crate) root: Rooted,
    /// Its name for people: `the build context`.
    pub(crate) place: String,
    /// What counts as not being there.
    pub(crate) filter: &'a dyn Filter,
    /// Whom the files belong to, whatever the file system says.
    pub(crate) owner: Option<Owner>,
    /// Digests of its files known from earlier.
    pub(crate) cache: Option<&'a StatCache>,
}

/// One file or directory that is copied, with all that is in it.
#[derive(Debug)]
pub(crate) struct Source {
    /// What it is called in a directory that it is copied to.
    pub(crate) name: OsString,
    /// Its path below the root of the tree, without symbolic links.
    pub(crate) top: PathBuf,
    /// Itself, with an empty path, and then what is in it; the digests of files are set.
    pub(crate) entries: Vec<Entry>,
}

impl Source {
    pub(crate) fn is_dir(&self) -> bool {
        self.entries
            .first()
            .is_some_and(|entry| entry.kind == Kind::Directory)
    }

    /// The source less what `--exclude` names.
    pub(crate) fn without(mut self, exclude: Exclude<'_>) -> Self {
        leave_out(&mut self.entries, exclude);
        self
    }

    pub(crate) fn is_file(&self) -> bool {
        matches!(self.entries.as_slice(), [entry] if matches!(entry.kind, Kind::File(_)))
    }
}

/// What is left out of a copy besides: `--exclude`, matched against paths in the source.
pub(crate) type Exclude<'a> = &'a dyn Fn(&Path) -> bool;

/// What `pattern` means in `tree`. A symbolic link that is named itself is followed, those in a directory are not.
/// A pattern with wildcards may fit nothing; one without must be there.
pub(crate) fn find(
    tree: &SourceTree<'_>,
    pattern: &str,
    exclude: Exclude<'_>,
) -> Result<Vec<Source>, Problem> {
    let components = clean(pattern);
    let wild = components.iter().position(|part| contains_wildcards(part));
    let Some(wild) = wild else {
        return match load(tree, &components.iter().collect::<PathBuf>(), exclude)? {
            Some(source) => Ok(vec![source]),
            None => Err(missing(tree, pattern, &components)),
        };
    };
    let prefix: PathBuf = components[..wild].iter().collect();
    let mut sources = Vec::new();
    for part in &components[wild..] {
        GoPattern::parse(part)?;
    }
    // A pattern may fit nothing, but the directory that it is looked for in must be there.
    if tree
        .root
        .stat(&resolve(tree, &prefix)?)
        .doing("cannot read", &prefix)?
        .is_none()
    {
        return Err(missing(tree, &prefix.to_string_lossy(), &components[..wild]));
    }
    for path in expand(tree, &prefix, &components[wild..], false)? {
        if exclude(Path::new(path.file_name().unwrap_or_default())) {
            continue;
        }
        match load(tree, &path, exclude)? {
            Some(source) => sources.push(source),
            // Left out by an ignore file, or a link to nothing, which is an error as where it is named itself.
            None if tree.filter.excludes(&path) || dangling(tree, &path).is_none() => {}
            None => {
                return Err(missing(
                    tree,
                    &path.to_string_lossy(),
                    &clean(&path.to_string_lossy()),
                ));
            }
        }
    }
    Ok(sources)
}

/// The file or directory at `path`, in which nothing counts as a wildcard.
pub(crate) fn find_literal(tree: &SourceTree<'_>, path: &str) -> Result<Source, Problem> {
    let components = clean(path);
    match load(tree, &components.iter().collect::<PathBuf>(), &|_| false)? {
        Some(source) => Ok(source),
        None => Err(missing(tree, path, &components)),
    }
}

/// What `pattern` means for `COPY --parents`: one source, the directory before `/./` in the pattern or the root,
/// in which stands nothing but what the rest of the pattern fits, and the directories on the way to it.
pub(crate) fn find_with_parents(
    tree: &SourceTree<'_>,
    pattern: &str,
    exclude: Exclude<'_>,
) -> Result<Option<Source>, Problem> {
    let (pivot, rest) = pattern.split_once("/./").unwrap_or(("", pattern));
    let components = clean(rest);
    let pivot = resolve(tree, &clean(pivot).iter().collect::<PathBuf>())?;
    let found = expand(tree, &pivot, &components, true)?;
    let is_wild = components.iter().any(|part| contains_wildcards(part));
    if found.is_empty() && !is_wild {
        return Err(missing(tree, pattern, &clean(pattern)));
    }
    let below: Vec<&Path> = found
        .iter()
        .filter_map(|path| path.strip_prefix(&pivot).ok())
        .collect();
    let wanted = Wanted {
        inner: tree.filter,
        pivot: &pivot,
        below: &below,
    };
    let mut entries = walk(tree.root.path(), &pivot, &wanted)?;
    leave_out(&mut entries, exclude);
    if entries.is_empty() {
        return Ok(None);
    }
    finish(tree, &pivot, &mut entries)?;
    Ok(Some(Source {
        name: OsString::new(),
        top: pivot,
        entries,
    }))
}

/// Leaves out what is neither one of the wanted paths, below one, nor on the way to one.
struct Wanted<'a> {
    inner: &'a dyn Filter,
    pivot: &'a Path,
    below: &'a [&'a Path],
}

impl Filter for Wanted<'_> {
    fn excludes(&self, path: &Path) -> bool {
        let rel = path.strip_prefix(self.pivot).unwrap_or(path);
        !self.below.iter().any(|wanted| rel.starts_with(wanted)) || self.inner.excludes(path)
    }

    fn excludes_all_below(&self, path: &Path) -> bool {
        let rel = path.strip_prefix(self.pivot).unwrap_or(path);
        let related = |wanted: &&Path| rel.starts_with(wanted) || wanted.starts_with(rel);
        if !self.below.iter().any(related) {
            return true;
        }
        self.inner.excludes(path) && self.inner.excludes_all_below(path)
    }
}

/// Reads one file or directory; `None` if it is not there or left out.
fn load(tree: &SourceTree<'_>, path: &Path, exclude: Exclude<'_>) -> Result<Option<Source>, Problem> {
    let itself = tree.root.resolve_parent(path).doing("cannot read", path)?;
    let Some(stat) = tree.root.stat(&itself).doing("cannot read", path)? else {
        return Ok(None);
    };
    if is_symlink(&stat) && tree.filter.excludes(&itself) {
        return Ok(None);
    }
    let top = resolve(tree, path)?;
    if tree.root.stat(&top).doing("cannot read", path)?.is_none() {
        return Ok(None);
    }
    let mut entries = walk(tree.root.path(), &top, tree.filter)?;
    leave_out(&mut entries, exclude);
    if entries.is_empty() {
        return Ok(None);
    }
    finish(tree, &top, &mut entries)?;
    Ok(Some(Source {
        name: path.file_name().unwrap_or_default().to_owned(),
        top,
        entries,
    }))
}

/// Takes out the entries that `--exclude` names, and what is in them.
fn leave_out(entries: &mut Vec<Entry>, exclude: Exclude<'_>) {
    entries.retain(|entry| entry.path.as_os_str().is_empty() || !exclude(&entry.path));
}

fn finish(tree: &SourceTree<'_>, top: &Path, entries: &mut [Entry]) -> Result<(), Problem> {
    if let Some(owner) = tree.owner {
        for entry in entries.iter_mut() {
            entry.metadata.uid = owner.uid;
            entry.metadata.gid = owner.gid;
            // A change of the owner takes file capabilities away.
            entry.xattrs.retain(|(name, _)| name != b"security.capability");
        }
    }
    hash_files(&tree.root, top, entries, tree.cache)
}

fn resolve(tree: &SourceTree<'_>, path: &Path) -> Result<PathBuf, Problem> {
    tree.root.resolve(path).doing("cannot read", path)
}

/// The paths below the directory `prefix` that fit `components`, in the order of their names. Symbolic links in
/// the place of directories are not followed. With `deep`, `**` stands for any number of directories.
fn expand(
    tree: &SourceTree<'_>,
    prefix: &Path,
    components: &[&str],
    deep: bool,
) -> Result<Vec<PathBuf>, Problem> {
    let mut found = vec![resolve(tree, prefix)?];
    for (index, component) in components.iter().enumerate() {
        let is_last = index + 1 == components.len();
        // As in Go, a pattern that is malformed fits nothing.
        let pattern = GoPattern::parse(component).ok();
        let fits = |name: &OsStr| {
            pattern
                .as_ref()
                .is_some_and(|pattern| pattern.matches(&name.to_string_lossy()))
        };
        let mut next = Vec::new();
        for directory in &found {
            if deep && *component == "**" {
                every_directory(tree, directory, is_last, &mut next)?;
                continue;
            }
            for name in names(tree, directory)? {
                let path = join(directory, Path::new(&name));
                if fits(&name) && (is_last || is_directory(tree, &path)?) {
                    next.push(path);
                }
            }
        }
        found = next;
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn every_directory(
    tree: &SourceTree<'_>,
    directory: &Path,
    files_too: bool,
    found: &mut Vec<PathBuf>,
) -> Result<(), Problem> {
    let entries = walk(tree.root.path(), directory, &Everything)?;
    let wanted = entries
        .iter()
        .filter(|entry| files_too || entry.kind == Kind::Directory);
    found.extend(wanted.map(|entry| join(directory, &entry.path)));
    Ok(())
}

fn is_directory(tree: &SourceTree<'_>, path: &Path) -> Result<bool, Problem> {
    let stat = tree.root.stat(path).doing("cannot read", path)?;
    Ok(stat.is_some_and(|stat| is_dir(&stat)))
}

/// The sorted names in a directory; none if it is not one.
fn names(tree: &SourceTree<'_>, directory: &Path) -> Result<Vec<OsString>, Problem> {
    if !is_directory(tree, directory)? {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(join(tree.root.path(), directory)).doing("cannot list", directory)? {
        names.push(entry.doing("cannot list", directory)?.file_name());
    }
    names.sort_unstable();
    Ok(names)
}

/// The parts of a path taken from the root, with `.` and `..` worked out as text.
fn clean(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts
}

fn missing(tree: &SourceTree<'_>, pattern: &str, components: &[&str]) -> Problem {
    let path: PathBuf = components.iter().collect();
    if let Some(link) = dangling(tree, &path) {
        let message = format!(
            "`{pattern}` is a symbolic link to `{}`, which is not in {}",
            link.display(),
            tree.place
        );
        return Problem::invalid_with(
            message,
            "a link is followed inside of it only; copy the file itself there, or build from a folder that holds both",
        );
    }
    let there = tree
        .root
        .resolve(&path)
        .and_then(|found| tree.root.stat(&found))
        .is_ok_and(|stat| stat.is_some());
    Problem::MissingSource {
        path: pattern.to_owned(),
        place: tree.place.clone(),
        suggestion: if there { None } else { suggest(tree, &path) },
        ignored: there,
    }
}

/// Where a symbolic link leads, if `path` is one that leads to nothing in the tree.
fn dangling(tree: &SourceTree<'_>, path: &Path) -> Option<PathBuf> {
    let itself = tree.root.resolve_parent(path).ok()?;
    let is_link = tree
        .root
        .stat(&itself)
        .ok()?
        .is_some_and(|stat| is_symlink(&stat));
    let gone = match tree.root.resolve(path) {
        Ok(found) => tree.root.stat(&found).ok()?.is_none(),
        Err(_) => false,
    };
    (is_link && gone)
        .then(|| tree.root.read_link(&itself).ok())
        .flatten()
}

/// The name in the same directory that is most like the one that is missing.
fn suggest(tree: &SourceTree<'_>, path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let parent = path.parent()?;
    let directory = tree.root.resolve(parent).ok()?;
    let names = names(tree, &directory).ok()?;
    let usable = |name: &&OsStr| !tree.filter.excludes(&join(&directory, Path::new(name)));
    let near = names
        .iter()
        .map(OsString::as_os_str)
        .filter(usable)
        .filter_map(OsStr::to_str)
        .map(|name| (strsim::jaro_winkler(wanted, name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(join(parent, Path::new(near.1)).display().to_string())
}
