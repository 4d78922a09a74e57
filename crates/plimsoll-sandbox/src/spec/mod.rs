//! A container or step described as an OCI runtime specification.

pub(crate) mod capabilities;
mod paths;

use std::path::Path;

use oci_spec::runtime::{LinuxSeccomp, Spec};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::options::Network;
use capabilities::CapabilitySet;

/// The search path where the image sets none.
pub(crate) const DEFAULT_PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Where in a specification's annotations the user stands, by name, as it was asked for: names can be
/// resolved only inside the root file system.
pub(crate) const USER_ANNOTATION: &str = "plimsoll.user";

/// What a specification is built from.
pub(crate) struct Blueprint<'a> {
    pub(crate) root: &'a Path,
    pub(crate) read_only: bool,
    pub(crate) args: &'a [String],
    pub(crate) env: &'a [String],
    pub(crate) working_dir: &'a str,
    pub(crate) user: &'a str,
    pub(crate) tty: bool,
    pub(crate) hostname: &'a str,
    pub(crate) network: Network,
    pub(crate) capabilities: CapabilitySet,
    pub(crate) no_new_privileges: bool,
    pub(crate) seccomp: Option<LinuxSeccomp>,
    /// Whether to hide `/proc/kcore` and its like.
    pub(crate) protect_paths: bool,
    /// Size of `/dev/shm`.
    pub(crate) shm_size: u64,
    /// Mounts after the usual ones, in the specification's form.
    pub(crate) mounts: Vec<Value>,
    pub(crate) cgroup: Option<&'a str>,
    /// Whether the container gets a cgroup namespace and sees its cgroup: with cgroup v2 only, as Docker does.
    pub(crate) cgroup_namespace: bool,
    pub(crate) resources: Value,
}

/// A bind mount in the specification's form.
pub(crate) fn bind(source: &Path, target: &str, read_only: bool) -> Result<Value> {
    let source = source
        .to_str()
        .ok_or_else(|| Error::InvalidOption(format!("`{}` is not valid UTF-8", source.display())))?;
    let mode = if read_only { "rro" } else { "rw" };
    Ok(json!({
        "destination": target, "type": "bind", "source": source,
        "options": ["rbind", "rprivate", "nodev", mode],
    }))
}

/// A temporary file system in the specification's form, with Docker's defaults before the user's options.
pub(crate) fn tmpfs(target: &str, options: &str) -> Value {
    let mut list = vec!["noexec", "nosuid", "nodev"];
    for option in options.split(',').filter(|option| !option.is_empty()) {
        match option {
            "exec" => list.retain(|known| *known != "noexec"),
            "suid" => list.retain(|known| *known != "nosuid"),
            // Devices stay closed: the device policy hangs on it.
            "dev" | "rw" => {}
            _ => list.push(option),
        }
    }
    json!({ "destination": target, "type": "tmpfs", "source": "tmpfs", "options": list })
}

