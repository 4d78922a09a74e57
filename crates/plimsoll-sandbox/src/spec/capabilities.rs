//! Capabilities: Docker's default set, and what `--cap-add` and `--cap-drop` make of it.

use crate::error::{Error, Result};

/// The capabilities by number.
const NAMES: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

const DEFAULT: [&str; 14] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FSETID",
    "CAP_FOWNER",
    "CAP_MKNOD",
    "CAP_NET_RAW",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETFCAP",
    "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE",
    "CAP_SYS_CHROOT",
    "CAP_KILL",
    "CAP_AUDIT_WRITE",
];

/// A set of capabilities, one bit for each number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CapabilitySet(u64);

impl CapabilitySet {
    pub(crate) fn docker_default() -> Self {
        Self::of(DEFAULT)
    }

    pub(crate) fn all() -> Self {
        Self((1 << NAMES.len()) - 1)
    }

    fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self(
            names
                .into_iter()
                .filter_map(number)
                .fold(0, |set, number| set | 1 << number),
        )
    }

    /// The default set, with what is added and dropped. `ALL` stands for every capability; what is named
    /// wins over `ALL`.
    pub(crate) fn docker(add: &[String], drop: &[String]) -> Result<Self> {
        let (all_added, added) = read(add)?;
        let (all_dropped, dropped) = read(drop)?;
        let base = match (all_added, all_dropped) {
            (true, _) => Self::all().0,
            (false, true) => 0,
            (false, false) => Self::docker_default().0,
        };
        Ok(Self((base | added) & !dropped))
    }

    /// The set that an OCI specification lists.
    pub(crate) fn of_spec(capabilities: Option<&oci_spec::runtime::Capabilities>) -> Self {
        let mut set = 0;
        for capability in capabilities.into_iter().flatten() {
            // serde gives the kernel's name; the type's own `Display` leaves out the prefix.
            if let Ok(serde_json::Value::String(name)) = serde_json::to_value(capability)
                && let Some(number) = number(&name)
            {
                set |= 1 << number;
            }
        }
        Self(set)
    }

    /// The form in which an OCI specification has it.
    pub(crate) fn to_spec(self) -> Result<oci_spec::runtime::Capabilities> {
        self.names()
            .map(|name| serde_json::from_value(serde_json::Value::from(name)))
            .collect::<Result<_, _>>()
            .map_err(|error| Error::InvalidOption(error.to_string()))
    }

    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES
            .into_iter()
            .enumerate()
            .filter(move |(number, _)| self.0 & 1 << number != 0)
            .map(|(_, name)| name)
    }

    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    pub(crate) fn contains_name(self, name: &str) -> bool {
        number(name).is_some_and(|number| self.0 & 1 << number != 0)
    }
}

fn number(name: &str) -> Option<usize> {
    NAMES.iter().position(|known| *known == name)
}

/// Reads names with or without `CAP_`, in any case. The first value says whether `ALL` is among them.
fn read(names: &[String]) -> Result<(bool, u64)> {
    let (mut all, mut set) = (false, 0);
    for name in names {
        let upper = name.to_ascii_uppercase();
        if upper == "ALL" || upper == "CAP_ALL" {
            all = true;
            continue;
        }
        let full = if upper.starts_with("CAP_") {
            upper
        } else {
            format!("CAP_{upper}")
        };
        let number =
            number(&full).ok_or_else(|| Error::InvalidOption(format!("`{name}` is not a capability")))?;
        set |= 1 << number;
    }
    Ok((all, set))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn docker(add: &[&str], drop: &[&str]) -> Result<CapabilitySet> {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        CapabilitySet::docker(&owned(add), &owned(drop))
    }

    #[test]
    fn the_default_set_is_dockers() {
        assert_eq!(docker(&[], &[]).unwrap().bits(), 0xa804_25fb);
    }

    #[test]
    fn adding_and_dropping() {
        assert_eq!(docker(&[], &["ALL"]).unwrap().bits(), 0);
        assert_eq!(docker(&["net_bind_service"], &["all"]).unwrap().bits(), 1 << 10);
        assert!(
            !docker(&["ALL"], &["CAP_SYS_ADMIN"])
                .unwrap()
                .contains_name("CAP_SYS_ADMIN")
        );
        assert!(docker(&["FLY"], &[]).is_err());
    }

    #[test]
    fn the_form_of_the_specification_goes_both_ways() {
        let set = CapabilitySet::all();
        assert_eq!(CapabilitySet::of_spec(Some(&set.to_spec().unwrap())), set);
    }
}
