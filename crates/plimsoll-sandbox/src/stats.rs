//! What a container uses, read field by field: what cannot be read is missing, not zero.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::cgroup::{Cgroup, field};

/// What a container uses at one moment. A field is `None` where its controller is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Processor time in percent of one processor.
    pub cpu_percent: Option<f64>,
    /// Bytes of memory in use, less the file cache that could be given back, as Docker counts.
    pub memory_usage: Option<u64>,
    /// Bytes that it may use: its limit, or the machine's memory.
    pub memory_limit: Option<u64>,
    /// Processes and threads.
    pub pids: Option<u64>,
    /// Bytes received and sent on devices other than `lo`; `None` where there is none, as in a private network, whose
    /// published ports do not go through a device.
    pub network_io: Option<(u64, u64)>,
    /// Bytes read from and written to block devices.
    pub block_io: Option<(u64, u64)>,
}

/// One process of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessInfo {
    /// The host's user id.
    pub uid: u32,
    /// The host's process id.
    pub pid: i32,
    /// The host's process id of the parent.
    pub ppid: i32,
    /// The state letter of `ps`.
    pub state: char,
    /// The command line, or the name in brackets.
    pub command: String,
}

/// Processor time used, in nanoseconds, and when that was seen.
pub(crate) fn processor_time(cgroup: &Cgroup) -> Option<(u64, Instant)> {
    let now = Instant::now();
    if let Some(text) = cgroup.read(&["cpuacct.usage"]) {
        return Some((text.trim().parse().ok()?, now));
    }
    Some((
        field(&cgroup.read(&["cpu.stat"])?, "usage_usec")?.checked_mul(1000)?,
        now,
    ))
}

/// The share of one processor between two sightings, in percent.
pub(crate) fn percent(before: (u64, Instant), after: (u64, Instant)) -> Option<f64> {
    let elapsed = after.1.duration_since(before.1).as_nanos() as f64;
    (elapsed > 0.0).then(|| after.0.saturating_sub(before.0) as f64 * 100.0 / elapsed)
}

/// Everything but the processor.
pub(crate) fn read(cgroup: &Cgroup, pid: u32) -> Stats {
    let number = |names: &[&str]| {
        cgroup
            .read(names)
            .and_then(|text| text.trim().parse::<u64>().ok())
    };
    let total = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| total_memory(&text));
    let usage = number(&["memory.current", "memory.usage_in_bytes"]);
    let limit = number(&["memory.max", "memory.limit_in_bytes"]);
    let inactive = cgroup
        .read(&["memory.stat"])
        .and_then(|text| inactive_file(&text))
        .unwrap_or(0);
    Stats {
        cpu_percent: None,
        memory_usage: usage.map(|usage| usage.saturating_sub(inactive)),
        memory_limit: usage.and(match (limit, total) {
            (Some(limit), Some(total)) => Some(limit.min(total)),
            (limit, total) => limit.or(total),
        }),
        pids: number(&["pids.current"]),
        network_io: fs::read_to_string(format!("/proc/{pid}/net/dev"))
            .ok()
            .and_then(|text| network(&text)),
        block_io: block_io(cgroup),
    }
}

/// `MemTotal` in bytes.
fn total_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim()
        .strip_suffix("kB")?
        .trim()
        .parse::<u64>()
        .ok()?
        .checked_mul(1024)
}

/// The file cache that is not in active use: of the whole subtree with version 1, which names it so.
fn inactive_file(stat: &str) -> Option<u64> {
    field(stat, "total_inactive_file").or_else(|| field(stat, "inactive_file"))
}

fn network(dev: &str) -> Option<(u64, u64)> {
    let mut sum: Option<(u64, u64)> = None;
    for line in dev.lines() {
        let Some((name, numbers)) = line.split_once(':') else {
            continue;
        };
        if name.trim() == "lo" {
            continue;
        }
        let numbers: Vec<u64> = numbers
            .split_whitespace()
            .filter_map(|number| number.parse().ok())
            .collect();
        let (received, sent) = sum.unwrap_or_default();
        let number = |index: usize| numbers.get(index).copied().unwrap_or(0);
        sum = Some((received.saturating_add(number(0)), sent.saturating_add(number(8))));
    }
    sum
}