impl Blueprint<'_> {
    /// The specification.
    pub(crate) fn build(self) -> Result<Spec> {
        let capabilities = self.capabilities.to_spec()?;
        let mut namespaces = vec!["pid", "mount", "ipc", "uts"];
        if self.network != Network::Host {
            namespaces.push("network");
        }
        if self.cgroup_namespace {
            namespaces.push("cgroup");
        }
        let namespaces: Vec<_> = namespaces
            .into_iter()
            .map(|kind| json!({ "type": kind }))
            .collect();
        let mut mounts = usual_mounts(self.shm_size);
        if self.cgroup_namespace {
            mounts.push(json!({
                "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
                "options": ["ro", "nosuid", "noexec", "nodev"],
            }));
        }
        mounts.extend(self.mounts);
        let (masked, read_only_paths) = if self.protect_paths {
            (paths::MASKED, paths::READ_ONLY)
        } else {
            (&[][..], &[][..])
        };
        let mut spec = json!({
            "ociVersion": "1.2.0",
            "root": { "path": self.root, "readonly": self.read_only },
            "hostname": self.hostname,
            "process": {
                "terminal": self.tty,
                "user": { "uid": 0, "gid": 0 },
                "args": self.args,
                "env": self.env,
                "cwd": if self.working_dir.is_empty() { "/" } else { self.working_dir },
                "noNewPrivileges": self.no_new_privileges,
                "capabilities": {
                    "bounding": capabilities, "effective": capabilities, "permitted": capabilities,
                },
            },
            "mounts": mounts,
            "linux": {
                "namespaces": namespaces,
                "maskedPaths": masked,
                "readonlyPaths": read_only_paths,
                "resources": self.resources,
            },
            "annotations": { USER_ANNOTATION: self.user },
        });
        if let Some(cgroup) = self.cgroup {
            spec["linux"]["cgroupsPath"] = cgroup.into();
        }
        if self.network != Network::Host {
            // As Docker: unprivileged processes may use low ports and ping inside their own network.
            spec["linux"]["sysctl"] = json!({
                "net.ipv4.ip_unprivileged_port_start": "0",
                "net.ipv4.ping_group_range": "0 2147483647",
            });
        }
        if let Some(seccomp) = self.seccomp {
            spec["linux"]["seccomp"] =
                serde_json::to_value(seccomp).map_err(|error| Error::Seccomp(error.to_string()))?;
        }
        serde_json::from_value(spec).map_err(|error| Error::InvalidOption(error.to_string()))
    }
}

/// Docker's mounts of every container. Devices can be opened nowhere but on the nodes that the engine
/// itself puts into `/dev`: that is the device policy, with or without a device cgroup.
fn usual_mounts(shm_size: u64) -> Vec<Value> {
    vec![
        json!({
            "destination": "/proc", "type": "proc", "source": "proc",
            "options": ["nosuid", "noexec", "nodev"],
        }),
        json!({
            "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
            "options": ["nosuid", "nodev", "strictatime", "mode=755", "size=65536k"],
        }),
        json!({
            "destination": "/dev/pts", "type": "devpts", "source": "devpts",
            "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
        }),
        json!({
            "destination": "/sys", "type": "sysfs", "source": "sysfs",
            "options": ["nosuid", "noexec", "nodev", "ro"],
        }),
        json!({
            "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
            "options": ["nosuid", "noexec", "nodev"],
        }),
        json!({
            "destination": "/dev/shm", "type": "tmpfs", "source": "shm",
            "options": ["nosuid", "noexec", "nodev", "mode=1777", format!("size={shm_size}")],
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blueprint_becomes_a_specification() {
        let spec = Blueprint {
            root: Path::new("rootfs"),
            read_only: true,
            args: &["true".to_owned()],
            env: &[],
            working_dir: "",
            user: "app",
            tty: false,
            hostname: "box",
            network: Network::Private,
            capabilities: CapabilitySet::docker_default(),
            no_new_privileges: true,
            seccomp: None,
            protect_paths: true,
            shm_size: 64 << 20,
            mounts: vec![
                bind(Path::new("/a"), "/b", true).unwrap(),
                tmpfs("/t", "exec,size=1m"),
            ],
            cgroup: Some("/plimsoll/x"),
            cgroup_namespace: true,
            resources: json!({}),
        }
        .build()
        .unwrap();
        let json = serde_json::to_value(&spec).unwrap();
        assert_eq!(json["process"]["cwd"], "/");
        assert_eq!(
            json["process"]["capabilities"]["bounding"]
                .as_array()
                .unwrap()
                .len(),
            14
        );
        assert_eq!(json["annotations"][USER_ANNOTATION], "app");
        let mounts = json["mounts"].as_array().unwrap();
        assert_eq!(
            mounts[mounts.len() - 1]["options"],
            json!(["nosuid", "nodev", "size=1m"])
        );
        assert!(bind(Path::new("/a"), "/b", false).is_ok());
    }
}
