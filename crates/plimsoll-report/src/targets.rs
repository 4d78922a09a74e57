//! A scan taken apart by where its packages come from, as Trivy shows it.

use plimsoll_core::{Ecosystem, Package, Vulnerability};

use crate::ScanReport;

/// The packages of one kind with their vulnerabilities.
pub(crate) struct Target<'a> {
    /// `app:1 (debian 12.5)`, `Python`.
    pub(crate) title: String,
    /// `os-pkgs` or `lang-pkgs`.
    pub(crate) class: &'static str,
    /// `debian`, `alpine`, `python-pkg`.
    pub(crate) kind: String,
    pub(crate) packages: Vec<&'a Package>,
    pub(crate) vulnerabilities: Vec<&'a Vulnerability>,
}

/// The targets of `report`: the distribution's packages where there is a distribution, even if it has none, then the
/// others.
pub(crate) fn targets(report: &ScanReport) -> Vec<Target<'_>> {
    let artifact = &report.artifact;
    let mut targets = Vec::new();
    for ecosystem in Ecosystem::ALL {
        let packages: Vec<_> = report
            .packages
            .iter()
            .filter(|one| one.ecosystem == ecosystem)
            .collect();
        let vulnerabilities: Vec<_> = report
            .vulnerabilities
            .iter()
            .filter(|one| one.package.ecosystem == ecosystem)
            .collect();
        let expected = artifact
            .distribution
            .as_ref()
            .is_some_and(|known| of_distribution(&known.id) == Some(ecosystem));
        if packages.is_empty() && vulnerabilities.is_empty() && !expected {
            continue;
        }
        let target = if ecosystem.is_distribution() {
            let (family, release) = match &artifact.distribution {
                Some(known) => (
                    family(&known.id),
                    artifact.release.as_deref().unwrap_or(&known.version_id),
                ),
                None => (ecosystem.purl_type(), "unknown release"),
            };
            let title = format!("{} ({family} {release})", artifact.name);
            Target {
                title,
                class: "os-pkgs",
                kind: family.to_owned(),
                packages,
                vulnerabilities,
            }
        } else {
            let (title, kind) = ("Python".to_owned(), "python-pkg".to_owned());
            Target {
                title,
                class: "lang-pkgs",
                kind,
                packages,
                vulnerabilities,
            }
        };
        targets.push(target);
    }
    targets
}

/// What Trivy calls a distribution, by the ID of its `os-release`.
pub(crate) fn family(id: &str) -> &str {
    match id {
        "almalinux" => "alma",
        "amzn" => "amazon",
        "mariner" => "cbl-mariner",
        "ol" => "oracle",
        "rhel" => "redhat",
        other => other,
    }
}

/// The kind of package that a distribution is made of, where it is one of those that are read.
fn of_distribution(id: &str) -> Option<Ecosystem> {
    match id {
        "debian" | "ubuntu" => Some(Ecosystem::Deb),
        "alpine" | "wolfi" | "chainguard" => Some(Ecosystem::Apk),
        "almalinux"
        | "amzn"
        | "azurelinux"
        | "centos"
        | "fedora"
        | "mariner"
        | "ol"
        | "opensuse"
        | "opensuse-leap"
        | "opensuse-tumbleweed"
        | "photon"
        | "rhel"
        | "rocky"
        | "sles" => Some(Ecosystem::Rpm),
        _ => None,
    }
}
