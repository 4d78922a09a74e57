use std::collections::BTreeMap;

use plimsoll_core::Ecosystem;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Cataloger, Warnings};
use crate::dependencies::bounded;
use crate::{EvidenceFile, FoundPackage};

/// Node.js packages, wherever they are installed: each has a `package.json` (npm's documentation, "package.json"). One without
/// a name and a version is no package, but a marker for Node.js or something for a test.
pub(super) struct Node;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    #[serde(default)]
    name: Text,
    #[serde(default)]
    version: Text,
    #[serde(default)]
    license: License,
    #[serde(default)]
    licenses: Licenses,
    #[serde(default)]
    dependencies: Names,
    #[serde(default)]
    optional_dependencies: Names,
    #[serde(default)]
    peer_dependencies: Names,
}

/// The keys of an object; anything else has none.
#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    Keys(BTreeMap<String, IgnoredAny>),
    Other(IgnoredAny),
}

/// A text; anything else is none.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Text(String),
    Other(IgnoredAny),
}

/// Today a text; in old packages an object or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum License {
    Name(String),
    Object {
        #[serde(alias = "name")]
        r#type: String,
    },
    Other(IgnoredAny),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Licenses {
    Several(Vec<License>),
    One(License),
    Other(IgnoredAny),
}

impl Default for Text {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

impl Default for Names {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

impl Names {
    fn get(self) -> impl Iterator<Item = String> {
        let keys = match self {
            Self::Keys(keys) => keys,
            Self::Other(_) => BTreeMap::new(),
        };
        keys.into_keys().filter(|name| is_name(name))
    }
}

impl Default for License {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

impl Default for Licenses {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

impl Text {
    fn get(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Self::Other(_) => None,
        }
    }
}

impl License {
    fn get(self) -> Option<String> {
        match self {
            Self::Name(name) | Self::Object { r#type: name } => Some(name).filter(|name| !name.is_empty()),
            Self::Other(_) => None,
        }
    }
}

impl Cataloger for Node {
    fn name(&self) -> &'static str {
        "node"
    }

    fn version(&self) -> u32 {
        2
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::Npm)
    }

    fn limit(&self, path: &str) -> Option<u64> {
        let name = path.strip_suffix("package.json")?;
        // Old versions of npm put the whole readme into it.
        (name.is_empty() || name.ends_with('/')).then_some(8 << 20)
    }

    fn names_packages(&self, _path: &str) -> bool {
        // What cannot be read is no package for Node.js, either; packages have such files for their tests.
        false
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        let content = content.strip_prefix("\u{feff}".as_bytes()).unwrap_or(content);
        match serde_json::from_slice::<Manifest>(content) {
            Ok(manifest) => evidence.packages.extend(package(manifest)),
            // Elsewhere it may be a template, or made wrong for a test.
            Err(error) if is_installed(&evidence.path) => {
                warnings.add(format!("it is no manifest of a Node.js package: {error}"));
            }
            Err(_) => {}
        }
    }
}

/// Whether it is where Node.js looks for packages: `node_modules/NAME` or `node_modules/@SCOPE/NAME`.
fn is_installed(path: &str) -> bool {
    let mut above = path.rsplit('/').skip(2);
    match above.next() {
        Some("node_modules") => true,
        Some(scope) if scope.starts_with('@') => above.next() == Some("node_modules"),
        _ => false,
    }
}

fn package(manifest: Manifest) -> Option<FoundPackage> {
    let name = manifest.name.get().filter(|name| is_name(name))?;
    let version = manifest.version.get()?;
    let licenses = match (manifest.license.get(), manifest.licenses) {
        (Some(license), _) => vec![license],
        (None, Licenses::Several(several)) => several.into_iter().filter_map(License::get).collect(),
        (None, Licenses::One(one)) => one.get().into_iter().collect(),
        (None, Licenses::Other(_)) => Vec::new(),
    };
    let needed = [
        manifest.dependencies,
        manifest.optional_dependencies,
        manifest.peer_dependencies,
    ];
    Some(FoundPackage {
        name,
        version,
        licenses,
        requires: bounded(needed.into_iter().flat_map(Names::get)),
        ..FoundPackage::default()
    })
}

/// Whether it can be the name of a package: `name` or `@scope/name`, of characters that a URL may have (old names have
/// capitals).
fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~!*'()".contains(&byte);
        !part.is_empty() && !part.starts_with(['.', '_']) && part.bytes().all(is_allowed)
    };
    match name.strip_prefix('@') {
        Some(scoped) => scoped
            .split_once('/')
            .is_some_and(|(scope, name)| is_part(scope) && is_part(name)),
        None => is_part(name) || name.starts_with('_') && is_part(&name[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalog;
    use super::*;

    fn one(json: &str) -> Option<FoundPackage> {
        let (evidence, warnings) = catalog("app/node_modules/x/package.json", json.as_bytes());
        assert!(warnings.is_empty(), "{warnings:?}");
        evidence.packages.into_iter().next()
    }

    #[test]
    fn paths() {
        for path in [
            "package.json",
            "a/node_modules/@b/c/package.json",
            "a/node_modules/.pnpm/c@1/node_modules/c/package.json",
        ] {
            assert!(Node.limit(path).is_some(), "{path}");
        }
        for path in ["a/xpackage.json", "package.json/x", "package-lock.json"] {
            assert!(Node.limit(path).is_none(), "{path}");
        }
    }

    #[test]
    fn packages_have_a_name_and_a_version() {
        let found =
            one("\u{feff}{\"name\":\"@a/b\",\"version\":\"1.0.0\",\"license\":\"MIT\",\"x\":[{}]}").unwrap();
        assert_eq!((found.name.as_str(), found.version.as_str()), ("@a/b", "1.0.0"));
        assert_eq!(found.licenses, ["MIT"]);
        for none in [
            "{}",
            r#"{"type":"module"}"#,
            r#"{"name":"a"}"#,
            r#"{"name":"a","version":""}"#,
            r#"{"name":"a","version":1}"#,
            r#"{"name":["a"],"version":"1"}"#,
            r#"{"name":"a b","version":"1"}"#,
            r#"{"name":"../a","version":"1"}"#,
            r#"{"name":"@a","version":"1"}"#,
        ] {
            assert_eq!(one(none), None, "{none}");
        }
    }

    #[test]
    fn licences_in_every_form() {
        let with = |field: &str| {
            one(&format!(r#"{{"name":"a","version":"1",{field}}}"#))
                .unwrap()
                .licenses
        };
        assert_eq!(with(r#""license":{"type":"BSD","url":"x"}"#), ["BSD"]);
        assert_eq!(
            with(r#""licenses":[{"type":"MIT"},{"name":"GPL"},"X",1]"#),
            ["MIT", "GPL", "X"]
        );
        assert_eq!(with(r#""licenses":{"type":"MIT"}"#), ["MIT"]);
        assert_eq!(with(r#""license":[1]"#), [""; 0]);
    }

    #[test]
    fn what_is_no_manifest_is_noted_only_of_packages() {
        assert_eq!(catalog("a/node_modules/b/package.json", b"{").1.len(), 1);
        assert_eq!(catalog("a/node_modules/@b/c/package.json", b"{").1.len(), 1);
        assert_eq!(catalog("a/package.json", b"{").1.len(), 0);
        assert_eq!(catalog("a/node_modules/b/test/package.json", b"{").1.len(), 0);
    }
}
