//! The words of a build's progress.

use std::time::Duration;

use crate::human;

/// A line of a process as it can be shown among others: without what moves the cursor or colours.
pub(super) fn printable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut shown = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            // An escape sequence ends with a letter (ECMA-48).
            '\x1b' => {
                if characters.next() == Some('[') {
                    _ = characters.by_ref().find(|end| ('@'..='~').contains(end));
                }
            }
            '\t' => shown.push_str("    "),
            // What begins the line anew, as progress bars do, takes the place of what was there.
            '\r' if characters.as_str().is_empty() => {}
            '\r' => shown.clear(),
            character if character.is_control() => {}
            character => shown.push(character),
        }
    }
    shown
}

/// How long a step took: `1.5s`.
pub(super) fn seconds(duration: Duration) -> String {
    format!("{:.1}s", duration.as_secs_f64())
}

/// What came of a step: `CACHED`, or how long it took and what it copied.
pub(super) fn done(duration: Duration, cached: bool, copied: u64) -> String {
    match (cached, copied) {
        (true, _) => "CACHED".to_owned(),
        (false, 0) => seconds(duration),
        (false, bytes) => format!("{}, {}", seconds(duration), human::size(bytes)),
    }
}

/// The whole build: `Building 3.2s: 2 at work, 7 done, 4 cached, 12.5MB copied`.
pub(super) fn whole(elapsed: Duration, at_work: usize, done: usize, cached: usize, copied: u64) -> String {
    let mut text = format!("Building {}: {at_work} at work, {done} done", seconds(elapsed));
    if cached > 0 {
        text += &format!(", {cached} cached");
    }
    if copied > 0 {
        text += &format!(", {} copied", human::size(copied));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_do_not_move_the_cursor() {
        for (line, expected) in [
            ("plain", "plain"),
            ("\x1b[31mred\x1b[0m\ttab", "red    tab"),
            ("10%\r50%\r", "50%"),
            ("a\x07b\x1b", "ab"),
            ("\x1b[2Kdone", "done"),
        ] {
            assert_eq!(printable(line.as_bytes()), expected);
        }
        assert_eq!(printable(b"\xff"), "\u{fffd}");
    }

    #[test]
    fn a_build_in_one_line() {
        let second = Duration::from_millis(3200);
        assert_eq!(whole(second, 2, 7, 0, 0), "Building 3.2s: 2 at work, 7 done");
        assert_eq!(
            whole(second, 0, 7, 4, 12_500_000),
            "Building 3.2s: 0 at work, 7 done, 4 cached, 12.5MB copied"
        );
        assert_eq!(done(second, true, 5), "CACHED");
        assert_eq!(done(second, false, 2_000_000), "3.2s, 2MB");
    }
}
