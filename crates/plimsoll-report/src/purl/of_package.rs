use std::collections::BTreeMap;

use plimsoll_core::{Distribution, Ecosystem, Package, Purl, SourcePackage};

use crate::trivy::family;

/// The package URL of `package`; `release` stands in place of `VERSION_ID` where it is known more exactly.
pub(crate) fn purl_of(package: &Package, distribution: Option<&Distribution>, release: Option<&str>) -> Purl {
    let (namespace, name) = names(package, distribution);
    let (epoch, version) = match package.ecosystem {
        // An RPM's version is without its epoch, which is a qualifier.
        Ecosystem::Rpm => split_epoch(&package.version),
        _ => (None, package.version.as_str()),
    };
    let mut qualifiers = BTreeMap::new();
    let mut qualifier = |key: &str, value: String| {
        if !value.is_empty() {
            qualifiers.insert(key.to_owned(), value);
        }
    };
    if let Some(architecture) = &package.architecture {
        qualifier("arch", architecture.clone());
    }
    if let (true, Some(distribution)) = (package.ecosystem.is_distribution(), distribution) {
        let id = &distribution.id;
        match release.unwrap_or(&distribution.version_id) {
            "" => qualifier("distro", id.clone()),
            release => qualifier("distro", format!("{id}-{release}")),
        }
    }
    if let Some(epoch) = epoch.filter(|epoch| *epoch != "0") {
        qualifier("epoch", epoch.to_owned());
    }
    if let Some(module) = &package.module {
        qualifier("rpmmod", module.clone());
    }
    if let Some(upstream) = package
        .source
        .as_ref()
        .and_then(|source| upstream(package, source))
    {
        qualifier("upstream", upstream);
    }
    Purl {
        kind: package.ecosystem.purl_type().to_owned(),
        namespace: Some(namespace).filter(|namespace| !namespace.is_empty()),
        name,
        version: Some(version.to_owned()).filter(|version| !version.is_empty()),
        qualifiers,
        subpath: None,
    }
}

/// `NAME` or `NAME@VERSION` of the source package, as far as it is another than the package's own.
fn upstream(package: &Package, source: &SourcePackage) -> Option<String> {
    match (source.name == package.name, source.version == package.version) {
        (true, true) => None,
        (false, true) => Some(source.name.clone()),
        (_, false) if source.version.is_empty() => Some(source.name.clone()),
        (_, false) => Some(format!("{}@{}", source.name, source.version)),
    }
}

/// The epoch of an RPM version, and the version without it.
fn split_epoch(version: &str) -> (Option<&str>, &str) {
    match version.split_once(':') {
        Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => (Some(epoch), rest),
        _ => (None, version),
    }
}

/// Namespace and name, normalized as the type's definition says.
fn names(package: &Package, distribution: Option<&Distribution>) -> (String, String) {
    let name = normal_name(package);
    let split = |name: String, separator: char| match name.rsplit_once(separator) {
        Some((namespace, name)) if !name.is_empty() => (namespace.to_owned(), name.to_owned()),
        _ => (String::new(), name),
    };
    match package.ecosystem {
        Ecosystem::Deb | Ecosystem::Apk | Ecosystem::Rpm | Ecosystem::Alpm | Ecosystem::Opkg => {
            let namespace = match distribution {
                Some(distribution) => distribution_namespace(&distribution.id),
                None => default_namespace(package.ecosystem).to_owned(),
            };
            (namespace, name)
        }
        Ecosystem::Maven => split(name, ':'),
        Ecosystem::Npm | Ecosystem::Go | Ecosystem::Composer | Ecosystem::Portage => split(name, '/'),
        // The channel stands in the name of a directory: `.registry/.channel.pecl.php.net/redis.reg`.
        Ecosystem::Pear => {
            let mut directories = package.evidence.rsplit('/').skip(1);
            let channel = directories.next().and_then(|one| one.strip_prefix(".channel."));
            (channel.unwrap_or("pear.php.net").to_owned(), name)
        }
        _ => (String::new(), name),
    }
}

/// The directory of a plugin, by which WordPress and those who write of it know the plugin.
fn plugin_directory(evidence: &str) -> Option<&str> {
    let (_, rest) = evidence.split_once("wp-content/plugins/")?;
    rest.split_once('/').map(|(directory, _)| directory)
}

/// The package's name as its purl type normalizes it.
pub(crate) fn normal_name(package: &Package) -> String {
    match package.ecosystem {
        Ecosystem::PyPi => normal_pypi(&package.name),
        Ecosystem::Deb | Ecosystem::Apk | Ecosystem::Npm | Ecosystem::Go | Ecosystem::Composer => {
            package.name.to_lowercase()
        }
        Ecosystem::Alpm => package.name.to_lowercase(),
        Ecosystem::WordPress => plugin_directory(&package.evidence)
            .unwrap_or(&package.name)
            .to_owned(),
        _ => package.name.clone(),
    }
}

