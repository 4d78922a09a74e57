use plimsoll_core::Ecosystem;

use super::{Cataloger, Clue, Warnings};
use crate::{DistributionFacts, EvidenceFile};

/// The distribution: `os-release` (freedesktop.org) and the files that distributions had before it or have beside it.
pub(super) struct Release;

/// Where `os-release` is; the first counts.
pub(crate) const OS_RELEASE: [&str; 4] = [
    "etc/os-release",
    "usr/lib/os-release",
    // Bottlerocket has its file system below another one.
    "x86_64-bottlerocket-linux-gnu/sys-root/usr/lib/os-release",
    "aarch64-bottlerocket-linux-gnu/sys-root/usr/lib/os-release",
];

/// The other release files. Where several are there, the first one names the distribution: derivatives keep the files
/// of what they derive from.
pub(crate) const OTHERS: [&str; 19] = [
    "etc/alpine-release",
    "etc/lsb-release",
    "etc/oracle-release",
    "etc/almalinux-release",
    "etc/rocky-release",
    "etc/sl-release",
    "etc/alinux-release",
    "etc/fedora-release",
    "usr/lib/fedora-release",
    "etc/centos-release",
    "etc/photon-release",
    "etc/mariner-release",
    "etc/azurelinux-release",
    "etc/SuSE-release",
    "etc/redhat-release",
    "etc/system-release",
    "usr/lib/system-release",
    "etc/debian_version",
    SYSTEM_RELEASE_CPE,
];

/// Names the system as the Common Platform Enumeration does: `cpe:/o:centos:linux:6:GA`.
const SYSTEM_RELEASE_CPE: &str = "etc/system-release-cpe";

/// What Ubuntu Pro's client says of its services.
pub(crate) const UBUNTU_PRO: &str = "var/lib/ubuntu-advantage/status.json";

/// How release files name distributions, and the ID that their `os-release` has.
const NAMES: [(&str, &str); 20] = [
    ("Alibaba Cloud Linux", "alinux"),
    ("AlmaLinux", "almalinux"),
    ("Amazon Linux", "amzn"),
    ("CBL-Mariner", "mariner"),
    ("CentOS", "centos"),
    ("Fedora", "fedora"),
    ("Mageia", "mageia"),
    ("Microsoft Azure Linux", "azurelinux"),
    ("Oracle Linux", "ol"),
    // Its numbers are OpenShift's.
    ("Red Hat Enterprise Linux CoreOS", "rhcos"),
    ("Red Hat", "rhel"),
    ("Rocky Linux", "rocky"),
    ("SUSE Linux Enterprise Server", "sles"),
    ("Scientific Linux", "scientific"),
    ("VMware Photon", "photon"),
    ("Anolis OS", "anolis"),
    ("openEuler", "openeuler"),
    ("openSUSE Leap", "opensuse-leap"),
    ("openSUSE Tumbleweed", "opensuse-tumbleweed"),
    ("openSUSE", "opensuse"),
];

/// What `os-release` calls distributions for people, for one that leaves out the ID.
const FULL_NAMES: [(&str, &str); 8] = [
    ("AlmaLinux", "almalinux"),
    ("Alpine Linux", "alpine"),
    ("Amazon Linux", "amzn"),
    ("Debian GNU/Linux", "debian"),
    ("Fedora Linux", "fedora"),
    ("Red Hat Enterprise Linux", "rhel"),
    ("Rocky Linux", "rocky"),
    ("Ubuntu", "ubuntu"),
];

impl Cataloger for Release {
    fn name(&self) -> &'static str {
        "distribution"
    }

    fn version(&self) -> u32 {
        3
    }

    fn ecosystem(&self) -> Option<Ecosystem> {
        None
    }

    fn names_packages(&self, path: &str) -> bool {
        path != UBUNTU_PRO
    }

    fn clues(&self) -> &'static [Clue] {
        &[
            Clue::End("release"),
            Clue::End("_version"),
            Clue::End("-cpe"),
            Clue::End("status.json"),
        ]
    }

    fn limit(&self, path: &str) -> Option<u64> {
        match path {
            UBUNTU_PRO => Some(4 << 20),
            _ if OS_RELEASE.contains(&path) || OTHERS.contains(&path) => Some(64 << 10),
            _ => None,
        }
    }

    fn catalog(&self, content: &[u8], evidence: &mut EvidenceFile, warnings: &mut Warnings) {
        let text = String::from_utf8_lossy(content);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let facts = match evidence.path.as_str() {
            "etc/lsb-release" => assignments(text, &LSB_RELEASE),
            SYSTEM_RELEASE_CPE => platform(text),
            "etc/debian_version" => version_of("debian", text),
            "etc/alpine-release" => version_of("alpine", text),
            "etc/SuSE-release" => suse_release(text),
            UBUNTU_PRO => ubuntu_pro(text),
            path if OS_RELEASE.contains(&path) => os_release(text),
            _ => sentence(text),
        };
        if facts == DistributionFacts::default() && evidence.path != UBUNTU_PRO {
            return warnings.add("it says nothing about the distribution");
        }
        evidence.distribution = Some(facts);
    }
}

