use plimsoll_core::{Distribution, Ecosystem, Package, Purl, SourcePackage};

use crate::trivy::Version;

/// The package that a package URL names, and the release of a distribution that it names beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PurlPackage {
    pub(crate) package: Package,
    /// `ID` and version of the distribution, such as `debian` and `12.5`; the version may be empty.
    pub(crate) distribution: Option<(String, String)>,
}

/// Why a package URL is not taken for a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotAPackage {
    /// Packages of this type are not compared with advisories.
    Type(String),
    /// It has no version.
    NoVersion,
}

/// The package that `purl` names, with what the qualifiers of several tools say of it.
pub(crate) fn package_of(purl: &Purl) -> Result<PurlPackage, NotAPackage> {
    let mut ecosystems = Ecosystem::ALL.into_iter();
    let ecosystem = ecosystems
        .find(|known| known.purl_type() == purl.kind)
        .ok_or_else(|| NotAPackage::Type(purl.kind.clone()))?;
    let version = purl.version.as_deref().ok_or(NotAPackage::NoVersion)?;
    let version = full_version(purl, ecosystem, version);
    let mut package = Package::new(ecosystem, purl.package_name(ecosystem), version);
    package.architecture = qualifier(purl, "arch").map(str::to_owned);
    let module = qualifier(purl, "rpmmod").or_else(|| qualifier(purl, "modularitylabel"));
    package.module = module.map(module_and_stream);
    package.source = source(purl, &package);
    Ok(PurlPackage {
        distribution: ecosystem.is_distribution().then(|| distribution(purl)).flatten(),
        package,
    })
}

/// Whether `name` is the name that `purl` has in its normal form.
pub(crate) fn names_as(purl: &Purl, name: &str, ecosystem: Ecosystem) -> bool {
    let normal = super::purl_of(&Package::new(ecosystem, name, ""), None, None);
    let namespace = |purl: &Purl| purl.namespace.as_deref().unwrap_or_default().to_lowercase();
    let same_namespace = ecosystem.is_distribution() || namespace(&normal) == namespace(purl);
    same_namespace && normal.name.eq_ignore_ascii_case(&purl.name)
}

fn qualifier<'a>(purl: &'a Purl, key: &str) -> Option<&'a str> {
    purl.qualifiers.get(key).map(String::as_str)
}

/// The version as its ecosystem writes it. Some tools put the epoch beside it, also for Debian's packages.
fn full_version(purl: &Purl, ecosystem: Ecosystem, version: &str) -> String {
    let epoch = qualifier(purl, "epoch").filter(|epoch| *epoch != "0");
    match (ecosystem, epoch) {
        (Ecosystem::Rpm | Ecosystem::Deb, Some(epoch)) if !version.contains(':') => {
            format!("{epoch}:{version}")
        }
        // Go's own versions begin with a letter, which some tools leave out for the standard library.
        (Ecosystem::Go, _) if version.starts_with(|first: char| first.is_ascii_digit()) => {
            format!("v{version}")
        }
        _ => version.to_owned(),
    }
}

/// `upstream` is `NAME`, `NAME@VERSION` or the file name of a source RPM. Debian's and Alpine's packages are their own
/// source where nothing is said.
fn source(purl: &Purl, package: &Package) -> Option<SourcePackage> {
    if !package.ecosystem.is_distribution() {
        return None;
    }
    let own = |name: &str| SourcePackage {
        name: name.to_owned(),
        version: package.version.clone(),
    };
    let Some(upstream) = qualifier(purl, "upstream") else {
        return (package.ecosystem != Ecosystem::Rpm).then(|| own(&package.name));
    };
    if let Some(source) = source_rpm(upstream, &package.version) {
        return Some(source);
    }
    Some(match upstream.split_once('@') {
        Some((name, version)) => SourcePackage {
            name: name.to_owned(),
            version: version.to_owned(),
        },
        None => own(upstream),
    })
}

/// `distro` is `ID-VERSION`, the version alone, or a code name; without the `ID` the namespace stands for it.
fn distribution(purl: &Purl) -> Option<(String, String)> {
    let of_namespace = |version: &str| {
        Some((
            Distribution::id_of(purl.namespace.as_deref()?).to_owned(),
            version.to_owned(),
        ))
    };
    let begins_a_number = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    let Some(distro) = qualifier(purl, "distro") else {
        // The namespace of a Gentoo package is its category.
        return (purl.kind != Ecosystem::Portage.purl_type()).then(|| of_namespace(""))?;
    };
    if begins_a_number(distro) {
        return of_namespace(distro);
    }
    let mut dashes = distro.match_indices('-');
    match dashes.find(|(at, _)| begins_a_number(&distro[at + 1..])) {
        Some((at, _)) => Some((
            Distribution::id_of(&distro[..at]).to_owned(),
            distro[at + 1..].to_owned(),
        )),
        None => Some((Distribution::id_of(distro).to_owned(), String::new())),
    }
}

