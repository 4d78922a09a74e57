//! How the database names ecosystems and the releases of distributions, and how each feed does.

use plimsoll_core::{Distribution, Ecosystem, Package};

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

/// The database's name for an OSV ecosystem; `None` for one that is not used.
pub(crate) fn from_osv(ecosystem: &str) -> Option<String> {
    match ecosystem.split_once(':') {
        None if ecosystem == "PyPI" => Some(PYPI.to_owned()),
        Some(("Debian", number)) => Some(debian_by_number(number)),
        Some(("Alpine", branch)) => Some(format!("alpine:{branch}")),
        _ => None,
    }
}

/// Whether any record of `osv/<folder>/all.zip` can be used.
pub(crate) fn osv_folder_is_used(folder: &str) -> bool {
    matches!(folder, "PyPI" | "Debian" | "Alpine")
}

fn debian_by_number(number: &str) -> String {
    let old = ["3.0", "3.1", "4.0", "5.0", "6.0"];
    if let Some(old) = old
        .iter()
        .find(|old| number.strip_prefix(**old).is_some_and(is_point))
    {
        return format!("debian:{old}");
    }
    // From 7 on a point release is the part behind the dot.
    format!("debian:{}", number.split('.').next().unwrap_or(number))
}

fn is_point(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('.')
}

/// The package's name as the database has it: by PEP 503 for Python packages.
pub(crate) fn package_name(ecosystem: Ecosystem, name: &str) -> String {
    match ecosystem {
        Ecosystem::PyPi => normalize_pypi(name),
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

/// The name and version that the feeds of the package's ecosystem speak of: Debian's and Alpine's name the
/// source package. An Alpine binary package always has its origin's version.
pub(crate) fn subject(package: &Package) -> (String, &str) {
    let (name, version) = match (&package.source, package.ecosystem) {
        (Some(source), Ecosystem::Deb) => (&source.name, &source.version),
        (Some(source), Ecosystem::Apk) => (&source.name, &package.version),
        _ => (&package.name, &package.version),
    };
    let version = if version.is_empty() {
        &package.version
    } else {
        version
    };
    (package_name(package.ecosystem, name), version)
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
        let (wanted, of) = match ecosystem {
            Ecosystem::PyPi => return Self::Release(PYPI.to_owned(), None),
            Ecosystem::Deb => ("debian", debian as fn(&Distribution) -> Option<(String, String)>),
            Ecosystem::Apk => ("alpine", alpine as fn(&Distribution) -> Option<(String, String)>),
            other => return Self::None(format!("there is no feed for a {other}"), None),
        };
        let Some(distribution) = distribution else {
            return Self::None("the image does not say which distribution it is".to_owned(), None);
        };
        let version = Some(distribution.version_id.clone()).filter(|version| !version.is_empty());
        if distribution.id != wanted {
            let reason = format!("there is no feed for {distribution}");
            return Self::None(reason.trim_end().to_owned(), version);
        }
        match of(distribution) {
            Some((name, release)) => Self::Release(name, Some(release)),
            None => Self::None(
                format!("the image does not say which release of {wanted} it is"),
                version,
            ),
        }
    }
}

fn debian(distribution: &Distribution) -> Option<(String, String)> {
    let name = if distribution.version_id.is_empty() {
        // Testing and unstable have no number.
        debian_by_codename(distribution.codename.as_deref().filter(|name| !name.is_empty())?)
    } else {
        debian_by_number(&distribution.version_id)
    };
    let release = name["debian:".len()..].to_owned();
    Some((name, release))
}

fn alpine(distribution: &Distribution) -> Option<(String, String)> {
    let version = &distribution.version_id;
    // `3.21_alpha20240923` is the development branch.
    if version.contains('_') || version == "edge" {
        return Some(("alpine:edge".to_owned(), "edge".to_owned()));
    }
    let mut parts = version.split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (number(major) && number(minor)).then(|| (format!("alpine:v{major}.{minor}"), format!("{major}.{minor}")))
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
            (Ecosystem::Deb, "debian", "", Some("forky"), "debian:14"),
            (Ecosystem::Apk, "alpine", "3.20.3", None, "alpine:v3.20"),
            (
                Ecosystem::Apk,
                "alpine",
                "3.23_alpha20250612",
                None,
                "alpine:edge",
            ),
        ] {
            match Scope::of(ecosystem, Some(&distribution(id, version, codename))) {
                Scope::Release(found, _) => assert_eq!(found, name),
                none @ Scope::None(..) => panic!("{id} {version}: {none:?}"),
            }
        }
        for (id, version) in [("ubuntu", "22.04"), ("debian", ""), ("alpine", "3")] {
            let ecosystem = if id == "alpine" {
                Ecosystem::Apk
            } else {
                Ecosystem::Deb
            };
            let scope = Scope::of(ecosystem, Some(&distribution(id, version, None)));
            assert!(matches!(scope, Scope::None(..)), "{id} {version}: {scope:?}");
        }
        assert!(matches!(Scope::of(Ecosystem::Deb, None), Scope::None(..)));
    }

    #[test]
    fn osv_names() {
        assert_eq!(from_osv("Debian:6.0").as_deref(), Some("debian:6.0"));
        assert_eq!(from_osv("Debian:12").as_deref(), Some("debian:12"));
        assert_eq!(from_osv("Alpine:v3.20").as_deref(), Some("alpine:v3.20"));
        assert_eq!(from_osv("PyPI").as_deref(), Some("pypi"));
        assert_eq!((from_osv("Go"), from_osv("npm")), (None, None));
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