fn block_io(cgroup: &Cgroup) -> Option<(u64, u64)> {
    if let Some(text) = cgroup.read(&["io.stat"]) {
        return Some(io_stat(&text));
    }
    let names = [
        "blkio.throttle.io_service_bytes_recursive",
        "blkio.throttle.io_service_bytes",
    ];
    cgroup.read(&names).map(|text| service_bytes(&text))
}

/// The form of version 2: `8:0 rbytes=1 wbytes=2 …`.
fn io_stat(text: &str) -> (u64, u64) {
    let sum = |key: &str| {
        let values = text
            .split_whitespace()
            .filter_map(|word| word.strip_prefix(key)?.parse::<u64>().ok());
        values.fold(0, u64::saturating_add)
    };
    (sum("rbytes="), sum("wbytes="))
}

/// The form of version 1: `8:0 Read 1`.
fn service_bytes(text: &str) -> (u64, u64) {
    let sum = |kind: &str| {
        let of_kind = |line: &str| match line.split_whitespace().collect::<Vec<_>>()[..] {
            [_, word, value] if word == kind => value.parse::<u64>().ok(),
            _ => None,
        };
        text.lines().filter_map(of_kind).fold(0, u64::saturating_add)
    };
    (sum("Read"), sum("Write"))
}

/// Every process in the process id namespace of `pid`, by id.
pub(crate) fn processes(pid: u32) -> Vec<ProcessInfo> {
    let namespace = |pid: &str| fs::read_link(PathBuf::from("/proc").join(pid).join("ns/pid")).ok();
    let Some(wanted) = namespace(&pid.to_string()) else {
        return Vec::new();
    };
    let mut processes = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.bytes().all(|byte| byte.is_ascii_digit()) && namespace(&name).as_ref() == Some(&wanted) {
            processes.extend(process(&name));
        }
    }
    processes.sort_by_key(|process| process.pid);
    processes
}

fn process(pid: &str) -> Option<ProcessInfo> {
    let path = PathBuf::from("/proc").join(pid);
    let status = fs::read_to_string(path.join("status")).ok()?;
    let value = |name: &str| {
        status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(str::trim)
    };
    let arguments = fs::read(path.join("cmdline")).unwrap_or_default();
    let words: Vec<_> = arguments
        .split(|byte| *byte == 0)
        .filter(|word| !word.is_empty())
        .collect();
    let command = if words.is_empty() {
        format!("[{}]", value("Name").unwrap_or_default())
    } else {
        String::from_utf8_lossy(&words.join(&b' ')).into_owned()
    };
    Some(ProcessInfo {
        uid: value("Uid")?.split_whitespace().next()?.parse().ok()?,
        pid: pid.parse().ok()?,
        ppid: value("PPid")?.parse().ok()?,
        state: value("State")?.chars().next()?,
        command,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn texts_of_the_kernel() {
        assert_eq!(
            total_memory("MemTotal:       24684092 kB\nMemFree: 1 kB\n"),
            Some(24_684_092 * 1024)
        );
        assert_eq!(inactive_file("inactive_file 1\ntotal_inactive_file 5\n"), Some(5));
        assert_eq!(inactive_file("anon 3\ninactive_file 7\n"), Some(7));
        let dev = "Inter-|   Receive\n face |bytes\n    lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n  eth0: 100 1 0 0 0 0 0 0 200 1 0 0 0 0 0 0\n";
        assert_eq!(network(dev), Some((100, 200)));
        assert_eq!(network("    lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n"), None);
        assert_eq!(
            io_stat("8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=1 wbytes=2\n"),
            (11, 22)
        );
        assert_eq!(
            service_bytes("8:0 Read 4\n8:0 Write 5\n8:0 Sync 1\nTotal 9\n"),
            (4, 5)
        );
    }

    #[test]
    fn shares_of_a_processor() {
        let start = Instant::now();
        let later = start + Duration::from_millis(500);
        assert_eq!(percent((0, start), (250_000_000, later)), Some(50.0));
        assert_eq!(percent((0, start), (1, start)), None);
    }
}
