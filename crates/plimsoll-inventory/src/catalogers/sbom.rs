use plimsoll_core::{Ecosystem, Purl};

use super::bitnami::Document as Spdx;
use super::cyclonedx::cyclonedx_packages;
use super::{Cataloger, Clue, Warnings};
use crate::{EvidenceFile, FoundPackage, paths};

/// Bills of materials that stand beside what they are of: in Python distributions (PEP 770) and, under their usual names,
/// anywhere. Read are CycloneDX in JSON, and SPDX in JSON and as tags with values.
///
/// Packages of distributions in them are left out: they are not of the image's own, whose release says what is known of them.
pub(super) struct Sbom;

impl Cataloger for Sbom {
    fn name(&self) -> &'static str {
        "sbom"
    }

    fn version(&self) -> u32 {
        2
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        None
    }

    fn clues(&self) -> &'static [Clue] {
        &[Clue::End(".json"), Clue::End(".cdx"), Clue::End(".spdx")]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        let name = paths::name(path);
        let is_called = [".cdx.json", ".spdx.json", ".cdx", ".spdx"]
            .iter()
            .any(|end| name.ends_with(end));
        let is_bitnami = name.starts_with(".spdx-") && path.starts_with("opt/bitnami/");
        let is_of_python = || name.ends_with(".json") && path.contains(".dist-info/sboms/");
        (!is_bitnami && (is_called || is_of_python())).then_some(32 << 20)
    }

    fn names_packages(&self, _path: &str) -> bool {
        true
    }

    fn is_ownable(&self, _path: &str) -> bool {
        true
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        let content = content.strip_prefix("\u{feff}".as_bytes()).unwrap_or(content);
        let is_json = content.trim_ascii_start().starts_with(b"{");
        let mut packages = Vec::new();
        if !is_json {
            packages.extend(of_tags(&String::from_utf8_lossy(content)));
        } else if memchr::memmem::find(content, b"\"spdxVersion\"").is_some() {
            match serde_json::from_slice::<Spdx>(content) {
                Ok(document) => {
                    document.beyond().into_iter().for_each(|more| warnings.add(more));
                    let named = document.packages();
                    packages.extend(named.filter_map(|(purl, licenses)| package(&purl, None, licenses)));
                }
                Err(error) => warnings.add(format!("it is no SPDX document: {error}")),
            }
        } else {
            match cyclonedx_packages(content) {
                Ok(named) => {
                    named.beyond.into_iter().for_each(|more| warnings.add(more));
                    packages = named.packages;
                }
                Err(error) => warnings.add(format!("it is no CycloneDX document: {error}")),
            }
        }
        // Of setuptools, pip carries one module, and not the one that advisories are about.
        let is_of_pip = evidence.path.ends_with("pip/_vendor/bom.cdx.json");
        packages.retain(|package| !(is_of_pip && package.name == "setuptools"));
        packages.sort_by(|a, b| (a.ecosystem, &a.name, &a.version).cmp(&(b.ecosystem, &b.name, &b.version)));
        packages.dedup_by(|a, b| (a.ecosystem, &a.name, &a.version) == (b.ecosystem, &b.name, &b.version));
        evidence.packages.extend(packages);
    }
}

/// `ExternalRef: PACKAGE-MANAGER purl pkg:…` of SPDX's form with a tag in each line.
fn of_tags(text: &str) -> impl Iterator<Item = FoundPackage> {
    let purls = text.lines().filter_map(|line| {
        let mut words = line
            .strip_prefix("ExternalRef:")?
            .split_ascii_whitespace()
            .skip(1);
        (words.next()? == "purl").then(|| words.next()?.parse::<Purl>().ok())?
    });
    purls.filter_map(|purl| package(&purl, None, Vec::new()))
}

pub(super) fn package(purl: &Purl, version: Option<String>, licenses: Vec<String>) -> Option<FoundPackage> {
    let is_of_type = |known: &Ecosystem| known.purl_type() == purl.kind && !known.is_distribution();
    let ecosystem = Ecosystem::ALL.into_iter().find(is_of_type)?;
    let version = purl.version.clone().or(version)?;
    let version = match (ecosystem, version.bytes().next()?.is_ascii_digit()) {
        (Ecosystem::Go, true) => format!("v{version}"),
        _ => version,
    };
    Some(FoundPackage {
        name: purl.package_name(ecosystem),
        version,
        ecosystem: Some(ecosystem),
        licenses,
        ..FoundPackage::default()
    })
}

