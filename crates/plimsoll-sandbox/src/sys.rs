//! The system calls that have no safe form in the crates we use. Everything unsafe is here.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, Ordering};

use nix::errno::Errno;
use nix::libc;

/// Which side of a fork this is.
pub(crate) enum Fork {
    Child,
    /// The child's process id as the parent sees it.
    Parent(i32),
}

/// Namespaces for a new process, as `clone3` takes them.
pub(crate) type CloneFlags = u64;
pub(crate) const CLONE_PARENT: CloneFlags = libc::CLONE_PARENT as u64;
pub(crate) const CLONE_NEWNS: CloneFlags = libc::CLONE_NEWNS as u64;
pub(crate) const CLONE_NEWPID: CloneFlags = libc::CLONE_NEWPID as u64;
pub(crate) const CLONE_NEWIPC: CloneFlags = libc::CLONE_NEWIPC as u64;
pub(crate) const CLONE_NEWUTS: CloneFlags = libc::CLONE_NEWUTS as u64;
pub(crate) const CLONE_NEWNET: CloneFlags = libc::CLONE_NEWNET as u64;

fn check(result: libc::c_long) -> io::Result<libc::c_long> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// Forks with new namespaces. Only for single-threaded processes: the child goes on with a copy of
/// everything, locks included.
pub(crate) fn clone3(flags: CloneFlags) -> io::Result<Fork> {
    #[repr(C)]
    #[derive(Default)]
    struct CloneArgs {
        flags: u64,
        pidfd: u64,
        child_tid: u64,
        parent_tid: u64,
        exit_signal: u64,
        stack: u64,
        stack_size: u64,
        tls: u64,
    }
    let args = CloneArgs {
        flags,
        // A child of our parent takes over our own exit signal; any other value is refused.
        exit_signal: if flags & CLONE_PARENT == 0 {
            libc::SIGCHLD as u64
        } else {
            0
        },
        ..CloneArgs::default()
    };
    // SAFETY: without CLONE_VM the child has its own copy of the address space and goes on with the same
    // stack; `args` lives during the call. The callers are single-threaded helper processes.
    let result = check(unsafe { libc::syscall(libc::SYS_clone3, &raw const args, size_of::<CloneArgs>()) })?;
    Ok(if result == 0 {
        Fork::Child
    } else {
        Fork::Parent(result as i32)
    })
}

/// What `mount_setattr` sets and clears.
#[repr(C)]
#[derive(Default)]
pub(crate) struct MountAttributes {
    pub(crate) set: u64,
    pub(crate) clear: u64,
    pub(crate) propagation: u64,
    pub(crate) userns_fd: u64,
}

/// Changes the attributes of the mount that `fd` and `path` name; with `recursive` those below it too.
pub(crate) fn mount_setattr(
    fd: BorrowedFd<'_>,
    path: &CStr,
    recursive: bool,
    attributes: &MountAttributes,
) -> io::Result<()> {
    let mut flags = libc::AT_EMPTY_PATH;
    if recursive {
        flags |= libc::AT_RECURSIVE;
    }
    // SAFETY: the path is NUL-terminated and the attributes live during the call.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            fd.as_raw_fd(),
            path.as_ptr(),
            flags,
            std::ptr::from_ref(attributes),
            size_of::<MountAttributes>(),
        )
    })
    .map(drop)
}

/// Marks every descriptor from `first` on as close-on-exec.
pub(crate) fn close_on_exec_from(first: RawFd) -> io::Result<()> {
    const CLOSE_RANGE_CLOEXEC: libc::c_uint = 1 << 2;
    // SAFETY: changes flags of descriptors, touches no memory.
    check(unsafe {
        libc::syscall(
            libc::SYS_close_range,
            first,
            libc::c_uint::MAX,
            CLOSE_RANGE_CLOEXEC,
        )
    })
    .map(drop)
}

