//! Which catalogers a file may be for, told from the ends of its path: nearly all files are for none.

use std::sync::LazyLock;

use super::{CATALOGERS, Cataloger};
use crate::edges::{Edge, first_bytes, last_bytes};

/// What the paths of files that a cataloger asks for have.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Clue {
    /// They begin so.
    Start(&'static str),
    /// They end so.
    End(&'static str),
}

/// The texts that a path may begin or end with, by their byte there, and the catalogers to ask: one bit for each.
struct Index {
    starts: Vec<Vec<(Edge, &'static str, u64)>>,
    ends: Vec<Vec<(Edge, &'static str, u64)>>,
    /// Those that any file may be for.
    always: u64,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let bytes = usize::from(u8::MAX) + 1;
    let mut index = Index {
        starts: (0..bytes).map(|_| Vec::new()).collect(),
        ends: (0..bytes).map(|_| Vec::new()).collect(),
        always: 0,
    };
    for (number, cataloger) in CATALOGERS.iter().enumerate() {
        let bit = 1 << number;
        for clue in cataloger.clues() {
            let (list, edge, text, byte) = match *clue {
                Clue::Start(text) => (&mut index.starts, Edge::start(text), text, text.bytes().next()),
                Clue::End(text) => (&mut index.ends, Edge::end(text), text, text.bytes().next_back()),
            };
            match byte {
                Some(byte) => list[usize::from(byte)].push((edge, text, bit)),
                None => index.always |= bit,
            }
        }
    }
    index
});

/// The catalogers that may ask for `path`, in the order of [`CATALOGERS`].
pub(super) fn candidates(path: &str) -> impl Iterator<Item = &'static dyn Cataloger> {
    let index = &*INDEX;
    let mut wanted = index.always;
    if let (Some(first), Some(last)) = (path.bytes().next(), path.bytes().next_back()) {
        let bytes = first_bytes(path);
        for (edge, text, bit) in &index.starts[usize::from(first)] {
            let is_so = edge.may_be(bytes) && path.starts_with(text);
            wanted |= if is_so { *bit } else { 0 };
        }
        let bytes = last_bytes(path);
        for (edge, text, bit) in &index.ends[usize::from(last)] {
            let is_so = edge.may_be(bytes) && path.ends_with(text);
            wanted |= if is_so { *bit } else { 0 };
        }
    }
    std::iter::from_fn(move || {
        let number = wanted.trailing_zeros();
        // The lowest bit is done.
        wanted &= wanted.wrapping_sub(1);
        CATALOGERS.get(number as usize).copied()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::catalogers::cataloger_of;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

        /// A cataloger whose clues are wrong misses files.
        #[test]
        fn no_cataloger_that_asks_for_a_file_is_left_out(
            directory in prop::sample::select(vec![
                "", "/", "etc", "usr/lib", "var/lib/dpkg", "var/lib/dpkg/info", "var/lib/dpkg/status.d", "usr/share/doc/a",
                "lib/apk/db", "usr/lib/apk/db", "var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm",
                "var/lib/rpmmanifest", "a/x.dist-info", "a/x.egg-info", "dist-info", "a/EGG-INFO", "a/pip/_vendor",
                "a/node_modules/b", "a/specifications", "specifications/default", "a/vendor/composer", "a/conda-meta",
                "conda-meta", "opt/java", "opt/bitnami/a", "a/releases/25", "a/wp-includes",
                "var/lib/ubuntu-advantage", "x86_64-bottlerocket-linux-gnu/sys-root/usr/lib", "var/lib/pacman/local",
                "var/lib/opkg", "usr/lib/opkg", "nix/var/nix/db", "var/lib/chisel", "var/db/pkg/a/b",
                "var/lib/pkgtools/packages", "usr/lib/R/library/a", "a/auto/JSON", "a/ebin", "a/package.conf.d",
                "var/lib/pacman/local/a-1", "var/lib/opkg/info", "var/db/pkg/a/b-1", "a/.registry", ".registry/.channel.a",
                "wp-content/plugins", "wp-content/plugins/a", "a/x.dist-info/licenses", "usr/bin", "nix/store/a/lib",
            ]),
            name in prop::sample::select(vec![
                "", "os-release", "alpine-release", "system-release-cpe", "SuSE-release", "debian_version", "status.json",
                "status", "base", "a.list", "a.md5sums", "copyright", "installed", "rpmdb.sqlite", "rpmdb.sqlite-wal",
                "Packages", "Packages.db", "container-manifest-2", "METADATA", "metadata", "PKG-INFO", "pkg-info",
                "a.egg-info", "a.EGG-INFO", "vendor.txt", "vendored.txt", "package.json", "a.gemspec",
                "installed.json", "a.deps.json", "b.json", "release", "OTP_VERSION", "version.php", ".spdx-a.spdx",
                "ALPM_DB_VERSION", "db.sqlite", "manifest.wall", "PF", "DESCRIPTION", ".packlist", "pubspec.lock",
                "Package.resolved", "Podfile.lock", "a.rockspec", "a.app", "a.conf", "x", "desc",
                "files", "CONTENTS", "LICENSE", "LICENCE.md", "COPYING.txt", "a.reg", "a.php", "elixir", "composer",
                "composer.phar", "ld-linux-x86-64.so.2",
            ]),
        ) {
            let path = [directory, name].join("/");
            for path in [path.as_str(), path.trim_start_matches('/'), name] {
                let asks = |cataloger: &&&dyn Cataloger| cataloger.limit(path).is_some();
                let expected = CATALOGERS.iter().find(asks).map(|cataloger| cataloger.name());
                prop_assert_eq!(cataloger_of(path).map(|(cataloger, _)| cataloger.name()), expected, "{}", path);
            }
        }
    }
}
