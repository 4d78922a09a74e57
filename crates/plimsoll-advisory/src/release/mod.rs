//! How the database names ecosystems and the releases of distributions, and how each feed does.

mod osv;

pub(crate) use osv::{EXTENSION, OSV_FOLDERS, from_osv, is_extended_support, osv_folder_is_used};
use plimsoll_core::{Distribution, Ecosystem, Package};

use crate::database::schema::Extent;

/// The name under which the database keeps Python packages.
pub(crate) const PYPI: &str = "pypi";

/// Debian's releases: the number as OSV and `os-release` write it, and the code name.
const DEBIAN: [(&str, &str); 16] = [
    ("3.0", "woody"),
    ("3.1", "sarge"),
    ("4.0", "etch"),
    ("5.0", "lenny"),
    ("6.0", "squeeze"),
    ("7", "wheezy"),
    ("8", "jessie"),
    ("9", "stretch"),
    ("10", "buster"),
    ("11", "bullseye"),
    ("12", "bookworm"),
    ("13", "trixie"),
    ("14", "forky"),
    ("15", "duke"),
    ("unstable", "sid"),
    ("experimental", "rc-buggy"),
];

/// `debian:12` from a code name; `debian:<code name>` for one that is not known here.
pub(crate) fn debian_by_codename(codename: &str) -> String {
    let known = DEBIAN.iter().find(|(_, name)| *name == codename);
    format!("debian:{}", known.map_or(codename, |(number, _)| number))
}

/// The code name of a database release such as `debian:12`, or what stands behind the colon.
pub(crate) fn debian_codename(release: &str) -> &str {
    let number = release.strip_prefix("debian:").unwrap_or(release);
    DEBIAN
        .iter()
        .find(|(known, _)| *known == number)
        .map_or(number, |(_, codename)| codename)
}

/// The languages: how OSV and how the database name them, and what their packages are.
const LANGUAGES: [(&str, &str, Ecosystem); 9] = [
    ("PyPI", PYPI, Ecosystem::PyPi),
    ("npm", "npm", Ecosystem::Npm),
    ("RubyGems", "gem", Ecosystem::Gem),
    ("Maven", "maven", Ecosystem::Maven),
    ("Go", "go", Ecosystem::Go),
    ("crates.io", "cargo", Ecosystem::Cargo),
    ("Packagist", "composer", Ecosystem::Composer),
    ("NuGet", "nuget", Ecosystem::NuGet),
    // Bitnami's records speak of the upstream versions of programs.
    ("Bitnami", "bitnami", Ecosystem::Generic),
];

/// Distributions whose OSV releases are a number behind the name: OSV's name, the database's, and how many parts of
/// the number tell releases apart.
const NUMBERED: [(&str, &str, usize); 5] = [
    ("AlmaLinux", "almalinux", 1),
    ("Rocky Linux", "rocky", 1),
    ("Photon OS", "photon", 2),
    ("Azure Linux", "azurelinux", 1),
    ("Mageia", "mageia", 1),
];

/// What stands for the release where a distribution has none.
const ROLLING: &str = "rolling";

/// The database's name for a distribution without releases.
pub(crate) fn rolling(distribution: &str) -> String {
    format!("{distribution}:{ROLLING}")
}

/// The first `parts` numbers of a dotted version; `None` where it does not begin with that.
fn leading(version: &str, parts: usize) -> Option<String> {
    let numbers: Vec<&str> = version.split('.').take(parts).collect();
    let is_number = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    numbers.iter().all(is_number).then(|| numbers.join("."))
}

/// The database's name for a language.
pub(crate) fn of_language(ecosystem: Ecosystem) -> Option<String> {
    let language = LANGUAGES.iter().find(|(.., of)| *of == ecosystem);
    language.map(|(_, name, _)| (*name).to_owned())
}

/// The database's name for a release of a distribution that is named by a number: `alpine` and `3.18.2`.
pub(crate) fn numbered(distribution: &str, number: &str) -> Option<String> {
    let distribution = Distribution {
        id: distribution.to_owned(),
        version_id: number.to_owned(),
        codename: None,
        pretty_name: None,
    };
    of_distribution(&distribution).flatten()
}

