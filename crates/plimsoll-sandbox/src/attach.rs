//! The near side of a process in a container: the caller's streams, connected to the helper that has the
//! process's.

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};

use crate::error::{Error, Result};
use crate::sys::{self, SignalPipe};
use crate::wire::{self, Failure, Kind};

/// Where a process's streams come from and go to.
pub struct Streams<'a> {
    /// What its standard input reads; `None` for nothing at all.
    pub stdin: Option<BorrowedFd<'a>>,
    /// Takes its standard output, and everything from a terminal.
    pub stdout: &'a mut dyn Write,
    /// Takes its standard error.
    pub stderr: &'a mut dyn Write,
}

/// The signals that are handed on to an attached container.
const FORWARDED: [i32; 7] = [
    libc::SIGINT,
    libc::SIGTERM,
    libc::SIGHUP,
    libc::SIGQUIT,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGWINCH,
];

/// How an attached process ended.
pub(crate) enum End {
    Exited(i32),
    Failed(Failure),
    /// The helper is gone without a word.
    Lost,
}

/// Passes streams and signals on until the process has ended. The helper's answer that it has started is
/// awaited too.
pub(crate) fn attach(control: &UnixStream, streams: &mut Streams<'_>, tty: bool) -> Result<End> {
    let failed = |source: io::Error| Error::system("attach to the container", source);
    let terminal = streams
        .stdin
        .filter(|stdin| tty && nix::unistd::isatty(stdin).unwrap_or(false));
    let forwarded = if tty {
        &[libc::SIGWINCH, libc::SIGTERM, libc::SIGHUP][..]
    } else {
        &FORWARDED
    };
    // Of several attached at once in one program the first gets the signals.
    let signals = SignalPipe::catch(forwarded).ok();
    let raw = terminal.map(Raw::enter).transpose().map_err(failed)?;
    let end = pump(control, streams, signals.as_ref(), terminal).map_err(failed);
    drop(raw);
    end
}

fn pump(
    control: &UnixStream,
    streams: &mut Streams<'_>,
    signals: Option<&SignalPipe>,
    terminal: Option<BorrowedFd<'_>>,
) -> io::Result<End> {
    let mut stdin = streams.stdin;
    let mut buffer = vec![0; 64 << 10];
    loop {
        let mut fds = vec![PollFd::new(control.as_fd(), PollFlags::POLLIN)];
        fds.extend(stdin.map(|stdin| PollFd::new(stdin, PollFlags::POLLIN)));
        fds.extend(signals.map(|signals| PollFd::new(signals.as_fd(), PollFlags::POLLIN)));
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => {}
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let ready: Vec<bool> = fds.iter().map(|fd| fd.any() == Some(true)).collect();
        if let Some(signals) = signals
            && ready.last() == Some(&true)
        {
            for signal in signals.take() {
                pass_on(control, signal, terminal);
            }
        }
        if ready[0] {
            match wire::receive(control)? {
                None => return Ok(End::Lost),
                Some((Kind::Started, _)) => {
                    if let Some(terminal) = terminal {
                        resize(control, terminal);
                    }
                }
                Some((Kind::Stdout, bytes)) => {
                    streams.stdout.write_all(&bytes)?;
                    streams.stdout.flush()?;
                }
                Some((Kind::Stderr, bytes)) => {
                    streams.stderr.write_all(&bytes)?;
                    streams.stderr.flush()?;
                }
                Some((Kind::Failed, body)) => return Ok(End::Failed(serde_json::from_slice(&body)?)),
                Some((Kind::Exited, body)) => {
                    let code = std::str::from_utf8(&body).ok().and_then(|text| text.parse().ok());
                    return code
                        .map(End::Exited)
                        .ok_or_else(|| io::Error::other("an end without a code"));
                }
                Some(_) => {}
            }
            // Output comes before the next input: the helper may wait for us while we wait for it.
            continue;
        }
        if let Some(input) = stdin
            && ready[1]
        {
            // A helper that is gone is found out by reading from it.
            match nix::unistd::read(input, &mut buffer) {
                Ok(0) => {
                    let _ = wire::send(control, Kind::Stdin, b"");
                    stdin = None;
                }
                Ok(count) => drop(wire::send(control, Kind::Stdin, &buffer[..count])),
                Err(Errno::EINTR | Errno::EAGAIN) => {}
                Err(_) => {
                    let _ = wire::send(control, Kind::Stdin, b"");
                    stdin = None;
                }
            }
        }
    }
}

fn pass_on(control: &UnixStream, signal: i32, terminal: Option<BorrowedFd<'_>>) {
    match (signal, terminal) {
        (libc::SIGWINCH, Some(terminal)) => resize(control, terminal),
        (libc::SIGWINCH, None) => {}
        _ => drop(wire::send(control, Kind::Signal, signal.to_string().as_bytes())),
    }
}

fn resize(control: &UnixStream, terminal: BorrowedFd<'_>) {
    if let Ok((rows, columns)) = sys::terminal_size(terminal) {
        let _ = wire::send(control, Kind::Resize, format!("{rows} {columns}").as_bytes());
    }
}

/// A terminal in raw mode, and back in its old one when this goes.
struct Raw<'a> {
    terminal: BorrowedFd<'a>,
    before: Termios,
}

impl<'a> Raw<'a> {
    fn enter(terminal: BorrowedFd<'a>) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut raw = before.clone();
        cfmakeraw(&mut raw);
        tcsetattr(terminal, SetArg::TCSANOW, &raw)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Raw<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, SetArg::TCSANOW, &self.before);
    }
}
