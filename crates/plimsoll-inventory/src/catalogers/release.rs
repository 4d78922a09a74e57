use plimsoll_core::Ecosystem;

use super::{Cataloger, Warnings};
use crate::{DistributionFacts, EvidenceFile};

/// The distribution: `os-release` (freedesktop.org), Debian's `debian_version`, Alpine's `alpine-release`.
pub(super) struct Release;

impl Cataloger for Release {
    fn name(&self) -> &'static str {
        "distribution"
    }

    fn version(&self) -> u32 {
        1
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        None
    }

    fn names_packages(&self, _path: &str) -> bool {
        true
    }

    fn limit(&self, path: &str) -> Option<u64> {
        matches!(
            path,
            "etc/os-release" | "usr/lib/os-release" | "etc/debian_version" | "etc/alpine-release"
        )
        .then_some(64 << 10)
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        let Ok(text) = std::str::from_utf8(content) else {
            return warnings.add("it is not UTF-8");
        };
        let facts = if evidence.path.ends_with("os-release") {
            os_release(text)
        } else {
            let release = text.trim().to_owned();
            DistributionFacts {
                release,
                ..DistributionFacts::default()
            }
        };
        if facts == DistributionFacts::default() {
            return warnings.add("it says nothing about the distribution");
        }
        evidence.distribution = Some(facts);
    }
}

/// Shell-like assignments, one a line.
fn os_release(text: &str) -> DistributionFacts {
    let mut facts = DistributionFacts::default();
    for line in text.lines() {
        let Some((name, value)) = line.trim().split_once('=') else {
            continue;
        };
        let field = match name {
            "ID" => &mut facts.id,
            "VERSION_ID" => &mut facts.version_id,
            "VERSION_CODENAME" => &mut facts.codename,
            "PRETTY_NAME" => &mut facts.pretty_name,
            _ => continue,
        };
        *field = unquote(value);
    }
    facts
}

/// Takes off shell quotes and, outside single quotes, backslashes.
fn unquote(value: &str) -> String {
    let value = value.trim();
    if let Some(literal) = value.strip_prefix('\'') {
        return literal.strip_suffix('\'').unwrap_or(literal).to_owned();
    }
    let value = value
        .strip_prefix('"')
        .map_or(value, |rest| rest.strip_suffix('"').unwrap_or(rest));
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::catalog;

    #[test]
    fn assignments_in_every_quoting() {
        let text = b"# comment\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm) \\\"x\\\"\"\nVERSION_ID='12'\n\
            VERSION_CODENAME=bookworm\nID=debian\nHOME_URL=x\n";
        let facts = catalog("etc/os-release", text).0.distribution.unwrap();
        assert_eq!((facts.id.as_str(), facts.version_id.as_str()), ("debian", "12"));
        assert_eq!(facts.codename, "bookworm");
        assert_eq!(facts.pretty_name, "Debian GNU/Linux 12 (bookworm) \"x\"");
    }

    #[test]
    fn release_files_and_bad_ones() {
        assert_eq!(
            catalog("etc/debian_version", b"12.5\n")
                .0
                .distribution
                .unwrap()
                .release,
            "12.5"
        );
        assert_eq!(catalog("etc/os-release", b"\xff").1[0].message, "it is not UTF-8");
        assert_eq!(catalog("etc/alpine-release", b"\n").1.len(), 1);
    }
}
