use std::fmt::Write as _;

use plimsoll_core::{Distribution, Ecosystem, Package};

/// The package URL of `package`, after the purl specification and its type definitions.
///
/// A distribution's packages have the distribution as namespace and in the qualifier `distro`
/// (`debian-12.5`), with `release` in place of `VERSION_ID` where it is known more exactly. PyPI names are
/// normalized: lower case, with dashes for underscores and dots.
pub fn purl(package: &Package, distribution: Option<&Distribution>, release: Option<&str>) -> String {
    let mut purl = format!("pkg:{}/", package.ecosystem.purl_type());
    if package.ecosystem.is_distribution() {
        let namespace = distribution.map_or(default_namespace(package.ecosystem), |known| known.id.as_str());
        let _ = write!(purl, "{}/", encode(&namespace.to_lowercase()));
    }
    purl.push_str(&encode(&normal_name(package)));
    if !package.version.is_empty() {
        let _ = write!(purl, "@{}", encode(&package.version));
    }
    let mut separator = '?';
    let mut qualifier = |name: &str, value: &str| {
        let _ = write!(purl, "{separator}{name}={}", encode(value));
        separator = '&';
    };
    if let Some(architecture) = &package.architecture {
        qualifier("arch", architecture);
    }
    if let (true, Some(distribution)) = (package.ecosystem.is_distribution(), distribution) {
        let release = release.unwrap_or(&distribution.version_id);
        match release {
            "" => qualifier("distro", &distribution.id),
            release => qualifier("distro", &format!("{}-{release}", distribution.id)),
        }
    }
    purl
}

/// The package's name as its purl type normalizes it.
pub(crate) fn normal_name(package: &Package) -> String {
    match package.ecosystem {
        Ecosystem::PyPi => package.name.to_lowercase().replace(['_', '.'], "-"),
        Ecosystem::Deb | Ecosystem::Apk => package.name.to_lowercase(),
        _ => package.name.clone(),
    }
}

fn default_namespace(ecosystem: Ecosystem) -> &'static str {
    match ecosystem {
        Ecosystem::Deb => "debian",
        Ecosystem::Apk => "alpine",
        _ => "",
    }
}

/// Percent-encodes everything but the characters that the specification leaves as they are.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(ecosystem: Ecosystem, name: &str, version: &str, architecture: Option<&str>) -> Package {
        Package {
            architecture: architecture.map(str::to_owned),
            ..Package::new(ecosystem, name, version)
        }
    }

    fn distribution(id: &str, version_id: &str) -> Distribution {
        let (id, version_id) = (id.to_owned(), version_id.to_owned());
        Distribution {
            id,
            version_id,
            codename: None,
            pretty_name: None,
        }
    }

    #[test]
    fn the_forms_of_the_specification() {
        let debian = distribution("debian", "12");
        let alpine = distribution("alpine", "3.20.3");
        let attr = package(Ecosystem::Deb, "attr", "1:2.4.47-2+b1", Some("amd64"));
        let musl = package(Ecosystem::Apk, "musl", "1.2.5-r0", Some("x86_64"));
        let flask = package(Ecosystem::PyPi, "Flask_Login.x", "0.6.2~a", None);
        for (purl, expected) in [
            (
                purl(&attr, None, None),
                "pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64",
            ),
            (
                purl(&attr, Some(&debian), Some("12.5")),
                "pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64&distro=debian-12.5",
            ),
            (
                purl(&musl, Some(&alpine), None),
                "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.3",
            ),
            (
                purl(&flask, Some(&debian), None),
                "pkg:pypi/flask-login-x@0.6.2~a",
            ),
        ] {
            assert_eq!(purl, expected);
        }
    }
}
