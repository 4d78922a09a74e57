mod yarn;

use std::fmt;

use plimsoll_core::Ecosystem;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::json::{Keys, Maybe, Text};
use super::{Cataloger, Clue, Warnings};
use crate::dependencies::bounded;
use crate::{EvidenceFile, FoundPackage};

pub(super) use yarn::YarnCache;

/// Node.js packages, wherever they are installed: each has a `package.json` (npm's documentation, "package.json"). One without
/// a name and a version is no package, but a marker for Node.js or something for a test.
pub(super) struct Node;

/// What is read of a manifest. Where a field stands twice, the later one counts, as it does for Node.js.
#[derive(Default)]
struct Manifest {
    name: Text,
    version: Text,
    license: Maybe<Licenses>,
    licenses: Maybe<Licenses>,
    dependencies: Keys,
    optional_dependencies: Keys,
    peer_dependencies: Keys,
}

/// The name of a field.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum FieldName {
    Name,
    Version,
    License,
    Licenses,
    Dependencies,
    OptionalDependencies,
    PeerDependencies,
    #[serde(other)]
    Other,
}

impl<'de> Deserialize<'de> for Manifest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Manifest;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Manifest, A::Error> {
                let mut found = Manifest::default();
                while let Some(key) = map.next_key()? {
                    match key {
                        FieldName::Name => found.name = map.next_value()?,
                        FieldName::Version => found.version = map.next_value()?,
                        FieldName::License => found.license = map.next_value()?,
                        FieldName::Licenses => found.licenses = map.next_value()?,
                        FieldName::Dependencies => found.dependencies = map.next_value()?,
                        FieldName::OptionalDependencies => found.optional_dependencies = map.next_value()?,
                        FieldName::PeerDependencies => found.peer_dependencies = map.next_value()?,
                        FieldName::Other => _ = map.next_value::<IgnoredAny>()?,
                    }
                }
                Ok(found)
            }
        }
        deserializer.deserialize_map(Fields)
    }
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
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Licenses {
    // First, for nearly all are so.
    Name(String),
    Several(Vec<Maybe<License>>),
    One(License),
}

impl License {
    fn get(self) -> Option<String> {
        match self {
            Self::Name(name) | Self::Object { r#type: name } => Some(name).filter(|name| !name.is_empty()),
        }
    }
}

impl Cataloger for Node {
    fn name(&self) -> &'static str {
        "node"
    }

    fn version(&self) -> u32 {
        4
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::Npm)
    }

    fn clues(&self) -> &'static [Clue] {
        &[Clue::End("package.json")]
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
    let name = manifest.name.text().filter(|name| is_name(name))?;
    let version = manifest.version.text()?;
    let stated = |field: Maybe<Licenses>| match field.get() {
        Some(Licenses::Name(name)) => License::Name(name).get().into_iter().collect(),
        Some(Licenses::Several(several)) => {
            let stated = several.into_iter().filter_map(Maybe::get);
            stated.filter_map(License::get).collect()
        }
        Some(Licenses::One(one)) => one.get().into_iter().collect(),
        None => Vec::new(),
    };
    let licenses: Vec<String> = match stated(manifest.license) {
        none if none.is_empty() => stated(manifest.licenses),
        licenses => licenses,
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
        requires: bounded(
            needed
                .into_iter()
                .flat_map(Keys::names)
                .filter(|name| is_name(name)),
        ),
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
    fn the_later_of_two_fields_counts() {
        let found = one(r#"{"name":"a","version":"1.0.0","x":{"version":"3"},"version":"2.0.0","license":1,"license":"MIT"}"#).unwrap();
        assert_eq!(
            (found.version.as_str(), found.licenses),
            ("2.0.0", vec!["MIT".to_owned()])
        );
        assert_eq!(catalog("a/node_modules/b/package.json", b"[]").1.len(), 1);
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
        assert_eq!(with(r#""license":["MIT",{"type":"BSD"}]"#), ["MIT", "BSD"]);
    }

    #[test]
    fn what_is_no_manifest_is_noted_only_of_packages() {
        assert_eq!(catalog("a/node_modules/b/package.json", b"{").1.len(), 1);
        assert_eq!(catalog("a/node_modules/@b/c/package.json", b"{").1.len(), 1);
        assert_eq!(catalog("a/package.json", b"{").1.len(), 0);
        assert_eq!(catalog("a/node_modules/b/test/package.json", b"{").1.len(), 0);
    }
}
