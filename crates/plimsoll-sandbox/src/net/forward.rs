//! Published ports without a packet filter: a process that listens on the host and connects inside the
//! container.
//!
//! Sockets stay in the network namespace that they were made in. The listeners are made on the host, then
//! the forwarding process moves into the container's namespace for good, and every connection that it makes
//! from then on is one from within. It keeps no privilege.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{OFlag, SpliceFFlags, splice};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, setns};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrStorage, connect, socket};

use super::lo;
use crate::record::Process;
use crate::state::PublishedPort;
use crate::sys::{self, Fork};

/// More connections at once wait in the kernel's queue.
const MOST_CONNECTIONS: usize = 2000;
/// So much is moved at once.
const CHUNK: usize = 64 << 10;

/// Starts the forwarding process of a container, as a child that dies with this process.
pub(crate) fn start(
    listeners: &[TcpListener],
    published: &[PublishedPort],
    init: Process,
) -> io::Result<i32> {
    let pidfd = init.open().ok_or(Errno::ESRCH)?;
    match sys::clone3(0)? {
        Fork::Parent(pid) => Ok(pid),
        Fork::Child => {
            let ports: Vec<u16> = published.iter().map(|port| port.container_port).collect();
            let _ = run(listeners, &ports, &pidfd);
            sys::exit_now(1);
        }
    }
}

fn run(listeners: &[TcpListener], ports: &[u16], pidfd: &OwnedFd) -> io::Result<()> {
    sys::reset_signals();
    let _ = rustix::thread::set_name(c"plimsoll-ports");
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    setns(pidfd, CloneFlags::CLONE_NEWNET)?;
    let mut keep: Vec<_> = listeners.iter().map(AsRawFd::as_raw_fd).collect();
    sys::close_all_except(&mut keep);
    let nothing = rustix::thread::CapabilitySets {
        effective: rustix::thread::CapabilitySet::empty(),
        permitted: rustix::thread::CapabilitySet::empty(),
        inheritable: rustix::thread::CapabilitySet::empty(),
    };
    rustix::thread::set_no_new_privs(true)?;
    rustix::thread::set_capabilities(None, nothing)?;
    for listener in listeners {
        listener.set_nonblocking(true)?;
    }
    let mut connections: Vec<Connection> = Vec::new();
    loop {
        let mut accepting = Vec::new();
        {
            let mut fds: Vec<PollFd<'_>> = Vec::new();
            let may_accept = connections.len() < MOST_CONNECTIONS;
            if may_accept {
                fds.extend(
                    listeners
                        .iter()
                        .map(|listener| PollFd::new(listener.as_fd(), PollFlags::POLLIN)),
                );
            }
            let first = fds.len();
            for connection in &connections {
                fds.extend(connection.interests());
            }
            match poll(&mut fds, PollTimeout::NONE) {
                Ok(_) => {}
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(error.into()),
            }
            if may_accept {
                let ready = fds[..first]
                    .iter()
                    .enumerate()
                    .filter(|(_, fd)| fd.any() == Some(true));
                accepting.extend(ready.map(|(index, _)| index));
            }
        }
        connections.retain_mut(Connection::advance);
        for index in accepting {
            match listeners[index].accept() {
                Ok((outside, _)) => {
                    let port = ports.get(index).copied().unwrap_or_default();
                    connections.extend(Connection::open(outside, port));
                }
                // Without descriptors to spare there is nothing to do but to let others end.
                Err(error) if matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(_) => {}
            }
        }
    }
}

/// Two sockets and the pipes between them.
struct Connection {
    outside: TcpStream,
    inside: OwnedFd,
    connected: bool,
    inward: Pipe,
    outward: Pipe,
}

/// One direction.
struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
    /// Bytes in the pipe.
    filled: usize,
    /// The sender has said its last.
    ended: bool,
    /// That was passed on.
    closed: bool,
}

impl Pipe {
    fn new() -> io::Result<Self> {
        let (read, write) = nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
        Ok(Self {
            read,
            write,
            filled: 0,
            ended: false,
            closed: false,
        })
    }

