use crate::Observed;

use super::Hardness;

/// What came of running the image.
#[derive(Debug)]
pub enum Probed {
    /// It was not run, for this reason.
    NotRun(String),
    /// It was.
    Ran(Box<Seen>),
}

/// What was seen when the image ran.
#[derive(Debug)]
pub struct Seen {
    /// How hard it could be run, the hardest last; one entry for each that was tried or follows from another.
    pub runs: Vec<(Hardness, Observed)>,
    /// The user of its first process.
    pub uid: Result<u32, String>,
    /// Whether its health check said healthy.
    pub healthy: Observed,
    /// Whether its health check fails when the application does not answer.
    pub unhealthy_when_stopped: Observed,
    /// Whether limits of memory and processes were in force.
    pub limits: Observed,
    /// Whether a port answers HTTP.
    pub http: Observed,
    /// Whether something was written to stdout or stderr.
    pub logs: Observed,
    /// Whether it ended on its stop signal within the grace time.
    pub stops: Observed,
    /// Whether it then ended with code 0 or by the signal.
    pub exits_cleanly: Observed,
    /// Whether its first process reaps the children that it inherits.
    pub reaps: Observed,
    /// What was measured.
    pub measured: Measured,
}

/// What was measured; `None` where it was not, which is not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measured {
    /// Milliseconds until its first process ran.
    pub start_ms: Option<u64>,
    /// Milliseconds until it was healthy.
    pub healthy_ms: Option<u64>,
    /// Milliseconds until a port answered.
    pub first_answer_ms: Option<u64>,
    /// Milliseconds from the stop signal to the end.
    pub stop_ms: Option<u64>,
    /// Bytes of memory in use when it was up.
    pub memory_bytes: Option<u64>,
    /// Processes and threads when it was up.
    pub pids: Option<u64>,
}

impl Probed {
    fn look(&self, seen: impl FnOnce(&Seen) -> Observed) -> Observed {
        match self {
            Self::NotRun(reason) => Observed::not_assessed(reason.clone()),
            Self::Ran(run) => seen(run),
        }
    }

    pub(crate) fn uid(&self) -> Result<u32, String> {
        match self {
            Self::NotRun(reason) => Err(reason.clone()),
            Self::Ran(seen) => seen.uid.clone(),
        }
    }

    pub(crate) fn runs_with(&self, hardness: Hardness) -> Observed {
        self.look(|seen| {
            let run = seen.runs.iter().find(|(known, _)| *known == hardness);
            run.map_or_else(
                || Observed::not_assessed("it was not tried"),
                |(_, observed)| observed.clone(),
            )
        })
    }

    pub(crate) fn healthy(&self) -> Observed {
        self.look(|seen| seen.healthy.clone())
    }

    pub(crate) fn unhealthy_when_stopped(&self) -> Observed {
        self.look(|seen| seen.unhealthy_when_stopped.clone())
    }

    pub(crate) fn limits_hold(&self) -> Observed {
        self.look(|seen| seen.limits.clone())
    }

    pub(crate) fn http_answers(&self) -> Observed {
        self.look(|seen| seen.http.clone())
    }

    pub(crate) fn logs_reach_output(&self) -> Observed {
        self.look(|seen| seen.logs.clone())
    }

    pub(crate) fn stops_in_time(&self) -> Observed {
        self.look(|seen| seen.stops.clone())
    }

    pub(crate) fn exits_cleanly(&self) -> Observed {
        self.look(|seen| seen.exits_cleanly.clone())
    }

    pub(crate) fn reaps_children(&self) -> Observed {
        self.look(|seen| seen.reaps.clone())
    }

    /// What was measured; nothing if it was not run.
    pub fn measured(&self) -> Measured {
        match self {
            Self::NotRun(_) => Measured::default(),
            Self::Ran(seen) => seen.measured,
        }
    }
}
