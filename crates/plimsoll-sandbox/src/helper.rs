//! Helper processes: this program started again, single-threaded, from a copy of itself that nobody can
//! write to, so that a container never gets hold of the real file through `/proc/<pid>/exe`.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Mutex;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::wire::{self, Kind};

/// The hidden subcommands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Sets up one build step, waits for it and cleans up after it.
    Step,
    /// Runs one container from its start to its end.
    Monitor,
    /// Starts one process in a running container and waits for it.
    Exec,
}

impl Role {
    const ALL: [Self; 3] = [Self::Step, Self::Monitor, Self::Exec];

    fn subcommand(self) -> &'static str {
        match self {
            Self::Step => "sandbox-step",
            Self::Monitor => "sandbox-monitor",
            Self::Exec => "sandbox-exec",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Monitor => "monitor",
            Self::Exec => "exec",
        }
    }
}

/// Runs a helper if the program was started as one; `main` calls this before anything else, and returns
/// what it is given. `args` is the whole command line, the program's name first. Ordinary commands give
/// `None`.
pub fn dispatch_helper(args: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut args = args.into_iter().skip(1);
    let subcommand = args.next()?;
    let role = Role::ALL
        .into_iter()
        .find(|role| OsStr::new(role.subcommand()) == subcommand)?;
    // The control socket takes the place of standard input, and is not to be found there by anything
    // that is started from here.
    let control = match io::stdin().as_fd().try_clone_to_owned() {
        Ok(control) => UnixStream::from(control),
        Err(_) => return Some(ExitCode::from(125)),
    };
    // Whatever else the caller's caller had open is none of a helper's business, and would stay open with it.
    crate::sys::close_all_except(&mut [0, 1, 2, control.as_raw_fd()]);
    let code = match null_to(&[0]).and_then(|()| {
        // Sealed or not, nobody but the host's root may look into a helper.
        rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
        Ok(())
    }) {
        Err(_) => 125,
        Ok(()) => match role {
            Role::Step => crate::step::helper(&control),
            Role::Monitor => crate::monitor::helper(control),
            Role::Exec => crate::exec::helper(&control),
        },
    };
    Some(ExitCode::from(code))
}

/// Puts `/dev/null` in the place of standard descriptors.
pub(crate) fn null_to(descriptors: &[i32]) -> io::Result<()> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    for descriptor in descriptors {
        replace(null.as_fd(), *descriptor)?;
    }
    Ok(())
}

/// Makes one of the descriptors 0, 1 and 2 a duplicate of `fd`, to be inherited.
pub(crate) fn replace(fd: BorrowedFd<'_>, descriptor: i32) -> io::Result<()> {
    match descriptor {
        0 => nix::unistd::dup2_stdin(fd)?,
        1 => nix::unistd::dup2_stdout(fd)?,
        _ => nix::unistd::dup2_stderr(fd)?,
    }
    Ok(())
}

/// An error unless this process may make namespaces and mounts.
pub(crate) fn check_privileges() -> Result<()> {
    if crate::rootless::is_privileged() {
        Ok(())
    } else {
        Err(Error::NotPrivileged)
    }
}

/// A helper that has been given its task.
pub(crate) struct Helper {
    pub(crate) child: Child,
    pub(crate) control: UnixStream,
}

/// Starts a helper and gives it its task and descriptors. Nothing of the environment goes with it.
pub(crate) fn start(role: Role, task: &impl Serialize, descriptors: &[BorrowedFd<'_>]) -> Result<Helper> {
    let failed = |source: io::Error| Error::system(format!("start the {} helper", role.name()), source);
    let program = sealed_self().map_err(failed)?;
    let (control, theirs) = UnixStream::pair().map_err(failed)?;
    let child = Command::new(format!("/proc/self/fd/{}", program.as_raw_fd()))
        .arg0("plimsoll")
        .arg(role.subcommand())
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    wire::send_json(&control, Kind::Task, task).map_err(failed)?;
    if !descriptors.is_empty() {
        wire::send_descriptors(&control, descriptors).map_err(failed)?;
    }
    Ok(Helper { child, control })
}

/// A sealed copy of this program's file, made once for each process.
fn sealed_self() -> io::Result<BorrowedFd<'static>> {
    static COPY: Mutex<Option<&'static OwnedFd>> = Mutex::new(None);
    let mut copy = COPY.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(copy) = *copy {
        return Ok(copy.as_fd());
    }
    // Kept open until the process ends, like the program file itself.
    let made: &'static OwnedFd = Box::leak(Box::new(seal(&File::open("/proc/self/exe")?)?));
    *copy = Some(made);
    Ok(made.as_fd())
}

fn seal(program: &File) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // A system may forbid executable memory files unless they say so; older kernels do not know the flag.
    let copy =
        memfd_create("plimsoll", flags | MemfdFlags::EXEC).or_else(|_| memfd_create("plimsoll", flags))?;
    let length = program.metadata()?.len();
    let mut offset = 0;
    while offset < length {
        let wanted = usize::try_from(length - offset)
            .unwrap_or(usize::MAX)
            .min(1 << 30);
        match rustix::fs::sendfile(&copy, program, Some(&mut offset), wanted)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            _ => continue,
        }
    }
    fcntl_add_seals(
        &copy,
        SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE,
    )?;
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_sealed_copy_is_whole_and_cannot_be_written() {
        let program = File::open("/proc/self/exe").unwrap();
        let mut copy = File::from(seal(&program).unwrap());
        assert_eq!(copy.metadata().unwrap().len(), program.metadata().unwrap().len());
        assert!(copy.write_all(b"x").is_err());
    }

    #[test]
    fn ordinary_commands_are_no_helpers() {
        let args = |list: &[&str]| list.iter().map(OsString::from).collect::<Vec<_>>();
        assert!(dispatch_helper(args(&["plimsoll", "build", "."])).is_none());
        assert!(dispatch_helper(args(&["plimsoll"])).is_none());
    }
}
