//! A scan taken apart by where its packages come from, as Trivy shows it.

use plimsoll_core::{Ecosystem, Package, Vulnerability};

use crate::ScanReport;
use crate::trivy::{family, stands_in_a_file};

/// The packages of one kind, or of one file, with their vulnerabilities.
pub(crate) struct Target<'a> {
    /// `app:1 (debian 12.5)`, `Python`, `usr/bin/app`.
    pub(crate) title: String,
    /// `os-pkgs` or `lang-pkgs`.
    pub(crate) class: &'static str,
    /// `debian`, `alpine`, `python-pkg`.
    pub(crate) kind: String,
    pub(crate) ecosystem: Ecosystem,
    pub(crate) packages: Vec<&'a Package>,
    /// The places of the packages in the report, in the same order.
    pub(crate) places: Vec<usize>,
    pub(crate) vulnerabilities: Vec<&'a Vulnerability>,
}

/// The targets of `report`: the distribution's packages where there is a distribution, even if it has none, then the
/// others.
pub(crate) fn targets(report: &ScanReport) -> Vec<Target<'_>> {
    let mut targets: Vec<Target<'_>> = Vec::new();
    for ecosystem in Ecosystem::ALL {
        let of_kind = |package: &Package| package.ecosystem == ecosystem;
        let packages = report.packages.iter().enumerate();
        let packages: Vec<_> = packages.filter(|(_, one)| of_kind(one)).collect();
        let vulnerabilities = report.vulnerabilities.iter();
        let vulnerabilities: Vec<_> = vulnerabilities.filter(|one| of_kind(&one.package)).collect();
        if ecosystem.is_distribution() {
            let distribution = report.artifact.distribution.as_ref();
            let expected = distribution.is_some_and(|known| known.ecosystem() == Some(ecosystem));
            if expected || !packages.is_empty() || !vulnerabilities.is_empty() {
                targets.push(distribution_target(report, ecosystem, packages, vulnerabilities));
            }
            continue;
        }
        let first = targets.len();
        for (place, package) in packages {
            let target = target_of(&mut targets, first, package);
            target.packages.push(package);
            target.places.push(place);
        }
        for found in vulnerabilities {
            target_of(&mut targets, first, &found.package)
                .vulnerabilities
                .push(found);
        }
        if let Some(added) = targets.get_mut(first..) {
            added.sort_by(|a, b| a.title.cmp(&b.title));
        }
    }
    targets
}

fn distribution_target<'a>(
    report: &'a ScanReport,
    ecosystem: Ecosystem,
    packages: Vec<(usize, &'a Package)>,
    vulnerabilities: Vec<&'a Vulnerability>,
) -> Target<'a> {
    let artifact = &report.artifact;
    let (family, release) = match &artifact.distribution {
        Some(known) => (
            family(&known.id),
            artifact.release.as_deref().unwrap_or(&known.version_id),
        ),
        None => (ecosystem.purl_type(), "unknown release"),
    };
    let named = format!("{family} {release}");
    let (places, packages) = packages.into_iter().unzip();
    Target {
        title: format!("{} ({})", artifact.name, named.trim_end()),
        class: "os-pkgs",
        kind: family.to_owned(),
        ecosystem,
        packages,
        places,
        vulnerabilities,
    }
}

/// The target among those from `first` on that `package` belongs to.
fn target_of<'t, 'a>(
    targets: &'t mut Vec<Target<'a>>,
    first: usize,
    package: &Package,
) -> &'t mut Target<'a> {
    let (title, kind) = language(package);
    let known = targets
        .iter()
        .skip(first)
        .position(|target| target.title == title);
    let index = known.map_or(targets.len(), |index| first + index);
    if known.is_none() {
        targets.push(Target {
            title: title.to_owned(),
            class: "lang-pkgs",
            kind: kind.to_owned(),
            ecosystem: package.ecosystem,
            packages: Vec::new(),
            places: Vec::new(),
            vulnerabilities: Vec::new(),
        });
    }
    &mut targets[index]
}

