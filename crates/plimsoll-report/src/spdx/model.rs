//! The parts of an SPDX 2 document that are read or written.

use serde::{Deserialize, Deserializer, Serialize};

/// `null` stands for nothing.
fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    pub(super) spdx_version: String,
    #[serde(default)]
    pub(super) data_license: String,
    #[serde(rename = "SPDXID", default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) document_namespace: String,
    #[serde(default, skip_deserializing)]
    pub(super) creation_info: CreationInfo,
    #[serde(default, deserialize_with = "nullable", skip_serializing)]
    pub(super) document_describes: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) packages: Vec<Package>,
    #[serde(default, deserialize_with = "nullable", skip_serializing)]
    pub(super) files: Vec<File>,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub(super) has_extracted_licensing_infos: Vec<ExtractedLicense>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) relationships: Vec<Relationship>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreationInfo {
    pub(super) created: String,
    pub(super) creators: Vec<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Package {
    #[serde(default)]
    pub(super) name: String,
    #[serde(rename = "SPDXID", default)]
    pub(super) id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) version_info: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) supplier: Option<String>,
    #[serde(default, skip_deserializing)]
    pub(super) download_location: &'static str,
    #[serde(default, skip_deserializing)]
    pub(super) files_analyzed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty", skip_deserializing)]
    pub(super) checksums: Vec<Checksum>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source_info: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) license_concluded: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) license_declared: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", skip_deserializing)]
    pub(super) copyright_text: Option<&'static str>,
    #[serde(default, skip_serializing_if = "Option::is_none", skip_deserializing)]
    pub(super) description: Option<String>,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub(super) external_refs: Vec<ExternalRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) primary_package_purpose: Option<String>,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub(super) annotations: Vec<Annotation>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Checksum {
    pub(super) algorithm: &'static str,
    pub(super) checksum_value: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExternalRef {
    #[serde(default)]
    pub(super) reference_category: String,
    #[serde(default)]
    pub(super) reference_type: String,
    #[serde(default)]
    pub(super) reference_locator: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Annotation {
    #[serde(default)]
    pub(super) annotator: String,
    #[serde(default)]
    pub(super) annotation_date: String,
    #[serde(default)]
    pub(super) annotation_type: String,
    #[serde(default)]
    pub(super) comment: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExtractedLicense {
    #[serde(default)]
    pub(super) license_id: String,
    #[serde(default)]
    pub(super) extracted_text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
}

/// A file that a package contains.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct File {
    #[serde(rename = "SPDXID", default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) file_name: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Relationship {
    #[serde(default)]
    pub(super) spdx_element_id: String,
    #[serde(default)]
    pub(super) relationship_type: String,
    #[serde(default)]
    pub(super) related_spdx_element: String,
    #[serde(default, skip_serializing)]
    pub(super) comment: String,
}
