use plimsoll_dockerfile::{StopSignal, history as text};

use crate::error::Problem;
use crate::history;
use crate::state::StageState;

/// The signals of Linux that have names, without `SIG`.
const NAMES: [&str; 37] = [
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE",
    "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU",
    "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX", "UNUSED",
];
const LAST_NUMBER: u32 = 64;

/// `STOPSIGNAL`: the signal that asks the container to end, by name or number.
pub(super) fn apply(state: &mut StageState, stop: &StopSignal) -> Result<(), Problem> {
    let signal = &stop.signal.text;
    if !is_signal(signal) {
        return Err(Problem::invalid_with(
            format!("`{signal}` is not a signal"),
            "use a name like `SIGTERM` or a number from 1 to 64",
        ));
    }
    state.config.config.stop_signal = Some(signal.clone());
    history::add(&mut state.config, text::stop_signal(signal));
    Ok(())
}

fn is_signal(text: &str) -> bool {
    if let Ok(number) = text.parse::<u32>() {
        return (1..=LAST_NUMBER).contains(&number);
    }
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let offset = |prefix: &str, most: u32| {
        let number = name
            .strip_prefix(prefix)
            .and_then(|number| number.parse::<u32>().ok());
        number.is_some_and(|number| (1..=most).contains(&number))
    };
    NAMES.contains(&name) || offset("RTMIN+", 15) || offset("RTMAX-", 14)
}

#[cfg(test)]
mod tests {
    use super::is_signal;

    #[test]
    fn names_and_numbers() {
        for signal in ["SIGTERM", "term", "9", "SIGRTMIN+3", "RTMAX-1", "64"] {
            assert!(is_signal(signal), "{signal}");
        }
        for other in ["", "0", "65", "SIGNONE", "SIGRTMIN+16", "RTMIN+", "-1"] {
            assert!(!is_signal(other), "{other}");
        }
    }
}
