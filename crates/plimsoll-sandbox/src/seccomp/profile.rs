//! Docker's default profile as data, and profiles that a user brings in Docker's JSON format.

use oci_spec::OciSpecError;
use oci_spec::runtime::{
    Arch, LinuxSeccomp, LinuxSeccompAction, LinuxSeccompArg, LinuxSeccompArgBuilder, LinuxSeccompBuilder,
    LinuxSeccompOperator, LinuxSyscall, LinuxSyscallBuilder,
};
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::spec::capabilities::CapabilitySet;

/// What every container may call.
#[rustfmt::skip]
const ALWAYS: &[&str] = &[
    "accept", "accept4", "access", "adjtimex", "alarm", "bind", "brk", "cachestat", "capget", "capset",
    "chdir", "chmod", "chown", "clock_adjtime", "clock_getres", "clock_gettime", "clock_nanosleep", "close",
    "close_range", "connect", "copy_file_range", "creat", "dup", "dup2", "dup3", "epoll_create",
    "epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_pwait2", "epoll_wait",
    "epoll_wait_old", "eventfd", "eventfd2", "execve", "execveat", "exit", "exit_group", "faccessat",
    "faccessat2", "fadvise64", "fallocate", "fanotify_mark", "fchdir", "fchmod", "fchmodat", "fchmodat2",
    "fchown", "fchownat", "fcntl", "fdatasync", "fgetxattr", "flistxattr", "flock", "fork", "fremovexattr",
    "fsetxattr", "fstat", "fstatfs", "fsync", "ftruncate", "futex", "futex_requeue", "futex_wait",
    "futex_waitv", "futex_wake", "futimesat", "get_robust_list", "get_thread_area", "getcpu", "getcwd",
    "getdents", "getdents64", "getegid", "geteuid", "getgid", "getgroups", "getitimer", "getpeername",
    "getpgid", "getpgrp", "getpid", "getppid", "getpriority", "getrandom", "getresgid", "getresuid",
    "getrlimit", "getrusage", "getsid", "getsockname", "getsockopt", "gettid", "gettimeofday", "getuid",
    "getxattr", "getxattrat", "inotify_add_watch", "inotify_init", "inotify_init1", "inotify_rm_watch",
    "io_cancel", "io_destroy", "io_getevents", "io_pgetevents", "io_setup", "io_submit", "ioctl",
    "ioprio_get", "ioprio_set", "kill", "landlock_add_rule", "landlock_create_ruleset",
    "landlock_restrict_self", "lchown", "lgetxattr", "link", "linkat", "listen", "listmount", "listxattr",
    "listxattrat", "llistxattr", "lremovexattr", "lseek", "lsetxattr", "lstat", "madvise",
    "map_shadow_stack", "membarrier", "memfd_create", "memfd_secret", "mincore", "mkdir", "mkdirat",
    "mknod", "mknodat", "mlock", "mlock2", "mlockall", "mmap", "mprotect", "mq_getsetattr", "mq_notify",
    "mq_open", "mq_timedreceive", "mq_timedsend", "mq_unlink", "mremap", "mseal", "msgctl", "msgget",
    "msgrcv", "msgsnd", "msync", "munlock", "munlockall", "munmap", "name_to_handle_at", "nanosleep",
    "newfstatat", "open", "openat", "openat2", "pause", "pidfd_open", "pidfd_send_signal", "pipe", "pipe2",
    "pkey_alloc", "pkey_free", "pkey_mprotect", "poll", "ppoll", "prctl", "pread64", "preadv", "preadv2",
    "prlimit64", "process_mrelease", "process_vm_readv", "process_vm_writev", "pselect6", "ptrace",
    "pwrite64", "pwritev", "pwritev2", "read", "readahead", "readlink", "readlinkat", "readv", "recvfrom",
    "recvmmsg", "recvmsg", "remap_file_pages", "removexattr", "removexattrat", "rename", "renameat",
    "renameat2", "restart_syscall", "rmdir", "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask",
    "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "rt_tgsigqueueinfo",
    "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity", "sched_getattr",
    "sched_getparam", "sched_getscheduler", "sched_rr_get_interval", "sched_setaffinity", "sched_setattr",
    "sched_setparam", "sched_setscheduler", "sched_yield", "seccomp", "select", "semctl", "semget", "semop",
    "semtimedop", "sendfile", "sendmmsg", "sendmsg", "sendto", "set_robust_list", "set_thread_area",
    "set_tid_address", "setfsgid", "setfsuid", "setgid", "setgroups", "setitimer", "setpgid", "setpriority",
    "setregid", "setresgid", "setresuid", "setreuid", "setrlimit", "setsid", "setsockopt", "setuid",
    "setxattr", "setxattrat", "shmat", "shmctl", "shmdt", "shmget", "shutdown", "sigaltstack", "signalfd",
    "signalfd4", "socketpair", "splice", "stat", "statfs", "statmount", "statx", "symlink", "symlinkat",
    "sync", "sync_file_range", "syncfs", "sysinfo", "tee", "tgkill", "time", "timer_create", "timer_delete",
    "timer_getoverrun", "timer_gettime", "timer_settime", "timerfd_create", "timerfd_gettime",
    "timerfd_settime", "times", "tkill", "truncate", "umask", "uname", "unlink", "unlinkat", "uretprobe",
    "utime", "utimensat", "utimes", "vfork", "vmsplice", "wait4", "waitid", "write", "writev",
];

