//! How Trivy names and takes apart what is known of packages, in its reports and in the SBOMs that it reads.

use plimsoll_core::{Ecosystem, Package};

/// What begins the names of Trivy's properties in CycloneDX.
pub(crate) const PREFIX: &str = "aquasecurity:trivy:";

/// A version in the parts that Trivy shows apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version<'a> {
    pub(crate) version: &'a str,
    /// Empty where there is none.
    pub(crate) release: &'a str,
    /// `None` where it is 0.
    pub(crate) epoch: Option<u64>,
}

impl<'a> Version<'a> {
    /// Debian's and RPM's versions are taken apart: `[epoch:]upstream[-revision]`.
    pub(crate) fn of(ecosystem: Ecosystem, text: &'a str) -> Self {
        if !matches!(ecosystem, Ecosystem::Deb | Ecosystem::Rpm) {
            return Self {
                version: text,
                release: "",
                epoch: None,
            };
        }
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) => (epoch.parse().ok().filter(|epoch| *epoch > 0), rest),
            None => (None, text),
        };
        let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Self {
            version,
            release,
            epoch,
        }
    }

    /// The parts put together again, which is what they were taken from unless that had an epoch of 0 or the like.
    pub(crate) fn joined(self) -> String {
        let mut text = self.epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
        text.push_str(self.version);
        if !self.release.is_empty() {
            text.push('-');
            text.push_str(self.release);
        }
        text
    }
}

/// Packages are known by name and version, those of an RPM database also by what they are built for.
pub(crate) fn package_id(package: &Package) -> String {
    let Package { name, version, .. } = package;
    match (package.ecosystem, &package.architecture) {
        (Ecosystem::Rpm, Some(architecture)) => {
            let version = version.split_once(':').map_or(version.as_str(), |(_, rest)| rest);
            format!("{name}@{version}.{architecture}")
        }
        _ => format!("{name}@{version}"),
    }
}

/// The file of a package where its target is not that file itself, and not the distribution's.
pub(crate) fn file_path(package: &Package) -> Option<&str> {
    let named = !package.ecosystem.is_distribution() && !stands_in_a_file(package.ecosystem);
    (named && !package.evidence.is_empty()).then_some(package.evidence.as_str())
}

/// Whether packages of this kind stand together in one file, a program or a list of what is installed, which is a target
/// of its own.
pub(crate) fn stands_in_a_file(ecosystem: Ecosystem) -> bool {
    matches!(
        ecosystem,
        Ecosystem::Go | Ecosystem::Cargo | Ecosystem::Composer | Ecosystem::NuGet
    )
}

/// Trivy's name for the distribution with this `ID`.
pub(crate) fn family(id: &str) -> &str {
    match id {
        "almalinux" => "alma",
        "amzn" => "amazon",
        "mariner" => "cbl-mariner",
        "ol" => "oracle",
        "opensuse" => "opensuse-leap",
        "rhel" => "redhat",
        "sle-micro" | "sl-micro" => "slem",
        other => other,
    }
}
