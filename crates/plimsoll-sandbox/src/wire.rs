//! How a program and its helper processes talk: frames on a Unix socket, descriptors beside them.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::sys;

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// To a helper: what it is to do, as JSON.
    Task = 1,
    /// From a helper: the process runs; JSON of what is known about it.
    Started,
    /// From a helper: a [`Failure`], as JSON. Nothing runs.
    Failed,
    /// From a helper: the process ended; its code as text.
    Exited,
    /// Bytes of its standard output.
    Stdout,
    /// Bytes of its standard error.
    Stderr,
    /// Bytes for its standard input; none at all closes it.
    Stdin,
    /// A signal for it: the number as text.
    Signal,
    /// A new terminal size: `rows columns`.
    Resize,
    /// Descriptors come with this frame.
    Descriptors,
    /// Go on.
    Go,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Task,
            2 => Self::Started,
            3 => Self::Failed,
            4 => Self::Exited,
            5 => Self::Stdout,
            6 => Self::Stderr,
            7 => Self::Stdin,
            8 => Self::Signal,
            9 => Self::Resize,
            10 => Self::Descriptors,
            11 => Self::Go,
            _ => return None,
        })
    }
}

/// Why a process was not started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) message: String,
    /// 125, 126 or 127.
    pub(crate) exit_code: i32,
    /// The host port that was taken, if that is why.
    #[serde(default)]
    pub(crate) port: Option<String>,
    /// Whether the machine is at fault: [`Error::is_of_host`].
    #[serde(default)]
    pub(crate) of_host: bool,
}

impl Failure {
    pub(crate) fn engine(error: &Error) -> Self {
        Self {
            message: crate::error::chain(error),
            exit_code: error.exit_code(),
            port: match error {
                Error::PortInUse { address } => Some(address.clone()),
                _ => None,
            },
            of_host: error.is_of_host(),
        }
    }
}

/// No frame is longer: a helper that is out of step does not make us allocate without bound.
const LONGEST: usize = 64 << 20;

/// A frame's header: its kind and the length of what follows.
pub(crate) fn header(kind: Kind, length: usize) -> [u8; 5] {
    let length = (length as u32).to_le_bytes();
    [kind as u8, length[0], length[1], length[2], length[3]]
}

/// Reads a header: the kind and the length of what follows.
pub(crate) fn parse_header(header: [u8; 5]) -> io::Result<(Kind, usize)> {
    let [kind, length @ ..] = header;
    let length = u32::from_le_bytes(length) as usize;
    match Kind::of(kind) {
        Some(kind) if length <= LONGEST => Ok((kind, length)),
        _ => Err(io::Error::other("a frame that cannot be")),
    }
}

/// Writes one whole frame.
pub(crate) fn send(mut socket: &UnixStream, kind: Kind, body: &[u8]) -> io::Result<()> {
    if body.len() > LONGEST {
        return Err(io::Error::other("a frame that is too long"));
    }
    socket.write_all(&header(kind, body.len()))?;
    socket.write_all(body)
}

/// Writes one frame with a value as JSON.
pub(crate) fn send_json(socket: &UnixStream, kind: Kind, value: &impl Serialize) -> io::Result<()> {
    send(socket, kind, &serde_json::to_vec(value)?)
}

/// Reads one whole frame; `None` when the other side has closed.
pub(crate) fn receive(mut socket: &UnixStream) -> io::Result<Option<(Kind, Vec<u8>)>> {
    let mut header = [0; 5];
    match socket.read_exact(&mut header) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
        Err(error) => return Err(error),
    }
    let (kind, length) = parse_header(header)?;
    let mut body = vec![0; length];
    socket.read_exact(&mut body)?;
    Ok(Some((kind, body)))
}

/// Reads the task that a helper is started with.
pub(crate) fn receive_task<T: DeserializeOwned>(socket: &UnixStream) -> io::Result<T> {
    match receive(socket)? {
        Some((Kind::Task, body)) => Ok(serde_json::from_slice(&body)?),
        _ => Err(io::Error::other("no task")),
    }
}

/// Hands descriptors over.
pub(crate) fn send_descriptors(socket: &UnixStream, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let raw: Vec<_> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    let header = header(Kind::Descriptors, 0);
    let sent = sendmsg::<()>(
        socket.as_raw_fd(),
        &[IoSlice::new(&header)],
        &[ControlMessage::ScmRights(&raw)],
        MsgFlags::MSG_NOSIGNAL,
        None,
    )?;
    if sent == header.len() {
        Ok(())
    } else {
        Err(io::ErrorKind::WriteZero.into())
    }
}

/// Takes descriptors that [`send_descriptors`] handed over.
pub(crate) fn receive_descriptors(socket: &UnixStream) -> io::Result<Vec<OwnedFd>> {
    let mut header = [0; 5];
    let mut space = nix::cmsg_space!([i32; 16]);
    let mut buffers = [IoSliceMut::new(&mut header)];
    let message = recvmsg::<()>(
        socket.as_raw_fd(),
        &mut buffers,
        Some(&mut space),
        MsgFlags::MSG_CMSG_CLOEXEC | MsgFlags::MSG_WAITALL,
    )?;
    let mut descriptors = Vec::new();
    for control in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(received) = control {
            descriptors.extend(received.into_iter().map(sys::own));
        }
    }
    let length = message.bytes;
    match parse_header(header) {
        Ok((Kind::Descriptors, 0)) if length == 5 => Ok(descriptors),
        _ => Err(io::Error::other("descriptors were expected")),
    }
}

/// Takes the one descriptor that a new process sends, its terminal's master; or why it could not start.
pub(crate) fn receive_terminal(socket: &UnixStream) -> io::Result<Result<OwnedFd, Failure>> {
    let mut kind = [0];
    nix::sys::socket::recv(socket.as_raw_fd(), &mut kind, MsgFlags::MSG_PEEK)?;
    if Kind::of(kind[0]) == Some(Kind::Failed)
        && let Some((_, body)) = receive(socket)?
    {
        return Ok(Err(serde_json::from_slice(&body)?));
    }
    match receive_descriptors(socket)?.pop() {
        Some(master) => Ok(Ok(master)),
        None => Err(io::Error::other("no terminal came")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn frames_and_descriptors_arrive() {
        let (here, there) = UnixStream::pair().unwrap();
        send(&here, Kind::Stdout, b"hello").unwrap();
        send_descriptors(&here, &[there.as_fd(), here.as_fd()]).unwrap();
        send(&here, Kind::Go, b"").unwrap();
        assert_eq!(receive(&there).unwrap(), Some((Kind::Stdout, b"hello".to_vec())));
        assert_eq!(receive_descriptors(&there).unwrap().len(), 2);
        assert_eq!(receive(&there).unwrap(), Some((Kind::Go, Vec::new())));
        drop(here);
        assert_eq!(receive(&there).unwrap(), None);
    }

    #[test]
    fn broken_frames_are_refused() {
        assert!(parse_header([0, 0, 0, 0, 0]).is_err());
        assert!(parse_header([1, 255, 255, 255, 255]).is_err());
        assert!(parse_header([99, 1, 0, 0, 0]).is_err());
    }
}