/// The ecosystem of a release in the database.
pub(crate) fn ecosystem(release: &str) -> Ecosystem {
    if let Some((.., ecosystem)) = LANGUAGES.iter().find(|(_, name, _)| *name == release) {
        return *ecosystem;
    }
    let distribution = release.split(':').next().unwrap_or(release);
    Distribution::ecosystem_of(distribution).unwrap_or(Ecosystem::Rpm)
}

fn debian_by_number(number: &str) -> String {
    let old = ["3.0", "3.1", "4.0", "5.0", "6.0"];
    if let Some(old) = old
        .iter()
        .find(|old| number.strip_prefix(**old).is_some_and(is_point))
    {
        return format!("debian:{old}");
    }
    // From 7 on a point release is the part behind the dot; before, the first number alone says as much.
    match number.split('.').next().unwrap_or(number) {
        number @ ("4" | "5" | "6") => format!("debian:{number}.0"),
        number => format!("debian:{number}"),
    }
}

fn is_point(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('.')
}

/// The package's name as the database has it: by PEP 503 for Python packages, in lower case where case does not count.
pub(crate) fn package_name(ecosystem: Ecosystem, name: &str) -> String {
    match ecosystem {
        Ecosystem::PyPi => normalize_pypi(name),
        Ecosystem::NuGet | Ecosystem::Composer | Ecosystem::Generic => name.to_lowercase(),
        // crates.io takes names that differ only in these for the same.
        Ecosystem::Cargo => name.to_lowercase().replace('_', "-"),
        _ => name.to_owned(),
    }
}

/// PEP 503: lower case, and each run of dots, hyphens and underscores is one hyphen.
pub(crate) fn normalize_pypi(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for c in name.trim().chars() {
        match c {
            '.' | '-' | '_' if normal.ends_with('-') => {}
            '.' | '-' | '_' => normal.push('-'),
            _ => normal.extend(c.to_lowercase()),
        }
    }
    normal
}

/// Distributions of RPM packages whose advisories name the source package. The others name binary packages.
const RPM_BY_SOURCE: [&str; 5] = ["photon", "azurelinux", "mageia", "rocky", "openeuler"];

/// Distributions of Alpine packages whose advisories name either: the package that ships what is vulnerable, or the one
/// that it was built from.
const APK_BY_EITHER: [&str; 3] = ["wolfi", "chainguard", "minimos"];

/// The name and version that the feeds of the package's release speak of: Debian's, Ubuntu's and Alpine's name the
/// source package, as some of RPM packages do. Alpine's binary packages always have their source's version; others,
/// such as the modules that come with Perl, may have one of their own.
pub(crate) fn subject<'a>(package: &'a Package, release: &str) -> (String, &'a str) {
    let by_source = || {
        release
            .split(':')
            .next()
            .is_some_and(|name| RPM_BY_SOURCE.contains(&name))
    };
    let (name, version) = match (&package.source, package.ecosystem) {
        (Some(source), Ecosystem::Deb) => (&source.name, &source.version),
        (Some(source), Ecosystem::Apk) => (&source.name, &package.version),
        (Some(source), Ecosystem::Rpm) if by_source() => (&source.name, &source.version),
        _ => (&package.name, &package.version),
    };
    let name = if name.is_empty() { &package.name } else { name };
    let version = if version.is_empty() {
        &package.version
    } else {
        version
    };
    (package_name(package.ecosystem, name), version)
}

/// The package's own name, where the feeds of its release may speak of it by that, too.
pub(crate) fn own_name<'a>(package: &'a Package, release: &str) -> Option<&'a str> {
    let source = package.source.as_ref().map(|source| source.name.as_str());
    let distribution = release.split(':').next().unwrap_or_default();
    let is_other = source.is_some_and(|source| !source.is_empty() && source != package.name);
    (is_other && APK_BY_EITHER.contains(&distribution)).then_some(&package.name)
}

/// Distributions of RPM packages whose advisories leave epochs out of their versions, also where packages have one.
const RPM_WITHOUT_EPOCHS: [&str; 1] = ["openeuler"];

