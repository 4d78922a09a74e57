use std::io::Read;
use std::path::Path;
use std::time::SystemTime;

use plimsoll_core::{Digest, Sha256};
use rayon::prelude::*;

use super::stat_cache::StatCache;
use super::walk::{Entry, Kind, join};
use crate::error::{IoContext, Problem};
use crate::rooted::Rooted;

/// Sets the digests of the files among `entries`, which are in the tree `top` below `root`; several are read at
/// the same time. With a cache, files whose status is known are not read.
pub(crate) fn hash_files(
    root: &Rooted,
    top: &Path,
    entries: &mut [Entry],
    cache: Option<&StatCache>,
) -> Result<(), Problem> {
    entries.par_iter_mut().try_for_each(|entry| {
        let Kind::File(digest) = &mut entry.kind else {
            return Ok(());
        };
        let path = join(top, &entry.path);
        let known = cache.and_then(|cache| cache.get(&path, &entry.metadata));
        *digest = Some(match known {
            Some(digest) => digest,
            None => {
                let read = SystemTime::now();
                let digest = hash_file(root, &path).doing("cannot read", &path)?;
                if let Some(cache) = cache {
                    cache.put(&path, &entry.metadata, digest, read);
                }
                digest
            }
        });
        Ok(())
    })
}

fn hash_file(root: &Rooted, path: &Path) -> std::io::Result<Digest> {
    let mut file = root.open_file(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0_u8; 128 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hash.finish()),
            Ok(length) => hash.update(&buffer[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