/// The names of ID, version, code name and name for people in a file of assignments.
type Keys = [&'static str; 4];
const FREEDESKTOP: Keys = ["ID", "VERSION_ID", "VERSION_CODENAME", "PRETTY_NAME"];
const LSB_RELEASE: Keys = [
    "DISTRIB_ID",
    "DISTRIB_RELEASE",
    "DISTRIB_CODENAME",
    "DISTRIB_DESCRIPTION",
];

/// `os-release`; where it has no ID, the name for people may tell it.
fn os_release(text: &str) -> DistributionFacts {
    let mut facts = assignments(text, &FREEDESKTOP);
    if facts.id.is_empty() {
        let named = assignments(text, &["NAME", "", "", ""]).id;
        let known = FULL_NAMES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&named));
        if let Some((_, id)) = known {
            (*id).clone_into(&mut facts.id);
        }
    }
    facts
}

/// `cpe:/o:VENDOR:PRODUCT:VERSION:…`, or the same behind `cpe:2.3:o:`.
fn platform(text: &str) -> DistributionFacts {
    let line = text.trim().lines().next().unwrap_or_default();
    let name = line
        .strip_prefix("cpe:/o:")
        .or_else(|| line.strip_prefix("cpe:2.3:o:"));
    let mut parts = name.unwrap_or_default().split(':');
    let vendor = parts.next().unwrap_or_default();
    let id = match (vendor, parts.next().unwrap_or_default()) {
        ("redhat", "enterprise_linux" | "linux") => "rhel",
        ("amazon", _) => "amzn",
        ("oracle", "linux") => "ol",
        ("fedoraproject", "fedora") => "fedora",
        ("almalinux" | "centos" | "rocky" | "scientificlinux", _) => match vendor {
            "scientificlinux" => "scientific",
            vendor => vendor,
        },
        _ => return DistributionFacts::default(),
    };
    // `6server` is a version and an edition.
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    let stated = parts.next().unwrap_or_default();
    let end = stated.find(|c| !is_part(c)).unwrap_or(stated.len());
    DistributionFacts {
        id: id.to_owned(),
        version_id: stated[..end].to_owned(),
        release: stated[..end].to_owned(),
        ..DistributionFacts::default()
    }
}

/// Shell-like assignments, one a line.
fn assignments(text: &str, keys: &Keys) -> DistributionFacts {
    let mut facts = DistributionFacts::default();
    for line in text.lines() {
        let Some((name, value)) = line.trim().split_once('=') else {
            continue;
        };
        let fields = [
            &mut facts.id,
            &mut facts.version_id,
            &mut facts.codename,
            &mut facts.pretty_name,
        ];
        for (key, field) in keys.iter().zip(fields) {
            if *key == name.trim_end() {
                *field = unquote(value);
            }
        }
    }
    // `Ubuntu` in one file is `ubuntu` in the other.
    facts.id.make_ascii_lowercase();
    facts
}

/// The whole file is the version.
fn version_of(id: &str, text: &str) -> DistributionFacts {
    let release = text.trim();
    if release.is_empty() {
        return DistributionFacts::default();
    }
    let is_number = release.starts_with(|first: char| first.is_ascii_digit());
    let version_id = match id {
        // `12.5`, or `trixie/sid` before a release.
        "debian" => release.split('.').next().filter(|_| is_number),
        _ => Some(release),
    };
    let codename = release.split('/').next().filter(|_| !is_number);
    DistributionFacts {
        id: id.to_owned(),
        version_id: version_id.unwrap_or_default().to_owned(),
        codename: codename.unwrap_or_default().to_owned(),
        release: release.to_owned(),
        ..DistributionFacts::default()
    }
}