/// PEP 503: lower case, with one dash for each run of dashes, underscores and dots.
fn normal_pypi(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            other => normal.extend(other.to_lowercase()),
        }
    }
    normal
}

/// The vendor that package URLs name for the distribution with this `ID`: that which Trivy writes, which takes packages of
/// no other for the distribution's.
pub(crate) fn distribution_namespace(id: &str) -> String {
    match family(id) {
        "sles" | "sled" | "sles_sap" | "sle_hpc" | "sle-bci" | "slem" | "suse-microos" => "suse".to_owned(),
        family if family.starts_with("opensuse-") => "opensuse".to_owned(),
        family => family.to_lowercase(),
    }
}

fn default_namespace(ecosystem: Ecosystem) -> &'static str {
    match ecosystem {
        Ecosystem::Deb => "debian",
        Ecosystem::Apk => "alpine",
        Ecosystem::Alpm => "arch",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::purl;

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

    #[test]
    fn an_rpm_has_epoch_module_and_upstream_as_qualifiers() {
        let mut node = package(Ecosystem::Rpm, "nodejs", "1:18.20.4-1.el9", Some("x86_64"));
        node.module = Some("nodejs:18".to_owned());
        node.source = Some(SourcePackage {
            name: "nodejs-src".to_owned(),
            version: "1:18.20.4-1.el9".to_owned(),
        });
        assert_eq!(
            purl(&node, Some(&distribution("rhel", "9.4")), None),
            "pkg:rpm/redhat/nodejs@18.20.4-1.el9?arch=x86_64&distro=rhel-9.4&epoch=1&rpmmod=nodejs:18\
             &upstream=nodejs-src"
        );
    }

    #[test]
    fn what_the_place_tells_is_in_the_name() {
        for (ecosystem, name, evidence, expected) in [
            (
                Ecosystem::Pear,
                "redis",
                "usr/local/lib/php/.registry/.channel.pecl.php.net/redis.reg",
                "pkg:pear/pecl.php.net/redis@1",
            ),
            (
                Ecosystem::WordPress,
                "Akismet Anti-spam",
                "usr/src/wordpress/wp-content/plugins/akismet/akismet.php",
                "pkg:wordpress/akismet@1",
            ),
        ] {
            let package = Package {
                evidence: evidence.to_owned(),
                ..Package::new(ecosystem, name, "1")
            };
            assert_eq!(purl(&package, None, None), expected);
        }
    }

    #[test]
    fn every_language_has_its_namespace() {
        for (ecosystem, name, expected) in [
            (Ecosystem::Npm, "@angular/Core", "pkg:npm/%40angular/core@1"),
            (
                Ecosystem::Maven,
                "org.apache:Log4j",
                "pkg:maven/org.apache/Log4j@1",
            ),
            (Ecosystem::Maven, "lonely", "pkg:maven/lonely@1"),
            (
                Ecosystem::Go,
                "github.com/Azure/sdk",
                "pkg:golang/github.com/azure/sdk@1",
            ),
            (Ecosystem::Go, "stdlib", "pkg:golang/stdlib@1"),
            (Ecosystem::Composer, "Symfony/Http", "pkg:composer/symfony/http@1"),
            (Ecosystem::NuGet, "Newtonsoft.Json", "pkg:nuget/Newtonsoft.Json@1"),
            (Ecosystem::Gem, "rails", "pkg:gem/rails@1"),
            (Ecosystem::Cargo, "serde_json", "pkg:cargo/serde_json@1"),
            (Ecosystem::Conda, "numpy", "pkg:conda/numpy@1"),
            (Ecosystem::Alpm, "bash", "pkg:alpm/arch/bash@1"),
            (
                Ecosystem::Portage,
                "app-shells/bash",
                "pkg:ebuild/app-shells/bash@1",
            ),
            (Ecosystem::Opkg, "busybox", "pkg:opkg/busybox@1"),
            (Ecosystem::Cran, "Rcpp", "pkg:cran/Rcpp@1"),
            (Ecosystem::LuaRocks, "LPeg", "pkg:luarocks/LPeg@1"),
            (Ecosystem::Otp, "cowboy", "pkg:otp/cowboy@1"),
            (
                Ecosystem::Pear,
                "Archive_Tar",
                "pkg:pear/pear.php.net/Archive_Tar@1",
            ),
            (Ecosystem::WordPress, "akismet", "pkg:wordpress/akismet@1"),
            (Ecosystem::Generic, "nginx", "pkg:generic/nginx@1"),
        ] {
            let package = Package::new(ecosystem, name, "1");
            assert_eq!(purl(&package, None, None), expected);
        }
    }
}
