use plimsoll_core::Ecosystem;
use serde::Deserialize;

use super::json::{Keys, Maybe, Text};
use super::{Cataloger, Clue, Warnings};
use crate::dependencies::bounded;
use crate::{EvidenceFile, FoundPackage, paths};

/// Installed PHP packages: `vendor/composer/installed.json`, which Composer 1 writes as a list and Composer 2 as an object.
/// Elsewhere a file that is called so counts if it is like Composer's.
pub(super) struct Php;

/// What Composer 2 writes.
#[derive(Deserialize)]
struct Installed {
    packages: Vec<Installation>,
}

#[derive(Deserialize)]
struct Installation {
    #[serde(default)]
    name: Text,
    #[serde(default)]
    version: Text,
    #[serde(default)]
    license: Maybe<Licenses>,
    #[serde(default)]
    require: Keys,
    #[serde(default)]
    provide: Keys,
    #[serde(default)]
    replace: Keys,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Licenses {
    Several(Vec<Text>),
    One(String),
}

impl Cataloger for Php {
    fn name(&self) -> &'static str {
        "php"
    }

    fn version(&self) -> u32 {
        4
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::Composer)
    }

    fn clues(&self) -> &'static [Clue] {
        &[Clue::End("installed.json")]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        let name = paths::name(path);
        (name == "installed.json").then_some(16 << 20)
    }

    fn names_packages(&self, path: &str) -> bool {
        is_composers(path)
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        let is_list = content.trim_ascii_start().starts_with(b"[");
        let installed: serde_json::Result<Vec<Installation>> = match is_list {
            true => serde_json::from_slice(content),
            false => serde_json::from_slice(content).map(|installed: Installed| installed.packages),
        };
        let installed = match installed {
            Ok(packages) => packages,
            Err(error) if is_composers(&evidence.path) => {
                return warnings.add(format!("it is no list of PHP packages: {error}"));
            }
            Err(_) => return,
        };
        let packages = installed.into_iter().filter_map(package);
        let packages = packages.filter(|package| is_composers(&evidence.path) || has_vendor(&package.name));
        evidence.packages.extend(packages);
    }
}

/// Whether it is where Composer keeps its list.
fn is_composers(path: &str) -> bool {
    path == "composer/installed.json" || path.ends_with("/composer/installed.json")
}

/// Whether it is a name as every package of Composer's has one: `vendor/name`.
fn has_vendor(name: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
    };
    name.split_once('/')
        .is_some_and(|(vendor, name)| is_part(vendor) && is_part(name))
}

/// The package, if its entry has a name and a version.
fn package(one: Installation) -> Option<FoundPackage> {
    let lower = |name: String| name.to_ascii_lowercase();
    Some(FoundPackage {
        name: one.name.text()?,
        version: one.version.text()?,
        licenses: match one.license.get() {
            Some(Licenses::Several(licenses)) => licenses.into_iter().filter_map(Text::text).collect(),
            Some(Licenses::One(license)) => vec![license],
            None => Vec::new(),
        },
        requires: bounded(one.require.names().map(lower)),
        provides: bounded(one.provide.names().chain(one.replace.names()).map(lower)),
        ..FoundPackage::default()
    })
}

#[cfg(test)]
mod tests {
    use super::super::catalog;
    use super::*;

    fn shown(json: &str) -> Vec<String> {
        let (evidence, warnings) = catalog("app/vendor/composer/installed.json", json.as_bytes());
        assert!(warnings.is_empty(), "{warnings:?}");
        let show =
            |package: &FoundPackage| format!("{} {} {:?}", package.name, package.version, package.licenses);
        evidence.packages.iter().map(show).collect()
    }

    #[test]
    fn both_forms_are_read() {
        let packages = r#"[{"name":"monolog/monolog","version":"2.9.1","license":["MIT"],"require":{"php":">=7"}},
            {"name":"a/b","version":"v1.0.0"},{"name":"c/d","version":"dev-main","license":"GPL-3.0"}]"#;
        let expected = [
            "monolog/monolog 2.9.1 [\"MIT\"]",
            "a/b v1.0.0 []",
            "c/d dev-main [\"GPL-3.0\"]",
        ];
        assert_eq!(shown(packages), expected);
        let second = format!(r#"{{"packages":{packages},"dev":true,"dev-package-names":["c/d"]}}"#);
        assert_eq!(shown(&second), expected);
        assert_eq!(shown("[]"), [""; 0]);
        let odd = r#"[{"name":"a/b"},{"version":"1"},{"name":"c/d","version":"1","license":[null,"MIT"],"require":[]},{"name":1}]"#;
        assert_eq!(shown(odd), ["c/d 1 [\"MIT\"]"]);
    }

    #[test]
    fn what_is_no_list_is_noted() {
        assert_eq!(catalog("vendor/composer/installed.json", b"{}").1.len(), 1);
        for other in [
            b"{}".as_slice(),
            b"[1]",
            br#"[{"name":"firmware","version":"1"}]"#,
            br#"[{"name":"@scope/thing","version":"1"},{"name":"example.com/x/y","version":"1"}]"#,
        ] {
            let (evidence, warnings) = catalog("srv/installed.json", other);
            assert!(evidence.packages.is_empty() && warnings.is_empty());
        }
        let moved = br#"[{"name":"a/b","version":"1.2"}]"#;
        assert_eq!(
            catalog("srv/deps/installed.json", moved).0.packages[0].name,
            "a/b"
        );
        assert!(Php.limit("srv/reinstalled.json").is_none());
    }
}
