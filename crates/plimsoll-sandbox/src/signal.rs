//! Signals by name and number, as Docker takes them.

use crate::error::{Error, Result};

/// The number of a signal named `SIGTERM`, `TERM`, `term`, `15`, `SIGRTMIN+3` or `RTMAX-1`.
pub(crate) fn parse(text: &str) -> Result<i32> {
    let wrong = || Error::InvalidOption(format!("`{text}` is not a signal"));
    let (first, last) = (libc::SIGRTMIN(), libc::SIGRTMAX());
    if let Ok(number) = text.parse::<i32>() {
        return if (1..=last).contains(&number) {
            Ok(number)
        } else {
            Err(wrong())
        };
    }
    let name = text.to_ascii_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    let real_time = if name == "RTMIN" {
        Some(first)
    } else if name == "RTMAX" {
        Some(last)
    } else if let Some(offset) = name.strip_prefix("RTMIN+") {
        offset.parse::<u8>().ok().map(|offset| first + i32::from(offset))
    } else if let Some(offset) = name.strip_prefix("RTMAX-") {
        offset.parse::<u8>().ok().map(|offset| last - i32::from(offset))
    } else {
        let full = format!("SIG{}", if name == "POLL" { "IO" } else { name });
        full.parse::<nix::sys::signal::Signal>()
            .ok()
            .map(|signal| signal as i32)
    };
    real_time
        .filter(|number| (1..=last).contains(number))
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,12}|(SIG)?RTM(IN|AX)[+-][0-9]{0,4}") {
            if let Ok(number) = parse(&text) {
                proptest::prop_assert!((1..=64).contains(&number));
            }
        }
    }

    #[test]
    fn names_and_numbers() {
        for text in ["SIGTERM", "TERM", "term", "15", "SigTerm"] {
            assert_eq!(parse(text).unwrap(), libc::SIGTERM, "{text}");
        }
        assert_eq!(parse("SIGRTMIN+3").unwrap(), libc::SIGRTMIN() + 3);
        assert_eq!(parse("WINCH").unwrap(), libc::SIGWINCH);
        for text in ["", "0", "65", "-1", "SIGFOO", "RTMIN+99", "RTMAX-200"] {
            assert!(parse(text).is_err(), "{text} was accepted");
        }
    }
}
