//! Signals by name and number, as Docker takes them.

/// The names without `SIG`; the real-time ones are computed.
const NAMES: [(&str, i32); 35] = [
    ("ABRT", libc::SIGABRT),
    ("ALRM", libc::SIGALRM),
    ("BUS", libc::SIGBUS),
    ("CHLD", libc::SIGCHLD),
    ("CLD", libc::SIGCHLD),
    ("CONT", libc::SIGCONT),
    ("FPE", libc::SIGFPE),
    ("HUP", libc::SIGHUP),
    ("ILL", libc::SIGILL),
    ("INT", libc::SIGINT),
    ("IO", libc::SIGIO),
    ("IOT", libc::SIGABRT),
    ("KILL", libc::SIGKILL),
    ("PIPE", libc::SIGPIPE),
    ("POLL", libc::SIGIO),
    ("PROF", libc::SIGPROF),
    ("PWR", libc::SIGPWR),
    ("QUIT", libc::SIGQUIT),
    ("SEGV", libc::SIGSEGV),
    ("STKFLT", libc::SIGSTKFLT),
    ("STOP", libc::SIGSTOP),
    ("SYS", libc::SIGSYS),
    ("TERM", libc::SIGTERM),
    ("TRAP", libc::SIGTRAP),
    ("TSTP", libc::SIGTSTP),
    ("TTIN", libc::SIGTTIN),
    ("TTOU", libc::SIGTTOU),
    ("URG", libc::SIGURG),
    ("USR1", libc::SIGUSR1),
    ("USR2", libc::SIGUSR2),
    ("VTALRM", libc::SIGVTALRM),
    ("WINCH", libc::SIGWINCH),
    ("XCPU", libc::SIGXCPU),
    ("XFSZ", libc::SIGXFSZ),
    ("RTMIN", FIRST_REAL_TIME),
];
/// Docker's number, whatever the C library keeps for itself.
const FIRST_REAL_TIME: i32 = 34;
const LAST: i32 = 64;

/// The number of a signal named `SIGTERM`, `TERM`, `term`, `15`, `SIGRTMIN+3` or `RTMAX-1`, as Docker's
/// `--stop-signal`, `docker kill` and `STOPSIGNAL` take it; `None` where Linux has no such signal.
pub fn parse_signal(text: &str) -> Option<i32> {
    if let Ok(number) = text.parse::<i32>() {
        return (1..=LAST).contains(&number).then_some(number);
    }
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let offset = |prefix: &str, most: i32| {
        let digits = name.strip_prefix(prefix)?;
        let number = digits.parse().ok()?;
        (digits.bytes().all(|byte| byte.is_ascii_digit()) && (1..=most).contains(&number)).then_some(number)
    };
    NAMES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, number)| *number)
        .or_else(|| (name == "RTMAX").then_some(LAST))
        .or_else(|| offset("RTMIN+", 15).map(|offset| FIRST_REAL_TIME + offset))
        .or_else(|| offset("RTMAX-", 14).map(|offset| LAST - offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,12}|(SIG)?RTM(IN|AX)[+-][0-9]{0,4}") {
            if let Some(number) = parse_signal(&text) {
                proptest::prop_assert!((1..=64).contains(&number));
            }
        }
    }

    #[test]
    fn names_and_numbers() {
        for text in ["SIGTERM", "TERM", "term", "15", "SigTerm"] {
            assert_eq!(parse_signal(text), Some(libc::SIGTERM), "{text}");
        }
        for (text, number) in [
            ("SIGCLD", libc::SIGCHLD),
            ("SIGIOT", libc::SIGABRT),
            ("SIGPOLL", libc::SIGIO),
            ("SIGSTKFLT", 16),
            ("WINCH", libc::SIGWINCH),
            ("RTMIN", 34),
            ("SIGRTMIN+3", 37),
            ("RTMIN+15", 49),
            ("RTMAX-14", 50),
            ("RTMAX", 64),
            ("64", 64),
        ] {
            assert_eq!(parse_signal(text), Some(number), "{text}");
        }
        for text in [
            "",
            "0",
            "65",
            "-1",
            "SIGFOO",
            "SIG",
            "SIGSIGTERM",
            "RTMIN+16",
            "RTMIN++3",
            "RTMIN+",
            "RTMAX-15",
        ] {
            assert_eq!(parse_signal(text), None, "{text} was accepted");
        }
    }

    #[test]
    fn what_a_stop_signal_can_be() {
        for signal in ["SIGTERM", "term", "9", "SIGRTMIN+3", "RTMAX-1", "64"] {
            assert!(parse_signal(signal).is_some(), "{signal}");
        }
        for other in ["", "0", "65", "SIGNONE", "UNUSED", "SIGRTMIN+16", "RTMIN+", "-1"] {
            assert!(parse_signal(other).is_none(), "{other}");
        }
        let names = [
            "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL",
            "PIPE", "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP",
            "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX",
        ];
        for name in names {
            assert!(parse_signal(name).is_some(), "{name}");
        }
    }
}
