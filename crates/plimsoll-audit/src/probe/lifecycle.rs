//! Logs, user and end of a container.

use std::fs;
use std::time::{Duration, Instant};

use plimsoll_image::Image;
use plimsoll_sandbox::{Container, ContainerState, LogOptions, Stream, parse_signal};

use crate::policy::ProbeLimits;
use crate::{Observed, Result};

/// How a container ended that was asked to.
pub(super) struct End {
    pub(super) in_time: Observed,
    pub(super) cleanly: Observed,
    pub(super) took: Duration,
}

/// Sends the stop signal and waits for the end.
pub(super) fn stop(container: &Container, image: &Image, limits: &ProbeLimits) -> Result<End> {
    let name = image.config.config.stop_signal.as_deref().unwrap_or("SIGTERM");
    let began = Instant::now();
    container.stop(Some(Duration::from_secs(limits.stop_timeout)))?;
    let took = began.elapsed();
    let code = container.state()?.exit_code;
    let killed = took >= Duration::from_secs(limits.stop_timeout);
    let in_time = if killed {
        Observed::unmet(format!(
            "it ignored its stop signal and was killed after {} s",
            limits.stop_timeout
        ))
    } else {
        Observed::met(format!("it ended {:.1} s after {name}", took.as_secs_f64()))
    };
    let by_signal = parse_signal(name).is_some_and(|signal| code == 128 + signal);
    let cleanly = match code {
        0 => Observed::met("with exit code 0"),
        _ if by_signal && !killed => Observed::met(format!("by the signal, exit code {code}")),
        code => Observed::unmet(format!("it ended with exit code {code}")),
    };
    Ok(End {
        in_time,
        cleanly,
        took,
    })
}

/// Whether something was written to stdout or stderr.
pub(super) fn logs(container: &Container) -> Result<Observed> {
    let (mut out, mut err) = (0usize, 0usize);
    let mut count = |stream: Stream, bytes: &[u8]| {
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        match stream {
            Stream::Stdout => out += lines,
            Stream::Stderr => err += lines,
        }
        Ok(())
    };
    container.logs(&LogOptions::default(), &mut count)?;
    Ok(match (out, err) {
        (0, 0) => Observed::unmet("nothing was written to stdout or stderr"),
        (out, err) => Observed::met(format!("{out} lines on stdout, {err} on stderr")),
    })
}

/// Why a container that should run does not, in one line.
pub(super) fn why_it_ended(container: &Container, state: &ContainerState) -> String {
    let mut last = String::new();
    let mut keep = |_: Stream, bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        if let Some(line) = text.lines().map(str::trim).rfind(|line| !line.is_empty()) {
            last = line.chars().take(160).collect();
        }
        Ok(())
    };
    // The log is an ornament of the message: without it, the code still tells.
    let _ = container.logs(&LogOptions::default(), &mut keep);
    let oom = if state.oom_killed {
        ", killed for want of memory"
    } else {
        ""
    };
    let error = if state.error.is_empty() {
        last
    } else {
        state.error.clone()
    };
    let colon = if error.is_empty() { "" } else { ": " };
    format!("it ended with exit code {}{oom}{colon}{error}", state.exit_code)
}

/// The real user of a process of this host.
pub(super) fn uid_of(pid: u32) -> std::result::Result<u32, String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))
        .map_err(|_| "it ended before its user could be seen".to_owned())?;
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    let uid = line
        .and_then(|line| line.split_whitespace().next())
        .and_then(|uid| uid.parse().ok());
    uid.ok_or_else(|| format!("the user of process {pid} cannot be read"))
}
