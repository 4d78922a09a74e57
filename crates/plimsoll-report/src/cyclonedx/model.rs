//! The parts of a CycloneDX document (versions 1.2 to 1.7) that are read or written. Reading takes whatever other tools
//! leave out or add.

use serde::{Deserialize, Deserializer, Serialize};

use crate::borrowed::Text;

/// `null` stands for nothing.
fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Bom<'a> {
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub(super) schema: Option<Text<'a>>,
    pub(super) bom_format: Text<'a>,
    pub(super) spec_version: Text<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) serial_number: Option<Text<'a>>,
    #[serde(default)]
    pub(super) version: u64,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) metadata: Metadata<'a>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) components: Vec<Component<'a>>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) dependencies: Vec<Dependency<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty", skip_deserializing)]
    pub(super) vulnerabilities: Vec<Vulnerability<'a>>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Metadata<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) timestamp: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none", skip_deserializing)]
    pub(super) tools: Option<Tools<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) component: Option<Component<'a>>,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub(super) properties: Vec<Property<'a>>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Tools<'a> {
    pub(super) components: Vec<Component<'a>>,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Component<'a> {
    #[serde(rename = "bom-ref", default, skip_serializing_if = "Option::is_none")]
    pub(super) bom_ref: Option<Text<'a>>,
    #[serde(rename = "type", default)]
    pub(super) kind: Text<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) supplier: Option<Supplier<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) publisher: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<Text<'a>>,
    #[serde(default)]
    pub(super) name: Text<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<Text<'a>>,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub(super) hashes: Vec<Hash<'a>>,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub(super) licenses: Vec<LicenseChoice<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cpe: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) purl: Option<Text<'a>>,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub(super) components: Vec<Component<'a>>,
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "Evidence::is_empty"
    )]
    pub(super) evidence: Evidence<'a>,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub(super) properties: Vec<Property<'a>>,
}

/// An organization that supplies a component.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Supplier<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Text<'a>>,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Hash<'a> {
    pub(super) alg: Text<'a>,
    pub(super) content: Text<'a>,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct LicenseChoice<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) license: Option<License<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expression: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) acknowledgement: Option<Text<'a>>,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct License<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) acknowledgement: Option<Text<'a>>,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Evidence<'a> {
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub(super) occurrences: Vec<Occurrence<'a>>,
}

impl Evidence<'_> {
    fn is_empty(&self) -> bool {
        self.occurrences.is_empty()
    }
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Occurrence<'a> {
    #[serde(default)]
    pub(super) location: Text<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) additional_context: Option<Text<'a>>,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Property<'a> {
    #[serde(default)]
    pub(super) name: Text<'a>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) value: Text<'a>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Dependency<'a> {
    #[serde(rename = "ref", default)]
    pub(super) reference: Text<'a>,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub(super) depends_on: Vec<Text<'a>>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Vulnerability<'a> {
    #[serde(rename = "bom-ref")]
    pub(super) bom_ref: Text<'a>,
    pub(super) id: Text<'a>,
    pub(super) source: Source<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) references: Vec<Equivalent<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) ratings: Vec<Rating<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) cwes: Vec<u32>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) description: Text<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) detail: Text<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) recommendation: Text<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) advisories: Vec<Advisory<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) published: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) updated: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) analysis: Option<Analysis<'a>>,
    pub(super) affects: Vec<Affected<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) properties: Vec<Property<'a>>,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize)]
pub(super) struct Source<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<Text<'a>>,
}

/// The same vulnerability under another id.
#[derive(Debug, Default, Serialize)]
pub(super) struct Equivalent<'a> {
    pub(super) id: Text<'a>,
    pub(super) source: Source<'a>,
}

#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Rating<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<Source<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) score: Option<f64>,
    pub(super) severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) method: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) vector: Option<Text<'a>>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Advisory<'a> {
    pub(super) url: Text<'a>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Analysis<'a> {
    pub(super) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) justification: Option<&'static str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) detail: Text<'a>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Affected<'a> {
    #[serde(rename = "ref")]
    pub(super) reference: Text<'a>,
    pub(super) versions: Vec<AffectedVersion<'a>>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct AffectedVersion<'a> {
    pub(super) version: Text<'a>,
    pub(super) status: &'static str,
}
