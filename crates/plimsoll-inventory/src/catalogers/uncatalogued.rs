use plimsoll_core::Ecosystem;

use super::{Cataloger, Clue, Warnings};
use crate::EvidenceFile;

/// Packages of kinds that are not read: that they are there is noted from their paths, so that nobody takes
/// their absence from the inventory for absence from the image.
pub(super) struct Uncatalogued;

impl Cataloger for Uncatalogued {
    fn name(&self) -> &'static str {
        "uncatalogued"
    }

    fn version(&self) -> u32 {
        3
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        None
    }

    fn is_ownable(&self, path: &str) -> bool {
        language_kind(path).is_some()
    }

    fn clues(&self) -> &'static [Clue] {
        &[
            Clue::Start("nix/var/nix/db/"),
            Clue::Start("nix/store/"),
            Clue::Start("var/lib/pkgtools/packages/"),
            Clue::End(".packlist"),
            Clue::End("pubspec.lock"),
            Clue::End("Package.resolved"),
            Clue::End("Podfile.lock"),
            Clue::End(".conf"),
        ]
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
    match path {
        "nix/var/nix/db/db.sqlite" => Some("Nix packages"),
        // Images that Nix made do not have its database, but the loader of their programs.
        _ if path.starts_with("nix/store/") && is_loader(path) => Some("Nix packages"),
        _ if path.starts_with("var/lib/pkgtools/packages/") => Some("Slackware packages"),
        _ => None,
    }
}

fn is_loader(path: &str) -> bool {
    ["/lib/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"]
        .iter()
        .any(|end| path.ends_with(end))
}

fn language_kind(path: &str) -> Option<&'static str> {
    let (directory, name) = path.rsplit_once('/')?;
    let within = |parent: &str| {
        let mut parts = directory.rsplit('/');
        parts.next() == Some(parent)
    };
    match name {
        // Modules beside Perl's own, which has its list elsewhere.
        ".packlist" => directory.contains("/auto/").then_some("Perl modules"),
        "pubspec.lock" => Some("Dart packages"),
        "Package.resolved" | "Podfile.lock" => Some("Swift packages"),
        _ => match name.rsplit_once('.')?.1 {
            "conf" if within("package.conf.d") => Some("Haskell packages"),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_their_paths() {
        for (path, expected) in [
            ("nix/var/nix/db/db.sqlite", Some("Nix packages")),
            (
                "nix/store/1b4y9yvz-glibc-2.38-27/lib/ld-linux-x86-64.so.2",
                Some("Nix packages"),
            ),
            ("usr/lib/ld-linux-x86-64.so.2", None),
            (
                "var/lib/pkgtools/packages/bash-5.2-x86_64-1",
                Some("Slackware packages"),
            ),
            ("var/lib/rpm/rpmdb.sqlite", None),
            (
                "opt/ghc/lib/package.conf.d/base-4.18.conf",
                Some("Haskell packages"),
            ),
            ("etc/nginx/default.conf", None),
            ("srv/app/pubspec.lock", Some("Dart packages")),
            (
                "usr/local/lib/perl5/site_perl/5.36.0/x/auto/JSON/.packlist",
                Some("Perl modules"),
            ),
            ("usr/local/lib/perl5/5.36.0/x86_64-linux-gnu/.packlist", None),
            ("opt/app.jar", None),
            ("etc/passwd", None),
        ] {
            assert_eq!(kind(path), expected, "{path}");
        }
    }
}