/// The part of a version that `extent`, of the feeds of `release`, can be compared with: without the epoch where those
/// leave it out, since any epoch would come after all that they name.
pub(crate) fn compared<'a>(release: &str, version: &'a str, extent: &Extent) -> &'a str {
    let without_epochs = || {
        let distribution = release.split(':').next().unwrap_or_default();
        RPM_WITHOUT_EPOCHS.contains(&distribution) && !extent.has_epochs()
    };
    match version.split_once(':') {
        Some((_, rest)) if without_epochs() => rest,
        _ => version,
    }
}

/// Where the advisories for a package are to be found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// Under this name in the database; the second text is the release for people: `12`, `3.20`.
    Release(String, Option<String>),
    /// Nowhere, for this reason.
    None(String, Option<String>),
}

impl Scope {
    /// The release, for people.
    pub(crate) fn release(&self) -> Option<&str> {
        match self {
            Self::Release(_, release) | Self::None(_, release) => release.as_deref(),
        }
    }

    /// The scope of the packages of one ecosystem in an image of a distribution.
    pub(crate) fn of(ecosystem: Ecosystem, distribution: Option<&Distribution>) -> Self {
        if let Some(name) = of_language(ecosystem) {
            return Self::Release(name, None);
        }
        if !ecosystem.is_distribution() {
            return Self::None(format!("there is no feed for {ecosystem}s"), None);
        }
        let Some(distribution) = distribution else {
            return Self::None("the image does not say which distribution it is".to_owned(), None);
        };
        let version = Some(distribution.version_id.clone()).filter(|version| !version.is_empty());
        match of_distribution(distribution) {
            Some(Some(name)) if self::ecosystem(&name) == ecosystem => {
                let release = shown(&name).map(str::to_owned);
                Self::Release(name, release)
            }
            Some(None) => Self::None(
                format!(
                    "the image does not say which release of {} it is",
                    distribution.id
                ),
                version,
            ),
            Some(Some(_)) | None => {
                let reason = format!("there is no feed for {distribution}");
                Self::None(reason.trim_end().to_owned(), version)
            }
        }
    }
}

/// The database's name of a distribution's release: `None` for one without a feed, `Some(None)` where the release is
/// not said.
fn of_distribution(distribution: &Distribution) -> Option<Option<String>> {
    let version = distribution.version_id.as_str();
    let numbered = |name: &str, parts| leading(version, parts).map(|number| format!("{name}:{number}"));
    Some(match distribution.id.as_str() {
        "debian" => debian(distribution),
        "ubuntu" => numbered("ubuntu", 2),
        "alpine" => alpine(version),
        id @ ("wolfi" | "chainguard" | "minimos" | "echo") => Some(rolling(id)),
        "openEuler" | "openeuler" => openeuler_of(distribution),
        id @ ("almalinux" | "rocky" | "mageia") => numbered(id, 1),
        "rhel" | "redhat" => numbered("rhel", 1),
        // CentOS was built from Red Hat's sources; CentOS Stream runs ahead of them, with other versions.
        "centos" if !is_stream(distribution) => numbered("rhel", 1),
        "photon" => numbered("photon", 2),
        "azurelinux" | "mariner" => numbered("azurelinux", 1),
        "opensuse-tumbleweed" => Some(rolling("opensuse-tumbleweed")),
        id @ ("opensuse-leap" | "opensuse-leap-micro") => numbered(id, 2),
        // So Leap called itself before version 15.
        "opensuse" => numbered("opensuse-leap", 2),
        "sles" | "sled" | "sles_sap" | "sle_hpc" | "sle-bci" => {
            let number = leading(version, 2);
            number.map(|number| match number.contains('.') {
                true => format!("sles:{number}"),
                false => format!("sles:{number}.0"),
            })
        }
        "sle-micro" | "sl-micro" | "suse-microos" => numbered("sle-micro", 2),
        _ => return None,
    })
}

/// `24.03-LTS-SP1`, as OSV and the version of the distribution's SBOMs have it.
fn openeuler(release: &str) -> Option<String> {
    let number = leading(release, 2).or_else(|| leading(release.split('-').next()?, 2))?;
    let pack = release.strip_prefix(&number)?;
    (pack.is_empty() && number.contains('.') || pack.starts_with('-')).then(|| format!("openeuler:{release}"))
}