/// `NAME release VERSION (CODENAME)`; some leave out the word or the code name.
fn sentence(text: &str) -> DistributionFacts {
    let line = text.trim().lines().next().unwrap_or_default().trim();
    let known = NAMES.iter().find(|(name, _)| line.starts_with(name));
    let is_number = |word: &&str| word.starts_with(|first: char| first.is_ascii_digit());
    let (Some((_, id)), Some(version)) = (known, line.split_ascii_whitespace().find(is_number)) else {
        return DistributionFacts::default();
    };
    let codename = line
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
        .map(|(codename, _)| codename);
    let major = |version: &str| version.split('.').next().unwrap_or(version).to_owned();
    let minor = |version: &str| version.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
    let version_id = match *id {
        "centos" | "fedora" => major(version),
        // `2018.03` was a version, `2023.5.20240701` is one of `2023`.
        "amzn" if !version.starts_with("201") => major(version),
        _ => minor(version),
    };
    DistributionFacts {
        id: (*id).to_owned(),
        version_id,
        codename: codename.unwrap_or_default().to_owned(),
        pretty_name: line.to_owned(),
        release: version.to_owned(),
        ..DistributionFacts::default()
    }
}

/// A line with the name, then assignments: `VERSION = 11`, `PATCHLEVEL = 4`.
fn suse_release(text: &str) -> DistributionFacts {
    let mut facts = sentence(text);
    let value = |key: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        lines
            .find(|(name, _)| name.trim() == key)
            .map(|(_, value)| value.trim().to_owned())
    };
    if let Some(version) = value("VERSION") {
        facts.version_id = match value("PATCHLEVEL").filter(|level| level != "0") {
            Some(level) => format!("{version}.{level}"),
            None => version,
        };
        facts.release.clone_from(&facts.version_id);
    }
    facts
}

/// Whether a service of Ubuntu Pro that brings security updates is enabled.
fn ubuntu_pro(text: &str) -> DistributionFacts {
    let status: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let services = status["services"].as_array().cloned().unwrap_or_default();
    let is_enabled = |service: &serde_json::Value| {
        matches!(service["name"].as_str(), Some("esm-infra" | "esm-apps")) && service["status"] == "enabled"
    };
    DistributionFacts {
        extended_support: services.iter().any(is_enabled),
        ..DistributionFacts::default()
    }
}

