use plimsoll_core::{Finding, Vulnerability};
use plimsoll_image::Image;

use crate::probe::Probed;

/// Everything that is known about an image when it is graded.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The image at rest.
    pub image: &'a Image,
    /// The bytes of content of its layers.
    pub size_bytes: u64,
    /// How many of its layers hold nothing.
    pub empty_layers: usize,
    /// The advisories that match its packages.
    pub vulnerabilities: &'a [Vulnerability],
    /// What could not be compared with advisories, each with its reason; empty where everything was.
    pub unassessed: &'a [String],
    /// Whether the advisories say which vulnerabilities are exploited.
    pub knows_exploited: bool,
    /// What looks like a secret in the configuration, the history and the layers.
    pub secrets: &'a [Finding],
    /// How far the layers were searched for them: `812 files searched, ...`.
    pub secret_scope: &'a str,
    /// What looks like a secret in the build context.
    pub context: ContextSecrets<'a>,
    /// What was seen when the image ran.
    pub probed: &'a Probed,
    /// What the result of this audit decides.
    pub gate: Gate,
}

/// What is known of the folder that is sent to the build.
#[derive(Debug, Clone, Copy)]
pub enum ContextSecrets<'a> {
    /// No context was given: nothing is known of it.
    NotGiven,
    /// What looks like a secret in the files that the build is sent.
    Scanned(&'a [Finding]),
}

/// Whether something stops when the image is below the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// The exit code of this audit is a gate; the text says how: `--line production`, `CI`.
    Enforced(String),
    /// Somebody looks at the report; nothing stops by itself.
    Advisory,
}
