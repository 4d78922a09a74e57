//! The last steps before a program runs: who it is, what it may do, and the program itself.

use std::ffi::{CString, OsString};
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::UnixStream;
use std::path::Path;

use plimsoll_image::user_namespace;
use rustix::fs::{Access, AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Gid, Uid};
use rustix::thread::{CapabilitySet, CapabilitySets};
use serde::{Deserialize, Serialize};

use super::{mounts, target};
use crate::error::{Error, Result};
use crate::helper;
use crate::seccomp::Program;
use crate::spec::DEFAULT_PATH;
use crate::sys;
use crate::ulimit::Ulimit;
use crate::user::{self, Identity};
use crate::wire::{self, Failure};

/// How a program is to run in a container that is there already.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ProcessSpec {
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<String>,
    pub(crate) working_dir: String,
    pub(crate) user: String,
    /// The capabilities by bit.
    pub(crate) capabilities: u64,
    pub(crate) no_new_privileges: bool,
    pub(crate) seccomp: Vec<Program>,
    pub(crate) tty: bool,
    #[serde(default)]
    pub(crate) ulimits: Vec<Ulimit>,
}

/// A pseudo-terminal of the container's own `/dev/pts`.
pub(crate) struct Terminal {
    peer: OwnedFd,
}

impl Terminal {
    /// Opens one and hands its master to the parent; as the container's console if it is for its first
    /// process.
    pub(crate) fn open(sync: &UnixStream, console: bool) -> Result<Self> {
        let open = || -> io::Result<Self> {
            let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
            let master = rustix::fs::open("/dev/pts/ptmx", flags, Mode::empty())?;
            let peer = sys::terminal_peer(master.as_fd())?;
            if console {
                let name = std::fs::read_link(format!("/proc/self/fd/{}", peer.as_raw_fd()))?;
                mounts::mount_console(&name)?;
            }
            wire::send_descriptors(sync, &[master.as_fd()])?;
            Ok(Self { peer })
        };
        open().map_err(|error| Error::system("open a terminal", error))
    }

    /// Makes it the controlling terminal of this session and gives it three times.
    pub(crate) fn into_stdio(self) -> Result<[OwnedFd; 3]> {
        let become_controlling = || -> io::Result<[OwnedFd; 3]> {
            sys::set_controlling_terminal(self.peer.as_fd())?;
            Ok([
                self.peer.try_clone()?,
                self.peer.try_clone()?,
                self.peer.try_clone()?,
            ])
        };
        become_controlling().map_err(|error| Error::system("take over the terminal", error))
    }
}

/// Becomes the program. Returns only when that failed, with what to tell the user.
///
/// `bound` processes die with their parent.
pub(crate) fn exec(spec: &ProcessSpec, stdio: [OwnedFd; 3], bound: bool) -> Failure {
    match prepare(spec, &stdio, bound) {
        Err(error) => Failure::engine(&error),
        Ok(env) => {
            drop(stdio);
            run(spec, &env)
        }
    }
}