/// What may be called on one architecture only.
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: &[&str] = &["arch_prctl", "modify_ldt"];
#[cfg(not(target_arch = "x86_64"))]
const ARCHITECTURE: &[&str] = &[];

/// What a capability opens.
#[rustfmt::skip]
const BY_CAPABILITY: &[(&str, &[&str])] = &[
    ("CAP_DAC_READ_SEARCH", &["open_by_handle_at"]),
    ("CAP_SYS_ADMIN", &[
        "bpf", "clone", "clone3", "fanotify_init", "fsconfig", "fsmount", "fsopen", "fspick", "lookup_dcookie",
        "lsm_get_self_attr", "lsm_list_modules", "lsm_set_self_attr", "mount", "mount_setattr", "move_mount",
        "open_tree", "perf_event_open", "quotactl", "quotactl_fd", "setdomainname", "sethostname", "setns", "syslog",
        "umount2", "unshare",
    ]),
    ("CAP_SYS_BOOT", &["reboot"]),
    ("CAP_SYS_CHROOT", &["chroot"]),
    ("CAP_SYS_MODULE", &["delete_module", "init_module", "finit_module"]),
    ("CAP_SYS_PACCT", &["acct"]),
    ("CAP_SYS_PTRACE", &["kcmp", "pidfd_getfd", "process_madvise"]),
    ("CAP_SYS_RAWIO", &["iopl", "ioperm"]),
    ("CAP_SYS_TIME", &["settimeofday", "clock_settime"]),
    ("CAP_SYS_TTY_CONFIG", &["vhangup"]),
    ("CAP_SYS_NICE", &["get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node"]),
    ("CAP_SYSLOG", &["syslog"]),
    ("CAP_BPF", &["bpf"]),
    ("CAP_PERFMON", &["perf_event_open"]),
];

/// The `clone` flags that make namespaces: NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
const NAMESPACE_FLAGS: u64 = 0x7e02_0000;

/// Address families above AF_ATMSVC.. that stay closed: AF_ALG and AF_VSOCK reach into the kernel or the
/// hypervisor; the others below are those the default profile leaves out.
const CLOSED_FAMILIES: &[u64] = &[12, 19, 20, 23, 25, 34, 37, 38, 40];
/// One above the last address family that is allowed.
const FAMILIES: u64 = 46;