/// Takes off shell quotes and, outside single quotes, backslashes.
fn unquote(value: &str) -> String {
    let value = value.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    if let Some(literal) = value.strip_prefix('\'') {
        return literal.strip_suffix('\'').unwrap_or(literal).to_owned();
    }
    let value = value
        .strip_prefix('"')
        .map_or(value, |rest| rest.strip_suffix('"').unwrap_or(rest));
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::catalog;

    #[test]
    fn assignments_in_every_quoting() {
        let text = b"# comment\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm) \\\"x\\\"\"\nVERSION_ID='12'\n\
            VERSION_CODENAME=bookworm\nID=debian\nHOME_URL=x\n";
        let facts = catalog("etc/os-release", text).0.distribution.unwrap();
        assert_eq!((facts.id.as_str(), facts.version_id.as_str()), ("debian", "12"));
        assert_eq!(facts.codename, "bookworm");
        assert_eq!(facts.pretty_name, "Debian GNU/Linux 12 (bookworm) \"x\"");
        let odd = b"\xef\xbb\xbfID = debian\x1a\r\nVERSION_ID =\"8\"\nPRETTY_NAME=\"\xe9\"\n";
        let facts = catalog("usr/lib/os-release", odd).0.distribution.unwrap();
        assert_eq!((facts.id.as_str(), facts.version_id.as_str()), ("debian", "8"));
    }

    #[test]
    fn without_an_id_the_name_may_tell_it() {
        let id = |text: &str| {
            let facts = catalog("etc/os-release", text.as_bytes()).0.distribution;
            facts.unwrap().id
        };
        assert_eq!(id("NAME=\"Alpine Linux\"\nVERSION_ID=3.15.4\n"), "alpine");
        assert_eq!(id("NAME=\"Debian GNU/Linux\"\nID_LIKE=debian\n"), "debian");
        assert_eq!(id("NAME=\"My Linux\"\nVERSION_ID=8\nID_LIKE=debian\n"), "");
        assert_eq!(id("NAME=\"Debian GNU/Linux\"\nID=mine\n"), "mine");
    }

    #[test]
    fn release_files() {
        for (path, text, expected) in [
            ("etc/debian_version", "12.5\n", "debian 12 12.5"),
            ("etc/debian_version", "trixie/sid\n", "debian  trixie/sid"),
            ("etc/alpine-release", "3.20.3\n", "alpine 3.20.3 3.20.3"),
            (
                "etc/lsb-release",
                "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=14.04\nDISTRIB_CODENAME=trusty\n",
                "ubuntu 14.04 ",
            ),
            (
                "etc/centos-release",
                "CentOS Linux release 7.9.2009 (Core)\n",
                "centos 7 7.9.2009",
            ),
            (
                "etc/redhat-release",
                "CentOS release 6.10 (Final)\n",
                "centos 6 6.10",
            ),
            (
                "etc/redhat-release",
                "Red Hat Enterprise Linux Server release 7.9 (Maipo)\n",
                "rhel 7.9 7.9",
            ),
            (
                "etc/almalinux-release",
                "AlmaLinux release 9.4 (Seafoam Ocelot)\n",
                "almalinux 9.4 9.4",
            ),
            (
                "etc/oracle-release",
                "Oracle Linux Server release 8.9\n",
                "ol 8.9 8.9",
            ),
            (
                "etc/fedora-release",
                "Fedora release 40 (Forty)\n",
                "fedora 40 40",
            ),
            (
                "etc/system-release",
                "Amazon Linux release 2 (Karoo)\n",
                "amzn 2 2",
            ),
            (
                "etc/system-release",
                "Amazon Linux AMI release 2018.03\n",
                "amzn 2018.03 2018.03",
            ),
            (
                "etc/system-release",
                "Amazon Linux release 2023.5.20240701 (Amazon Linux)\n",
                "amzn 2023 2023.5.20240701",
            ),
            (
                "etc/photon-release",
                "VMware Photon OS 3.0\nPHOTON_BUILD_NUMBER=49d932d\n",
                "photon 3.0 3.0",
            ),
            (
                "etc/mariner-release",
                "CBL-Mariner 2.0.20220527\n",
                "mariner 2.0 2.0.20220527",
            ),
            (
                "etc/SuSE-release",
                "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n",
                "sles 11.4 11.4",
            ),
            (
                "etc/redhat-release",
                "Red Hat Enterprise Linux CoreOS release 4.16\n",
                "rhcos 4.16 4.16",
            ),
            (
                "etc/sl-release",
                "Scientific Linux release 7.9 (Nitrogen)\n",
                "scientific 7.9 7.9",
            ),
            (
                "usr/lib/system-release",
                "Amazon Linux release 2022 (Amazon Linux)\n",
                "amzn 2022 2022",
            ),
            (
                "etc/system-release-cpe",
                "cpe:/o:centos:linux:6:GA\n",
                "centos 6 6",
            ),
            (
                "etc/system-release-cpe",
                "cpe:/o:redhat:enterprise_linux:6server:ga:server\n",
                "rhel 6 6",
            ),
            (
                "etc/system-release-cpe",
                "cpe:2.3:o:amazon:amazon_linux:2\n",
                "amzn 2 2",
            ),
            (
                "etc/SuSE-release",
                "openSUSE 13.2 (x86_64)\nVERSION = 13.2\nCODENAME = Harlequin\n",
                "opensuse 13.2 13.2",
            ),
        ] {
            let facts = catalog(path, text.as_bytes()).0.distribution.unwrap();
            let found = format!("{} {} {}", facts.id, facts.version_id, facts.release);
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn bad_release_files_are_noted() {
        for (path, text) in [
            ("etc/os-release", b"".as_slice()),
            ("etc/alpine-release", b"\n"),
            ("etc/redhat-release", b"Something else 9\n"),
            ("etc/system-release-cpe", b"cpe:/o:nobody:linux:1\n"),
            ("etc/os-release", b"\xff"),
        ] {
            let message = &catalog(path, text).1[0].message;
            assert_eq!(message, "it says nothing about the distribution", "{path}");
        }
    }

    #[test]
    fn ubuntu_pro_tells_of_extended_support() {
        let facts = |status: &str| {
            let text =
                format!(r#"{{"attached":true,"services":[{{"name":"esm-infra","status":"{status}"}}]}}"#);
            catalog(super::UBUNTU_PRO, text.as_bytes())
                .0
                .distribution
                .unwrap()
        };
        assert!(facts("enabled").extended_support && !facts("disabled").extended_support);
    }
}
