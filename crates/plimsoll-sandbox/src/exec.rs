//! A second process in a running container: `exec`.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::init::process::ProcessSpec;
use crate::join::{self, Joined, Place};
use crate::relay::{Relay, Request, Source};
use crate::sys;
use crate::wire::{self, Failure, Kind};

/// What the helper is given.
#[derive(Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) place: Place,
    pub(crate) process: ProcessSpec,
    /// Whether its input is connected.
    pub(crate) input: bool,
    /// Whether anybody listens.
    pub(crate) detached: bool,
}

/// The helper: starts the process, passes its streams on, waits for it, and answers.
pub(crate) fn helper(control: &UnixStream) -> u8 {
    match run(control) {
        Ok(()) => 0,
        Err(error) => u8::from(wire::send_json(control, Kind::Failed, &Failure::engine(&error)).is_err()),
    }
}

fn run(control: &UnixStream) -> Result<()> {
    let failed = |source: io::Error| Error::system("start the process", source);
    let task: Task = wire::receive_task(control).map_err(failed)?;
    // Signals of the caller's terminal are the caller's business.
    nix::unistd::setsid().map_err(|error| failed(error.into()))?;
    let mut wanted = SigSet::empty();
    wanted.add(Signal::SIGCHLD);
    wanted.thread_block().map_err(|error| failed(error.into()))?;
    let signals = SignalFd::with_flags(&wanted, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
        .map_err(|error| failed(error.into()))?;
    let (mut relay, joined) = start(control, &task)?;
    relay.tell(Kind::Started, b"");
    if task.detached {
        relay.finish();
        drop(relay.detach());
    }
    let code = attend(&mut relay, &signals, joined.pid).map_err(failed)?;
    relay.drain(&mut |_, _| {});
    relay.tell(Kind::Exited, code.to_string().as_bytes());
    relay.finish();
    Ok(())
}

fn start(control: &UnixStream, task: &Task) -> Result<(Relay, Joined)> {
    let failed = |source: io::Error| Error::system("start the process", source);
    let (output, their_output) = io::pipe().map_err(failed)?;
    let (error, their_error) = io::pipe().map_err(failed)?;
    let (their_input, input): (OwnedFd, Option<OwnedFd>) = if task.input && !task.process.tty {
        let (their_input, input) = io::pipe().map_err(failed)?;
        (their_input.into(), Some(input.into()))
    } else {
        (std::fs::File::open("/dev/null").map_err(failed)?.into(), None)
    };
    let stdio = [their_input, their_output.into(), their_error.into()];
    let joined = join::spawn(&task.place, &task.process, stdio)?;
    let mut relay = Relay::with_client(control.try_clone().map_err(failed)?).map_err(failed)?;
    let failure = if task.process.tty {
        // Frames are read whole; what is left on the socket is the end or a failure.
        match wire::receive_terminal(&joined.sync).map_err(failed)? {
            Ok(master) => {
                relay.connect_terminal(master).map_err(failed)?;
                None
            }
            Err(failure) => Some(failure),
        }
    } else {
        relay
            .connect(input, [Some(output.into()), Some(error.into())])
            .map_err(failed)?;
        None
    };
    let failure = match failure {
        Some(failure) => Some(failure),
        None => match wire::receive(&joined.sync).map_err(failed)? {
            Some((Kind::Failed, body)) => {
                Some(serde_json::from_slice(&body).map_err(|error| failed(error.into()))?)
            }
            _ => None,
        },
    };
    match failure {
        None => Ok((relay, joined)),
        Some(failure) => {
            // The failure goes out by the caller's hand, on a socket that waits.
            let _ = control.set_nonblocking(false);
            Err(Error::Exec {
                message: failure.message,
                exit_code: failure.exit_code,
            })
        }
    }
}

/// Passes streams on until the process has ended; gives its exit code.
fn attend(relay: &mut Relay, signals: &SignalFd, pid: i32) -> io::Result<i32> {
    loop {
        // The one child there is.
        if let Some((_, code)) = sys::reap()?.filter(|(ended, _)| *ended == pid) {
            return Ok(code);
        }
        let mut what: Vec<Option<Source>> = vec![None];
        let mut fds = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        for (source, fd, flags) in relay.sources() {
            what.push(Some(source));
            fds.push(PollFd::new(fd, flags));
        }
        if poll(&mut fds, PollTimeout::NONE).is_err() {
            continue;
        }
        let ready = fds.iter().zip(what).filter(|(fd, _)| fd.any() == Some(true));
        let ready: Vec<Option<Source>> = ready.map(|(_, what)| what).collect();
        for what in ready {
            match what {
                None => while let Ok(Some(_)) = signals.read_signal() {},
                Some(source) => {
                    for request in relay.handle(source, &mut |_, _| {}) {
                        if let Request::Signal(signal) = request {
                            let _ = sys::kill(pid, signal);
                        }
                    }
                }
            }
        }
    }
}
