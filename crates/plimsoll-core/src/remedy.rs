use serde::{Deserialize, Serialize};

use crate::{Ecosystem, Origin};

/// What would make vulnerabilities vanish.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remedies {
    /// Packages to move to another version, those that resolve the most first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<PackageRemedy>,
    /// Other bases to build on, those that resolve the most first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bases: Vec<BaseRemedy>,
}

impl Remedies {
    /// Whether there is nothing to advise.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.bases.is_empty()
    }
}

/// A package that is to be moved to another version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageRemedy {
    /// Its kind.
    pub ecosystem: Ecosystem,
    /// Its name.
    pub package: String,
    /// The version that is there.
    pub installed: String,
    /// The lowest version in which all of `resolves` are fixed.
    pub version: String,
    /// What one must have beside the release itself to get that version: `Ubuntu Pro`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires: Option<String>,
    /// The vulnerabilities that vanish.
    pub resolves: Vec<String>,
    /// How many others of the package have no fixed version.
    pub remaining: usize,
    /// Whether the base or the application brought it.
    #[serde(default)]
    pub origin: Origin,
}

/// What kind of other base it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BaseKind {
    /// The same release with all updates.
    Updated,
    /// A newer release of the distribution, with all updates.
    Release,
    /// An image that was compared.
    Image,
}

/// Another base that the image could be built on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseRemedy {
    /// What it is.
    pub kind: BaseKind,
    /// Its name: `debian 13`, `python:3.12-slim`.
    pub base: String,
    /// The vulnerabilities of the base's packages that vanish.
    pub resolves: Vec<String>,
    /// How many of them stay.
    pub remaining: usize,
    /// How many of them the advisories say nothing about.
    pub unknown: usize,
    /// How many others it brings; only where the base was looked at itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<usize>,
}