/// Closes every descriptor of this process except those in `keep`. What owned them must be forgotten.
pub(crate) fn close_all_except(keep: &mut [RawFd]) {
    keep.sort_unstable();
    let mut first: libc::c_uint = 0;
    let close = |from: libc::c_uint, to: libc::c_uint| {
        if from <= to {
            // SAFETY: the caller never again uses what owned these descriptors.
            let _ = unsafe { libc::syscall(libc::SYS_close_range, from, to, 0) };
        }
    };
    for fd in keep.iter().map(|fd| *fd as libc::c_uint) {
        if fd > 0 {
            close(first, fd - 1);
        }
        first = fd + 1;
    }
    close(first, libc::c_uint::MAX);
}

/// Installs one seccomp program, given as its raw 8-byte instructions.
pub(crate) fn install_seccomp(program: &[u64]) -> io::Result<()> {
    let length = u16::try_from(program.len()).map_err(|_| io::Error::from(Errno::E2BIG))?;
    let filter = libc::sock_fprog {
        len: length,
        filter: program.as_ptr().cast_mut().cast(),
    };
    // SAFETY: a `sock_filter` is 8 bytes, as is each element; the kernel copies the program during the call.
    check(unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            0,
            &raw const filter,
        )
    })
    .map(drop)
}

/// Gives the process a session keyring of its own, so that it does not see the host's. Kernels without
/// keyrings are fine.
pub(crate) fn join_session_keyring(name: &CStr) {
    const KEYCTL_JOIN_SESSION_KEYRING: libc::c_int = 1;
    // SAFETY: the name is NUL-terminated.
    let _ = unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name.as_ptr()) };
}

/// Replaces the program; returns only on failure.
pub(crate) fn execve(program: &CStr, args: &[CString], env: &[CString]) -> io::Error {
    let pointers = |strings: &[CString]| -> Vec<*const libc::c_char> {
        strings
            .iter()
            .map(|string| string.as_ptr())
            .chain([std::ptr::null()])
            .collect()
    };
    let (args, env) = (pointers(args), pointers(env));
    // SAFETY: both arrays end with a null pointer and their strings outlive the call.
    unsafe { libc::execve(program.as_ptr(), args.as_ptr(), env.as_ptr()) };
    io::Error::last_os_error()
}

/// Ends the process at once, without running destructors or exit handlers: for the child of a fork.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: never returns.
    unsafe { libc::_exit(code) }
}

/// Sets every signal to its default action and unblocks all of them.
pub(crate) fn reset_signals() {
    // The kernel's own structure with everything zero: the default action, no flags, an empty mask. The C
    // library keeps two signals to itself, and ignores them in processes that it spawns.
    let default = [0_u64; 4];
    for signal in 1..=libc::SIGRTMAX() {
        // SAFETY: the kernel reads the structure during the call; signals whose action cannot be set give an
        // error that does not matter.
        let _ = unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                default.as_ptr(),
                std::ptr::null::<u64>(),
                size_of::<u64>(),
            )
        };
    }
    let _ = nix::sys::signal::SigSet::all().thread_unblock();
}

/// Sends any signal number, the real-time ones too.
pub(crate) fn kill(pid: i32, signal: i32) -> io::Result<()> {
    // SAFETY: sends a signal, touches no memory.
    check(libc::c_long::from(unsafe { libc::kill(pid, signal) })).map(drop)
}

/// Takes note of a child that has ended, if there is one: its process id and its exit code, 128+n for signal
/// n, the real-time ones too.
pub(crate) fn reap() -> io::Result<Option<(i32, i32)>> {
    use rustix::process::{WaitOptions, wait};
    let Some((pid, status)) = wait(WaitOptions::NOHANG)? else {
        return Ok(None);
    };
    let code = status
        .exit_status()
        .or_else(|| status.terminating_signal().map(|signal| 128 + signal));
    Ok(code.map(|code| (pid.as_raw_nonzero().get(), code)))
}

