//! The program that a supervised container is not to be there without.

use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, recv};

use super::Monitor;
use crate::container::Container;
use crate::record::Directory;
use crate::sys::{self, Fork};

/// What to poll for: it becomes readable when the program is gone.
pub(super) fn watched(socket: &UnixStream) -> PollFd<'_> {
    PollFd::new(socket.as_fd(), PollFlags::POLLIN)
}

/// Whether the other end of the socket was closed; does not wait. Nothing is ever sent on it.
fn is_gone(socket: &UnixStream) -> bool {
    !matches!(
        recv(socket.as_raw_fd(), &mut [0; 64], MsgFlags::MSG_DONTWAIT),
        Ok(1..) | Err(Errno::EAGAIN | Errno::EINTR)
    )
}

impl Monitor {
    /// Whether the container was supervised, and is no longer.
    pub(super) fn is_deserted(&mut self) -> bool {
        if self.supervisor.as_ref().is_some_and(is_gone) {
            self.supervisor = None;
            self.deserted = true;
        }
        self.deserted
    }
}

/// Leaves a process that waits until the program is gone and removes the container then. Who waits for the
/// monitor need not wait for it.
pub(super) fn stay_behind(socket: &UnixStream, directory: &Directory) {
    if !matches!(sys::clone3(0), Ok(Fork::Child)) {
        // Without it, a program that is killed leaves a container that has ended.
        return;
    }
    sys::reset_signals();
    while !is_gone(socket) {
        let _ = poll(&mut [watched(socket)], PollTimeout::NONE);
    }
    if let Some(container) = Container::open(directory.clone()) {
        let _ = container.remove(true);
    }
    sys::exit_now(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_socket_is_noticed() {
        let (here, there) = UnixStream::pair().unwrap();
        assert!(!is_gone(&here));
        drop(there);
        assert!(is_gone(&here));
    }
}
