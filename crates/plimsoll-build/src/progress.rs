use std::sync::Mutex;
use std::time::Duration;

use crate::build::lock;

/// Which step of the build an event is about. Two steps never share an `index`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StepId {
    /// A number that no other step of this build has, from 0, in the order of the Dockerfile.
    pub index: usize,
    /// The stage's name; `stage-0` where it has none; empty where the Dockerfile has a single unnamed stage.
    pub stage: String,
    /// The step's number in its stage, from 1; `FROM` is the first.
    pub number: usize,
    /// How many steps its stage has.
    pub total: usize,
}

impl std::fmt::Display for StepId {
    /// As BuildKit shows it: `[builder 2/5]`, `[2/5]`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let separator = if self.stage.is_empty() { "" } else { " " };
        write!(f, "[{}{separator}{}/{}]", self.stage, self.number, self.total)
    }
}

/// Which of its two outputs a process wrote to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Something that a build has to say while it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// A step begins.
    Started {
        /// Its instruction, shortened to one line: `RUN make`.
        instruction: &'a str,
    },
    /// The step's result was known already; [`Event::Done`] follows.
    Cached,
    /// A process of the step wrote one line; the line end is not in it.
    Output {
        /// Where to.
        stream: OutputStream,
        /// The bytes; they need not be text.
        line: &'a [u8],
    },
    /// The step has copied so many bytes of content in all so far.
    Copied {
        /// Bytes since the step began.
        bytes: u64,
    },
    /// Something is odd, but the step goes on.
    Warning {
        /// What.
        message: &'a str,
    },
    /// The step is done.
    Done {
        /// How long it took.
        duration: Duration,
    },
    /// The step failed; the build's error says why.
    Failed {
        /// How long it took.
        duration: Duration,
    },
}

/// Who is told what a build does. It is called from several threads at once.
pub trait Progress: Send + Sync {
    /// `event` happened in `step`.
    fn event(&self, step: &StepId, event: Event<'_>);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn event(&self, _step: &StepId, _event: Event<'_>) {}
}

/// Keeps what happens, to be told later.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<Vec<(StepId, Kept)>>);

#[derive(Debug)]
enum Kept {
    Started(String),
    Cached,
    Output(OutputStream, Vec<u8>),
    Copied(u64),
    Warning(String),
    Done(Duration),
    Failed(Duration),
}

impl Progress for Recorder {
    fn event(&self, step: &StepId, event: Event<'_>) {
        let kept = match event {
            Event::Started { instruction } => Kept::Started(instruction.to_owned()),
            Event::Cached => Kept::Cached,
            Event::Output { stream, line } => Kept::Output(stream, line.to_owned()),
            Event::Copied { bytes } => Kept::Copied(bytes),
            Event::Warning { message } => Kept::Warning(message.to_owned()),
            Event::Done { duration } => Kept::Done(duration),
            Event::Failed { duration } => Kept::Failed(duration),
        };
        lock(&self.0).push((step.clone(), kept));
    }
}

impl Recorder {
    /// Tells `progress` everything that happened.
    pub(crate) fn replay(&self, progress: &dyn Progress) {
        for (step, kept) in lock(&self.0).iter() {
            let event = match kept {
                Kept::Started(instruction) => Event::Started { instruction },
                Kept::Cached => Event::Cached,
                Kept::Output(stream, line) => Event::Output {
                    stream: *stream,
                    line,
                },
                Kept::Copied(bytes) => Event::Copied { bytes: *bytes },
                Kept::Warning(message) => Event::Warning { message },
                Kept::Done(duration) => Event::Done { duration: *duration },
                Kept::Failed(duration) => Event::Failed { duration: *duration },
            };
            progress.event(step, event);
        }
    }
}
