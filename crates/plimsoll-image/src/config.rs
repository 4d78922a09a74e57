//! The image configuration: the JSON document whose digest is the image's ID.
//!
//! The fields are those of the OCI image specification and those that Docker adds to it. Fields that are not
//! named here are kept, so that a configuration can be read, changed and written without loss.

use std::collections::BTreeMap;

use plimsoll_core::{Digest, Platform};
use serde::{Deserialize, Deserializer, Serialize};

/// Fields that this crate has no name for.
pub type OtherFields = serde_json::Map<String, serde_json::Value>;

/// An image's configuration (OCI image specification, `config.md`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ImageConfig {
    /// When the image was made (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The processor, in Go's words: `amd64`.
    #[serde(default, deserialize_with = "null_is_default")]
    pub architecture: String,
    /// The processor's variant: `v7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The operating system: `linux`.
    #[serde(default, deserialize_with = "null_is_default")]
    pub os: String,
    /// How containers of the image are run.
    #[serde(default, deserialize_with = "null_is_default")]
    pub config: ContainerConfig,
    /// The layers, the lowest first.
    #[serde(default, deserialize_with = "null_is_default")]
    pub rootfs: RootFs,
    /// How each layer came to be, the lowest first.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub history: Vec<History>,
    /// Everything else, as it was read.
    #[serde(flatten)]
    pub other: OtherFields,
}

impl ImageConfig {
    /// Reads a configuration from its JSON text.
    ///
    /// # Errors
    /// When the text is not JSON or a field has the wrong type.
    pub fn from_slice(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// The JSON text without white space; the same configuration always gives the same bytes.
    ///
    /// # Panics
    /// Never: every field has a JSON form.
    pub fn to_vec(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("every field has a JSON form")
    }

    /// The platform that the image is for.
    pub fn platform(&self) -> Platform {
        Platform {
            os: self.os.clone(),
            architecture: self.architecture.clone(),
            variant: self.variant.clone().filter(|variant| !variant.is_empty()),
        }
    }

    /// Sets the platform that the image is for.
    pub fn set_platform(&mut self, platform: &Platform) {
        self.os.clone_from(&platform.os);
        self.architecture.clone_from(&platform.architecture);
        self.variant.clone_from(&platform.variant);
    }
}

/// How containers of an image are run, unless they are told otherwise.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ContainerConfig {
    /// `user`, `uid`, `user:group` or `uid:gid`; empty for root.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub user: String,
    /// Ports that the container listens on: `80/tcp`.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub exposed_ports: BTreeMap<String, Empty>,
    /// The environment, as `NAME=value`.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub env: Vec<String>,
    /// What every command is put behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// The default command or arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Vec<String>>,
    /// How to ask a container whether it is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<Healthcheck>,
    /// Whether `cmd` is one command line already (Windows).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args_escaped: Option<bool>,
    /// Directories that hold data outside of the image.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub volumes: BTreeMap<String, Empty>,
    /// The directory that the command starts in; empty for `/`.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub working_dir: String,
    /// Instructions for images that are built on this one.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub on_build: Vec<String>,
    /// Names and values for people and tools.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub labels: BTreeMap<String, String>,
    /// The signal that asks the container to end: `SIGTERM`, `15`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// Seconds between the stop signal and `SIGKILL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_timeout: Option<i64>,
    /// What the shell form of `RUN`, `CMD` and `ENTRYPOINT` is run with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<Vec<String>>,
    /// Everything else, as it was read.
    #[serde(flatten)]
    pub other: OtherFields,
}

impl ContainerConfig {
    /// The value of an environment variable; the last setting counts.
    pub fn env_value(&self, name: &str) -> Option<&str> {
        let value = |setting: &'_ String| -> Option<(usize, usize)> {
            let (key, value) = setting.split_once('=')?;
            (key == name).then(|| (setting.len() - value.len(), setting.len()))
        };
        let last = self
            .env
            .iter()
            .rev()
            .find_map(|setting| Some((setting, value(setting)?)));
        last.map(|(setting, (start, end))| &setting[start..end])
    }
}

/// The empty object that ports and volumes have for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Empty {}

/// A health check, as Docker keeps it. Times are in nanoseconds; 0 or nothing means Docker's default.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Healthcheck {
    /// `["NONE"]`, `["CMD", args...]` or `["CMD-SHELL", line]`; empty to inherit.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub test: Vec<String>,
    /// Between two checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<i64>,
    /// After which a check that has not ended counts as failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
    /// From the start of the container, in which failures do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_period: Option<i64>,
    /// Between two checks within the start period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_interval: Option<i64>,
    /// How many failures in a row make the container unhealthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// Everything else, as it was read.
    #[serde(flatten)]
    pub other: OtherFields,
}

impl Healthcheck {
    /// Whether there is a check to run: an empty test inherits one, and `NONE` switches one off.
    pub fn is_active(&self) -> bool {
        self.test.first().is_some_and(|kind| kind != "NONE")
    }
}

/// The layers of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootFs {
    /// Always `layers`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The layers' DiffIDs, the lowest first.
    #[serde(default, deserialize_with = "null_is_default")]
    pub diff_ids: Vec<Digest>,
}

impl Default for RootFs {
    fn default() -> Self {
        Self {
            kind: "layers".to_owned(),
            diff_ids: Vec::new(),
        }
    }
}

/// How one layer came to be, or a change of the configuration alone.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct History {
    /// When (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// By which instruction or command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// What its maker says about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether there is no layer that belongs to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
    /// Everything else, as it was read.
    #[serde(flatten)]
    pub other: OtherFields,
}

/// Go writes an empty list, map or struct as `null`.
fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_docker_writes_is_read_and_written_without_loss() {
        let json = r#"{"architecture":"amd64","config":{"Hostname":"","Env":["A=1","A=2=3"],"Cmd":["sh"],
            "Healthcheck":{"Test":["CMD","true"],"Interval":30000000000,"Retries":3},"ArgsEscaped":true,
            "Volumes":null,"Entrypoint":null,"OnBuild":null,"Labels":{"a":"b"},"ExposedPorts":{"80/tcp":{}}},
            "created":"2024-01-01T00:00:00Z","docker_version":"20.10","history":[{"created_by":"x","empty_layer":true}],
            "os":"linux","rootfs":{"type":"layers","diff_ids":[]},"moby.buildkit.cache.v0":"x"}"#;
        let config = ImageConfig::from_slice(json.as_bytes()).unwrap();
        assert_eq!(config.config.env_value("A"), Some("2=3"));
        assert_eq!(config.config.env_value("B"), None);
        assert_eq!(config.config.healthcheck.as_ref().unwrap().retries, Some(3));
        assert!(config.config.entrypoint.is_none() && config.config.volumes.is_empty());
        assert_eq!(config.other["docker_version"], "20.10");
        assert_eq!(config.config.other["Hostname"], "");
        let again = ImageConfig::from_slice(&config.to_vec()).unwrap();
        assert_eq!(again, config);
        assert_eq!(again.to_vec(), config.to_vec());
    }

    #[test]
    fn an_absent_or_null_configuration_is_the_default() {
        for json in ["{}", r#"{"config":null,"rootfs":null,"history":null,"os":null}"#] {
            assert_eq!(
                ImageConfig::from_slice(json.as_bytes()).unwrap(),
                ImageConfig::default()
            );
        }
    }
}