/// Everything up to the point where only the program itself is missing; gives the environment.
fn prepare(spec: &ProcessSpec, stdio: &[OwnedFd; 3], bound: bool) -> Result<Vec<String>> {
    let system = |action: &'static str| move |error: Errno| Error::system(action, io::Error::from(error));
    let identity = identity(&spec.user)?;
    if user_namespace::has_one_id() && (identity.uid, identity.gid) != (0, 0) {
        let reason = format!(
            "there is no {}:{} to run as, only root, as `/etc/subuid` and `/etc/subgid` name no further ids for this user",
            identity.uid, identity.gid
        );
        return Err(Error::Mapping(reason));
    }
    for (number, fd) in stdio.iter().enumerate() {
        // So that the user can open /dev/stdout, whoever it is.
        let stat = rustix::fs::fstat(fd).map_err(system("look at the standard streams"))?;
        let own = matches!(FileType::from_raw_mode(stat.st_mode), FileType::Fifo) || spec.tty;
        if own && identity.uid != 0 {
            rustix::fs::fchown(fd, Some(Uid::from_raw(identity.uid)), None)
                .map_err(system("hand over the standard streams"))?;
        }
        helper::replace(fd.as_fd(), number as i32)
            .map_err(|error| Error::system("place the standard streams", error))?;
    }
    rustix::process::umask(Mode::from_raw_mode(0o022));
    // As root first: the directory may be closed to the user. If it is closed to root, as on some network
    // file systems, then as the user.
    let entered = rustix::process::chdir(spec.working_dir.as_str());
    drop_bounding(spec.capabilities).map_err(system("limit the capabilities"))?;
    if !spec.no_new_privileges {
        // Without no-new-privileges only a privileged process may do this.
        install_seccomp(spec)?;
    }
    // Only a privileged process may raise a limit.
    spec.ulimits.iter().try_for_each(Ulimit::apply)?;
    let groups: Vec<Gid> = identity.groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
    match rustix::thread::set_thread_groups(&groups) {
        // With only the user's own ids mapped there are no other groups: a process has fewer rights than it asks for.
        Err(Errno::PERM) if user_namespace::has_one_id() => {}
        other => other.map_err(system("set the groups"))?,
    }
    let gid = Gid::from_raw(identity.gid);
    rustix::thread::set_thread_res_gid(gid, gid, gid).map_err(system("set the group"))?;
    rustix::thread::set_keep_capabilities(true).map_err(system("keep the capabilities"))?;
    let uid = Uid::from_raw(identity.uid);
    rustix::thread::set_thread_res_uid(uid, uid, uid).map_err(system("set the user"))?;
    rustix::thread::set_keep_capabilities(false).map_err(system("keep the capabilities"))?;
    let capabilities = CapabilitySet::from_bits_retain(spec.capabilities);
    let current = rustix::thread::capabilities(None).map_err(system("read the capabilities"))?;
    let sets = CapabilitySets {
        effective: capabilities & current.permitted,
        permitted: capabilities & current.permitted,
        inheritable: CapabilitySet::empty(),
    };
    rustix::thread::set_capabilities(None, sets).map_err(system("set the capabilities"))?;
    if entered.is_err() {
        rustix::process::chdir(spec.working_dir.as_str()).map_err(|error| {
            Error::root_fs(
                format!("enter the working directory `{}`", spec.working_dir),
                error,
            )
        })?;
    }
    if bound {
        // The change of user has reset it.
        let signal = rustix::process::Signal::KILL;
        rustix::process::set_parent_process_death_signal(Some(signal)).map_err(system("watch the parent"))?;
    }
    let mut env = spec.env.clone();
    if !env.iter().any(|variable| variable.starts_with("PATH=")) {
        env.push(DEFAULT_PATH.to_owned());
    }
    if !env.iter().any(|variable| variable.starts_with("HOME=")) {
        env.push(format!("HOME={}", identity.home));
    }
    sys::close_on_exec_from(3).map_err(|error| Error::system("close the descriptors", error))?;
    if spec.no_new_privileges {
        rustix::thread::set_no_new_privs(true).map_err(system("forbid new privileges"))?;
        install_seccomp(spec)?;
    }
    Ok(env)
}

fn install_seccomp(spec: &ProcessSpec) -> Result<()> {
    for program in &spec.seccomp {
        sys::install_seccomp(program).map_err(|error| Error::system("install the seccomp filter", error))?;
    }
    Ok(())
}

