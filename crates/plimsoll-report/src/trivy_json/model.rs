//! The fields of Trivy's JSON report.

use std::borrow::Cow;
use std::collections::BTreeMap;

use plimsoll_core::{ExploitPrediction, LicenseCategory, Origin};
use serde::Serialize;

use crate::{Coverage, DatabaseSummary, LeftOut};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Report<'a> {
    pub(super) schema_version: u32,
    pub(super) plimsoll: Extra<'a>,
    #[serde(rename = "ReportID")]
    pub(super) report_id: String,
    pub(super) created_at: &'a str,
    #[serde(rename = "ArtifactID", skip_serializing_if = "Option::is_none")]
    pub(super) artifact_id: Option<String>,
    pub(super) artifact_name: &'a str,
    pub(super) artifact_type: &'static str,
    pub(super) metadata: Metadata<'a>,
    pub(super) results: Vec<Entry<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Extra<'a> {
    pub(super) version: &'a str,
    pub(super) coverage: &'a [Coverage],
    pub(super) database: Option<&'a DatabaseSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secret_scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) left_out: Option<&'a LeftOut>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) warnings: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Metadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    #[serde(rename = "OS", skip_serializing_if = "Option::is_none")]
    pub(super) os: Option<Os<'a>>,
    #[serde(rename = "ImageID", skip_serializing_if = "Option::is_none")]
    pub(super) image_id: Option<String>,
    #[serde(rename = "DiffIDs", skip_serializing_if = "Vec::is_empty")]
    pub(super) diff_ids: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) repo_tags: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) repo_digests: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image_config: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) layers: Vec<Layer<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Os<'a> {
    pub(super) family: &'a str,
    pub(super) name: &'a str,
    #[serde(rename = "EOSL", skip_serializing_if = "std::ops::Not::not")]
    pub(super) eosl: bool,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Entry<'a> {
    pub(super) target: String,
    pub(super) class: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) r#type: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) packages: Vec<Listed<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) vulnerabilities: Vec<Detected<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) secrets: Vec<Secret<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) licenses: Vec<License<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct License<'a> {
    pub(super) severity: &'static str,
    pub(super) category: LicenseCategory,
    pub(super) pkg_name: &'a str,
    pub(super) file_path: &'a str,
    pub(super) name: &'a str,
    pub(super) text: &'static str,
    pub(super) confidence: u8,
    pub(super) link: String,
}

#[derive(Serialize)]
pub(super) struct Identifier<'a> {
    #[serde(rename = "PURL")]
    pub(super) purl: Cow<'a, str>,
    #[serde(rename = "UID")]
    pub(super) uid: Cow<'a, str>,
}

#[derive(Default, Serialize)]
pub(super) struct Layer<'a> {
    /// The length of its uncompressed tar.
    #[serde(rename = "Size", skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    #[serde(rename = "DiffID", skip_serializing_if = "Option::is_none")]
    pub(super) diff_id: Option<String>,
    #[serde(rename = "CreatedBy", skip_serializing_if = "Option::is_none")]
    pub(super) created_by: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listed<'a> {
    #[serde(rename = "ID")]
    pub(super) id: Cow<'a, str>,
    pub(super) name: &'a str,
    pub(super) identifier: Identifier<'a>,
    pub(super) version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) release: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) epoch: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) arch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) src_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) src_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) src_release: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) src_epoch: Option<u64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) licenses: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) maintainer: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) depends_on: Vec<&'a str>,
    #[serde(skip_serializing_if = "Layer::is_unknown")]
    pub(super) layer: Layer<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_path: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) installed_files: Vec<Cow<'a, str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Detected<'a> {
    #[serde(rename = "VulnerabilityID")]
    pub(super) vulnerability_id: &'a str,
    #[serde(rename = "VendorIDs", skip_serializing_if = "<[_]>::is_empty")]
    pub(super) vendor_ids: &'a [String],
    #[serde(rename = "PkgID")]
    pub(super) pkg_id: Cow<'a, str>,
    pub(super) pkg_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pkg_path: Option<&'a str>,
    pub(super) pkg_identifier: Identifier<'a>,
    pub(super) installed_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fixed_version: Option<&'a str>,
    pub(super) status: &'static str,
    #[serde(skip_serializing_if = "Layer::is_unknown")]
    pub(super) layer: Layer<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) severity_source: Option<&'a str>,
    #[serde(rename = "PrimaryURL")]
    pub(super) primary_url: String,
    pub(super) data_source: DataSource<'a>,
    pub(super) fingerprint: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) title: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) description: &'a str,
    pub(super) severity: &'static str,
    #[serde(rename = "CweIDs", skip_serializing_if = "<[_]>::is_empty")]
    pub(super) cwe_ids: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) vendor_severity: BTreeMap<&'a str, u8>,
    #[serde(rename = "CVSS", skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) cvss: BTreeMap<&'a str, Scores<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) references: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) published_date: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_modified_date: Option<&'a str>,
    pub(super) plimsoll: Why<'a>,
}

/// The CVSS ratings of one source; a version that it does not rate by is left out.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Scores<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) v2_vector: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) v3_vector: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) v40_vector: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) v2_score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) v3_score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) v40_score: Option<f64>,
}

/// What Trivy does not say of a finding.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Why<'a> {
    pub(super) reason: &'a str,
    pub(super) origin: Origin,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) created_by: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) known_exploited: bool,
    #[serde(rename = "EPSS", skip_serializing_if = "Option::is_none")]
    pub(super) exploit_prediction: Option<ExploitPrediction>,
}

#[derive(Serialize)]
pub(super) struct DataSource<'a> {
    #[serde(rename = "ID")]
    pub(super) id: &'a str,
    #[serde(rename = "Name")]
    pub(super) name: &'a str,
    #[serde(rename = "URL")]
    pub(super) url: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Secret<'a> {
    #[serde(rename = "RuleID")]
    pub(super) rule_id: &'a str,
    pub(super) category: &'a str,
    pub(super) severity: &'static str,
    pub(super) title: &'a str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) lines: Option<Lines<'a>>,
    pub(super) r#match: &'a str,
    #[serde(skip_serializing_if = "Layer::is_unknown")]
    pub(super) layer: Layer<'a>,
}

/// Where in a file a secret is.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Lines<'a> {
    pub(super) start_line: usize,
    pub(super) end_line: usize,
    pub(super) code: Code<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Code<'a> {
    pub(super) lines: [CodeLine<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CodeLine<'a> {
    pub(super) number: usize,
    pub(super) content: &'a str,
    pub(super) is_cause: bool,
    pub(super) annotation: &'static str,
    pub(super) truncated: bool,
    pub(super) first_cause: bool,
    pub(super) last_cause: bool,
}