/// The personalities that may be set: Linux, with and without UNAME26 and short inodes, and the query.
const PERSONALITIES: &[u64] = &[0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff];

fn build<T>(result: Result<T, OciSpecError>) -> Result<T> {
    result.map_err(|error| Error::Seccomp(error.to_string()))
}

fn condition(index: usize, value: u64, two: u64, op: LinuxSeccompOperator) -> Result<LinuxSeccompArg> {
    build(
        LinuxSeccompArgBuilder::default()
            .index(index)
            .value(value)
            .value_two(two)
            .op(op)
            .build(),
    )
}

fn rule(names: &[&str], action: LinuxSeccompAction, args: Vec<LinuxSeccompArg>) -> Result<LinuxSyscall> {
    let mut rule = LinuxSyscallBuilder::default()
        .names(names.iter().map(ToString::to_string).collect::<Vec<_>>())
        .action(action);
    if !args.is_empty() {
        rule = rule.args(args);
    }
    build(rule.build())
}

fn native() -> Arch {
    if cfg!(target_arch = "x86_64") {
        Arch::ScmpArchX86_64
    } else {
        Arch::ScmpArchAarch64
    }
}

/// Docker's default profile for a container with these capabilities.
pub(crate) fn default_profile(capabilities: &CapabilitySet) -> Result<LinuxSeccomp> {
    use LinuxSeccompAction::{ScmpActAllow as Allow, ScmpActErrno as Errno};
    use LinuxSeccompOperator::{ScmpCmpEq as Equal, ScmpCmpLt as Less, ScmpCmpMaskedEq as Masked};
    let mut rules = vec![rule(ALWAYS, Allow, Vec::new())?];
    if !ARCHITECTURE.is_empty() {
        rules.push(rule(ARCHITECTURE, Allow, Vec::new())?);
    }
    rules.push(rule(&["socket"], Allow, vec![condition(0, 12, 0, Less)?])?);
    for family in (12..FAMILIES).filter(|family| !CLOSED_FAMILIES.contains(family)) {
        rules.push(rule(&["socket"], Allow, vec![condition(0, family, 0, Equal)?])?);
    }
    for personality in PERSONALITIES {
        rules.push(rule(
            &["personality"],
            Allow,
            vec![condition(0, *personality, 0, Equal)?],
        )?);
    }
    for (capability, names) in BY_CAPABILITY {
        if capabilities.contains_name(capability) {
            rules.push(rule(names, Allow, Vec::new())?);
        }
    }
    if !capabilities.contains_name("CAP_SYS_ADMIN") {
        rules.push(rule(
            &["clone"],
            Allow,
            vec![condition(0, NAMESPACE_FLAGS, 0, Masked)?],
        )?);
        // The flags of clone3 are out of a filter's sight; without it libraries fall back to clone.
        let mut clone3 = rule(&["clone3"], Errno, Vec::new())?;
        clone3.set_errno_ret(Some(libc::ENOSYS as u32));
        rules.push(clone3);
    }
    let profile = LinuxSeccompBuilder::default()
        .default_action(Errno)
        .default_errno_ret(libc::EPERM as u32)
        .architectures([native()])
        .syscalls(rules);
    build(profile.build())
}

