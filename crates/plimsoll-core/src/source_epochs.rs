use std::collections::HashMap;

use crate::SourcePackage;

/// The epochs of source RPMs. The name of a source RPM's file has none, and a binary package's is the source's only where
/// name and version are the same: others of the same source may have a version and an epoch of their own, as the modules
/// that come with Perl do.
#[derive(Debug, Default)]
pub struct SourceEpochs(HashMap<(String, String), String>);

impl SourceEpochs {
    /// Those that binary packages tell, each given by its name, its version and its source package.
    pub fn of<'a>(packages: impl Iterator<Item = (&'a str, &'a str, &'a SourcePackage)>) -> Self {
        let named = packages.filter(|(name, version, source)| {
            source.name == *name && plain(&source.version) == plain(version)
        });
        Self(
            named
                .map(|(name, version, _)| ((name.to_owned(), plain(version).to_owned()), version.to_owned()))
                .collect(),
        )
    }

    /// Gives `source` the epoch of its binary package of the same name and version, if there is one.
    pub fn set(&self, source: &mut SourcePackage) {
        let key = (source.name.clone(), plain(&source.version).to_owned());
        if let Some(version) = self.0.get(&key) {
            source.version.clone_from(version);
        }
    }
}

/// The version without its epoch.
fn plain(version: &str) -> &str {
    version.rsplit(':').next().unwrap_or(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_the_epoch_of_its_namesake() {
        let source = |name: &str, version: &str| SourcePackage {
            name: name.to_owned(),
            version: version.to_owned(),
        };
        let perl = source("perl", "5.32.1-481.el9");
        let packages = [
            ("perl-Errno", "1.30-481.el9", &perl),
            ("perl", "4:5.32.1-481.el9", &perl),
            ("perl-B", "1:1.80-481.el9", &perl),
        ];
        let epochs = SourceEpochs::of(packages.into_iter());
        for (before, after) in [
            (perl.clone(), "4:5.32.1-481.el9"),
            (source("perl", "1:5.32.1-481.el9"), "4:5.32.1-481.el9"),
            (source("perl", "5.32.1-480.el9"), "5.32.1-480.el9"),
            (source("perl-B", "1.80-481.el9"), "1.80-481.el9"),
        ] {
            let mut set = before;
            epochs.set(&mut set);
            assert_eq!(set.version, after, "{}", set.name);
        }
    }
}
