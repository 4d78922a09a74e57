use std::path::Path;

use plimsoll_dockerfile::DockerIgnore;

use super::walk::Filter;

/// What the `.dockerignore` of a context leaves out.
#[derive(Debug)]
pub(crate) struct IgnoreFilter(pub(crate) DockerIgnore);

impl Filter for IgnoreFilter {
    fn excludes(&self, path: &Path) -> bool {
        self.0.matches(&path.to_string_lossy())
    }

    fn excludes_all_below(&self, path: &Path) -> bool {
        !self.0.may_reinclude_below(&path.to_string_lossy())
    }
}