/// Sends a signal to the process that `pidfd` refers to, and to no later one with its id.
pub(crate) fn pidfd_send_signal(pidfd: BorrowedFd<'_>, signal: i32) -> io::Result<()> {
    // SAFETY: no siginfo is given.
    check(unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            signal,
            std::ptr::null::<libc::siginfo_t>(),
            0,
        )
    })
    .map(drop)
}

/// Takes over a descriptor whose number was received from elsewhere.
pub(crate) fn own(fd: RawFd) -> OwnedFd {
    // SAFETY: the callers name descriptors that they have just been given and that nothing else owns.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// Brings an interface up, after giving it an IPv4 address (with a /32 mask) if there is one.
pub(crate) fn interface_up(
    socket: BorrowedFd<'_>,
    name: &CStr,
    address: Option<std::net::Ipv4Addr>,
) -> io::Result<()> {
    // SAFETY: an all-zero `ifreq` is valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request
        .ifr_name
        .iter_mut()
        .take(libc::IFNAMSIZ - 1)
        .zip(name.to_bytes())
    {
        *to = *from as libc::c_char;
    }
    let ioctl = |code: libc::c_ulong, request: &mut libc::ifreq| {
        // SAFETY: the request is a valid `ifreq` that the kernel reads and writes during the call.
        check(libc::c_long::from(unsafe {
            libc::ioctl(socket.as_raw_fd(), code as _, std::ptr::from_mut(request))
        }))
    };
    if let Some(address) = address {
        for (code, address) in [
            (libc::SIOCSIFADDR, address),
            (libc::SIOCSIFNETMASK, std::net::Ipv4Addr::BROADCAST),
        ] {
            let internet = libc::sockaddr_in {
                sin_family: libc::AF_INET as libc::sa_family_t,
                sin_port: 0,
                sin_addr: libc::in_addr {
                    s_addr: u32::from_ne_bytes(address.octets()),
                },
                sin_zero: [0; 8],
            };
            // SAFETY: `sockaddr_in` and `sockaddr` have the same size; any bytes are a valid `sockaddr`.
            request.ifr_ifru.ifru_addr =
                unsafe { std::mem::transmute::<libc::sockaddr_in, libc::sockaddr>(internet) };
            ioctl(code as libc::c_ulong, &mut request)?;
        }
    }
    ioctl(libc::SIOCGIFFLAGS as libc::c_ulong, &mut request)?;
    // SAFETY: SIOCGIFFLAGS has just filled in this field of the union.
    unsafe { request.ifr_ifru.ifru_flags |= libc::IFF_UP as libc::c_short };
    ioctl(libc::SIOCSIFFLAGS as libc::c_ulong, &mut request).map(drop)
}

/// Makes `terminal` the controlling terminal of this process, which must lead a session.
pub(crate) fn set_controlling_terminal(terminal: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: the request takes an integer.
    check(libc::c_long::from(unsafe {
        libc::ioctl(terminal.as_raw_fd(), libc::TIOCSCTTY, 0)
    }))
    .map(drop)
}

/// Opens the other end of the pseudo-terminal whose master is `master`, whatever the path means here.
pub(crate) fn terminal_peer(master: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    // SAFETY: both requests read or write one integer.
    unsafe {
        let unlock: libc::c_int = 0;
        check(libc::c_long::from(libc::ioctl(
            master.as_raw_fd(),
            libc::TIOCSPTLCK,
            &raw const unlock,
        )))?;
        check(libc::c_long::from(libc::ioctl(
            master.as_raw_fd(),
            libc::TIOCGPTPEER,
            flags,
        )))
        .map(|fd| own(fd as RawFd))
    }
}

/// The rows and columns of a terminal.
pub(crate) fn terminal_size(terminal: BorrowedFd<'_>) -> io::Result<(u16, u16)> {
    // SAFETY: all-zero is a valid `winsize`, which the kernel fills in.
    unsafe {
        let mut size: libc::winsize = std::mem::zeroed();
        check(libc::c_long::from(libc::ioctl(
            terminal.as_raw_fd(),
            libc::TIOCGWINSZ,
            &raw mut size,
        )))?;
        Ok((size.ws_row, size.ws_col))
    }
}

/// Sets the rows and columns of a terminal.
pub(crate) fn set_terminal_size(terminal: BorrowedFd<'_>, rows: u16, columns: u16) -> io::Result<()> {
    let size = libc::winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the kernel reads the structure during the call.
    check(libc::c_long::from(unsafe {
        libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, &raw const size)
    }))
    .map(drop)
}

