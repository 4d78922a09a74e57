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
        2
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        None
    }

    fn is_ownable(&self, path: &str) -> bool {
        language_kind(path).is_some()
    }

    fn clues(&self) -> &'static [Clue] {
        &[
            Clue::Start("var/lib/pacman/local/"),
            Clue::Start("var/lib/opkg/"),
            Clue::Start("usr/lib/opkg/"),
            Clue::Start("nix/var/nix/db/"),
            Clue::Start("var/lib/chisel/"),
            Clue::Start("var/db/pkg/"),
            Clue::Start("var/lib/pkgtools/packages/"),
            Clue::End("DESCRIPTION"),
            Clue::End(".packlist"),
            Clue::End("pubspec.lock"),
            Clue::End("Package.resolved"),
            Clue::End("Podfile.lock"),
            Clue::End(".rockspec"),
            Clue::End(".app"),
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
        "var/lib/pacman/local/ALPM_DB_VERSION" => Some("Arch Linux packages"),
        "usr/lib/opkg/status" | "var/lib/opkg/status" => Some("opkg packages"),
        "nix/var/nix/db/db.sqlite" => Some("Nix packages"),
        "var/lib/chisel/manifest.wall" => Some("Ubuntu packages in slices"),
        // `var/db/pkg/CATEGORY/NAME-VERSION/PF`.
        _ if path.starts_with("var/db/pkg/") && path.ends_with("/PF") => Some("Gentoo packages"),
        _ if path.starts_with("var/lib/pkgtools/packages/") => Some("Slackware packages"),
        _ => None,
    }
}

fn language_kind(path: &str) -> Option<&'static str> {
    let (directory, name) = path.rsplit_once('/')?;
    let within = |parent: &str| {
        let mut parts = directory.rsplit('/');
        parts.next() == Some(parent)
    };
    match name {
        // The library of R packages: `…/library/NAME/DESCRIPTION`.
        "DESCRIPTION" => directory
            .rsplit('/')
            .nth(1)
            .filter(|library| matches!(*library, "library" | "site-library"))
            .map(|_| "R packages"),
        // Modules beside Perl's own, which has its list elsewhere.
        ".packlist" => directory.contains("/auto/").then_some("Perl modules"),
        "pubspec.lock" => Some("Dart packages"),
        "Package.resolved" | "Podfile.lock" => Some("Swift packages"),
        _ => match name.rsplit_once('.')?.1 {
            "rockspec" => Some("Lua rocks"),
            "app" if within("ebin") => Some("Erlang applications"),
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
            ("var/db/pkg/app-shells/bash-5.2/PF", Some("Gentoo packages")),
            ("var/db/pkg/app-shells/bash-5.2/SLOT", None),
            ("usr/lib/opkg/status", Some("opkg packages")),
            ("var/lib/rpm/rpmdb.sqlite", None),
            (
                "var/lib/pacman/local/ALPM_DB_VERSION",
                Some("Arch Linux packages"),
            ),
            ("usr/lib/R/library/stats/DESCRIPTION", Some("R packages")),
            ("app/DESCRIPTION", None),
            (
                "opt/lib/erlang/lib/ssl-11.0/ebin/ssl.app",
                Some("Erlang applications"),
            ),
            ("opt/ssl.app", None),
            (
                "usr/local/lib/luarocks/rocks-5.3/a/1-1/a-1-1.rockspec",
                Some("Lua rocks"),
            ),
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