/// openEuler's number is the same for a release and its service packs; only the name for people tells them apart:
/// `openEuler 24.03 (LTS-SP1)`.
fn openeuler_of(distribution: &Distribution) -> Option<String> {
    let name = distribution.pretty_name.as_deref().unwrap_or_default();
    let pack = name.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    match pack {
        Some((pack, _)) if !distribution.version_id.contains('-') => {
            openeuler(&format!("{}-{pack}", distribution.version_id))
        }
        _ => openeuler(&distribution.version_id),
    }
}

fn is_stream(distribution: &Distribution) -> bool {
    distribution
        .pretty_name
        .as_deref()
        .is_some_and(|name| name.contains("Stream"))
}

/// The release for people: `12`, `3.20`; `None` for a distribution without releases.
pub(crate) fn shown(release: &str) -> Option<&str> {
    let (_, number) = release.split_once(':')?;
    let number = number.strip_prefix('v').unwrap_or(number);
    (number != ROLLING).then_some(number)
}

fn debian(distribution: &Distribution) -> Option<String> {
    if distribution.version_id.is_empty() {
        // Testing and unstable have no number.
        return Some(debian_by_codename(
            distribution.codename.as_deref().filter(|name| !name.is_empty())?,
        ));
    }
    Some(debian_by_number(&distribution.version_id))
}

fn alpine(version: &str) -> Option<String> {
    // `3.21_alpha20240923` is the development branch.
    if version.contains('_') || version == "edge" {
        return Some("alpine:edge".to_owned());
    }
    let number = leading(version, 2).filter(|number| number.contains('.'))?;
    Some(format!("alpine:v{number}"))
}

