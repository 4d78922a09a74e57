use std::collections::BTreeMap;

use plimsoll_core::{Digest, Distribution, Platform, Reference};
use serde::{Deserialize, Serialize};

/// What an image says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSummary {
    /// The name it was asked for by: a reference, a source such as `docker-archive:app.tar`, a context.
    pub name: String,
    /// The image ID: the digest of its config.
    pub id: Digest,
    /// The digest of its manifest, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_digest: Option<Digest>,
    /// Its names in the store or archive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What it runs on.
    pub platform: Platform,
    /// When it was made (RFC 3339), where it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Uncompressed size: the content bytes of all layers.
    pub size_bytes: u64,
    /// Its layers, the lowest first; history entries without a layer are not among them.
    pub layers: Vec<LayerSummary>,
    /// `User` of its config; empty where none is set, which means root.
    #[serde(default)]
    pub user: String,
    /// Its health check; `None` where there is none or it is `NONE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<HealthcheckSummary>,
    /// Its labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Its exposed ports: `8000/tcp`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exposed_ports: Vec<String>,
    /// The image it was built on, where it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The operating system inside, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Distribution>,
}

/// One layer of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerSummary {
    /// Its DiffID.
    pub diff_id: Digest,
    /// The history entry that made it; empty where the image has none.
    #[serde(default)]
    pub created_by: String,
    /// Its content bytes.
    pub size_bytes: u64,
    /// Whether it changes nothing at all. A layer without content bytes may still hold directories and links, or
    /// remove files.
    #[serde(default)]
    pub empty: bool,
}

/// A health check as an image's config has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthcheckSummary {
    /// The command with its form in front: `CMD-SHELL`, `curl -f http://localhost/`.
    pub test: Vec<String>,
    /// Time between checks, in nanoseconds; `None` where the default holds. So with the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<i64>,
    /// Time that one check may take, in nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
    /// Time in which failures do not count, in nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_period: Option<i64>,
    /// Time between checks in the start period, in nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_interval: Option<i64>,
    /// Failures in a row that make it unhealthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
}

impl ImageSummary {
    /// The number of layers that hold something.
    pub fn non_empty_layers(&self) -> usize {
        self.layers.iter().filter(|layer| !layer.empty).count()
    }
}
