use plimsoll_core::Ecosystem;

use super::{Cataloger, Clue, Warnings};
use crate::{EvidenceFile, FoundPackage, paths};

/// What is installed without a package manager and says its version in a text file: Java's runtime (`release`), Erlang/OTP
/// (`OTP_VERSION`), WordPress (`wp-includes/version.php`), Elixir's script, Composer's archive of PHP files.
pub(super) struct Releases;

impl Cataloger for Releases {
    fn name(&self) -> &'static str {
        "releases"
    }

    fn version(&self) -> u32 {
        2
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::Generic)
    }

    fn clues(&self) -> &'static [Clue] {
        &[
            Clue::End("release"),
            Clue::End("OTP_VERSION"),
            Clue::End("version.php"),
            Clue::End("elixir"),
            Clue::End("composer"),
            Clue::End("composer.phar"),
        ]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        let (directory, name) = path.rsplit_once('/')?;
        let found = match name {
            "release" => !directory.starts_with("etc"),
            "OTP_VERSION" => directory.contains("releases/"),
            "version.php" => directory.ends_with("wp-includes"),
            "elixir" => directory.ends_with("bin"),
            "composer" => directory.ends_with("bin"),
            "composer.phar" => return Some(16 << 20),
            _ => false,
        };
        found.then_some(match name {
            "composer" => 16 << 20,
            _ => 256 << 10,
        })
    }

    fn names_packages(&self, _path: &str) -> bool {
        // Many files are called `release`.
        false
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, _warnings: &mut Warnings) {
        let text = String::from_utf8_lossy(content);
        let name = paths::name(&evidence.path);
        let found = match name {
            "release" => assigned(&text, "JAVA_VERSION").map(|version| ("openjdk", version)),
            "OTP_VERSION" => Some(("erlang", text.trim())),
            "elixir" => stated(&text, "ELIXIR_VERSION=").map(|version| ("elixir", version)),
            "composer" | "composer.phar" if is_php_archive(content) => {
                assigned_anywhere(&text, "const VERSION").map(|version| ("composer", version))
            }
            "composer" | "composer.phar" => None,
            _ => assigned(&text, "$wp_version").map(|version| ("wordpress", version)),
        };
        let is_version =
            |version: &str| version.len() < 100 && version.starts_with(|first: char| first.is_ascii_digit());
        if let Some((name, version)) = found.filter(|(_, version)| is_version(version)) {
            // Patched releases of Erlang are marked: `25.3.2**`.
            evidence.packages.push(FoundPackage {
                name: name.to_owned(),
                version: version.trim_end_matches('*').to_owned(),
                ..FoundPackage::default()
            });
        }
    }
}

/// Whether it is an archive of PHP files that starts itself (PHP's manual, "Phar file stub").
fn is_php_archive(content: &[u8]) -> bool {
    memchr::memmem::find(content, b"__HALT_COMPILER();").is_some()
}

/// What stands behind `name` on the first line that begins with it.
fn stated<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(value.trim().trim_matches(['"', '\'']))
}

/// The text between quotation marks that something assigns to `name`, if it is a version.
fn assigned_anywhere<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.match_indices(name).find_map(|(at, _)| {
        let value = text[at + name.len()..]
            .trim_start()
            .strip_prefix('=')?
            .trim_start();
        let value = value.strip_prefix('\'')?.split_once('\'')?.0;
        value
            .starts_with(|first: char| first.is_ascii_digit())
            .then_some(value)
    })
}

/// The text between quotation marks that a line assigns to `name`.
fn assigned<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let value = line
            .trim()
            .strip_prefix(name)?
            .trim_start()
            .strip_prefix('=')?
            .trim_start();
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        value[1..].split_once(quote).map(|(value, _)| value)
    })
}

#[cfg(test)]
mod tests {
    use super::super::catalog;
    use super::*;

    #[test]
    fn versions() {
        for (path, text, expected) in [
            (
                "opt/java/openjdk/release",
                "IMPLEMENTOR=\"Eclipse Adoptium\"\nJAVA_VERSION=\"17.0.9\"\nJAVA_VERSION_DATE=\"2023-10-17\"\n",
                Some("openjdk 17.0.9"),
            ),
            ("opt/release", "1.0\n", None),
            (
                "usr/local/lib/erlang/releases/25/OTP_VERSION",
                "25.3.2.8\n",
                Some("erlang 25.3.2.8"),
            ),
            (
                "usr/local/lib/elixir/bin/elixir",
                "#!/bin/sh\nset -e\n\nELIXIR_VERSION=1.14.0\n",
                Some("elixir 1.14.0"),
            ),
            (
                "usr/bin/composer",
                "#!/usr/bin/env php\n<?php\n__HALT_COMPILER(); ?>\r\nconst VERSION = $x; public const VERSION = '2.7.1';",
                Some("composer 2.7.1"),
            ),
            ("srv/composer.phar", "<?php const VERSION = '2.7.1';", None),
            (
                "var/www/html/wp-includes/version.php",
                "<?php\n$wp_version = '6.4.1';\n",
                Some("wordpress 6.4.1"),
            ),
        ] {
            let (evidence, warnings) = catalog(path, text.as_bytes());
            assert!(warnings.is_empty());
            let found = evidence.packages.first();
            let found = found.map(|package| format!("{} {}", package.name, package.version));
            assert_eq!(found.as_deref(), expected, "{path}");
        }
        assert!(Releases.limit("etc/release").is_none());
    }
}
