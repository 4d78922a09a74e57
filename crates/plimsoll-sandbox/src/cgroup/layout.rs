//! Where the controllers are on this machine.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The controllers of cgroup v2 that this engine uses.
const V2: [&str; 4] = ["cpu", "io", "memory", "pids"];

/// The mounted hierarchies.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    v1: Vec<(String, PathBuf)>,
    v2: Option<PathBuf>,
    v2_controllers: Vec<String>,
}

impl Layout {
    pub(super) fn of_this_machine() -> io::Result<Self> {
        let mut layout = Self::parse(&fs::read_to_string("/proc/self/mountinfo")?);
        if let Some(mount) = &layout.v2 {
            let controllers = fs::read_to_string(mount.join("cgroup.controllers")).unwrap_or_default();
            layout.v2_controllers = controllers.split_whitespace().map(ToOwned::to_owned).collect();
        }
        Ok(layout)
    }

    /// Reads the mounts from the text of `/proc/self/mountinfo`.
    fn parse(mountinfo: &str) -> Self {
        let mut layout = Self::default();
        for line in mountinfo.lines() {
            let Some((mount, kind)) = line.split_once(" - ") else {
                continue;
            };
            let Some(point) = mount.split(' ').nth(4).map(unescape) else {
                continue;
            };
            let mut kind = kind.split(' ');
            match kind.next() {
                Some("cgroup2") if layout.v2.is_none() => layout.v2 = Some(point),
                Some("cgroup") => {
                    let options = kind.nth(1).unwrap_or_default();
                    for option in options.split(',') {
                        let used = option == "devices" || super::CONTROLLERS.contains(&option);
                        if used && layout.v1(option).is_none() {
                            layout.v1.push((option.to_owned(), point.clone()));
                        }
                    }
                }
                _ => {}
            }
        }
        layout
    }

    pub(super) fn v1(&self, controller: &str) -> Option<&Path> {
        self.v1
            .iter()
            .find(|(name, _)| name == controller)
            .map(|(_, mount)| mount.as_path())
    }

    pub(super) fn v2(&self) -> Option<&Path> {
        self.v2.as_deref()
    }

    /// The controllers that are used and that version 2 has.
    pub(super) fn v2_controllers(&self) -> Vec<&'static str> {
        V2.into_iter()
            .filter(|name| self.v2_controllers.iter().any(|known| known == name))
            .collect()
    }

    /// Whether there is version 2 alone.
    pub(super) fn is_unified(&self) -> bool {
        self.v1.is_empty() && self.v2.is_some()
    }
}

/// The path with the kernel's octal escapes taken back.
fn unescape(text: &str) -> PathBuf {
    PathBuf::from(
        text.replace("\\040", " ")
            .replace("\\011", "\t")
            .replace("\\012", "\n")
            .replace("\\134", "\\"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hybrid_layout() {
        let layout = Layout::parse(
            "25 24 0:22 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
             26 25 0:23 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n\
             27 25 0:24 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
             28 25 0:25 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n\
             29 25 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
        );
        assert_eq!(layout.v1("cpu"), layout.v1("cpuacct"));
        assert_eq!(layout.v1("memory"), Some(Path::new("/sys/fs/cgroup/memory")));
        assert_eq!(layout.v1("pids"), None);
        assert_eq!(layout.v2(), Some(Path::new("/sys/fs/cgroup/unified")));
        assert!(!layout.is_unified() && layout.v2_controllers().is_empty());
    }

    #[test]
    fn a_unified_layout() {
        let mut layout =
            Layout::parse("30 23 0:26 / /sys/fs/my\\040cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
        layout.v2_controllers = vec!["cpuset".into(), "memory".into(), "pids".into()];
        assert!(layout.is_unified());
        assert_eq!(layout.v2(), Some(Path::new("/sys/fs/my cgroup")));
        assert_eq!(layout.v2_controllers(), ["memory", "pids"]);
    }
}
