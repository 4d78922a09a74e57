//! `.dockerignore`: which paths of a context are left out.
//!
//! The rules are those of Docker (`moby/patternmatcher`): one pattern a line, `#` starts a comment line, `!`
//! takes paths back in, the last pattern that matches decides, and what matches a directory holds for
//! everything in it. `*` and `?` do not match a slash, `**` does.

mod pattern;

use pattern::Pattern;

use crate::error::{Error, Result};

/// The patterns of a `.dockerignore` file.
#[derive(Debug, Clone, Default)]
pub struct DockerIgnore {
    patterns: Vec<Pattern>,
}

/// Which patterns match a directory, or a directory above it; see [`DockerIgnore::check`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParentMatches(Vec<bool>);

impl DockerIgnore {
    /// Reads the text of a `.dockerignore` file.
    ///
    /// # Errors
    /// [`Error::BadIgnorePattern`] for a lone `!` and for patterns that Go's `filepath.Match` refuses.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut patterns = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let trimmed = line.trim();
            if line.starts_with('#') || trimmed.is_empty() {
                continue;
            }
            let bad = || Error::BadIgnorePattern {
                line: index + 1,
                pattern: trimmed.to_owned(),
            };
            patterns.push(Pattern::parse(trimmed).ok_or_else(bad)?);
        }
        Ok(Self { patterns })
    }

    /// Patterns given one by one, such as those of `COPY --exclude`.
    ///
    /// # Errors
    /// [`Error::BadPattern`] as for [`DockerIgnore::parse`].
    pub fn from_patterns<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Result<Self> {
        let patterns = patterns
            .into_iter()
            .map(str::trim)
            .filter(|pattern| !pattern.is_empty());
        let parsed =
            patterns.map(|text| Pattern::parse(text).ok_or_else(|| Error::BadPattern(text.to_owned())));
        Ok(Self {
            patterns: parsed.collect::<Result<_>>()?,
        })
    }

    /// Whether there are no patterns, so that nothing is left out.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether the path is left out. It is relative to the context and has forward slashes; the context
    /// itself, the empty path or `.`, never is.
    ///
    /// A walk through a tree does less work with [`DockerIgnore::check`].
    pub fn matches(&self, path: &str) -> bool {
        let path = clean(path);
        let mut parent = ParentMatches::default();
        let mut result = false;
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends {
            (result, parent) = self.check(&path[..end], &parent);
        }
        result
    }

    /// Whether the path is left out, given what was found for the directory that it is in, and what holds for
    /// what is in it. For a path directly in the context the parent is [`ParentMatches::default`].
    pub fn check(&self, path: &str, parent: &ParentMatches) -> (bool, ParentMatches) {
        let mut matched = false;
        if path.is_empty() || path == "." {
            return (false, ParentMatches::default());
        }
        let path: Vec<char> = path.chars().collect();
        let mut matches = vec![false; self.patterns.len()];
        for (index, pattern) in self.patterns.iter().enumerate() {
            let found = parent.0.get(index).copied().unwrap_or(false) || pattern.matches(&path);
            matches[index] = found;
            if found {
                matched = !pattern.is_exception();
            }
        }
        (matched, ParentMatches(matches))
    }

    /// Whether a `!` pattern may take back something below the directory, so that a walker must look into it
    /// although it is left out itself. Never wrongly `false`.
    pub fn may_reinclude_below(&self, directory: &str) -> bool {
        let directory = clean(directory);
        let directory: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
        self.patterns
            .iter()
            .any(|pattern| pattern.is_exception() && pattern.may_match_below(&directory))
    }
}

/// A path without a leading or trailing slash and `./`.
fn clean(path: &str) -> &str {
    let mut path = path;
    while let Some(rest) = path.strip_prefix("./").or_else(|| path.strip_prefix('/')) {
        path = rest;
    }
    path.trim_end_matches('/')
}

#[cfg(test)]
mod tests;
