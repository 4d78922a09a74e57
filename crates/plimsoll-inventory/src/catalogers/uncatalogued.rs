use plimsoll_core::Ecosystem;

use super::{Cataloger, Warnings};
use crate::EvidenceFile;

/// Packages of kinds that are not read: that they are there is noted from their paths, so that nobody takes
/// their absence from the inventory for absence from the image.
pub(super) struct Uncatalogued;

impl Cataloger for Uncatalogued {
    fn name(&self) -> &'static str {
        "uncatalogued"
    }

    fn version(&self) -> u32 {
        1
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        None
    }

    fn is_ownable(&self, path: &str) -> bool {
        language_kind(path).is_some()
    }

    fn limit(&self, path: &str) -> Option<u64> {
        kind(path).map(|_| 0)
    }

    fn catalog(&self, _content: &[u8], evidence: &mut EvidenceFile, _warnings: &mut Warnings) {
        evidence.uncatalogued = kind(&evidence.path).map(str::to_owned);
    }
}

fn kind(path: &str) -> Option<&'static str> {
    distribution_kind(path).or_else(|| language_kind(path))
}

fn distribution_kind(path: &str) -> Option<&'static str> {
    let database = path
        .strip_prefix("var/lib/")
        .or_else(|| path.strip_prefix("usr/lib/sysimage/"))?;
    match database {
        "pacman/local/ALPM_DB_VERSION" => Some("Arch Linux packages"),
        _ => None,
    }
}

fn language_kind(path: &str) -> Option<&'static str> {
    let (directory, name) = path.rsplit_once('/')?;
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    match extension {
        Some("jar" | "war" | "ear") => Some("Java archives"),
        Some("gemspec") if directory.contains("/specifications") => Some("Ruby gems"),
        Some("egg") => Some("Python eggs in one file"),
        Some("json") => match name {
            "package.json" if is_npm_package(directory) => Some("npm packages"),
            "installed.json" if directory.ends_with("vendor/composer") => Some("PHP Composer packages"),
            _ if directory.ends_with("/conda-meta") => Some("Conda packages"),
            _ if name.ends_with(".deps.json") => Some(".NET packages"),
            _ => None,
        },
        _ => None,
    }
}

/// `node_modules/NAME` or `node_modules/@SCOPE/NAME`.
fn is_npm_package(directory: &str) -> bool {
    let mut parts = directory.rsplit('/');
    let (_name, above) = (parts.next(), parts.next());
    match above {
        Some("node_modules") => true,
        Some(scope) if scope.starts_with('@') => parts.next() == Some("node_modules"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_their_paths() {
        for (path, expected) in [
            ("var/lib/rpm/rpmdb.sqlite", None),
            (
                "var/lib/pacman/local/ALPM_DB_VERSION",
                Some("Arch Linux packages"),
            ),
            ("usr/lib/node_modules/npm/package.json", Some("npm packages")),
            ("app/node_modules/@a/b/package.json", Some("npm packages")),
            ("app/node_modules/a/test/package.json", None),
            ("app/package.json", None),
            ("opt/app.jar", Some("Java archives")),
            (
                "usr/lib/ruby/gems/3.1.0/specifications/default/json.gemspec",
                Some("Ruby gems"),
            ),
            ("opt/conda/conda-meta/numpy.json", Some("Conda packages")),
            ("etc/passwd", None),
        ] {
            assert_eq!(kind(path), expected, "{path}");
        }
    }
}
