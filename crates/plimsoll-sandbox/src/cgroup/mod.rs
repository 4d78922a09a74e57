//! Control groups: limits, accounting, and a handle on every process of a container. Version 1, version 2,
//! and the hybrid of both, where each controller is used where it is.

mod devices;
mod layout;
mod v1;
mod v2;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use layout::Layout;

/// What a container may use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Limits {
    /// Bytes.
    pub(crate) memory: Option<u64>,
    /// Processors' worth of time.
    pub(crate) cpus: Option<f64>,
    /// Processes and threads.
    pub(crate) pids: Option<u64>,
    /// Whether devices need a cgroup of their own: the container may mount file systems.
    #[serde(default)]
    pub(crate) devices: bool,
}

impl Limits {
    /// The limit that needs a controller, by the name that users know.
    fn needing(&self, controller: &str) -> Option<&'static str> {
        match controller {
            "memory" => self.memory.map(|_| "memory"),
            "cpu" => self.cpus.map(|_| "cpus"),
            "pids" => self.pids.map(|_| "pids"),
            _ => None,
        }
    }
}

/// The period of the processor quota in microseconds: Docker's.
const PERIOD: u64 = 100_000;

/// The quota, in microseconds of processor time for each [`PERIOD`].
fn quota(cpus: f64) -> u64 {
    ((cpus * PERIOD as f64).round() as u64).max(1000)
}

/// What to write where.
#[derive(Debug, PartialEq, Eq)]
struct Setting {
    file: &'static str,
    value: String,
    limit: &'static str,
    /// What to tell the user where the file is missing; without one its absence is an error.
    optional: Option<&'static str>,
}

/// The cgroup of one container: a directory in each hierarchy that is used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cgroup {
    directories: Vec<PathBuf>,
}

/// The parent of all cgroups of this engine.
const PARENT: &str = "plimsoll";

/// The controllers that are used, each for limits or for statistics.
const CONTROLLERS: [&str; 5] = ["memory", "pids", "cpu", "cpuacct", "blkio"];

/// Whether the machine has cgroup v2 alone.
pub(crate) fn is_unified() -> bool {
    Layout::of_this_machine().is_ok_and(|layout| layout.is_unified())
}

/// The path of a container's cgroup below each hierarchy's mount point.
pub(crate) fn path_of(id: &str) -> String {
    format!("/{PARENT}/{id}")
}

impl Cgroup {
    /// Makes the cgroup of a container and sets its limits. The second value says which parts of the
    /// limits the machine cannot enforce although it enforces the rest.
    ///
    /// A controller that no limit needs may be missing; one that a limit needs may not.
    pub(crate) fn create(id: &str, limits: &Limits) -> Result<(Self, Vec<String>)> {
        let layout = Layout::of_this_machine()
            .map_err(|error| Error::file("read", Path::new("/proc/self/mountinfo"), error))?;
        let mut made = Self::default();
        let result = made.set_up(&layout, id, limits);
        if result.is_err() {
            made.remove();
        }
        result.map(|warnings| (made, warnings))
    }

    fn set_up(&mut self, layout: &Layout, id: &str, limits: &Limits) -> Result<Vec<String>> {
        let mut warnings = Vec::new();
        for controller in CONTROLLERS {
            let Some(mount) = layout.v1(controller) else {
                continue;
            };
            if controller == "cpu" && limits.cpus.is_none() {
                // It has nothing to count, and does not take real-time processes.
                continue;
            }
            let directory = mount.join(PARENT).join(id);
            if self.directories.contains(&directory) {
                continue;
            }
            match create_directory(&directory) {
                Ok(()) => self.directories.push(directory),
                Err(error) => unavailable(limits, controller, &error.to_string())?,
            }
        }
        if let Some(mount) = layout.v2() {
            let wanted = layout.v2_controllers();
            if layout.is_unified() || !wanted.is_empty() {
                match v2::create(mount, PARENT, id, &wanted) {
                    Ok(directory) => self.directories.push(directory),
                    Err(error) => {
                        for controller in &wanted {
                            unavailable(limits, controller, &error.to_string())?;
                        }
                    }
                }
            }
        }
        if limits.devices {
            match layout.v1("devices").map(|mount| mount.join(PARENT).join(id)) {
                Some(directory) => {
                    create_directory(&directory)
                        .and_then(|()| devices::restrict(&directory))
                        .map_err(|error| Error::file("restrict devices in", &directory, error))?;
                    self.directories.push(directory);
                }
                None => warnings.push(
                    "a container with `CAP_SYS_ADMIN` can open every device: there is no device cgroup"
                        .to_owned(),
                ),
            }
        }
        for controller in ["memory", "cpu", "pids"] {
            let settings = if layout.v1(controller).is_some() {
                v1::settings(controller, limits)
            } else if layout.v2_controllers().contains(&controller) {
                v2::settings(controller, limits)
            } else {
                unavailable(limits, controller, "the cgroup controller is missing")?;
                continue;
            };
            for setting in settings {
                self.apply(&setting, &mut warnings)?;
            }
        }
        Ok(warnings)
    }

