use plimsoll_core::{Ecosystem, Purl};
use serde::Deserialize;

use super::json::{List, Object, Text};
use super::{Cataloger, Clue, Warnings};
use crate::{EvidenceFile, FoundPackage};

/// Programs in Bitnami's images: `opt/bitnami/NAME/.spdx-NAME.spdx`, an SPDX document in JSON beside what it is about.
pub(super) struct Bitnami;

/// The packages of one document that are looked at; real ones have some thousand.
const MOST: usize = 50_000;
/// The references of one package that are looked at.
const MOST_REFERENCES: usize = 100;

/// What is read of an SPDX document.
#[derive(Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    packages: List<Object<Component>, MOST>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Component {
    #[serde(default)]
    version_info: Text,
    #[serde(default)]
    license_declared: Text,
    #[serde(default)]
    external_refs: Purls,
}

/// The package URLs among a package's references.
#[derive(Deserialize, Default)]
#[serde(from = "List<Object<Reference>, MOST_REFERENCES>")]
struct Purls(Vec<Purl>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    #[serde(default)]
    reference_type: Text,
    #[serde(default)]
    reference_locator: Text,
}

impl From<List<Object<Reference>, MOST_REFERENCES>> for Purls {
    fn from(references: List<Object<Reference>, MOST_REFERENCES>) -> Self {
        let references = references.items.into_iter().filter_map(|one| one.0);
        let purls = references.filter_map(|one| {
            let is_purl = one.reference_type.text().as_deref() == Some("purl");
            is_purl.then(|| one.reference_locator.text()?.parse().ok())?
        });
        Self(purls.collect())
    }
}

impl Document {
    /// What is left out of it, a sentence; `None` where nothing is.
    pub(super) fn beyond(&self) -> Option<String> {
        let more = self.packages.more;
        (more > 0).then(|| format!("{more} more packages in it are not looked at"))
    }

    fn components(self) -> impl Iterator<Item = Component> {
        self.packages.items.into_iter().filter_map(|one| one.0)
    }

    /// The package URLs of its packages, with the licences that they declare.
    pub(super) fn packages(self) -> impl Iterator<Item = (Purl, Vec<String>)> {
        self.components().filter_map(|component| {
            let licenses = stated(component.license_declared);
            let purl = component.external_refs.0.into_iter().next()?;
            Some((purl, licenses))
        })
    }
}

fn stated(license: Text) -> Vec<String> {
    let license = license.text();
    let stated = license.filter(|license| !matches!(license.as_str(), "NOASSERTION" | "NONE"));
    stated.into_iter().collect()
}

impl Cataloger for Bitnami {
    fn name(&self) -> &'static str {
        "bitnami"
    }

    fn version(&self) -> u32 {
        2
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        Some(Ecosystem::Generic)
    }

    fn clues(&self) -> &'static [Clue] {
        &[Clue::Start("opt/bitnami/")]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        let (_, name) = path.strip_prefix("opt/bitnami/")?.rsplit_once('/')?;
        (name.starts_with(".spdx-") && name.ends_with(".spdx")).then_some(8 << 20)
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        match serde_json::from_slice::<Document>(content) {
            Ok(document) => {
                document.beyond().into_iter().for_each(|more| warnings.add(more));
                evidence
                    .packages
                    .extend(document.components().filter_map(package));
            }
            Err(error) => warnings.add(format!("it is no SPDX document: {error}")),
        }
    }
}

/// The program; what it is built from stands in the document, too, and has package URLs of other types.
fn package(component: Component) -> Option<FoundPackage> {
    let mut purls = component.external_refs.0.into_iter();
    let purl = purls.find(|purl| purl.kind == "bitnami")?;
    // Behind the program's own version stands how often Bitnami made it: `7.2.4-0`.
    let version = component.version_info.text().or_else(|| {
        let version = purl.version.as_deref()?;
        Some(
            version
                .rsplit_once('-')
                .map_or(version, |(version, _)| version)
                .to_owned(),
        )
    })?;
    Some(FoundPackage {
        name: purl.name,
        version,
        architecture: purl.qualifiers.get("arch").cloned(),
        licenses: stated(component.license_declared),
        ..FoundPackage::default()
    })
}

#[cfg(test)]
mod tests {
    use super::super::catalog;
    use super::*;

    #[test]
    fn programs_and_nothing_of_what_they_are_built_from() {
        let document = r#"{"spdxVersion":"SPDX-2.3","packages":[
            {"name":"redis","versionInfo":"7.2.4","licenseDeclared":"BSD-3-Clause","externalRefs":[
              {"referenceCategory":"SECURITY","referenceType":"cpe23Type","referenceLocator":"cpe:2.3:*:redis:redis:7.2.4:*:*:*:*:*:*:*"},
              {"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:bitnami/redis@7.2.4-0?arch=amd64&distro=debian-12"}]},
            {"name":"wait-for-port","licenseDeclared":"NOASSERTION","externalRefs":[
              {"referenceType":"purl","referenceLocator":"pkg:bitnami/wait-for-port@1.0.7-10"}]},
            {"name":"golang.org/x/sys","versionInfo":"v0.1.0","externalRefs":[
              {"referenceType":"purl","referenceLocator":"pkg:golang/golang.org/x/sys@v0.1.0"}]},
            {"name":"bare"}, 1]}"#;
        let path = "opt/bitnami/redis/.spdx-redis.spdx";
        let (evidence, warnings) = catalog(path, document.as_bytes());
        assert!(warnings.is_empty(), "{warnings:?}");
        let shown: Vec<String> = evidence
            .packages
            .iter()
            .map(|one| format!("{} {} {:?}", one.name, one.version, one.licenses))
            .collect();
        assert_eq!(
            shown,
            ["redis 7.2.4 [\"BSD-3-Clause\"]", "wait-for-port 1.0.7 []"]
        );
        assert_eq!(catalog(path, b"[").1.len(), 1);
        for other in [
            "opt/bitnami/.spdx",
            "srv/.spdx-redis.spdx",
            "opt/bitnami/redis/spdx-redis.spdx",
        ] {
            assert!(Bitnami.limit(other).is_none(), "{other}");
        }
    }
}
