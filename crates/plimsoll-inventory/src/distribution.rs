//! Which distribution an image is of, after the release files that its layers leave.

use plimsoll_core::Distribution;

use crate::DistributionFacts;
use crate::catalogers::release;
use crate::merge::Merged;

/// What the release files say together.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) distribution: Option<Distribution>,
    /// The version with its point release, such as `12.5`, where another file than `os-release` has that.
    pub(crate) release: Option<String>,
    /// Whether the image is set up for security updates beyond those for everybody.
    pub(crate) extended_support: bool,
}

impl Found {
    pub(crate) fn of(merged: &Merged<'_>) -> Self {
        let facts = |path: &str| {
            merged
                .file(path)
                .and_then(|visible| visible.file.distribution.as_ref())
        };
        let extended_support = facts(release::UBUNTU_PRO).is_some_and(|facts| facts.extended_support);
        // Where none has an ID, the distribution is told from the others, the most telling first.
        let os_release = release::OS_RELEASE.iter().find_map(|path| facts(path));
        let others: Vec<&DistributionFacts> = release::OTHERS.iter().filter_map(|path| facts(path)).collect();
        let named = |facts: &&DistributionFacts| !facts.id.is_empty();
        let Some(facts) = os_release
            .filter(named)
            .or_else(|| others.iter().copied().find(named))
        else {
            return Self {
                extended_support,
                ..Self::default()
            };
        };
        let more_exact = |other: &&&DistributionFacts| {
            other.id == facts.id && continues(&other.release, &facts.version_id)
        };
        let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Self {
            distribution: Some(Distribution {
                id: facts.id.clone(),
                version_id: facts.version_id.clone(),
                codename: some(&facts.codename),
                pretty_name: some(&facts.pretty_name),
            }),
            release: others.iter().find(more_exact).map(|other| other.release.clone()),
            extended_support,
        }
    }
}

/// Whether `release` is a number that says as much as `version` or more: `12.5` and `12`.
fn continues(release: &str, version: &str) -> bool {
    let is_number = release.starts_with(|first: char| first.is_ascii_digit());
    let rest = release.strip_prefix(version);
    is_number && rest.is_some_and(|rest| version.is_empty() || rest.is_empty() || rest.starts_with('.'))
}
