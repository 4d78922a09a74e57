use std::path::Path;
use std::sync::{Mutex, PoisonError};

use plimsoll_dockerfile::DockerIgnore;
use plimsoll_dockerfile::ignore::ParentMatches;

use super::walk::Filter;

/// What the `.dockerignore` of a context leaves out.
#[derive(Debug, Default)]
pub(crate) struct IgnoreFilter {
    patterns: DockerIgnore,
    /// What was found for the directory that was asked about last: a walk asks about all of a directory's files one
    /// after the other.
    last: Mutex<Option<(String, ParentMatches)>>,
}

impl IgnoreFilter {
    pub(crate) fn new(patterns: DockerIgnore) -> Self {
        Self {
            patterns,
            last: Mutex::default(),
        }
    }

    fn of_directory(&self, directory: &str) -> ParentMatches {
        if directory.is_empty() {
            return ParentMatches::default();
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, matches)) = &*last
            && known == directory
        {
            return matches.clone();
        }
        let mut matches = ParentMatches::default();
        let ends = directory.match_indices('/').map(|(at, _)| at);
        for end in ends.chain([directory.len()]) {
            matches = self.patterns.check(&directory[..end], &matches).1;
        }
        *last = Some((directory.to_owned(), matches.clone()));
        matches
    }
}

impl Filter for IgnoreFilter {
    fn excludes(&self, path: &Path) -> bool {
        if self.patterns.is_empty() {
            return false;
        }
        let path = path.to_string_lossy();
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        self.patterns.check(&path, &self.of_directory(directory)).0
    }

    fn excludes_all_below(&self, path: &Path) -> bool {
        !self.patterns.may_reinclude_below(&path.to_string_lossy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_agrees_with_the_patterns(
            lines in proptest::collection::vec("!?(a|b|\\*|\\*\\*)(/(a|b|\\*))?", 0..4),
            paths in proptest::collection::vec("[ab](/[ab]){0,3}", 1..8),
        ) {
            let patterns = DockerIgnore::parse(&lines.join("\n")).unwrap();
            let filter = IgnoreFilter::new(patterns.clone());
            for path in &paths {
                prop_assert_eq!(filter.excludes(Path::new(path)), patterns.matches(path), "{}", path);
            }
        }
    }
}
