//! The streams of a process in a container, and the program on the other side that is attached to them, if
//! there is one.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::PollFlags;

use crate::step::Stream;
use crate::sys;
use crate::wire::{self, Kind};

/// When so much waits for the other side, the process has to wait too.
const MOST_WAITING: usize = 1 << 20;

/// What to wait for and what it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Client,
    Input,
    Output(Stream),
}

/// What the other side asks for, beyond input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Signal(i32),
    /// It is gone.
    Gone,
}

/// The other side.
struct Client {
    socket: UnixStream,
    incoming: Vec<u8>,
    outgoing: VecDeque<u8>,
}

/// The ends of the streams that we hold, and the client.
#[derive(Default)]
pub(crate) struct Relay {
    client: Option<Client>,
    input: Option<OwnedFd>,
    input_waiting: VecDeque<u8>,
    close_input: bool,
    output: [Option<OwnedFd>; 2],
    /// The terminal's master, which is input and output at once.
    terminal: Option<OwnedFd>,
}

fn nonblocking(fd: &impl AsFd) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(fd, FcntlArg::F_GETFL)?);
    fcntl(fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

fn index(stream: Stream) -> usize {
    match stream {
        Stream::Stdout => 0,
        Stream::Stderr => 1,
    }
}

impl Relay {
    pub(crate) fn with_client(socket: UnixStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self {
            client: Some(Client {
                socket,
                incoming: Vec::new(),
                outgoing: VecDeque::new(),
            }),
            ..Self::default()
        })
    }

    pub(crate) fn connect(&mut self, input: Option<OwnedFd>, output: [Option<OwnedFd>; 2]) -> io::Result<()> {
        for fd in input.iter().chain(output.iter().flatten()) {
            nonblocking(fd)?;
        }
        self.input = input;
        self.output = output;
        self.terminal = None;
        Ok(())
    }

    pub(crate) fn connect_terminal(&mut self, master: OwnedFd) -> io::Result<()> {
        nonblocking(&master)?;
        self.terminal = Some(master);
        (self.input, self.output) = (None, [None, None]);
        Ok(())
    }

    /// What to poll for.
    pub(crate) fn sources(&self) -> Vec<(Source, BorrowedFd<'_>, PollFlags)> {
        let mut sources = Vec::new();
        let mut may_read = true;
        if let Some(client) = &self.client {
            let mut flags = PollFlags::POLLIN;
            if !client.outgoing.is_empty() {
                flags |= PollFlags::POLLOUT;
            }
            may_read = client.outgoing.len() < MOST_WAITING;
            sources.push((Source::Client, client.socket.as_fd(), flags));
        }
        let input = self.input.as_ref().or(self.terminal.as_ref());
        if let Some(input) = input.filter(|_| !self.input_waiting.is_empty()) {
            sources.push((Source::Input, input.as_fd(), PollFlags::POLLOUT));
        }
        if may_read {
            for stream in [Stream::Stdout, Stream::Stderr] {
                if let Some(output) = self.output(stream) {
                    sources.push((Source::Output(stream), output.as_fd(), PollFlags::POLLIN));
                }
            }
        }
        sources
    }

    fn output(&self, stream: Stream) -> Option<&OwnedFd> {
        match (stream, &self.terminal) {
            (Stream::Stdout, Some(terminal)) => Some(terminal),
            _ => self.output[index(stream)].as_ref(),
        }
    }

    /// Does what can be done after `source` was found ready. Output also goes to `sink`.
    pub(crate) fn handle(&mut self, source: Source, sink: &mut dyn FnMut(Stream, &[u8])) -> Vec<Request> {
        match source {
            Source::Client => return self.client(),
            Source::Input => self.write_input(),
            Source::Output(stream) => {
                self.read_output(stream, sink);
            }
        }
        Vec::new()
    }

    /// Reads what is there; `false` when there is nothing left or never will be.
    fn read_output(&mut self, stream: Stream, sink: &mut dyn FnMut(Stream, &[u8])) -> bool {
        let mut buffer = [0; 64 << 10];
        let Some(output) = self.output(stream) else {
            return false;
        };
        match nix::unistd::read(output, &mut buffer) {
            Ok(count) if count > 0 => {
                sink(stream, &buffer[..count]);
                let kind = match stream {
                    Stream::Stdout => Kind::Stdout,
                    Stream::Stderr => Kind::Stderr,
                };
                self.tell(kind, &buffer[..count]);
                true
            }
            Err(Errno::EINTR) => true,
            Err(Errno::EAGAIN) => false,
            // The end; a terminal says so with EIO.
            Ok(_) | Err(_) => {
                if self.terminal.is_some() {
                    self.terminal = None;
                } else {
                    self.output[index(stream)] = None;
                }
                false
            }
        }
    }

    /// Reads everything that a process that has ended left behind, and lets go of its streams.
    pub(crate) fn drain(&mut self, sink: &mut dyn FnMut(Stream, &[u8])) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            while self.read_output(stream, sink) {}
        }
        (self.input, self.output, self.terminal) = (None, [None, None], None);
        self.input_waiting.clear();
    }

    /// Puts a frame in the queue for the client.
    pub(crate) fn tell(&mut self, kind: Kind, body: &[u8]) {
        if let Some(client) = &mut self.client {
            client.outgoing.extend(wire::header(kind, body.len()));
            client.outgoing.extend(body);
            if !client.flush() {
                self.client = None;
            }
        }
    }

    /// Waits until the client has got everything, or is gone.
    pub(crate) fn finish(&mut self) {
        if let Some(client) = &mut self.client {
            let _ = client.socket.set_nonblocking(false);
            client.flush();
        }
    }

    /// Lets go of the client; gives the socket to it, if it was there.
    pub(crate) fn detach(&mut self) -> Option<UnixStream> {
        self.client.take().map(|client| client.socket)
    }

    fn client(&mut self) -> Vec<Request> {
        let Some(client) = &mut self.client else {
            return Vec::new();
        };
        let mut requests = Vec::new();
        let mut gone = !client.flush();
        let mut buffer = [0; 16 << 10];
        match nix::unistd::read(&client.socket, &mut buffer) {
            Ok(0) => gone = true,
            Ok(count) => client.incoming.extend_from_slice(&buffer[..count]),
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            Err(_) => gone = true,
        }
        let mut frames = Vec::new();
        while client.incoming.len() >= 5 {
            let mut header = [0; 5];
            header.copy_from_slice(&client.incoming[..5]);
            let Ok((kind, length)) = wire::parse_header(header) else {
                gone = true;
                break;
            };
            if client.incoming.len() < 5 + length {
                break;
            }
            frames.push((kind, client.incoming[5..5 + length].to_vec()));
            client.incoming.drain(..5 + length);
        }
        for (kind, body) in frames {
            self.frame(kind, &body, &mut requests);
        }
        if gone {
            self.client = None;
            self.close_input = true;
            self.write_input();
            requests.push(Request::Gone);
        }
        requests
    }

    fn frame(&mut self, kind: Kind, body: &[u8], requests: &mut Vec<Request>) {
        let text = std::str::from_utf8(body).unwrap_or_default();
        match kind {
            Kind::Stdin if body.is_empty() => {
                self.close_input = true;
                self.write_input();
            }
            Kind::Stdin => {
                self.input_waiting.extend(body);
                self.write_input();
            }
            Kind::Signal => requests.extend(text.parse().ok().map(Request::Signal)),
            Kind::Resize => {
                if let Some((rows, columns)) = text.split_once(' ')
                    && let (Ok(rows), Ok(columns)) = (rows.parse(), columns.parse())
                    && let Some(terminal) = &self.terminal
                {
                    let _ = sys::set_terminal_size(terminal.as_fd(), rows, columns);
                }
            }
            _ => {}
        }
    }

    fn write_input(&mut self) {
        while !self.input_waiting.is_empty() {
            let Some(input) = self.input.as_ref().or(self.terminal.as_ref()) else {
                self.input_waiting.clear();
                break;
            };
            match nix::unistd::write(input, self.input_waiting.as_slices().0) {
                Ok(count) => drop(self.input_waiting.drain(..count)),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return,
                Err(_) => {
                    self.input = None;
                    self.input_waiting.clear();
                }
            }
        }
        if self.close_input {
            self.input = None;
        }
    }
}

