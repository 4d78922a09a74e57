//! Whether the first process reaps the orphans that it inherits.

use std::time::{Duration, Instant};
use std::{fs, io};

use plimsoll_sandbox::{Container, ExecOptions, Streams};

use crate::{Observed, Result};

/// Leaves an orphan behind in the container, which its first process inherits, and looks whether it stays a zombie.
pub(super) fn observe(container: &Container, first: u32) -> Result<Observed> {
    let before = zombies(first);
    let orphan = ExecOptions {
        command: ["/bin/sh", "-c", "sleep 0.2 </dev/null >/dev/null 2>&1 & exit 0"]
            .map(str::to_owned)
            .into(),
        ..ExecOptions::default()
    };
    let seen = children(first).len();
    let (mut out, mut err) = (io::sink(), io::sink());
    match container.exec(
        &orphan,
        Streams {
            stdin: None,
            stdout: &mut out,
            stderr: &mut err,
        },
    ) {
        Ok(0) => {}
        Ok(_) | Err(_) => {
            return Ok(Observed::not_assessed(
                "the image has no shell to leave an orphan with",
            ));
        }
    }
    let began = Instant::now();
    let mut inherited = false;
    while began.elapsed() < Duration::from_secs(2) {
        inherited |= children(first).len() > seen || zombies(first) > before;
        if inherited && began.elapsed() > Duration::from_millis(700) {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    if !inherited {
        return Ok(Observed::not_assessed("no orphan came to its first process"));
    }
    Ok(match zombies(first).saturating_sub(before) {
        0 => Observed::met("an orphan was reaped"),
        _ => Observed::unmet("an orphan stays a zombie: its first process does not reap"),
    })
}

/// A process and all its descendants that are no zombies.
pub(super) fn processes_below(first: u32) -> Vec<u32> {
    let mut found = vec![first];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(
            children(parent)
                .into_iter()
                .filter(|child| child.state != 'Z')
                .map(|child| child.pid),
        );
        next += 1;
    }
    found
}

fn zombies(parent: u32) -> usize {
    children(parent).iter().filter(|child| child.state == 'Z').count()
}

struct Process {
    pid: u32,
    state: char,
}

fn children(parent: u32) -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name stands in parentheses and may hold anything; what follows is state and parent.
        let (_, rest) = stat.rsplit_once(')')?;
        let mut words = rest.split_whitespace();
        let state = words.next()?.chars().next()?;
        (words.next()?.parse() == Ok(parent)).then_some(Process { pid, state })
    })
    .collect()
}