    /// Moves what can be moved; `false` when the connection is broken.
    fn advance(&mut self, from: &impl AsFd, to: &impl AsFd) -> bool {
        let flags = SpliceFFlags::SPLICE_F_MOVE | SpliceFFlags::SPLICE_F_NONBLOCK;
        loop {
            let mut moved = false;
            if !self.ended && self.filled == 0 {
                match splice(from, None, &self.write, None, CHUNK, flags) {
                    Ok(0) => self.ended = true,
                    Ok(count) => {
                        self.filled += count;
                        moved = true;
                    }
                    Err(Errno::EAGAIN | Errno::EINTR) => {}
                    Err(_) => return false,
                }
            }
            if self.filled > 0 {
                match splice(&self.read, None, to, None, self.filled, flags) {
                    Ok(count) => {
                        self.filled -= count;
                        moved = true;
                    }
                    Err(Errno::EAGAIN | Errno::EINTR) => return true,
                    Err(_) => return false,
                }
            }
            if self.ended && self.filled == 0 && !self.closed {
                self.closed = true;
                let _ = nix::sys::socket::shutdown(to.as_fd().as_raw_fd(), nix::sys::socket::Shutdown::Write);
            }
            if !moved {
                return true;
            }
        }
    }
}

impl Connection {
    fn open(outside: TcpStream, port: u16) -> io::Result<Self> {
        outside.set_nonblocking(true)?;
        let _ = outside.set_nodelay(true);
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let inside = socket(AddressFamily::Inet, SockType::Stream, flags, None)?;
        let _ = nix::sys::socket::setsockopt(&inside, nix::sys::socket::sockopt::TcpNoDelay, &true);
        let address = SockaddrStorage::from(SocketAddr::from((lo::ADDRESS, port)));
        let connected = match connect(inside.as_raw_fd(), &address) {
            Ok(()) => true,
            Err(Errno::EINPROGRESS) => false,
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            outside,
            inside,
            connected,
            inward: Pipe::new()?,
            outward: Pipe::new()?,
        })
    }

    fn interests(&self) -> Vec<PollFd<'_>> {
        if !self.connected {
            return vec![PollFd::new(self.inside.as_fd(), PollFlags::POLLOUT)];
        }
        let side = |incoming: &Pipe, outgoing: &Pipe| {
            let mut flags = PollFlags::empty();
            if !incoming.ended && incoming.filled == 0 {
                flags |= PollFlags::POLLIN;
            }
            if outgoing.filled > 0 {
                flags |= PollFlags::POLLOUT;
            }
            flags
        };
        let sides = [
            (self.outside.as_fd(), side(&self.inward, &self.outward)),
            (self.inside.as_fd(), side(&self.outward, &self.inward)),
        ];
        // Without an interest a hang-up would wake us again and again.
        let wanted = sides.into_iter().filter(|(_, flags)| !flags.is_empty());
        wanted.map(|(fd, flags)| PollFd::new(fd, flags)).collect()
    }

    /// Does what can be done; `false` when the connection has ended.
    fn advance(&mut self) -> bool {
        if !self.connected {
            use nix::sys::socket::{getpeername, getsockopt, sockopt::SocketError};
            match getsockopt(&self.inside, SocketError) {
                Ok(0) => {}
                _ => return false,
            }
            match getpeername::<SockaddrStorage>(self.inside.as_raw_fd()) {
                Ok(_) => self.connected = true,
                Err(_) => return true,
            }
        }
        let moving = self.inward.advance(&self.outside, &self.inside)
            && self.outward.advance(&self.inside, &self.outside);
        moving && !(self.inward.closed && self.outward.closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn bytes_and_ends_are_passed_on() {
        let here = TcpListener::bind("127.0.0.1:0").unwrap();
        let there = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(here.local_addr().unwrap()).unwrap();
        let (outside, _) = here.accept().unwrap();
        let inside = TcpStream::connect(there.local_addr().unwrap()).unwrap();
        let (mut server, _) = there.accept().unwrap();
        for stream in [&outside, &inside] {
            stream.set_nonblocking(true).unwrap();
        }
        let mut connection = Connection {
            outside,
            inside: inside.into(),
            connected: true,
            inward: Pipe::new().unwrap(),
            outward: Pipe::new().unwrap(),
        };
        let question = vec![b'q'; 300_000];
        let asked = question.clone();
        let asking = std::thread::spawn(move || {
            client.write_all(&asked).unwrap();
            client.shutdown(std::net::Shutdown::Write).unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).unwrap();
            answer
        });
        let answering = std::thread::spawn(move || {
            let mut question = Vec::new();
            server.read_to_end(&mut question).unwrap();
            server.write_all(b"answer").unwrap();
            question
        });
        while connection.advance() {
            poll(&mut connection.interests(), PollTimeout::from(100_u8)).unwrap();
        }
        drop(connection);
        assert_eq!(answering.join().unwrap(), question);
        assert_eq!(asking.join().unwrap(), "answer");
    }
}
