//! Package URLs, after the purl specification (ECMA-427) and its type definitions.

mod of_package;
mod parse;
mod to_package;

use std::fmt::{self, Write as _};

pub(crate) use of_package::{normal_name, purl_of};
use plimsoll_core::{Distribution, Package};
pub(crate) use to_package::{NotAPackage, PurlPackage, os_release_id};

/// A package URL, taken apart. Texts are decoded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Purl {
    /// The type in lower case: `deb`.
    pub(crate) kind: String,
    /// The namespace with its slashes; empty where there is none.
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// The version; empty where none is said.
    pub(crate) version: String,
    /// Keys in lower case with their values, by key.
    pub(crate) qualifiers: Vec<(String, String)>,
    pub(crate) subpath: String,
}

impl Purl {
    /// The value of a qualifier.
    pub(crate) fn qualifier(&self, key: &str) -> Option<&str> {
        let found = self.qualifiers.iter().find(|(known, _)| known == key);
        found.map(|(_, value)| value.as_str())
    }
}

/// The package URL of `package`.
///
/// A distribution's packages have the distribution as namespace and in the qualifier `distro`
/// (`debian-12.5`), with `release` in place of `VERSION_ID` where it is known more exactly. Names are normalized as
/// their type says: PyPI names are in lower case with dashes, npm scopes and Maven groups are namespaces.
pub fn purl(package: &Package, distribution: Option<&Distribution>, release: Option<&str>) -> String {
    purl_of(package, distribution, release).to_string()
}

impl fmt::Display for Purl {
    /// The canonical form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pkg:{}/", self.kind)?;
        for segment in self.namespace.split('/').filter(|segment| !segment.is_empty()) {
            encode(f, segment)?;
            f.write_char('/')?;
        }
        encode(f, &self.name)?;
        if !self.version.is_empty() {
            f.write_char('@')?;
            encode(f, &self.version)?;
        }
        let said = self.qualifiers.iter().filter(|(_, value)| !value.is_empty());
        for (index, (key, value)) in said.enumerate() {
            write!(f, "{}{key}=", if index == 0 { '?' } else { '&' })?;
            encode(f, value)?;
        }
        let segments = self.subpath.split('/');
        for (index, segment) in segments.filter(|segment| !segment.is_empty()).enumerate() {
            f.write_char(if index == 0 { '#' } else { '/' })?;
            encode(f, segment)?;
        }
        Ok(())
    }
}

/// Percent-encodes everything but the characters that the specification leaves as they are.
fn encode(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            f.write_char(char::from(byte))?;
        } else {
            write!(f, "%{byte:02X}")?;
        }
    }
    Ok(())
}
