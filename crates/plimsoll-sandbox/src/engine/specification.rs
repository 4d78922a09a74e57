//! A container's record as an OCI runtime specification.

use std::collections::BTreeSet;

use oci_spec::runtime::Spec;
use serde_json::{Value, json};

use crate::cgroup::{self, Limits};
use crate::error::Result;
use crate::record::{Directory, MountPoint, Record};
use crate::seccomp;
use crate::spec::capabilities::CapabilitySet;
use crate::spec::{self, Blueprint};

/// As much shared memory as Docker gives.
const SHM_SIZE: u64 = 64 << 20;

/// The OCI specification; the engine runs exactly this.
pub(super) fn specification(directory: &Directory, record: &Record) -> Result<Spec> {
    let options = &record.options;
    let config = &record.image_config.config;
    let capabilities = CapabilitySet::docker(&options.cap_add, &options.cap_drop)?;
    let (seccomp, _) = seccomp::filter(&options.security.seccomp, capabilities)?;
    let mut mounts: Vec<Value> = Vec::new();
    let targets: BTreeSet<&str> = record
        .mounts
        .iter()
        .map(|mount| mount.destination.as_str())
        .collect();
    for name in ["resolv.conf", "hostname", "hosts"] {
        let target = format!("/etc/{name}");
        if !targets.contains(target.as_str()) {
            // As Docker: what is read-only is so in whole.
            mounts.push(spec::bind(&directory.join(name), &target, options.read_only)?);
        }
    }
    // A mount comes after the one that it lies in.
    let mut sorted: Vec<&MountPoint> = record.mounts.iter().collect();
    sorted.sort_by_key(|mount| {
        mount
            .destination
            .split('/')
            .filter(|part| !part.is_empty())
            .count()
    });
    for mount in sorted {
        let tmpfs = options
            .tmpfs
            .iter()
            .find(|tmpfs| tmpfs.target == mount.destination);
        mounts.push(match tmpfs {
            Some(tmpfs) if mount.kind == "tmpfs" => spec::tmpfs(&mount.destination, &tmpfs.options),
            _ => spec::bind(&mount.source, &mount.destination, !mount.writable)?,
        });
    }
    let unified = cgroup::is_unified();
    let cgroup = cgroup::path_of(&record.id);
    Blueprint {
        root: &directory.join("rootfs"),
        read_only: options.read_only,
        args: &record.args,
        env: &record.env,
        working_dir: options.working_dir.as_deref().unwrap_or(&config.working_dir),
        user: options.user.as_deref().unwrap_or(&config.user),
        tty: options.tty,
        hostname: &record.hostname,
        network: options.network,
        capabilities,
        no_new_privileges: options.security.no_new_privileges,
        seccomp,
        protect_paths: true,
        shm_size: options.shm_size.unwrap_or(SHM_SIZE),
        mounts,
        cgroup: Some(&cgroup),
        cgroup_namespace: unified,
        resources: resources(&record.limits),
    }
    .build()
}

fn resources(limits: &Limits) -> Value {
    let mut resources = json!({});
    if let Some(memory) = limits.memory {
        resources["memory"] = json!({ "limit": memory, "swap": memory.saturating_mul(2) });
    }
    if let Some(cpus) = limits.cpus {
        resources["cpu"] = json!({ "quota": (cpus * 100_000.0).round() as i64, "period": 100_000 });
    }
    if let Some(pids) = limits.pids {
        resources["pids"] = json!({ "limit": pids });
    }
    resources
}
