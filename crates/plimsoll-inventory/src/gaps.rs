//! Why the list of packages may be incomplete.

use std::collections::BTreeMap;

use plimsoll_core::Ecosystem;

use crate::{Inventory, Warning};

impl Inventory {
    /// Why packages of the image may be missing from [`Inventory::packages`], a sentence each; empty where nothing
    /// speaks for it. A caller that compares packages with advisories must not call an image assessed while there are
    /// some: without a package, there is nothing to compare, and that is not the same as nothing to find.
    pub fn gaps(&self) -> Vec<String> {
        let mut gaps: Vec<String> = self.missing_database().into_iter().collect();
        gaps.extend(self.nothing_listed().map(str::to_owned));
        gaps.extend(unread(&self.unread));
        gaps.extend(self.uncatalogued.iter().map(|one| {
            let others = match one.files {
                1 => String::new(),
                files => format!(" and {} more", files - 1),
            };
            format!("{} are not read: `{}`{others}", one.kind, one.example)
        }));
        gaps
    }

    /// That nothing in the image lists what is in it, a sentence; `None` where something does.
    pub fn nothing_listed(&self) -> Option<&'static str> {
        // Programs found by their versions are no list of what is there.
        let mut packages = self.packages.iter();
        let is_listed = packages.any(|package| package.ecosystem != Ecosystem::Generic)
            || self.distribution.is_some()
            || !self.uncatalogued.is_empty();
        (!is_listed).then_some("no package database was found, nor what distribution it is of")
    }

    /// That the image is of a distribution and none of its packages was found, a sentence; `None` where that is not so.
    pub fn missing_database(&self) -> Option<String> {
        let distribution = self.distribution.as_ref()?;
        let mut packages = self.packages.iter();
        let has_database = packages.any(|package| package.ecosystem.is_distribution());
        (!has_database).then(|| {
            format!(
                "it is of {distribution}, but no package of the distribution was found: its package database is \
                 missing, empty or of a kind that is not read"
            )
        })
    }
}

/// One sentence for each file.
fn unread(warnings: &[Warning]) -> impl Iterator<Item = String> {
    let mut by_file: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for warning in warnings {
        by_file.entry(&warning.path).or_default().push(&warning.message);
    }
    by_file.into_iter().map(|(path, messages)| {
        let more = match messages.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        format!("`{path}` could not be read whole: {}{more}", messages[0])
    })
}