/// `NAME-VERSION-RELEASE.src.rpm`, taken apart. The file's name has no epoch; binary packages take over that of their
/// source.
fn source_rpm(file: &str, binary_version: &str) -> Option<SourcePackage> {
    let stem = file
        .strip_suffix(".src.rpm")
        .or_else(|| file.strip_suffix(".nosrc.rpm"))?;
    let (rest, release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    let epoch = binary_version.split_once(':').map_or("", |(epoch, _)| epoch);
    Some(SourcePackage {
        name: name.to_owned(),
        version: Version::of(Ecosystem::Rpm, &format!("{epoch}:{version}-{release}")).joined(),
    })
}

/// The first two parts of a modularity label, `nodejs:18:8090020240101:abcdef`, are the module and its stream.
pub(crate) fn module_and_stream(label: &str) -> String {
    label.splitn(3, ':').take(2).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> PurlPackage {
        package_of(&text.parse().unwrap()).unwrap()
    }

    #[test]
    fn the_forms_of_several_tools() {
        for (text, version, source, distribution) in [
            (
                "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12&upstream=glibc",
                "2.36-9",
                Some(("glibc", "2.36-9")),
                ("debian", "12"),
            ),
            (
                "pkg:deb/ubuntu/perl@5.34?distro=ubuntu-22.04&epoch=1",
                "1:5.34",
                Some(("perl", "1:5.34")),
                ("ubuntu", "22.04"),
            ),
            (
                "pkg:apk/alpine/musl@1.1.22-r2?arch=x86_64&distro=3.10.3",
                "1.1.22-r2",
                Some(("musl", "1.1.22-r2")),
                ("alpine", "3.10.3"),
            ),
            (
                "pkg:rpm/alma/dbus-libs@1.12.20-7.el9_1?arch=x86_64&distro=alma-9.4&epoch=1",
                "1:1.12.20-7.el9_1",
                None,
                ("almalinux", "9.4"),
            ),
            (
                "pkg:rpm/almalinux/bash@5.1.8-6.el9_1?distro=almalinux-9.4&upstream=bash-5.1.8-6.el9_1.src.rpm",
                "5.1.8-6.el9_1",
                Some(("bash", "5.1.8-6.el9_1")),
                ("almalinux", "9.4"),
            ),
            (
                "pkg:rpm/rocky/openssl-libs@3.0.7-25.el9?distro=rocky-9.4&epoch=1&upstream=openssl-3.0.7-25.el9.src.rpm",
                "1:3.0.7-25.el9",
                Some(("openssl", "1:3.0.7-25.el9")),
                ("rocky", "9.4"),
            ),
            (
                "pkg:rpm/opensuse/zypper@1?distro=opensuse-leap-15.5",
                "1",
                None,
                ("opensuse-leap", "15.5"),
            ),
        ] {
            let found = read(text);
            assert_eq!(found.package.version, version, "{text}");
            let of = found.package.source.as_ref();
            assert_eq!(of.map(|one| (&*one.name, &*one.version)), source, "{text}");
            let of = found.distribution.as_ref();
            assert_eq!(
                of.map(|(id, version)| (&**id, &**version)),
                Some(distribution),
                "{text}"
            );
        }
    }

    #[test]
    fn names_are_put_together_again() {
        for (text, name) in [
            ("pkg:npm/%40angular/core@1", "@angular/core"),
            ("pkg:maven/org.apache/log4j@1?type=jar", "org.apache:log4j"),
            ("pkg:golang/github.com/a/b@v1", "github.com/a/b"),
            ("pkg:composer/symfony/http@1", "symfony/http"),
        ] {
            assert_eq!(read(text).package.name, name);
        }
        assert_eq!(read("pkg:golang/stdlib@1.19.4").package.version, "v1.19.4");
        let module = read("pkg:rpm/redhat/a@1?modularitylabel=nodejs%3A18%3A809%3Aabc");
        assert_eq!(module.package.module.as_deref(), Some("nodejs:18"));
        let purl = |text: &str| package_of(&text.parse().unwrap());
        assert_eq!(purl("pkg:hex/a@1"), Err(NotAPackage::Type("hex".to_owned())));
        assert_eq!(purl("pkg:npm/a"), Err(NotAPackage::NoVersion));
    }
}
