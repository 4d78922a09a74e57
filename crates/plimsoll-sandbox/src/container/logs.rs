//! Reading a container's log.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::os::fd::AsFd;

use jiff::Timestamp;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use super::Container;
use crate::error::{Error, Result};
use crate::monitor::logs::LogEntry;
use crate::step::Stream;

/// Which part of a log is wanted, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// Go on until the container has ended.
    pub follow: bool,
    /// Only so many lines from the end.
    pub tail: Option<usize>,
    /// Only what was written since.
    pub since: Option<Timestamp>,
    /// Put the time before each line.
    pub timestamps: bool,
}

/// Takes a line of a log, its newline included.
type Sink<'a> = &'a mut dyn FnMut(Stream, &[u8]) -> io::Result<()>;

impl Container {
    /// Gives the log line by line. What `sink` refuses ends it.
    ///
    /// # Errors
    /// When the log cannot be read, or `sink` says so. A broken pipe of `sink` is a quiet end.
    pub fn logs(&self, options: &LogOptions, sink: Sink<'_>) -> Result<()> {
        let path = self.directory.log();
        let failed = |source: io::Error| Error::file("read", &path, source);
        let file = File::open(&path).map_err(failed)?;
        match read(self, file, options, sink) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other.map_err(failed),
        }
    }
}

fn read(container: &Container, file: File, options: &LogOptions, sink: Sink<'_>) -> io::Result<()> {
    let mut reader = Reader {
        file: BufReader::new(file),
        partial: Vec::new(),
    };
    let mut last: VecDeque<Vec<u8>> = VecDeque::new();
    while let Some(line) = reader.line()? {
        match options.tail {
            None => give(&line, options, sink)?,
            Some(0) => {}
            Some(most) => {
                if last.len() == most {
                    last.pop_front();
                }
                last.push_back(line);
            }
        }
    }
    for line in last {
        give(&line, options, sink)?;
    }
    if !options.follow {
        return Ok(());
    }
    let watch = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
    let Ok(_) = watch.add_watch(&container.directory.log(), AddWatchFlags::IN_MODIFY) else {
        return Ok(());
    };
    // Whether it has ended is asked before the rest is read, so that nothing is missed in between.
    let monitor = container.directory.kept().ok().and_then(|kept| kept.monitor);
    let monitor = monitor.and_then(crate::record::Process::open);
    let mut ended = monitor.is_none();
    loop {
        while let Some(line) = reader.line()? {
            give(&line, options, sink)?;
        }
        if ended {
            return Ok(());
        }
        let mut fds = vec![PollFd::new(watch.as_fd(), PollFlags::POLLIN)];
        fds.extend(
            monitor
                .as_ref()
                .map(|monitor| PollFd::new(monitor.as_fd(), PollFlags::POLLIN)),
        );
        if poll(&mut fds, PollTimeout::NONE).is_ok() {
            ended = fds.get(1).is_some_and(|fd| fd.any() == Some(true));
            let _ = watch.read_events();
        }
    }
}

/// Reads whole lines of a file that grows.
struct Reader {
    file: BufReader<File>,
    partial: Vec<u8>,
}

impl Reader {
    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.file.read_until(b'\n', &mut self.partial)?;
        let whole = self.partial.last() == Some(&b'\n');
        Ok(whole.then(|| std::mem::take(&mut self.partial)))
    }
}

fn give(line: &[u8], options: &LogOptions, sink: Sink<'_>) -> io::Result<()> {
    // A line that was cut off when a machine went down is no reason to show none.
    let Ok(entry) = serde_json::from_slice::<LogEntry<'_>>(line) else {
        return Ok(());
    };
    if options.since.is_some_and(|since| entry.time < since) {
        return Ok(());
    }
    if options.timestamps {
        sink(
            entry.stream,
            format!("{:.9} {}", entry.time, entry.log).as_bytes(),
        )
    } else {
        sink(entry.stream, entry.log.as_bytes())
    }
}
