use plimsoll_core::Ecosystem;

use super::{Cataloger, Clue, Warnings};
use crate::{EvidenceFile, FoundPackage};

/// Plugins of WordPress: a PHP file in `wp-content/plugins/DIRECTORY`, or there itself, whose comment at the beginning has a
/// `Plugin Name` (WordPress' Plugin Handbook, "Header Requirements").
pub(super) struct WordPress;

/// So much of the file WordPress itself looks into.
const HEADER: usize = 8 << 10;

impl Cataloger for WordPress {
    fn name(&self) -> &'static str {
        "wordpress"
    }

    fn version(&self) -> u32 {
        1
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::WordPress)
    }

    fn clues(&self) -> &'static [Clue] {
        &[Clue::End(".php")]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        let inner = path.strip_suffix(".php")?;
        let (above, inner) = inner.rsplit_once("wp-content/plugins/")?;
        let is_near = (above.is_empty() || above.ends_with('/')) && inner.matches('/').count() <= 1;
        is_near.then_some(4 << 20)
    }

    fn names_packages(&self, _path: &str) -> bool {
        // Most files of a plugin are not the one that names it.
        false
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, _warnings: &mut Warnings) {
        let header = String::from_utf8_lossy(&content[..content.len().min(HEADER)]).replace('\r', "\n");
        if let (Some(name), Some(version)) = (field(&header, "Plugin Name"), field(&header, "Version")) {
            evidence.packages.push(FoundPackage {
                name: name.to_owned(),
                version: version.to_owned(),
                licenses: field(&header, "License").map(str::to_owned).into_iter().collect(),
                supplier: field(&header, "Author").map(str::to_owned),
                ..FoundPackage::default()
            });
        }
    }
}

/// What stands behind ` * NAME:` on a line.
fn field<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let value = header.lines().find_map(|line| {
        let line = line.strip_prefix("<?php").unwrap_or(line);
        let line = line.trim_start_matches([' ', '\t', '/', '*', '#', '@']);
        let (start, rest) = line.split_at_checked(name.len())?;
        start
            .eq_ignore_ascii_case(name)
            .then_some(rest)?
            .strip_prefix(':')
    })?;
    let end = value
        .find("*/")
        .or_else(|| value.find("?>"))
        .unwrap_or(value.len());
    let value = value[..end].trim();
    (!value.is_empty() && value.len() <= 300).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::super::catalog;
    use super::*;

    const PATH: &str = "var/www/html/wp-content/plugins/akismet/akismet.php";

    #[test]
    fn headers() {
        let text = "<?php\r\n/**\r\n * @package Akismet\r\n */\r\n/*\r\nPlugin Name: Akismet Anti-spam: Spam Protection\r\n\
            Version: 5.3\r\nRequires PHP: 5.6\r\n * Author: Automattic\r\n * License: GPLv2 or later\r\n*/\r\n";
        let (evidence, warnings) = catalog(PATH, text.as_bytes());
        assert!(warnings.is_empty());
        let found = &evidence.packages[0];
        assert_eq!(
            (found.name.as_str(), found.version.as_str()),
            ("Akismet Anti-spam: Spam Protection", "5.3")
        );
        assert_eq!(found.licenses, ["GPLv2 or later"]);
        assert_eq!(found.supplier.as_deref(), Some("Automattic"));
        let short = b"<?php /* Plugin Name: Hello */\n// version: 1.7.2\n";
        let hello = "srv/wp-content/plugins/hello.php";
        assert_eq!(catalog(hello, short).0.packages[0].version, "1.7.2");
    }

    #[test]
    fn other_files_are_nothing() {
        let late = format!("<?php\n{}\nPlugin Name: a\nVersion: 1\n", " ".repeat(HEADER));
        for other in ["<?php\n", "Plugin Name: a\n", "Version: 1\n", &late] {
            assert!(catalog(PATH, other.as_bytes()).0.packages.is_empty());
        }
        for path in [
            "wp-content/plugins/a/b/c.php",
            "xwp-content/plugins/a/a.php",
            "wp-content/plugins/a/a.js",
        ] {
            assert!(WordPress.limit(path).is_none(), "{path}");
        }
    }
}
