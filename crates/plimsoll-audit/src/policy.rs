//! What each line asks for: a commented TOML file built in, and a project's changes to it.

use plimsoll_core::Line;
use serde::Deserialize;

use crate::{Error, Result};

const DEFAULT: &str = include_str!("policy.toml");

/// The thresholds of the matrix, and what a project changed in them.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Sizes in MB of 1,000,000 bytes.
    pub size: Thresholds,
    /// Numbers of layers.
    pub layers: Thresholds,
    /// Labels asked for at intermediate.
    pub labels_intermediate: Vec<String>,
    /// Labels asked for at production.
    pub labels_production: Vec<String>,
    /// How the image is run.
    pub probe: ProbeLimits,
    /// The checklist's size limit, in MB.
    pub checklist_size: u64,
    /// What the project's file changed.
    pub overrides: Vec<Override>,
}

/// Limits that an image must stay below, one for each line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each field is the line of its name")]
pub struct Thresholds {
    pub basic: u64,
    pub intermediate: u64,
    pub production: u64,
}

impl Thresholds {
    /// The limit for `line`.
    pub fn at(self, line: Line) -> u64 {
        match line {
            Line::Basic => self.basic,
            Line::Intermediate => self.intermediate,
            Line::Production => self.production,
        }
    }
}

/// The limits of the run that the probe makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProbeLimits {
    /// MB of 1,000,000 bytes.
    pub memory: u64,
    /// Processes.
    pub pids: u64,
    /// Seconds to become healthy or to answer.
    pub start_timeout: u64,
    /// Seconds between the stop signal and the kill.
    pub stop_timeout: u64,
}

impl ProbeLimits {
    /// The memory limit in bytes.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.memory.saturating_mul(1_000_000)
    }
}

/// One key that a project's policy changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The key, such as `size.production`.
    pub key: String,
    /// The default's value.
    pub default: String,
    /// The project's value.
    pub value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    size: Thresholds,
    layers: Thresholds,
    labels: Labels,
    probe: ProbeLimits,
    checklist: ChecklistLimits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Labels {
    intermediate: Vec<String>,
    production: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChecklistLimits {
    size: u64,
}

impl Policy {
    /// The text of the default policy, with its comments.
    pub fn default_text() -> &'static str {
        DEFAULT
    }

    /// The default policy with the keys of `text`, a project's file named `file`, over it.
    ///
    /// # Errors
    /// [`Error::Policy`] when `text` is not TOML, or has a key or a kind of value that the default has not.
    pub fn with(text: &str, file: &str) -> Result<Self> {
        let wrong = |reason: String| Error::Policy {
            file: file.to_owned(),
            reason,
        };
        let mut table: toml::Table = DEFAULT
            .parse()
            .map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        let changes: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        let mut overrides = Vec::new();
        merge(&mut table, changes, "", &mut overrides).map_err(wrong)?;
        let document: Document = table
            .try_into()
            .map_err(|error: toml::de::Error| wrong(error.message().to_owned()))?;
        Ok(Self {
            size: document.size,
            layers: document.layers,
            labels_intermediate: document.labels.intermediate,
            labels_production: document.labels.production,
            probe: document.probe,
            checklist_size: document.checklist.size,
            overrides,
        })
    }

    /// The default policy.
    ///
    /// # Errors
    /// None in practice: the default is part of the program and a test reads it.
    pub fn standard() -> Result<Self> {
        Self::with("", "default policy")
    }
}

fn merge(
    table: &mut toml::Table,
    changes: toml::Table,
    prefix: &str,
    overrides: &mut Vec<Override>,
) -> std::result::Result<(), String> {
    for (name, change) in changes {
        let key = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        match (table.get_mut(&name), change) {
            (None, _) => return Err(format!("unknown key `{key}`")),
            (Some(toml::Value::Table(inner)), toml::Value::Table(changes)) => {
                merge(inner, changes, &key, overrides)?;
            }
            (Some(known), change) if known.same_type(&change) => {
                if *known != change {
                    overrides.push(Override {
                        key,
                        default: known.to_string(),
                        value: change.to_string(),
                    });
                }
                *known = change;
            }
            (Some(known), change) => {
                return Err(format!(
                    "`{key}` must be of type {}, not {}",
                    known.type_str(),
                    change.type_str()
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_whole() {
        let policy = Policy::standard().unwrap();
        assert_eq!(policy.size.at(Line::Production), 150);
        assert_eq!(policy.labels_production.len(), 8);
        assert!(policy.overrides.is_empty());
    }

    #[test]
    fn a_project_changes_single_keys_and_each_change_is_listed() {
        let policy = Policy::with("[size]\nproduction = 180\nbasic = 500\n", "plimsoll.toml").unwrap();
        assert_eq!((policy.size.production, policy.size.intermediate), (180, 300));
        let change = Override {
            key: "size.production".into(),
            default: "150".into(),
            value: "180".into(),
        };
        assert_eq!(policy.overrides, [change]);
    }

    #[test]
    fn mistakes_name_the_key() {
        let error = |text| Policy::with(text, "p.toml").unwrap_err().to_string();
        assert_eq!(
            error("[size]\nproductoin = 1\n"),
            "policy `p.toml`: unknown key `size.productoin`"
        );
        assert_eq!(
            error("[size]\nbasic = 'x'\n"),
            "policy `p.toml`: `size.basic` must be of type integer, not string"
        );
        assert!(error("size").contains("p.toml"));
        assert!(error("[size]\nbasic = -1\n").contains("p.toml"));
    }
}