/// The write end of the pipe that [`on_signal`] writes to; -1 while there is none.
static SIGNAL_PIPE: AtomicI32 = AtomicI32::new(-1);

extern "C" fn on_signal(signal: libc::c_int) {
    let errno = Errno::last_raw();
    let byte = signal as u8;
    // SAFETY: write(2) may be called from a signal handler; the pipe is non-blocking, a full one loses the
    // signal as the kernel would merge it.
    unsafe { libc::write(SIGNAL_PIPE.load(Ordering::Relaxed), (&raw const byte).cast(), 1) };
    Errno::set_raw(errno);
}

/// Catches signals for as long as it lives, and gives them as bytes on a descriptor. One at a time.
pub(crate) struct SignalPipe {
    read: OwnedFd,
    _write: OwnedFd,
    before: Vec<(libc::c_int, libc::sigaction)>,
}

impl SignalPipe {
    pub(crate) fn catch(signals: &[libc::c_int]) -> io::Result<Self> {
        use nix::fcntl::OFlag;
        let (read, write) = nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
        if SIGNAL_PIPE
            .compare_exchange(-1, write.as_raw_fd(), Ordering::AcqRel, Ordering::Acquire)
            .is_err()
        {
            return Err(Errno::EBUSY.into());
        }
        let mut caught = Self {
            read,
            _write: write,
            before: Vec::new(),
        };
        for signal in signals {
            // SAFETY: the handler calls only async-signal-safe functions; the old action is kept and put back.
            unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                let mut old: libc::sigaction = std::mem::zeroed();
                let handler: extern "C" fn(libc::c_int) = on_signal;
                action.sa_sigaction = handler as libc::sighandler_t;
                action.sa_flags = libc::SA_RESTART;
                check(libc::c_long::from(libc::sigaction(
                    *signal,
                    &raw const action,
                    &raw mut old,
                )))?;
                caught.before.push((*signal, old));
            }
        }
        Ok(caught)
    }

    /// The signals that came since the last call.
    pub(crate) fn take(&self) -> Vec<i32> {
        let mut bytes = [0; 64];
        match nix::unistd::read(&self.read, &mut bytes) {
            Ok(count) => bytes[..count].iter().map(|byte| i32::from(*byte)).collect(),
            Err(_) => Vec::new(),
        }
    }
}

impl std::os::fd::AsFd for SignalPipe {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read.as_fd()
    }
}

impl Drop for SignalPipe {
    fn drop(&mut self) {
        for (signal, action) in &self.before {
            // SAFETY: puts back what was there.
            unsafe { libc::sigaction(*signal, action, std::ptr::null_mut()) };
        }
        SIGNAL_PIPE.store(-1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_caught_and_the_old_action_comes_back() {
        let caught = SignalPipe::catch(&[libc::SIGWINCH]).unwrap();
        nix::sys::signal::raise(nix::sys::signal::Signal::SIGWINCH).unwrap();
        assert_eq!(caught.take(), [libc::SIGWINCH]);
        assert!(SignalPipe::catch(&[libc::SIGWINCH]).is_err());
        drop(caught);
        nix::sys::signal::raise(nix::sys::signal::Signal::SIGWINCH).unwrap();
    }
}
