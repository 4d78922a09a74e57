use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Which packages of a list need which others of it, by their places in the list, from 0.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Dependencies(BTreeMap<usize, Vec<usize>>);

impl Dependencies {
    /// Notes that `package` needs those in `needed`. It does not need itself, nor another one twice.
    pub fn add(&mut self, package: usize, needed: impl IntoIterator<Item = usize>) {
        let mut all = self.0.remove(&package).unwrap_or_default();
        all.extend(needed.into_iter().filter(|one| *one != package));
        all.sort_unstable();
        all.dedup();
        if !all.is_empty() {
            self.0.insert(package, all);
        }
    }

    /// The packages that `package` needs; empty where none is known.
    pub fn of(&self, package: usize) -> &[usize] {
        self.0.get(&package).map_or(&[], Vec::as_slice)
    }

    /// Whether no package is known to need another.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_once_and_never_itself() {
        let mut dependencies = Dependencies::default();
        dependencies.add(2, [3, 2, 1]);
        dependencies.add(2, [1, 4]);
        dependencies.add(5, [5]);
        assert_eq!(
            (dependencies.of(2), dependencies.of(5)),
            ([1, 3, 4].as_slice(), [].as_slice())
        );
        let json = serde_json::to_string(&dependencies).unwrap();
        assert_eq!(json, r#"{"2":[1,3,4]}"#);
        assert_eq!(serde_json::from_str::<Dependencies>(&json).unwrap(), dependencies);
    }
}