/// The numbers of a release name such as `debian:12` or `alpine:v3.20`, to tell newer from older.
pub(crate) fn numbers(release: &str) -> Option<Vec<u64>> {
    let (_, number) = release.split_once(':')?;
    let number = number.strip_prefix('v').unwrap_or(number);
    number.split('.').map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distribution(id: &str, version_id: &str, codename: Option<&str>) -> Distribution {
        Distribution {
            id: id.to_owned(),
            version_id: version_id.to_owned(),
            codename: codename.map(str::to_owned),
            pretty_name: None,
        }
    }

    #[test]
    fn releases_of_distributions() {
        for (ecosystem, id, version, codename, name) in [
            (Ecosystem::Deb, "debian", "12", Some("bookworm"), "debian:12"),
            (Ecosystem::Deb, "debian", "12.5", None, "debian:12"),
            (Ecosystem::Deb, "debian", "6.0.10", None, "debian:6.0"),
            (Ecosystem::Deb, "debian", "5", None, "debian:5.0"),
            (Ecosystem::Deb, "echo", "1", None, "echo:rolling"),
            (Ecosystem::Apk, "minimos", "20241031", None, "minimos:rolling"),
            (Ecosystem::Rpm, "mariner", "2.0", None, "azurelinux:2"),
            (Ecosystem::Rpm, "opensuse", "42.3", None, "opensuse-leap:42.3"),
            (
                Ecosystem::Rpm,
                "openEuler",
                "22.03-LTS-SP3",
                None,
                "openeuler:22.03-LTS-SP3",
            ),
            (Ecosystem::Deb, "debian", "", Some("forky"), "debian:14"),
            (Ecosystem::Apk, "alpine", "3.20.3", None, "alpine:v3.20"),
            (
                Ecosystem::Apk,
                "alpine",
                "3.23_alpha20250612",
                None,
                "alpine:edge",
            ),
            (Ecosystem::Deb, "ubuntu", "22.04", Some("jammy"), "ubuntu:22.04"),
            (Ecosystem::Apk, "wolfi", "20230201", None, "wolfi:rolling"),
            (Ecosystem::Rpm, "almalinux", "9.4", None, "almalinux:9"),
            (Ecosystem::Rpm, "rocky", "8.10", None, "rocky:8"),
            (Ecosystem::Rpm, "centos", "7", None, "rhel:7"),
            (Ecosystem::Rpm, "azurelinux", "3.0", None, "azurelinux:3"),
            (Ecosystem::Rpm, "photon", "5.0", None, "photon:5.0"),
            (Ecosystem::Rpm, "sles", "15.5", None, "sles:15.5"),
            (Ecosystem::Rpm, "sles", "15", None, "sles:15.0"),
            (
                Ecosystem::Rpm,
                "opensuse-leap",
                "15.6",
                None,
                "opensuse-leap:15.6",
            ),
            (
                Ecosystem::Rpm,
                "opensuse-tumbleweed",
                "20240901",
                None,
                "opensuse-tumbleweed:rolling",
            ),
        ] {
            match Scope::of(ecosystem, Some(&distribution(id, version, codename))) {
                Scope::Release(found, _) => assert_eq!(found, name),
                none @ Scope::None(..) => panic!("{id} {version}: {none:?}"),
            }
        }
        for (id, version, ecosystem) in [
            ("debian", "", Ecosystem::Deb),
            ("alpine", "3", Ecosystem::Apk),
            ("fedora", "40", Ecosystem::Rpm),
            ("amzn", "2023", Ecosystem::Rpm),
            ("almalinux", "9.4", Ecosystem::Deb),
            ("kali", "2024.1", Ecosystem::Deb),
        ] {
            let scope = Scope::of(ecosystem, Some(&distribution(id, version, None)));
            assert!(matches!(scope, Scope::None(..)), "{id} {version}: {scope:?}");
        }
        assert!(matches!(Scope::of(Ecosystem::Deb, None), Scope::None(..)));
    }

    #[test]
    fn what_feeds_speak_of() {
        let package = |ecosystem, name: &str, version: &str, source: (&str, &str)| Package {
            source: Some(plimsoll_core::SourcePackage {
                name: source.0.to_owned(),
                version: source.1.to_owned(),
            }),
            ..Package::new(ecosystem, name, version)
        };
        let perl = package(
            Ecosystem::Rpm,
            "perl-Errno",
            "1.30-481.el9",
            ("perl", "4:5.32.1-481.el9"),
        );
        assert_eq!(subject(&perl, "rocky:9"), ("perl".to_owned(), "4:5.32.1-481.el9"));
        assert_eq!(
            subject(&perl, "almalinux:9"),
            ("perl-Errno".to_owned(), "1.30-481.el9")
        );
        let libc = package(Ecosystem::Deb, "libc6", "2.36-9+b1", ("glibc", "2.36-9"));
        assert_eq!(subject(&libc, "debian:12"), ("glibc".to_owned(), "2.36-9"));
        let musl = package(Ecosystem::Apk, "musl-utils", "1.2-r0", ("musl", ""));
        assert_eq!(subject(&musl, "alpine:v3.20"), ("musl".to_owned(), "1.2-r0"));
        assert_eq!(own_name(&musl, "alpine:v3.20"), None);
        assert_eq!(own_name(&musl, "wolfi:rolling"), Some("musl-utils"));
        assert_eq!(own_name(&libc, "debian:12"), None);
    }

    #[test]
    fn service_packs_stand_in_the_name() {
        let of = |version: &str, name: &str| {
            let distribution = Distribution {
                pretty_name: Some(name.to_owned()),
                ..distribution("openEuler", version, None)
            };
            match Scope::of(Ecosystem::Rpm, Some(&distribution)) {
                Scope::Release(name, _) => Some(name),
                Scope::None(..) => None,
            }
        };
        for (version, name, release) in [
            ("24.03", "openEuler 24.03 (LTS)", Some("openeuler:24.03-LTS")),
            (
                "22.03",
                "openEuler 22.03 (LTS-SP3)",
                Some("openeuler:22.03-LTS-SP3"),
            ),
            ("23.09", "openEuler 23.09", Some("openeuler:23.09")),
            ("", "openEuler", None),
        ] {
            assert_eq!(of(version, name).as_deref(), release, "{name}");
        }
    }

    #[test]
    fn python_names() {
        assert_eq!(normalize_pypi("Zope._-Interface"), "zope-interface");
        assert_eq!(normalize_pypi("Flask"), "flask");
    }

    #[test]
    fn numbers_of_releases() {
        assert!(numbers("alpine:v3.20") > numbers("alpine:v3.11"));
        assert_eq!(numbers("debian:12"), Some(vec![12]));
        assert_eq!(numbers("alpine:edge"), None);
    }
}