fn drop_bounding(keep: u64) -> Result<(), Errno> {
    rustix::thread::clear_ambient_capability_set().or_else(|error| match error {
        // Before 4.3 there is no such set.
        Errno::INVAL => Ok(()),
        error => Err(error),
    })?;
    for number in 0..64 {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        match rustix::thread::capability_is_in_bounding_set(capability) {
            Ok(true) if keep & 1 << number == 0 => {
                rustix::thread::remove_capability_from_bounding_set(capability)?;
            }
            Ok(_) => {}
            // The kernel does not know this number, nor any behind it.
            Err(Errno::INVAL) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The files that name users are small; what is longer is not read.
const LONGEST: u64 = 4 << 20;

/// Resolves a user in the root that is the process's own.
fn identity(user: &str) -> Result<Identity> {
    let read = |path: &str| -> io::Result<String> {
        let root = rustix::fs::open(
            "/",
            OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        // Non-blocking: a pipe of that name must not hold us up.
        let file = match target::open(&root, Path::new(path), OFlags::RDONLY | OFlags::NONBLOCK) {
            Ok(file) => std::fs::File::from(file),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(String::new()),
            Err(error) => return Err(error.into()),
        };
        let mut bytes = Vec::new();
        if file.metadata()?.is_file() {
            file.take(LONGEST).read_to_end(&mut bytes)?;
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let passwd = read("/etc/passwd").map_err(|error| Error::file("read", Path::new("/etc/passwd"), error))?;
    let group = read("/etc/group").map_err(|error| Error::file("read", Path::new("/etc/group"), error))?;
    user::resolve(user, &passwd, &group)
}

/// Finds the program and becomes it.
fn run(spec: &ProcessSpec, env: &[String]) -> Failure {
    let name = spec.args.first().map(String::as_str).unwrap_or_default();
    let failure = |message: String, exit_code: i32| Failure {
        message,
        exit_code,
        port: None,
        of_host: false,
    };
    let program = match find(name, env) {
        Ok(program) => program,
        Err(Errno::NOENT | Errno::NOTDIR) if !name.contains('/') => {
            return failure(format!("exec: `{name}`: executable file not found in $PATH"), 127);
        }
        Err(error @ (Errno::NOENT | Errno::NOTDIR)) => {
            return failure(format!("exec: `{name}`: {}", io::Error::from(error)), 127);
        }
        Err(error) => return failure(format!("exec: `{name}`: {}", io::Error::from(error)), 126),
    };
    let strings = |list: &[String]| -> Result<Vec<CString>, std::ffi::NulError> {
        list.iter().map(|string| CString::new(string.as_str())).collect()
    };
    let (Ok(args), Ok(env), Ok(program)) = (
        strings(&spec.args),
        strings(env),
        CString::new(program.into_vec()),
    ) else {
        return failure(
            "exec: an argument or variable contains a NUL byte".to_owned(),
            125,
        );
    };
    let error = sys::execve(&program, &args, &env);
    // The file is there, so what is missing is the interpreter that it names.
    let code = if error.raw_os_error() == Some(libc::ENOENT) {
        127
    } else {
        126
    };
    failure(format!("exec: `{name}`: {error}"), code)
}

/// The file of a program: itself where it has a slash, else the first of that name in the `PATH`.
fn find(name: &str, env: &[String]) -> Result<OsString, Errno> {
    if name.is_empty() {
        return Err(Errno::NOENT);
    }
    if name.contains('/') {
        return executable(Path::new(name)).map(|()| name.into());
    }
    let path = env
        .iter()
        .rev()
        .find_map(|variable| variable.strip_prefix("PATH="))
        .unwrap_or_default();
    let mut failure = Errno::NOENT;
    for directory in path.split(':') {
        let directory = if directory.is_empty() { "." } else { directory };
        let candidate = Path::new(directory).join(name);
        match executable(&candidate) {
            Ok(()) => return Ok(OsString::from_vec(candidate.as_os_str().as_bytes().to_vec())),
            Err(error @ Errno::ACCESS) => failure = error,
            Err(_) => {}
        }
    }
    Err(failure)
}

fn executable(path: &Path) -> Result<(), Errno> {
    let stat = rustix::fs::stat(path)?;
    if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
        return Err(Errno::ACCESS);
    }
    rustix::fs::accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_in_the_path() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("tool");
        std::fs::write(&file, "").unwrap();
        let env = [format!("PATH=/nowhere:{}", directory.path().display())];
        assert_eq!(find("nothing", &env), Err(Errno::NOENT));
        assert_eq!(find("tool", &env), Err(Errno::ACCESS));
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        assert_eq!(find("tool", &env).unwrap(), file.as_os_str());
        assert_eq!(find(directory.path().to_str().unwrap(), &env), Err(Errno::ACCESS));
        assert_eq!(find("/no/such/file", &env), Err(Errno::NOENT));
    }
}
