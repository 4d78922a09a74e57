use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Ecosystem;

/// The operating system of an image, from `os-release` (freedesktop.org) or its kin.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Distribution {
    /// `ID`: `debian`, `alpine`.
    pub id: String,
    /// `VERSION_ID`, with point releases where the file has them: `12`, `3.20.3`. Empty where none is said.
    pub version_id: String,
    /// `VERSION_CODENAME`, such as `bookworm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codename: Option<String>,
    /// `PRETTY_NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pretty_name: Option<String>,
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.version_id)
    }
}

impl Distribution {
    /// The kind of package that it is made of, where it is one of those that are read.
    pub fn ecosystem(&self) -> Option<Ecosystem> {
        Self::ecosystem_of(&self.id)
    }

    /// The kind of package that the distribution with this `ID` is made of, where it is one of those that are read: all
    /// that release files or advisories name.
    pub fn ecosystem_of(id: &str) -> Option<Ecosystem> {
        match id {
            "debian" | "ubuntu" | "echo" => Some(Ecosystem::Deb),
            "arch" => Some(Ecosystem::Alpm),
            "gentoo" => Some(Ecosystem::Portage),
            "openwrt" => Some(Ecosystem::Opkg),
            "alpine" | "chainguard" | "minimos" | "wolfi" => Some(Ecosystem::Apk),
            "alinux"
            | "almalinux"
            | "amzn"
            | "anolis"
            | "azurelinux"
            | "centos"
            | "fedora"
            | "mageia"
            | "mariner"
            | "ol"
            | "openEuler"
            | "openeuler"
            | "opensuse"
            | "opensuse-leap"
            | "opensuse-leap-micro"
            | "opensuse-tumbleweed"
            | "photon"
            | "redhat"
            | "rhcos"
            | "rhel"
            | "rocky"
            | "scientific"
            | "sl-micro"
            | "sle-bci"
            | "sle-micro"
            | "sle_hpc"
            | "sled"
            | "sles"
            | "sles_sap"
            | "suse-microos" => Some(Ecosystem::Rpm),
            _ => None,
        }
    }

    /// The `ID` in `os-release` of a distribution that tools call by this name.
    pub fn id_of(name: &str) -> &str {
        match name {
            "openeuler" => "openEuler",
            "redhat" => "rhel",
            "alma" => "almalinux",
            "amazon" | "amazonlinux" => "amzn",
            "oracle" | "oraclelinux" => "ol",
            "cbl-mariner" => "mariner",
            "rockylinux" | "rocky-linux" => "rocky",
            "opensuse.leap" => "opensuse-leap",
            "opensuse.tumbleweed" => "opensuse-tumbleweed",
            "suse" | "suse linux enterprise server" => "sles",
            "slem" => "sle-micro",
            other => other,
        }
    }
}