/// The parts of Docker's profile format that the OCI format does not have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    default_action: LinuxSeccompAction,
    default_errno_ret: Option<u32>,
    #[serde(default)]
    syscalls: Option<Vec<Rule>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    names: Vec<String>,
    action: LinuxSeccompAction,
    errno_ret: Option<u32>,
    #[serde(default)]
    args: Option<Vec<Argument>>,
    #[serde(default)]
    includes: Conditions,
    #[serde(default)]
    excludes: Conditions,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Argument {
    index: usize,
    value: u64,
    #[serde(default)]
    value_two: u64,
    op: LinuxSeccompOperator,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Conditions {
    caps: Vec<String>,
    arches: Vec<String>,
    min_kernel: Option<String>,
}

impl Conditions {
    fn architecture(&self) -> Option<bool> {
        let native = if cfg!(target_arch = "x86_64") {
            "amd64"
        } else {
            "arm64"
        };
        (!self.arches.is_empty()).then(|| self.arches.iter().any(|arch| arch == native))
    }

    fn capability(&self, capabilities: &CapabilitySet, all: bool) -> Option<bool> {
        let mut held = self.caps.iter().map(|name| capabilities.contains_name(name));
        (!self.caps.is_empty()).then(|| {
            if all {
                held.all(|held| held)
            } else {
                held.any(|held| held)
            }
        })
    }
}

/// Reads a profile in Docker's format, for a container with these capabilities.
pub(crate) fn parse_profile(json: &str, capabilities: &CapabilitySet) -> Result<LinuxSeccomp> {
    let profile: Profile = serde_json::from_str(json).map_err(|error| Error::Seccomp(error.to_string()))?;
    let mut rules = Vec::new();
    for entry in profile.syscalls.unwrap_or_default() {
        // Every kernel that this engine runs on is newer than any that profiles ask for.
        let _ = &entry.includes.min_kernel;
        let included = entry.includes.architecture().unwrap_or(true)
            && entry.includes.capability(capabilities, true).unwrap_or(true);
        let excluded = entry.excludes.architecture().unwrap_or(false)
            || entry.excludes.capability(capabilities, false).unwrap_or(false);
        if !included || excluded {
            continue;
        }
        let mut args = Vec::new();
        for arg in entry.args.unwrap_or_default() {
            args.push(condition(arg.index, arg.value, arg.value_two, arg.op)?);
        }
        let names: Vec<&str> = entry
            .name
            .iter()
            .chain(&entry.names)
            .map(String::as_str)
            .collect();
        if names.is_empty() {
            return Err(Error::Seccomp("a rule names no system call".to_owned()));
        }
        let mut made = rule(&names, entry.action, args)?;
        made.set_errno_ret(entry.errno_ret);
        rules.push(made);
    }
    let mut builder = LinuxSeccompBuilder::default()
        .default_action(profile.default_action)
        .architectures([native()])
        .syscalls(rules);
    if let Some(errno) = profile.default_errno_ret {
        builder = builder.default_errno_ret(errno);
    }
    build(builder.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(profile: &LinuxSeccomp, name: &str) -> bool {
        profile.syscalls().iter().flatten().any(|rule| {
            rule.action() == LinuxSeccompAction::ScmpActAllow
                && rule.names().iter().any(|known| known == name)
        })
    }

    #[test]
    fn capabilities_open_their_calls() {
        let plain = default_profile(&CapabilitySet::docker_default()).unwrap();
        assert!(allowed(&plain, "read") && allowed(&plain, "chroot"));
        assert!(
            !allowed(&plain, "mount") && !allowed(&plain, "io_uring_setup") && !allowed(&plain, "keyctl")
        );
        let all = default_profile(&CapabilitySet::all()).unwrap();
        assert!(allowed(&all, "mount") && allowed(&all, "clone3"));
    }

    #[test]
    fn a_users_profile_is_read_with_its_conditions() {
        let json = r#"{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[
            {"names":["read"],"action":"SCMP_ACT_ALLOW"},
            {"names":["mount"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_SYS_ADMIN"]}},
            {"names":["write"],"action":"SCMP_ACT_ALLOW","excludes":{"caps":["CAP_CHOWN"]}}]}"#;
        let profile = parse_profile(json, &CapabilitySet::docker_default()).unwrap();
        assert!(allowed(&profile, "read") && !allowed(&profile, "mount") && !allowed(&profile, "write"));
        assert!(parse_profile("{}", &CapabilitySet::all()).is_err());
        assert!(parse_profile(r#"{"defaultAction":"X"}"#, &CapabilitySet::all()).is_err());
    }
}