    fn apply(&self, setting: &Setting, warnings: &mut Vec<String>) -> Result<()> {
        let path = self
            .directories
            .iter()
            .map(|directory| directory.join(setting.file))
            .find(|path| path.exists());
        let problem = match path {
            Some(path) => match fs::write(&path, &setting.value) {
                Ok(()) => return Ok(()),
                Err(error) => format!("`{}` does not take `{}`: {error}", path.display(), setting.value),
            },
            None => format!("there is no `{}`", setting.file),
        };
        match setting.optional {
            Some(warning) => {
                warnings.push(warning.to_owned());
                Ok(())
            }
            None => Err(Error::Limit {
                resource: setting.limit,
                reason: problem,
            }),
        }
    }

    /// The cgroup whose directories are these.
    pub(crate) fn of(directories: Vec<PathBuf>) -> Self {
        Self { directories }
    }

    pub(crate) fn directories(&self) -> &[PathBuf] {
        &self.directories
    }

    /// Puts a process into it.
    pub(crate) fn join(&self, pid: i32) -> io::Result<()> {
        for directory in &self.directories {
            fs::write(directory.join("cgroup.procs"), pid.to_string())?;
        }
        Ok(())
    }

    /// The content of the first file of one of these names.
    pub(crate) fn read(&self, names: &[&str]) -> Option<String> {
        names
            .iter()
            .flat_map(|name| self.directories.iter().map(move |directory| directory.join(name)))
            .find_map(|path| fs::read_to_string(path).ok())
    }

    /// How many processes the kernel has killed in it for want of memory; `None` without the controller.
    pub(crate) fn oom_kills(&self) -> Option<u64> {
        let text = self.read(&["memory.events", "memory.oom_control"])?;
        field(&text, "oom_kill")
    }

    /// The process ids in it.
    pub(crate) fn processes(&self) -> Vec<i32> {
        let text = self.read(&["cgroup.procs"]).unwrap_or_default();
        text.lines()
            .filter_map(|line| line.parse().ok())
            .filter(|pid| *pid > 0)
            .collect()
    }

    /// Kills every process in it, until there is none.
    pub(crate) fn kill_all(&self) {
        for _ in 0..100 {
            for directory in &self.directories {
                let _ = fs::write(directory.join("cgroup.kill"), "1");
            }
            let processes = self.processes();
            if processes.is_empty() {
                return;
            }
            for pid in processes {
                let _ = crate::sys::kill(pid, libc::SIGKILL);
            }
            sleep(Duration::from_millis(2));
        }
    }

    /// Removes it, and the parent of all if it was the last. Processes that are just ending are waited for.
    pub(crate) fn remove(&self) {
        for directory in &self.directories {
            for _ in 0..250 {
                match fs::remove_dir(directory) {
                    Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {
                        sleep(Duration::from_millis(2));
                    }
                    _ => break,
                }
            }
            if let Some(parent) = directory.parent().filter(|parent| parent.ends_with(PARENT)) {
                let _ = fs::remove_dir(parent);
            }
        }
    }
}

/// Makes a directory and its parent, which another process may just be removing.
fn create_directory(path: &Path) -> io::Result<()> {
    for _ in 0..10 {
        match fs::create_dir_all(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => return result,
        }
    }
    fs::create_dir_all(path)
}

/// An error if a limit needs the controller.
fn unavailable(limits: &Limits, controller: &str, reason: &str) -> Result<()> {
    match limits.needing(controller) {
        Some(resource) => Err(Error::Limit {
            resource,
            reason: format!("{reason} (`{controller}`)"),
        }),
        None => Ok(()),
    }
}

/// The number behind `name` in a file of lines with a name and a number each.
pub(crate) fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| match line.split_once(' ') {
        Some((key, value)) if key == name => value.trim().parse().ok(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let text = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n";
        assert_eq!(field(text, "oom_kill"), Some(3));
        assert_eq!(field(text, "oom"), None);
    }

    #[test]
    fn quotas() {
        assert_eq!(quota(0.5), 50_000);
        assert_eq!(quota(2.0), 200_000);
        assert_eq!(quota(0.000_1), 1000, "the kernel takes no less");
    }

    #[test]
    fn a_missing_controller_matters_only_to_its_limit() {
        let limits = Limits {
            memory: Some(1),
            ..Limits::default()
        };
        assert!(unavailable(&limits, "pids", "gone").is_ok());
        assert!(matches!(
            unavailable(&limits, "memory", "gone"),
            Err(Error::Limit {
                resource: "memory",
                ..
            })
        ));
    }
}
