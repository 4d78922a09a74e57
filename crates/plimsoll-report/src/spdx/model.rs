//! The parts of an SPDX 2 document that are read or written.

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
pub(super) struct Document<'a> {
    pub(super) spdx_version: Text<'a>,
    #[serde(default)]
    pub(super) data_license: Text<'a>,
    #[serde(rename = "SPDXID", default)]
    pub(super) id: Text<'a>,
    #[serde(default)]
    pub(super) name: Text<'a>,
    #[serde(default)]
    pub(super) document_namespace: Text<'a>,
    #[serde(default, skip_deserializing)]
    pub(super) creation_info: CreationInfo<'a>,
    #[serde(default, deserialize_with = "nullable", skip_serializing)]
    pub(super) document_describes: Vec<Text<'a>>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) packages: Vec<Package<'a>>,
    #[serde(default, deserialize_with = "nullable", skip_serializing)]
    pub(super) files: Vec<File<'a>>,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub(super) has_extracted_licensing_infos: Vec<ExtractedLicense<'a>>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) relationships: Vec<Relationship<'a>>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreationInfo<'a> {
    pub(super) created: Text<'a>,
    pub(super) creators: Vec<Text<'a>>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Package<'a> {
    #[serde(default)]
    pub(super) name: Text<'a>,
    #[serde(rename = "SPDXID", default)]
    pub(super) id: Text<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) version_info: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) supplier: Option<Text<'a>>,
    #[serde(default, skip_deserializing)]
    pub(super) download_location: &'static str,
    #[serde(default, skip_deserializing)]
    pub(super) files_analyzed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty", skip_deserializing)]
    pub(super) checksums: Vec<Checksum<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source_info: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) license_concluded: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) license_declared: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none", skip_deserializing)]
    pub(super) copyright_text: Option<&'static str>,
    #[serde(default, skip_serializing_if = "Option::is_none", skip_deserializing)]
    pub(super) description: Option<Text<'a>>,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub(super) external_refs: Vec<ExternalRef<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) primary_package_purpose: Option<Text<'a>>,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub(super) annotations: Vec<Annotation<'a>>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Checksum<'a> {
    pub(super) algorithm: &'static str,
    pub(super) checksum_value: Text<'a>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct ExternalRef<'a> {
    #[serde(default)]
    pub(super) reference_category: Text<'a>,
    #[serde(default)]
    pub(super) reference_type: Text<'a>,
    #[serde(default)]
    pub(super) reference_locator: Text<'a>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Annotation<'a> {
    #[serde(default)]
    pub(super) annotator: Text<'a>,
    #[serde(default)]
    pub(super) annotation_date: Text<'a>,
    #[serde(default)]
    pub(super) annotation_type: Text<'a>,
    #[serde(default)]
    pub(super) comment: Text<'a>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct ExtractedLicense<'a> {
    #[serde(default)]
    pub(super) license_id: Text<'a>,
    #[serde(default)]
    pub(super) extracted_text: Text<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Text<'a>>,
}

/// A file that a package contains.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct File<'a> {
    #[serde(rename = "SPDXID", default)]
    pub(super) id: Text<'a>,
    #[serde(default)]
    pub(super) file_name: Text<'a>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Relationship<'a> {
    #[serde(default)]
    pub(super) spdx_element_id: Text<'a>,
    #[serde(default)]
    pub(super) relationship_type: Text<'a>,
    #[serde(default)]
    pub(super) related_spdx_element: Text<'a>,
    #[serde(default, skip_serializing)]
    pub(super) comment: Text<'a>,
}
