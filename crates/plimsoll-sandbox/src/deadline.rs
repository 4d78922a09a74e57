//! Times to come, from lengths that an image or a user chose.

use std::time::{Duration, Instant};

/// Longer than any machine runs, and short enough for every clock: a hundred years.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The moment after so long. What is too long for the clock is as good as never.
pub(crate) fn after(length: Duration) -> Instant {
    Instant::now() + length.min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_length_is_too_long() {
        let (short, long) = (after(Duration::ZERO), after(Duration::MAX));
        assert!(long - short > Duration::from_secs(i32::MAX as u64));
        assert!(after(Duration::from_secs(i64::MAX as u64)) >= long);
    }
}
