//! The names that OSV has for ecosystems and the releases of distributions.

use super::{LANGUAGES, NUMBERED, debian_by_number, leading, openeuler, rolling};

/// The database's name for an OSV ecosystem; `None` for one that is not used.
pub(crate) fn from_osv(ecosystem: &str) -> Option<String> {
    let (name, release) = ecosystem.split_once(':').unwrap_or((ecosystem, ""));
    if let Some((_, language, _)) = LANGUAGES.iter().find(|(osv, ..)| *osv == name) {
        return Some((*language).to_owned());
    }
    if let Some((_, distribution, parts)) = NUMBERED.iter().find(|(osv, ..)| *osv == name) {
        return Some(format!("{distribution}:{}", leading(release, *parts)?));
    }
    match name {
        "Debian" if !release.is_empty() => Some(debian_by_number(release)),
        "Alpine" if !release.is_empty() => Some(format!("alpine:{release}")),
        "Wolfi" | "Chainguard" | "MinimOS" | "Echo" if release.is_empty() => {
            Some(rolling(&name.to_lowercase()))
        }
        "openEuler" => openeuler(release),
        "Ubuntu" => ubuntu_from_osv(release),
        "Red Hat" => red_hat_from_osv(release),
        "SUSE" | "openSUSE" => suse_from_osv(release),
        _ => None,
    }
}

/// What one must have to get the packages of Ubuntu's paid extension.
pub(crate) const EXTENSION: &str = "Ubuntu Pro";

/// Whether an OSV ecosystem of Ubuntu is that of the paid extension of a release, which [`from_osv`] gives the name of
/// the release itself.
pub(crate) fn is_extended_support(ecosystem: &str) -> bool {
    ecosystem.starts_with("Ubuntu:Pro:")
}

/// `22.04:LTS`, `23.10`, `Pro:18.04:LTS`. Variants of Pro (FIPS, realtime kernels) are other packages of the same names.
fn ubuntu_from_osv(release: &str) -> Option<String> {
    let rest = release.strip_prefix("Pro:").unwrap_or(release);
    let (number, kind) = rest.split_once(':').unwrap_or((rest, ""));
    let number = leading(number, 2)?;
    matches!(kind, "" | "LTS").then(|| format!("ubuntu:{number}"))
}

/// `enterprise_linux:9::appstream`: a CPE without its head. Other products and the paid extensions are not used.
fn red_hat_from_osv(release: &str) -> Option<String> {
    let mut parts = release.split(':');
    let product = parts.next()?;
    let version = parts.next().unwrap_or_default();
    let version = version.strip_prefix("el").unwrap_or(version);
    (product == "enterprise_linux").then_some(())?;
    Some(format!("rhel:{}", leading(version, 1)?))
}

/// `Linux Enterprise Module for Basesystem 15 SP5`, `Leap 15.5`, `Tumbleweed`.
fn suse_from_osv(release: &str) -> Option<String> {
    if let Some(number) = release.strip_prefix("Leap Micro ") {
        return Some(format!("opensuse-leap-micro:{}", leading(number, 2)?));
    }
    if let Some(number) = release.strip_prefix("Leap ") {
        return Some(format!("opensuse-leap:{}", leading(number, 2)?));
    }
    if release == "Tumbleweed" {
        return Some(rolling("opensuse-tumbleweed"));
    }
    let rest = release
        .strip_prefix("Linux Enterprise ")
        .or_else(|| release.strip_prefix("Linux "))?;
    let mut words = rest.split([' ', '-']).filter(|word| !word.is_empty());
    let number = words
        .by_ref()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    if rest.starts_with("Micro ") {
        return Some(format!("sle-micro:{}", leading(number, 2)?));
    }
    let pack = words
        .next()
        .and_then(|word| word.strip_prefix("SP"))
        .unwrap_or("0");
    let number = leading(number, 2)?;
    Some(match number.contains('.') {
        true => format!("sles:{number}"),
        false => format!("sles:{number}.{}", leading(pack, 1)?),
    })
}

/// Whether any record of `osv/<folder>/all.zip` can be used.
pub(crate) fn osv_folder_is_used(folder: &str) -> bool {
    OSV_FOLDERS.contains(&folder)
}