impl Client {
    /// Sends what goes out without waiting; `false` when the other side is gone.
    fn flush(&mut self) -> bool {
        use nix::sys::socket::{MsgFlags, send};
        use std::os::fd::AsRawFd;
        while !self.outgoing.is_empty() {
            match send(
                self.socket.as_raw_fd(),
                self.outgoing.as_slices().0,
                MsgFlags::MSG_NOSIGNAL,
            ) {
                Ok(count) => drop(self.outgoing.drain(..count)),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return true,
                Err(_) => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::{Read, Write};

    #[test]
    fn bytes_go_both_ways() {
        let (here, there) = UnixStream::pair().unwrap();
        let mut relay = Relay::with_client(there).unwrap();
        let (process_in, input) = io::pipe().unwrap();
        let (output, mut process_out) = io::pipe().unwrap();
        relay
            .connect(Some(input.into()), [Some(output.into()), None])
            .unwrap();
        process_out.write_all(b"out").unwrap();
        let mut seen = Vec::new();
        relay.handle(Source::Output(Stream::Stdout), &mut |_, bytes| {
            seen.extend_from_slice(bytes);
        });
        assert_eq!(seen, b"out");
        assert_eq!(
            wire::receive(&here).unwrap(),
            Some((Kind::Stdout, b"out".to_vec()))
        );
        wire::send(&here, Kind::Stdin, b"in").unwrap();
        wire::send(&here, Kind::Signal, b"15").unwrap();
        wire::send(&here, Kind::Stdin, b"").unwrap();
        assert_eq!(
            relay.handle(Source::Client, &mut |_, _| {}),
            [Request::Signal(15)]
        );
        let mut got = String::new();
        File::from(OwnedFd::from(process_in))
            .read_to_string(&mut got)
            .unwrap();
        assert_eq!(got, "in");
        drop(here);
        assert_eq!(relay.handle(Source::Client, &mut |_, _| {}), [Request::Gone]);
    }
}
