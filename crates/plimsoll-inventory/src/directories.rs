//! What of a package's list of files is a directory: databases list directories too, and do not all say which those are.

use foldhash::HashSet;

use crate::LayerAnalysis;

/// The directories of an image: those that its layers have, and those that hold others by the lists of any package. The
/// latter are there also where a layer has a link in their place, as `bin` is one to `usr/bin`.
#[derive(Debug, Default)]
pub(crate) struct Directories<'a>(HashSet<&'a str>);

impl<'a> Directories<'a> {
    pub(crate) fn of(layers: &'a [LayerAnalysis]) -> Self {
        let mut all = Self::default();
        for file in layers.iter().flat_map(|layer| &layer.evidence) {
            let of_packages = file.packages.iter().flat_map(|package| &package.files);
            file.files
                .iter()
                .chain(of_packages)
                .for_each(|path| all.above(path));
        }
        let own = layers.iter().flat_map(|layer| &layer.directories);
        all.0.extend(own.map(String::as_str));
        all
    }

    /// Adds the directories above `path`. Those above one that is known are known, too.
    fn above(&mut self, mut path: &'a str) {
        while let Some((above, _)) = path.rsplit_once('/') {
            if !self.0.insert(above) {
                break;
            }
            path = above;
        }
    }

    /// The paths in `listed` that are no directories.
    pub(crate) fn left_out_of(&self, listed: &[String]) -> Vec<String> {
        let files = listed.iter().filter(|path| !self.0.contains(path.as_str()));
        files.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EvidenceFile, FoundPackage};

    fn texts(paths: &[&str]) -> Vec<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn directories_are_no_files() {
        let listed = texts(&[
            "bin",
            "boot",
            "usr",
            "usr/sbin",
            "usr/sbin/a",
            "usr/sbin.old",
            "opt/a",
            "opt/a/b/c",
            "etc/conf.d",
            "etc/unknown",
        ]);
        let layer = LayerAnalysis {
            schema: 0,
            catalogers: String::new(),
            diff_id: None,
            files: true,
            evidence: vec![EvidenceFile {
                files: listed.clone(),
                packages: vec![FoundPackage {
                    files: texts(&["bin/sh"]),
                    ..FoundPackage::default()
                }],
                ..EvidenceFile::default()
            }],
            removed: Vec::new(),
            opaque: Vec::new(),
            replaced: texts(&["bin"]),
            directories: texts(&["boot", "etc/conf.d"]),
            secrets: Vec::new(),
            secret_scope: crate::SecretScope::default(),
            content_size: None,
            tar_size: None,
            warnings: Vec::new(),
        };
        let layers = [layer];
        let files = Directories::of(&layers).left_out_of(&listed);
        assert_eq!(files, ["usr/sbin/a", "usr/sbin.old", "opt/a/b/c", "etc/unknown"]);
    }
}
