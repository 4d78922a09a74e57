use std::fmt;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::places::{MAX_FILE, Skip};

/// How many files were searched for secrets, and why others were not. A file that is in several layers counts in each;
/// empty files and those that packages are read from do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SecretScope {
    /// Files that were searched whole.
    pub searched: usize,
    /// Files that a package of the distribution owns: what is in them anybody has.
    pub owned: usize,
    /// Files of languages' packages and runtimes, whose owners no list tells; of these only files that are made to
    /// hold credentials are searched.
    pub packaged: usize,
    /// Files that are no text.
    pub no_text: usize,
    /// Files with more than 8 MiB.
    pub large: usize,
}

impl SecretScope {
    pub(crate) fn skip(&mut self, why: Skip) {
        match why {
            Skip::Empty => {}
            Skip::Packaged => self.packaged += 1,
            Skip::NoText => self.no_text += 1,
            Skip::Large => self.large += 1,
        }
    }
}

impl AddAssign for SecretScope {
    fn add_assign(&mut self, other: Self) {
        let Self {
            searched,
            owned,
            packaged,
            no_text,
            large,
        } = other;
        self.searched += searched;
        self.owned += owned;
        self.packaged += packaged;
        self.no_text += no_text;
        self.large += large;
    }
}

impl fmt::Display for SecretScope {
    /// `120 files searched; not: 30 owned by the distribution's packages, 2 larger than 8 MiB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = if self.searched == 1 { "file" } else { "files" };
        write!(f, "{} {files} searched", self.searched)?;
        let large = format!("larger than {} MiB", MAX_FILE >> 20);
        let others = [
            (self.owned, "owned by the distribution's packages"),
            (self.packaged, "of languages' packages and runtimes"),
            (self.no_text, "that are no text"),
            (self.large, large.as_str()),
        ];
        let mut before = "; not: ";
        for (count, what) in others.iter().filter(|(count, _)| *count > 0) {
            write!(f, "{before}{count} {what}")?;
            before = ", ";
        }
        Ok(())
    }
}