/// The folders of OSV's export that can be used.
pub(crate) const OSV_FOLDERS: [&str; 25] = [
    "PyPI",
    "npm",
    "RubyGems",
    "Maven",
    "Go",
    "crates.io",
    "Packagist",
    "NuGet",
    "Bitnami",
    "Debian",
    "Ubuntu",
    "Alpine",
    "Wolfi",
    "Chainguard",
    "AlmaLinux",
    "Rocky Linux",
    "Red Hat",
    "SUSE",
    "openSUSE",
    "Photon OS",
    "Azure Linux",
    "Mageia",
    "openEuler",
    "MinimOS",
    "Echo",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn osv_names() {
        assert_eq!(from_osv("Debian:6.0").as_deref(), Some("debian:6.0"));
        assert_eq!(from_osv("Debian:12").as_deref(), Some("debian:12"));
        assert_eq!(from_osv("Alpine:v3.20").as_deref(), Some("alpine:v3.20"));
        assert_eq!(from_osv("PyPI").as_deref(), Some("pypi"));
        for (osv, name) in [
            ("npm", "npm"),
            ("Go", "go"),
            ("crates.io", "cargo"),
            ("Ubuntu:22.04:LTS", "ubuntu:22.04"),
            ("Ubuntu:23.10", "ubuntu:23.10"),
            ("Ubuntu:Pro:18.04:LTS", "ubuntu:18.04"),
            ("AlmaLinux:9", "almalinux:9"),
            ("Rocky Linux:8", "rocky:8"),
            ("Red Hat:enterprise_linux:9::appstream", "rhel:9"),
            ("Red Hat:enterprise_linux:8::baseos", "rhel:8"),
            ("SUSE:Linux Enterprise Module for Basesystem 15 SP5", "sles:15.5"),
            ("SUSE:Linux Enterprise Server 12 SP5-LTSS", "sles:12.5"),
            ("SUSE:Linux Enterprise Server 16.0", "sles:16.0"),
            ("SUSE:Linux Enterprise Micro 5.3", "sle-micro:5.3"),
            ("openSUSE:Leap 15.5", "opensuse-leap:15.5"),
            ("openSUSE:Tumbleweed", "opensuse-tumbleweed:rolling"),
            ("Photon OS:4.0", "photon:4.0"),
            ("Azure Linux:3", "azurelinux:3"),
            ("Wolfi", "wolfi:rolling"),
            ("MinimOS", "minimos:rolling"),
            ("Echo", "echo:rolling"),
            ("openEuler:24.03-LTS", "openeuler:24.03-LTS"),
            ("openEuler:22.03-LTS-SP3", "openeuler:22.03-LTS-SP3"),
            ("openSUSE:Leap 16.0", "opensuse-leap:16.0"),
            ("SUSE:Linux Micro 6.1", "sle-micro:6.1"),
            (
                "SUSE:Linux Enterprise Server for SAP Applications 15 SP7",
                "sles:15.7",
            ),
            (
                "SUSE:Linux Enterprise High Performance Computing 15 SP4-ESPOS",
                "sles:15.4",
            ),
            ("Red Hat:enterprise_linux:10.1", "rhel:10"),
            ("Maven:https://maven.google.com", "maven"),
            ("Packagist:https://packages.drupal.org/8", "composer"),
            ("Bitnami", "bitnami"),
        ] {
            assert_eq!(from_osv(osv).as_deref(), Some(name), "{osv}");
        }
        for osv in [
            "Hex",
            "Ubuntu:Pro:FIPS:20.04:LTS",
            "Ubuntu:Pro:22.04:LTS:Realtime:Kernel",
            "Ubuntu:Nvidia-BlueField:22.04:LTS",
            "Echo:PyPI",
            "openEuler",
            "Red Hat:openshift:4.12::el8",
            "Red Hat:rhel_eus:9.2::appstream",
            "SUSE:Manager Server 4.3",
            "Debian",
            "GIT",
        ] {
            assert_eq!(from_osv(osv), None, "{osv}");
        }
        assert!(is_extended_support("Ubuntu:Pro:18.04:LTS") && !is_extended_support("Ubuntu:18.04:LTS"));
    }
}
