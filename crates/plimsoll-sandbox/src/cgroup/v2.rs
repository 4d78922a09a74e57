//! The files of cgroup v2.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Limits, PERIOD, Setting, quota};

/// Makes `<mount>/<parent>/<id>` with these controllers enabled on the way down.
pub(super) fn create(mount: &Path, parent: &str, id: &str, controllers: &[&str]) -> io::Result<PathBuf> {
    let parent = mount.join(parent);
    let directory = parent.join(id);
    super::create_directory(&directory)?;
    let enabled = enable(mount, controllers).and_then(|()| enable(&parent, controllers));
    if let Err(error) = enabled {
        let _ = fs::remove_dir(&directory);
        return Err(error);
    }
    Ok(directory)
}

/// Gives the children of `directory` these controllers; the kernel refuses where processes are in it.
fn enable(directory: &Path, controllers: &[&str]) -> io::Result<()> {
    let file = directory.join("cgroup.subtree_control");
    let enabled = fs::read_to_string(&file)?;
    let missing = missing(&enabled, controllers);
    if missing.is_empty() {
        Ok(())
    } else {
        fs::write(file, missing)
    }
}

/// What to write to enable the controllers that are not in `enabled`: `+memory +pids`.
fn missing(enabled: &str, controllers: &[&str]) -> String {
    let is_missing = |name: &&&str| !enabled.split_whitespace().any(|known| known == **name);
    controllers
        .iter()
        .filter(is_missing)
        .map(|name| format!("+{name}"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// What to write for the limits that need this controller.
pub(super) fn settings(controller: &str, limits: &Limits) -> Vec<Setting> {
    let setting = |file, value: String, limit| Setting {
        file,
        value,
        limit,
        optional: None,
    };
    match (controller, limits) {
        (
            "memory",
            Limits {
                memory: Some(memory), ..
            },
        ) => vec![
            setting("memory.max", memory.to_string(), "memory"),
            Setting {
                // Docker's default: as much swap as memory.
                optional: Some("swap is not limited: the kernel does not account for it"),
                ..setting("memory.swap.max", memory.to_string(), "memory")
            },
        ],
        ("cpu", Limits { cpus: Some(cpus), .. }) => {
            vec![setting("cpu.max", format!("{} {PERIOD}", quota(*cpus)), "cpus")]
        }
        ("pids", Limits { pids: Some(pids), .. }) => vec![setting("pids.max", pids.to_string(), "pids")],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_enabled() {
        assert_eq!(missing("cpu memory\n", &["memory", "pids", "io"]), "+pids +io");
        assert_eq!(missing("memory pids", &["memory"]), "");
    }

    #[test]
    fn settings_have_the_kernels_form() {
        let limits = Limits {
            memory: Some(64),
            cpus: Some(0.25),
            pids: Some(7),
            devices: false,
        };
        assert_eq!(settings("cpu", &limits)[0].value, "25000 100000");
        assert_eq!(settings("pids", &limits)[0].value, "7");
        assert_eq!(settings("memory", &limits).len(), 2);
        assert!(settings("io", &limits).is_empty());
    }

    #[test]
    fn a_cgroup_is_made_below_its_parent() {
        let mount = tempfile::tempdir().unwrap();
        fs::write(mount.path().join("cgroup.subtree_control"), "cpu memory pids").unwrap();
        fs::create_dir(mount.path().join("p")).unwrap();
        fs::write(mount.path().join("p/cgroup.subtree_control"), "").unwrap();
        let directory = create(mount.path(), "p", "id", &["memory", "pids"]).unwrap();
        assert!(directory.is_dir());
        let written = fs::read_to_string(mount.path().join("p/cgroup.subtree_control")).unwrap();
        assert_eq!(written, "+memory +pids");
    }
}