/// The title and the kind of the target of a language's package.
fn language(package: &Package) -> (&str, &'static str) {
    let title = match package.ecosystem {
        Ecosystem::PyPi => "Python",
        Ecosystem::Npm => "Node.js",
        Ecosystem::Gem => "Ruby",
        Ecosystem::Maven => "Java",
        Ecosystem::Conda => "Conda",
        Ecosystem::Go => "Go",
        Ecosystem::Cargo => "Rust",
        Ecosystem::Composer => "PHP",
        Ecosystem::NuGet => ".NET",
        Ecosystem::Cran => "R",
        Ecosystem::LuaRocks => "Lua",
        Ecosystem::Otp => "Erlang",
        Ecosystem::Pear => "PEAR",
        Ecosystem::WordPress => "WordPress",
        Ecosystem::Generic
        | Ecosystem::Deb
        | Ecosystem::Apk
        | Ecosystem::Rpm
        | Ecosystem::Alpm
        | Ecosystem::Portage
        | Ecosystem::Opkg => "Programs",
    };
    (
        target_file(package).unwrap_or(title),
        language_kind(package.ecosystem),
    )
}

/// Trivy's word for the targets of a language's packages.
pub(crate) fn language_kind(ecosystem: Ecosystem) -> &'static str {
    match ecosystem {
        Ecosystem::PyPi => "python-pkg",
        Ecosystem::Npm => "node-pkg",
        Ecosystem::Gem => "gemspec",
        Ecosystem::Maven => "jar",
        Ecosystem::Conda => "conda-pkg",
        Ecosystem::Go => "gobinary",
        Ecosystem::Cargo => "rustbinary",
        Ecosystem::Composer => "composer-vendor",
        Ecosystem::NuGet => "dotnet-core",
        Ecosystem::Cran => "cran",
        Ecosystem::LuaRocks => "luarocks",
        Ecosystem::Otp => "otp",
        Ecosystem::Pear => "pear",
        Ecosystem::WordPress => "wordpress",
        Ecosystem::Generic
        | Ecosystem::Deb
        | Ecosystem::Apk
        | Ecosystem::Rpm
        | Ecosystem::Alpm
        | Ecosystem::Portage
        | Ecosystem::Opkg => "binary",
    }
}

/// The file that is the package's target, where it stands in one together with others.
pub(crate) fn target_file(package: &Package) -> Option<&str> {
    let is_target = stands_in_a_file(package.ecosystem) && !package.evidence.is_empty();
    is_target.then_some(package.evidence.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn programs_are_targets_of_their_own() {
        let mut report = sample::scan();
        let mut go = |evidence: &str| {
            let mut package = Package::new(Ecosystem::Go, "stdlib", "v1.22.3");
            evidence.clone_into(&mut package.evidence);
            report.packages.push(package);
        };
        go("usr/bin/b");
        go("usr/bin/a");
        report
            .packages
            .push(Package::new(Ecosystem::Npm, "left-pad", "1"));
        let shown: Vec<_> = targets(&report)
            .into_iter()
            .map(|target| (target.title, target.kind, target.packages.len()))
            .collect();
        let target = |title: &str, kind: &str, count| (title.to_owned(), kind.to_owned(), count);
        assert_eq!(
            shown,
            [
                target("app:1 (debian 12.5)", "debian", 1),
                target("Python", "python-pkg", 2),
                target("Node.js", "node-pkg", 1),
                target("usr/bin/a", "gobinary", 1),
                target("usr/bin/b", "gobinary", 1),
            ]
        );
    }

    #[test]
    fn a_distribution_is_a_target_even_without_packages() {
        let mut report = sample::scan();
        report.packages.clear();
        report.vulnerabilities.clear();
        report.artifact.release = None;
        for (id, ecosystem) in [
            ("echo", Ecosystem::Deb),
            ("minimos", Ecosystem::Apk),
            ("openEuler", Ecosystem::Rpm),
            ("mageia", Ecosystem::Rpm),
            ("sled", Ecosystem::Rpm),
            ("suse-microos", Ecosystem::Rpm),
        ] {
            id.clone_into(&mut report.artifact.distribution.as_mut().unwrap().id);
            let shown: Vec<_> = targets(&report)
                .into_iter()
                .map(|target| (target.title, target.ecosystem))
                .collect();
            assert_eq!(shown, [(format!("app:1 ({id} 12)"), ecosystem)]);
        }
    }
}
