//! The files of cgroup v1.

use super::{Limits, PERIOD, Setting, quota};

/// What to write for the limits that need this controller, in this order.
pub(super) fn settings(controller: &str, limits: &Limits) -> Vec<Setting> {
    let setting = |file, value: u64, limit| Setting {
        file,
        value: value.to_string(),
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
            setting("memory.limit_in_bytes", *memory, "memory"),
            Setting {
                optional: Some("swap is not limited: the kernel does not account for it"),
                ..setting("memory.memsw.limit_in_bytes", memory.saturating_mul(2), "memory")
            },
        ],
        ("cpu", Limits { cpus: Some(cpus), .. }) => vec![
            setting("cpu.cfs_period_us", PERIOD, "cpus"),
            setting("cpu.cfs_quota_us", quota(*cpus), "cpus"),
        ],
        ("pids", Limits { pids: Some(pids), .. }) => vec![setting("pids.max", *pids, "pids")],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_before_memory_and_swap() {
        let limits = Limits {
            memory: Some(32 << 20),
            cpus: Some(1.5),
            pids: None,
            devices: false,
        };
        let shown = |controller| -> Vec<String> {
            let settings = settings(controller, &limits);
            settings
                .iter()
                .map(|setting| format!("{}={}", setting.file, setting.value))
                .collect()
        };
        assert_eq!(
            shown("memory"),
            [
                "memory.limit_in_bytes=33554432",
                "memory.memsw.limit_in_bytes=67108864"
            ]
        );
        assert_eq!(
            shown("cpu"),
            ["cpu.cfs_period_us=100000", "cpu.cfs_quota_us=150000"]
        );
        assert!(shown("pids").is_empty());
    }
}
