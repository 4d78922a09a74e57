//! Why the list of packages may be incomplete.

use std::collections::BTreeMap;

use plimsoll_core::Ecosystem;

use crate::{Inventory, Warning};

impl Inventory {
    /// Why packages of the image may be missing from [`Inventory::packages`], a sentence each; empty where nothing
    /// speaks for it. A caller that compares packages with advisories must not call an image assessed while there are
    /// some: without a package, there is nothing to compare, and that is not the same as nothing to find.
    pub fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        let has_database = self
            .packages
            .iter()
            .any(|package| package.ecosystem.is_distribution());
        let is_all = |ecosystem| self.packages.iter().all(|package| package.ecosystem == ecosystem);
        match &self.distribution {
            Some(distribution) if !has_database => gaps.push(format!(
                "the image is of {distribution}, but no package of the distribution was found: its package database is \
                 missing, empty or of a kind that is not read"
            )),
            // Programs found by their versions are no list of what is there.
            None if is_all(Ecosystem::Generic) && self.uncatalogued.is_empty() => {
                gaps.push("no package database was found, nor what distribution the image is of".to_owned());
            }
            _ => {}
        }
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