#[cfg(test)]
mod tests {
    use super::super::catalog;
    use super::*;

    fn shown(path: &str, content: &str) -> Vec<String> {
        let (evidence, warnings) = catalog(path, content.as_bytes());
        assert!(warnings.is_empty(), "{warnings:?}");
        let packages = evidence.packages.into_iter();
        packages
            .map(|one| {
                let kind = one.ecosystem.unwrap().purl_type();
                format!("{kind} {} {} {}", one.name, one.version, one.licenses.join(","))
                    .trim_end()
                    .to_owned()
            })
            .collect()
    }

    #[test]
    fn documents_of_python_distributions() {
        let document = r#"{"bomFormat":"CycloneDX","metadata":{"component":{"name":"a","version":"1","purl":"pkg:pypi/a@1"}},"components":[
            {"type":"library","name":"openssl","version":"4.0.3","purl":"pkg:generic/openssl@4.0.3?download_url=https://a.test/b"},
            {"type":"library","name":"serde","version":"1.0.1","scope":"required","purl":"pkg:cargo/serde@1.0.1",
             "licenses":[{"expression":"MIT OR Apache-2.0"}]},
            {"type":"library","name":"cc","version":"1","scope":"excluded","purl":"pkg:cargo/cc@1"},
            {"type":"library","name":"libgcc","purl":"pkg:rpm/almalinux/libgcc@8.5.0-28.el8_10"},
            {"type":"library","name":"x","version":"2","purl":"pkg:golang/a.test/x","components":[
              {"name":"c","purl":"pkg:npm/%40b/c@3.0.0","licenses":[{"license":{"id":"ISC"}},{"license":{"name":"Own"}}]}]},
            {"type":"file","name":"f"}, 1]}"#;
        assert_eq!(
            shown("a/a-1.dist-info/sboms/a.cyclonedx.json", document),
            [
                "npm @b/c 3.0.0 ISC,Own",
                "golang a.test/x v2",
                "cargo serde 1.0.1 MIT OR Apache-2.0",
                "generic openssl 4.0.3"
            ]
        );
    }

    #[test]
    fn documents_of_other_forms() {
        let spdx = r#"{"spdxVersion":"SPDX-2.3","packages":[{"name":"l","versionInfo":"1","licenseDeclared":"MIT","externalRefs":[
            {"referenceType":"purl","referenceLocator":"pkg:maven/org.a/l@1.0"}]},{"name":"none"}]}"#;
        assert_eq!(shown("opt/a.spdx.json", spdx), ["maven org.a:l 1.0 MIT"]);
        let tags = "SPDXVersion: SPDX-2.3\nPackageName: a\nExternalRef: PACKAGE-MANAGER purl pkg:gem/rack@2.0\nExternalRef: SECURITY cpe23Type x\n";
        assert_eq!(shown("opt/a.spdx", tags), ["gem rack 2.0"]);
        let pip = r#"{"components":[{"purl":"pkg:pypi/setuptools@70.3.0"},{"purl":"pkg:pypi/idna@3.7"}]}"#;
        assert_eq!(shown("s/pip/_vendor/bom.cdx.json", pip), ["pypi idna 3.7"]);
        assert_eq!(catalog("a.cdx.json", b"{").1.len(), 1);
    }

    #[test]
    fn packages_beyond_the_bound_are_told() {
        let elements = vec!["{}"; 60_000].join(",");
        for (path, document) in [
            ("a.cdx.json", format!(r#"{{"components":[{elements}]}}"#)),
            (
                "a.spdx.json",
                format!(r#"{{"spdxVersion":"SPDX-2.3","packages":[{elements}]}}"#),
            ),
        ] {
            let (evidence, warnings) = catalog(path, document.as_bytes());
            assert!(evidence.packages.is_empty());
            assert!(warnings[0].message.starts_with("10000 more "), "{warnings:?}");
        }
    }

    #[test]
    fn paths() {
        for path in ["a.cdx.json", "x/b.spdx", "a/b.dist-info/sboms/c.json"] {
            assert!(Sbom.limit(path).is_some(), "{path}");
        }
        for path in [
            "a.json",
            "opt/bitnami/a/.spdx-a.spdx",
            "a.dist-info/sboms/c.xml",
            "sboms/c.json",
        ] {
            assert!(Sbom.limit(path).is_none(), "{path}");
        }
    }
}
