//! Plain files that take the place of whole directories.

use foldhash::HashMap;
use serde::{Deserialize, Serialize};

use crate::LayerAnalysis;

/// The paths of a layer's plain files: which of them are directories in a lower layer is not known where the layer is
/// analyzed, and they are too many to be kept as they are. For each stand eight characters, a hash of 48 bits. That one
/// is taken for a directory that it is not happens to one in a million images.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub struct PathHashes(Vec<u8>);

/// 64 characters that stand in JSON as they are.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl PathHashes {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn add(&mut self, path: &str) {
        self.0.extend_from_slice(&key(path));
    }

    fn keys(&self) -> &[Key] {
        self.0.as_chunks().0
    }
}

impl From<String> for PathHashes {
    fn from(kept: String) -> Self {
        Self(kept.into_bytes())
    }
}

impl From<PathHashes> for String {
    fn from(hashes: PathHashes) -> Self {
        String::from_utf8(hashes.0).unwrap_or_default()
    }
}

/// The characters that stand for a path.
type Key = [u8; 8];

fn key(path: &str) -> Key {
    let hash = hash(path.as_bytes());
    std::array::from_fn(|at| DIGITS[usize::from((hash >> (16 + 6 * at)) as u8 & 63)])
}

/// Multiplies halves of words, and folds those of the products. The hashes are kept with analyses; they must not change
/// without their schema.
fn hash(bytes: &[u8]) -> u64 {
    const ODD: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03];
    let (words, rest) = bytes.as_chunks::<16>();
    let mut last = [0; 16];
    last[..rest.len()].copy_from_slice(rest);
    let words = words.iter().chain([&last]);
    words.fold(bytes.len() as u64, |hash, word| {
        let word = u128::from_le_bytes(*word);
        let (low, high) = (word as u64 ^ ODD[0] ^ hash, (word >> 64) as u64 ^ ODD[1]);
        let product = u128::from(low) * u128::from(high);
        product as u64 ^ (product >> 64) as u64
    })
}

/// For each layer the directories of lower layers that it has plain files in the place of, as far as they have
/// evidence or secrets in them.
pub(crate) fn replaced_directories(layers: &[LayerAnalysis]) -> Vec<Vec<&str>> {
    let mut directories: HashMap<Key, &str> = HashMap::default();
    let below = layers.len().saturating_sub(1);
    for layer in &layers[..below] {
        let evidence = layer.evidence.iter().map(|file| file.path.as_str());
        let secrets = layer.secrets.iter().map(|secret| secret.path.as_str());
        for mut path in evidence.chain(secrets) {
            // Those above one that is known are known, too.
            while let Some((above, _)) = path.rsplit_once('/')
                && directories.insert(key(above), above).is_none()
            {
                path = above;
            }
        }
    }
    let replaced = |(index, layer): (usize, &LayerAnalysis)| match index {
        0 => Vec::new(),
        _ => {
            let keys = layer.plain.keys().iter();
            keys.filter_map(|key| directories.get(key).copied()).collect()
        }
    };
    layers.iter().enumerate().map(replaced).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn paths_have_keys_of_their_own() {
        let mut paths = vec![String::new(), "a".into(), "a\0".into(), "usr/lib".into()];
        for a in 0..40 {
            for b in 0..5000 {
                paths.push(format!("usr/lib/python3.{a}/site-packages/m{b}/__init__.py"));
            }
        }
        let keys: HashSet<Key> = paths.iter().map(|path| key(path)).collect();
        assert_eq!(keys.len(), paths.len());
        // What kept analyses have; a change here needs another schema.
        let mut kept = PathHashes::default();
        kept.add("usr/lib");
        kept.add("");
        kept.add("usr/lib/python3/dist-packages");
        let json = serde_json::to_string(&kept).unwrap();
        assert_eq!(json, "\"ATqqoBEtmkqkIus17ejPV6NI\"");
        assert_eq!(serde_json::from_str::<PathHashes>(&json).unwrap(), kept);
    }
}
